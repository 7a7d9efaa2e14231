"""The ends between which a change opens something: members of a cohort, and those of them that are treated alike.

At each end addresses are told by their ranks among those that are there at all, in the same VPC (`Occupants`): rules
that differ only in addresses that nobody holds become the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from diagnosis.fix.parties import Parties, Roll, in_words
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace.own_groups import Allowed
from diagnosis.trace.places import Held
from diagnosis.traffic.intervals import IntervalSet, covers, join, join_all, meet, pieces, size
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.ranks import Ranks
from diagnosis.traffic.traffic import NOTHING, Box, SideName, Traffic, merged

Members = tuple[tuple[NetworkInterface, IntervalSet], ...]
"""Interfaces with the addresses by which they are meant."""


class Outside:
    """A range outside all that was seen, as the other end: its addresses stand for themselves."""

    groups: frozenset[str] = frozenset()

    def __init__(self, ranges: IntervalSet) -> None:
        self.ranges = ranges

    @property
    def occupants(self) -> Outside:
        """Itself: nobody there is known."""
        return self

    def parties(self, addresses: IntervalSet) -> Parties:
        """These addresses in words."""
        return in_words(addresses)

    def addresses(self, addresses: IntervalSet) -> IntervalSet:
        """Themselves."""
        return addresses

    def there(self, addresses: IntervalSet) -> IntervalSet:
        """Those of some addresses that are in the range."""
        return meet(addresses, self.ranges)

    def numbered(self, traffic: Traffic, side: SideName) -> Traffic:
        """The traffic as it is."""
        return traffic


class Occupants:
    """All that is at one side of a region in one VPC, its addresses numbered."""

    def __init__(self, roll: Roll, ranges: IntervalSet, members: Members) -> None:
        self.ranges = ranges
        """Short sets that hold all their addresses."""
        self.groups = frozenset(group for one, _ in members for group in one.groups or ())
        self.ranks = Ranks(join_all([own for _, own in members]))
        self._single = self.ranks.count == len(members) and all(len(own) == 2 for _, own in members)
        """Whether each has one address and none is held twice: the number of the address is that of its owner."""
        self.apart = self._single or self.ranks.count == sum(size(own) for _, own in members)
        """Whether nobody has an address of another's."""
        self.numbers: dict[str, IntervalSet]
        """The numbers of each member's own addresses."""
        if self._single:
            members = tuple(sorted(members, key=lambda member: member[1]))
            self.numbers = {one.id: (at, at + 1) for at, (one, _) in enumerate(members)}
        else:
            self.numbers = {one.id: self.ranks.of(own) for one, own in members}
        self._owners = [roll.number[one.id] for one, _ in members]
        self._rising = self._single and all(a < b for a, b in pairwise(self._owners))
        """Whether they are in the same order as in the roll."""
        self._parties: dict[IntervalSet, Parties] = {}

    def there(self, addresses: IntervalSet) -> IntervalSet:
        """The numbers of those addresses that somebody here has."""
        return self.ranks.of(addresses)

    def parties(self, numbers: IntervalSet) -> Parties:
        """Whose addresses these are."""
        found = self._parties.get(numbers)
        if found is None:
            found = self._parties[numbers] = Parties(self._bits(numbers))
        return found

    def _bits(self, numbers: IntervalSet) -> int:
        bits = 0
        if not self._single:
            for own, number in zip(self.numbers.values(), self._owners, strict=True):
                if meet(own, numbers):
                    bits |= 1 << number
            return bits
        for low, high in pieces(numbers):
            first, last = self._owners[low], self._owners[high - 1]
            if self._rising and last - first == high - 1 - low:  # None of the roll is left out.
                bits |= ((1 << (high - low)) - 1) << first
                continue
            for number in self._owners[low:high]:
                bits |= 1 << number
        return bits

    def addresses(self, numbers: IntervalSet) -> IntervalSet:
        """The addresses with these numbers."""
        return self.ranks.members(numbers)

    def numbered(self, traffic: Traffic, side: SideName) -> Traffic:
        """Traffic with the addresses of one side by their numbers, as far as they are here."""
        if not traffic.boxes:
            return traffic
        found = []
        for box in traffic.boxes:
            own = self.ranks.of(box.source if side == "source" else box.destination)
            if own:
                found.append(box._replace(source=own) if side == "source" else box._replace(destination=own))
        return Traffic(merged(tuple(found)))


