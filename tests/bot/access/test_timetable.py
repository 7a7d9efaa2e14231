"""When a summary is due: once for each local day, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.access.timetable import Timetable
from bot.settings.summaries import time_of_day, time_zone, weekdays


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def told(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat()[:16]


def test_a_time_that_the_clocks_leave_out_is_the_one_they_would_have_shown() -> None:
    """New York, 2026-03-08: 02:30 never comes."""
    assert told(Timetable("02:30", "America/New_York").instant(date(2026, 3, 8))) == "2026-03-08T07:30"


def test_a_time_that_comes_twice_is_the_first() -> None:
    """New York, 2026-11-01: 01:30 comes at 05:30 and at 06:30 UTC."""
    assert told(Timetable("01:30", "America/New_York").instant(date(2026, 11, 1))) == "2026-11-01T05:30"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize("time", ["00:00", "01:30", "02:00", "02:30", "09:00", "23:59"])
def test_every_local_day_of_a_year_is_due_once_and_in_order(zone: str, time: str) -> None:
    timetable = Timetable(time, zone)
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    instants = [timetable.instant(day) for day in days]

    assert instants == sorted(set(instants))
    assert all(datetime.fromtimestamp(i, ZoneInfo(zone)).date() == day for i, day in zip(instants, days, strict=True))


def test_days_whose_time_has_come_are_told_since_a_moment_and_by_now() -> None:
    timetable = Timetable("09:00", "Europe/Berlin", ("mon", "wed"))

    past = [day.isoformat() for day, _ in timetable.past(at("2026-11-25T07:59"), at("2026-11-16T09:00"))]
    later = [day.isoformat() for day, _ in timetable.past(at("2026-11-25T08:00"), at("2026-11-23T08:00"))]

    assert past == ["2026-11-18", "2026-11-23"]
    assert later == ["2026-11-25"]
    assert told(timetable.following(at("2026-11-25T08:00"))) == "2026-11-30T08:00"


def test_days_are_named_and_digits_are_refused() -> None:
    assert weekdays("mon-fri") == ("mon", "tue", "wed", "thu", "fri")
    assert weekdays("Sat-Mon") == ("mon", "sat", "sun")
    assert weekdays("monday,Wednesday") == ("mon", "wed")
    assert weekdays("daily") == weekdays("mon-sun")
    for word in ("1", "1-5", "* * 1", "mon-5", "someday", ""):
        with pytest.raises(ValueError, match="mon"):
            weekdays(word)


@pytest.mark.parametrize("word", ["9", "24:00", "9:00 am", "09:60", "soon"])
def test_what_is_no_time_of_day_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="09:00"):
        time_of_day(word)


@pytest.mark.parametrize("word", ["Berlin", "CEST", "Europe/Atlantis", "../../etc/passwd", ""])
def test_what_is_no_time_zone_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="Europe/Berlin"):
        time_zone(word)
