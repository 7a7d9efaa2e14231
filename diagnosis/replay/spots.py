"""The spot of each address that occurs, in columns: what its traffic meets near it, and what it is alike with."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.replay.columns import among
from diagnosis.replay.packets import Packets
from diagnosis.replay.verdicts import BLOCKED, REACHABLE, UNKNOWN
from diagnosis.trace import interfaces
from diagnosis.trace.places import Held, Internet, Nobody
from diagnosis.trace.placing import INTERFACES, UNROUTABLE, AtAddress, place_at
from diagnosis.trace.route_tables import routing
from diagnosis.trace.spots import Spot, beyond, spot
from diagnosis.traffic.addresses import ALL_ADDRESSES, IPV6, PUBLIC, parse_cidr
from diagnosis.traffic.filters import Filter
from diagnosis.traffic.intervals import EMPTY, IntervalSet, join_all, meet, minus
from diagnosis.traffic.ranks import Ranks
from diagnosis.traffic.traffic import NOTHING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

NOWHERE: Final = -1
"""The kind of an address that has no spot, or several."""
INTERNET: Final = 0
"""The kind of public addresses that nothing seen holds: which way to them is taken, the other side tells."""
OUTSIDE: Final = -1
"""What stands for the interface of an address outside of all that is seen."""
NOBODYS: Final = -2
"""The same of an address in a VPC that nobody holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Spots:
    """All columns are by rank."""

    network: Network
    ranks: Ranks
    numbers: tuple[int, ...]
    found: dict[int, Spot]
    """By rank, of addresses inside."""
    on_premises: dict[int, Spot]
    """By kind."""
    kind: NDArray[np.int64]
    """Addresses of one kind take the same ways; see `Spot.narrow`."""
    six: NDArray[np.bool_]
    interface: NDArray[np.int64]
    vpc: NDArray[np.int64]
    """The VPC of its interface, as a place in `vpcs`."""
    vpcs: tuple[IntervalSet, ...]
    """The ranges of each VPC."""
    groups: NDArray[np.int64]
    """Which groups its interface holds, as a place in `holders`."""
    holders: tuple[NetworkInterface, ...]
    """One interface for each set of groups, VPC and account."""
    acl: NDArray[np.int64]
    """The ACL of its subnet, as a place in `filters`."""
    filters: tuple[tuple[Filter, Filter], ...]
    state: NDArray[np.int8]
    """What becomes of its traffic by the state of its interface alone."""
    other: NDArray[np.int64]
    """The rank of the public address of a private one, and of the private one behind a public one."""

    def at(self, rank: int) -> Spot | None:
        """The spot of an address."""
        number = self.numbers[rank]
        return (
            self.found.get(rank)
            or self.on_premises.get(int(self.kind[rank]))
            or spot(self.network, Internet((number, number + 1)))
        )

    def ways_out(self, rank: int) -> NDArray[np.int64] | None:
        """By rank, the way to it out of the subnet of an address, as a number; None where that is more than a number.

        As `trace.spots.outside` has it, of which this is the column.
        """
        import numpy as np

        here = self.found[rank].interface
        if here is None or self.network.edge_tables:
            return None
        table = self.network.table_of(here.subnet, here.vpc, here.origins)
        if isinstance(table, Missing):
            return None
        routes = routing(self.network, table)
        if routes.unseen_lists:
            return None
        found = np.full(self.ranks.count, NOWHERE, np.int64)
        for number, way in enumerate(routes.ways):
            found[among(self.ranks, way.addresses)] = number
        return found


