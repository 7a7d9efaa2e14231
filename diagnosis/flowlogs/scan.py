"""One pass over files of one format: every line is judged and counted, and the lines that matter are kept.

Nearly all large gzip files are found sound as a whole (see `sound`). Of the rest DuckDB reads whole lines (one column,
a delimiter that no record holds) and one regular expression of the format says what each is. So a bad line is one bad
line, whichever columns a query reads, and is kept as it stands. Every byte is accounted for: where the lines do not add
up to the size of the file (blank lines, bytes that are no UTF-8, carriage returns, NUL bytes), the file is read again
in Python, exactly.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.query import FlowLogQuery
from diagnosis.evidence.records import line_patterns
from diagnosis.flowlogs import parquet
from diagnosis.flowlogs.exact import HOUR, Group, Interest, read_exactly
from diagnosis.flowlogs.lines import CUT_SHORT, Format, Unreadable, unpacked
from diagnosis.flowlogs.sound import sound
from diagnosis.flowlogs.sql import any_of, both, either, name, text

if TYPE_CHECKING:
    import duckdb

_BLIND_RETRIES = 3

TABLE = """CREATE TEMP TABLE scan (format INTEGER, file VARCHAR, kind TINYINT, interface VARCHAR, ended_in BIGINT,
    kept VARCHAR, number BIGINT, lines BIGINT, size HUGEINT, oldest BIGINT, newest BIGINT)"""
"""Groups of lines of one file that agree in kind, interface of interest, end (of others: the hour of the end) and, for
lines that are kept, in their text and, in Parquet, the number of the row."""


@dataclass(slots=True)
class Scan:
    """The table of one reading, and the files that could not be read, with the reason."""

    connection: duckdb.DuckDBPyConnection
    query: FlowLogQuery
    interest: Interest
    formats: list[tuple[str, ...]] = field(default_factory=list)
    columns: dict[int, parquet.Columns] = field(default_factory=dict)
    """Of the formats that are Parquet."""
    unreadable: dict[Path, str] = field(default_factory=dict)
    sound: dict[int, list[Path]] = field(default_factory=lambda: defaultdict(list))
    """The files of each format that were judged in columns."""

    def add(self, form: Format, paths: Sequence[Path]) -> None:
        """Read all files of one format into the table."""
        self.formats.append(form.fields)
        place = len(self.formats) - 1
        judged = dict(sound(form, paths, self._interest(place)))
        self.sound[place] += judged
        self._insert(place, judged)
        readable = self._pass(place, form, [path for path in paths if path not in judged])
        for path in self._not_accounted_for(place, form, readable):
            self.connection.execute("DELETE FROM scan WHERE file = ?", [str(path)])
            self._exactly(place, form, path)

    def _interest(self, place: int) -> Interest:
        """What is of interest in a format; the lines of each are written to a folder of their own."""
        if self.interest.hot is None:
            return self.interest
        folder = self.interest.hot / str(place)
        folder.mkdir()
        return replace(self.interest, hot=folder)

    def add_parquet(self, paths: Sequence[Path], *, each: bool = False) -> None:
        """Read Parquet files into the table. One that is damaged fails its group, which is then read one by one."""
        import duckdb

        groups, unreadable = parquet.by_columns(self.connection, paths, each=each)
        self.unreadable |= unreadable
        for columns, alike in groups.items():
            self.formats.append(columns.fields)
            place = len(self.formats) - 1
            self.columns[place] = columns
            files = [[not_a_glob(str(path)) for path in alike]]
            hot = self.interest.hot is not None
            try:
                self.connection.execute(
                    f"INSERT INTO scan {parquet.groups(place, columns, self.query, hot=hot)}", files
                )
            except duckdb.Error:
                self.connection.execute("DELETE FROM scan WHERE format = ?", [place])
                if len(alike) == 1:
                    self.unreadable[alike[0]] = parquet.DAMAGED
                else:
                    for path in alike:
                        self.add_parquet([path], each=True)

    def malformed_rows(self, place: int, file: str, most: int) -> list[tuple[int, str]]:
        """Return the numbers, from 1, and lines of the first malformed rows of a Parquet file."""
        statement = parquet.first_malformed(self.columns[place], most)
        return self.connection.execute(statement, [[not_a_glob(file)]]).fetchall()

    def _pass(self, place: int, form: Format, paths: list[Path]) -> list[Path]:
        """The pass. A damaged gzip file aborts it for all files, so it is taken out and the rest read again."""
        import duckdb

        failures = 0
        while paths:
            try:
                self.connection.execute(f"INSERT INTO scan {statement(place, form, paths, self.interest)}")
            except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
                failures += 1
                named = [path for path in paths if str(path) in str(error)]
                bad = named if named and failures <= _BLIND_RETRIES else [path for path in paths if not _whole(path)]
                if not bad:
                    return self._all_exactly(place, form, paths)
                for path in bad:
                    self.unreadable[path] = _why(path)
                paths = [path for path in paths if path not in self.unreadable]
            else:
                return paths
        return []

    def _all_exactly(self, place: int, form: Format, paths: Sequence[Path]) -> list[Path]:
        for path in paths:
            self._exactly(place, form, path)
        return []

    def _not_accounted_for(self, place: int, form: Format, paths: Sequence[Path]) -> Iterator[Path]:
        """Files whose lines, each with the line end of the first, do not add up to their size.

        One blank line in a file that also lacks its last line end adds up; DuckDB leaves that blank line out.
        """
        rows = self.connection.execute(
            "SELECT file, SUM(lines), SUM(size) FROM scan WHERE format = ? GROUP BY file", [place]
        ).fetchall()
        found = {file: (int(lines), int(size)) for file, lines, size in rows}
        for path in paths:
            lines, size = found.get(str(path), (0, 0))
            if _size(path, packed=form.gzip) != (size + lines * form.line_end) % 2**32:
                yield path

    def _exactly(self, place: int, form: Format, path: Path) -> None:
        try:
            groups = read_exactly(path, form.fields, self.interest)
        except Unreadable as error:
            self.unreadable[path] = str(error)
        else:
            self._insert(place, {path: groups})

    def _insert(self, place: int, judged: Mapping[Path, Sequence[Group]]) -> None:
        rows = [(str(path), *group) for path, groups in judged.items() for group in groups]
        columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
        if columns:
            kinds = ("VARCHAR", "TINYINT", "VARCHAR", "BIGINT", "VARCHAR", "BIGINT", "BIGINT", "BIGINT", "BIGINT")
            unnested = ", ".join(f"UNNEST(?::{kind}[])" for kind in kinds)
            into = "scan (format, file, kind, interface, ended_in, kept, lines, size, oldest, newest)"
            self.connection.execute(f"INSERT INTO {into} SELECT ?, {unnested}", [place, *columns])


def statement(place: int, form: Format, paths: Sequence[Path], interest: Interest) -> str:
    """Return the SELECT that judges every line of the files and groups them as `TABLE` says."""
    patterns = line_patterns(form.fields)
    ended, started = (_part(form.fields, each, "BIGINT") for each in ("end", "start"))
    interface, status = (_part(form.fields, each, "VARCHAR") for each in ("interface-id", "log-status"))
    own = any_of(interface, interest.interfaces)
    gap = "kind IN (1, 2)" if interest.hot is not None else "kind IN (1, 2) AND interface IS NOT NULL"
    hit = both(either(f"CONTAINS(line, {text(each)})" for each in texts) for texts in interest.needles.required)
    return f"""
