"""IP addresses of both families on one line of integers, and their text forms.

IPv4 address n is n; IPv6 address n is 2**32 + n. So ``0.0.0.0/0`` never meets an IPv6 address by construction, as in
AWS's rules and routes, and one code path serves both families.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Final

from diagnosis.traffic.intervals import IntervalSet, has, join_all, meet, minus, pieces

_IPV6_BASE = 1 << 32
_END = _IPV6_BASE + (1 << 128)

IPV4: IntervalSet = (0, _IPV6_BASE)
IPV6: IntervalSet = (_IPV6_BASE, _END)
ALL_ADDRESSES: IntervalSet = (0, _END)

_MAPPED_PREFIX = 0xFFFF  # ::ffff:0:0/96, the IPv4-mapped addresses (RFC 4291, 2.5.5.2)


def is_ipv6(address: int) -> bool:
    """Whether a point of the address line is an IPv6 address."""
    return address >= _IPV6_BASE


@lru_cache(maxsize=65536)
def parse_address(text: str) -> int:
    """The point on the address line of one IPv4 or IPv6 address.

    Raises ValueError with a sentence for the asker: no prefix length, no zone id, no octet with a leading zero.
    """
    if ":" in text:
        return _IPV6_BASE + _parse_ipv6(text)
    return _parse_ipv4(text)


@lru_cache(maxsize=65536)
def parse_cidr(text: str) -> IntervalSet:
    """The addresses of a CIDR block; host bits are cleared as AWS does, a bare address is a /32 or /128.

    Raises ValueError with a sentence for the asker.
    """
    head, slash, tail = text.partition("/")
    address = parse_address(head)
    bits, base = (128, _IPV6_BASE) if address >= _IPV6_BASE else (32, 0)
    if not slash:
        return (address, address + 1)
    if not (tail.isascii() and tail.isdigit() and len(tail) <= 3 and int(tail) <= bits):
        raise ValueError(f"{_shown(text)} is not a CIDR block: the part after / is a whole number from 0 to {bits}")
    host_bits = bits - int(tail)
    low = base + ((address - base) >> host_bits << host_bits)
    return (low, low + (1 << host_bits))


_OCTETS: Final = {str(number): number for number in range(256)}
"""The four numbers of an IPv4 address as they may be written: no sign, no leading zero, no digits of other scripts."""


def _parse_ipv4(text: str) -> int:
    octets = text.split(".")
    if len(octets) == 4:
        a, b, c, d = map(_OCTETS.get, octets)
        if a is not None and b is not None and c is not None and d is not None:
            return a << 24 | b << 16 | c << 8 | d
    raise ValueError(
        f"{_shown(text)} is not an IP address: write four numbers from 0 to 255 without leading zeros, "
        "such as 10.0.1.10, or an IPv6 address such as 2001:db8::1"
    )


def _parse_ipv6(text: str) -> int:
    try:
        if "%" not in text:
            return int(IPv6Address(text))
    except AddressValueError:
        pass
    raise ValueError(f"{_shown(text)} is not an IPv6 address: write one such as 2001:db8::1, without a zone id")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "...")


def format_address(address: int) -> str:
    """The canonical text of an address: dotted quad, or RFC 5952 for IPv6 (mixed notation for IPv4-mapped ones only).

    Raises ValueError off the address line.
    """
    if 0 <= address < _IPV6_BASE:
        return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"
    if not _IPV6_BASE <= address < _END:
        raise ValueError(f"{address} is not on the address line")
    number = address - _IPV6_BASE
    if number >> 32 == _MAPPED_PREFIX:
        # Python changed its own form of these between versions.
        return "::ffff:" + format_address(number & 0xFFFFFFFF)
    return str(IPv6Address(number))


def format_cidrs(addresses: IntervalSet) -> list[str]:
    """The shortest list of CIDR blocks that is exactly this set, ascending, IPv4 before IPv6."""
    blocks: list[str] = []
    for family, base, bits in ((IPV4, 0, 32), (IPV6, _IPV6_BASE, 128)):
        for low, high in pieces(meet(addresses, family)):
            start = low - base
            end = high - base
            while start < end:
                # The largest block that starts here: bounded by the alignment of start, and by what is left.
                aligned = (start & -start).bit_length() - 1 if start else bits
                host_bits = min(aligned, (end - start).bit_length() - 1)
                blocks.append(f"{format_address(base + start)}/{bits - host_bits}")
                start += 1 << host_bits
    return blocks


RFC1918: IntervalSet = join_all(parse_cidr(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""Private IPv4 addresses (RFC 1918)."""

RFC6598: IntervalSet = parse_cidr("100.64.0.0/10")
"""IPv4 addresses shared between carriers and their customers (RFC 6598)."""

NOT_PUBLIC: IntervalSet = join_all(
    (
        RFC1918,
        RFC6598,
        *map(parse_cidr, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")),
        *map(parse_cidr, ("::", "::1", "fc00::/7", "fe80::/10", "ff00::/8")),
    )
)
"""Addresses that the internet never carries. The documentation ranges are not among them: they count as public."""

PUBLIC: IntervalSet = minus(ALL_ADDRESSES, NOT_PUBLIC)
"""Every address that is not in NOT_PUBLIC."""


def is_public(address: int) -> bool:
    """Whether the internet could carry a packet to this address, as PUBLIC lists it."""
    return has(PUBLIC, address)
