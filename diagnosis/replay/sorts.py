"""Sorts of addresses: those whose traffic takes one way, so that connections between two sorts are judged as one set.

Interfaces of one sort differ in their addresses only.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.replay.columns import among, runs
from diagnosis.replay.packets import Packets
from diagnosis.trace.alike import class_of
from diagnosis.trace.places import Held, Internet
from diagnosis.trace.placing import INTERFACES, UNROUTABLE
from diagnosis.trace.spots import singled_out
from diagnosis.traffic.addresses import IPV6, PUBLIC
from diagnosis.traffic.intervals import IntervalSet, join_all, meet, minus
from diagnosis.traffic.protocols import ICMP
from diagnosis.traffic.ranks import Ranks

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
    members: tuple[tuple[NetworkInterface, ...], ...]
    """The interfaces of each sort, from 1 on; those of `OUTSIDE` are none."""
    public: tuple[int | None, ...]
    """Where a sort is one interface under its public address: that address."""

    def place(self, which: int, addresses: IntervalSet, *, not_as: NetworkInterface | None = None) -> Place | None:
        """Some addresses of a sort as one end of a trace; None where nobody but `not_as` could stand for them."""
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
                return Held(one, own[0], own[0], alike=addresses)
        return None


Place = Held | Internet


def sorts_of(network: Network, ranks: Ranks) -> Sorts:
    """The sorts of the addresses that occur."""
    import numpy as np

    sort = np.full(ranks.count, ALONE, np.int64)
    members: list[list[NetworkInterface]] = [[]]
    public: list[int | None] = [None]
    if INTERFACES in network.coverage.answered and network.coverage.unanswered(INTERFACES) is None:
        ours = (network.all_vpc_addresses, _held(network), UNROUTABLE)
        sort[among(ranks, minus(PUBLIC, join_all(ours)))] = OUTSIDE
    known: dict[Hashable, int] = {}
    for number, holders in network.by_private_address.items():
        rank = ranks.number(number)
        if rank is None or len(holders) != 1:
            continue
        interface = network.interfaces[holders[0]]
        if interface.kind == "interface" and interface.subnet in network.subnets and not _special(network, interface):
            which = known.setdefault(class_of(network, interface), len(members))
            if which == len(members):
                members.append([])
                public.append(None)
            members[which].append(interface)
            sort[rank] = which
    for number, holders in network.by_public_address.items():
        rank = ranks.number(number)
        if rank is not None and len(holders) == 1 and number not in network.by_private_address:
            sort[rank] = len(members)
            members.append([network.interfaces[holders[0]]])
            public.append(number)
    for interface in network.interfaces.values():
        if interface.prefixes:
            sort[among(ranks, interface.prefixes)] = ALONE
    return Sorts(sort, tuple(tuple(dict.fromkeys(some)) for some in members), tuple(public))


def _special(network: Network, interface: NetworkInterface) -> bool:
    return singled_out(network, interface) or bool(interface.prefixes)


def _held(network: Network) -> IntervalSet:
    """Every address of every interface, its public ones too."""
    publics = ((number, number + 1) for number in network.by_public_address)
    return join_all([*publics, *(one.own_addresses for one in network.interfaces.values())])


def alike(sorts: Sorts, packets: Packets) -> list[NDArray[np.int64]]:
    """The places of connections that can be judged together; those with an end that is judged alone are in none."""
    import numpy as np

    ours, theirs = sorts.sort[packets.client], sorts.sort[packets.server]
    six = among(packets.ranks, IPV6)
    same_family = six[packets.client] == six[packets.server]
    # Between IPv6 addresses the number of ICMP means ICMPv6, which the trace knows.
    misnamed = six[packets.client] & (packets.protocol == ICMP)
    alone = (
        misnamed | (ours == ALONE) | (theirs == ALONE) | ~same_family | ~packets.whole | ((ours == 0) & (theirs == 0))
    )
    places = np.flatnonzero(~alone)
    family = six[packets.client[places]].astype(np.int64)
    return [places[some] for some in runs(family, packets.protocol[places], ours[places], theirs[places])]
