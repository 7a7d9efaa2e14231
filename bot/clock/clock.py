"""What keeps the time: APScheduler wakes the morning, which alone decides what is due.

A job does nothing but look round, so one that fires late, twice or not at all harms nobody: what is due is told by the
claims in the store. The traps of the library are met here: a job that is late by more than a second would be dropped
(`misfire_grace_time`), weekdays as digits begin on Monday and not on Sunday (days are named), and without a time zone
it would take the machine's (one is always given). https://apscheduler.readthedocs.io/en/3.x/userguide.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.access.timetable import Timetable
from bot.runner.morning import Morning

log = structlog.get_logger("whynot.clock")

GRACE_SECONDS: Final = 3600
"""A job that is late by less is run all the same."""
LOOK_SECONDS: Final = 20
"""Every so often it is looked for what was subscribed elsewhere, missed, or left by a process that died."""
_LOOK: Final = "look-round"


class Clock:
    """The scheduler. Jobs are kept in memory, by ids that stay: the store knows what was said."""

    def __init__(self, morning: Morning, alarm: Callable[[], None] = lambda: None) -> None:
        self._morning = morning
        self._alarm = alarm
        self._times: dict[str, Timetable] = {}
        self.started = False
        self.scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": GRACE_SECONDS, "coalesce": True, "max_instances": 1},
            timezone=ZoneInfo("UTC"),
        )
        self.scheduler.add_listener(self._heard, EVENT_JOB_ERROR | EVENT_JOB_MISSED)

    def start(self) -> None:
        """Begin to keep the time; what was missed before is seen to at once."""
        self.scheduler.add_job(
            self._look, IntervalTrigger(seconds=LOOK_SECONDS, timezone=ZoneInfo("UTC")), id=_LOOK, replace_existing=True
        )
        self.scheduler.start()
        self.scheduler.modify_job(_LOOK, next_run_time=datetime.now(UTC))
        self.started = True

    def stop(self) -> None:
        """Wake nobody any more."""
        if self.scheduler.running:
            self.scheduler.shutdown(wait=False)

    @property
    def alive(self) -> bool:
        """Whether it keeps the time."""
        return bool(self.scheduler.running)

    def _look(self) -> None:
        self.keep([(each.channel, each.timetable) for each in self._morning.wanted() if not each.paused])
        self._morning.look_round()

    def keep(self, times: Iterable[tuple[str, Timetable]]) -> None:
        """Have a job for each of these channels, at its time, and no other."""
        known = dict(times)
        for channel in self._times.keys() - known.keys():
            self.scheduler.remove_job(f"summary-{channel}")
        for channel, timetable in known.items():
            if self._times.get(channel) != timetable:
                self.scheduler.add_job(
                    self._morning.look_round, trigger_of(timetable), id=f"summary-{channel}", replace_existing=True
                )
        self._times = known

    def _heard(self, event: JobExecutionEvent) -> None:
        """A job was missed, or ended with a fault."""
        log.warning("a job of the clock did not do", job=event.job_id, missed=event.code == EVENT_JOB_MISSED)
        if event.code == EVENT_JOB_ERROR:
            self._alarm()


def trigger_of(timetable: Timetable) -> CronTrigger:
    """When to wake: by the names of the days, in the zone of the channel."""
    hour, minute = timetable.at.split(":")
    return CronTrigger(
        day_of_week=",".join(timetable.days), hour=int(hour), minute=int(minute), timezone=ZoneInfo(timetable.zone)
    )
