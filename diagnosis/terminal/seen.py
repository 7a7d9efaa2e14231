"""What the witnesses saw: counts, first and last time, and raw lines with the file and line they stand on."""

from __future__ import annotations

import re
from typing import Final

from diagnosis.answer import Answer
from diagnosis.terminal.moments import in_turn
from diagnosis.terminal.opinion import opinion
from diagnosis.terminal.page import Page, Tone
from diagnosis.terminal.safe_text import cells, shorten, shorten_left
from diagnosis.terminal.what_changed import changed
from diagnosis.testimony import FlowLogs, RecordCounts, Window

_LEFT_OUT: Final = (
    (re.compile(r"(?<=\s)1\d{9} 1\d{9}(?=\s)"), "…"),
    (re.compile(r"(?<=\s)\d{8}(\d{4})(?=\s)"), r"…\1"),
)
"""The fields `start` and `end` (Unix seconds from 2001 to 2033) and the account: said elsewhere, so the first to go."""
_MOST_LIMITS: Final = 2


def seen(page: Page, answer: Answer) -> list[str]:
    """The evidence beside the label "seen": the flow logs, whether they agree; then the further witnesses."""
    evidence = answer.evidence
    logs = evidence.flow_logs
    second = evidence.second_opinion
    agreement = evidence.agreement.removesuffix(second.text).rstrip() if second is not None else evidence.agreement
    if logs is None:
        rows = page.labelled("seen", page.beside(agreement or "no flow logs were read", Tone.DIM))
    else:
        rows = page.labelled("seen", [*_counted(page, logs, answer.window), *raw_line(page, logs)])
        for limit in logs.limits[:_MOST_LIMITS]:
            rows += page.beside(limit, Tone.WARN)
        if logs.bytes_scanned:
            # Files of one's own cost nothing; what was asked of AWS is named with its price.
            rows += page.beside(f"read by {logs.engine}", Tone.DIM)
        rows += page.beside(agreement, Tone.DIM) if agreement else []
    rows += opinion(page, second) if second is not None else []
    return [*rows, *(changed(page, evidence.what_changed) if evidence.what_changed is not None else ())]


def _counted(page: Page, logs: FlowLogs, window: Window) -> list[str]:
    """The sentences of the evidence, the counts before them where no sentence gives these, and the times."""
    rows: list[str] = []
    told = " ".join(logs.sentences)
    if not _tells(told, logs.rejects, "REJECT") or not _tells(told, logs.accepts, "ACCEPT"):
        counts = f"{logs.rejects:,} REJECT, {logs.accepts:,} ACCEPT"
        rows += page.beside(" ".join(filter(None, (counts, span(window)))), Tone.STRONG)
    for place, sentence in enumerate(logs.sentences):
        rows += page.beside(sentence, Tone.PLAIN if rows or place else Tone.STRONG)
    times = times_told(logs)
    return [*rows, *(page.beside(times) if times and logs.first_reject not in told.split() else [])]


def _tells(told: str, count: int, action: str) -> bool:
    return any(f"{number} {action}" in told for number in (f"{count:,}", f"{count}"))


def span(window: Window) -> str:
    """`from 2026-11-22 13:05:10 to 14:05:10 UTC`; empty where the window has no sides."""
    (start, end), _ = in_turn((window.start, window.end))
    told = " ".join(f"{word} {side}" for word, side in (("from", start), ("to", end)) if side)
    return f"{told} UTC" if told else ""


def times_told(logs: FlowLogs) -> str:
    """`first 2026-11-22 09:31:02, last 14:03:15 UTC; ACCEPT until 09:29:58`; empty where nothing was seen."""
    (first, last, accept), _ = in_turn((logs.first_reject, logs.last_reject, logs.last_accept))
    parts: list[str] = []
    if first and last:
        parts.append(f"first {first}, last {last} UTC")
    elif first or last:
        parts.append(f"REJECT at {first or last} UTC")
    if accept:
        before = logs.last_reject is not None and logs.last_accept is not None and logs.last_accept < logs.last_reject
        word = "ACCEPT until" if before else "last ACCEPT"
        parts.append(f"{word} {accept}" + ("" if parts else " UTC"))
    return "; ".join(parts)


def raw_line(page: Page, logs: FlowLogs) -> list[str]:
    """The most telling raw line, shortened to fit, with its file and line below it."""
    rows = [row for line in logs.lines[:1] for row in page.beside(fitted(page, line), Tone.DIM)]
    origins = logs.line_origins[:1] if rows else ()
    return [*rows, *(page.verbatim(page.paint(shorten_left(origin, page.room), Tone.DIM)) for origin in origins)]


def fitted(page: Page, line: str) -> str:
    """A raw line with its ids shortened; where it is still too long, without its times and most of its account."""
    brief = page.short(line)
    for pattern, instead in _LEFT_OUT:
        if cells(brief) > page.room:
            brief = pattern.sub(instead, brief, count=1)
    return shorten(brief, 2 * page.room - 12)


def counted_records(records: RecordCounts) -> str:
    """`318,204 records, 0 malformed`, and the other kinds where there are any."""
    parts = [f"{records.read:,} records", f"{records.malformed:,} malformed"]
    parts += [f"{records.nodata:,} NODATA"] if records.nodata else []
    parts += [f"{records.skipdata:,} SKIPDATA"] if records.skipdata else []
    files = records.unreadable_files
    return ", ".join([*parts, *([f"{files:,} unreadable file{'s' if files > 1 else ''}"] if files else [])])
