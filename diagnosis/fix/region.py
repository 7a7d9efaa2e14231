"""The region of a change: every pair of parties whose traffic it can let pass, so that nothing it opens is missed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange
from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace.places import Held, Internet, OnPremises, Place
from diagnosis.traffic.addresses import ALL_ADDRESSES, IPV4, IPV6, NOT_PUBLIC, PUBLIC, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, join_all, meet, minus
from diagnosis.traffic.protocols import protocol_number

Pair = tuple[Place, Place, int | None]


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
    own = [network.interfaces[eni] for eni in network.members.get(change.component, ())]
    group = network.groups.get(change.component)
    vpc = group.vpc if group is not None else None
    protocol = protocol_number(change.protocol)
    if change.group is not None:
        holders = [network.interfaces[eni] for eni in network.members.get(change.group, ())]
        peers: list[Place] = [place for i in holders for place in places(i, i.own_addresses)]
    else:
        peers = list(_in_range(network, parse_cidr(change.cidr or ""), vpc))
    for interface in own:
        yield from _both_families(interface, peers, protocol, outgoing=change.direction == "egress")


def _by_acl(network: Network, change: AclEntryChange) -> Iterator[Pair]:
    """An entry lets new connections pass one way and the replies of connections the other way."""
    acl = network.acls[change.component]
    protocol = protocol_number(change.protocol)
    wanted = parse_cidr(change.cidr)
    peers: list[Place] = list(_in_range(network, wanted, acl.vpc))
    own = [network.interfaces[eni] for subnet in acl.subnets for eni in network.interfaces_of_subnet.get(subnet, ())]
    for interface in own:
        yield from _both_families(interface, peers, protocol, outgoing=True)
        yield from _both_families(interface, peers, protocol, outgoing=False)
    for nat in network.nat_gateways.values():
        if nat.subnet in acl.subnets:
            yield from _behind_nat(network, nat.id, wanted, peers, protocol)


def _behind_nat(
    network: Network, nat: str, wanted: IntervalSet, peers: list[Place], protocol: int | None
) -> Iterator[Pair]:
    """The clients of a NAT gateway pass its subnet's ACL twice: as themselves, and as the gateway."""
    far = [p for p in peers if not isinstance(p, Held)]
    for interface in network.interfaces.values():
        table = network.table_of(interface.subnet, interface.vpc, interface.origins)
        if isinstance(table, Missing) or not any(r.target == nat for r in table.routes):
            continue
        mine = meet(interface.own_addresses, IPV4)
        client = [*places(interface, meet(mine, wanted))]
        outside: list[Place] = [Internet(meet(PUBLIC, IPV4))]
        for place in client:
            yield from ((place, there, protocol) for there in outside)
        for place in places(interface, mine):
            yield from ((place, there, protocol) for there in far)


def _by_route(network: Network, change: RouteChange) -> Iterator[Pair]:
    peers = list(_in_range(network, parse_cidr(change.destination), None))
    for interface in network.interfaces.values():
        table = network.table_of(interface.subnet, interface.vpc, interface.origins)
        if not isinstance(table, Missing) and table.id == change.component:
            yield from _both_families(interface, peers, None, outgoing=True)
            yield from _both_families(interface, peers, None, outgoing=False)


def _both_families(
    interface: NetworkInterface, peers: Iterable[Place], protocol: int | None, *, outgoing: bool
) -> Iterator[Pair]:
    """The interface against each peer in the family of the peer; towards the internet by its public address."""
    for peer in peers:
        if isinstance(peer, Held) and peer.interface.id == interface.id:
            continue
        for family in (IPV4, IPV6):
            if not meet(_addresses(peer), family):
                continue
            for place in _seen_from(interface, peer, family, outgoing=outgoing):
                yield (place, peer, protocol) if outgoing else (peer, place, protocol)


def _addresses(place: Place) -> IntervalSet:
    match place:
        case Held():
            return place.addresses
        case Internet(addresses=addresses) | OnPremises(addresses=addresses):
            return addresses
        case _:
            return ()


def _seen_from(interface: NetworkInterface, peer: Place, family: IntervalSet, *, outgoing: bool) -> Iterator[Held]:
    own = meet(interface.own_addresses, family)
    if isinstance(peer, Internet) and family is IPV4:
        for address in interface.ipv4:
            if address.public is not None:
                yield Held(interface, address.private if outgoing else address.public, address.private)
        if outgoing:
            own = minus(own, join_all((a.private, a.private + 1) for a in interface.ipv4 if a.public is not None))
        else:
            return
    yield from places(interface, own)


def places(interface: NetworkInterface, addresses: IntervalSet) -> Iterator[Held]:
    """An interface by these of its own addresses, one place a family."""
    for family in (IPV4, IPV6):
        part = meet(addresses, family)
        if part:
            yield Held(interface, part[0], part[0], alike=part)


def _in_range(network: Network, wanted: IntervalSet, vpc: str | None) -> Iterator[Place]:
    """Interfaces with an address in the range, in the VPC and those connected to it, and the outside part."""
    for interface in network.interfaces.values():
        yield from places(interface, meet(interface.own_addresses, wanted))
        if vpc is None or interface.vpc != vpc:
            # From another VPC it may also come by its public address.
            for address in interface.ipv4:
                if address.public is not None and meet((address.public, address.public + 1), wanted):
                    yield Held(interface, address.private, address.private)
    outside = minus(meet(wanted, ALL_ADDRESSES), network.all_vpc_addresses)
    public, private = meet(outside, PUBLIC), meet(outside, NOT_PUBLIC)
    for family in (IPV4, IPV6):
        if meet(public, family):
            yield Internet(meet(public, family))
        if meet(private, family):
            yield OnPremises(meet(private, family))
