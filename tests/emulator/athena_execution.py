"""Athena's SQL executed by DuckDB over the objects in the double's S3, partitions pruned as Athena prunes them."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from tests.emulator.athena_tables import LogObject, QueryFailed, Table, create, table_of

_TYPES = {"string": "VARCHAR", "int": "INTEGER", "integer": "INTEGER", "bigint": "BIGINT"}
_NUMBERS = {"int", "integer", "bigint", "smallint", "tinyint", "double"}
_COMPARING = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a SELECT as texts, None for NULL; nothing of DDL."""

    columns: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    scanned: int = 0
    """Bytes of the objects that had to be read, as they are stored."""
    ddl: bool = False


def execute(account: str, region: str, text: str, database: str) -> Result:
    """Run one statement. Raises QueryFailed."""
    try:
        statements = sqlglot.parse(text, read="athena")
    except SqlglotError as error:
        raise QueryFailed(f"SYNTAX_ERROR: {' '.join(str(error).split())}") from error
    match statements:
        case [exp.Create() as statement]:
            create(account, region, statement, database)
            return Result(ddl=True)
        case [exp.Select() | exp.SetOperation() as query]:
            return _select(account, region, query, database)
        case _:
            raise QueryFailed("SYNTAX_ERROR: mismatched input: the double takes one SELECT or CREATE")


def _select(account: str, region: str, query: exp.Query, database: str) -> Result:
    common = {each.alias for each in query.find_all(exp.CTE)}
    scanned = 0
    with tempfile.TemporaryDirectory(prefix="whynot-athena-") as place, duckdb.connect() as connection:
        for number, node in enumerate(list(query.find_all(exp.Table))):
            if not node.db and node.name in common:
                continue
            table = table_of(account, region, node.db or database, node.name)
            chosen = _pruned(connection, table, _own_tests(node, table))
            scanned += sum(len(each.content) for each in chosen)
            _load(connection, f"table_{number}", table, chosen, Path(place, str(number)))
            node.replace(exp.to_table(f"table_{number}").as_(node.alias_or_name))
        try:
            relation = connection.execute(query.sql("duckdb"))
            names = [(each[0], str(each[1]).lower()) for each in relation.description or ()]
            rows = relation.fetchall()
        except duckdb.Error as error:
            raise QueryFailed(_worded(str(error))) from error
    shown = tuple(tuple(None if value is None else _shown(value) for value in row) for row in rows)
    return Result(tuple(names), shown, scanned)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _worded(error: str) -> str:
    line = " ".join(error.split())
    return f"COLUMN_NOT_FOUND: {line}" if "not found in FROM" in line else f"GENERIC_USER_ERROR: {line}"


def _own_tests(node: exp.Table, table: Table) -> list[Any]:
    """The tests on partition columns of the SELECT that reads the table: what Athena prunes by.

    Raises QueryFailed where a column is compared with a literal of another type: Athena casts nothing by itself.
    """
    select = node.find_ancestor(exp.Select)
    where = select.args.get("where") if select is not None else None
    if where is None:
        return []
    kinds = {column.name: column.kind for column in (*table.columns, *table.partition_columns)}
    for test in where.find_all(*_COMPARING):
        sides = [test.this, *(test.args.get(name) for name in ("expression", "low", "high")), *test.expressions]
        columns = [side for side in sides if isinstance(side, exp.Column)]
        literals = [side for side in sides if isinstance(side, exp.Literal)]
        for column in columns:
            number = kinds.get(column.name.lower(), "") in _NUMBERS
            if any(literal.is_string == number for literal in literals):
                raise QueryFailed(f"TYPE_MISMATCH: Cannot apply operator to {column.name} in {test.sql('athena')}")
    names = {column.name for column in table.partition_columns}
    tests = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    return [
        test.copy()
        for test in tests
        if (used := {column.name.lower() for column in test.find_all(exp.Column)}) and used <= names
    ]


def _pruned(connection: duckdb.DuckDBPyConnection, table: Table, tests: Sequence[Any]) -> list[LogObject]:
    found = list(table.objects())
    if not tests or not found:
        return found
    columns = ", ".join(
        f'CAST(v[{place + 1}] AS {_type(each.kind)}) AS "{each.name}"'
        for place, each in enumerate(table.partition_columns)
    )
    values = [[each.partition for each in found]]
    wanted = connection.execute(
        f"SELECT n FROM (SELECT generate_subscripts(l, 1) - 1 AS n, unnest(l) AS v FROM (SELECT ?::VARCHAR[][] AS l)) "  # noqa: S608
        f"CROSS JOIN LATERAL (SELECT {columns}) WHERE {exp.and_(*tests).sql('duckdb')}",
        values,
    ).fetchall()
    return [found[number] for (number,) in wanted]


def _load(
    connection: duckdb.DuckDBPyConnection, name: str, table: Table, chosen: Sequence[LogObject], place: Path
) -> None:
    """A DuckDB table with the columns of the Athena table, its partition columns and `$path`."""
    columns = ", ".join(f'"{each.name}" {_type(each.kind)}' for each in (*table.columns, *table.partition_columns))
    connection.execute(f'CREATE TABLE {name} ({columns}, "$path" VARCHAR)')
    if table.parquet:
        place.mkdir()
        for number, each in enumerate(chosen):
            _load_parquet(connection, name, table, each, place / f"{number}.parquet")
        return
    skipped = int(table.properties.get("skip.header.line.count", "0"))
    rows = [
        [*_padded(line.split(table.delimiter), len(table.columns)), *each.partition, each.address]
        for each in chosen
        for line in list(_lines(each))[skipped:]
    ]
    kinds = [_type(each.kind) for each in (*table.columns, *table.partition_columns)] + ["VARCHAR"]
    if rows:
        taken = ", ".join(f"TRY_CAST(UNNEST(?::VARCHAR[]) AS {kind})" for kind in kinds)
        connection.execute(f"INSERT INTO {name} SELECT {taken}", [list(column) for column in zip(*rows, strict=True)])


def _load_parquet(connection: duckdb.DuckDBPyConnection, name: str, table: Table, each: LogObject, file: Path) -> None:
    file.write_bytes(each.content)
    held = {row[0] for row in connection.execute("SELECT name FROM parquet_schema(?)", [str(file)]).fetchall()}
    taken = ", ".join(f'"{column.name}"' if column.name in held else "NULL" for column in table.columns)
    more = "".join(", ?" for _ in (*each.partition, each.address))
    connection.execute(
        f"INSERT INTO {name} SELECT {taken}{more} FROM read_parquet(?)",  # noqa: S608
        [*each.partition, each.address, str(file)],
    )


def _lines(each: LogObject) -> Iterator[str]:
    try:
        content = gzip.decompress(each.content) if each.address.endswith(".gz") else each.content
    except (OSError, EOFError, zlib.error) as error:
        raise QueryFailed(f"HIVE_CURSOR_ERROR: Failed to read file at {each.address}") from error
    yield from content.decode("utf-8", "replace").removesuffix("\n").split("\n")


def _padded(values: list[str], wanted: int) -> list[str | None]:
    """As LazySimpleSerDe does: what is too much is left out, what lacks is NULL."""
    return [*values[:wanted], *[None] * (wanted - len(values))]


def _type(kind: str) -> str:
    return _TYPES.get(kind, kind.upper())
