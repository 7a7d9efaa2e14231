"""REJECT records of files, grouped in DuckDB: what is refused, which of it is replies, who scans.

The first pass judges every line as for a question and keeps the REJECT records. The second looks among the ACCEPT
records for what explains them: the swapped tuple of a refused one, and anything of a stranger. Records lie in files and
in the engine, which spills to disk; only groups leave it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.query import Between, FlowLogQuery, Window
from diagnosis.evidence.records import shown
from diagnosis.evidence.rejects import (
    MANY,
    REPEATS,
    SEVERAL,
    SHARED_SERVICES,
    Hour,
    Ours,
    Refused,
    RejectClass,
    Rejections,
)
from diagnosis.flowlogs import log_records, parquet, statements, terms
from diagnosis.flowlogs.accepted import ADDRESS, TUPLE, Comparing, Table
from diagnosis.flowlogs.apart import BEHIND
from diagnosis.flowlogs.exact import REFUSED, Interest
from diagnosis.flowlogs.files import ENGINE, FlowLogFiles, Reading, connected, unreadable
from diagnosis.flowlogs.layout import LogFile, pruned
from diagnosis.flowlogs.lines import Format, Parquet
from diagnosis.flowlogs.scan import TABLE, Scan, kept_records, not_a_glob, read_lines, written_records
from diagnosis.flowlogs.sound import errand
from diagnosis.flowlogs.sql import name, text
from diagnosis.traffic.addresses import format_address, parse_address

_TUPLE = ("src", "dst", "protocol", "srcport", "dstport")
_WANTED = {**log_records.COLUMNS, "pkt_src_aws_service": "VARCHAR"}
_FETCHED = 10_000
"""So many groups are taken out of the engine at a time."""
_MEMORY = "180MB"
"""Of the engine, which spills what is more; the groups that leave it lie beside it."""

_REFUSED = """CREATE TEMP TABLE refused AS
SELECT interface_id, COALESCE(pkt_srcaddr, srcaddr) AS src, COALESCE(pkt_dstaddr, dstaddr) AS dst, protocol, srcport,
  dstport, pkt_src_aws_service AS service, MAX(reject_reason) AS reason, start // 3600 AS hour,
  COUNT(*) AS refusals, COUNT(*) FILTER (WHERE {within}) AS records,
  SUM(packets) FILTER (WHERE {within}) AS packets, MIN(start) FILTER (WHERE {within}) AS first,
  MAX("end") FILTER (WHERE {within}) AS last, MIN(start) AS since
FROM hot WHERE log_status = 'OK' AND action = 'REJECT' AND ({not_after}) AND ({only}) GROUP BY ALL"""

_ADDRESSES = "SELECT DISTINCT UNNEST([src, dst]) FROM refused"

_SWAPPED = """SELECT dst, src, dstport, srcport, protocol FROM refused
WHERE src IS NOT NULL AND dst IS NOT NULL AND srcport IS NOT NULL AND dstport IS NOT NULL AND protocol IS NOT NULL"""

_PART = """CREATE OR REPLACE TEMP TABLE part AS SELECT *,
  (src, dst, protocol, srcport, dstport) IN (SELECT (dst, src, protocol, dstport, srcport) FROM refused) AS swapped
FROM ({rows}) WHERE swapped
  OR src IN (SELECT address FROM strangers) OR dst IN (SELECT address FROM strangers)"""

_ACCEPTED = """INSERT INTO accepted SELECT DISTINCT src, dst, protocol, srcport, dstport FROM part
WHERE swapped OR protocol IN (1, 58)"""

_HEARD = """INSERT INTO heard SELECT DISTINCT address FROM (SELECT UNNEST([src, dst]) AS address FROM part)
WHERE address IN (SELECT address FROM strangers)"""

_TURNED = """CREATE TEMP TABLE turned AS
WITH swapped AS (
  SELECT DISTINCT src, dst, protocol, srcport, dstport FROM refused r WHERE protocol IN (6, 17)
    AND EXISTS (SELECT 1 FROM accepted a WHERE a.src = r.dst AND a.dst = r.src AND a.protocol = r.protocol
      AND a.srcport = r.dstport AND a.dstport = r.srcport)),
