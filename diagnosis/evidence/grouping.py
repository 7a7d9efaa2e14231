"""Single records of a log as what was seen of a conversation: the leg of each, and their sum."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from diagnosis.evidence.combine import together
from diagnosis.evidence.query import Action, Between, Direction, FlowLogQuery, Leg, RawLine, Seen
from diagnosis.evidence.records import Kind, classify


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of a log, as it stands there, and where."""

    fields: tuple[str, ...]
    line: str
    origin: str


def seen_in(lines: Iterable[Logged], query: FlowLogQuery, window: Between) -> tuple[Seen, ...]:
    """Return what the well-formed records among the lines hold of the conversation in the window."""
    rows = []
    for logged in lines:
        if classify(logged.fields, logged.line) is not Kind.OK:
            continue
        values = dict(zip(logged.fields, logged.line.split(" "), strict=True))
        leg = leg_of(values, query)
        if leg is not None and within(values, window):
            rows.append(_seen(values, leg, logged))
    return together(rows)


def leg_of(values: Mapping[str, str], query: FlowLogQuery) -> Leg | None:
    """Return the leg that a record, by AWS's field names, belongs to; None for another conversation's."""
    if query.protocol is not None and values.get("protocol") != str(query.protocol):
        return None
    legs: tuple[tuple[Leg, frozenset[str], frozenset[str], str, str], ...] = (
        ("forward", query.sources, query.destinations, "dstport", "srcport"),
        ("reply", query.destinations, query.sources, "srcport", "dstport"),
    )
    for leg, senders, receivers, service, client in legs:
        ports = not query.ports_matter or all(
            wanted is None or values.get(name) == str(wanted)
            for name, wanted in ((service, query.port), (client, query.source_port))
        )
        if ports and _one_of(values, "srcaddr", senders) and _one_of(values, "dstaddr", receivers):
            return leg
    return None


def _one_of(values: Mapping[str, str], name: str, allowed: frozenset[str]) -> bool:
    if not allowed:
        return True
    addresses = [each for each in (values.get(name), values.get(f"pkt-{name}")) if each not in {None, "-"}]
    return any(_holds(each, network) for each in addresses if each for network in allowed)


@lru_cache(maxsize=65536)
def _holds(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network)
    except ValueError:  # records of IPv6 are checked loosely
        return False


def within(values: Mapping[str, str], window: Between) -> bool:
    """Whether a record falls into the window at least in part."""
    start, end = seconds(values.get("start")), seconds(values.get("end"))
    early = window.start is not None and end is not None and end < window.start
    late = window.end is not None and start is not None and start > window.end
    return not early and not late


def _seen(values: Mapping[str, str], leg: Leg, logged: Logged) -> Seen:
    ended = seconds(values.get("end"))
    return Seen(
        interface=known(values.get("interface-id")),
        leg=leg,
        direction=cast("Direction | None", known(values.get("flow-direction"))),
        action=cast("Action", values["action"]),
        records=1,
        packets=seconds(values.get("packets")) or 0,
        first=seconds(values.get("start")),
        last=ended,
        tcp_flags=seconds(values.get("tcp-flags")),
        reject_reason=known(values.get("reject-reason")),
        lines=(RawLine(logged.line, logged.origin, ended),),
    )


def known(value: str | None) -> str | None:
    """A value, or None for "-" and for a field that is not there."""
    return None if value in {None, "", "-"} else value


def seconds(value: str | None) -> int | None:
    """A number, or None for "-" and for a field that is not there."""
    found = known(value)
    return None if found is None else int(found)
