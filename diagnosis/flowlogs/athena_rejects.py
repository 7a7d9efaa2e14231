"""REJECT records out of a table of Athena, written to files that are read as delivered ones are.

Three statements, for Athena charges for what each scans: how many records there are, those that were refused, and
what of them was accepted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlglot import exp

from diagnosis.evidence.query import Between, Counts
from diagnosis.evidence.rejects import Ours
from diagnosis.flowlogs.athena import FlowLogAthena, Row, Spent
from diagnosis.flowlogs.athena_statement import CONVERSATION, accepted, refused, tally
from diagnosis.flowlogs.athena_tables import LogTable
from diagnosis.flowlogs.fetched import MOST_STRANGERS, Fetched, Packet, Refused, packet_of, unasked
from diagnosis.flowlogs.terms import said

MOST_ROWS: Final = 1_000_000
"""Refused records; Athena hands out a thousand rows a call."""
MOST_SERVICES: Final = 3000
"""So many services are named in a statement, which may have 262,144 characters."""


class RefusedInTable(FlowLogAthena):
    """The refused records of one reading, through Athena."""

    def fetched(self, window: Between, ours: Ours, folder: Path) -> Fetched:
        """Write what was refused in a window, which has both ends, and what of it was accepted elsewhere.

        Raises NotPermitted or SourceUnavailable, each saying who must act.
        """
        client = self._remote.clients("athena", self._reading.region)
        spent = Spent()
        table = self._table(client, spent)
        place = self._reading.accounts, self._reading.region
        partitions = table.covers(*place, window.start or 0, window.end or 0)
        kinds = list(self._rows_of(client, tally(table, partitions, window), spent))
        rows = self._rows_of(client, refused(table, partitions, window, MOST_ROWS), spent)
        found = Refused.of(table.fields, (line for row in rows if (line := row["line"])))
        packets, notes = self._explained(client, table, partitions, window, found, ours, spent)
        files, rest = found.written(folder, packets, _counts(kinds))
        if len(rows) >= MOST_ROWS:
            notes.append(f"Of the REJECT records of {self._reading.destination} only {MOST_ROWS:,} were read.")
        oldest = min((int(start) for row in kinds if (start := row["oldest"]) is not None), default=None)
        return Fetched(files, rest, oldest, (*notes, f"{self._reading.why}: {self.price(spent)}."))

    def _explained(
        self,
        client: Any,
        table: LogTable,
        partitions: Sequence[exp.Expr],
        window: Between,
        found: Refused,
        ours: Ours,
        spent: Spent,
    ) -> tuple[set[Packet], list[str]]:
        """What was accepted that a refused packet may answer, whatever was accepted of strangers; and what to say."""
        swapped = {packet.swapped for packet in found.packets()}
        services = sorted({(each.destination, int(each.port)) for each in swapped if each.may_open})
        strangers = found.strangers(ours)
        notes = unasked(strangers)
        if len(services) > MOST_SERVICES:
            notes.append(f"Of {len(services) - MOST_SERVICES:,} services it was not asked what they accepted.")
        if not services and not strangers:
            return set(), notes
        asked = accepted(table, partitions, window, services[:MOST_SERVICES], strangers[:MOST_STRANGERS], MOST_ROWS)
        told = (packet_of(_record(row)) for row in self._rows_of(client, asked, spent))
        stranger = set(strangers)
        kept = (packet for packet in told if packet is not None)
        return {each for each in kept if each in swapped or not stranger.isdisjoint(each[:2])}, notes

    def _rows_of(self, client: Any, statement: exp.Select, spent: Spent) -> list[Row]:
        return list(self._asked(client, said(statement, "athena"), spent))


def _record(row: Row) -> dict[str, str]:
    return {name: row[name] or "-" for name in CONVERSATION}


def _counts(rows: Sequence[Row]) -> Counts:
    found = {str(row["kind"]): int(row["records"] or 0) for row in rows}
    ok, nodata, skipdata = (found.get(kind, 0) for kind in ("OK", "NODATA", "SKIPDATA"))
    return Counts(ok + nodata + skipdata, found.get("malformed", 0), nodata, skipdata)
