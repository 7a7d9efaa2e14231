"""Tables as the Glue catalog holds them, and which S3 objects lie in which of their partitions.

Source: https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.glue.models import glue_backends
from moto.s3.models import s3_backends
from sqlglot import expressions as exp

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_DATE_PART = re.compile(r"'([^']*)'|(y+|M+|d+|H+|m+)|(.)", re.DOTALL)
_TEXT_FORMAT = "org.apache.hadoop.mapred.TextInputFormat"
_PARQUET_FORMAT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"


class QueryFailed(Exception):
    """A query that ends as FAILED; the text is the reason that Athena gives."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class LogObject:
    """An object of a table: its address, its content, and the values of the table's partition columns."""

    address: str
    content: bytes
    partition: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    partition_columns: tuple[Column, ...]
    location: str
    parquet: bool
    delimiter: str
    properties: Mapping[str, str]
    partitions: tuple[tuple[tuple[str, ...], str], ...]
    """Values and location of each partition that was added by hand."""

    def objects(self) -> Iterator[LogObject]:
        """All objects of the table, with their partitions."""
        if not self.partition_columns:
            yield from (LogObject(address, content, ()) for address, content in _under(self.location))
        elif self.properties.get("projection.enabled", "").lower() != "true":
            for values, location in self.partitions:
                yield from (LogObject(address, content, values) for address, content in _under(location))
        else:
            template = self.properties.get("storage.location.template") or self.location.rstrip("/") + "/" + "/".join(
                f"{column.name}=${{{column.name}}}" for column in self.partition_columns
            )
            pattern = self._pattern(template.rstrip("/") + "/")
            for address, content in _under(template.partition("${")[0]):
                if found := pattern.match(address):
                    values = tuple(found[f"p{place}"] for place in range(len(self.partition_columns)))
                    if all(map(self._in_range, self.partition_columns, values)):
                        yield LogObject(address, content, values)

    def _pattern(self, template: str) -> re.Pattern[str]:
        names = [column.name for column in self.partition_columns]
        pieces = []
        for place, piece in enumerate(_PLACEHOLDER.split(template)):
            if place % 2 == 0:
                pieces.append(re.escape(piece))
            elif piece not in names:
                raise QueryFailed(f"INVALID_TABLE_PROPERTY: the template names {piece}, which is no partition column")
            else:
                pieces.append(f"(?P<p{names.index(piece)}>{self._values(piece)})")
        if missing := [name for name in names if f"${{{name}}}" not in template]:
            raise QueryFailed(f"INVALID_TABLE_PROPERTY: the template lacks {missing[0]}")
        return re.compile("".join(pieces))

    def _property(self, column: str, name: str) -> str:
        return self.properties.get(f"projection.{column}.{name}", "")

    def _values(self, column: str) -> str:
        match self._property(column, "type"):
            case "enum":
                return "|".join(re.escape(value.strip()) for value in self._property(column, "values").split(","))
            case "integer":
                digits = self._property(column, "digits")
                return rf"\d{{{digits}}}" if digits else r"\d+"
            case "date":
                parts = _DATE_PART.findall(self._property(column, "format"))
                return "".join(
                    re.escape(quoted or other) if not letters else rf"\d{{{len(letters)}}}"
                    for quoted, letters, other in parts
                )
            case "injected":
                return "[^/]+"
            case other:
                raise QueryFailed(f"INVALID_TABLE_PROPERTY: projection.{column}.type is {other!r}")

    def _in_range(self, column: Column, value: str) -> bool:
        low, _, high = (part.strip() for part in self._property(column.name, "range").partition(","))
        match self._property(column.name, "type"):
            case "integer":
                return int(low) <= int(value) <= int(high)
            case "date":
                return value >= low and (high.startswith("NOW") or value <= high)
            case _:
                return True


