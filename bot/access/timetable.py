"""When a summary is due: by the wall clock of its own time zone, once for each local day.

A local day has one instant for a time of day. Where the clocks go back and the time comes twice, it is the first; where
they go forward and it never comes, it is the one that the clock would have shown had it not been moved: 02:30 becomes
03:30 (PEP 495, `fold=0`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.settings.summaries import WEEKDAYS, Weekday

LOOK_BACK_DAYS = 7
"""So many local days are looked at for a summary that was missed."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """When the summary of a channel is due."""

    at: str
    """`HH:MM`."""
    zone: str
    days: tuple[Weekday, ...] = WEEKDAYS

    def instant(self, day: date) -> float:
        """The Unix second at which it is due on a local day."""
        return datetime.combine(day, time.fromisoformat(self.at), tzinfo=ZoneInfo(self.zone)).timestamp()

    def on(self, day: date) -> bool:
        """Whether it is due on this day at all."""
        return WEEKDAYS[day.weekday()] in self.days

    def past(self, now: float, since: float) -> Iterator[tuple[date, float]]:
        """The local days whose time has come, after `since` and by now, oldest first, each with its Unix second."""
        today = datetime.fromtimestamp(now, ZoneInfo(self.zone)).date()
        for back in range(LOOK_BACK_DAYS, -1, -1):
            day = today - timedelta(days=back)
            if self.on(day) and since < self.instant(day) <= now:
                yield day, self.instant(day)

    def following(self, now: float) -> float:
        """The Unix second at which it is due next."""
        today = datetime.fromtimestamp(now, ZoneInfo(self.zone)).date()
        return next(
            self.instant(day)
            for day in (today + timedelta(days=ahead) for ahead in range(LOOK_BACK_DAYS + 2))
            if self.on(day) and self.instant(day) > now
        )

    @property
    def words(self) -> str:
        """In words: `09:00 Europe/Berlin, mon-fri`."""
        return f"{self.at} {self.zone}, {days_in_words(self.days)}"


def days_in_words(days: tuple[Weekday, ...]) -> str:
    """Days as people write them."""
    if days == WEEKDAYS:
        return "daily"
    if days == WEEKDAYS[:5]:
        return "mon-fri"
    return ",".join(days)
