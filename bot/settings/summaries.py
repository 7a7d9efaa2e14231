"""The settings of the morning summary: when it is said in a channel, and who may change that from Slack."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from bot.settings.fixes import User
from bot.settings.group import Group

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)


def time_of_day(text: str) -> str:
    """A time of day as `HH:MM`. Raises ValueError, saying how one is written."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no time of day: write it like 09:00")
    return text


def time_zone(text: str) -> str:
    """The name of a time zone, as the IANA database has it. Raises ValueError, saying how one is written."""
    try:
        ZoneInfo(text)
    except (ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError of the first kind on some systems
        raise ValueError(f"{text[:60]!r} is no time zone: write it like Europe/Berlin or UTC") from error
    except KeyError as error:
        raise ValueError(f"{text[:60]!r} is no time zone: write it like Europe/Berlin or UTC") from error
    return text


def weekdays(text: str) -> tuple[Weekday, ...]:
    """Days as people write them: `mon-fri`, `mon,wed,fri`, `weekdays`, `daily`. Raises ValueError for anything else.

    Digits are refused: whether 1 is Monday or Tuesday is answered differently by cron and by others.
    """
    known: dict[str, tuple[Weekday, ...]] = {
        "daily": WEEKDAYS,
        "everyday": WEEKDAYS,
        "weekdays": WEEKDAYS[:5],
        "weekends": WEEKDAYS[5:],
    }
    word = text.strip().lower()
    if word in known:
        return known[word]
    if any(character.isdigit() for character in word):
        raise ValueError(f"{text[:40]!r}: days are named, mon to sun; digits mean different days to different programs")
    chosen: set[Weekday] = set()
    for part in word.split(","):
        first, dash, last = (each.strip()[:3] for each in part.partition("-"))
        begin, end = _place(first, text), _place(last if dash else first, text)
        chosen.update(WEEKDAYS[begin : end + 1] if begin <= end else (*WEEKDAYS[begin:], *WEEKDAYS[: end + 1]))
    return tuple(day for day in WEEKDAYS if day in chosen)


def _place(word: str, text: str) -> int:
    for place, day in enumerate(WEEKDAYS):
        if day == word:
            return place
    raise ValueError(f"{text[:40]!r} names no days: write them like mon-fri, mon,wed,fri, weekdays or daily")


class SummarySettings(Group):
    """The summary of one channel."""

    at: Annotated[str, AfterValidator(time_of_day)]
    zone: Annotated[str, AfterValidator(time_zone)] = "UTC"
    days: tuple[Weekday, ...] = Field(default=WEEKDAYS, min_length=1)
    hours: float = Field(default=24, gt=0, le=168)


class SummariesSettings(Group):
    """The summaries of all channels."""

    admins: tuple[User, ...] = ()
    alerts: tuple[User, ...] = ()
    catch_up_minutes: int = Field(default=180, ge=1, le=1440)
    late_minutes: int = Field(default=30, ge=0, le=720)
