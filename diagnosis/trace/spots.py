"""Spots: places between which a way can be found once for many flows, and what of a place decides that way.

An interface's traffic takes the way of its subnet; where nothing stands in a subnet by which a device tells it from
others, that of all subnets of one route table and zone. What no list of rules judges of an address is the same for all
of them: who it is, its groups and its network ACL are looked up for each flow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from typing import NamedTuple

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.network_acls import NetworkAcl
from diagnosis.network.vpcs import Subnet
from diagnosis.trace import cohorts, encryption, interfaces, network_acls, route_tables
from diagnosis.trace.places import Held, Internet, Nobody, OnPremises, Place
from diagnosis.traffic.addresses import IPV4, IPV6, PUBLIC, is_ipv6
from diagnosis.traffic.filters import Filter
from diagnosis.traffic.intervals import IntervalSet, has, join, meet, minus
from diagnosis.traffic.traffic import NOTHING

_PUBLIC_IPV4 = meet(PUBLIC, IPV4)


class Spot(NamedTuple):
    """A place as one end of a way."""

    place: Held | Internet | Nobody | OnPremises
    interface: NetworkInterface | None
    """The interface that is there."""
    six: bool
    addresses: IntervalSet
    clients: IntervalSet
    """The ports from which its owner starts connections."""
    narrow: int
    """What decides the way of its traffic, as a number; for the internet see `outside`."""
    wide: int | None
    """The same for all subnets like its own, where it is no part of it which one it is."""
    range: IntervalSet
    """All addresses of the same number."""
    wide_range: IntervalSet
    subnet: str | None
    acl: NetworkAcl | None
    filters: tuple[Filter, Filter] | None
    """What its ACL lets in and out."""
    up: bool
    """Whether its interface certainly sends and receives, but for what is assumed."""
    assumed: tuple[str, ...]


class Outside(NamedTuple):
    """The internet as another spot's routes tell it apart."""

    way: int
    """Which of the ways of the route table there."""
    addresses: IntervalSet
    """All public addresses that take it."""


def spot(network: Network, place: Place) -> Spot | None:
    """A place as a spot; None where there is none of it."""
    match place:
        case Held(groups_apart=False, alike=(), clients=()):
            return _kept(network, place)
        case Internet(whole=False, addresses=addresses) if addresses:
            six = is_ipv6(addresses[0])
            if is_ipv6(addresses[-1] - 1) is not six:
                return None
            return Spot(place, None, six, addresses, interfaces.ANY_CLIENT, 0, None, (), (), None, None, None, True, ())
        case Nobody(address=address):
            six = is_ipv6(address)
            number, around = _around(network, place, six=six)
            single = (address, address + 1)
            return Spot(place, None, six, single, (), number, None, around, (), place.subnet, None, None, True, ())
        case _:
            return None


def beyond(network: Network, addresses: IntervalSet) -> Spot | None:
    """Addresses of one family on premises as a spot; None where tables of gateways may tell their destinations apart.

    Which addresses have one way, the caller guesses: there is no stencil where it is wrong.
    """
    if network.edge_tables:
        return None
    number = _number(network, ("premises", addresses))
    place, six = OnPremises(addresses), is_ipv6(addresses[0])
    any_client = interfaces.ANY_CLIENT
    return Spot(place, None, six, addresses, any_client, number, None, addresses, (), None, None, None, True, ())


def filters_of(network: Network, acl: NetworkAcl) -> tuple[Filter, Filter]:
    """What an ACL lets in and out of its subnets."""
    return network_acls.acl_filter(network, acl, egress=False), network_acls.acl_filter(network, acl, egress=True)


def outside(network: Network, addresses: IntervalSet, inside: Spot) -> Outside | None:
    """Which way the routes of another spot take to public addresses; None where they part there."""
    interface = inside.interface
    if interface is None or network.edge_tables:
        return None
    table = network.table_of(inside.subnet, interface.vpc, interface.origins)
    if isinstance(table, Missing):
        return None
    routing = route_tables.routing(network, table)
    way = routing.where.holding(addresses)
    if way is None or routing.unseen_lists:
        return None
    public = meet(routing.ways[way].addresses, meet(PUBLIC, IPV6 if inside.six else IPV4))
    return Outside(way, public)


def singled_out(network: Network, interface: NetworkInterface) -> bool:
    """Whether some device on a path knows the interface by what it is: a load balancer, an endpoint, a route."""
    return interface.id in cohorts.singled_out(network)


def _kept(network: Network, place: Held) -> Spot | None:
    """The spot of an address, found once."""
    known: dict[Hashable, Spot | None] | None = network.memo.get("spots")
    if known is None:
        known = network.memo["spots"] = {}
    key = (place.interface.id, place.address, place.implied)
    if key not in known:
        known[key] = _held(network, place)
    found = known[key]
    return found if found is None or found.interface is place.interface else _held(network, place)


class _Home(NamedTuple):
    """What of a subnet is the same for all interfaces in it."""

    kin: Kin
    acl: NetworkAcl
    filters: tuple[Filter, Filter]
    like: IntervalSet
    """The addresses of all subnets like it."""