SELECT {place}, file, kind, interface, ended_in, kept, NULL::BIGINT, COUNT(*), SUM(size), MIN(started), MAX(ended)
FROM (
  SELECT file, kind, interface, STRLEN(line) AS size,
    CASE WHEN kind < 3 THEN started END AS started, CASE WHEN kind < 3 THEN ended END AS ended,
    CASE WHEN kind >= 3 THEN NULL WHEN interface IS NULL THEN ended - ended % {HOUR} ELSE ended END AS ended_in,
    CASE WHEN kind = 3 OR (kind = 0 AND {hit}) OR ({gap}) THEN line END AS kept
  FROM (
    SELECT file, line, started, ended, CASE WHEN shape < 3 AND ended < started THEN 3 ELSE shape END AS kind,
      CASE WHEN kind < 3 AND {own} THEN {interface} END AS interface
    FROM (
      SELECT file, line, parts, {started} AS started, {ended} AS ended,
        CASE WHEN REGEXP_FULL_MATCH(line, {text(patterns.ok)}) THEN 0
          WHEN REGEXP_FULL_MATCH(line, {text(patterns.idle)}) THEN CASE WHEN {status} = 'SKIPDATA' THEN 2 ELSE 1 END
          WHEN line = {text(form.header)} THEN 4 ELSE 3 END AS shape
      FROM (
        SELECT filename AS file, line, STRING_SPLIT(line, ' ') AS parts FROM {read_lines(form, paths)}))))
