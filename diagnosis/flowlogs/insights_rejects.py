"""REJECT records out of CloudWatch Logs Insights, written to files that are read as delivered ones are.

A query returns ten thousand rows at most, so a window with more refused records is asked in pieces, told apart by the
start of the records. What was accepted is asked for only where it explains what was refused: the connections that a
refused packet may be a reply in, and whether strangers ever got in or were reached. Both are bounded, and what was left
out is said.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar

from diagnosis.evidence.query import Between
from diagnosis.evidence.rejects import Ours
from diagnosis.flowlogs.fetched import MOST_STRANGERS, Fetched, Packet, Refused, packet_of, unasked
from diagnosis.flowlogs.insights import FlowLogGroups, Row, Spent, whole
from diagnosis.flowlogs.insights_text import MOST_ROWS

Item = TypeVar("Item")
MOST_QUERIES: Final = 120
"""So many are asked for one summary: about a million refused records."""
_FULL: Final = MOST_ROWS * 3 // 4
"""So many records are expected of each piece of a window that holds too many for one query."""
_PIECES: Final = 24
AT_ONCE: Final = 150
"""So many addresses are named in one query."""


class RefusedInGroups(FlowLogGroups):
    """The refused records of one reading, in one or more log groups of a Region."""

    def fetched(self, window: Between, ours: Ours, folder: Path) -> Fetched:
        """Write what was refused in a window, which has both ends, and what of it was accepted elsewhere.

        Raises NotPermitted or SourceUnavailable, each saying who must act.
        """
        spent = Spent()
        [tally] = self._asked([self._text.tally(window)], window, spent)
        counts, _, _ = self._counted(tally.rows, frozenset(), spent)
        oldest = min((at for row in tally.rows if (at := whole(row.get("oldest"))) is not None), default=None)
        refused = Refused.of(self._reading.fields, self._lines_refused(window, spent))
        files, rest = refused.written(folder, self._explained(refused, ours, window, spent), counts)
        return Fetched(files, rest, oldest, (*spent.partial, f"{self._reading.why}: {self.price(spent)}."))

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

    def _explained(self, refused: Refused, ours: Ours, window: Between, spent: Spent) -> set[Packet]:
        """What was accepted that a refused packet may answer, and whatever was accepted of strangers, no ports told."""
        found: set[Packet] = set()
        swapped = {packet.swapped for packet in refused.packets()}
        services = sorted({(each.destination, each.port) for each in swapped if each.may_open})
        for some in _lots(services):
            addresses, ports = (frozenset(values) for values in zip(*some, strict=True))
            rows = self._pieces(window, spent, "accepted records", self._text.accepted_by(addresses, ports))
            found.update(packet for packet in self._packets(rows) if packet in swapped)
        strangers = refused.strangers(ours)
        for lot in _lots(strangers[:MOST_STRANGERS]):
            text_of = self._text.accepted_of(frozenset(lot))
            found.update(self._packets(self._pieces(window, spent, "accepted records", text_of)))
        spent.partial += unasked(strangers)
        return found

    def _packets(self, rows: Iterable[Row]) -> Iterator[Packet]:
        for row in rows:
            packet = packet_of({field: row[name] for field, name in self._text.names.items() if name in row})
            if packet is not None:
                yield packet


def _lots(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for place in range(0, len(items), AT_ONCE):
        yield items[place : place + AT_ONCE]
