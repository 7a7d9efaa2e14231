"""Queries of CloudWatch Logs Insights evaluated over log events.

Values are texts, as Insights shows them; two texts that are numbers are compared as numbers. A default-format flow-log
record has its fields discovered under camelCase names; every other message has to be taken apart by `parse`.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_never

from tests.emulator.insights_syntax import (
    MOST_ROWS,
    Call,
    Command,
    Display,
    Expression,
    Field,
    Fields,
    Filter,
    In,
    Like,
    Limit,
    Literal,
    Malformed,
    Named,
    Not,
    Operation,
    Parse,
    Sort,
    Stats,
)

Value = str | float | bool | None
Row = dict[str, Value]
DISCOVERED = (
    *("version", "accountId", "interfaceId", "srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "packets"),
    *("bytes", "start", "end", "action", "logStatus"),
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "^": operator.pow,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One log event: milliseconds, message, and where it stands."""

    timestamp: int
    message: str
    stream: str
    log: str

    def row(self) -> Row:
        """The event's fields, discovered ones among them."""
        row: Row = {
            "@timestamp": float(self.timestamp),
            "@message": self.message,
            "@logStream": self.stream,
            "@log": self.log,
        }
        parts = self.message.split(" ")
        if len(parts) == len(DISCOVERED) and parts[0].isdigit() and parts[-1] in {"OK", "NODATA", "SKIPDATA"}:
            row |= dict(zip(DISCOVERED, parts, strict=True))
        return row


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gives: rows of (field, value), and how many events it matched."""

    rows: list[list[tuple[str, str]]]
    matched: int


def evaluate(commands: Sequence[Command], events: Iterable[Event]) -> Answer:
    """Run the commands one after the other, as a pipe."""
    rows = [event.row() for event in events]
    shown: tuple[str, ...] = ("@timestamp", "@message")
    chosen = False
    limited = grouped = False
    matched = len(rows)
    for command in commands:
        match command:
            case Filter(condition):
                rows = [row for row in rows if _true(_value(condition, row))]
                matched = matched if grouped else len(rows)
            case Parse():
                rows = [_parsed(command, row) for row in rows]
            case Fields(columns) | Display(columns):
                rows = [row | {each.name: _value(each.expression, row) for each in columns} for row in rows]
                names = tuple(each.name for each in columns)
                shown = (*shown, *names) if chosen and isinstance(command, Fields) else names
                chosen = True
            case Stats():
                rows, grouped = _grouped(command, rows), True
                shown = tuple(each.name for each in (*command.by, *command.aggregates))
            case Sort(keys):
                for key, descending in reversed(keys):
                    rows.sort(key=lambda row, key=key: _order(_value(key, row)), reverse=descending)  # type: ignore[misc]
            case Limit(most):
                rows, limited = rows[:most], True
            case _:
                assert_never(command)
    rows = rows if limited else rows[:MOST_ROWS]
    told = [[(name, _shown(name, row[name])) for name in shown if row.get(name) is not None] for row in rows]
    if not grouped:
        told = [[*row, ("@ptr", f"{number:08d}")] for number, row in enumerate(told)]
    return Answer(told, matched)


def _parsed(command: Parse, row: Row) -> Row:
    found = command.pattern.search(_text(_value(command.value, row)))
    return row | dict(zip(command.names, found.groups(), strict=True)) if found else row


def _grouped(command: Stats, rows: Iterable[Row]) -> list[Row]:
    groups: dict[tuple[str, ...], tuple[Row, list[Row]]] = {}
    for row in rows:
        keys: Row = {each.name: _value(each.expression, row) for each in command.by}
        groups.setdefault(tuple(map(_text, keys.values())), (keys, []))[1].append(row)
    if not command.by and not groups:
        groups[()] = {}, []
    return [
        keys | {each.name: _aggregate(each, members) for each in command.aggregates}
        for keys, members in groups.values()
    ]


def _aggregate(column: Named, rows: Sequence[Row]) -> Value:
    call = column.expression
    if not isinstance(call, Call):
        raise Malformed(f"{column.name} is no aggregate")
    if call.name == "count" and not call.arguments:
        return float(len(rows))
    values = [value for row in rows if (value := _value(call.arguments[0], row)) is not None]
    numbers = [number for value in values if (number := _number(value)) is not None]
    match call.name:
        case "count":
            return float(len(values))
        case "count_distinct":
            return float(len(set(map(_text, values))))
        case "sum":
            return sum(numbers)
        case "min" | "max":
            choose = min if call.name == "min" else max
            return choose(numbers) if numbers else choose(map(_text, values), default=None)
        case "avg":
            return sum(numbers) / len(numbers) if numbers else None
        case _:
            timed = sorted(rows, key=lambda row: _number(row.get("@timestamp")) or 0)
            return _value(call.arguments[0], timed[-1 if call.name == "latest" else 0]) if timed else None


def _value(expression: Expression, row: Row) -> Value:
    match expression:
        case Field(name):
            return row.get(name)
        case Literal(value):
            return value
        case Not(inner):
            return not _true(_value(inner, row))
        case In(value, options):
            found = _value(value, row)
            return any(_compared("=", found, _value(option, row)) for option in options)
        case Like(value, pattern):
            found = _value(value, row)
            return found is not None and pattern.search(_text(found)) is not None
        case Operation("and", left, right):
            return _true(_value(left, row)) and _true(_value(right, row))
        case Operation("or", left, right):
            return _true(_value(left, row)) or _true(_value(right, row))
        case Operation(sign, left, right) if sign in _COMPARE:
            return _compared(sign, _value(left, row), _value(right, row))
        case Operation(sign, left, right):
            one, other = _number(_value(left, row)), _number(_value(right, row))
            return None if one is None or other is None else _ARITHMETIC[sign](one, other)
        case Call(name, arguments):
            return _called(name, [_value(each, row) for each in arguments])
    assert_never(expression)


def _called(name: str, values: Sequence[Value]) -> Value:
    match name:
        case "ispresent":
            return values[0] is not None
        case "isempty":
            return values[0] is None or not _text(values[0])
        case "strcontains":
            return _text(values[1]) in _text(values[0])
        case "tolower":
            return _text(values[0]).lower()
        case _:
            return _in_subnet(_text(values[0]), _text(values[1]), {"isipv4insubnet": 4, "isipv6insubnet": 6}.get(name))


def _in_subnet(address: str, subnet: str, version: int | None) -> bool:
    network = ipaddress.ip_network(subnet)
    if version not in {None, network.version}:
        raise Malformed(f"{subnet} is no IPv{version} network")
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


def _compared(sign: str, one: Value, other: Value) -> bool:
    if one is None or other is None:
        return False
    numbers = _number(one), _number(other)
    if None not in numbers:
        return _COMPARE[sign](*numbers)
    return _COMPARE[sign](_text(one), _text(other))


def _true(value: Value) -> bool:
    return value is True or (not isinstance(value, bool) and value not in {None, "", 0.0})


def _number(value: Value) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def _order(value: Value) -> tuple[int, float, str]:
    """Numbers by size, then texts; what is not there comes first."""
    number = _number(value)
    return (0 if value is None else 1 if number is not None else 2, number or 0.0, _text(value))


def _text(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def _shown(name: str, value: Value) -> str:
    if name == "@timestamp" and isinstance(value, float):
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return _text(value)
