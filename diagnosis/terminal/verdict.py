"""The first lines of an answer: the verdict with both parties, and every cause in one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from diagnosis.answer import Answer, Cause, Verdict
from diagnosis.question.question import Party
from diagnosis.terminal.page import INDENT, LONGEST_NAME, Page, Tone
from diagnosis.terminal.safe_text import cells, shorten

WORDS: Final[dict[Verdict, str]] = {
    "blocked": "✗ Blocked",
    "reachable": "✓ Reachable",
    "partly": "~ Partly",
    "unknown": "? Unknown",
}
_TONES: Final[dict[Verdict, Tone]] = {
    "blocked": Tone.BAD_STRONG,
    "reachable": Tone.GOOD_STRONG,
    "partly": Tone.WARN_STRONG,
    "unknown": Tone.WARN_STRONG,
}
_GAP: Final = "   "
_ADDRESS: Final = re.compile(r"[0-9a-fA-F:.]*[.:][0-9a-fA-F:.]*(/\d+)?")
_SAID_ALREADY: Final = re.compile(r"^(blocked|reachable|partly|unknown)\s*[:.–—-]\s*", re.IGNORECASE)


def verdict_line(page: Page, answer: Answer) -> list[str]:
    """`✗ Blocked   web-1 10.0.1.10 → orders-db 10.0.2.20   tcp 3306`; on two lines where it is too long for one."""
    word = WORDS[answer.verdict]
    mark = page.paint(word, _TONES[answer.verdict])
    source = party(answer.source_name, answer.question.source)
    destination = party(answer.destination_name, answer.question.destination)
    traffic = answer.traffic or asked_traffic(answer)
    told = _GAP.join(filter(None, (f"{source} → {destination}", traffic)))
    if cells(word) + len(_GAP) + cells(told) <= page.width:
        return [mark + _GAP + page.paint(told, Tone.STRONG)]
    room = page.width - cells(word) - len(_GAP) - 2
    margin = " " * (cells(word) + len(_GAP))
    second = _GAP.join(filter(None, (f"→ {shorten(destination, room - cells(traffic) - len(_GAP))}", traffic)))
    first = mark + _GAP + page.paint(shorten(source, room), Tone.STRONG)
    return [first, margin + page.paint(second, Tone.STRONG)]


def party(name: str, asked: Party | None) -> str:
    """A party as a person would name it, a long name shortened but never the address behind it."""
    told = name or (asked.value if asked else "anything")
    words, _, last = told.rpartition(" ")
    if words and _ADDRESS.fullmatch(last):
        return f"{shorten(words, LONGEST_NAME)} {last}"
    return shorten(told, LONGEST_NAME + 8)


def asked_traffic(answer: Answer) -> str:
    """Protocol and port as they were asked: `tcp 3306`, or `all traffic`."""
    asked = answer.question
    if asked.protocol is None:
        return "all traffic"
    return asked.protocol if asked.port is None else f"{asked.protocol} {asked.port}"


def causes(page: Page, answer: Answer) -> list[str]:
    """The one sentence that answers the question, and every further blocker under it."""
    found = blockers(answer)
    if not found:
        return page.paragraph(headline(answer))
    if len(found) == 1:
        return page.paragraph(" ".join(dict.fromkeys([*summary(answer), *found])))
    rows = [row for text in summary(answer) for row in page.paragraph(text)]
    rows += page.paragraph(counted(len(found), answer.verdict))
    for number, text in enumerate(found, start=1):
        told = page.paragraph(text, indent=len(INDENT) + 3)
        rows += [f"{INDENT}{number}  {told[0].lstrip(' ')}", *told[1:]]
    return rows


def summary(answer: Answer) -> list[str]:
    """The headline where it says more than the causes do: how much fails, or what is not known."""
    return [headline(answer)] if answer.verdict in ("partly", "unknown") else []


def counted(count: int, verdict: Verdict) -> str:
    """What comes before a list of that many blockers."""
    match verdict:
        case "partly":
            return f"{count} things drop a part of it:"
        case "unknown":
            return f"{count} things are known to drop it, and there may be more:"
        case _:
            return f"{count} things drop it, and each must be repaired:"


def blockers(answer: Answer) -> list[str]:
    """Each thing that drops the traffic in one sentence; the groups of one interface are one such thing."""
    return [_told(list(group)) for _, group in groupby(answer.causes, key=_blocker)]


def _blocker(cause: Cause) -> tuple[object, ...]:
    """Groups of one interface are one blocker: repairing any one of them suffices."""
    if cause.any_of and cause.any_of > 1:
        return (cause.leg, cause.direction, cause.any_of, cause.related)
    return (cause.leg, cause.direction, cause.any_of, cause.code, cause.component, cause.rule, cause.text)


def _told(group: Sequence[Cause]) -> str:
    first = group[0]
    others = list(dict.fromkeys(cause.component for cause in group[1:]))
    if not others:
        return first.text
    has = "has" if len(others) == 1 else "have"
    return f"{first.text.rstrip('.')}; nor {has} {_or(others)}, and a rule in any one of these groups is enough."


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def headline(answer: Answer) -> str:
    """The headline as a sentence of its own, without the verdict that the line above has said."""
    told = _SAID_ALREADY.sub("", answer.headline)
    return told[:1].upper() + told[1:] if told != answer.headline else told