services AS (SELECT DISTINCT src, dst, protocol, srcport FROM swapped WHERE dstport > srcport)
SELECT s.* FROM swapped s WHERE dstport > srcport OR (dstport >= 1024 AND dstport <> srcport AND EXISTS (
  SELECT 1 FROM services v WHERE v.src = s.src AND v.dst = s.dst AND v.protocol = s.protocol
    AND v.srcport = s.srcport))"""
"""The service has the lower port; a client behind a NAT gateway may have one that is lower still, which is told by the
others of the same conversation."""

_FLOWS = """CREATE TEMP TABLE flows AS
WITH told AS (
  SELECT r.*, t.src IS NOT NULL AS reply,
    CASE WHEN t.src IS NULL AND r.protocol IN (6, 17) AND r.srcport BETWEEN 1 AND 1023 AND r.dstport >= 1024
      THEN r.srcport END AS from_port
  FROM refused r LEFT JOIN turned t USING (src, dst, protocol, srcport, dstport)),
named AS (
  SELECT interface_id, protocol, reply, from_port, service, reason, CASE WHEN reply THEN dst ELSE src END AS client,
    CASE WHEN reply THEN src ELSE dst END AS server, records, packets, first, last, since, dstport,
    CASE WHEN protocol NOT IN (6, 17) THEN NULL WHEN reply THEN srcport WHEN from_port IS NULL THEN dstport END AS port
  FROM told)
SELECT interface_id, client, server, protocol, reply, from_port, CASE WHEN from_port IS NULL THEN port
    WHEN MIN(dstport) = MAX(dstport) THEN MIN(dstport) END AS port,
  SUM(records) AS records, SUM(packets) AS packets, MIN(first) AS first, MAX(last) AS last, MIN(since) AS since,
  MAX(service) FILTER (WHERE NOT reply AND service NOT IN ({shared})) AS service,
  MAX(reason) AS reason
FROM named GROUP BY interface_id, client, server, protocol, reply, from_port, named.port HAVING SUM(records) > 0"""

_SCANNERS = """CREATE TEMP TABLE scanners AS
WITH tried AS (
  SELECT src, dst, protocol, dstport, SUM(refusals) AS refusals,
    MAX(CASE WHEN service NOT IN ({shared}) THEN 1 END) AS serves
  FROM refused ANTI JOIN turned USING (src, dst, protocol, srcport, dstport)
  WHERE src IN (SELECT address FROM strangers) AND src NOT IN (SELECT address FROM heard)
  GROUP BY src, dst, protocol, dstport),
hosts AS (SELECT src, COUNT(dst) AS hosts FROM (SELECT DISTINCT src, dst FROM tried) GROUP BY src),
ports AS (SELECT src, COUNT(dstport) AS ports FROM (SELECT DISTINCT src, dstport FROM tried) GROUP BY src),
sums AS (SELECT src, COUNT(*) AS flows, SUM(refusals) AS refusals, MAX(serves) AS serves FROM tried GROUP BY src)
SELECT src AS address FROM sums JOIN hosts USING (src) JOIN ports USING (src)
WHERE serves IS NULL AND (GREATEST(hosts, ports) >= ? OR GREATEST(hosts, ports) >= ? AND refusals <= ? * flows)"""
"""Distinct hosts and ports are counted as rows of groups, which spill to disk; the sets of COUNT(DISTINCT) do not."""

_CLASSED = """CREATE TEMP TABLE classed AS SELECT *, CASE
  WHEN client NOT IN (SELECT address FROM strangers) AND server NOT IN (SELECT address FROM strangers) THEN 0
  WHEN NOT reply AND client IN (SELECT address FROM scanners) THEN 2 ELSE 1 END AS class,
  protocol IN (1, 58) AND (server, client) IN (SELECT (src, dst) FROM accepted WHERE protocol IN (1, 58)) AS both_ways
FROM flows"""

_GROUPS = """SELECT client, server, protocol, port, interface_id, records, packets, first, last, since, class, reply,
  from_port, both_ways, service, reason FROM classed WHERE {which}
ORDER BY class, records DESC, client, server, protocol, port NULLS LAST, interface_id NULLS LAST, reply, from_port"""

_HOURS = """SELECT hour, CASE WHEN src NOT IN (SELECT address FROM strangers)
    AND dst NOT IN (SELECT address FROM strangers) THEN 0
  WHEN t.src IS NULL AND r.src IN (SELECT address FROM scanners) THEN 2 ELSE 1 END AS class, SUM(records)
