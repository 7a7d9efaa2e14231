"""The ends between which a change opens something: members of a cohort, and those of them that are treated alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace.cohorts import Cohort
from diagnosis.trace.own_groups import Allowed
from diagnosis.trace.places import Held
from diagnosis.traffic.intervals import IntervalSet, covers, join, join_all, meet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.traffic import NOTHING, Traffic

Members = tuple[tuple[NetworkInterface, IntervalSet], ...]
"""Interfaces with the addresses by which they are meant."""


@dataclass(frozen=True, eq=False)
class End:
    """The members of a cohort at one end, in one family."""

    cohort: Cohort
    members: Members
    addresses: IntervalSet
    within: IntervalSet
    """A range that holds all their addresses, and no way out of it or rule of the change tells apart."""

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
        return Held(
            interface, own[0], own[0], alike=self._whole(network), clients=self.cohort.clients, groups_apart=True
        )

    def _whole(self, network: Network) -> IntervalSet:
        """Short sets that hold all their addresses."""
        ranges = join_all(
            subnet.addresses for name in self.subnets if (subnet := network.subnets.get(name or "")) is not None
        )
        wide = meet(ranges, self.within)
        return wide if covers(wide, self.addresses) else join(wide, self.addresses)

    def only(self, members: Members) -> End:
        """Some of them."""
        return self if len(members) == len(self.members) else end_of(self.cohort, members, self.within)


def end_of(cohort: Cohort, members: Members, within: IntervalSet) -> End:
    """Members of a cohort as an end, all of them in a range."""
    return End(cohort, members, join_all(own for _, own in members), within)


@dataclass(frozen=True, eq=False)
class Some:
    """Members of one end that are treated alike: by their groups on each path, and by the ports that they send from."""

    members: Members
    before: tuple[Allowed, ...]
    after: tuple[Allowed, ...]
    clients: IntervalSet
    more: Traffic = NOTHING
    """What their groups let pass after the change and not before, where there is one path."""

    @cached_property
    def addresses(self) -> IntervalSet:
        """All their addresses."""
        return join_all(own for _, own in self.members)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Their ids, in order."""
        return tuple(sorted(one.id for one, _ in self.members))

    def at(self, addresses: IntervalSet) -> tuple[str, ...]:
        """The ids of those with one of these addresses."""
        if covers(addresses, self.addresses):
            return self.names
        return tuple(sorted(one.id for one, own in self.members if meet(own, addresses)))


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """Traffic that passes after the change and did not before, from some interfaces to others."""

    sources: Some
    destinations: Some
    traffic: Traffic


@dataclass(frozen=True, slots=True, eq=False)
class Untold:
    """Two ends between which addresses are rewritten or ways part, so that they are to be traced in another way."""

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
    boxes = []
    for box in traffic.boxes:
        source = meet(box.source, some.addresses)
        sent = box.source_port if box.source_port == ALL_PORTS else meet(box.source_port, some.clients)
        if source and sent:
            boxes.append(box._replace(source=source, source_port=sent))
    found = Traffic(tuple(boxes))
    return found if out is None or out.everything else found.meet(let(out))


def received_by(traffic: Traffic, some: Some) -> Traffic:
    """What of the traffic is for some, whatever their groups."""
    boxes = ((box, meet(box.destination, some.addresses)) for box in traffic.boxes)
    return Traffic(tuple([box._replace(destination=own) for box, own in boxes if own]))


def cut_by(end: End, ways: list[IntervalSet]) -> Iterator[End]:
    """An end cut where these ranges part."""
    if len(ways) <= 1:
        yield end
        return
    for way in ways:
        members = tuple((one, own) for one, addresses in end.members if (own := meet(addresses, way)))
        if members:
            yield end_of(end.cohort, members, meet(end.within, way))