def spots_of(network: Network, packets: Packets) -> Spots:
    """The spots of the addresses of connections."""
    import numpy as np

    ranks, numbers = packets.ranks, packets.numbers
    kind = np.full(ranks.count, NOWHERE, np.int64)
    ours = _held(network)
    if INTERFACES in network.coverage.answered and network.coverage.unanswered(INTERFACES) is None:
        kind[among(ranks, minus(PUBLIC, join_all((network.all_vpc_addresses, ours, UNROUTABLE))))] = INTERNET
    interface, vpc, groups, acl = (np.full(ranks.count, OUTSIDE, np.int64) for _ in range(4))
    other, state = np.full(ranks.count, -1, np.int64), np.full(ranks.count, REACHABLE, np.int8)
    on_premises: dict[int, Spot] = {}
    kinds, places, vpcs = _Numbers[None](), _Numbers[None](), _Numbers[IntervalSet]()
    holders, acls = _Numbers[NetworkInterface](), _Numbers[tuple[Filter, Filter]]()
    found: dict[int, Spot] = {}
    inside = among(ranks, join_all((network.all_vpc_addresses, ours)))
    occurs = np.zeros(ranks.count, np.bool_)
    occurs[packets.client] = occurs[packets.server] = True
    for rank, spot_ in _spots(network, numbers, np.flatnonzero(inside & occurs).tolist()):
        found[rank] = spot_
        kind[rank] = kinds.of((spot_.narrow, spot_.six), None) + INTERNET + 1
        own = spot_.interface
        if own is None:
            interface[rank] = NOBODYS
            continue
        assert isinstance(spot_.place, Held)
        assert spot_.acl is not None
        assert spot_.filters is not None
        home = network.vpcs.get(own.vpc or "")
        interface[rank] = places.of(own.id, None)
        vpc[rank] = vpcs.of(own.vpc, home.addresses if home is not None else EMPTY)
        groups[rank] = holders.of((own.groups, own.vpc, own.account, own.origins), own)
        acl[rank] = acls.of(spot_.acl.id, spot_.filters)
        behind = spot_.place.private if spot_.place.by_public_address else own.public_of(spot_.place.private)
        known = ranks.number(behind) if behind is not None else None
        other[rank] = -1 if known is None else known
        if not spot_.up:
            state[rank] = BLOCKED if interfaces.judge(network, own, NOTHING).blockers else UNKNOWN
    for part, spot_ in _premises(network, ours):
        which = among(ranks, part) & occurs
        if which.any():
            number = kinds.of((spot_.narrow, spot_.six), None) + INTERNET + 1
            kind[which], on_premises[number] = number, spot_
    return Spots(
        network,
        ranks,
        numbers,
        found,
        on_premises,
        kind,
        among(ranks, IPV6),
        interface,
        vpc,
        tuple(vpcs.values),
        groups,
        tuple(holders.values),
        acl,
        tuple(acls.values),
        state,
        other,
    )


class _Numbers(Generic[T]):
    """Keys numbered as they come, each with the first value that came with it."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}
        self.values: list[T] = []

    def of(self, key: Hashable, value: T) -> int:
        """The number of a key."""
        found = self._known.setdefault(key, len(self.values))
        if found == len(self.values):
            self.values.append(value)
        return found


def _spots(network: Network, numbers: tuple[int, ...], which: list[int]) -> Iterator[tuple[int, Spot]]:
    for rank in which:
        place = place_at(network, AtAddress(numbers[rank]))
        if isinstance(place, Held | Nobody):
            found = spot(network, place)
            if found is not None:
                yield rank, found


def _premises(network: Network, ours: IntervalSet) -> Iterator[tuple[IntervalSet, Spot]]:
    """The addresses on premises, in parts that no route tells apart."""
    answered = all(call in network.coverage.answered for call in (INTERFACES, "ec2.describe_vpcs"))
    if not answered or network.coverage.unanswered(INTERFACES) is not None:
        return
    outside = minus(ALL_ADDRESSES, join_all((PUBLIC, network.all_vpc_addresses, ours, UNROUTABLE)))
    ways = (way.addresses for table in network.route_tables.values() for way in routing(network, table).ways)
    listed = (route for table in network.transit.tables.values() for route in table.routes or ())
    through = (parse_cidr(route.destination) for route in listed if not route.is_prefix_list)
    cuts = sorted({*ALL_ADDRESSES, *IPV6, *(point for some in (*ways, *through) for point in some)})
    for low, high in pairwise(cuts):
        part = meet(outside, (low, high))
        found = beyond(network, part) if part else None
        if found is not None:
            yield part, found


def _held(network: Network) -> IntervalSet:
    """Every address of every interface, its public ones too."""
    publics = ((number, number + 1) for number in network.by_public_address)
    return join_all([*publics, *(one.own_addresses for one in network.interfaces.values())])
