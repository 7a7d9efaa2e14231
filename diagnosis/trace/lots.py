"""Lots: the members of a cohort that differ in nothing but their addresses and the security groups that they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import interfaces
from diagnosis.trace.cohorts import Cohort, own_addresses
from diagnosis.trace.glances import open_to
from diagnosis.trace.group_references import MOUNT_TARGET
from diagnosis.trace.own_groups import Allowed, OwnGroups
from diagnosis.trace.step import Step
from diagnosis.trace.subjects import subjects_of
from diagnosis.traffic.addresses import ALL_ADDRESSES
from diagnosis.traffic.intervals import IntervalSet, covers
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ALL_PROTOCOLS
from diagnosis.traffic.traffic import Box, Traffic

State = Literal["up", "unknown", "down"]
NO_GROUP = 1
"""The bit of those that hold no group at all."""
OPEN = -1
"""Stands for groups of which one lets all pass."""
BY_ITSELF = -1
"""Stands for the groups of an interface that are judged all together: those not seen, and those of a mount target."""
_ANYTHING = Traffic.of(Box(ALL_ADDRESSES, ALL_ADDRESSES, ALL_PROTOCOLS, ALL_PORTS, ALL_PORTS))


class Holder(NamedTuple):
    """A member: the address by which it stands for itself, and its groups as bits by the numbers of its VPC."""

    address: int
    held: int
    interface: NetworkInterface


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """Members of one subnet that send from the same ports and are in the same state."""

    subnet: str | None
    clients: IntervalSet
    state: State
    holders: list[Holder]
    """In the order of their ids."""
    low: int
    high: int
    """The lowest and the highest of their addresses."""
    by_themselves: bool
    """Whether there are some whose groups are judged all together."""


@dataclass(frozen=True, slots=True, eq=False)
class Sorted:
    """A cohort in lots, and all groups that are held in it."""

    cohort: Cohort
    lots: list[Lot]
    held: int
    numbers: Mapping[str, int]
    """The numbers of the groups of its VPC."""


def lots_of(network: Network, cohort: Cohort, *, six: bool) -> Sorted:
    """The lots of a cohort in one family. Those of a cohort that is there in every question are kept."""
    known: dict[tuple[int, bool], Sorted] | None = network.memo.get("lots")
    if known is None:
        known = network.memo["lots"] = {}
    found = known.get((id(cohort), six))
    if found is None:
        found = _sorted(network, cohort, six=six)
        if cohort.kept:
            known[id(cohort), six] = found
    return found


def _sorted(network: Network, cohort: Cohort, *, six: bool) -> Sorted:
    traits = traits_of(network)
    found: defaultdict[tuple[str | None, IntervalSet, State], list[Holder]] = defaultdict(list)
    everything = 0
    for one in cohort.members:
        held, clients = traits[one.id]
        if held != BY_ITSELF:
            everything |= held
        holder = Holder(own_addresses(one, six=six)[0], held, one)
        found[one.subnet, clients, state_of(network, one)].append(holder)
    lots = [_lot(*key, holders) for key, holders in found.items()]
    return Sorted(cohort, lots, everything, group_numbers(network, cohort.members[0].vpc))


def _lot(subnet: str | None, clients: IntervalSet, state: State, holders: list[Holder]) -> Lot:
    addresses = [holder.address for holder in holders]
    by_themselves = any(holder.held == BY_ITSELF for holder in holders)
    return Lot(subnet, clients, state, holders, min(addresses), max(addresses), by_themselves)


class Traits(NamedTuple):
    """What an interface brings to either end of a path, wherever it is."""

    held: int
    """Its groups as bits by the numbers of its VPC; `NO_GROUP`, or `BY_ITSELF`."""
    clients: IntervalSet
    """The ports from which it starts connections."""


def traits_of(network: Network) -> Mapping[str, Traits]:
    """The traits of every interface, by its id."""
    known: dict[str, Traits] | None = network.memo.get("traits")
    if known is None:
        every = network.interfaces.values()
        known = {one.id: Traits(_held(network, one), interfaces.client_ports(network, one)) for one in every}
        network.memo.keep("traits", known)
    return known


def _held(network: Network, one: NetworkInterface) -> int:
    if one.groups is None or one.description.startswith(MOUNT_TARGET):
        return BY_ITSELF
    numbers = group_numbers(network, one.vpc)
    return sum([1 << numbers[group] for group in one.groups]) or NO_GROUP


def group_numbers(network: Network, vpc: str | None) -> Mapping[str, int]:
    """The groups that anything in a VPC holds, numbered from 1."""
    known: dict[str, dict[str, int]] | None = network.memo.get("group numbers")
    if known is None:
        known = defaultdict(dict)
        for one in network.interfaces.values():
            numbers = known[one.vpc or ""]
            for group in one.groups or ():
                numbers.setdefault(group, len(numbers) + 1)
        network.memo.keep("group numbers", known)
    return known[vpc or ""]


class GroupBits:
    """What groups let pass at one end of a path, asked by bits. What it learns of its groups it keeps."""

    def __init__(self, own: OwnGroups, numbers: Mapping[str, int]) -> None:
        self.own = own
        self.open = NO_GROUP
        """Those of the groups that let all pass."""
        self.some = 0
        """Those that let a part pass, or may."""
        self._numbers = numbers
        self._names = ("", *numbers)
        self._known = NO_GROUP
        self._each: dict[int, Allowed] = {}
        self._together: dict[int, Allowed] = {}

    def learn(self, held: int, like: NetworkInterface) -> None:
        """Judges the groups that were not judged yet."""
        missing = held & ~self._known
        if not missing:
            return
        self._known |= missing
        missing &= ~self._plainly_open(like)
        missing &= ~self._silent(missing, like)
        for group, number in self._numbers.items() if missing else ():
            bit = 1 << number
            if missing & bit:
                one = self._each[number] = self.own.of_one(group, like)
                if one.everything:
                    self.open |= bit
                elif not (one.passed.empty and one.unknown.empty):
                    self.some |= bit

    def of_groups(self, groups: Iterable[str]) -> int:
        """These groups as bits, as far as anything in the VPC holds them."""
        return sum([1 << self._numbers[group] for group in groups if group in self._numbers])

    def _silent(self, missing: int, like: NetworkInterface) -> int:
        """Those of the groups, told in the same way, that have no rule about any of it."""
        glance = self.own.glance
        if glance is None or self.own.judge is None or not missing:
            return 0
        subjects = subjects_of(glance.network, like.vpc, self._numbers, egress=glance.egress)
        found = missing & subjects.silent(glance.network, glance.boxes, glance.far, self.own.judge.peer)
        self.own.hush(group for group, number in self._numbers.items() if found >> number & 1)
        return found

    def _plainly_open(self, like: NetworkInterface) -> int:
        """Those of the groups, told without a look at each, that let all pass by a rule for everything."""
        glance = self.own.glance
        if glance is None or self.own.judge is None:
            return 0
        found = 0
        for ranges, bits in _open_ranges(glance.network, like.vpc, self._numbers, egress=glance.egress):
            if covers(ranges, glance.far):
                found |= bits
        self.open |= found
        return found

    def not_open(self, held: int) -> Iterator[str]:
        """Those of some groups, which it has learned, that do not let all pass."""
        left = held & ~self.open
        while left:
            lowest = left & -left
            yield self._names[lowest.bit_length() - 1]
            left ^= lowest

    def of(self, part: int) -> Allowed:
        """What groups let pass of which these let a part pass, and none all; or those of which one does."""
        if part == OPEN:
            return self.own.all_of_it
        found = self._together.get(part)
        if found is None:
            members = [one for number, one in self._each.items() if part >> number & 1]
            found = self._together[part] = self.own.together(members)
        return found


def _open_ranges(
    network: Network, vpc: str | None, numbers: Mapping[str, int], *, egress: bool
) -> list[tuple[IntervalSet, int]]:
    """The groups of a VPC as bits, by the ranges to or from which they let everything pass."""
    known: dict[tuple[str | None, bool], list[tuple[IntervalSet, int]]] | None = network.memo.get("open ranges")
    if known is None:
        known = network.memo["open ranges"] = {}
    found = known.get((vpc, egress))
    if found is None:
        bits: defaultdict[IntervalSet, int] = defaultdict(int)
        for identity, number in numbers.items():
            group = network.groups.get(identity)
            if group is not None and group.vpc == vpc:
                bits[open_to(network, group, egress=egress)] |= 1 << number
        found = known[vpc, egress] = list(bits.items())
    return found


def state_of(network: Network, interface: NetworkInterface) -> State:
    """Whether an interface is up."""
    step = down(network, interface)
    return "up" if step is None else "down" if step.unknown.empty else "unknown"


def down(network: Network, interface: NetworkInterface) -> Step | None:
    """Why an interface may not send and receive; None where it can."""
    known: dict[str, Step | None] | None = network.memo.get("down")
    if known is None:
        known = network.memo.keep("down", {})
    if interface.id in known:
        return known[interface.id]
    if interfaces.plainly_up(network, interface):
        known[interface.id] = None
    else:
        step = interfaces.judge(network, interface, _ANYTHING)
        known[interface.id] = None if step.dropped.empty and step.unknown.empty else step
    return known[interface.id]
