"""The morning post: three lines of what matters, the chart, up to five causes; the rest in the thread and as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2s
from typing import Final

from bot.views.blocks import Span, actions, bold, button, context, header, image, line, marked, rich
from bot.views.controls import Action
from bot.views.message import Attachment, Block, Message, Reply
from bot.views.pictures.rejects import Chart, chart_of, rejects_alt
from bot.views.sheets import sheet
from bot.views.text import clip, spoken, tame
from bot.views.wording import sentence
from diagnosis.summary import CauseTotal, RejectGroup, Summary
from diagnosis.terminal.moments import moment

SHOWN: Final = 5
IN_THREAD: Final = 40
FLOWS_GONE: Final = 10
_TEXT: Final = 700
_SAID: Final = 3000
_NAMED: Final = 3
_TO_A_BLOCK: Final = 10


@dataclass(frozen=True, slots=True)
class Said:
    """A summary as it is to be said. `ref` names it for buttons; `muted` has Unix seconds by the key of a cause."""

    summary: Summary
    ref: str
    notes: tuple[str, ...] = ()
    muted: Mapping[str, float] = field(default_factory=dict)
    earlier: tuple[Summary, ...] = ()
    proposable: bool = False
    """Whether proven fixes are put to those who may decide."""

    @property
    def chart(self) -> Chart:
        """What its picture shows."""
        return chart_of(self.summary, self.earlier)

    def open_causes(self) -> list[CauseTotal]:
        """What is not muted: what is new or worse first."""
        order = {"new": 0, "worse": 1}
        return sorted(
            (total for total in self.summary.causes if key_of(total) not in self.muted),
            key=lambda total: (
                total.cause is None,
                total.kind != "internal",
                order.get(total.change or ("new" if total.new == total.groups else ""), 2),
                -total.records,
            ),
        )


def key_of(total: CauseTotal) -> str:
    """What makes it the same cause from day to day, in 32 characters."""
    return blake2s(json.dumps([str(each) for each in total.key]).encode(), digest_size=16).hexdigest()


def cause_value(ref: str, total: CauseTotal) -> str:
    """What a button carries: which summary, and the key of one of its causes.

    A summary is made again when records come late, and its causes may then stand in another order.
    """
    return f"{ref}:{key_of(total)}"


def morning_message(said: Said, *, picture: str | None = None) -> Message:
    """The post. A quiet day is one line."""
    summary, causes = said.summary, said.open_causes()
    lines = _three_lines(said, causes)
    small = [context(note) for note in said.notes if note]
    if not causes and not said.notes and not _troubles(summary):
        return Message(spoken(" ".join(lines)), (rich(line(" ".join(lines))),))
    blocks: list[Block] = [header(lines[0]), rich(*(line(told) for told in lines[1:] or lines))]
    if picture is not None and causes:
        blocks.append(image(picture, rejects_alt(said.chart)))
    for place, total in enumerate(causes[:SHOWN], 1):
        blocks += _cause(said, place, total)
    left = len(causes) - SHOWN
    tail = [f"{_count(left, 'more cause')} in the thread."] if left > 0 else []
    blocks += [context(" ".join([*tail, *_health(summary)])), *small]
    return Message(spoken(" ".join(lines)), tuple(blocks))


def _three_lines(said: Said, causes: Sequence[CauseTotal]) -> list[str]:
    summary = said.summary
    counts, hours = summary.rejects, _hours(summary)
    internal = [total for total in causes if total.kind == "internal" and total.cause is not None]
    flows = sum(total.groups for total in internal)
    if internal:
        new = sum(total.change == "new" if total.change else total.new == total.groups for total in internal)
        worse = sum(total.change == "worse" for total in internal)
        parts = [f"{number} {word}" for number, word in ((new, "new"), (worse, "worse")) if number]
        parts += [f"{len(summary.gone)} gone"] * bool(summary.gone)
        lines = [
            f"{_count(flows, 'internal flow')} refused by {_count(len(internal), 'cause')}{hours}"
            + (f": {', '.join(parts)}" if parts else "")
        ]
    else:
        muted = len(summary.causes) - len(causes)
        lines = [f"Nothing to do: no open internal refusal{hours}" + (f", {muted} muted" if muted else "") + "."]
        if summary.gone:
            lines.append(f"{_count(len(summary.gone), 'cause')} of the summary before refuse nothing any more.")
    external = counts.records - counts.internal - counts.noise
    if external:
        others = sum(total.kind == "external" for total in causes)
        lines.append(
            f"{_count(external, 'record')} with partners, services and the internet, by {_count(others, 'cause')}."
        )
    if summary.states.fixed:
        lines.append(f"{_count(summary.states.fixed, 'flow')} refused then and allowed by now.")
    if counts.noise:
        strangers = _count(summary.scanners, "stranger")
        lines.append(f"{_count(counts.noise, 'reject')} from {strangers} that scan, none ever accepted.")
    return lines


def _hours(summary: Summary) -> str:
    start, end = moment(summary.window.start), moment(summary.window.end)
    return f" from {start.day} {start.time} to {end.said(start.day)} UTC" if start and end else ""


def _cause(said: Said, place: int, total: CauseTotal) -> list[Block]:
    told: list[Span | str] = [bold(f"{place}. ")]
    if total.cause is not None:
        told += marked(clip(sentence(total.cause.text), _TEXT))
    else:
        told.append("Causes that cannot be told; the thread says what was not seen.")
    value = cause_value(said.ref, total)
    pressed = [
        button("Diagnose", f"{Action.DIAGNOSE_CAUSE}:{place}", value),
        *([button("Propose fix", f"{Action.PROPOSE_CAUSE}:{place}", value)] if said.proposable and total.fix else []),
        *([button("Mute…", f"{Action.MUTE_CAUSE}:{place}", value)] if total.cause is not None else []),
    ]
    return [rich(line(*told), line(_facts(said.summary, total))), actions(*pressed)]


def _facts(summary: Summary, total: CauseTotal) -> str:
    """Who wants what of whom, how often, since when, and whose it is."""
    parts = [clip(flow_words(summary, total.example), 200)]
    if total.groups > 1:
        parts[0] += f" and {_count(total.groups - 1, 'more flow')}"
    changed = [f"{number:,} {word}" for number, word in ((total.new, "new"), (total.gone, "gone")) if number]
    if changed and total.change != "new" and total.new < total.groups:
        parts[0] += f" ({', '.join(changed)})"
    parts.append(_count(total.records, "record"))
    parts.append(state_words(total))
    if total.owners:
        parts.append(f"owner {clip(', '.join(total.owners), 80)}")
    if total.fix:
        parts.append("a fix is proven")
    return " · ".join(parts)


def flow_words(summary: Summary, group: RejectGroup) -> str:
    """`web-1 10.0.1.10 → orders-db 10.0.2.20 tcp 3306`."""
    names = {one.address: one.name for one in summary.strangers} | summary.names
    source, destination = (
        f"{clip(names[side], 60)} {side}" if side in names else side for side in (group.source, group.destination)
    )
    what = f"{group.protocol} {group.port}" if group.port is not None else group.protocol
    return f"{source} → {destination} {what}" + (", its replies" if group.reply else "")


def state_words(total: CauseTotal) -> str:
    """`new, first at 09:31 UTC`, `worse`, `since 2026-11-20`."""
    seen = moment(total.first_seen)
    since = f", first {seen.day} {seen.time} UTC" if seen else ""
    word = total.change or ("new" if total.new == total.groups else "same")
    return f"{'still there' if word == 'same' else word}{since}"


def _health(summary: Summary) -> list[str]:
    records = summary.records
    found = [f"{_count(records.read, 'record')} read."]
    found += [f"{told}." for told in _troubles(summary)]
    if summary.configuration == "older":
        found.append(f"The configuration, of {summary.taken_at}, is older than the newest record.")
    return found


def _troubles(summary: Summary) -> list[str]:
    """What keeps the logs from showing all of it."""
    records = summary.records
    found = [
        f"{number:,} {what}"
        for number, what in (
            (records.skipdata, "SKIPDATA (records were lost)"),
            (records.malformed, "malformed lines"),
            (records.unreadable_files, "unreadable files"),
        )
        if number
    ]
    silent = summary.interfaces_without_logs
    return [*found, *([f"no flow log covers {_count(len(silent), 'interface')}"] if silent else [])]


def morning_thread(said: Said, *, files: bool) -> Reply:
    """What does not fit the post: further causes, what is gone, what was not seen; and its groups as CSV."""
    summary = said.summary
    more = said.open_causes()[SHOWN : SHOWN + IN_THREAD]
    rows: list[Block] = [rich(*_row(summary, total)) for total in more]
    if summary.gone:
        gone = [clip(sentence(each.cause.text), 300) for each in summary.gone[:IN_THREAD] if each.cause is not None]
        rows += _listed("Refuses nothing any more", gone)
    if summary.gone_groups:
        flows = [clip(flow_words(summary, each), 200) for each in summary.gone_groups[:FLOWS_GONE]]
        left = len(summary.gone_groups) - len(flows)
        flows += [f"and {left:,} more, in the file of groups" if files else f"and {left:,} more"] * bool(left)
        rows += _listed("Flows of the summary before that nothing refuses any more", flows)
    if summary.unseen:
        calls = list(dict.fromkeys(each.call or each.error for each in summary.unseen))[:_NAMED]
        rows.append(rich(line(bold("Not seen: ")), line(clip(", ".join(calls), 600))))
    if summary.interfaces_without_logs:
        named = summary.interfaces_without_logs[:10]
        more_of = len(summary.interfaces_without_logs) - len(named)
        told = ", ".join(named) + (f" and {more_of} more" if more_of else "")
        rows.append(rich(line(bold("No flow log covers ")), line(*marked(clip(told, _TEXT)))))
    reply = sheet("The rest of the summary", rows, name="summary.txt") if rows else Reply()
    every = bool(summary.groups or summary.gone_groups)
    table = (Attachment("summary.csv", _title(summary), csv_of(summary)),) if files and every else ()
    return Reply(reply.messages, (*reply.files, *table) if files else ())


def _listed(heading: str, told: Sequence[str]) -> Iterator[Block]:
    """Lines under a heading, a few to a block: whole blocks are what goes into another message, or into a file."""
    for place in range(0, len(told), _TO_A_BLOCK):
        above = [line(bold(heading))] if place == 0 else []
        yield rich(*above, *map(line, told[place : place + _TO_A_BLOCK]))


def _title(summary: Summary) -> str:
    """What the file of groups holds: all of them, or of how many the first."""
    held, every = len(summary.groups), summary.rejects.flows
    if held < every:
        return f"The first {held:,} of {_count(every, 'group')} of the summary: internal, external, noise, by records"
    return f"All {_count(held, 'group')} of the summary"


def _row(summary: Summary, total: CauseTotal) -> Iterable[dict[str, object]]:
    what = clip(sentence(total.cause.text), 300) if total.cause is not None else "The cause cannot be told."
    return line(*marked(what)), line(_facts(summary, total))


COLUMNS: Final = (
    "class source destination protocol port interface records packets first last state change cause component rule fix"
)


def csv_of(summary: Summary) -> bytes:
    """The groups as CSV, at the end those that are gone, with no records.

    A cell that a spreadsheet would take for a formula is quoted by an apostrophe (OWASP).
    """
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(COLUMNS.split())
    gone = (each.model_copy(update={"records": 0, "packets": 0, "state": None}) for each in summary.gone_groups)
    for each in (*summary.groups, *gone):
        cause = each.cause
        named = (cause.code, cause.component, cause.rule) if cause is not None else (None, None, None)
        cells = (
            each.kind, each.source, each.destination, each.protocol, each.port, each.interface, each.records,
            each.packets, each.first, each.last, each.state, each.change, *named, each.fix,
        )  # fmt: skip
        table.writerow(["" if cell is None else _inert(tame(str(cell))) for cell in cells])
    return out.getvalue().encode("utf-8", "replace")


def _inert(cell: str) -> str:
    return f"'{cell}" if cell[:1] in "=+-@\t\r" else cell


def said_of(told: str, *, by: str = "") -> Message:
    """Something that is said about summaries, a line each; with whom it comes from."""
    told = clip(told, _SAID)
    lines = told.splitlines() or [told]
    elements = [line(each) for each in lines]
    if by:
        elements[-1]["elements"] += [*line(" By ")["elements"], {"type": "user", "user_id": by}]
    spaced = [part for each in elements for part in (each, line("\n"))][:-1]
    return Message(spoken(clip(told, _TEXT)), (rich(*(elements if len(elements) == 1 else spaced)),))


def failed_message(reason: str, *, channel: str = "") -> Message:
    """A summary that is not to be had; with the channel where it is told elsewhere."""
    where = f" of {clip(channel, 40)}" if channel else ""
    told = f"The summary{where} could not be made: {clip(reason, 600)}"
    return Message(spoken(told), (rich(line(told)),))


def missed_message(days: Sequence[str], at: str) -> Message:
    """Summaries whose time came while the program did not run, and that are too late by now."""
    named = clip(", ".join(days), 300)
    told = (
        f"Not said, because whynot did not run: the summary of {named}, {clip(at, 40)}. /whynot summary now makes one."
    )
    return Message(spoken(told), (rich(line(told)),))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
