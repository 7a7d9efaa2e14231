"""Sorts of addresses: those whose traffic takes one way, so that connections between two sorts are judged as one set.

Interfaces of one sort differ in their addresses and in their groups, and the groups of each are judged apart.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.replay.packets import Packets
from diagnosis.replay.ranks import Ranks
from diagnosis.trace.alike import class_of
from diagnosis.trace.places import Held, Internet
from diagnosis.trace.placing import INTERFACES, UNROUTABLE
from diagnosis.trace.spots import singled_out
from diagnosis.traffic.addresses import PUBLIC, is_ipv6
from diagnosis.traffic.intervals import IntervalSet, join_all, meet, minus
from diagnosis.traffic.protocols import ICMP, has_ports

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALONE = -1
"""The sort of an address that is judged by itself, in the light of the other side."""
OUTSIDE = 0
"""Public addresses that nothing seen holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Sorts:
    """The sort of every address that occurs."""

    sort: NDArray[np.int64]
    """By rank."""
    groups: NDArray[np.int64]
    """By rank, which groups the interface holds, as a place in `holders`."""
    holders: tuple[NetworkInterface, ...]
    """One interface for each set of groups, VPC and account."""
    members: tuple[tuple[NetworkInterface, ...], ...]
    """The interfaces of each sort, from 1 on; those of `OUTSIDE` are none."""
    public: tuple[int | None, ...]
    """Where a sort is one interface under its public address: that address."""

    def apart(self, which: int) -> bool:
        """Whether the groups of a sort are judged apart from its way: it is of private addresses of interfaces."""
        return which not in (ALONE, OUTSIDE) and self.public[which] is None

    def place(
        self, which: int, addresses: IntervalSet, *, bare: bool, not_as: NetworkInterface | None = None
    ) -> Place | None:
        """Some addresses of a sort as one end of a trace, with `bare` without groups.

        None where nobody but `not_as` could stand for them.
        """
        if which == OUTSIDE:
            return Internet(addresses)
        public = self.public[which]
        for one in self.members[which]:
            if not_as is not None and one.id == not_as.id:
                continue
            if public is not None:
                return Held(one, public, one.private_of(public) or public)
            own = meet(one.own_addresses, addresses)
            if own:
                return Held(replace(one, groups=()) if bare else one, own[0], own[0], alike=addresses)
        return None


Place = Held | Internet


def sorts_of(network: Network, ranks: Ranks) -> Sorts:
    """The sorts of the addresses that occur."""
    import numpy as np

    sort = np.full(len(ranks.numbers), ALONE, np.int64)
    members: list[list[NetworkInterface]] = [[]]
    public: list[int | None] = [None]
    if INTERFACES in network.coverage.answered and network.coverage.unanswered(INTERFACES) is None:
        ours = (network.all_vpc_addresses, _held(network), UNROUTABLE)
        sort[ranks.among(minus(PUBLIC, join_all(ours)))] = OUTSIDE
    known: dict[Hashable, int] = {}
    groups = np.zeros(len(ranks.numbers), np.int64)
    held: dict[Hashable, tuple[int, NetworkInterface]] = {}
    for number, holders in network.by_private_address.items():
        rank = ranks.of(number)
        if rank is None or len(holders) != 1:
            continue
        interface = network.interfaces[holders[0]]
        if interface.kind == "interface" and interface.subnet in network.subnets and not _special(network, interface):
            which = known.setdefault(class_of(network, replace(interface, groups=())), len(members))
            if which == len(members):
                members.append([])
                public.append(None)
            members[which].append(interface)
            sort[rank] = which
            key = (interface.groups, interface.vpc, interface.account, interface.origins)
            groups[rank] = held.setdefault(key, (len(held), interface))[0]
    for number, holders in network.by_public_address.items():
        rank = ranks.of(number)
        if rank is not None and len(holders) == 1 and number not in network.by_private_address:
            sort[rank] = len(members)
            members.append([network.interfaces[holders[0]]])
            public.append(number)
    for interface in network.interfaces.values():
        if interface.prefixes:
            sort[ranks.among(interface.prefixes)] = ALONE
    holders_of = tuple(interface for _, interface in held.values())
    return Sorts(sort, groups, holders_of, tuple(tuple(dict.fromkeys(some)) for some in members), tuple(public))


def _special(network: Network, interface: NetworkInterface) -> bool:
    return singled_out(network, interface) or bool(interface.prefixes)


def _held(network: Network) -> IntervalSet:
    """Every address of every interface, its public ones too."""
    publics = ((number, number + 1) for number in network.by_public_address)
    return join_all([*publics, *(one.own_addresses for one in network.interfaces.values())])


def alike(sorts: Sorts, packets: Packets) -> Iterator[NDArray[np.int64]]:
    """The places of connections that can be judged together; those with an end that is judged alone are in none."""
    import numpy as np

    ours, theirs = sorts.sort[packets.client], sorts.sort[packets.server]
    numbers = np.asarray([is_ipv6(number) for number in packets.ranks.numbers], np.bool_)
    same_family = numbers[packets.client] == numbers[packets.server]
    with_ports = np.isin(packets.protocol, [n for n in range(256) if has_ports(n)])
    whole = ~with_ports | (packets.port >= 0) & (packets.client_port >= 0)
    # Between IPv6 addresses the number of ICMP means ICMPv6, which the trace knows.
    misnamed = numbers[packets.client] & (packets.protocol == ICMP)
    apart = np.asarray([sorts.apart(which) for which in range(len(sorts.members))], np.bool_)
    alone = misnamed | (ours == ALONE) | (theirs == ALONE) | ~same_family | ~whole | ((ours == 0) & (theirs == 0))
    places = np.flatnonzero(~alone)
    if len(places):
        many = len(sorts.members) + 1
        outside = ~(apart[ours[places]] & apart[theirs[places]])
        # Of what the internet has a part in, each set of groups is traced by itself.
        held = np.where(outside, sorts.groups[packets.client[places]] + sorts.groups[packets.server[places]], 0)
        key = (held * many + ours[places]) * many + theirs[places]
        key = (key << 9) + (packets.protocol[places] << 1) + numbers[packets.client[places]]
        order = np.argsort(key, kind="stable")
        starts = np.flatnonzero(np.diff(key[order])) + 1
        yield from np.split(places[order], starts)
