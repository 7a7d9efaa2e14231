"""The time that a question speaks of, taken out of its text so that no time, duration or date is read as a port or a name.

No clock is read here: what is relative stays a length in seconds or words, and `moments` gives it a place once the caller
says what time it is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from diagnosis.question.patterns import Pattern
from diagnosis.question.question import TimeWindow

_UNITS: Final = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "ms": 0, "msec": 0, "msecs": 0, "millisecond": 0, "milliseconds": 0,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60, "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400, "w": 604800, "wk": 604800, "wks": 604800, "week": 604800, "weeks": 604800,
    "month": 2592000, "months": 2592000,
}  # fmt: skip
_NUMBERS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "sixty": 60, "few": 3, "couple": 2, "half": 1, "several": 5,
}  # fmt: skip
_UNIT: Final = "|".join(sorted(_UNITS, key=len, reverse=True))
_COUNT: Final = r"(?:\d{1,6}(?:[.,]\d{1,3})?|" + "|".join(_NUMBERS) + ")"
_LENGTH: Final = rf"(?P<count>{_COUNT})(?:(?<=half) an?| of)?[ -]?(?P<unit>{_UNIT})"
_ZONE: Final = r"(?: ?(?:Z|UTC|GMT|CET|CEST|EST|EDT|PST|PDT|BST|IST)\b|[+-]\d{2}:?\d{2})?"
_CLOCK: Final = rf"(?:\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d{{1,9}})?)?(?: ?[ap]\.?m\.?(?!\w))?{_ZONE}|\d{{1,2}} ?[ap]\.?m\.?(?!\w){_ZONE}|\d{{1,2}} ?o'clock|\d{{1,2}}h\d{{2}}|noon|midnight)"
_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
)
_DATE: Final = (
    r"(?:\d{4}-\d{2}-\d{2}|\d{4}/\d{2}/\d{2}|\d{1,2}/\d{1,2}/\d{4}|\d{1,2}\.\d{1,2}\.\d{4}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}(?:,? \d{{4}})?"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?!\.\d)(?:,? \d{{4}})?)"
)
_DAY_WORD: Final = (
    r"(?:yesterday|today|tonight|tomorrow|overnight|last night|(?:this|yesterday|today|tomorrow|every|last|in the|during the) ?(?:morning|afternoon|evening|night|week|month|noon)"
    r"|(?:last |this |next )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|the (?:morning|afternoon|weekend)|the last (?:deploy\w*|release|change|reboot)|(?:right |just )?now)\b(?: (?:morning|afternoon|evening|night))?"
)
_INSTANT: Final = rf"(?:{_DATE}(?:(?:[T,]| at|,? around| @)? ?{_CLOCK})?|{_DAY_WORD}(?:(?:,| at| around| @| from)? ?{_CLOCK})?|{_CLOCK}(?:,? (?:on )?(?:{_DATE}|{_DAY_WORD}))?)"
_LEAD: Final = r"(?:(?:ever )?since|after|before|until|till|around|about|at|by|on|from|starting(?: at| from)?|as of|approximately|approx\.?|ca\.?|circa|~|@)"

SPAN: Final = Pattern(
    rf"(?<![\w.:/-])(?:(?:on )?(?:{_DAY_WORD}|{_DATE}),? )?(?:between|from|during)? ?(?P<since>{_INSTANT}) ?(?:-|to|and|until|till|through) ?(?P<until>{_INSTANT})(?![\w/-])",
    re.IGNORECASE,
)
_BACK: Final = Pattern(
    rf"(?<![\w.:/-])(?:(?:in|for|over|during|within|from|since)(?: about| around| roughly| at least| more than| over)?(?: the)? ?)?(?:the )?(?:last|past|previous|recent) (?:{_LENGTH}|(?P<single>{_UNIT}))(?![\w/-])"
    rf"|(?<![\w.:/-])(?:since |about |around |from )?{_LENGTH.replace('count', 'count2').replace('<unit', '<unit2')} (?:ago|back)(?![\w/-])"
    rf"|(?<![\w.:/-])for (?:about |around |roughly |over |at least |more than |nearly |almost )?(?:the |a )?{_LENGTH.replace('count', 'count3').replace('<unit', '<unit3')}(?: now| already)?(?![\w/-])",
    re.IGNORECASE,
)
POINT: Final = Pattern(
    rf"(?<![\w.:/-])(?:(?P<lead>{_LEAD}) (?:about |around )?)?(?P<instant>{_INSTANT})(?![\w/-])", re.IGNORECASE
)
_DURATION: Final = Pattern(
    rf"(?<![\w.:/-])(?:(?:after|within|every|in|exceeded|about|around|exactly|of|roughly|up to|than) )*(?:\d{{1,7}}(?:[.,]\d{{1,3}})?) ?-?(?:{_UNIT})(?![\w/-])(?: timeouts?)?"
    rf"|(?<![\w.:/-])(?:after|within|every|in|takes?|took) (?:about |around )?(?:a |an )?(?:{'|'.join(_NUMBERS)}) (?:of )?(?:{_UNIT})(?![\w/-])",
    re.IGNORECASE,
)
_STAMP: Final = Pattern(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ,]+(?:at )?(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)? ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?\Z",
    re.IGNORECASE,
)
_MENTIONS_TIME: Final = re.compile(
    r"\d ?(?:[smhdw]\b|:\d\d|[ap]\.?m|min|sec|hour|hr|day|week|-\d\d|st\b|nd\b|rd\b|th\b|/\d|o'c|month|ms)|day|night|morning|evening|noon|now\b|week|hour|min(?:ute)?s?\b|second|month|last |past |previous|since",
    re.IGNORECASE,
)


def take_window(text: str) -> tuple[str, TimeWindow | None]:
    """Return the text with every time blanked out (as a comma, so that no name runs across it), and the window it spoke of."""
    if not _MENTIONS_TIME.search(text):
        return text, None
    window: TimeWindow | None = None
    found = SPAN.search(text)
    if found:
        window = TimeWindow(text=found[0].strip(), since=utc(found["since"]), until=utc(found["until"]))
        text = _blank(text, found)
    found = _BACK.search(text)
    if found:
        window = window or TimeWindow(text=found[0].strip(), seconds=_seconds(found))
        text = _blank(text, found)
    for _ in range(3):
        found = POINT.search(text)
        if not found:
            break
        window = window or _of_point(found)
        text = _blank(text, found)
    return _DURATION.sub(" , ", text), window


def _blank(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} , {text[found.end() :]}"


def _seconds(found: re.Match[str]) -> int | None:
    count = found["count"] or found["count2"] or found["count3"]
    unit = found["unit"] or found["unit2"] or found["unit3"] or found["single"]
    if unit is None:
        return None
    number = 1.0 if count is None else float(_NUMBERS.get(count.lower(), 0) or count.replace(",", "."))
    if count and count.lower() == "half":
        number = 0.5
    return int(number * _UNITS[unit.lower()]) or None


def _of_point(found: re.Match[str]) -> TimeWindow:
    """A point in time opens the window ("since"), closes it ("until"), or is its middle: then both sides are the point."""
    lead = (found["lead"] or "").lower()
    stamp = utc(found["instant"])
    text = found[0].strip()
    if "since" in lead or lead.startswith(("after", "from", "starting", "as of")):
        return TimeWindow(text=text, since=stamp)
    if lead in ("before", "until", "till", "by"):
        return TimeWindow(text=text, until=stamp)
    return TimeWindow(text=text, since=stamp, until=stamp)


def utc(text: str) -> str | None:
    """Return an ISO 8601 UTC time for a full date (and time; without a zone UTC is meant), None for anything less."""
    found = _STAMP.match(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second = (int(found[i] or 0) for i in range(1, 7))
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        zone = (found[7] or "Z").replace(":", "")
        if zone[0] in "+-":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
            moment = moment - offset if zone[0] == "+" else moment + offset
    except (ValueError, OverflowError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
