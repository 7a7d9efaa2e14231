"""When it began: the last ACCEPT before a window of rejects, looked for in the files that the window left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from diagnosis.evidence.decoding import Record, decode
from diagnosis.evidence.query import FlowLogQuery, Seen, Sightings, spellings
from diagnosis.flowlogs.layout import LogFile
from diagnosis.flowlogs.lines import Unreadable, recognise, unpacked
from diagnosis.flowlogs.needles import Needles, needles

MOST_BYTES = 2 * 1024 * 1024
"""So much, as stored, is searched backwards from the window; hours of a small account, a twentieth of a second."""
_MOST_UNPACKED = 64 * 1024 * 1024


def completed(found: Sightings, query: FlowLogQuery, left_out: Sequence[LogFile]) -> Sightings:
    """Return the sightings with what the files before the window tell of the forward leg, back to its last ACCEPT.

    Only a conversation between exact addresses that has REJECT and no ACCEPT on some interface needs it.
    """
    start = found.window.start
    unsettled = {seen.interface for seen in found.seen if seen.leg == "forward" and seen.action == "REJECT"}
    unsettled -= {
        seen.interface for seen in (*found.seen, *found.earlier) if seen.leg == "forward" and seen.action == "ACCEPT"
    }
    exact = query.sources and query.destinations and not any("/" in each for each in query.sources | query.destinations)
    if start is None or not unsettled or not exact:
        return found
    older = [file for file in left_out if file.dated is not None and file.dated[0] <= start]
    older.sort(key=lambda file: (file.dated, file.path), reverse=True)
    return replace(found, earlier=(*found.earlier, *_searched(older, query, unsettled, start)))


def _searched(
    newest_first: Sequence[LogFile], query: FlowLogQuery, unsettled: set[str | None], before: int
) -> tuple[Seen, ...]:
    """What the interfaces saw before the window, back to the last ACCEPT of each or as far as the search goes."""
    sums: dict[tuple[str | None, str], Seen] = {}
    waiting = set(unsettled)
    spent = 0
    for file in newest_first:
        spent += file.size
        if spent > MOST_BYTES or not waiting:
            break
        for seen in sorted(_forward(file, query), key=lambda each: each.last or 0, reverse=True):
            if seen.interface in waiting and seen.last is not None and seen.last < before:
                key = (seen.interface, seen.action)
                sums[key] = _sum(sums[key], seen) if key in sums else seen
                if seen.action == "ACCEPT":
                    waiting.discard(seen.interface)
    return tuple(sums[key] for key in sorted(sums, key=str))


def _sum(one: Seen, other: Seen) -> Seen:
    return replace(
        one,
        records=one.records + other.records,
        packets=one.packets + other.packets,
        first=min((each.first for each in (one, other) if each.first is not None), default=None),
        last=max((each.last for each in (one, other) if each.last is not None), default=None),
    )


def _forward(file: LogFile, query: FlowLogQuery) -> Iterator[Seen]:
    """The records of the forward leg in one file, each on its own; none where the file cannot be read."""
    wanted = needles(query)
    content = bytearray()
    try:
        fields = recognise(file.path).fields
        for chunk in unpacked(file.path):
            content += chunk
            if len(content) > _MOST_UNPACKED:
                return
    except Unreadable:
        return
    for line in _lines_with(bytes(content), wanted):
        if isinstance(record := decode(line, fields), Record):
            yield from _as_seen(record.values, query)


def _lines_with(content: bytes, wanted: Needles) -> Iterator[str]:
    """The lines that hold the needles, found by the rarest of them: most files are passed over in one search."""
    if not wanted.required:
        return
    counts = [sum(content.count(text.encode()) for text in texts) for texts in wanted.required]
    rarest = wanted.required[counts.index(min(counts))]
    starts: set[int] = set()
    for needle in (text.encode() for text in rarest):
        at = content.find(needle)
        while at >= 0:
            starts.add(content.rfind(b"\n", 0, at) + 1)
            at = content.find(needle, at + 1)
    for start in sorted(starts):
        end = content.find(b"\n", start)
        line = content[start : end if end >= 0 else len(content)].decode("latin-1").removesuffix("\r")
        if wanted.in_line(line):
            yield line


def _as_seen(values: Mapping[str, str], query: FlowLogQuery) -> Iterator[Seen]:
    asked = {"protocol": query.protocol}
    if query.ports_matter:
        asked |= {"dstport": query.port, "srcport": query.source_port}
    if any(number is not None and values.get(name) != str(number) for name, number in asked.items()):
        return
    if not (_holds(query.sources, values, "srcaddr") and _holds(query.destinations, values, "dstaddr")):
        return
    action = values["action"]
    if action in {"ACCEPT", "REJECT"}:
        yield Seen(
            interface=_known(values, "interface-id"),
            leg="forward",
            direction=None,
            action="ACCEPT" if action == "ACCEPT" else "REJECT",
            records=1,
            packets=int(_known(values, "packets") or 0),
            first=_seconds(values, "start"),
            last=_seconds(values, "end"),
        )


def _holds(side: frozenset[str], values: Mapping[str, str], name: str) -> bool:
    allowed = {spelt for address in side for spelt in spellings(address)}
    return values.get(name) in allowed or values.get(f"pkt-{name}") in allowed


def _known(values: Mapping[str, str], name: str) -> str | None:
    value = values.get(name, "-")
    return None if value == "-" else value


def _seconds(values: Mapping[str, str], name: str) -> int | None:
    value = _known(values, name)
    return None if value is None else int(value)
