"""The time that a question speaks of, placed on the clock: "since 14:00", "yesterday", "between 9 and 10 this morning".

The caller says what time it is and in which zone the words are meant; a word that names a zone of its own keeps it. A
clock time without a day is the last one that has been: at 09:00, "since 14:00" is since yesterday.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from typing import Final

from diagnosis.question.question import TimeWindow
from diagnosis.question.times import POINT, SPAN, utc

AROUND: Final = timedelta(minutes=15)
"""How far a window reaches on both sides of a single moment: flow logs are delivered in steps of up to ten minutes."""

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_ZONES: Final = {
    "Z": 0, "UTC": 0, "GMT": 0, "BST": 60, "CET": 60, "CEST": 120, "EST": -300, "EDT": -240, "PST": -480, "PDT": -420, "IST": 330,
}  # fmt: skip
_PARTS: Final = {
    "morning": (6, 12), "noon": (11, 14), "afternoon": (12, 18), "evening": (17, 24), "night": (20, 30),
}  # fmt: skip
"""Hours of a part of the day, counted from its midnight; the night reaches into the next day."""
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK: Final = re.compile(
    r"(?<![\d.:/-])(?P<hour>\d{1,2})(?:(?::|h)(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?"
    r"(?: ?(?P<half>[ap])\.?m\.?| ?o'clock)? ?(?P<zone>Z|UTC|GMT|CET|CEST|EST|EDT|PST|PDT|BST|IST|[+-]\d{2}:?\d{2})?(?![\w:/.-])",
    re.IGNORECASE,
)
_ISO: Final = re.compile(r"(\d{4})[-/](\d{2})[-/](\d{2})")
_DMY: Final = re.compile(r"(?<!\d)(\d{1,2})[./](\d{1,2})[./](\d{4})")
_DAY_MONTH: Final = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)? (?:of )?(" + "|".join(_MONTHS) + r")[a-z]*(?:,? (\d{4}))?", re.IGNORECASE
)
_MONTH_DAY: Final = re.compile(
    r"\b(" + "|".join(_MONTHS) + r")[a-z]* (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?(?!\d)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Now:
    """The moment of asking, in the asker's zone."""

    at: datetime

    @property
    def midnight(self) -> datetime:
        return self.at.replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What one expression means: a moment, where both ends are the same, or a day or a part of one."""

    start: datetime
    end: datetime
    dated: bool
    """Whether the words named a day."""


def bounds(window: TimeWindow, now: int, zone: tzinfo = UTC) -> tuple[int | None, int | None] | None:
    """Return where the window begins and ends in Unix seconds, either side None where it is open.

    `now` is Unix seconds. None where the words name no time that can be placed, such as "the last deploy".
    """
    asked = _Now(datetime.fromtimestamp(now, zone))
    if window.seconds is not None:
        return now - window.seconds, None
    span = SPAN.search(window.text)
    if span is not None:
        return _of_span(span["since"], span["until"], window.text[: span.start("since") - span.start()], asked)
    point = POINT.search(window.text)
    return None if point is None else _of_point((point["lead"] or "").lower(), point["instant"], asked)


def _of_span(since: str, until: str, before: str, asked: _Now) -> tuple[int | None, int | None] | None:
    """Between two expressions; a day that only one of them names, or that stands before both, holds for both."""
    day = _day_of(before, asked)
    last = _stretch(until, asked, day)
    first = _stretch(since, asked, day or (last if last is not None and last.dated else None))
    if first is None or last is None:
        return None
    if first.dated and not last.dated:
        last = _stretch(until, asked, first) or last
    if last.end < first.start:
        # "from 22:00 to 02:00": the end is on the next day, or, without a day, the beginning on the one before.
        last, first = (_moved(last, 1), first) if first.dated or day is not None else (last, _moved(first, -1))
    return _seconds(first.start), _seconds(last.end)


def _of_point(lead: str, instant: str, asked: _Now) -> tuple[int | None, int | None] | None:
    stretch = _stretch(instant, asked, None)
    if stretch is None:
        return None
    if "since" in lead or lead.startswith(("from", "starting", "as of")):
        return _seconds(stretch.start), None
    if lead == "after":
        return _seconds(stretch.end), None
    if lead in ("before", "by"):
        return None, _seconds(stretch.start)
    if lead in ("until", "till"):
        return None, _seconds(stretch.end)
    if stretch.start == stretch.end:
        return _seconds(stretch.start - AROUND), _seconds(stretch.end + AROUND)
    return _seconds(stretch.start), _seconds(stretch.end)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moved(stretch: _Stretch, days: int) -> _Stretch:
    return _Stretch(stretch.start + days * _DAY, stretch.end + days * _DAY, stretch.dated)


def _stretch(text: str, asked: _Now, day: _Stretch | None) -> _Stretch | None:
    """What an expression means; `day` is the day that is meant where it names none."""
    full = utc(text)
    if full is not None and _CLOCK.search(_ISO.sub(" ", text)):
        moment = datetime.fromisoformat(full)
        return _Stretch(moment, moment, dated=True)
    own = _day_of(text, asked)
    base = own or day
    clock, zone = _clock_of(_undated(text))
    if clock is None:
        return own
    midnight = (base.start if base is not None else asked.midnight).replace(hour=0, minute=0, second=0, microsecond=0)
    moment = datetime.combine(midnight.date(), clock, zone or asked.at.tzinfo)
    if own is not None and own.end - own.start < _DAY and "night" in text.lower() and clock.hour < 12:
        moment += _DAY  # "last night at 2 am" is after midnight.
    if base is None and moment > asked.at + _MINUTE:
        moment -= _DAY
    return _Stretch(moment, moment, dated=own is not None)


def _undated(text: str) -> str:
    for pattern in (_ISO, _DMY, _DAY_MONTH, _MONTH_DAY):
        text = pattern.sub(" ", text)
    return re.sub(r"\bT(?=\d)", " ", text)


def _clock_of(text: str) -> tuple[time | None, tzinfo | None]:
    """The time of day in some words, and the zone that they name."""
    if re.search(r"\bnoon\b", text, re.IGNORECASE) and "after" not in text.lower():
        return time(12), None
    if re.search(r"\bmidnight\b", text, re.IGNORECASE):
        return time(0), None
    found = _CLOCK.search(text)
    if found is None:
        return None, None
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    elif re.search(r"afternoon|evening|tonight|last night", text, re.IGNORECASE) and 5 <= hour < 12:
        hour += 12
    try:
        return time(hour, int(found["minute"] or 0), int(found["second"] or 0)), _zone(found["zone"])
    except ValueError:
        return None, None


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] in "+-":
        digits = text[1:].replace(":", "")
        length = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return timezone(length if text[0] == "+" else -length) if length < _DAY else None
    return timezone(timedelta(minutes=_ZONES[text.upper()]))


def _day_of(text: str, asked: _Now) -> _Stretch | None:
    """The day, or part of a day, that some words name; None where they name none."""
    written = text.lower()
    day = _dated(written, asked) or _named_day(written, asked)
    part = next((hours for word, hours in _PARTS.items() if re.search(rf"\b(?:to|over|after)?{word}\b", written)), None)
    if "afternoon" in written:
        part = _PARTS["afternoon"]
    if day is None and part is None:
        return None
    start = day or asked.midnight
    if part is None:
        return _Stretch(start, start + _DAY, dated=True)
    if "last night" in written or "overnight" in written or ("night" in written and day is None):
        # Tonight has not been yet unless it is late: a question about a night is about the last one.
        start = start if day is not None or asked.at.hour >= part[0] else start - _DAY
    elif day is None and asked.midnight + timedelta(hours=part[0]) > asked.at:
        start -= _DAY
    return _Stretch(start + timedelta(hours=part[0]), start + timedelta(hours=part[1]), dated=True)


def _named_day(written: str, asked: _Now) -> datetime | None:
    if re.search(r"\b(?:right |just )?now\b", written):
        return None
    if "yesterday" in written:
        return asked.midnight - _DAY
    if re.search(r"\btoday\b", written):
        return asked.midnight
    for number, name in enumerate(_WEEKDAYS):
        if re.search(rf"\b{name}\b", written):
            back = (asked.at.weekday() - number) % 7
            return asked.midnight - (back or (7 if "last" in written else 0)) * _DAY
    return None


def _dated(written: str, asked: _Now) -> datetime | None:
    """The midnight of a written date; without a year, the last such day that has been."""
    year: int | None
    if found := _ISO.search(written):
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    elif found := _DMY.search(written):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        # 22.11.2026 is a day and a month; with slashes only a number above twelve tells, and else it is the day.
        day, month = (second, first) if second > 12 else (first, second)
    elif found := _DAY_MONTH.search(written):
        day, month, year = int(found[1]), _MONTHS.index(found[2][:3]) + 1, int(found[3]) if found[3] else None
    elif found := _MONTH_DAY.search(written):
        month, day, year = _MONTHS.index(found[1][:3]) + 1, int(found[2]), int(found[3]) if found[3] else None
    else:
        return None
    try:
        moment = asked.midnight.replace(year=year or asked.at.year, month=month, day=day)
        return moment.replace(year=moment.year - 1) if year is None and moment > asked.at else moment
    except ValueError:
        return None
