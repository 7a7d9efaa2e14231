"""Tables over flow logs in S3: as the Glue catalog describes them, the DDL of a new one, the partitions of a window.

Source: https://docs.aws.amazon.com/athena/latest/ug/vpc-flow-logs-create-table-statement.html and
https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlglot import exp

from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.engine_choice import Reading
from diagnosis.evidence.records import field_of
from diagnosis.flowlogs.layout import DELIVERY
from diagnosis.flowlogs.log_records import Names
from diagnosis.flowlogs.object_keys import bucket_and_folder
from diagnosis.flowlogs.terms import any_of, both, column, either, number, text

FIRST_YEAR, LAST_YEAR = 2015, 2099
"""Flow logs exist since 2015."""
_INTEGERS = frozenset({"version", "srcport", "dstport", "protocol", "tcp-flags", "traffic-path"})
_LONGS = frozenset({"packets", "bytes", "start", "end"})
_NUMBERS = frozenset({"tinyint", "smallint", "int", "integer", "bigint"})
_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "sourceaddress": "srcaddr",
        "destinationaddress": "dstaddr",
        "sourceport": "srcport",
        "destinationport": "dstport",
        "numpackets": "packets",
        "numbytes": "bytes",
        "starttime": "start",
        "endtime": "end",
        "account": "account-id",
    }
)
"""Names of the older DDL in AWS's documentation, without their underscores."""
_ROLES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("logaccount", "accountid", "awsaccountid", "account", "awsaccount"), "account"),
        **dict.fromkeys(("logregion", "region", "awsregion"), "region"),
        **dict.fromkeys(("logdate", "date", "dt", "datehour", "eventdate", "partitiondate"), "date"),
        **dict.fromkeys(("logday", "day"), "day"),
        **dict.fromkeys(("logyear", "year"), "year"),
        **dict.fromkeys(("logmonth", "month"), "month"),
        **dict.fromkeys(("loghour", "hour"), "hour"),
        **dict.fromkeys(("awsservice", "service", "logservice"), "service"),
    }
)
_JAVA = (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("'", ""))


@dataclass(frozen=True, slots=True)
class PartitionColumn:
    """A column by which a table is partitioned, and what it stands for."""

    name: str
    kind: str
    role: str
    """account, region, service, year, month, day, hour; or date, written in `form`."""
    form: str = ""
    """A `strftime` format."""

    def literal(self, value: str) -> exp.Expr:
        """A value as the column's type has it."""
        if self.kind == "date":
            return exp.cast(text(value), "DATE")
        return number(int(value)) if self.kind in {"int", "integer", "bigint", "smallint"} else text(value)


@dataclass(frozen=True, slots=True)
class LogTable:
    """A table that holds the flow logs of a reading."""

    database: str
    name: str
    columns: Mapping[str, str]
    """The table's name for each of AWS's fields."""
    partitions: tuple[PartitionColumn, ...]
    parquet: bool = False
    fields: tuple[str, ...] = field(default=())
    """AWS's fields in the order of the columns."""

    @property
    def full_name(self) -> str:
        """As statements name it."""
        return f"{self.database}.{self.name}"

    @property
    def names(self) -> Names:
        """How the table names the columns of evidence. Text files hold "-"."""
        found = {name.replace("-", "_"): own for name, own in self.columns.items()}
        return Names(found, dash_is_null=self.parquet)

    def covers(self, accounts: Sequence[str], region: str, start: int, end: int) -> list[exp.Expr]:
        """The predicates on partitions for a window, Unix seconds; empty where they could not bound what is read."""
        tests = []
        for each in self.partitions:
            match each.role:
                case "account":
                    tests.append(any_of(column(each.name), accounts))
                case "region":
                    tests.append(any_of(column(each.name), [region]))
                case "service":
                    tests.append(any_of(column(each.name), ["vpcflowlogs"]))
                case _:
                    pass
        times = self._times(start - DELIVERY, end + DELIVERY)
        return [*tests, times] if times is not None else []

    def _times(self, start: int, end: int) -> exp.Expr | None:
        by_role = {each.role: each for each in self.partitions}
        if dated := by_role.get("date"):
            first, last = (datetime.fromtimestamp(at, UTC).strftime(dated.form) for at in (start, end))
            return exp.Between(this=column(dated.name), low=dated.literal(first), high=dated.literal(last))
        if not {"year", "month", "day"} <= by_role.keys():
            return None
        return either(self._day(by_role, *day) for day in _days(start, end))

    @staticmethod
    def _day(by_role: Mapping[str, PartitionColumn], when: datetime, hours: tuple[int, int]) -> exp.Expr:
        parts = [("year", f"{when:%Y}"), ("month", f"{when:%m}"), ("day", f"{when:%d}")]
        tests: list[exp.Expr] = [
            exp.EQ(this=column(by_role[role].name), expression=by_role[role].literal(value)) for role, value in parts
        ]
        if "hour" in by_role and hours != (0, 23):
            own = by_role["hour"]
            low, high = (own.literal(f"{hour:02d}") for hour in hours)
            tests.append(exp.Between(this=column(own.name), low=low, high=high))
        return both(tests)