FROM refused r LEFT JOIN turned t USING (src, dst, protocol, srcport, dstport) WHERE hour IS NOT NULL GROUP BY ALL
HAVING SUM(records) > 0"""
"""Records by hour and class, as `classed` tells the classes."""

_CLASSES: tuple[RejectClass, ...] = ("internal", "external", "noise")


class RejectFiles(FlowLogFiles):
    """The REJECT records in files and folders; with `only` those that these interfaces logged."""

    def __init__(
        self, paths: Sequence[Path], log_format: str | None = None, only: frozenset[str] | None = None
    ) -> None:
        super().__init__(paths, log_format)
        self._only = only

    def rejects(self, window: Window, ours: Ours, limit: int) -> Rejections:
        """Return what was refused in the window: whole counts, all groups but noise, and at most `limit` of noise.

        Files that cannot be read are counted and named. Never raises for what is in a file.
        """
        nothing = FlowLogQuery(frozenset(), frozenset(), window=window)
        with connected(_MEMORY) as connection, tempfile.TemporaryDirectory(prefix="whynot-") as folder:
            reading = HotReading(connection, nothing, self._warnings, self._given, Path(folder), self._only)
            return reading.rejections(pruned(self._files, window), ours, limit)


@dataclass(slots=True)
class HotReading(Reading):
    """One reading of some files for their REJECT records, and for all that is no traffic."""

    folder: Path
    """An empty folder for what is written on the way."""
    only: frozenset[str] | None = None
    """The interfaces whose records count; None for all."""
    not_compared: list[str] = field(default_factory=list)
    """Files whose ACCEPT records could not be looked at, as warnings."""

    def rejections(self, files: Sequence[LogFile], ours: Ours, limit: int) -> Rejections:
        """Read the files, twice."""
        scan, window, skewed = self.compared(files, ours)
        shared = ", ".join(f"'{each}'" for each in SHARED_SERVICES)
        self.connection.execute(_FLOWS.format(shared=shared))
        self.connection.execute(_SCANNERS.format(shared=shared), [MANY, SEVERAL, REPEATS])
        self.connection.execute(_CLASSED)
        totals = self._rows("SELECT class, COUNT(*), SUM(records), COUNT(DISTINCT client) FROM classed GROUP BY 1")
        by_class = {int(each): (int(flows), int(records), int(clients)) for each, flows, records, clients in totals}
        found = Rejections(
            engine=ENGINE,
            counts=self.counted(scan),
            window=window,
            oldest=self._rows("SELECT MIN(oldest) FROM scan WHERE kind < 3")[0][0],
            records=sum(records for _, records, _ in by_class.values()),
            flows=sum(flows for flows, _, _ in by_class.values()),
            internal=by_class.get(0, (0, 0, 0))[1],
            noise=by_class.get(2, (0, 0, 0))[1],
            scanners=by_class.get(2, (0, 0, 0))[2],
            hours=self._hours(),
            logging=frozenset(str(row[0]) for row in self._rows("SELECT DISTINCT interface_id FROM refused") if row[0]),
            warnings=self.warned(scan, skewed),
        )
        for table in ("refused", "turned", "accepted", "flows", "scanners"):
            self.connection.execute(f"DROP TABLE {table}")  # What the groups take is taken beside what the engine has.
        return replace(found, groups=tuple(self._groups(limit)))

    def compared(self, files: Sequence[LogFile], ours: Ours) -> tuple[Scan, Between, tuple[str, ...]]:
        """Make the tables `refused`, `accepted` and `turned`; what was read, the window, warnings about clocks."""
        scan, formats = self.passed(files)
        newest, skewed = self._newest()
        window = self._window(self.query.window, newest)
        window = Between(window.start, newest if window.end is None else window.end)
        self._refused(window)
        self._strangers(ours)
        self._accepted(scan, formats)
        self.connection.execute(_TURNED)
        return scan, window, skewed

    def warned(self, scan: Scan, skewed: tuple[str, ...]) -> tuple[str, ...]:
        """What whoever reads the result should know of the files."""
        return (
            *self.warnings,
            *self._malformed(scan),
            *unreadable(scan.unreadable),
            *skewed,
            *self.not_compared,
        )

    def _groups(self, limit: int) -> Iterator[Refused]:
        """The groups, a few at a time; texts that come again are one object, for there may be half a million groups."""
        known: dict[object, str] = {}
        for which, more in (("class < 2", ""), ("class = 2", f" LIMIT {limit:d}")):
            found = self.connection.execute(_GROUPS.format(which=which) + more)
            while rows := found.fetchmany(_FETCHED):
                yield from (_refused(row, known) for row in rows)

    def _hours(self) -> tuple[Hour, ...]:
        found: dict[int, list[int]] = {}
        for hour, place, records in self._rows(_HOURS):
            found.setdefault(int(hour), [0, 0, 0])[int(place)] += int(records)
        return tuple(Hour(hour * 3600, *found[hour]) for hour in sorted(found))

    def passed(self, files: Sequence[LogFile]) -> tuple[Scan, dict[Format | Parquet, list[Path]]]:
        """Read the files, and make the view `hot` of their REJECT records and those without traffic."""
        self.connection.execute(TABLE)
        hot = self.folder / "hot"
        hot.mkdir()
        scan = Scan(self.connection, self.query, Interest(REFUSED, frozenset(), hot))
        formats = self._fill(scan, files)
        columns = tuple(_WANTED.items())
        rows = [kept_records(place, fields, columns) for place, fields in enumerate(scan.formats)]
        written = [written_records(hot / str(place), fields, columns) for place, fields in enumerate(scan.formats)]
        nothing = ", ".join(f'NULL::{kind} AS "{each}"' for each, kind in columns)
        union = " UNION ALL ".join([*rows, *filter(None, written)]) or f"SELECT {nothing} WHERE FALSE"
        self.connection.execute(f"CREATE TEMP VIEW hot AS {union}")
        return scan, formats

    def _refused(self, window: Between) -> None:
        """Make the table `refused`: records that agree in interface and tuple, within the window and before it."""
        within = terms.said(terms.both(statements.within(window)), "duckdb")
        not_after = terms.said(terms.both(statements.within(Between(None, window.end))), "duckdb")
        only = "TRUE"
        if self.only is not None:
            self.connection.execute("CREATE TEMP TABLE known (id VARCHAR)")
            self.connection.execute("INSERT INTO known SELECT UNNEST(?::VARCHAR[])", [sorted(self.only)])
            only = "interface_id IN (SELECT id FROM known)"
        self.connection.execute(_REFUSED.format(within=within, not_after=not_after, only=only))

    def _strangers(self, ours: Ours) -> None:
        """Make the table `strangers` of the addresses that are not ours."""
        self.connection.execute("CREATE TEMP TABLE strangers (address VARCHAR)")
        others = [address for (address,) in self._rows(_ADDRESSES) if address is not None and not ours(address)]
        self.connection.execute("INSERT INTO strangers SELECT UNNEST(?::VARCHAR[])", [others])

    def _accepted(self, scan: Scan, formats: dict[Format | Parquet, list[Path]]) -> None:
        """Make the table `accepted` of the ACCEPT records that explain a refused one."""
        self.connection.execute(
            "CREATE TEMP TABLE accepted (src VARCHAR, dst VARCHAR, protocol INTEGER, srcport INTEGER, dstport INTEGER)"
        )
        self.connection.execute("CREATE TEMP TABLE heard (address VARCHAR)")
        refused = int(self._rows("SELECT COUNT(*) FROM refused")[0][0])
        if not refused:
            return
        compared = self._compared(scan, refused) if any(scan.sound.values()) else frozenset()
        for form, paths in formats.items():
            readable = [path for path in paths if path not in scan.unreadable and path not in compared]
            if isinstance(form, Format):
                if not of_gateway(form.fields):
                    self._look(form, readable)
            else:
                for columns, alike in parquet.by_columns(self.connection, readable)[0].items():
                    if of_gateway(columns.fields):
                        continue
                    names = [field.replace("-", "_") for field in columns.fields]
                    taken = _tuple({name: f'"{name}"' for name in names})
                    rows = f"SELECT {taken} FROM ({parquet.rows(columns)}) WHERE action = 'ACCEPT'"
                    if not self._insert(rows, [[not_a_glob(str(path)) for path in alike]]):
                        self._not_compared(alike[0])

    def _compared(self, scan: Scan, refused: int) -> frozenset[Path]:
        """Look through the files that were judged in columns, in the same way; return those that could be."""
        swapped = self._table("swapped", _SWAPPED, TUPLE, refused)
        others = int(self._rows("SELECT COUNT(*) FROM strangers")[0][0])
        strangers = self._table("strangers", "SELECT address FROM strangers", ADDRESS, others)
        done: set[Path] = set()
        for place, paths in scan.sound.items():
            fields, folder = scan.formats[place], self.folder / f"accepted-{place}"
            folder.mkdir()
            done |= {
                path for path, could in errand(Comparing(fields, swapped, strangers, folder), paths, BEHIND) if could
            }
            if rows := written_records(folder, fields, tuple(_WANTED.items()), also=""):
                names = {each: name(each) for each in _WANTED}
                self._insert(f"SELECT {_tuple(names)} FROM ({rows})")
        return frozenset(done)

    def _table(self, called: str, rows: str, fields: tuple[str, ...], count: int) -> Table:
        lines = self.folder / f"{called}.log"
        self.connection.execute(
            f"COPY ({rows}) TO {text(str(lines))} (FORMAT csv, HEADER false, DELIMITER ' ', QUOTE '', ESCAPE '')"
        )
        return Table.of(self.folder / f"{called}.table", lines, fields, count)

    def _look(self, form: Format, paths: list[Path]) -> None:
        """Look through text files; one that the engine cannot read in one go is tried by itself."""
        if not paths:
            return
        fields = [each.replace("-", "_") for each in form.fields]
        taken = _tuple({name: f"NULLIF(parts[{place}], '-')" for place, name in enumerate(fields, 1)})
        lines = f"SELECT STRING_SPLIT(RTRIM(line, '\r'), ' ') AS parts FROM {read_lines(form, paths)} "
        action = f"parts[{fields.index('action') + 1}]"
        rows = f"SELECT {taken} FROM ({lines} WHERE CONTAINS(line, 'ACCEPT')) WHERE {action} = 'ACCEPT'"
        if self._insert(rows):
            return
        if len(paths) == 1:
            self._not_compared(paths[0])
        else:
            for path in paths:
                self._look(form, [path])

    def _not_compared(self, path: Path) -> None:
        self.not_compared.append(f"{shown(str(path), 200)}: its ACCEPT records could not be compared")

    def _insert(self, rows: str, parameters: Sequence[object] = ()) -> bool:
        import duckdb

        try:
            self.connection.execute(_PART.format(rows=rows), list(parameters))
            self.connection.execute(_ACCEPTED)
            self.connection.execute(_HEARD)
        except duckdb.Error:
            return False
        return True


def _tuple(columns: dict[str, str]) -> str:
    """The columns of `_TUPLE`, whatever of them a format has; the packet's own addresses before the interface's."""

    def cast(name: str) -> str:
        return f"TRY_CAST({columns[name]} AS INTEGER) AS {name}" if name in columns else f"NULL::INTEGER AS {name}"

    def address(short: str, long: str) -> str:
        known = [columns[name] for name in (f"pkt_{long}", long) if name in columns]
        return f"COALESCE({', '.join(known)}) AS {short}" if known else f"NULL::VARCHAR AS {short}"

    return ", ".join([address("src", "srcaddr"), address("dst", "dstaddr"), *map(cast, _TUPLE[2:])])


def _refused(row: tuple[object, ...], known: dict[object, str]) -> Refused:
    client, server, protocol, port, interface, records, packets, first, last, since, place, reply, *rest = row
    from_port, both_ways, service, reason = rest
    return Refused(
        source=known.get(client) or known.setdefault(client, _canonical(client)),
        destination=known.get(server) or known.setdefault(server, _canonical(server)),
        protocol=_number(protocol) or 0,
        port=_number(port),
        interface=None if interface is None else known.setdefault(interface, str(interface)),
        records=_number(records) or 0,
        packets=_number(packets) or 0,
        first=_number(first),
        last=_number(last),
        since=_number(since),
        kind=_CLASSES[_number(place) or 0],
        reply=bool(reply),
        from_port=_number(from_port),
        both_ways=bool(both_ways),
        service=None if service is None else str(service),
        reason=None if reason is None else str(reason),
    )


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))


def _canonical(address: object) -> str:
    try:
        return format_address(parse_address(str(address)))
    except ValueError:
        return str(address)
