"""Cohorts: interfaces whose traffic takes the same way, so that one trace serves them all.

What the interfaces of a cohort may differ in is judged apart from the way: their addresses, which the trace of a set
keeps apart, their security groups, which judge once at each end of a path (`own_groups`), and whether they are up.
Subnets of one VPC with the same ACL, the same route table and the same zone are one cohort, unless something singles
one of them out. What a gateway or device treats by its identity (nodes of load balancers, interfaces of endpoints and
NAT gateways, targets of routes) is alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.load_balancers import node_of
from diagnosis.network.network import Network
from diagnosis.network.security_groups import GroupPeer
from diagnosis.trace import appliances, interfaces, load_balancers, route_tables, vpc_endpoints
from diagnosis.trace.places import Held
from diagnosis.traffic.addresses import IPV4, IPV6, format_address
from diagnosis.traffic.intervals import IntervalSet, covers, join, join_all, meet

NAT, ORDINARY = "natgateway", "interface"
"""Kinds of interfaces."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """Interfaces whose traffic takes the same way, whatever security groups they hold."""

    members: tuple[NetworkInterface, ...]
    """In the order of their ids."""
    ranges: IntervalSet
    """The ranges of their subnets: short sets that stand for all their addresses. Empty where others are there too."""
    clients: IntervalSet
    """The ports from which any of them starts connections."""
    alone: bool
    """Whether its one interface is to be traced as it is, with its groups."""
    kept: bool = False
    """Whether it is there in every question, and not cut for one."""
    parts: tuple[Cohort, ...] = ()
    """The cohorts that are joined in it for one target, if it is no cohort by itself."""

    def place(self, like: Held) -> Held:
        """All of the cohort where one of it was placed: its addresses of that family, and no groups."""
        if self.alone or like.by_public_address:
            return like
        six = like.is_ipv6
        addresses = self._six if six else self._four
        wide = meet(self.ranges, IPV6 if six else IPV4)
        whole = wide if covers(wide, addresses) else join(wide, addresses)
        return replace(like, alike=whole, groups_apart=True, clients=self.clients)

    @cached_property
    def _four(self) -> IntervalSet:
        return join_all([own_addresses(one, six=False) for one in self.members])

    @cached_property
    def _six(self) -> IntervalSet:
        return join_all([own_addresses(one, six=True) for one in self.members])

    @cached_property
    def subnets(self) -> frozenset[str | None]:
        """The subnets in which they are."""
        return frozenset(one.subnet for one in self.members)

    @property
    def public(self) -> bool:
        """Whether some of them have a public address, which tells them apart at an internet gateway."""
        return any(a.public is not None for one in self.members for a in one.ipv4)

    def part(self, network: Network, members: Iterable[NetworkInterface]) -> Cohort:
        """Some of it."""
        some = list(members)
        return self if len(some) == len(self.members) else _cohort(network, some, wide=True, alone=self.alone)

    def finer(self, network: Network) -> Iterator[Cohort]:
        """The cohort cut by what matters where addresses are rewritten: public addresses, client ports, subnets."""
        found: defaultdict[Hashable, list[NetworkInterface]] = defaultdict(list)
        for one in self.members:
            public = one.id if any(a.public is not None for a in one.ipv4) else ""
            found[one.subnet, public, interfaces.client_ports(network, one)].append(one)
        for some in found.values():
            clients = interfaces.client_ports(network, some[0])
            yield replace(self, members=tuple(some), clients=clients, kept=False)

    def singles(self) -> Iterator[Cohort]:
        """Each interface alone."""
        return (replace(self, members=(one,), alone=True, kept=False) for one in self.members)


def own_addresses(interface: NetworkInterface, *, six: bool) -> IntervalSet:
    """The address by which an interface stands for itself in one family."""
    if six:
        return (interface.ipv6[0], interface.ipv6[0] + 1) if interface.ipv6 else ()
    return (interface.ipv4[0].private, interface.ipv4[0].private + 1) if interface.ipv4 else ()


def cohorts(network: Network, others: Collection[NetworkInterface]) -> Iterator[Cohort]:
    """All interfaces but the others in cohorts, as they behave towards the others.

    Subnets of the others are not joined with any. Who holds a group that the rules of one in another VPC name is told
    so where the name matches nothing, and is therefore apart from who does not.
    """
    apart = {one.subnet for one in others}
    own = {one.id for one in others}
    named = _named(network, others)
    near = {known.vpc if known is not None else None for known in map(network.groups.get, named)}
    for cohort in all_cohorts(network):
        exact = cohort.members[0].vpc in near or None in near
        if not exact and apart.isdisjoint(cohort.subnets):
            yield cohort
            continue
        found: defaultdict[Hashable, list[NetworkInterface]] = defaultdict(list)
        for one in cohort.members:
            if one.id not in own:
                holds = named.intersection(one.groups or ()) if exact else named
                found[one.subnet if one.subnet in apart else "", holds].append(one)
        for some in found.values():
            yield _cohort(network, some, wide=not exact, alone=cohort.alone)


def all_cohorts(network: Network) -> list[Cohort]:
    """All interfaces in cohorts."""
    known: list[Cohort] | None = network.memo.get("cohorts")
    if known is None:
        single = singled_out(network)
        joined = {
            key: _joined(network, one)
            for key, one in {(i.subnet, i.vpc, i.origins): i for i in network.interfaces.values()}.items()
        }
        found: defaultdict[Hashable, list[NetworkInterface]] = defaultdict(list)
        for one in network.interfaces.values():
            place = joined[one.subnet, one.vpc, one.origins]
            found[one.id if one.id in single else _way(one), one.subnet if place is None else place].append(one)
        known = network.memo["cohorts"] = [
            replace(_cohort(network, some, wide=True, alone=some[0].id in single), kept=True) for some in found.values()
        ]
    return known


def joined_towards(network: Network, some: Iterable[Cohort], target: IntervalSet) -> Iterator[Cohort]:
    """Cohorts of sources, those as one that take the same routes to a target and are there in every question."""
    known: dict[tuple[int, ...], Cohort] | None = network.memo.get("joined cohorts")
    if known is None:
        known = network.memo["joined cohorts"] = {}
    past_nat = leads_to_nat(network, join(network.all_vpc_addresses, target))
    alike: defaultdict[Hashable, list[Cohort]] = defaultdict(list)
    for one in some:
        key = effect((network,), one, target, sending=True, past_nat=past_nat) if one.kept else id(one)
        alike[key].append(one)
    for parts in alike.values():
        if len(parts) == 1:
            yield parts[0]
            continue
        key = tuple(map(id, parts))
        if key not in known:
            members = [member for part in parts for member in part.members]
            whole = _cohort(network, members, wide=True, alone=False)
            known[key] = replace(whole, kept=True, parts=tuple(parts))
        yield known[key]


def effect(
    networks: Sequence[Network], cohort: Cohort, towards: IntervalSet, *, sending: bool, past_nat: bool
) -> Hashable:
    """What cohorts share whose route tables, in each of the networks, take the same routes to these addresses.

    What passes is the same for all of them; a blocker may name a table, and theirs are not the same. Where the traffic
    goes past no NAT gateway, not `past_nat`, it does not matter in which subnets these are, and the interface of one
    sends like its neighbours.
    """
    first = cohort.members[0]
    alone = cohort.alone
    if first.kind == NAT and sending and not past_nat:
        first, alone = replace(first, kind=ORDINARY), False
    routes = []
    for network in networks:
        place = None if alone else _joined(network, first, beside_nat=not past_nat)
        table = network.table_of(first.subnet, first.vpc, first.origins)
        if place is None or isinstance(table, Missing):
            return first.id
        ways = route_tables.routing(network, table).split(towards)
        routes.append((place.but_table, tuple((way.route, way.doubt, way.addresses) for way in ways)))
    return _way(first), *routes


def _cohort(network: Network, members: list[NetworkInterface], *, wide: bool, alone: bool) -> Cohort:
    places = {one.subnet: network.subnets.get(one.subnet or "") for one in members}
    ranges = join_all(place.addresses for place in places.values() if place is not None) if wide else ()
    clients = join_all({interfaces.client_ports(network, one) for one in members})
    return Cohort(tuple(sorted(members, key=lambda one: one.id)), ranges, clients, alone)


def _named(network: Network, others: Iterable[NetworkInterface]) -> frozenset[str]:
    """The groups of other VPCs that the rules of these interfaces name."""
    found = set()
    for other in others:
        for identity in other.groups or ():
            group = network.groups.get(identity)
            for rule in group.rules if group is not None else ():
                if isinstance(rule.peer, GroupPeer):
                    known = network.groups.get(rule.peer.group)
                    if known is None or known.vpc != other.vpc:
                        found.add(rule.peer.group)
    return frozenset(found)


def by_route(network: Network, source: Held, cohort: Cohort, *, six: bool) -> list[Cohort]:
    """A cohort of destinations cut where the routes of the source take some of it another way."""
    interface = source.interface
    table = network.table_of(interface.subnet, interface.vpc, interface.origins)
    if isinstance(table, Missing) or cohort.alone:
        return [cohort]
    ranges = meet(cohort.ranges, IPV6 if six else IPV4)
    everything = join_all([ranges, *(own_addresses(one, six=six) for one in cohort.members)])
    ways = route_tables.routing(network, table).split(everything)
    if len(ways) == 1:
        return [cohort]
    found = []
    for way in ways:
        members = tuple(one for one in cohort.members if meet(own_addresses(one, six=six), way.addresses))
        if members:
            found.append(replace(cohort, members=members, ranges=meet(ranges, way.addresses), kept=False))
    return found


def _way(interface: NetworkInterface) -> Hashable:
    return (
        interface.vpc,
        interface.kind,
        interface.zone,
        interface.origins,
        interface.status == interfaces.UNATTACHED,
        bool(interface.ipv4),
        bool(interface.ipv6),
        interface.denies_internet_gateway,
    )


class _Joined(NamedTuple):
    """What subnets of one cohort share."""

    but_table: Hashable
    table: str


def leads_to_nat(network: Network, addresses: IntervalSet, gateway: str | None = None) -> bool:
    """Whether any route table leads, or may lead, some of these addresses to a NAT gateway, or to this one."""
    for table in network.route_tables.values():
        for way in route_tables.routing(network, table).split(addresses):
            if way.doubt is not None or (
                way.route is not None
                and route_tables.target_kind(network, way.route) == "nat-gateway"
                and gateway in (None, way.route.target)
            ):
                return True
    return False


def _joined(network: Network, interface: NetworkInterface, *, beside_nat: bool = False) -> _Joined | None:
    """What a subnet shares with those that are treated like it; None where it is like no other.

    With `beside_nat` a subnet is like others though a NAT gateway is in it.
    """
    subnet, vpc = network.subnets.get(interface.subnet or ""), interface.vpc
    acl = network.acl_of(interface.subnet, vpc, interface.origins)
    table = network.table_of(interface.subnet, vpc, interface.origins)
    if subnet is None or isinstance(acl, Missing) or isinstance(table, Missing) or network.edge_tables:
        return None
    gateways = (*network.transit.of_vpc.get(vpc or "", ()), *(() if beside_nat else network.nat_gateways.values()))
    if any(subnet.id in (getattr(g, "subnets", None) or (getattr(g, "subnet", None),)) for g in gateways):
        return None
    if subnet.id in network.public_access.exclusions:
        return None
    place = (subnet.zone, subnet.zone_id, subnet.account, subnet.region, subnet.origins)
    return _Joined((vpc, acl.id, subnet.block_mode, place), table.id)


def singled_out(network: Network) -> frozenset[str]:
    """Interfaces that some device on a path knows by what they are."""
    found: frozenset[str] | None = network.memo.get("singled out")
    if found is None:
        routed = {
            route.target
            for table in network.route_tables.values()
            for route in table.routes
            if route.target_kind in appliances.TARGETS
        }
        kinds = vpc_endpoints.INTERFACES | load_balancers.NODES | {NAT}
        found = network.memo["singled out"] = frozenset(
            i.id
            for i in network.interfaces.values()
            if i.kind in kinds
            or i.id in routed
            or i.id in network.balancer_of_interface
            or i.id in network.endpoint_of_interface
            or node_of(i) is not None
            or network.instance_of_interface.get(i.id) in routed
        )
    return found


def registered(network: Network) -> frozenset[str]:
    """Interfaces of the targets of load balancers, which may be the client that is balanced."""
    ids = {target.id for group in network.target_groups.values() for target in group.targets or ()}
    ids |= {instance for balancer in network.load_balancers for instance in balancer.instances}
    return frozenset(
        i.id
        for i in network.interfaces.values()
        if i.id in ids
        or network.instance_of_interface.get(i.id) in ids
        or any(format_address(a.private) in ids for a in i.ipv4)
        or any(format_address(n) in ids for n in i.ipv6)
    )
