"""Sets of ports, and of ICMP types and codes, which ride on the destination-port side.

A port set is an IntervalSet over 0 to 65535. An ICMP message is the cell ``type << 8 | code`` on the same line, so that
one code path serves TCP, UDP, ICMP and ICMPv6; its source-port side stays full.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diagnosis.traffic.intervals import EMPTY, IntervalSet, join_all, meet, minus, pieces
from diagnosis.traffic.protocols import ICMP, ICMPV6, has_ports

ALL_PORTS: IntervalSet = (0, 65536)

ICMP_REPLY: Mapping[int, int] = MappingProxyType({8: 0, 13: 14, 15: 16, 17: 18})
"""ICMP request type to the type of its reply: echo, timestamp, information (RFC 792), address mask (RFC 950)."""

ICMPV6_REPLY: Mapping[int, int] = MappingProxyType({128: 129})
"""ICMPv6 request type to the type of its reply: echo (RFC 4443)."""

_ICMP_NAMES: Mapping[tuple[int, int], str] = MappingProxyType(
    {(ICMP, 8): "echo request", (ICMP, 0): "echo reply", (ICMPV6, 128): "echo request", (ICMPV6, 129): "echo reply"}
)


def port(number: int) -> IntervalSet:
    """One port; ValueError outside 0 to 65535."""
    return port_range(number, number)


def port_range(lo: int, hi: int) -> IntervalSet:
    """The ports from ``lo`` to ``hi``, both included, as AWS's FromPort and ToPort; ValueError when it is no range."""
    if not 0 <= lo <= hi <= 65535:
        raise ValueError(f"{lo}-{hi} is not a port range: ports go from 0 to 65535, the lower one first")
    return (lo, hi + 1)


def icmp_cell(icmp_type: int, code: int) -> IntervalSet:
    """The cells of an ICMP type and code; -1 is AWS's wildcard (type -1: everything; code -1: every code of the type).

    Raises ValueError outside -1 to 255.
    """
    if not -1 <= icmp_type <= 255 or not -1 <= code <= 255:
        raise ValueError(f"ICMP type {icmp_type} code {code} does not exist: both go from 0 to 255, -1 means all")
    if icmp_type == -1:
        return ALL_PORTS
    if code == -1:
        return (icmp_type << 8, (icmp_type + 1) << 8)
    return (icmp_type << 8 | code, (icmp_type << 8 | code) + 1)


def reply_types(protocol: int) -> Mapping[int, int]:
    """Request type to reply type of an ICMP protocol; empty for any other protocol."""
    if protocol == ICMP:
        return ICMP_REPLY
    return ICMPV6_REPLY if protocol == ICMPV6 else {}


def reply_cells(cells: IntervalSet, protocol: int) -> IntervalSet:
    """The cells of the replies to a set of ICMP cells: the type changes, the code stays. No reply, no cell."""
    replies: list[IntervalSet] = []
    for request, reply in reply_types(protocol).items():
        shift = (reply - request) << 8
        replies.append(tuple(point + shift for point in meet(cells, icmp_cell(request, -1))))
    return join_all(replies)


def without_reply(cells: IntervalSet, protocol: int) -> IntervalSet:
    """The cells whose messages are never answered, such as replies themselves and errors (type 3, type 11)."""
    return minus(cells, join_all(icmp_cell(request, -1) for request in reply_types(protocol)))


def format_ports(ports: IntervalSet, protocol_number: int | None) -> str:
    """A port set in words: "3306", "80, 1024-65535", "all ports"; for ICMP "echo request (type 8 code 0)".

    ``protocol_number`` None means several protocols. A protocol without ports gives "all traffic".
    """
    if protocol_number in (ICMP, ICMPV6):
        return _format_cells(ports, protocol_number)
    if ports == EMPTY:
        return "no ports"
    if protocol_number is not None and not has_ports(protocol_number):
        return "all traffic"
    if ports == ALL_PORTS:
        return "all ports"
    return ", ".join(_inclusive(lo, hi) for lo, hi in pieces(ports))


def _inclusive(lo: int, hi: int) -> str:
    return str(lo) if hi == lo + 1 else f"{lo}-{hi - 1}"


def _format_cells(cells: IntervalSet, protocol: int) -> str:
    if cells == EMPTY:
        return "no types"
    if cells == ALL_PORTS:
        return "all types"
    words: list[str] = []
    for lo, hi in pieces(cells):
        # A piece is at most: a tail of one type, then whole types, then the head of another.
        first_whole, last_whole = (lo + 255) >> 8, hi >> 8
        if first_whole > last_whole:
            words.append(_codes(lo, hi, protocol))
            continue
        if lo < first_whole << 8:
            words.append(_codes(lo, first_whole << 8, protocol))
        if first_whole + 1 == last_whole:
            words.append(_named(protocol, first_whole, "all codes"))
        elif first_whole < last_whole:
            words.append(f"types {first_whole}-{last_whole - 1}")
        if last_whole << 8 < hi:
            words.append(_codes(last_whole << 8, hi, protocol))
    return ", ".join(words)


def _codes(lo: int, hi: int, protocol: int) -> str:
    """Cells of one type, not all of its codes."""
    few = "code" if hi == lo + 1 else "codes"
    return _named(protocol, lo >> 8, f"{few} {_inclusive(lo & 255, (hi - 1 & 255) + 1)}")


def _named(protocol: int, icmp_type: int, codes: str) -> str:
    name = _ICMP_NAMES.get((protocol, icmp_type))
    return f"{name} (type {icmp_type} {codes})" if name else f"type {icmp_type} {codes}"
