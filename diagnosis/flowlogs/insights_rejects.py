"""REJECT records out of CloudWatch Logs Insights, written to files that are read as delivered ones are.

A query returns ten thousand rows at most, so a window with more refused records is asked in pieces, told apart by the
start of the records. What was accepted is asked for only where it explains what was refused: the connections that a
refused packet may be a reply in, and whether strangers ever got in or were reached. Both are bounded, and what was left
out is said.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from diagnosis.evidence.engine_choice import Reading
from diagnosis.evidence.grouping import known
from diagnosis.evidence.query import Between, Counts
from diagnosis.evidence.records import Kind, classify
from diagnosis.evidence.rejects import Ours
from diagnosis.flowlogs.insights import FlowLogGroups, Limits, Row, Spent, whole
from diagnosis.flowlogs.insights_text import MOST_ROWS
from diagnosis.flowlogs.remote import Remote
from diagnosis.traffic.protocols import has_ports

Item = TypeVar("Item")
MOST_QUERIES: Final = 120
"""So many are asked for one summary: about a million refused records."""
_FULL: Final = MOST_ROWS * 3 // 4
"""So many records are expected of each piece of a window that holds too many for one query."""
_PIECES: Final = 24
AT_ONCE: Final = 150
"""So many addresses are named in one query."""
MOST_STRANGERS: Final = 1500
"""Of so many strangers, those with the most records, it is asked whether they were ever accepted."""
_ACCEPTED: Final = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "action")
"""The format of the file of what was accepted: all that is looked for there."""


class Packet(NamedTuple):
    """What tells one conversation's packets from another's, in the words of a record; "-" where there is none."""

    source: str
    destination: str
    source_port: str
    port: str
    protocol: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was written, and what the log groups hold besides."""

    files: tuple[Path, ...]
    counts: Counts
    """Of all records of the window, less those in the files."""
    oldest: int | None
    """Start of the oldest record of any kind."""
    notes: tuple[str, ...]


