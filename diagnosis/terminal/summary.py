"""The summary of what was refused, as a page that is read in twenty seconds: how much, which causes, which logs.

Groups with the same cause are one item. Noise is one line, and so is what needs nobody: what the configuration lets
through now, and late packets of connections that work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from diagnosis.answer import Stranger
from diagnosis.summary import CauseTotal, RejectGroup, Summary
from diagnosis.terminal.moments import moment
from diagnosis.terminal.page import INDENT, NARROWEST, Page, Tone, short_forms
from diagnosis.terminal.safe_text import clean
from diagnosis.terminal.strangers import known

WIDTH: Final = 80
MOST_CAUSES: Final = 5
MOST_FLOWS: Final = 3
MOST_LISTED: Final = 3


def render_summary(summary: Summary, *, width: int = WIDTH, colour: bool) -> str:
    """Return `summary` as text that ends in a line break; no line is wider than `width` columns."""
    summary = clean(summary)
    page = Page(max(width, NARROWEST), colour, short_forms(_texts(summary), ()))
    rows = [*_heading(page, summary), "", *_classes(page, summary), ""]
    items = _items(summary)
    for place, item in enumerate(items[:MOST_CAUSES], 1):
        rows += [*_item(page, summary, place, item), ""]
    left = items[MOST_CAUSES:]
    if left:
        flows, records = sum(item.flows for item in left), _count(sum(item.records for item in left), "record")
        rows += [*page.paragraph(f"and {_count(flows, 'more flow')} ({records}): --json lists them"), ""]
    rows += _gone(page, summary)
    rows += known(page, _by_records(summary))
    rows += _settled(page, summary)
    rows += _health(page, summary)
    return "\n".join(rows) + "\n"


def _texts(summary: Summary) -> Iterable[str]:
    for group in summary.groups:
        if group.cause is not None:
            yield group.cause.text
        yield group.interface or ""
    yield from summary.interfaces_without_logs[:MOST_LISTED]


def _heading(page: Page, summary: Summary) -> list[str]:
    start, end = (moment(each) for each in (summary.window.start, summary.window.end))
    when = f", {start.day} {start.time} to {end.said(start.day)} UTC" if start and end else ""
    counts = summary.rejects
    if not counts.records:
        return page.paragraph(f"Nothing was refused{when}", Tone.STRONG, indent=0)
    said = f"{_count(counts.records, 'record')} refused in {_count(counts.flows, 'flow')}{when}"
    return page.paragraph(said, Tone.STRONG, indent=0)


def _classes(page: Page, summary: Summary) -> list[str]:
    """The three lines of what matters."""
    counts, strangers = summary.rejects, _count(summary.scanners, "stranger")
    external = counts.records - counts.internal - counts.noise
    rows = []
    for kind, number, said in (
        ("internal", counts.internal, "between our own addresses"),
        ("external", external, "with partners, services and the internet"),
        (
            "noise",
            counts.noise,
            f"from {strangers} that scan{'s' * (summary.scanners == 1)}",
        ),
    ):
        some = [group for group in summary.groups if group.kind == kind and group.state in ("new", "standing")]
        causes = [total for total in summary.causes if total.kind == kind and total.cause is not None]
        new = sum(total.new for total in summary.causes if total.kind == kind) if summary.causes else 0
        new = new or sum(group.state == "new" for group in some)
        parts = [f"{number:,} {said}" if number else "none"]
        parts += [_count(len(causes), "cause")] * bool(causes) + [f"{new} new"] * bool(new)
        tone = Tone.DIM if kind == "noise" or not number else Tone.BAD if kind == "internal" else Tone.WARN
        rows.append(f"{INDENT}{page.paint(f'{kind:<10}', tone)}{' · '.join(parts)}")
    return rows


@dataclass(frozen=True, slots=True)
class _Item:
    """What is said of one cause: some of its groups, and how many flows and records there are in all."""

    groups: tuple[RejectGroup, ...]
    flows: int
    records: int
    total: CauseTotal | None = None


def _items(summary: Summary) -> list[_Item]:
    """Groups with one cause together; internal ones first, then those with the most records."""
    found: dict[object, list[RejectGroup]] = {}
    for group in summary.groups:
        if group.state in ("new", "standing"):
            found.setdefault(_key(group), []).append(group)
    counted = [
        _Item(tuple(found.pop(total.key, ())) or (total.example,), total.groups, total.records, total)
        for total in summary.causes
        if total.cause is not None
    ]
    others = [_Item(tuple(some), len(some), sum(one.records for one in some)) for some in found.values()]
    return sorted(
        [*counted, *others],
        key=lambda item: (all(one.kind != "internal" for one in item.groups), -item.records),
    )


def _key(group: RejectGroup) -> object:
    cause = group.cause
    if cause is None:
        return (group.source, group.destination, group.protocol, group.port)
    return (cause.code, cause.component, cause.rule, cause.leg, cause.direction)


def _item(page: Page, summary: Summary, place: int, item: _Item) -> list[str]:
    indent, some = len(INDENT) + 3, item.groups
    first = some[0]
    if first.cause is not None:
        heading = page.paragraph(first.cause.text, indent=indent)
    else:
        why = "No configuration was read" if summary.configuration == "none" else "The cause cannot be told"
        heading = page.paragraph(f"{why}: {_flow(summary, first)}", indent=indent)
    heading[0] = INDENT + page.paint(f"{place:<2} ", Tone.STRONG) + heading[0].lstrip()
    rows = [*heading]
    flows: dict[str, list[RejectGroup]] = {}
    for group in some:
        flows.setdefault(_flow(summary, group), []).append(group)
    for flow, groups in list(flows.items())[:MOST_FLOWS]:
        rows += page.paragraph(f"{flow}: {_records(groups)}, {_state(groups)}", Tone.DIM, indent=indent)
    more = max(len(flows), item.flows - len(some) + len(flows)) - min(len(flows), MOST_FLOWS)
    if more:
        rows += page.paragraph(f"and {_count(more, 'more flow')}", Tone.DIM, indent=indent)
    rows += _besides(page, item.total, indent)
    proven = next((group for group in some if group.fix), None)
    if proven is not None:
        ask = f'whynot ask "can {proven.source} reach {proven.destination} on {_what(proven)}"'
        rows += page.paragraph(f"proven {proven.fix}: {ask}", Tone.GOOD, indent=indent)
    return rows


def _besides(page: Page, total: CauseTotal | None, indent: int) -> list[str]:
    """Against an earlier summary, and whose it is."""
    if total is None:
        return []
    seen = moment(total.first_seen)
    changes = {
        "worse": "twice as many records as before",
        "less": "half as many records as before",
        "new": "not before",
    }
    said = [changes[total.change]] if total.change in changes else []
    said += [f"seen since {seen.day}"] if seen and total.change in ("worse", "less", "same") else []
    said += [f"owner {', '.join(total.owners)}"] if total.owners else []
    return page.paragraph(", ".join(said), Tone.DIM, indent=indent) if said else []


def _by_records(summary: Summary) -> list[Stranger]:
    """Those who are known, with the most refused records first; our own stand by name at their flows already."""
    counted: dict[str, int] = {}
    for group in summary.groups:
        for side in {group.source, group.destination}:
            counted[side] = counted.get(side, 0) + group.records
    others = [one for one in summary.strangers if one.known_by != "account"]
    return sorted(others, key=lambda one: -counted.get(one.address, 0))


def _gone(page: Page, summary: Summary) -> list[str]:
    """Causes of the summary before that refuse nothing any more, and flows that are refused no more."""
    named = [total.cause.text for total in summary.gone if total.cause is not None]
    rows: list[str] = []
    if named:
        more = f" And {len(named) - MOST_LISTED} more." if len(named) > MOST_LISTED else ""
        rows += page.beside(" ".join(named[:MOST_LISTED]) + more)
    flows = list(dict.fromkeys(_flow(summary, group) for group in summary.gone_groups))
    if flows:
        more = f" and {len(flows) - MOST_LISTED} more" if len(flows) > MOST_LISTED else ""
        rows += page.beside(f"refused no more: {', '.join(flows[:MOST_LISTED])}{more}")
    return [*page.labelled("gone", rows), ""] if rows else []


def _flow(summary: Summary, group: RejectGroup) -> str:
    """Who wants what of whom, by name and address."""
    source, destination = (
        f"{summary.names[side]} {side}" if side in summary.names else side for side in (group.source, group.destination)
    )
    of = f" ({group.service})" if group.service else ""
    replies = ", its replies" if group.reply else ""
    return f"{source}{of} → {destination} {_what(group)}{replies}"


def _what(group: RejectGroup) -> str:
    if group.protocol in ("tcp", "udp"):
        return f"{group.protocol} {group.port}" if group.port is not None else group.protocol
    return group.protocol if group.protocol.startswith("icmp") else f"protocol {group.protocol}"


def _state(groups: Sequence[RejectGroup]) -> str:
    first = min((group.first for group in groups if group.first), default=None)
    since = moment(first)
    word = "new" if any(group.state == "new" for group in groups) else "standing"
    return f"{word}, first at {since.time}" if since and word == "new" else f"{word}"


def _settled(page: Page, summary: Summary) -> list[str]:
    """What needs nobody: a line for what is allowed now, a line for late packets."""
    rows = []
    fixed = [group for group in summary.groups if group.state == "fixed"]
    if fixed:
        named = list(dict.fromkeys(_flow(summary, group) for group in fixed))
        more = f" and {len(named) - MOST_LISTED} more" if len(named) > MOST_LISTED else ""
        said = f"allowed by now ({_records(fixed)}): {', '.join(named[:MOST_LISTED])}{more}"
        rows += page.labelled("fixed", page.beside(said))
        if summary.configuration == "older":
            said = f"the configuration, of {summary.taken_at}, is older than the newest record"
            rows += page.beside(said, Tone.WARN)
    late = [group for group in summary.groups if group.state is None and group.kind != "noise"]
    if late:
        said = f"{_records(late)} of connections that work: packets that came after their end"
        rows += page.labelled("late", page.beside(said, Tone.DIM))
    return rows


def _health(page: Page, summary: Summary) -> list[str]:
    """Whether the logs can be trusted to show all of it."""
    records = summary.records
    parts = [f"{_count(records.read, 'record')} read by {summary.engine}"]
    troubles = (
        (records.skipdata, "SKIPDATA (records were lost)"),
        (records.malformed, "malformed"),
        (records.nodata, "NODATA"),
    )
    parts += [f"{number:,} {what}" for number, what in troubles if number]
    if records.unreadable_files:
        parts.append(f"{_count(records.unreadable_files, 'file')} unreadable")
    bad = records.skipdata or records.malformed or records.unreadable_files
    rows = page.labelled("logs", page.beside(", ".join(parts), Tone.WARN if bad else Tone.DIM))
    silent = summary.interfaces_without_logs
    if silent:
        more = f" and {len(silent) - MOST_LISTED} more" if len(silent) > MOST_LISTED else ""
        said = f"no flow log covers {', '.join(silent[:MOST_LISTED])}{more}: what they refuse is not here"
        rows += page.beside(said, Tone.WARN)
    if summary.unseen:
        calls = list(dict.fromkeys(item.call for item in summary.unseen))
        more = f" and {len(calls) - MOST_LISTED} more" if len(calls) > MOST_LISTED else ""
        rows += page.labelled("unseen", page.beside(", ".join(calls[:MOST_LISTED]) + more, Tone.WARN))
    return rows


def _records(groups: Iterable[RejectGroup]) -> str:
    return _count(sum(group.records for group in groups), "record")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