def _days(start: int, end: int) -> Iterator[tuple[datetime, tuple[int, int]]]:
    """Each day from start to end, with its first and last hour."""
    first, last = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    day = first.replace(hour=0, minute=0, second=0)
    while day <= last:
        low = first.hour if day.date() == first.date() else 0
        high = last.hour if day.date() == last.date() else 23
        yield day, (low, high)
        day += timedelta(days=1)


def read_table(described: Mapping[str, Any], reading: Reading) -> LogTable | None:
    """The table that Glue describes, if it holds the flow logs of the reading and can be asked for a window alone.

    A table over text must have the fields in the order of the flow log's own format: its columns go by position.
    """
    storage = described.get("StorageDescriptor") or {}
    parameters = described.get("Parameters") or {}
    bucket, folder = bucket_and_folder(reading.destination)
    location = str(parameters.get("storage.location.template") or storage.get("Location") or "")
    if not (location.rstrip("/") + "/").startswith(f"s3://{bucket}/{folder}AWSLogs/"):
        return None
    own = {str(each.get("Name")): str(each.get("Type")) for each in storage.get("Columns") or ()}
    fields = tuple(_field_of_column(name) for name in own)
    if any((_type(name) != "string") != (kind in _NUMBERS) for name, kind in zip(fields, own.values(), strict=True)):
        return None
    parquet = "parquet" in str(storage.get("InputFormat") or "").lower()
    if parquet != reading.logs[0].parquet or (not parquet and fields != reading.fields):
        return None
    columns = {name: column_name for name, column_name in zip(fields, own, strict=True) if name in reading.fields}
    needed = {"srcaddr", "dstaddr", "start", "end"} | (set() if of_gateway(reading.fields) else {"action"})
    if not needed <= columns.keys():
        return None
    partitions = tuple(_partition(each, parameters) for each in described.get("PartitionKeys") or ())
    table = LogTable(
        str(described.get("DatabaseName")), str(described.get("Name")), columns, partitions, parquet, fields
    )
    return table if table.covers(reading.accounts, reading.region, 0, 0) else None


def _field_of_column(name: str) -> str:
    plain = name.lower().replace("_", "").replace("-", "")
    if plain in _OTHER_NAMES:
        return _OTHER_NAMES[plain]
    if plain in {"accountid", "interfaceid", "logstatus"}:
        return f"{plain.removesuffix('id').removesuffix('status')}-{'status' if plain == 'logstatus' else 'id'}"
    return name.lower().replace("_", "-")


def _partition(key: Mapping[str, Any], parameters: Mapping[str, Any]) -> PartitionColumn:
    name, kind = str(key.get("Name")), str(key.get("Type") or "string").lower()
    role = _ROLES.get(name.lower().replace("_", "").replace("-", ""), "other")
    written = str(parameters.get(f"projection.{name}.format") or "")
    if role == "day" and written:
        role = "date"  # AWS's own example calls a whole date "day"
    if role != "date":
        return PartitionColumn(name, kind, role)
    form = written or ("yyyy-MM-dd" if kind == "date" else "yyyy/MM/dd")
    for java, ours in _JAVA:
        form = form.replace(java, ours)
    return PartitionColumn(name, kind, "date", form)


