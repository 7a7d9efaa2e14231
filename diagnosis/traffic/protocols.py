"""IP protocol numbers, as AWS writes them (IANA "Assigned Internet Protocol Numbers"; -1 means all of them)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from diagnosis.traffic.intervals import IntervalSet

ICMP = 1
TCP = 6
UDP = 17
ICMPV6 = 58

ALL_PROTOCOLS: IntervalSet = (0, 256)

_NUMBERS: Mapping[str, int] = MappingProxyType(
    {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPV6, "icmp6": ICMPV6}
)
_NAMES: Mapping[int, str] = MappingProxyType({TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6"})


def protocol_number(text: str) -> int | None:
    """The number of a protocol written as a name or a number, in any case; None for "-1" and "all", which mean all.

    Raises ValueError with a sentence for the asker when it is neither.
    """
    word = text.lower()
    if word in ("-1", "all"):
        return None
    if word in _NUMBERS:
        return _NUMBERS[word]
    if word.isascii() and word.isdigit() and len(word) <= 3 and int(word) <= 255:
        return int(word)
    raise ValueError(f"{text[:40]!r} is not a protocol: write tcp, udp, icmp, icmpv6, all, or a number from 0 to 255")


def numbers_in(protocols: IntervalSet) -> list[int]:
    """The numbers of a set of protocols, in order."""
    return [n for low, high in zip(protocols[::2], protocols[1::2], strict=True) for n in range(low, high)]


def protocol_name(number: int) -> str:
    """The name of the four protocols that AWS names; the number as text for every other."""
    return _NAMES.get(number, str(number))


def has_ports(number: int) -> bool:
    """Whether the protocol has ports (TCP and UDP). ICMP has types and codes, the others have neither."""
    return number in (TCP, UDP)
