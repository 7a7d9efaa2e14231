"""Times in words, placed on the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.question.moments import bounds
from diagnosis.question.parse import parse
from diagnosis.question.question import TimeWindow

THURSDAY_NINE = int(datetime(2026, 11, 26, 9, 0, tzinfo=UTC).timestamp())


def placed(
    words: str, now: int = THURSDAY_NINE, zone: timezone | ZoneInfo = UTC
) -> tuple[str | None, str | None] | None:
    """The bounds of the time in a whole question, in UTC."""
    question = parse(f"why can't 10.0.1.10 reach 10.0.2.20 on 3306 {words}")
    assert question.port == 3306
    assert question.window is not None
    found = bounds(question.window, THURSDAY_NINE, zone)
    return None if found is None else (_told(found[0]), _told(found[1]))


def _told(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%d %H:%M")


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("since 8am", "26 08:00", None), ("since 14:00", "25 14:00", None), ("since yesterday 14:00", "25 14:00", None),
        ("since midnight", "26 00:00", None), ("since monday", "23 00:00", None), ("since 22 nov", "22 00:00", None),
        ("since yesterday morning", "25 06:00", None), ("since 2026-11-22T13:05Z", "22 13:05", None),
        ("until 8:30", None, "26 08:30"), ("before 8:30", None, "26 08:30"), ("after 8:30", "26 08:30", None),
        ("in the last 2 hours", "26 07:00", None), ("for 3 days", "23 09:00", None), ("an hour ago", "26 08:00", None),
    ],
)  # fmt: skip
def test_one_side_of_a_window_may_be_open(words: str, start: str | None, end: str | None) -> None:
    assert placed(words) == (start, end)


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("yesterday", "25 00:00", "26 00:00"), ("on friday", "20 00:00", "21 00:00"), ("today", "26 00:00", "27 00:00"),
        ("last thursday", "19 00:00", "20 00:00"), ("on 2026-11-22", "22 00:00", "23 00:00"),
        ("this morning", "26 06:00", "26 12:00"), ("yesterday evening", "25 17:00", "26 00:00"),
        ("last night", "25 20:00", "26 06:00"), ("overnight", "25 20:00", "26 06:00"),
        ("at 09:31", "25 09:16", "25 09:46"), ("around 3am", "26 02:45", "26 03:15"),
        ("at 3:15 pm", "25 15:00", "25 15:30"),
        ("last night at 2 am", "26 01:45", "26 02:15"), ("at 2026-11-22 14:03:15", "22 13:48", "22 14:18"),
        ("at 22.11.2026 14:03", "22 13:48", "22 14:18"),
        ("between 9:00 and 10:00 yesterday", "25 09:00", "25 10:00"),
        ("yesterday between 9 am and 10:30 am", "25 09:00", "25 10:30"),
        ("from 22:00 to 02:00", "25 22:00", "26 02:00"), ("from 2026-11-22 14:00 to 15:00", "22 14:00", "22 15:00"),
        ("between 23:30 and 00:15 last night", "25 23:30", "26 00:15"),
    ],
)  # fmt: skip
def test_a_day_is_a_stretch_and_a_moment_has_a_quarter_of_an_hour_on_both_sides(
    words: str, start: str, end: str
) -> None:
    assert placed(words) == (start, end)


def test_a_clock_time_is_in_the_askers_zone_unless_it_names_one() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    assert placed("since 8am", zone=berlin) == ("26 07:00", None)
    assert placed("since 8am UTC", zone=berlin) == ("26 08:00", None)
    assert placed("nov 22 at 14:00 CET") == ("22 12:45", "22 13:15")
    assert placed("at 2026-11-22T14:03:15+02:00") == ("22 11:48", "22 12:18")


def test_what_cannot_be_placed_is_none_and_no_guess() -> None:
    assert bounds(TimeWindow(text="since the last deploy"), THURSDAY_NINE) is None
    assert bounds(TimeWindow(text="the record's window"), THURSDAY_NINE) is None
    assert bounds(TimeWindow(text="on 2026-13-45"), THURSDAY_NINE) is None


@given(st.text(max_size=60), st.integers(0, 4_000_000_000), st.integers(-14, 14))
def test_any_words_are_placed_or_not_and_never_an_error(text: str, now: int, hours: int) -> None:
    found = bounds(TimeWindow(text=text), now, timezone(timedelta(hours=hours)))

    assert found is None or found[0] is None or found[1] is None or found[0] <= found[1]