def new_table(reading: Reading, database: str) -> LogTable:
    """The table that `ddl` makes for a reading."""
    names = "_".join(log.id for log in reading.logs) or "flow_logs"
    log = reading.logs[0]
    times = [PartitionColumn("log_date", "string", "date", "%Y/%m/%d/%H" if log.hourly else "%Y/%m/%d")]
    if log.hive:
        roles = ("year", "month", "day", *(("hour",) if log.hourly else ()))
        times = [PartitionColumn(f"log_{role}", "int", role) for role in roles]
    return LogTable(
        database,
        "vpc_flow_logs_" + re.sub(r"[^a-z0-9_]", "_", names.lower()),
        {name: field_of(name).column for name in reading.fields},
        (
            PartitionColumn("log_account", "string", "account"),
            PartitionColumn("log_region", "string", "region"),
            *times,
        ),
        log.parquet,
        reading.fields,
    )


def ddl(table: LogTable, reading: Reading) -> str:
    """The statement that creates the table, with partition projection: no partition has to be added to it, ever."""
    bucket, folder = bucket_and_folder(reading.destination)
    location = f"s3://{bucket}/{folder}AWSLogs/"
    properties: list[exp.Expr] = [exp.ExternalProperty(), _partitioned_by(table)]
    if table.parquet:
        properties.append(exp.FileFormatProperty(this=exp.var("PARQUET"), hive_format=True))
    else:
        properties.append(exp.RowFormatDelimitedProperty(fields=text(" ")))
    properties.append(exp.LocationProperty(this=text(location)))
    properties += [
        exp.Property(this=text(name), value=text(value))
        for name, value in _properties(table, reading, location).items()
    ]
    columns = [_column(field_of(name).column, _type(name)) for name in table.fields]
    named = exp.Table(this=exp.to_identifier(table.name), db=exp.to_identifier(table.database))
    return exp.Create(
        this=exp.Schema(this=named, expressions=columns),
        kind="TABLE",
        exists=True,
        properties=exp.Properties(expressions=properties),
    ).sql("athena")


def _properties(table: LogTable, reading: Reading, location: str) -> dict[str, str]:
    found = {} if table.parquet else {"skip.header.line.count": "1"}
    found |= {
        "projection.enabled": "true",
        "projection.log_account.type": "enum",
        "projection.log_account.values": ",".join(reading.accounts),
        "projection.log_region.type": "enum",
        "projection.log_region.values": reading.region,
    }
    log = reading.logs[0]
    template = "${log_account}/vpcflowlogs/${log_region}/${log_date}"
    if log.hive:
        template = "aws-account-id=${log_account}/aws-service=vpcflowlogs/aws-region=${log_region}"
        ranges = {"year": f"{FIRST_YEAR},{LAST_YEAR}", "month": "1,12", "day": "1,31", "hour": "0,23"}
        for each in table.partitions[2:]:
            template += f"/{each.role}=${{{each.name}}}"
            found |= {
                f"projection.{each.name}.type": "integer",
                f"projection.{each.name}.range": ranges[each.role],
            }
            if each.role != "year":
                found[f"projection.{each.name}.digits"] = "2"
    else:
        found |= {
            "projection.log_date.type": "date",
            "projection.log_date.format": "yyyy/MM/dd/HH" if log.hourly else "yyyy/MM/dd",
            "projection.log_date.range": f"{FIRST_YEAR}/01/01{'/00' if log.hourly else ''},NOW",
            "projection.log_date.interval": "1",
            "projection.log_date.interval.unit": "HOURS" if log.hourly else "DAYS",
        }
    return {**found, "storage.location.template": location + template}


def _partitioned_by(table: LogTable) -> exp.Expr:
    columns = [_column(each.name, each.kind) for each in table.partitions]
    return exp.PartitionedByProperty(this=exp.Schema(expressions=columns))


def _column(name: str, kind: str) -> exp.Expr:
    return exp.ColumnDef(this=exp.to_identifier(name, quoted=True), kind=exp.DataType.build(kind, dialect="hive"))


def _type(name: str) -> str:
    if name in _INTEGERS:
        return "int"
    return "bigint" if name in _LONGS or name.startswith("packets-lost") else "string"


def tables_in(pages: Iterable[Mapping[str, Any]], reading: Reading) -> Iterator[LogTable]:
    """The usable tables among pages of Glue's GetTables."""
    for page in pages:
        for described in page.get("TableList") or ():
            if (table := read_table(described, reading)) is not None:
                yield table
