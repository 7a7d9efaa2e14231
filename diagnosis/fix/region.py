"""The region of a change: all parties whose traffic it can let pass, so that nothing it opens is missed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange
from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.route_tables import RouteTable
from diagnosis.network.shape import rule_ports
from diagnosis.network.transit_gateways import PEERINGS, TransitGatewayAttachment
from diagnosis.trace.alike import classes
from diagnosis.trace.cohorts import leads_to_nat
from diagnosis.trace.places import Held, Internet, OnPremises, Place
from diagnosis.traffic.addresses import ALL_ADDRESSES, IPV4, IPV6, NOT_PUBLIC, PUBLIC, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, has, join_all, meet, minus
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import TCP, UDP, protocol_number


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair: a place, and which interface each of its addresses belongs to; none for the outside."""

    place: Place
    members: tuple[tuple[str, IntervalSet], ...] = ()
    by_public: bool = False
    """Whether an interface is here as the internet sees it, by its public address."""


Pair = tuple[Side, Side, int | None]


@dataclass(frozen=True, slots=True)
class Holders:
    """Interfaces, by those of their own addresses that are in a range."""

    interfaces: tuple[NetworkInterface, ...]
    addresses: IntervalSet = ALL_ADDRESSES


@dataclass(frozen=True, slots=True)
class Between:
    """Everything between two lots of interfaces, of one protocol or all, to these ports."""

    sources: Holders
    destinations: Holders
    protocol: int | None
    ports: IntervalSet = ALL_PORTS


@dataclass(frozen=True, slots=True)
class Beyond:
    """Everything between interfaces and a range outside of all that was seen."""

    own: tuple[NetworkInterface, ...]
    outside: Side
    protocol: int | None
    outgoing: bool
    """Whether the interfaces send, and the range receives."""
    ports: IntervalSet = ALL_PORTS


@dataclass(frozen=True, slots=True, eq=False)
class InPairs:
    """What gateways translate, pair by pair. There may be a million, so each is made when it is asked for."""

    each: Iterator[Pair]


Region = Between | Beyond | InPairs


def touched(network: Network, change: Change) -> Iterator[Region]:
    """All that the change may open: between interfaces, with the outside, and in pairs where devices translate."""
    match change:
        case GroupRuleChange():
            yield from _by_group(network, change)
        case AclEntryChange():
            yield from _by_acl(network, change)
        case RouteChange():
            yield from _by_route(network, change)
        case _:
            assert_never(change)


def _by_group(network: Network, change: GroupRuleChange) -> Iterator[Region]:
    """Groups only allow: a rule opens nothing but what it matches."""
    protocol = protocol_number(change.protocol)
    wanted = ALL_ADDRESSES if change.group is not None else parse_cidr(change.cidr or "")
    known = _held(network, change.group) if change.group is not None else _near(network, wanted)
    ports = rule_ports(protocol, change.from_port, change.to_port) if protocol in (TCP, UDP) else ALL_PORTS
    own, peers = Holders(_held(network, change.component)), Holders(known, wanted)
    outgoing = change.direction == "egress"
    yield Between(own, peers, protocol, ports) if outgoing else Between(peers, own, protocol, ports)
    if change.group is None:
        yield from _with_outside(network, own.interfaces, wanted, protocol, ports, outgoing=outgoing)
        if not outgoing:
            yield from _let_in_behind_nat(network, own, wanted, protocol, ports)


def _let_in_behind_nat(
    network: Network, own: Holders, wanted: IntervalSet, protocol: int | None, ports: IntervalSet
) -> Iterator[Region]:
    """A rule sees a NAT gateway, and so lets in whoever is behind it."""
    ours = join_all(one.own_addresses for one in own.interfaces)
    for nat in network.nat_gateways.values():
        seen = any(a.private is not None and has(wanted, a.private) for a in nat.addresses)
        if seen and leads_to_nat(network, ours, nat.id):
            yield Between(Holders(_clients(network, nat.id)), own, protocol, ports)
        if any(a.public is not None and has(wanted, a.public) for a in nat.addresses):
            yield InPairs(_through_nat(network, nat.id, own.interfaces, protocol))


def _through_nat(network: Network, nat: str, own: tuple[NetworkInterface, ...], protocol: int | None) -> Iterator[Pair]:
    """What the clients of a NAT gateway send to the public addresses of these."""
    reached = list(_by_public(own, PUBLIC))
    if reached:
        yield from _by_class(network, _clients(network, nat), reached, protocol, outgoing=True)


