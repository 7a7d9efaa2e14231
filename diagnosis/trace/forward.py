"""The forward leg: from the source's interface, or from outside, to the destination; every path that routing allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diagnosis.network.coverage import Missing
from diagnosis.network.route_tables import RouteTable
from diagnosis.trace import (
    appliances,
    encryption,
    group_references,
    interfaces,
    internet_gateways,
    nat_gateways,
    network_acls,
    route_tables,
    security_groups,
    transit_walks,
    vpc_endpoints,
    vpn_gateways,
)
from diagnosis.trace.arrival import INTERFACE, arrive, beyond, enter, interface_device, nobody
from diagnosis.trace.codes import Code
from diagnosis.trace.peerings import crossing_step, doubtful_scope, name_notes, reference_scope, unseen_across
from diagnosis.trace.places import Destination, Held, Internet, Nobody
from diagnosis.trace.route_tables import Way
from diagnosis.trace.step import Blocker, cannot_tell, drops, passes
from diagnosis.trace.walk import (
    Crossed,
    Device,
    FromGateway,
    FromPeer,
    FromTransit,
    FromVpc,
    GroupsJudge,
    LeftSubnet,
    StayedInSubnet,
    Unmodelled,
    Walk,
    unmodelled,
)
from diagnosis.traffic.filters import EGRESS

POD_GROUPS = "Amazon VPC CNI: what a pod with groups of its own sends out of the VPC meets them (enforcing mode strict)"
"""In enforcing mode `standard` what leaves the VPC meets the groups of the node
(https://docs.aws.amazon.com/eks/latest/userguide/security-groups-for-pods.html); no describe call tells the mode."""


def from_interface(walk: Walk, source: Held, destination: Destination) -> Iterator[Walk]:
    """From an interface: its state, its groups, its subnet's ACL and routes, and on."""
    interface = source.interface
    walk.take(interfaces.judge(walk.network, interface, walk.traffic), interface.id, INTERFACE)
    if isinstance(destination, Held) and destination.interface is interface and not destination.by_public_address:
        yield walk  # To itself: the packet never leaves the host, and no rule of the network sees it.
        return
    vpc_endpoints.start(walk, interface)
    if interface.kind == "branch" and not (
        isinstance(destination, Held) and destination.interface.vpc == interface.vpc
    ):
        walk.take(passes(INTERFACE, interface.id, walk.traffic, assumed=(f"{POD_GROUPS}: {interface.id}",)))
    walk.leaving = _leaving(walk, source, destination)
    if not source.groups_apart:
        walk.take(walk.leaving.step(interface, walk.traffic, walk.explain), interface.id, INTERFACE)
    yield from out_of_subnet(walk, interface_device(source), destination)


def from_hidden(walk: Walk, source: Nobody, destination: Held) -> Walk:
    """From an address of a shared VPC that its owner may hold, who was not seen, to an interface in that VPC."""
    hidden = walk.network.hidden_gap(source.vpc)
    assert hidden is not None
    walk.take(cannot_tell("address", source.subnet or source.vpc, walk.traffic, hidden))
    walk.crossings.append(Unmodelled(source.subnet or source.vpc, "address", hidden))
    if source.subnet is not None and source.subnet == destination.interface.subnet:
        walk.crossings.append(StayedInSubnet())
        return arrive(walk, destination)
    return enter(walk, destination, FromVpc())


def _leaving(walk: Walk, source: Held, destination: Destination) -> GroupsJudge:
    """How the groups of an interface where the source is judge what it sends to the destination."""
    network, vpc, origins = walk.network, source.interface.vpc, source.interface.origins
    peer = destination.interface if isinstance(destination, Held) else None
    gateway = transit_walks.leads_into(walk, interface_device(source))
    if gateway is not None:
        return GroupsJudge(
            ("egress", gateway, peer.vpc if peer else None),
            network,
            peer,
            lambda network, one, other, traffic, explain: group_references.judge_leaving(
                network, one, traffic, gateway, other, explain=explain
            ),
            lambda network, one, groups: group_references.rules(network, one, groups, peer, egress=True),
        )
    scope = reference_scope(network, vpc, peer.vpc if peer else None)
    doubt = doubtful_scope(network, vpc, peer.vpc if peer else None, origins)
    if peer is None:
        doubt = unseen_across(network, vpc, walk.traffic.project("destination"))
    return GroupsJudge(
        ("egress", scope, doubt),
        network,
        peer,
        lambda network, one, other, traffic, explain: security_groups.judge(
            network, one, traffic, scope, other, egress=True, doubt=doubt, explain=explain
        ),
        lambda network, one, groups: security_groups.group_filter(network, groups, one, scope, doubt, egress=True),
    )


def out_of_subnet(walk: Walk, device: Device, destination: Destination) -> Iterator[Walk]:
    """From a device to a neighbour in its subnet, or through the subnet's ACL and route table."""
    network = walk.network
    if _neighbours(device, destination):
        assert isinstance(destination, Held)
        walk.crossings.append(StayedInSubnet())
        yield arrive(walk, destination)
        return
    if isinstance(destination, Nobody) and device.subnet is not None and destination.subnet == device.subnet:
        yield nobody(walk, destination.vpc, destination.subnet)
        return
    if device.interface is None:
        _enforced(walk, device)
    if device.table is not None:
        table = nat_gateways.own_table(network, device)
    else:
        acl = network.acl_of(device.subnet, device.vpc, device.origins)
        walk.take(network_acls.judge(network, acl, device.subnet, walk.traffic, "egress", EGRESS, explain=walk.explain))
        walk.crossings.append(LeftSubnet(device))
        table = network.table_of(device.subnet, device.vpc, device.origins)
    if isinstance(table, Missing):
        walk.take(cannot_tell(route_tables.KIND, device.subnet or device.id, walk.traffic, table))
        # Inside a VPC the local route leads to the destination as it is; elsewhere a gateway may rewrite the source.
        walk.trusted = isinstance(destination, Held) and destination.interface.vpc == device.vpc
        yield beyond(walk, Unmodelled(device.subnet or device.id, route_tables.KIND, table), destination)
        return
    ways = _ways(walk, table)
    for way in ways:
        yield from _follow(walk if len(ways) == 1 else walk.fork(way.addresses), way, table, device, destination)


def _enforced(walk: Walk, device: Device) -> None:
    """A gateway in a VPC that enforces encryption: interfaces there say it for themselves."""
    gap = encryption.enforced(walk.network, device.vpc, device.origins)
    if gap is not None:
        walk.take(cannot_tell(encryption.KIND, device.vpc or device.id, walk.traffic, gap))


def _ways(walk: Walk, table: RouteTable) -> list[Way]:
    """The routes that the traffic takes; a question about the whole internet is not one about AWS's own services."""
    ways = route_tables.routing(walk.network, table).split(walk.traffic.project("destination"))
    if walk.whole_internet and len(ways) > 1:
        ways = [w for w in ways if w.route is None or w.route.target_kind != "vpc-endpoint"] or ways
    return ways


def onward(parts: Iterable[tuple[Walk, transit_walks.Onward]], destination: Destination) -> Iterator[Walk]:
    """On from where transit gateways have brought each part of the traffic."""
    for walk, further in parts:
        match further:
            case Device():
                yield from _out_of_attachment(walk, further, destination)
            case FromTransit():
                assert isinstance(destination, Held)
                yield enter(walk, destination, further)
            case Unmodelled():
                yield beyond(walk, further, destination)
            case None:
                yield walk


def _out_of_attachment(walk: Walk, device: Device, destination: Destination) -> Iterator[Walk]:
    """Out of a transit gateway's interface along its subnet's routes; no ACL judges what stays in that very subnet."""
    network = walk.network
    _enforced(walk, device)
    table = network.table_of(device.subnet, device.vpc, device.origins)
    if isinstance(table, Missing):
        walk.take(transit_walks.out_step(walk, device))
        walk.take(cannot_tell(route_tables.KIND, device.subnet or device.id, walk.traffic, table))
        walk.trusted = isinstance(destination, Held) and destination.interface.vpc == device.vpc
        yield beyond(walk, Unmodelled(device.subnet or device.id, route_tables.KIND, table), destination)
        return
    ways = _ways(walk, table)
    for way in ways:
        part = walk if len(ways) == 1 else walk.fork(way.addresses)
        nat = network.nat_gateways.get(way.route.target) if way.route is not None else None
        if not _neighbours(device, destination) and (nat is None or nat.subnet != device.subnet):
            part.take(transit_walks.out_step(part, device))
        yield from _follow(part, way, table, device, destination)


def _neighbours(device: Device, destination: Destination) -> bool:
    return (
        isinstance(destination, Held)
        and not destination.by_public_address
        and device.subnet is not None
        and device.subnet == destination.interface.subnet
        and device.vpc == destination.interface.vpc
    )


def _follow(walk: Walk, way: Way, table: RouteTable, device: Device, destination: Destination) -> Iterator[Walk]:
    """Along one route to its target."""
    route, traffic = way.route, walk.traffic
    if way.doubt is not None:
        rule = route.destination if route is not None else None
        walk.take(cannot_tell(route_tables.KIND, table.id, traffic, way.doubt, rule=rule))
        walk.trusted = False
        yield beyond(walk, Unmodelled(table.id, route_tables.KIND, way.doubt), destination)
        return
    if route is None:
        blocker = Blocker(
            Code.NO_ROUTE_TO_DESTINATION, table.id, (device.subnet,) if device.subnet else (), None, None, traffic
        )
        walk.take(drops(route_tables.KIND, table.id, traffic, blocker))
        yield _as_if_delivered(walk, device, destination)
        return
    if route.state == "blackhole":
        blocker = Blocker(
            Code.BAD_STATE_ROUTE,
            table.id,
            (route.target,) if route.target else (),
            None,
            route.destination,
            traffic,
            route.target,
        )
        walk.take(drops(route_tables.KIND, table.id, traffic, blocker))
        yield _as_if_delivered(walk, device, destination)
        return
    walk.take(
        passes(
            route_tables.KIND, table.id, traffic, rule=route.destination, detail=f"{route.destination} → {route.target}"
        )
    )
    match route_tables.target_kind(walk.network, route):
        case "local":
            yield _local(walk, device, destination)
        case internet_gateways.KIND | internet_gateways.EGRESS_ONLY as kind:
            yield _out_by_internet_gateway(walk, route.target, kind, table, route.destination, device, destination)
        case "nat-gateway":
            yield from _through_nat(walk, route.target, table, device, destination)
        case "transit-gateway":
            parts = transit_walks.leave(walk, route.target, table, route.destination, device, destination)
            yield from onward(parts, destination)
        case "virtual-private-gateway":
            for step in vpn_gateways.leaving(walk.network, route.target, table.id, route.destination, device, traffic):
                walk.take(step)
            yield beyond(walk, vpn_gateways.edge(route.target, device), destination)
        case "vpc-peering-connection":
            yield _over_peering(walk, route.target, table, route.destination, device, destination)
        case "network-interface" | "instance" as kind:
            yield from _by_appliance(walk, route.target, kind, device, destination)
        case vpc_endpoints.KIND:
            past = vpc_endpoints.through(walk, route.target, table.id, device)
            yield walk if past is None else beyond(walk, past, destination)
        case "gateway":
            # Only the id is known: whichever kind of gateway was not seen may hold it.
            gap = walk.network.gap(internet_gateways.CALL, device.origins, f"gateway {route.target} on the path")
            yield beyond(walk, Unmodelled(route.target, "gateway", gap), destination)
        case kind:
            yield beyond(walk, unmodelled(route.target, kind, device), destination)


def _through_nat(
    walk: Walk, target: str, table: RouteTable, device: Device, destination: Destination
) -> Iterator[Walk]:
    """Through a NAT gateway, and on from its subnet."""
    through = nat_gateways.through(walk, target, table, device)
    match through:
        case Device():
            yield from out_of_subnet(walk, through, destination)
        case Unmodelled():
            yield beyond(walk, through, destination)
        case None:
            yield walk


def _by_appliance(walk: Walk, target: str, kind: str, device: Device, destination: Destination) -> Iterator[Walk]:
    """Along a route to an interface: past the appliance behind it, or to the destination itself."""
    if isinstance(destination, Held) and target in (destination.interface.id, destination.interface.instance):
        yield _local(walk, device, destination)
        return
    past = appliances.through(walk, target, kind, device)
    if isinstance(past, Unmodelled):
        yield beyond(walk, past, destination)
    elif isinstance(destination, Held | Internet):
        yield from out_of_subnet(walk, past, destination)
    else:
        yield walk


def _as_if_delivered(walk: Walk, device: Device, destination: Destination) -> Walk:
    """Past a drop at the route table: the destination's own rules are judged as if the packet had got there."""
    if not isinstance(destination, Held) or destination.by_public_address or device.through_nat:
        return walk
    vpc = destination.interface.vpc
    if vpc == device.vpc:
        return enter(walk, destination, device.arrived or FromVpc())
    between = [p for p in walk.network.peerings.values() if {p.requester.vpc, p.accepter.vpc} == {device.vpc, vpc}]
    peerings = walk.network.active_peerings(device.vpc, vpc) or tuple(between)
    if len(peerings) == 1:
        walk.crossings.append(Crossed(peerings[0].id, "vpc-peering-connection"))
        return enter(walk, destination, FromPeer(peerings[0].id, device.vpc or ""))
    through = device.arrived or transit_walks.linking(walk.network, device, vpc)
    return enter(walk, destination, through or FromGateway("", "outside", certain=False))


def _local(walk: Walk, device: Device, destination: Destination) -> Walk:
    """Along the local route to an interface of the same VPC."""
    if isinstance(destination, Held) and not destination.by_public_address and destination.interface.vpc == device.vpc:
        return enter(walk, destination, device.arrived or FromVpc())
    vpc = device.vpc or ""
    subnet: str | None = None
    address = walk.traffic.sample()
    if isinstance(destination, Nobody) and destination.vpc == vpc:
        subnet = destination.subnet
    elif address is not None and vpc:
        holding = walk.network.subnet_holding(vpc, address.destination)
        subnet = holding.id if holding is not None else None
    return nobody(walk, vpc, subnet)


def _out_by_internet_gateway(
    walk: Walk, target: str, kind: str, table: RouteTable, rule: str, device: Device, destination: Destination
) -> Walk:
    """Out by an internet gateway, and, towards a public address of a seen interface, in again by that VPC's own."""
    if not internet_gateways.leave(walk, target, kind, table, rule, device):
        return _as_if_delivered(walk, device, destination)
    if isinstance(destination, Held) and (destination.by_public_address or destination.is_ipv6):
        return from_internet(walk, destination)
    if isinstance(destination, Nobody):
        return nobody(walk, destination.vpc, destination.subnet)
    return walk


def from_internet(walk: Walk, destination: Held) -> Walk:
    """In by the internet gateway of the destination's VPC."""
    arrival = internet_gateways.enter(walk, destination, interface_device(destination))
    return enter(walk, destination, arrival)


def _over_peering(
    walk: Walk, target: str, table: RouteTable, rule: str, device: Device, destination: Destination
) -> Walk:
    """Over a peering connection into the other VPC."""
    network = walk.network
    peering = network.peerings.get(target)
    if device.vpc is None:
        gap = network.gap("ec2.describe_subnets", device.origins, f"the VPC of {device.subnet or device.id}")
        return beyond(walk, Unmodelled(target, "vpc-peering-connection", gap), destination)
    if peering is None:
        gap = network.gap("ec2.describe_vpc_peering_connections", device.origins, f"peering connection {target}")
        return beyond(walk, Unmodelled(target, "vpc-peering-connection", gap), destination)
    other = peering.other_side(device.vpc)
    step, reaches = crossing_step(network, peering, other, table.id, rule, walk.traffic)
    walk.take(step)
    walk.crossings.append(Crossed(peering.id, "vpc-peering-connection"))
    if other is None or not reaches:
        return walk
    match destination:
        case Held() if not destination.by_public_address and destination.interface.vpc == other.vpc:
            walk.notes += name_notes(peering, other, destination.interface)
            return enter(walk, destination, FromPeer(peering.id, device.vpc or ""))
        case Nobody() if destination.vpc == other.vpc:
            return nobody(walk, destination.vpc, destination.subnet)
        case _ if other.vpc in network.vpcs:
            address = walk.traffic.sample()
            holding = network.subnet_holding(other.vpc, address.destination) if address is not None else None
            return nobody(walk, other.vpc, holding.id if holding is not None else None)
        case _:
            theirs = ((other.account, other.region),) if other.account else device.origins
            gap = network.gap("ec2.describe_vpcs", theirs, f"VPC {other.vpc} across {peering.id}")
            return beyond(walk, Unmodelled(other.vpc or target, "vpc", gap), destination)
