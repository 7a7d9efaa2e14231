"""When it began: the last ACCEPT before a window of rejects, looked for in the files that the window left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from diagnosis.evidence.query import FlowLogQuery, Seen, Sightings, spellings
from diagnosis.evidence.records import Kind, classify
from diagnosis.flowlogs.ahead import ahead
from diagnosis.flowlogs.layout import LogFile
from diagnosis.flowlogs.lines import Parquet, Unreadable, recognise, unpacked
from diagnosis.flowlogs.needles import Needles, needles

MOST_BYTES = 2 * 1024 * 1024
"""So much, as stored, is searched backwards from the window; hours of a small account, a twentieth of a second."""
_MOST_UNPACKED = 64 * 1024 * 1024
_SAMPLE = 128 * 1024
"""Bytes in which needles are counted."""
_OLDEST = 3
"""Files whose rejects are taken apart: the first REJECT is in one of the oldest."""


def completed(
    found: Sightings, query: FlowLogQuery, left_out: Sequence[LogFile], given: tuple[str, ...] | None = None
) -> Sightings:
    """Return the sightings with what the files before the window tell of the forward leg, back to its last ACCEPT.

    `given` is the format of files without a header.

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
    return replace(found, earlier=(*found.earlier, *_searched(older, query, unsettled, start, given)))


def _searched(
    newest_first: Sequence[LogFile],
    query: FlowLogQuery,
    unsettled: set[str | None],
    before: int,
    given: tuple[str, ...] | None,
) -> tuple[Seen, ...]:
    """The last ACCEPT of each interface before the window, and the first REJECT after it, as far as the search goes.

    Only the lines with ACCEPT are taken apart on the way, and in the end the rejects of the oldest files.
    """
    wanted, forward = needles(query), _Forward.of(query)
    accepts: dict[str | None, Seen] = {}
    rejecting: list[_Lines] = []
    sizes = accumulate(file.size for file in newest_first)
    near = [file.path for file, spent in zip(newest_first, sizes, strict=True) if spent <= MOST_BYTES]
    for path, pieces in ahead(unpacked, near, 2):
        if len(accepts) == len(unsettled):
            break
        lines = _read(path, pieces, wanted, given).of(unsettled)
        for seen in forward.among(lines.having("ACCEPT")):
            known = accepts.get(seen.interface)
            if (
                seen.interface in unsettled
                and _ended(seen) < before
                and (known is None or _ended(seen) > _ended(known))
            ):
                accepts[seen.interface] = seen
        if rejects := lines.having("REJECT"):
            rejecting = [*rejecting, rejects][-_OLDEST:]
    sums: dict[str | None, Seen] = {}
    for seen in (seen for lines in rejecting for seen in forward.among(lines)):
        since = _ended(accepts[seen.interface]) if seen.interface in accepts else 0
        if seen.interface in unsettled and since <= _ended(seen) < before:
            sums[seen.interface] = _sum(sums[seen.interface], seen) if seen.interface in sums else seen
    return tuple(each[key] for each in (accepts, sums) for key in sorted(each, key=str))


def _ended(seen: Seen) -> int:
    return seen.last or 0


def _sum(one: Seen, other: Seen) -> Seen:
    return replace(
        one,
        records=one.records + other.records,
        packets=one.packets + other.packets,
        first=min((each.first for each in (one, other) if each.first is not None), default=None),
        last=max((each.last for each in (one, other) if each.last is not None), default=None),
    )


class _Lines(NamedTuple):
    """Lines of one file that may belong to the conversation, and its fields."""

    fields: tuple[str, ...]
    lines: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.lines)

    def having(self, action: str) -> _Lines:
        return _Lines(self.fields, tuple(line for line in self.lines if action in line))

    def of(self, interfaces: Collection[str | None]) -> _Lines:
        """Those that one of the interfaces may have recorded; None is one that a record does not name."""
        if None in interfaces:
            return self
        return _Lines(
            self.fields, tuple(line for line in self.lines if any(each in line for each in interfaces if each))
        )


def _read(path: Path, pieces: Iterable[bytes], wanted: Needles, given: tuple[str, ...] | None) -> _Lines:
    """The lines of a file that hold the needles; none where it cannot be read."""
    chunks: list[bytes] = []
    try:
        form = recognise(path, given)
        if isinstance(form, Parquet):
            return _Lines((), ())
        for chunk in pieces:
            chunks.append(chunk)
            if sum(map(len, chunks)) > _MOST_UNPACKED:
                return _Lines((), ())
    except Unreadable:
        return _Lines((), ())
    return _Lines(form.fields, tuple(_lines_with(b"".join(chunks), wanted)))


def _lines_with(content: bytes, wanted: Needles) -> Iterator[str]:
    """The lines that hold the needles, found by the rarest of them: most files are passed over in one search."""
    if not wanted.required:
        return
    sample = content[:_SAMPLE]
    counts = [sum(sample.count(text.encode()) for text in texts) for texts in wanted.required]
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


@dataclass(frozen=True, slots=True)
class _Forward:
    """What the values of a record of the forward leg are, by field name."""

    addresses: tuple[tuple[str, frozenset[str]], ...]
    numbers: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, query: FlowLogQuery) -> _Forward:
        sides = (("srcaddr", query.sources), ("dstaddr", query.destinations))
        asked = [("protocol", query.protocol)]
        if query.ports_matter:
            asked += [("dstport", query.port), ("srcport", query.source_port)]
        return cls(
            tuple((name, frozenset(spelt for each in side for spelt in spellings(each))) for name, side in sides),
            tuple((name, str(number)) for name, number in asked if number is not None),
        )

    def among(self, lines: _Lines) -> Iterator[Seen]:
        """The records of the forward leg among the lines, each on its own."""
        for line in lines.lines:
            values = dict(zip(lines.fields, line.split(" "), strict=False))
            if self._holds(values) and classify(lines.fields, line) is Kind.OK:
                yield _as_seen(values)

    def _holds(self, values: Mapping[str, str]) -> bool:
        return all(values.get(name) == number for name, number in self.numbers) and all(
            values.get(name) in allowed or values.get(f"pkt-{name}") in allowed for name, allowed in self.addresses
        )


def _as_seen(values: Mapping[str, str]) -> Seen:
    return Seen(
        interface=_known(values, "interface-id"),
        leg="forward",
        direction=None,
        action="ACCEPT" if values["action"] == "ACCEPT" else "REJECT",
        records=1,
        packets=int(_known(values, "packets") or 0),
        first=_seconds(values, "start"),
        last=_seconds(values, "end"),
    )


def _known(values: Mapping[str, str], name: str) -> str | None:
    value = values.get(name, "-")
    return None if value == "-" else value


def _seconds(values: Mapping[str, str], name: str) -> int | None:
    value = _known(values, name)
    return None if value is None else int(value)