def _with_outside(
    network: Network,
    own: tuple[NetworkInterface, ...],
    wanted: IntervalSet,
    protocol: int | None,
    ports: IntervalSet = ALL_PORTS,
    *,
    outgoing: bool,
) -> Iterator[Region]:
    """What of a range lies outside, against these."""
    outside = list(_outside(network, wanted))
    yield from (Beyond(own, side, protocol, outgoing, ports) for side in outside if not side.by_public)
    public = [side for side in outside if side.by_public]
    yield InPairs(_by_class(network, own, public, protocol, outgoing=outgoing))


def _by_class(
    network: Network, own: tuple[NetworkInterface, ...], peers: list[Side], protocol: int | None, *, outgoing: bool
) -> Iterator[Pair]:
    for some in classes(network, own) if peers else ():
        yield from against(some, peers, protocol, outgoing=outgoing)


def _held(network: Network, group: str) -> tuple[NetworkInterface, ...]:
    return tuple(network.interfaces[eni] for eni in network.members.get(group, ()))


def _near(network: Network, wanted: IntervalSet) -> tuple[NetworkInterface, ...]:
    return tuple(i for i in network.interfaces.values() if meet(i.own_addresses, wanted))


def _by_acl(network: Network, change: AclEntryChange) -> Iterator[Region]:
    """An entry lets new connections pass one way and the replies of connections the other way."""
    acl = network.acls[change.component]
    protocol = protocol_number(change.protocol)
    wanted = parse_cidr(change.cidr)
    own = [network.interfaces[eni] for subnet in acl.subnets for eni in network.interfaces_of_subnet.get(subnet, ())]
    yield from _both_ways(network, own, wanted, protocol)
    for nat in network.nat_gateways.values():
        if nat.subnet in acl.subnets:
            yield from _behind_nat(network, nat.id, wanted, protocol, by_client=True)


def _both_ways(
    network: Network, own: list[NetworkInterface], wanted: IntervalSet, protocol: int | None
) -> Iterator[Region]:
    """What these send there, and what they are sent from there."""
    ours, theirs = Holders(tuple(own)), Holders(_near(network, wanted), wanted)
    yield Between(ours, theirs, protocol)
    yield Between(theirs, ours, protocol)
    for outgoing in (True, False):
        yield from _with_outside(network, ours.interfaces, wanted, protocol, outgoing=outgoing)


def _behind_nat(
    network: Network, nat: str, wanted: IntervalSet, protocol: int | None, *, by_client: bool
) -> Iterator[Region]:
    """What the clients of a NAT gateway send through its subnet: there it is the gateway that sends.

    `by_client`: they pass it as themselves too, on their way to the gateway.
    """
    far = list(_outside(network, wanted))
    everywhere = list(_outside(network, meet(PUBLIC, IPV4))) if by_client else []
    clients = _clients(network, nat)
    yield Between(Holders(clients), Holders(_near(network, wanted), wanted), protocol)
    if by_client:
        yield Between(Holders(clients, wanted), Holders(tuple(network.interfaces.values())), protocol)
    yield InPairs(
        (side, there, protocol)
        for some in classes(network, clients)
        for range_, others in ((meet(wanted, IPV4), everywhere), (IPV4, far))
        for side in sides(some, range_)
        for there in others
    )


def _clients(network: Network, nat: str) -> tuple[NetworkInterface, ...]:
    """Whose route table names the gateway, or a transit gateway that comes out in a subnet whose table does."""
    tables = {table.id: None for table in _naming(network, {nat})}
    hubs = {
        attachment.gateway
        for attachment in network.transit.attachments
        if attachment.kind == "vpc" and _comes_out_at(network, attachment, tables)
    }
    tables |= {table.id: None for table in _naming(network, _joined(network, hubs))}
    return tuple(one for table in tables for one in _steered_by(network, table))


def _naming(network: Network, targets: Collection[str]) -> Iterator[RouteTable]:
    return (t for t in network.route_tables.values() if any(route.target in targets for route in t.routes))


def _comes_out_at(network: Network, attachment: TransitGatewayAttachment, tables: Collection[str]) -> bool:
    """Whether an attachment has a subnet with one of these route tables; it may, where its subnets were not seen."""
    subnets = attachment.subnets
    if subnets is None:
        subnets = tuple(one.id for one in network.subnets.values() if one.vpc == attachment.resource)
    found = (network.table_of(subnet, attachment.resource, attachment.origins) for subnet in subnets)
    return any(not isinstance(table, Missing) and table.id in tables for table in found)


