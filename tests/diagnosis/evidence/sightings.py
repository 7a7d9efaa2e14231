"""Sightings written down in a line each, for the tests of patterns."""

from __future__ import annotations

from diagnosis.evidence.query import (
    LAST_HOUR_FIRST,
    Action,
    Between,
    Counts,
    Direction,
    FlowLogQuery,
    InterfaceStatus,
    Leg,
    RawLine,
    Seen,
    Sightings,
    Window,
)
from diagnosis.evidence.records import DEFAULT_FORMAT

WEB, DB, NAT = "eni-0web", "eni-0db", "eni-0nat"
NAMES = {WEB: "web-1", DB: "orders-db"}
NOON = 1795348800
V2 = frozenset(DEFAULT_FORMAT)
V5 = V2 | {"tcp-flags", "pkt-srcaddr", "pkt-dstaddr", "flow-direction"}


def seen(
    interface: str | None,
    leg: Leg,
    action: Action,
    records: int = 3,
    *,
    first: int = NOON - 3000,
    last: int = NOON,
    flags: int | None = None,
    direction: Direction | None = None,
    reason: str | None = None,
) -> Seen:
    """One row of what was seen."""
    line = RawLine(f"2 123456789012 {interface} ... {action} OK", f"x.log:{records}", last)
    return Seen(interface, leg, direction, action, records, 3 * records, first, last, flags, reason, (line,))


def sightings(
    *rows: Seen,
    status: dict[str, tuple[int, int, int]] | None = None,
    fields: frozenset[str] = V2,
    earlier: tuple[Seen, ...] = (),
    window: Window = LAST_HOUR_FIRST,
    protocol: int = 6,
    widened: bool = False,
    counts: Counts | None = None,
) -> Sightings:
    """What was seen; `status` gives OK, NODATA and SKIPDATA of interfaces beyond those that have rows."""
    statuses = {row.interface: (row.records, 0, 0) for row in rows if row.interface} | (status or {})
    sides = frozenset({"10.0.1.10"}), frozenset({"10.0.2.20"})
    query = FlowLogQuery(*sides, protocol, 3306, interfaces=frozenset(statuses), window=window)
    return Sightings(
        "test",
        query,
        "SELECT",
        counts or Counts(read=10),
        Between(NOON - 3600, NOON),
        widened=widened,
        seen=rows,
        earlier=earlier,
        statuses=tuple(InterfaceStatus(each, *numbers) for each, numbers in sorted(statuses.items())),
        newest=NOON,
        fields=fields,
    )
