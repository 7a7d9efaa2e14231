"""Protocols and ports in a sentence: "tcp 3306", "all traffic", "all traffic but tcp 22"."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from diagnosis.traffic.addresses import ALL_ADDRESSES, is_ipv6
from diagnosis.traffic.intervals import IntervalSet, has, join_all, minus, size
from diagnosis.traffic.ports import ALL_PORTS, format_ports, reply_cells
from diagnosis.traffic.protocols import ALL_PROTOCOLS, ICMP, ICMPV6, TCP, UDP, has_ports, numbers_in, protocol_name
from diagnosis.traffic.traffic import Box, Traffic

FEW = 3
"""So many protocols are named one by one."""


def traffic_words(traffic: Traffic, *, reply: bool = False) -> str:
    """Protocol and ports of some traffic: "tcp 3306", "icmp echo request (type 8 code 0)", "all traffic".

    For a `reply` the port is that of the client, to which it goes.
    """
    families = {is_ipv6(box.destination[0]) for box in traffic.boxes}
    other_icmp = {True: ICMP, False: ICMPV6}[families.pop()] if len(families) == 1 else None
    sides = tuple([(box.protocol, box.source_port if reply else ALL_PORTS, box.port) for box in traffic.boxes])
    return _words_of(sides, reply, other_icmp)


def words_of_any(some: Iterable[Traffic]) -> str:
    """The same of several traffics together, whose addresses are not told.

    An ICMP of which there is nothing is taken for that of the other address family.
    """
    sides = tuple({(box.protocol, ALL_PORTS, box.port): None for one in some for box in one.boxes})
    there = join_all([side[0] for side in sides])
    absent = [protocol for protocol in (ICMP, ICMPV6) if not has(there, protocol)]
    return _words_of(sides, False, absent[0] if len(absent) == 1 else None)


@lru_cache(maxsize=4096)
def _words_of(
    sides: tuple[tuple[IntervalSet, IntervalSet, IntervalSet], ...], reply: bool, other_icmp: int | None
) -> str:
    traffic = Traffic(tuple([Box(ALL_ADDRESSES, ALL_ADDRESSES, *some) for some in sides]))
    protocols = traffic.project("protocol")
    if size(protocols) > FEW:
        return _of_many(traffic, protocols, reply=reply, other_icmp=other_icmp)
    return " and ".join(_one(traffic, p, reply=reply) for p in numbers_in(protocols))


def _of_many(traffic: Traffic, protocols: IntervalSet, *, reply: bool, other_icmp: int | None) -> str:
    """What is all but a little is told by what it is not. `other_icmp` is that of the other address family."""
    left_out = dict.fromkeys(numbers_in(minus(ALL_PROTOCOLS, protocols)), ALL_PORTS)
    if other_icmp is not None:
        left_out.pop(other_icmp, None)
    each = {p: _ports(traffic, p, reply=reply) for p in (ICMP, TCP, UDP, ICMPV6) if p not in left_out}
    # A client sends from some ports only: no reply is missed at the others.
    asked = join_all(each[p] for p in (TCP, UDP) if p in each) if reply else ALL_PORTS
    for protocol, ports in each.items():
        rest = minus(asked, ports) if has_ports(protocol) or not reply else ()
        if rest and protocol != other_icmp:
            left_out[protocol] = rest
    if not left_out:
        return "all traffic"
    if len(left_out) <= FEW:
        names = (_ports_words(p, left_out[p], False).removeprefix("all ") for p in sorted(left_out))
        return f"all traffic but {' and '.join(names)}"
    named = list(numbers_in(protocols))[:FEW]
    return f"{', '.join(_one(traffic, p, reply=reply) for p in named)} and {size(protocols) - FEW} more protocols"


def _one(traffic: Traffic, protocol: int, *, reply: bool) -> str:
    return _ports_words(protocol, _ports(traffic, protocol, reply=reply), reply)


def _ports(traffic: Traffic, protocol: int, *, reply: bool) -> IntervalSet:
    """The ports of the server, of a reply those of the client; or the cells of ICMP."""
    part = traffic if len(traffic.boxes) == 1 else traffic.only(protocol=(protocol, protocol + 1))
    return part.project("source_port" if reply and has_ports(protocol) else "port")


@lru_cache(maxsize=4096)
def _ports_words(protocol: int, ports: IntervalSet, reply: bool) -> str:
    name = protocol_name(protocol)
    if protocol in (ICMP, ICMPV6):
        cells = reply_cells(ports, protocol) if reply else ports
        return f"{name} {format_ports(cells, protocol)}" if cells and cells != ALL_PORTS else f"all {name}"
    if not has_ports(protocol):
        return f"protocol {protocol}"
    return f"all {name}" if ports == ALL_PORTS else f"{name} {format_ports(ports, protocol)}"