def _home(network: Network, subnet: Subnet, interface: NetworkInterface) -> _Home | None:
    """The subnet of an interface; None where its ACL or route table is not seen, or its VPC enforces encryption."""
    known: dict[Hashable, _Home | None] | None = network.memo.get("homes of spots")
    if known is None:
        known = network.memo["homes of spots"] = {}
    key = (subnet.id, interface.vpc, interface.origins)
    if key not in known:
        acl, kin = network.acl_of(subnet.id, interface.vpc, interface.origins), _kin(network, subnet)
        enforced = encryption.enforced(network, interface.vpc, interface.origins)
        if isinstance(acl, Missing) or kin is None or enforced is not None:
            known[key] = None
        else:
            known[key] = _Home(kin, acl, filters_of(network, acl), _like(network)[kin])
    return known[key]


def _held(network: Network, place: Held) -> Spot | None:
    """None where a device knows the interface by what it is, or its subnet, its ACL or its route table is not seen."""
    interface = place.interface
    subnet = network.subnets.get(interface.subnet or "")
    if subnet is None or subnet.vpc != interface.vpc or not has(subnet.addresses, place.private):
        return None
    if interface.kind == "branch" or singled_out(network, interface):
        return None
    home = _home(network, subnet, interface)
    if home is None:
        return None
    six = place.is_ipv6
    own = _traits(interface)
    family = IPV6 if six else IPV4
    public = place.by_public_address, place.implied, interface.public_of(place.private) is not None
    state = None if interfaces.plainly_up(network, interface) else interfaces.judge(network, interface, NOTHING)
    told = own[:-1] if _inside_only(network) else own
    wide = _number(network, (home.kin, told)) if home.kin[0] is None and not place.by_public_address else None
    return Spot(
        place,
        interface,
        six,
        place.addresses,
        interfaces.client_ports(network, interface),
        _number(network, (home.kin, own, subnet.id, public)),
        wide,
        place.addresses if place.by_public_address else meet(subnet.addresses, family),
        meet(home.like, family),
        subnet.id,
        home.acl,
        home.filters,
        state is None or (not state.blockers and not state.gaps),
        state.assumed if state is not None else (),
    )


def _around(network: Network, place: Nobody, *, six: bool) -> tuple[int, IntervalSet]:
    """A number for where an address of nobody lies, and all addresses there."""
    known: dict[Hashable, tuple[int, IntervalSet]] | None = network.memo.get("spots of nobody")
    if known is None:
        known = network.memo["spots of nobody"] = {}
    key = (place.vpc, place.subnet, six)
    found = known.get(key)
    if found is None:
        if place.subnet is not None:
            around = network.subnets[place.subnet].addresses
        else:
            around = network.vpcs[place.vpc].addresses
            for subnet in network.subnets_of_vpc.get(place.vpc, ()):
                around = minus(around, network.subnets[subnet].addresses)
        found = known[key] = _number(network, ("nobody", *key)), meet(around, IPV6 if six else IPV4)
    return found


Kin = tuple[str | None, Hashable]


def _kin(network: Network, subnet: Subnet) -> Kin | None:
    """What of a subnet decides the way of its traffic, first its id where that does; None where a part is not seen."""
    table = network.table_of(subnet.id, subnet.vpc, subnet.origins)
    if isinstance(table, Missing):
        return None
    place = (subnet.vpc, subnet.account, subnet.region, subnet.zone, subnet.zone_id, subnet.block_mode, subnet.origins)
    return (subnet.id if subnet.id in _told_apart(network) else None), (table.id, place)


def _told_apart(network: Network) -> frozenset[str]:
    """Subnets that a device on a path knows: a transit gateway or NAT gateway is in them."""
    found: frozenset[str] | None = network.memo.get("subnets told apart")
    if found is None:
        attached = {subnet for a in network.transit.attachments for subnet in a.subnets or ()}
        nats = {nat.subnet for nat in network.nat_gateways.values() if nat.subnet is not None}
        found = network.memo["subnets told apart"] = frozenset(attached | nats)
    return found


def _like(network: Network) -> dict[Kin, IntervalSet]:
    """The addresses of all subnets that are alike."""
    found: dict[Kin, IntervalSet] | None = network.memo.get("subnets alike")
    if found is None:
        sets: defaultdict[Kin, list[IntervalSet]] = defaultdict(list)
        for subnet in network.subnets.values():
            kin = _kin(network, subnet)
            if kin is not None:
                sets[kin].append(subnet.addresses)
        found = network.memo["subnets alike"] = {kin: join(*some) for kin, some in sets.items()}
    return found


def _inside_only(network: Network) -> bool:
    """Whether nothing between two subnets asks for public addresses: no peering, no VPC with such a range."""
    return not network.peerings and not meet(network.all_vpc_addresses, _PUBLIC_IPV4)


def _traits(interface: NetworkInterface) -> tuple[Hashable, ...]:
    """What of an interface decides the way of its traffic, besides its subnet; last, whether it is public."""
    return (
        interface.kind,
        interface.vpc,
        interface.account,
        interface.region,
        interface.zone,
        interface.origins,
        interface.status == interfaces.UNATTACHED,
        bool(interface.ipv4),
        bool(interface.ipv6),
        interface.denies_internet_gateway,
        any(address.public is not None for address in interface.ipv4),
    )


def _number(network: Network, traits: Hashable) -> int:
    numbers: dict[Hashable, int] | None = network.memo.get("numbers of spots")
    if numbers is None:
        numbers = network.memo["numbers of spots"] = {}
    return numbers.setdefault(traits, len(numbers) + 1)
