"""Flow logs in S3, asked with Athena: for windows of days, months and years.

One statement an answer, over the partitions of the window and never over more. The table is one that the Glue catalog
has already, or one that this creates where it is allowed to. Failures:
https://docs.aws.amazon.com/athena/latest/ug/troubleshooting-athena.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

from diagnosis.aws.errors import FAILURES, code_of, said_by, unavailable
from diagnosis.aws.flow_log_calls import ACTIONS
from diagnosis.evidence.combine import together
from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.engine_choice import Reading
from diagnosis.evidence.query import (
    Action,
    Between,
    Counts,
    Direction,
    FlowLogQuery,
    InterfaceStatus,
    Leg,
    Others,
    RawLine,
    Seen,
    Sightings,
)
from diagnosis.flowlogs.athena_crossings import crossings, crossings_in
from diagnosis.flowlogs.athena_failures import why_failed
from diagnosis.flowlogs.athena_statement import SEPARATOR, overview
from diagnosis.flowlogs.athena_tables import LogTable, ddl, new_table, tables_in
from diagnosis.flowlogs.legs import names_ipv6_network
from diagnosis.flowlogs.log_records import records
from diagnosis.flowlogs.remote import Remote, cancelled_on_the_way_out, of_bytes, of_dollars
from diagnosis.flowlogs.statements import ipv6_addresses
from diagnosis.flowlogs.terms import said
from diagnosis.sources import SourceUnavailable

ENGINE = "Athena"
_LEAST_CHARGED = 10 * 1000**2
"""Athena charges ten megabytes at least for a query. https://aws.amazon.com/athena/pricing/"""
_DAY = 24 * 3600
Row = Mapping[str, str | None]


class Ledger(Protocol):
    """What has been scanned today, by all who share a budget."""

    def today(self) -> int:
        """Bytes since midnight UTC."""
        ...

    def add(self, size: int) -> None:
        """Count bytes that were scanned."""
        ...


