"""Parties of an exposure as bits: a lot of thousands of interfaces is one number, and two lots are joined at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.traffic.addresses import format_cidrs
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.traffic import Traffic

PASSING_ON = "transitgateway"
"""The kind of the interfaces that only pass on: they neither send nor answer themselves."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Interfaces, each as the bit of its number in a roll, and ranges outside in words."""

    bits: int = 0
    outside: frozenset[str] = frozenset()

    def __or__(self, other: Parties) -> Parties:
        return Parties(self.bits | other.bits, self.outside | other.outside)

    def __and__(self, other: Parties) -> Parties:
        return Parties(self.bits & other.bits, self.outside & other.outside)

    def __sub__(self, other: Parties) -> Parties:
        return Parties(self.bits & ~other.bits, self.outside - other.outside)

    def __len__(self) -> int:
        return self.bits.bit_count() + len(self.outside)

    @property
    def many(self) -> bool:
        """Whether these are several interfaces."""
        return bool(self.bits & (self.bits - 1))

    def each(self) -> Iterator[Parties]:
        """Each of them alone."""
        for number in numbers(self.bits):
            yield Parties(1 << number)
        for words in sorted(self.outside):
            yield Parties(outside=frozenset({words}))


NOBODY = Parties()
MOST_RANGES = 8


def in_words(addresses: IntervalSet) -> Parties:
    """Ranges outside."""
    ranges = format_cidrs(addresses)
    return Parties(outside=frozenset({"the internet" if len(ranges) > MOST_RANGES else ", ".join(ranges)}))


def numbers(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, ascending."""
    at = (bits & -bits).bit_length() - 1 if bits else 0
    for digits in f"{bits >> at:b}"[::-1].split("1")[:-1]:
        at += len(digits)
        yield at
        at += 1


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """All interfaces of a network in a fixed order: those of a VPC together, and there by their addresses."""

    members: tuple[NetworkInterface, ...]
    number: dict[str, int]
    of_vpc: dict[str, int]
    passing_on: int
    _sets: dict[tuple[str, ...], int] = field(default_factory=dict)

    def bits(self, key: str, value: str | None, ids: Iterable[str]) -> int:
        """The interfaces with these ids, kept under what they have in common."""
        known = self._sets.get((key, value or ""))
        if known is None:
            known = self._sets[key, value or ""] = sum(1 << self.number[eni] for eni in ids)
        return known

    def first(self, bits: int) -> NetworkInterface:
        """The first of some."""
        return self.members[(bits & -bits).bit_length() - 1]

    def ids(self, parties: Parties) -> tuple[str, ...]:
        """Their ids, in order, and the ranges outside."""
        found = [self.members[number].id for number in numbers(parties.bits)]
        return tuple(sorted([*found, *parties.outside]))


def roll_of(network: Network) -> Roll:
    """The roll of a network, which no change of rules alters."""
    known: Roll | None = network.memo.get("roll")
    if known is None:
        members = sorted(network.interfaces.values(), key=_place)
        passing = sum([1 << number for number, one in enumerate(members) if one.kind == PASSING_ON])
        numbered = {one.id: number for number, one in enumerate(members)}
        of_vpc: dict[str, int] = {}
        low = 0
        for vpc, some in groupby(members, key=lambda one: one.vpc or ""):
            high = low + len(list(some))
            of_vpc[vpc] = (1 << high) - (1 << low)
            low = high
        known = network.memo.keep("roll", Roll(tuple(members), numbered, of_vpc, passing))
    return known


def _place(interface: NetworkInterface) -> tuple[str, int, str]:
    first = interface.ipv4[0].private if interface.ipv4 else interface.ipv6[0] if interface.ipv6 else 0
    return interface.vpc or "", first, interface.id


@dataclass(frozen=True)
class Opened:
    """What became reachable: all of some sources can reach all of some destinations with this traffic.

    Of a side that is several interfaces the traffic names no addresses.
    """

    roll: Roll = field(repr=False)
    ours: Parties
    theirs: Parties
    traffic: Traffic

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The ids of the sources; ranges outside in words."""
        return self.roll.ids(self.ours)

    @cached_property
    def destinations(self) -> tuple[str, ...]:
        """The ids of the destinations; ranges outside in words."""
        return self.roll.ids(self.theirs)

    @property
    def pairs(self) -> int:
        """How many pairs, an interface and itself left out."""
        return pairs_between(self.ours, self.theirs)


def pairs_between(sources: Parties, destinations: Parties) -> int:
    """How many pairs, an interface and itself left out."""
    return len(sources) * len(destinations) - len(sources & destinations)