class RefusedInGroups(FlowLogGroups):
    """The refused records of one reading, in one or more log groups of a Region."""

    def __init__(self, remote: Remote, reading: Reading, limits: Limits | None = None) -> None:
        super().__init__(remote, reading, limits)
        self._fields = reading.fields

    def fetched(self, window: Between, ours: Ours, folder: Path) -> Fetched:
        """Write what was refused in a window, which has both ends, and what of it was accepted elsewhere.

        Raises NotPermitted or SourceUnavailable, each saying who must act.
        """
        spent = Spent()
        [tally] = self._asked([self._text.tally(window)], window, spent)
        counts, _, _ = self._counted(tally.rows, frozenset(), spent)
        oldest = min((at for row in tally.rows if (at := whole(row.get("oldest"))) is not None), default=None)
        lines = [line for line in self._lines_refused(window, spent) if classify(self._fields, line) is Kind.OK]
        packets = {packet for line in lines if (packet := _packet(self._fields, line)) is not None}
        accepted = sorted(self._explained(packets, ours, lines, window, spent))
        files = [folder / "refused.log", folder / "accepted.log"]
        _write(files[0], self._fields, lines)
        _write(files[1], _ACCEPTED, [" ".join((*packet, "ACCEPT")) for packet in accepted])
        in_files = len(lines) + len(accepted)
        counts = Counts(counts.read - in_files, counts.malformed, counts.nodata, counts.skipdata)
        return Fetched(tuple(files), counts, oldest, (*spent.partial, self._price(spent)))

    def _lines_refused(self, window: Between, spent: Spent) -> Iterator[str]:
        """The lines of the refused records, each once."""
        yield from (
            row["@message"]
            for row in self._pieces(window, spent, "REJECT records", self._text.refused)
            if "@message" in row
        )

    def _pieces(
        self, window: Between, spent: Spent, what: str, text_of: Callable[[Between, Between], str]
    ) -> Iterator[Row]:
        """All rows of a query: of the whole window, or where these are too many of ever smaller pieces of it."""
        waiting = [Between(None, None)]
        lost = 0
        while waiting:
            piece = waiting.pop()
            first, last = piece.start or window.start or 0, piece.end or (window.end or 0) + 1
            [found] = self._asked([text_of(window, piece)], Between(first, last), spent)
            over = len(found.rows) >= MOST_ROWS
            if not over:
                yield from found.rows
                continue
            parts = min(max(2, -(-found.matched // _FULL)), _PIECES, last - first)
            if parts < 2 or spent.queries + len(waiting) + parts > MOST_QUERIES or not self._text.splits:
                yield from found.rows
                lost += max(found.matched - len(found.rows), 1)
                continue
            edges = [first + (last - first) * place // parts for place in range(1, parts)]
            bounds = [piece.start, *edges, piece.end]
            waiting += [Between(*each) for each in pairwise(bounds)]
        if lost:
            spent.partial.append(
                f"Insights returns {MOST_ROWS:,} rows at most, and a summary asks {MOST_QUERIES} times at most: "
                f"{lost:,} {what} of {', '.join(self._groups)} were left out. A flow log that delivers to S3 is read "
                "whole."
            )

    def _explained(
        self, refused: set[Packet], ours: Ours, lines: Sequence[str], window: Between, spent: Spent
    ) -> set[Packet]:
        """What was accepted that a refused packet may answer, and whatever was accepted of strangers, no ports told."""
        found: set[Packet] = set()
        swapped = {Packet(one.destination, one.source, one.port, one.source_port, one.protocol) for one in refused}
        services = sorted({(each.destination, each.port) for each in swapped if _may_be_a_request(each)})
        for some in _lots(services):
            addresses, ports = (frozenset(values) for values in zip(*some, strict=True))
            text_of = self._text.accepted_by(addresses, ports)
            rows = self._pieces(window, spent, "accepted records", text_of)
            found |= {packet for row in rows if (packet := self._row(row)) in swapped}
        strangers = _strangers(self._fields, lines, ours)
        for lot in _lots(strangers[:MOST_STRANGERS]):
            text_of = self._text.accepted_of(frozenset(lot))
            found |= {self._row(row) for row in self._pieces(window, spent, "accepted records", text_of)}
        if len(strangers) > MOST_STRANGERS:
            spent.partial.append(
                f"Of {len(strangers) - MOST_STRANGERS:,} strangers it was not asked whether they were ever accepted."
            )
        return found

    def _row(self, row: Row) -> Packet:
        """A row of accepted records; what it was not asked for is "-" or, of what a record must have, 0."""
        names = self._text.names

        def value(*fields: str) -> str | None:
            return next((told for each in fields if (told := known(row.get(names.get(each, ""))))), None)

        return Packet(
            value("pkt-srcaddr", "srcaddr") or "0.0.0.0",  # noqa: S104 - an address in a record, nothing is bound
            value("pkt-dstaddr", "dstaddr") or "0.0.0.0",  # noqa: S104
            value("srcport") or "0",
            value("dstport") or "0",
            value("protocol") or "0",
        )

    def _price(self, spent: Spent) -> str:
        return f"{self._reading.why}: {self.price(spent)}."


def _packet(fields: Sequence[str], line: str) -> Packet | None:
    values = dict(zip(fields, line.split(" "), strict=True))

    def value(*names: str) -> str | None:
        return next((told for name in names if (told := known(values.get(name)))), None)

    source, destination = value("pkt-srcaddr", "srcaddr"), value("pkt-dstaddr", "dstaddr")
    if source is None or destination is None:
        return None
    return Packet(source, destination, value("srcport") or "0", value("dstport") or "0", value("protocol") or "0")


def _may_be_a_request(packet: Packet) -> bool:
    """Whether it may have opened a connection whose reply was refused; ICMP tells by its addresses alone."""
    if not has_ports(int(packet.protocol)):
        return packet.protocol in ("1", "58")
    return int(packet.port) < int(packet.source_port)


def _strangers(fields: Sequence[str], lines: Sequence[str], ours: Ours) -> list[str]:
    """Those that are not ours, with the most refused records first."""
    counted: dict[str, int] = {}
    for line in lines:
        packet = _packet(fields, line)
        for address in packet[:2] if packet is not None else ():
            counted[address] = counted.get(address, 0) + 1
    return sorted((each for each in counted if not ours(each)), key=lambda each: (-counted[each], each))


def _lots(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for place in range(0, len(items), AT_ONCE):
        yield items[place : place + AT_ONCE]


def _write(path: Path, fields: Sequence[str], lines: Sequence[str]) -> None:
    path.write_text("\n".join([" ".join(fields), *lines, ""]), "utf-8")
