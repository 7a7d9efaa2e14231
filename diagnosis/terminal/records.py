"""A pasted flow-log record, field by field: what stands there and what it means.

Fields and values: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from diagnosis.terminal.page import Page, Tone, column
from diagnosis.terminal.safe_text import cells, safe, wrap

_PROTOCOLS: Final = {"1": "ICMP", "6": "TCP", "17": "UDP", "47": "GRE", "50": "ESP", "58": "ICMPv6"}
_FLAGS: Final = ((2, "SYN"), (16, "ACK"), (1, "FIN"), (4, "RST"), (8, "PSH"), (32, "URG"))
_ACTIONS: Final = {
    "ACCEPT": "security group and network ACL let it through",
    "REJECT": "a security group or a network ACL refused it",
}
_STATUS: Final = {
    "OK": "recorded normally",
    "NODATA": "no traffic at the interface in this interval",
    "SKIPDATA": "records of this interval were lost: absence proves nothing",
}
_DIRECTIONS: Final = {"ingress": "towards the interface", "egress": "away from the interface"}
_VALUE_KEYS: Final = ("value", "raw", "text")
_MEANING_KEYS: Final = ("meaning", "means", "decoded")
_NAME_MOST: Final = 22
_VALUE_MOST: Final = 24
_GAP: Final = "  "


def pasted(page: Page, record: Mapping[str, Any] | None) -> list[str]:
    """A table of the record's fields beside the label "record"; empty where none was pasted."""
    rows = record_rows(record or {})
    if not rows:
        return []
    names = min(max(cells(name) for name, _, _ in rows), _NAME_MOST)
    values = min(max(cells(page.short(value)) for _, value, _ in rows), _VALUE_MOST)
    room = max(page.room - names - values - 2 * len(_GAP), 12)
    lines: list[str] = []
    for name, value, meaning in rows:
        told = wrap(page.short(meaning), room)
        start = page.paint(column(name, names), Tone.DIM) + _GAP + column(page.short(value), values)
        lines.append(page.verbatim(start + _GAP + told[0]) if told else page.verbatim(start).rstrip())
        lines += [page.verbatim(" " * (names + values + 2 * len(_GAP)) + more) for more in told[1:]]
    return page.labelled("record", lines)


def record_rows(record: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Each field as name, value as it stands in the record, and meaning ("" where it speaks for itself).

    A value is either plain, or carries its meaning with it: `{"value": "6", "meaning": "tcp"}`.
    """
    rows = []
    for name, held in record.items():
        value, meaning = _parts(held)
        field = name.replace("_", "-")
        rows.append((safe(field), safe(value), safe(meaning or decoded(field, value))))
    return tuple(rows)


def _parts(held: object) -> tuple[str, str]:
    if isinstance(held, Mapping):
        value = next((held[key] for key in _VALUE_KEYS if key in held), "")
        meaning = next((held[key] for key in _MEANING_KEYS if key in held), "")
        return _said(value), _said(meaning)
    return _said(held), ""


def _said(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_said(item) for item in value)
    return "-" if value is None else str(value)


def decoded(field: str, value: str) -> str:
    """What a field's raw value means, by AWS's field names; "" where it speaks for itself or is "-"."""
    match field:
        case "protocol":
            return _PROTOCOLS.get(value, "")
        case "tcp-flags":
            return _flags(value)
        case "start" | "end":
            return _time(value)
        case "action":
            return _ACTIONS.get(value.upper(), "")
        case "log-status":
            return _STATUS.get(value.upper(), "")
        case "flow-direction":
            return _DIRECTIONS.get(value.lower(), "")
        case _:
            return ""


def _flags(value: str) -> str:
    """The TCP flags seen in the interval, or-ed together; 0 means none of those that flow logs keep."""
    if not value.isdecimal():
        return ""
    return " ".join(name for bit, name in _FLAGS if int(value) & bit) or "none kept"


def _time(value: str) -> str:
    if not value.isdecimal() or len(value) > 11:
        return ""
    return f"{datetime.fromtimestamp(int(value), UTC):%Y-%m-%d %H:%M:%S} UTC"