GROUP BY ALL"""


def read_lines(form: Format, paths: Sequence[Path]) -> str:
    """Return the table function that gives each line of the files, in the columns `line` and `filename`."""
    files = ", ".join(text(not_a_glob(str(path))) for path in paths)
    return (
        f"READ_CSV([{files}], columns = {{'line': 'VARCHAR'}}, delim = '\x01', quote = '', escape = '', "
        "header = false, nullstr = '\x02', auto_detect = false, strict_mode = false, ignore_errors = true, "
        f"filename = true, compression = '{'gzip' if form.gzip else 'none'}')"
    )


def _part(fields: tuple[str, ...], field_name: str, kind: str) -> str:
    """The value of one field of a line, or NULL."""
    if field_name not in fields:
        return f"CAST(NULL AS {kind})"
    part = f"parts[{fields.index(field_name) + 1}]"
    return part if kind == "VARCHAR" else f"TRY_CAST({part} AS {kind})"


def kept_records(place: int, fields: tuple[str, ...], columns: Sequence[tuple[str, str]]) -> str:
    """Return the SELECT that takes the kept records of a format apart into columns; NULL for "-" and absent fields.

    A line that a file holds several times is several records.
    """
    parts = {each.replace("-", "_"): f"NULLIF(parts[{number}], '-')" for number, each in enumerate(fields, 1)}
    return (
        f"SELECT file, line, number, {_typed(parts, columns)} FROM (SELECT file, kept AS line, number, kind, "
        f"STRING_SPLIT(kept, ' ') AS parts, UNNEST(RANGE(lines)) FROM scan "
        f"WHERE format = {place} AND kind < 3 AND kept IS NOT NULL)"
    )


def written_records(
    folder: Path, fields: tuple[str, ...], columns: Sequence[tuple[str, str]], also: str = "NULL, NULL, NULL"
) -> str | None:
    """Return the same of the lines that were written to files of a folder; None where there are no files.

    What stands in for file, line and number is `also`.
    """
    files = ", ".join(text(not_a_glob(str(path))) for path in sorted(folder.glob("*.log")) if path.stat().st_size)
    if not files:
        return None
    kinds = ", ".join(f"{text(each.replace('-', '_'))}: 'VARCHAR'" for each in fields)
    values = {each.replace("-", "_"): name(each.replace("-", "_")) for each in fields}
    return (
        f"SELECT {also}{', ' if also else ''}{_typed(values, columns)} FROM READ_CSV([{files}], columns = {{{kinds}}}, "
        "delim = ' ', quote = '', escape = '', header = false, nullstr = '-', auto_detect = false)"
    )


def _typed(values: Mapping[str, str], columns: Sequence[tuple[str, str]]) -> str:
    """The columns as those of a SELECT, from the values that there are. Without a status, an action tells it."""
    found = dict(values)
    if "action" in found:
        found.setdefault("log_status", f"CASE WHEN {found['action']} IS NULL THEN 'NODATA' ELSE 'OK' END")
    elif of_gateway(each.replace("_", "-") for each in found):
        found.setdefault("log_status", "'OK'")
    return ", ".join(f"TRY_CAST({found.get(column, 'NULL')} AS {kind}) AS {name(column)}" for column, kind in columns)


def not_a_glob(path: str) -> str:
    """A path as DuckDB takes it literally: `*`, `?` and `[` stand for themselves inside brackets."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)


def _size(path: Path, *, packed: bool) -> int:
    """The size of the content modulo 2**32; a gzip file says it in its last four bytes (RFC 1952, ISIZE)."""
    with suppress(OSError, struct.error), path.open("rb") as file:
        if not packed:
            return path.stat().st_size % 2**32
        file.seek(-4, 2)
        size: int = struct.unpack("<I", file.read(4))[0]
        return size
    return -1


def _whole(path: Path) -> bool:
    try:
        for _ in unpacked(path):
            pass
    except Unreadable:
        return False
    return True


def _why(path: Path) -> str:
    try:
        for _ in unpacked(path):
            pass
    except Unreadable as error:
        return str(error)
    return CUT_SHORT
