"""What the command line makes of times, and what it asks back when a question is not clear."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from diagnosis.evidence.query import LAST_HOUR_FIRST, Between, Last, Window
from diagnosis.question.moments import bounds
from diagnosis.sources import SourceUnavailable

if TYPE_CHECKING:
    from diagnosis.question.parties import NotFound
    from diagnosis.question.question import Question

HOUR = 3600
UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
LENGTH = re.compile(r"\s*([0-9]{1,6})\s*(s|m|min|h|d|w)\s*")
WHY = (
    "why can't 10.0.1.10 reach 10.0.2.20 on 3306",
    "why can't web-1 reach RDS on 3306",
    "can i-0abc ping the internet",
)
EXAMPLES: dict[str, tuple[str, ...]] = {
    "unclear": WHY,
    "who": (WHY[0], 'whynot who "what can reach orders-db on 3306"'),
    "why": ("what can reach orders-db on 3306", 'whynot ask "why can\'t web-1 reach RDS on 3306"'),
}
"""Whole questions that would be understood, by what was asked instead."""
OTHER_COMMAND = {
    "who": "That names one party. Name both, and whynot ask says what stands between them; whynot who takes one.",
    "why": "That names two parties, and whynot who takes one. For both, ask it with whynot ask.",
}
"""A question that is clear and was put to the other command."""


class BadTime(SourceUnavailable):
    """The asker must act: a time is no time."""


def seconds_of(text: str) -> int | None:
    """The seconds of a length such as `90s`, `30m`, `1h`, `2d`; None where it is no length."""
    match = LENGTH.fullmatch(text.lower())
    return int(match[1]) * UNITS[match[2]] if match else None


def moment_of(text: str) -> int | None:
    """Unix seconds of an ISO 8601 time (UTC where it names no zone); None where it is no time."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def window_of(question: Question, since: str | None, until: str | None, now: int, zone: tzinfo = UTC) -> Window:
    """The time that the logs are asked about: the options, else the question's own words, else the last hour first.

    `now`, in Unix seconds, and `zone` say what words such as "since 14:00" mean. Raises BadTime.
    """
    if since is None and until is None:
        return _spoken(question, now, zone) or LAST_HOUR_FIRST
    return _given(since, until)


def _spoken(question: Question, now: int, zone: tzinfo) -> Window | None:
    """The time that the question's words speak of; None where they name none that can be placed."""
    spoken = question.window
    if spoken is None:
        return None
    if spoken.seconds is not None:
        return Last(spoken.seconds)
    placed = bounds(spoken, now, zone)
    if placed is None and (spoken.since or spoken.until):
        placed = (_maybe_moment(spoken.since), _maybe_moment(spoken.until))
    if placed is None:
        return None
    start, end = placed
    return Between(start, end) if start is not None else Last(HOUR, until=end)


def _maybe_moment(text: str | None) -> int | None:
    return moment_of(text) if text else None


def _given(since: str | None, until: str | None) -> Window:
    """The time that the options give."""
    end = moment_of(until) if until is not None else None
    if until is not None and end is None:
        raise BadTime(f"--until {until} is no time: give one like 2026-11-22T14:05Z")
    length = seconds_of(since) if since is not None else None
    if length is not None:
        return Last(length, until=end)
    start = moment_of(since) if since is not None else None
    if since is not None and start is None:
        raise BadTime(f"--since {since} is neither a length like 1h nor a time like 2026-11-22T14:05Z")
    if start is not None and end is not None and end < start:
        raise BadTime(
            f"--since {since} is after --until {until}: give them like 2026-11-22T13:05Z and 2026-11-22T14:05Z"
        )
    return Between(start, end) if start is not None else Last(HOUR, until=end)


def window_since(since: str) -> Window:
    """The time from a moment on, or a length back from the newest record. Raises BadTime."""
    length, start = seconds_of(since), moment_of(since)
    if length is not None:
        return Last(length)
    if start is None:
        raise BadTime(f"--since {since} is neither a length like 24h nor a time like 2026-11-22T14:05Z")
    return Between(start, None)


def asked_back(question: Question, missing: NotFound | None, *, colour: bool) -> tuple[str, dict[str, Any]]:
    """What to ask back, as text and as a JSON document: an answer without a verdict, and the candidates."""
    from diagnosis.answer import Answer
    from diagnosis.terminal.not_understood import render_not_understood
    from diagnosis.testimony import Window

    candidates = missing.candidates if missing is not None else ()
    sentence = missing.ask_back if missing is not None else question.ask_back or OTHER_COMMAND.get(question.intent)
    asked = question.model_copy(update={"ask_back": sentence})
    several = missing is not None and len(missing.candidates) > 1 and "may mean" in missing.ask_back
    text = render_not_understood(
        asked,
        () if missing is not None else EXAMPLES["unclear" if question.ask_back else question.intent],
        candidates if several else (),
        colour=colour,
    ).rstrip("\n")
    answer = Answer(question=asked, window=Window(), verdict="unknown", headline=sentence or "Not understood.")
    listed = [{"id": c.id, "name": c.name, "address": c.address, "vpc": c.vpc} for c in candidates]
    return text, {**answer.model_dump(mode="json"), "candidates": listed}
