"""The traps of the library that keeps the time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from bot.access.timetable import Timetable
from bot.clock.clock import GRACE_SECONDS, Clock, trigger_of
from bot.runner.morning import Morning
from bot.settings.summaries import WEEKDAYS, Weekday


class Woken:
    """Stands in for the morning: counts how often it is woken, and fails when told."""

    def __init__(self, times: dict[str, Timetable]) -> None:
        self.times = times
        self.looks = 0
        self.looked = threading.Event()

    def wanted(self) -> list[Any]:
        class Each:
            def __init__(self, channel: str, timetable: Timetable) -> None:
                self.channel, self.timetable, self.paused = channel, timetable, False

        return [Each(*pair) for pair in self.times.items()]

    def look_round(self) -> None:
        self.looks += 1
        self.looked.set()


def fires(timetable: Timetable, after: str, count: int) -> list[str]:
    trigger = trigger_of(timetable)
    at = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found: list[str] = []
    while len(found) < count:
        fired = trigger.get_next_fire_time(None, at)
        found.append(fired.astimezone(UTC).isoformat()[:16])
        at = fired.astimezone(UTC) + timedelta(seconds=1)
    return found


@pytest.mark.parametrize("day", WEEKDAYS)
def test_a_day_that_is_named_fires_on_that_day(day: Weekday) -> None:
    """As a digit, 1 would be Tuesday."""
    [fired] = fires(Timetable("09:00", "UTC", (day,)), "2026-11-22T10:00", 1)

    assert WEEKDAYS[datetime.fromisoformat(fired).weekday()] == day


def test_it_fires_by_the_clock_of_the_channel_and_not_of_the_machine() -> None:
    assert fires(Timetable("09:00", "Asia/Tokyo"), "2026-11-22T10:00", 1) == ["2026-11-23T00:00"]


def test_no_summary_is_due_at_a_time_at_which_nothing_wakes() -> None:
    """In the hour that comes twice it wakes twice; the claim of the day lets one of them say it."""
    timetable = Timetable("01:30", "America/New_York")
    woken = fires(timetable, "2026-10-31T12:00", 3)

    assert len({woken[0], woken[1]}) == 2
    assert (
        datetime.fromtimestamp(timetable.instant(datetime(2026, 11, 1, tzinfo=UTC).date()), UTC).isoformat()[:16]
        in woken
    )


def test_jobs_are_late_by_up_to_an_hour_run_once_and_are_not_dropped_after_a_second() -> None:
    clock = Clock(cast("Morning", Woken({})))

    clock.keep([("C1", Timetable("09:00", "UTC"))])
    clock.scheduler.start(paused=True)
    job = clock.scheduler.get_job("summary-C1")

    assert (job.misfire_grace_time, job.coalesce, job.max_instances) == (GRACE_SECONDS, True, 1)
    assert job.trigger.timezone == ZoneInfo("UTC")
    clock.stop()


def test_a_channel_has_one_job_of_a_stable_id_which_follows_its_time_and_goes_with_it() -> None:
    clock = Clock(cast("Morning", Woken({})))
    clock.scheduler.start(paused=True)

    clock.keep([("C1", Timetable("09:00", "UTC")), ("C2", Timetable("10:00", "UTC"))])
    clock.keep([("C1", Timetable("11:00", "UTC"))])

    assert [(job.id, str(job.trigger.fields[5])) for job in clock.scheduler.get_jobs()] == [("summary-C1", "11")]
    clock.stop()


def test_it_looks_round_as_soon_as_it_starts() -> None:
    woken = Woken({"C1": Timetable("09:00", "UTC")})
    clock = Clock(cast("Morning", woken))

    clock.start()
    looked = woken.looked.wait(20)
    clock.stop()

    assert looked
    assert not clock.alive
