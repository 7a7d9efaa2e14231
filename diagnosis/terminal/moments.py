"""Times as a person reads them: the date once, then only the time of day until the day changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, by its date and time of day in UTC."""

    day: str
    time: str

    def said(self, day: str | None) -> str:
        """`14:03:15` where the reader has just read of `day`, else `2026-11-22 14:03:15`."""
        return self.time if self.day == day else f"{self.day} {self.time}"


def moment(text: str | None) -> Moment | None:
    """Read an ISO 8601 time; one without a zone counts as UTC. None where there is none or it cannot be read."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    return Moment(f"{read:%Y-%m-%d}", f"{read:%H:%M:%S}")


def in_turn(texts: Iterable[str | None]) -> tuple[list[str | None], str | None]:
    """Say times one after the other, each date only where it changes; and the day that was spoken of last."""
    day: str | None = None
    said: list[str | None] = []
    for text in texts:
        read = moment(text)
        said.append(read.said(day) if read else None)
        day = read.day if read else day
    return said, day