@dataclass(slots=True)
class Memory:
    """A ledger of this process alone."""

    now: Callable[[], float] = time.time
    """Unix seconds."""
    days: dict[int, int] = field(default_factory=dict)

    def today(self) -> int:
        """Bytes since midnight UTC."""
        return self.days.get(int(self.now()) // _DAY, 0)

    def add(self, size: int) -> None:
        """Count bytes."""
        self.days = {int(self.now()) // _DAY: self.today() + size}


@dataclass(frozen=True, slots=True)
class AthenaSettings:
    """Where and how far Athena is asked."""

    workgroup: str = "primary"
    output: str = ""
    """`s3://bucket/folder/` for results; empty where the workgroup says."""
    database: str = "default"
    """The database of a new table."""
    create: bool = False
    """Whether a table may be created in the catalog where there is none; it is no change of the network."""
    most_scanned: int = 100 * 1000**3
    """Bytes after which a query is stopped."""
    daily: int = 1000 * 1000**3
    """Bytes that all questions of a day may scan."""
    dollars_per_tb: float = 5.0
    ledger: Ledger = field(default_factory=Memory, compare=False)


class FlowLogAthena:
    """The flow logs of one reading, through Athena."""

    def __init__(self, remote: Remote, reading: Reading, settings: AthenaSettings) -> None:
        self._remote = remote
        self._reading = reading
        self._settings = settings

    def read(self, query: FlowLogQuery) -> Sightings:
        """Return what the table holds of the conversation; the window must have both ends.

        Raises NotPermitted or SourceUnavailable, each saying who must act.
        """
        window = query.window
        if not isinstance(window, Between) or window.start is None or window.end is None:
            raise SourceUnavailable("Athena is asked for a window with both ends, never for everything: give --since.")
        client = self._remote.clients("athena", self._reading.region)
        spent = Spent()
        table = self._table(client, spent)
        partitions = table.covers(self._reading.accounts, self._reading.region, window.start, window.end)
        ipv6: frozenset[str] = frozenset()
        if names_ipv6_network(query):
            source = records(table.full_name, table.names, partitions)
            told = self._asked(client, said(ipv6_addresses(source, ()), "athena"), spent)
            ipv6 = frozenset(address for row in told if (address := row["address"]))
        crossed = of_gateway(self._reading.fields)
        asked = (crossings if crossed else overview)(query, table, [each.copy() for each in partitions], window, ipv6)
        text = said(asked, "athena")
        rows = list(self._asked(client, text, spent))
        if not crossed:
            return self._told(query, window, text, rows, spent)
        return replace(
            self._told(query, window, text, (), spent),
            counts=_counts(rows),
            crossings=crossings_in(rows),
            newest=max((int(last) for row in rows if (last := row["last_seen"])), default=None),
            others=None,
            fields=frozenset(),
        )

    def _table(self, client: Any, spent: Spent) -> LogTable:
        """A table that holds these flow logs. Raises SourceUnavailable with the DDL where there is none."""
        if (found := self._known_table()) is not None:
            return found
        table = new_table(self._reading, self._settings.database)
        statement = ddl(table, self._reading)
        if not self._settings.create:
            raise SourceUnavailable(
                f"No table of the Glue catalog in {self._reading.region} holds {self._reading.destination} with "
                f"partitions by time. An account administrator can create one in Athena, with: {statement}"
            )
        list(self._asked(client, statement, spent))
        return table

    def _known_table(self) -> LogTable | None:
        """The table of the catalog with this place, format and a partition by time; the first by name."""
        client = self._remote.clients("glue", self._reading.region)
        found: list[LogTable] = []
        call = "glue.get_databases"
        try:
            pages = client.get_paginator("get_databases").paginate()
            names = [each["Name"] for page in pages for each in page["DatabaseList"]]
            call = "glue.get_tables"
            for name in names:
                found += tables_in(client.get_paginator("get_tables").paginate(DatabaseName=name), self._reading)
        except FAILURES as error:
            raise unavailable(error, ACTIONS[call]) from error
        return min(found, key=lambda table: table.full_name, default=None)

    def _asked(self, client: Any, text: str, spent: Spent) -> Iterator[Row]:
        """Run one statement to its end, and give its rows by the names of the columns."""
        left = self._settings.daily - self._settings.ledger.today()
        if left <= 0:
            raise SourceUnavailable(
                f"The budget of Athena for today ({of_bytes(self._settings.daily)}) is spent: ask again tomorrow, or "
                "raise the budget."
            )
        name = self._start(client, text)

        def stop() -> None:
            try:
                client.stop_query_execution(QueryExecutionId=name)
            except FAILURES:
                return  # it has ended already

        with cancelled_on_the_way_out(stop):
            for _ in self._remote.pauses(f"The query to {ENGINE}"):
                execution = self._state(client, name)
                size = int((execution.get("Statistics") or {}).get("DataScannedInBytes") or 0)
                if self._ended(execution, size, min(left, self._settings.most_scanned)):
                    self._settings.ledger.add(size)
                    spent.size += size
                    spent.charged += max(size, _LEAST_CHARGED) if size else 0
                    break
        yield from self._rows(client, name)

    def _start(self, client: Any, text: str) -> str:
        sent: dict[str, Any] = {
            "QueryString": text,
            "WorkGroup": self._settings.workgroup,
            "QueryExecutionContext": {"Database": self._settings.database},
        }
        if self._settings.output:
            sent["ResultConfiguration"] = {"OutputLocation": self._settings.output}
        try:
            return str(client.start_query_execution(**sent)["QueryExecutionId"])
        except FAILURES as error:
            raise self._refused(error, "athena.start_query_execution") from error

    def _state(self, client: Any, name: str) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = client.get_query_execution(QueryExecutionId=name)["QueryExecution"]
        except FAILURES as error:
            raise self._refused(error, "athena.get_query_execution") from error
        return found

    def _ended(self, execution: Mapping[str, Any], size: int, most: int) -> bool:
        status = execution.get("Status") or {}
        match status.get("State"):
            case "SUCCEEDED":
                return True
            case "FAILED" | "CANCELLED":
                self._settings.ledger.add(size)
                raise why_failed(str(status["State"]), str(status.get("StateChangeReason") or ""), self._reading)
            case _ if size > most:
                self._settings.ledger.add(size)
                raise SourceUnavailable(
                    f"The query to {ENGINE} was stopped after {of_bytes(size)}, the limit that is set: ask for a "
                    "shorter time (--since)."
                )
            case _:
                return False

    def _rows(self, client: Any, name: str) -> Iterator[Row]:
        columns: list[str] | None = None
        try:
            for page in client.get_paginator("get_query_results").paginate(QueryExecutionId=name):
                for row in page["ResultSet"]["Rows"]:
                    values = [each.get("VarCharValue") for each in row["Data"]]
                    if columns is None:
                        columns = [str(value) for value in values]
                    else:
                        yield dict(zip(columns, values, strict=True))
        except FAILURES as error:
            raise self._refused(error, "athena.get_query_results") from error

    def _refused(self, error: Exception, call: str) -> SourceUnavailable:
        words = said_by(error)
        if "output location" in words.lower():
            return SourceUnavailable(
                f"Athena has no place for its results: give --athena-output s3://..., or set it in the workgroup "
                f"{self._settings.workgroup}."
            )
        if code_of(error) == "InvalidRequestException" and "workgroup" in words.lower():
            return SourceUnavailable(
                f"The workgroup {self._settings.workgroup} is not there or is disabled ({words}): give another "
                "(--athena-workgroup)."
            )
        return unavailable(error, ACTIONS[call])

    def price(self, spent: Spent) -> str:
        """The engine, with what its statements scanned and cost."""
        scanned, cost = of_bytes(spent.size), of_dollars(self._dollars(spent))
        return f"{ENGINE}, workgroup {self._settings.workgroup} ({scanned} scanned, {cost})"

    def _dollars(self, spent: Spent) -> float:
        return spent.charged / 1000**4 * self._settings.dollars_per_tb

    def _told(self, query: FlowLogQuery, window: Between, text: str, rows: Sequence[Row], spent: Spent) -> Sightings:
        rows, sums = (
            [row for row in rows if row.get("of_all") != "1"],
            [row for row in rows if row.get("of_all") == "1"],
        )
        now = [row for row in rows if row["earlier"] != "1"]
        return Sightings(
            engine=self.price(spent),
            query=query,
            text=text,
            counts=_counts(now),
            window=window,
            seen=together(_seen(row) for row in now if row["leg"]),
            earlier=together(_seen(row, lines=False) for row in rows if row["leg"] and row["earlier"] == "1"),
            others=_others(sums) if query.asks_for_others and "dstport" in self._reading.fields else None,
            statuses=_statuses(now, query.interfaces),
            newest=max((int(last) for row in rows if (last := row["last_seen"])), default=None),
            fields=frozenset(self._reading.fields),
            delivered_until=self._remote.now() - self._reading.delay,
            scanned=spent.size,
            dollars=self._dollars(spent),
        )


@dataclass(slots=True)
class Spent:
    """What the statements of one question scanned, in bytes, and what is charged for."""

    size: int = 0
    charged: int = 0


def _number(row: Row, name: str) -> int:
    return int(row[name] or 0)


def _counts(rows: Sequence[Row]) -> Counts:
    found = dict.fromkeys(("OK", "NODATA", "SKIPDATA", "malformed"), 0)
    for row in rows:
        found[str(row["kind"])] += _number(row, "records")
    read = found["OK"] + found["NODATA"] + found["SKIPDATA"]
    return Counts(read, found["malformed"], found["NODATA"], found["SKIPDATA"])


def _others(rows: Sequence[Row]) -> Others:
    """How many clients a row of each action counts."""
    told = [row for row in rows if row["kind"] == "OK" and row["earlier"] != "1"]
    found = {row["any_action"]: _number(row, "clients") for row in told}
    return Others(found.get("REJECT", 0), found.get("ACCEPT", 0))


def _statuses(rows: Sequence[Row], interfaces: frozenset[str]) -> tuple[InterfaceStatus, ...]:
    own: dict[str, dict[str, int]] = {each: {} for each in sorted(interfaces)}
    for row in rows:
        interface, kind = row["interface_id"], str(row["kind"]).lower()
        if interface in own and kind != "malformed":
            own[interface][kind] = own[interface].get(kind, 0) + _number(row, "records")
    return tuple(InterfaceStatus(each, **found) for each, found in own.items())


def _seen(row: Row, *, lines: bool = True) -> Seen:
    ended = None if row["last_seen"] is None else int(row["last_seen"])
    raw = (row["lines"] or "").split(SEPARATOR) if lines else []
    flags = row["tcp_flags"]
    return Seen(
        interface=row["interface_id"],
        leg=cast("Leg", row["leg"]),
        direction=cast("Direction | None", row["flow_direction"]),
        action=cast("Action", row["action"]),
        records=_number(row, "records"),
        packets=_number(row, "packets"),
        first=None if row["first_seen"] is None else int(row["first_seen"]),
        last=ended,
        tcp_flags=None if flags is None else int(flags),
        reject_reason=row["reject_reason"],
        lines=tuple(RawLine(line, path, ended) for path, _, line in (each.partition(" ") for each in raw) if line),
    )
