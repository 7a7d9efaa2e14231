"""Flow logs in local files and folders, read with DuckDB: as delivered to S3 and synchronised, or any other way."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnosis.evidence.combine import joined
from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.query import (
    Between,
    Counts,
    Crossing,
    FlowLogQuery,
    InterfaceStatus,
    Last,
    Others,
    RawLine,
    Seen,
    Sightings,
    Window,
)
from diagnosis.evidence.records import read_header, shown, why_malformed
from diagnosis.flowlogs import history, legs, log_records, statements, terms
from diagnosis.flowlogs.exact import BAD_KEPT, HOUR, Interest
from diagnosis.flowlogs.latest import needed
from diagnosis.flowlogs.layout import LogFile, find
from diagnosis.flowlogs.lines import Format, Parquet, Unreadable, line_numbers, recognise, usable
from diagnosis.flowlogs.needles import needles_of_service
from diagnosis.flowlogs.scan import TABLE, Scan, kept_records
from diagnosis.sources import FlowLogsUnavailable

if TYPE_CHECKING:
    import duckdb
    from sqlglot import exp

ENGINE = "DuckDB on local files"
_LINES_EACH = 2
_NAMED = 5
"""So many malformed lines, and so many unreadable files, are named."""
_DAY = 24 * 3600


class FlowLogFiles:
    """The flow logs in files and folders.

    Files without a header line, as exported from CloudWatch Logs, are of the format that is given, as field names or
    as the `LogFormat` of the flow log, else of the default format. Raises FlowLogsUnavailable when a path does not
    exist, and when the format given is none.
    """

    def __init__(self, paths: Sequence[Path], log_format: str | None = None) -> None:
        self._files, self._warnings = find(paths)
        self._given = None if log_format is None else _fields(log_format)

    @property
    def delivered(self) -> int | None:
        """When the newest file was delivered, Unix seconds, by its name or folder; None where none has a date."""
        return max((file.dated[1] for file in self._files if file.dated is not None), default=None)

    def read(self, query: FlowLogQuery) -> Sightings:
        """Return what the files hold of the conversation; see `Sightings`.

        Files that cannot be read are counted and named. Never raises for what is in a file.
        """
        chosen = needed(self._files, query.window, self._given)
        left_out = self._left_out(chosen)
        with connected() as connection:
            found = Reading(connection, query, self._warnings, self._given).of(chosen, left_out)
        return found if found.widened else history.completed(found, query, left_out, self._given)

    def _left_out(self, chosen: Sequence[LogFile]) -> tuple[LogFile, ...]:
        taken = {file.path for file in chosen}
        return tuple(file for file in self._files if file.path not in taken)


@contextmanager
def connected(memory: str = "1GB") -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in so much memory that spills to a folder of its own, which is gone afterwards."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="whynot-") as spill:
        settings: dict[str, Any] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": memory,
            "preserve_insertion_order": False,
            "temp_directory": spill,
        }
        with duckdb.connect(config=settings) as connection:
            # It would be drawn on standard output, where an answer is to stand alone.
            connection.execute("SET enable_progress_bar = false")
            yield connection


def _fields(log_format: str) -> tuple[str, ...]:
    try:
        return usable(read_header(" ".join(log_format.split())) or ())
    except Unreadable as error:
        raise FlowLogsUnavailable(
            f"The flow-log format {shown(log_format, 200)} cannot be used ({error}): give the field names in their "
            "order, as LogFormat of aws ec2 describe-flow-logs says them."
        ) from error


def _widens(query: FlowLogQuery) -> bool:
    return isinstance(query.window, Last) and query.window.widen


@dataclass(slots=True)
class Reading:
    """One reading of some files for one query."""

    connection: duckdb.DuckDBPyConnection
    query: FlowLogQuery
    warnings: tuple[str, ...]
    given: tuple[str, ...] | None

    def of(self, files: Sequence[LogFile], left_out: Sequence[LogFile]) -> Sightings:
        """Read the files; those that the window left out too, where it may be widened and nothing is found in it."""
        scan = self._scan(files)
        newest, skewed = self._newest()
        window = self._window(self.query.window, newest)
        inner, seen, crossings = self._found(scan, window)
        widened = not seen and not crossings and _widens(self.query)
        if widened:
            known = len(scan.formats)
            self._fill(scan, left_out)
            self._tabulate(scan, known)
            newest, skewed = self._newest()
            window = self._window(Between(), newest)
            inner, seen, crossings = self._found(scan, window)
        formats = [frozenset(fields) for fields in scan.formats if not of_gateway(fields)]
        return Sightings(
            engine=ENGINE,
            query=self.query,
            text=terms.said(statements.sightings(inner, statements.within(window)), "duckdb"),
            counts=self.counted(scan),
            window=window,
            widened=widened,
            seen=seen,
            earlier=() if window.start is None else self._seen(inner, statements.before(window.start), lines=0),
            crossings=crossings,
            others=self._others(formats, statements.within(window)),
            statuses=self._statuses(window),
            newest=newest,
            fields=frozenset.intersection(*formats) if formats else frozenset(),
            warnings=(*self.warnings, *self._malformed(scan), *unreadable(scan.unreadable), *skewed),
        )

    def _found(self, scan: Scan, window: Between) -> tuple[exp.Select, tuple[Seen, ...], tuple[Crossing, ...]]:
        """What was seen in the window, and the statement of the whole conversation."""
        inner = statements.conversation(self.query, "flow_logs", self._ipv6(), also=("file", "line", "number"))
        seen = self._seen(inner, statements.within(window), lines=_LINES_EACH)
        return inner, seen, self._crossings(scan, statements.within(window))

    def _scan(self, files: Sequence[LogFile]) -> Scan:
        """Read the files into the table `scan`, of everything, and the tables of the records that were kept."""
        self.connection.execute(TABLE)
        columns = ", ".join(f'"{column}" {kind}' for column, kind in log_records.COLUMNS.items())
        self.connection.execute(f"CREATE TEMP TABLE flow_logs (file VARCHAR, line VARCHAR, number BIGINT, {columns})")
        further = ", ".join(f'"{column}" {kind}' for column, kind in log_records.OF_GATEWAYS.items())
        self.connection.execute(
            f"CREATE TEMP TABLE gateway_logs (file VARCHAR, line VARCHAR, number BIGINT, {columns}, {further})"
        )
        scan = Scan(self.connection, self.query, Interest(needles_of_service(self.query), self.query.interfaces))
        self._fill(scan, files)
        self._tabulate(scan, 0)
        return scan

    def _fill(self, scan: Scan, files: Sequence[LogFile]) -> dict[Format | Parquet, list[Path]]:
        """Read the files into the table `scan`, and return them by what they are."""
        formats: dict[Format | Parquet, list[Path]] = defaultdict(list)
        for file in files:
            try:
                formats[recognise(file.path, self.given)].append(file.path)
            except Unreadable as error:
                scan.unreadable[file.path] = str(error)
        for form, paths in formats.items():
            match form:
                case Format():
                    scan.add(form, paths)
                case Parquet():
                    scan.add_parquet(paths)
        return formats

    def _tabulate(self, scan: Scan, first: int) -> None:
        """Put the lines that were kept into their tables, their fields as columns, from the `first` format on."""
        own = tuple(log_records.COLUMNS.items())
        for place, fields in islice(enumerate(scan.formats), first, None):
            if of_gateway(fields):
                taken = kept_records(place, fields, (*own, *log_records.OF_GATEWAYS.items()))
                self.connection.execute(f"INSERT INTO gateway_logs {taken}")
            else:
                self.connection.execute(f"INSERT INTO flow_logs {kept_records(place, fields, own)}")

    def _rows(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, list(parameters)).fetchall()

    def _asked(self, tree: exp.Expr) -> list[tuple[Any, ...]]:
        return self._rows(terms.said(tree, "duckdb"))

    def _newest(self) -> tuple[int | None, tuple[str, ...]]:
        """The end of the newest record, and a warning on the few whose clock is more than a day ahead of all others."""
        hours = self._rows(
            "SELECT ended_in // ?, SUM(lines), MAX(newest), MIN(file) FROM scan WHERE kind < 3 AND newest IS NOT NULL "
            "GROUP BY 1 ORDER BY 1 DESC",
            [HOUR],
        )
        total = sum(int(lines) for _, lines, _, _ in hours)
        ahead = 0
        for place, (hour, lines, newest, _) in enumerate(hours):
            following = hours[place + 1][0] if place + 1 < len(hours) else None
            ahead += int(lines)
            if following is None or (hour - following) * HOUR <= _DAY or ahead * 100 > total:
                if place == 0:
                    return int(newest), ()
                said = f"{ahead - int(lines):,} records end more than a day after all others: the clock was wrong there"
                return int(newest), (f"{shown(str(hours[0][3]), 200)}: {said}",)
        return None, ()

    def _window(self, asked: Window, newest: int | None) -> Between:
        match asked:
            case Between(None, None):
                return Between(*self._rows("SELECT MIN(oldest), MAX(newest) FROM scan WHERE kind < 3")[0])
            case Between() as window:
                return window
            case Last(seconds, until):
                end = newest if until is None else until
                return Between() if end is None else Between(end - seconds, end)

    def _ipv6(self, table: str = "flow_logs") -> frozenset[str]:
        """Addresses among the kept lines, where the query names an IPv6 network."""
        if not legs.names_ipv6_network(self.query):
            return frozenset()
        return frozenset(str(row[0]) for row in self._asked(statements.ipv6_addresses(table, ())))

    def _seen(self, inner: exp.Select, when: Sequence[exp.Expr], *, lines: int) -> tuple[Seen, ...]:
        newest: dict[tuple[Any, ...], list[RawLine]] = defaultdict(list)
        if lines:
            wanted = ("file", "line", "end", "number")
            rows = self._asked(statements.newest(inner, when, lines, wanted))
            places = _places((file, line) for *_, file, line, _, row in rows if row is None)
            for *key, file, line, ended, row in rows:
                origin = f"{shown_path(file)}:{row or places[file].get(line, '?')}"
                newest[tuple(key)].append(RawLine(line, origin, ended))
        return tuple(
            Seen(
                interface=interface,
                leg=leg,
                direction=direction,
                action=action,
                records=int(records),
                packets=int(packets or 0),
                first=first,
                last=last,
                tcp_flags=flags,
                reject_reason=reason,
                lines=tuple(newest[interface, leg, direction, action, reason]),
            )
            for interface, leg, direction, action, reason, records, packets, first, last, flags in self._asked(
                statements.sightings(inner, when)
            )
        )

    def _crossings(self, scan: Scan, when: Sequence[exp.Expr]) -> tuple[Crossing, ...]:
        if not any(map(of_gateway, scan.formats)):
            return ()
        inner = statements.conversation(
            self.query, "gateway_logs", self._ipv6("gateway_logs"), list(log_records.OF_GATEWAYS)
        )
        return joined(Crossing(*row) for row in self._asked(statements.crossings(inner, when)))

    def _others(self, formats: Sequence[frozenset[str]], when: Sequence[exp.Expr]) -> Others | None:
        if not self.query.asks_for_others or not all("dstport" in fields for fields in formats):
            return None
        found = dict(self._asked(statements.others(self.query, "flow_logs", when, self._ipv6())))
        return Others(found.get("REJECT", 0), found.get("ACCEPT", 0))

    def _statuses(self, window: Between) -> tuple[InterfaceStatus, ...]:
        rows = self._rows(
            "SELECT interface, kind, SUM(lines) FROM scan WHERE interface IS NOT NULL AND kind < 3 "
            "AND (newest IS NULL OR newest >= COALESCE(?, newest)) "
            "AND (oldest IS NULL OR oldest <= COALESCE(?, oldest)) GROUP BY ALL",
            [window.start, window.end],
        )
        found = {(interface, kind): int(lines) for interface, kind, lines in rows}
        return tuple(
            InterfaceStatus(each, *(found.get((each, kind), 0) for kind in range(3)))
            for each in sorted(self.query.interfaces)
        )

    def counted(self, scan: Scan) -> Counts:
        """Counts of the files that were read. The first header line of a file is none of its data, a second one is."""
        row = self._rows(
            "SELECT SUM(lines) FILTER (WHERE kind < 3), SUM(lines) FILTER (WHERE kind = 3), "
            "SUM(lines) FILTER (WHERE kind = 1), SUM(lines) FILTER (WHERE kind = 2), "
            "SUM(lines) FILTER (WHERE kind = 4) - COUNT(DISTINCT file) FILTER (WHERE kind = 4) FROM scan"
        )[0]
        read, malformed, nodata, skipdata, headers = (int(value or 0) for value in row)
        return Counts(read, malformed + headers, nodata, skipdata, len(scan.unreadable))

    def _malformed(self, scan: Scan) -> list[str]:
        """The first few malformed lines by file and line, with what is wrong with each."""
        rows = self._rows(
            "SELECT file, format, LIST(kept ORDER BY kept) FILTER (WHERE kind = 3 AND kept IS NOT NULL), "
            "COALESCE(SUM(lines) FILTER (WHERE kind = 4), 0) FROM scan WHERE kind IN (3, 4) GROUP BY file, format "
            "HAVING COUNT(*) FILTER (WHERE kind = 3) > 0 OR SUM(lines) FILTER (WHERE kind = 4) > 1 ORDER BY file"
        )
        named: list[str] = []
        for file, place, bad, headers in rows:
            fields = scan.formats[place]
            if place in scan.columns:
                numbers = dict(scan.malformed_rows(place, file, _NAMED))
            else:
                numbers = {
                    number: line for line, number in line_numbers(Path(file), set((bad or [])[:BAD_KEPT])).items()
                }
            reasons = {number: why_malformed(fields, line) for number, line in numbers.items()}
            said = [f"{shown_path(file)}:{number}: {reasons[number]}" for number in sorted(reasons)]
            if headers > 1:
                said.append(f"{shown_path(file)}: {headers - 1} more header lines")
            named += said
            if len(named) >= _NAMED:
                break
        return named[:_NAMED]


def _places(lines: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """The line number of each text, by file; only the files of these lines are opened."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for file, line in lines:
        wanted[file].add(line)
    return {file: line_numbers(Path(file), texts) for file, texts in wanted.items()}


def shown_path(path: str) -> str:
    """A path as it may be printed: without control characters."""
    return path if path.isprintable() else ascii(path)[1:-1]


def unreadable(files: dict[Path, str]) -> list[str]:
    """The first few files that could not be read, with the reasons."""
    named = [f"{shown_path(str(path))}: {files[path]}" for path in sorted(files)[:_NAMED]]
    return [*named, f"{len(files) - _NAMED} more files cannot be read"] if len(files) > _NAMED else named