@dataclass(frozen=True, eq=False)
class End:
    """Members of cohorts whose traffic takes the same way to the other end, in one family."""

    members: Members
    clients: IntervalSet
    """The ports from which any of them starts connections."""
    within: IntervalSet
    """A range that holds all their addresses, and no way out of it or rule of the change tells apart."""
    occupants: Occupants

    @cached_property
    def addresses(self) -> IntervalSet:
        """All their addresses."""
        return join_all(own for _, own in self.members)

    @cached_property
    def numbers(self) -> IntervalSet:
        """The numbers of all their addresses."""
        return self.occupants.ranks.of(self.addresses)

    @cached_property
    def subnets(self) -> frozenset[str | None]:
        """The subnets in which they are."""
        return frozenset(member.subnet for member, _ in self.members)

    def place(self, network: Network, *, not_as: NetworkInterface | None = None) -> Held | None:
        """All of them as one place without groups, in the name of one that is up; None where there is no such one."""
        named = (one for one in self.members if one[0] is not not_as)
        first = next(named, None)
        if first is None:
            return None
        interface, own = first
        whole = meet(subnet_ranges(network, self.subnets), self.within)
        whole = whole if covers(whole, self.addresses) else join(whole, self.addresses)
        return Held(interface, own[0], own[0], alike=whole, clients=self.clients, groups_apart=True)

    def only(self, members: Members) -> End:
        """Some of them."""
        return self if len(members) == len(self.members) else End(members, self.clients, self.within, self.occupants)


def subnet_ranges(network: Network, names: Iterable[str | None]) -> IntervalSet:
    """The ranges of these subnets together."""
    return join_all(subnet.addresses for name in names if (subnet := network.subnets.get(name or "")) is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """Members of one end that are treated alike: by their groups on each path, and by the ports that they send from."""

    numbers: IntervalSet
    """Their addresses, as numbers of the occupants."""
    before: tuple[Allowed, ...]
    after: tuple[Allowed, ...]
    """Not told where there is one path that is the same before and after."""
    clients: IntervalSet = ALL_PORTS
    more: Traffic = NOTHING
    """What their groups let pass after the change and not before, where there is one path."""


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """Traffic that passes after the change and did not before, from some to others, addresses by their numbers."""

    sources: Occupants | Outside
    destinations: Occupants | Outside
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Untold:
    """Two ends between which addresses are rewritten or ways part, so that they are to be traced in another way.

    Of what is outside there are no members: then the others are the sources here.
    """

    sources: Members
    destinations: Members


def let(allowed: Allowed) -> Traffic:
    """What groups let pass, or may."""
    return allowed.passed if allowed.unknown.empty else allowed.passed.union(allowed.unknown)


def passing(traffic: Traffic, ours: Some, theirs: Some, out: Allowed, into: Allowed) -> Traffic:
    """What of the traffic of a path the groups of both ends let pass from the ones to the others."""
    found = received_by(sent_by(traffic, ours, out), theirs)
    return found if into.everything else found.meet(let(into))


def sent_by(traffic: Traffic, some: Some, out: Allowed | None) -> Traffic:
    """What of the traffic some send; groups that are not given are left out. ICMP has no ports of clients."""
    allowed = None if out is None or out.everything else let(out)
    within = traffic.boxes
    if allowed is not None:
        there = _met([box.destination for box in within], allowed.project("destination"))
        within = tuple([box for box in within if there[id(box.destination)]])
    here = _met([box.source for box in within], some.numbers)
    sent = _met([box.source_port for box in within], some.clients)
    boxes = []
    for source, destination, protocol, source_port, port in within:
        own = here[id(source)]
        ports = source_port if source_port == ALL_PORTS else sent[id(source_port)]
        if own and ports:
            boxes.append(Box(own, destination, protocol, ports, port))
    found = Traffic(tuple(boxes))
    return found if allowed is None else found.meet(allowed)


def received_by(traffic: Traffic, some: Some) -> Traffic:
    """What of the traffic is for some, whatever their groups."""
    here = _met([box.destination for box in traffic.boxes], some.numbers)
    boxes = ((box, here[id(box.destination)]) for box in traffic.boxes)
    return Traffic(tuple([box._replace(destination=own) for box, own in boxes if own]))


def _met(sides: list[IntervalSet], own: IntervalSet) -> dict[int, IntervalSet]:
    """What each of some sides has in common with a set, by the identity of the side.

    Hundreds of boxes of a traffic share a few sides, and to hash a long one takes as long as to meet it.
    """
    return {identity: meet(side, own) for identity, side in {id(side): side for side in sides}.items()}


def cut_by(end: End, ways: list[IntervalSet]) -> Iterator[End]:
    """An end cut where these ranges part."""
    if len(ways) <= 1:
        yield end
        return
    for way in ways:
        members = tuple((one, own) for one, addresses in end.members if (own := meet(addresses, way)))
        if members:
            yield End(members, end.clients, meet(end.within, way), end.occupants)
