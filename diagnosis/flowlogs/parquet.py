"""Parquet files, as delivered by AWS or made by others: each row becomes the line that a text file would hold.

AWS delivers numbers as integers. Others write them as text, with "-", "None" or nothing for a missing value, or times
as timestamps; all of that is understood. Columns go by name, with hyphens or underscores; folders are not columns.
Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.query import FlowLogQuery
from diagnosis.evidence.records import FIELDS, field_of, line_patterns
from diagnosis.flowlogs import legs, terms
from diagnosis.flowlogs.exact import HOUR
from diagnosis.flowlogs.lines import Unreadable, usable
from diagnosis.flowlogs.sql import name as quoted

if TYPE_CHECKING:
    import duckdb

_NOTHING = "('-', '', 'None', 'null', 'NaN', 'nan')"
"""How tools that write Parquet say that there is no value."""
_INTEGERS = {f"{sign}{size}" for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")}
_FAMILY = re.compile(r"(.*_fl-[0-9a-f]+)_\d{8}T\d{4}Z_")
DAMAGED = "the Parquet file is damaged or cut short, so its rows are not counted"


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of flow-log fields in a file: each field with the column's name and type."""

    found: tuple[tuple[str, str, str], ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """AWS's names of the fields."""
        return tuple(field for field, _, _ in self.found)


def columns_of(connection: duckdb.DuckDBPyConnection, path: Path) -> Columns:
    """Return what a file holds. Raises Unreadable for one that is damaged or no flow log."""
    import duckdb

    try:
        rows = connection.execute(
            "SELECT column_name, column_type FROM (DESCRIBE FROM READ_PARQUET(?, "
            "binary_as_string = true, hive_partitioning = false))",
            [str(path)],
        ).fetchall()
    except duckdb.Error as error:
        raise Unreadable(DAMAGED) from error
    named = {str(name).replace("_", "-").lower(): (str(name), str(kind)) for name, kind in rows}
    found = tuple((field, *named[field]) for field in named if field in FIELDS)
    if len(found) < 3:
        raise Unreadable("Parquet, and no flow log: its columns have other names")
    usable(tuple(field for field, _, _ in found))
    return Columns(found)


def by_columns(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], *, each: bool = False
) -> tuple[dict[Columns, list[Path]], dict[Path, str]]:
    """Return the files by what they hold, and those that cannot be read, with the reason.

    The format of a flow log cannot be changed, so one file tells the columns of all that are named after the same flow
    log; with `each`, every file is looked at.
    """
    groups: dict[Columns, list[Path]] = defaultdict(list)
    unreadable: dict[Path, str] = {}
    known: dict[str, Columns] = {}
    for path in paths:
        family = _FAMILY.match(path.name)
        try:
            found = known.get(family[1]) if family and not each else None
            found = found or columns_of(connection, path)
        except Unreadable as error:
            unreadable[path] = str(error)
        else:
            groups[found].append(path)
            if family:
                known[family[1]] = found
    return groups, unreadable


def groups(place: int, columns: Columns, query: FlowLogQuery, *, hot: bool) -> str:
    """Return the SELECT that judges and groups every row as `scan.TABLE` says; the list of files is its parameter.

    Rows that may belong to the query, or if `hot` every REJECT and gap, are kept and judged as lines. Of any other only
    what tells its kind, its time and an interface of interest is looked at.
    """
    names = {field.replace("-", "_") for field in columns.fields}
    rejected_or_none = "FALSE" if of_gateway(columns.fields) else "action = 'REJECT' OR action IS NULL"
    wanted = rejected_or_none if hot else terms.said(legs.may_belong(query, names), "duckdb")
    return f"""
SELECT {place}, file, kind, interface, CASE WHEN kind < 3 THEN ended_in END, CASE WHEN kind < 3 THEN line END,
  CASE WHEN kind < 3 THEN number END, lines, 0, CASE WHEN kind < 3 THEN oldest END, CASE WHEN kind < 3 THEN newest END
FROM (
  SELECT file, kind, interface, ended_in, number, ANY_VALUE(line) AS line, COUNT(*) AS lines, MIN("start") AS oldest,
    MAX("end") AS newest
  FROM (
    SELECT file, interface, number, line, "start", "end",
      CASE WHEN interface IS NULL THEN "end" - "end" % {HOUR} ELSE "end" END AS ended_in,
      CASE WHEN like_kind = 0 AND line IS NOT NULL AND NOT REGEXP_FULL_MATCH(line, {_ok(columns)}) THEN 3
        ELSE like_kind END AS kind
    FROM (
      SELECT file, "start", "end", {_interface(columns, query)} AS interface, {_kind(columns)} AS like_kind,
        CASE WHEN wanted THEN judged.number END AS number, CASE WHEN wanted THEN {_line(columns)} END AS line
      FROM (SELECT *, CASE WHEN {wanted} THEN TRUE END AS wanted FROM ({rows(columns)})) AS judged))
  GROUP BY file, kind, interface, ended_in, number)"""