def _joined(network: Network, hubs: set[str]) -> set[str]:
    """These transit gateways, and those that peerings join to them."""
    found, ahead = set(hubs), list(hubs)
    while ahead:
        one = ahead.pop()
        for peering in network.transit.attachments:
            if peering.kind in PEERINGS and one in (peering.gateway, peering.resource):
                new = {peering.gateway, peering.resource} - found
                found |= new
                ahead += new
    return found


def _steered_by(network: Network, table: str) -> list[NetworkInterface]:
    """The interfaces in the subnets of a route table."""
    known: defaultdict[str, list[NetworkInterface]] | None = network.memo.get("steered by")
    if known is None:
        known = network.memo["steered by"] = defaultdict(list)
        for one in network.interfaces.values():
            found = network.table_of(one.subnet, one.vpc, one.origins)
            if not isinstance(found, Missing):
                known[found.id].append(one)
    return known[table]


def _by_route(network: Network, change: RouteChange) -> Iterator[Region]:
    own = _steered_by(network, change.component)
    wanted = parse_cidr(change.destination)
    yield from _both_ways(network, own, wanted, None)
    for nat in network.nat_gateways.values():
        table = network.table_of(nat.subnet, nat.vpc, nat.origins) if nat.subnet is not None else None
        if change.component in (nat.route_table, getattr(table, "id", None)):
            yield from _behind_nat(network, nat.id, wanted, None, by_client=False)


def against(
    some: tuple[NetworkInterface, ...], peers: Iterable[Side], protocol: int | None, *, outgoing: bool
) -> Iterator[Pair]:
    """A class against each peer in the family of the peer; towards the internet by its public addresses."""
    for peer in peers:
        for family in (IPV4, IPV6):
            if not meet(_addresses(peer.place), family):
                continue
            for side in _seen_from(some, peer, family, outgoing=outgoing):
                yield (side, peer, protocol) if outgoing else (_sending(peer), side, protocol)


def _sending(peer: Side) -> Side:
    """A peer as the source: an interface sends from its private address, whatever its gateway makes of it."""
    if not peer.by_public or not isinstance(peer.place, Held):
        return peer
    private: IntervalSet = (peer.place.private, peer.place.private + 1)
    [(eni, _)] = peer.members
    return Side(replace(peer.place, address=peer.place.private), ((eni, private),))


def _addresses(place: Place) -> IntervalSet:
    match place:
        case Held():
            return place.addresses
        case Internet(addresses=addresses) | OnPremises(addresses=addresses):
            return addresses
        case _:
            return ()


def _seen_from(
    some: tuple[NetworkInterface, ...], peer: Side, family: IntervalSet, *, outgoing: bool
) -> Iterator[Side]:
    own = family
    if (isinstance(peer.place, Internet) or peer.by_public) and family is IPV4:
        public = [(i, a) for i in some for a in i.ipv4 if a.public is not None]
        for interface, address in public:
            seen = address.private if outgoing or address.public is None else address.public
            yield Side(Held(interface, seen, address.private), ((interface.id, (seen, seen + 1)),))
        if not outgoing:
            return
        own = minus(own, join_all((a.private, a.private + 1) for _, a in public))
    yield from sides(some, own)


def sides(some: tuple[NetworkInterface, ...], wanted: IntervalSet) -> Iterator[Side]:
    """A class by these of its own addresses, one side a family."""
    for family in (IPV4, IPV6):
        parts = tuple((i.id, part) for i in some if (part := meet(meet(i.own_addresses, family), wanted)))
        if parts:
            whole = join_all(part for _, part in parts)
            first = next(i for i in some if i.id == parts[0][0])
            yield Side(Held(first, parts[0][1][0], parts[0][1][0], alike=whole), parts)


def _by_public(interfaces: Iterable[NetworkInterface], wanted: IntervalSet) -> Iterator[Side]:
    """Interfaces by those of their public addresses that are in a range, each by itself."""
    for interface in interfaces:
        for address in interface.ipv4:
            if address.public is not None and has(wanted, address.public):
                seen: IntervalSet = (address.public, address.public + 1)
                yield Side(Held(interface, address.public, address.private), ((interface.id, seen),), by_public=True)


def _outside(network: Network, wanted: IntervalSet) -> Iterator[Side]:
    """The part of a range that lies outside everything seen, and interfaces that are there by their public address."""
    yield from _by_public(network.interfaces.values(), wanted)
    outside = minus(wanted, network.all_vpc_addresses)
    for family in (IPV4, IPV6):
        public, private = meet(meet(outside, PUBLIC), family), meet(meet(outside, NOT_PUBLIC), family)
        if public:
            yield Side(Internet(public))
        if private:
            yield Side(OnPremises(private))