def _under(location: str) -> Iterator[tuple[str, bytes]]:
    """Every object whose address starts with the location."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    for backends in s3_backends.values():
        for backend in backends.values():
            if bucket in backend.buckets:
                for key, held in sorted(backend.buckets[bucket].keys.items()):
                    if key.startswith(prefix):
                        yield f"s3://{bucket}/{key}", held.value
                return
    raise QueryFailed(f"The S3 location provided to save or read is invalid: the bucket {bucket} does not exist")


def table_of(account: str, region: str, database: str, name: str) -> Table:
    """A table of the catalog. Raises QueryFailed as Athena words it."""
    held = glue_backends[account][region].databases.get(database)
    if held is None:
        raise QueryFailed(f"SCHEMA_NOT_FOUND: line 1:15: Schema '{database}' does not exist")
    if name not in held.tables:
        raise QueryFailed(f"TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.{database}.{name}' does not exist")
    table = held.tables[name]
    described = table.as_dict()
    storage = described["StorageDescriptor"]
    return Table(
        _columns(storage["Columns"]),
        _columns(described.get("PartitionKeys") or []),
        storage["Location"],
        "parquet" in str(storage.get("InputFormat", "")).lower(),
        str((storage.get("SerdeInfo") or {}).get("Parameters", {}).get("field.delim", "\x01")),
        described.get("Parameters") or {},
        tuple(
            (tuple(each.partition_input["Values"]), each.partition_input["StorageDescriptor"]["Location"])
            for each in table.partitions.values()
        ),
    )


def _columns(listed: list[dict[str, str]]) -> tuple[Column, ...]:
    return tuple(Column(each["Name"], each["Type"].lower()) for each in listed)


def create(account: str, region: str, statement: exp.Create, database: str) -> None:
    """CREATE DATABASE or CREATE EXTERNAL TABLE, into the catalog."""
    glue = glue_backends[account][region]
    if statement.kind in {"DATABASE", "SCHEMA"}:
        name = statement.this.name
        if name not in glue.databases:
            glue.create_database(name, {"Name": name})
        return
    schema = statement.this
    place, name = schema.this.db or database, schema.this.name
    if place not in glue.databases:
        raise QueryFailed(f"FAILED: SemanticException [Error 10072]: Database does not exist: {place}")
    if name in glue.databases[place].tables:
        if not statement.args.get("exists"):
            raise QueryFailed(f"FAILED: Execution Error: AlreadyExistsException: Table {name} already exists.")
        return
    glue.create_table(place, name, _table_input(name, schema, statement))


def _table_input(name: str, schema: exp.Schema, statement: exp.Create) -> dict[str, Any]:
    parameters, partitions, location, delimiter, parquet = {"EXTERNAL": "TRUE"}, [], "", "\x01", False
    for each in statement.args["properties"].expressions:
        match each:
            case exp.PartitionedByProperty():
                partitions = [_described(column) for column in each.this.expressions]
            case exp.LocationProperty():
                location = each.this.name
            case exp.RowFormatDelimitedProperty():
                delimiter = each.args["fields"].name
            case exp.FileFormatProperty():
                parquet = each.this.name.upper() == "PARQUET"
            case exp.Property():
                if isinstance(each.this, exp.Literal):
                    parameters[each.this.name] = each.args["value"].name
            case _:
                pass
    if not location.startswith("s3://") or not location.endswith("/"):
        raise QueryFailed(f"FAILED: the LOCATION {location!r} is not an S3 folder that ends with a slash")
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": partitions,
        "StorageDescriptor": {
            "Columns": [_described(column) for column in schema.expressions],
            "Location": location,
            "InputFormat": _PARQUET_FORMAT if parquet else _TEXT_FORMAT,
            "SerdeInfo": {"Parameters": {} if parquet else {"field.delim": delimiter}},
        },
    }


def _described(column: exp.ColumnDef) -> dict[str, str]:
    return {"Name": column.name.lower(), "Type": column.args["kind"].sql("hive").lower()}