def _interface(columns: Columns, query: FlowLogQuery) -> str:
    if "interface-id" not in columns.fields or not query.interfaces:
        return "NULL::VARCHAR"
    own = terms.said(terms.any_of(terms.column("interface_id"), query.interfaces), "duckdb")
    return f"CASE WHEN {own} THEN interface_id END"


def first_malformed(columns: Columns, most: int) -> str:
    """Return the SELECT of the number, from 1, and the line of the first malformed rows of a file, its parameter."""
    line = _line(columns)
    bad = f"{_kind(columns)} = 3 OR ({_kind(columns)} = 0 AND NOT REGEXP_FULL_MATCH({line}, {_ok(columns)}))"
    return f"SELECT number, {line} FROM ({rows(columns)}) WHERE {bad} ORDER BY number LIMIT {most}"


def rows(columns: Columns) -> str:
    """Return the SELECT of the rows with columns by our names and types, NULL for a missing value; as above."""
    missing = [f'NULL::BIGINT AS "{each}"' for each in ("start", "end") if each not in columns.fields]
    typed = all(kind != "VARCHAR" for field, _, kind in columns.found if field_of(field).highest is not None)
    values = [f'{_value(*each, typed=typed)} AS "{each[0].replace("-", "_")}"' for each in columns.found]
    return (
        f"SELECT filename AS file, file_row_number + 1 AS number, {', '.join([*values, *missing])} FROM READ_PARQUET("
        "$1, binary_as_string = true, hive_partitioning = false, filename = true, file_row_number = true)"
    )


def _value(field: str, name: str, kind: str, *, typed: bool) -> str:
    column = quoted(name)
    if field_of(field).highest is None:
        return f"NULLIF({column}, '-')" if typed and kind == "VARCHAR" else _cleaned(f"{column}::VARCHAR")
    if kind.startswith("TIMESTAMP"):
        return f"EPOCH({column})::BIGINT"
    return column if kind in _INTEGERS else f"TRY_CAST({column} AS BIGINT)"


def _cleaned(text: str) -> str:
    return f"CASE WHEN {text} NOT IN {_NOTHING} THEN {text} END"


def _kind(columns: Columns) -> str:
    """What a row is, as `exact.KINDS` numbers it. Columns have types, so of a row that is not kept only its addresses,
    its times and what happened are looked at.
    """
    whole, backwards = _whole(columns), '"end" < "start"'
    if of_gateway(columns.fields):
        ok, nodata, skipdata = (f"log_status = '{status}'" for status in ("OK", "NODATA", "SKIPDATA"))
        if "log-status" not in columns.fields:
            ok, nodata, skipdata = "TRUE", "FALSE", "FALSE"
        return (
            f"CASE WHEN {backwards} THEN 3 WHEN {ok} AND {whole} THEN 0 WHEN {nodata} THEN 1 WHEN {skipdata} THEN 2 "
            "ELSE 3 END"
        )
    if "log-status" in columns.fields:
        ok, nodata, skipdata = (f"log_status = '{status}'" for status in ("OK", "NODATA", "SKIPDATA"))
    else:
        ok, nodata, skipdata = "action IS NOT NULL", "action IS NULL", "FALSE"
    return (
        f"CASE WHEN {backwards} THEN 3 WHEN {ok} AND action IN ('ACCEPT', 'REJECT') AND {whole} THEN 0 "
        f"WHEN {nodata} AND action IS NULL THEN 1 WHEN {skipdata} AND action IS NULL THEN 2 ELSE 3 END"
    )


def _whole(columns: Columns) -> str:
    there = [field for field in columns.fields if field in {"srcaddr", "dstaddr", "start", "end"}]
    return " AND ".join(f'"{field.replace("-", "_")}" IS NOT NULL' for field in there) or "TRUE"


def _line(columns: Columns) -> str:
    values = ", ".join(f"""COALESCE("{field.replace("-", "_")}"::VARCHAR, '-')""" for field in columns.fields)
    return f"CONCAT_WS(' ', {values})"


def _ok(columns: Columns) -> str:
    return terms.said(terms.text(line_patterns(columns.fields).ok), "duckdb")
