"""The region of a change: every pair of parties whose traffic it can let pass, so that nothing it opens is missed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange
from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.route_tables import Route
from diagnosis.trace.alike import classes
from diagnosis.trace.places import Held, Internet, OnPremises, Place
from diagnosis.traffic.addresses import ALL_ADDRESSES, IPV4, IPV6, NOT_PUBLIC, PUBLIC, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, has, join_all, meet, minus
from diagnosis.traffic.protocols import protocol_number


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair: a place, and which interface each of its addresses belongs to; none for the outside."""

    place: Place
    members: tuple[tuple[str, IntervalSet], ...] = ()


Pair = tuple[Side, Side, int | None]


def touched(network: Network, change: Change) -> Iterator[Pair]:
    """Every (source, destination, protocol) that the change may open; protocol None is all."""
    match change:
        case GroupRuleChange():
            yield from _by_group(network, change)
        case AclEntryChange():
            yield from _by_acl(network, change)
        case RouteChange():
            yield from _by_route(network, change)
        case _:
            assert_never(change)


def _by_group(network: Network, change: GroupRuleChange) -> Iterator[Pair]:
    group = network.groups.get(change.component)
    vpc = group.vpc if group is not None else None
    if change.group is not None:
        holders = _held(network, change.group)
        peers = [side for some in classes(network, holders) for side in _sides(some, ALL_ADDRESSES)]
    else:
        peers = list(_in_range(network, parse_cidr(change.cidr or ""), vpc))
    protocol = protocol_number(change.protocol)
    for some in classes(network, _held(network, change.component)):
        yield from _against(some, peers, protocol, outgoing=change.direction == "egress")


def _held(network: Network, group: str) -> list[NetworkInterface]:
    return [network.interfaces[eni] for eni in network.members.get(group, ())]


def _by_acl(network: Network, change: AclEntryChange) -> Iterator[Pair]:
    """An entry lets new connections pass one way and the replies of connections the other way."""
    acl = network.acls[change.component]
    protocol = protocol_number(change.protocol)
    wanted = parse_cidr(change.cidr)
    peers = list(_in_range(network, wanted, acl.vpc))
    own = [network.interfaces[eni] for subnet in acl.subnets for eni in network.interfaces_of_subnet.get(subnet, ())]
    for some in classes(network, own):
        yield from _against(some, peers, protocol, outgoing=True)
        yield from _against(some, peers, protocol, outgoing=False)
    for nat in network.nat_gateways.values():
        if nat.subnet in acl.subnets:
            yield from _behind_nat(network, nat.id, wanted, peers, protocol)


def _behind_nat(
    network: Network, nat: str, wanted: IntervalSet, peers: list[Side], protocol: int | None
) -> Iterator[Pair]:
    """The clients of a NAT gateway pass its subnet's ACL twice: as themselves, and as the gateway."""
    outside = [Side(Internet(meet(PUBLIC, IPV4)))]
    far = [peer for peer in peers if not peer.members]
    clients = [i for i in network.interfaces.values() if any(r.target == nat for r in _routes(network, i))]
    for some in classes(network, clients):
        for side in _sides(some, meet(wanted, IPV4)):
            yield from ((side, there, protocol) for there in outside)
        for side in _sides(some, IPV4):
            yield from ((side, there, protocol) for there in far)


def _routes(network: Network, interface: NetworkInterface) -> tuple[Route, ...]:
    table = network.table_of(interface.subnet, interface.vpc, interface.origins)
    return () if isinstance(table, Missing) else table.routes


def _by_route(network: Network, change: RouteChange) -> Iterator[Pair]:
    peers = list(_in_range(network, parse_cidr(change.destination), None))
    routes = network.route_tables[change.component].routes
    own = [i for i in network.interfaces.values() if _routes(network, i) is routes]
    for some in classes(network, own):
        yield from _against(some, peers, None, outgoing=True)
        yield from _against(some, peers, None, outgoing=False)


def _against(
    some: tuple[NetworkInterface, ...], peers: Iterable[Side], protocol: int | None, *, outgoing: bool
) -> Iterator[Pair]:
    """A class against each peer in the family of the peer; towards the internet by its public addresses."""
    for peer in peers:
        for family in (IPV4, IPV6):
            if not meet(_addresses(peer.place), family):
                continue
            for side in _seen_from(some, peer.place, family, outgoing=outgoing):
                yield (side, peer, protocol) if outgoing else (peer, side, protocol)


def _addresses(place: Place) -> IntervalSet:
    match place:
        case Held():
            return place.addresses
        case Internet(addresses=addresses) | OnPremises(addresses=addresses):
            return addresses
        case _:
            return ()


def _seen_from(
    some: tuple[NetworkInterface, ...], peer: Place, family: IntervalSet, *, outgoing: bool
) -> Iterator[Side]:
    own = family
    if isinstance(peer, Internet) and family is IPV4:
        public = [(i, a) for i in some for a in i.ipv4 if a.public is not None]
        for interface, address in public:
            seen = address.private if outgoing or address.public is None else address.public
            yield Side(Held(interface, seen, address.private), ((interface.id, (seen, seen + 1)),))
        if not outgoing:
            return
        own = minus(own, join_all((a.private, a.private + 1) for _, a in public))
    yield from _sides(some, own)


def _sides(some: tuple[NetworkInterface, ...], wanted: IntervalSet) -> Iterator[Side]:
    """A class by these of its own addresses, one side a family."""
    for family in (IPV4, IPV6):
        parts = tuple((i.id, part) for i in some if (part := meet(meet(i.own_addresses, family), wanted)))
        if parts:
            whole = join_all(part for _, part in parts)
            first = next(i for i in some if i.id == parts[0][0])
            yield Side(Held(first, parts[0][1][0], parts[0][1][0], alike=whole), parts)


def _in_range(network: Network, wanted: IntervalSet, vpc: str | None) -> Iterator[Side]:
    """Interfaces with an address in the range, and the part of it that lies outside everything seen."""
    near = [i for i in network.interfaces.values() if meet(i.own_addresses, wanted)]
    for some in classes(network, near):
        yield from _sides(some, wanted)
    for interface in network.interfaces.values():
        for address in interface.ipv4:
            # By its public address it comes from the internet, also from another VPC.
            if interface.vpc != vpc and address.public is not None and has(wanted, address.public):
                private: IntervalSet = (address.private, address.private + 1)
                yield Side(Held(interface, address.private, address.private), ((interface.id, private),))
    outside = minus(wanted, network.all_vpc_addresses)
    for family in (IPV4, IPV6):
        public, private = meet(meet(outside, PUBLIC), family), meet(meet(outside, NOT_PUBLIC), family)
        if public:
            yield Side(Internet(public))
        if private:
            yield Side(OnPremises(private))
