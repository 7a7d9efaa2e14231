"""The forward leg: from the source's interface, or from outside, to the destination; every path that routing allows."""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.route_tables import RouteTable
from diagnosis.trace import interfaces, internet_gateways, nat_gateways, network_acls, route_tables, security_groups
from diagnosis.trace.codes import Code
from diagnosis.trace.peerings import crossing_step, reference_scope
from diagnosis.trace.places import Held, Internet, Nobody, OnPremises
from diagnosis.trace.route_tables import Way
from diagnosis.trace.step import Blocker, cannot_tell, drops, passes
from diagnosis.trace.walk import (
    Arrival,
    Crossed,
    Device,
    EnteredSubnet,
    FromGateway,
    FromPeer,
    FromVpc,
    LeftSubnet,
    StayedInSubnet,
    Unmodelled,
    Walk,
    unmodelled,
)
from diagnosis.traffic.filters import EGRESS, INGRESS
from diagnosis.traffic.ports import port_range

Destination = Held | Internet | OnPremises | Nobody
INTERFACE = "network-interface"
GATEWAY_PORTS = port_range(1024, 65535)


def interface_device(place: Held) -> Device:
    """The sending side of an interface's address."""
    interface = place.interface
    return Device(
        interface.id, interface, interface.vpc, interface.subnet, interface.origins, interface.public_of(place.private)
    )


def from_interface(walk: Walk, source: Held, destination: Destination) -> Iterator[Walk]:
    """From an interface: its state, its groups, its subnet's ACL and routes, and on."""
    interface = source.interface
    walk.take(interfaces.judge(walk.network, interface, walk.traffic), interface.id, INTERFACE)
    if isinstance(destination, Held) and destination.interface is interface and not destination.by_public_address:
        yield walk  # To itself: the packet never leaves the host, and no rule of the network sees it.
        return
    peer = destination.interface if isinstance(destination, Held) else None
    scope = reference_scope(walk.network, interface.vpc, peer.vpc if peer else None)
    step = security_groups.judge(walk.network, interface, walk.traffic, scope, peer, egress=True, explain=walk.explain)
    walk.take(step, interface.id, INTERFACE)
    yield from out_of_subnet(walk, interface_device(source), destination)


def out_of_subnet(walk: Walk, device: Device, destination: Destination) -> Iterator[Walk]:
    """From a device to a neighbour in its subnet, or through the subnet's ACL and route table."""
    network = walk.network
    if _neighbours(device, destination):
        assert isinstance(destination, Held)
        walk.crossings.append(StayedInSubnet())
        yield arrive(walk, destination)
        return
    acl = network.acl_of(device.subnet, device.vpc, device.origins)
    walk.take(network_acls.judge(network, acl, device.subnet, walk.traffic, "egress", EGRESS, explain=walk.explain))
    walk.crossings.append(LeftSubnet(device))
    table = network.table_of(device.subnet, device.vpc, device.origins)
    if isinstance(table, Missing):
        walk.take(cannot_tell(route_tables.KIND, device.subnet or device.id, walk.traffic, table))
        walk.trusted = False
        yield beyond(walk, Unmodelled(device.subnet or device.id, route_tables.KIND, table), destination)
        return
    ways = route_tables.routing(network, table).split(walk.traffic.project("destination"))
    if walk.whole_internet and len(ways) > 1:
        ways = [w for w in ways if w.route is None or w.route.target_kind != "vpc-endpoint"] or ways
    for way in ways:
        yield from _follow(walk if len(ways) == 1 else walk.fork(way.addresses), way, table, device, destination)


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
    if route is None:
        blocker = Blocker(
            Code.NO_ROUTE_TO_DESTINATION, table.id, (device.subnet,) if device.subnet else (), None, None, traffic
        )
        walk.take(drops(route_tables.KIND, table.id, traffic, blocker))
        yield _as_if_delivered(walk, device, destination)
        return
    if way.doubt is not None:
        walk.take(cannot_tell(route_tables.KIND, table.id, traffic, way.doubt, rule=route.destination))
        walk.trusted = False
        yield beyond(walk, Unmodelled(table.id, route_tables.KIND, way.doubt), destination)
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
            through = nat_gateways.through(walk, route.target, table, device)
            match through:
                case Device():
                    yield from out_of_subnet(walk, through, destination)
                case Unmodelled():
                    yield beyond(walk, through, destination)
                case None:
                    yield walk
        case "vpc-peering-connection":
            yield _over_peering(walk, route.target, table, route.destination, device, destination)
        case "network-interface" | "instance" as kind:
            yield _to_middlebox(walk, route.target, kind, device, destination)
        case kind:
            yield beyond(walk, unmodelled(route.target, kind, device), destination)


def _as_if_delivered(walk: Walk, device: Device, destination: Destination) -> Walk:
    """Past a drop at the route table: the destination's own rules are judged as if the packet had got there."""
    if not isinstance(destination, Held) or destination.by_public_address or device.through_nat:
        return walk
    vpc = destination.interface.vpc
    if vpc == device.vpc:
        return _enter(walk, destination, FromVpc())
    between = [p for p in walk.network.peerings.values() if {p.requester.vpc, p.accepter.vpc} == {device.vpc, vpc}]
    peerings = walk.network.active_peerings(device.vpc, vpc) or tuple(between)
    if len(peerings) == 1:
        walk.crossings.append(Crossed(peerings[0].id, "vpc-peering-connection"))
        return _enter(walk, destination, FromPeer(peerings[0].id, device.vpc or ""))
    return _enter(walk, destination, FromGateway("", "outside", certain=False))


def _local(walk: Walk, device: Device, destination: Destination) -> Walk:
    """Along the local route to an interface of the same VPC."""
    if isinstance(destination, Held) and not destination.by_public_address and destination.interface.vpc == device.vpc:
        return _enter(walk, destination, FromVpc())
    vpc = device.vpc or ""
    subnet: str | None = None
    address = walk.traffic.sample()
    if isinstance(destination, Nobody) and destination.vpc == vpc:
        subnet = destination.subnet
    elif address is not None and vpc:
        holding = walk.network.subnet_holding(vpc, address.destination)
        subnet = holding.id if holding is not None else None
    return _nobody(walk, vpc, subnet)


def _nobody(walk: Walk, vpc: str, subnet: str | None) -> Walk:
    blocker = Blocker(
        Code.NO_INTERFACE_WITH_ADDRESS, subnet or vpc, (vpc,) if subnet and vpc else (), "ingress", None, walk.traffic
    )
    walk.take(drops("address", subnet or vpc, walk.traffic, blocker))
    return walk


def _enter(walk: Walk, destination: Held, arrival: Arrival) -> Walk:
    """Into the destination's subnet and to its interface."""
    interface, network = destination.interface, walk.network
    acl = network.acl_of(interface.subnet, interface.vpc, interface.origins)
    walk.take(
        network_acls.judge(network, acl, interface.subnet, walk.traffic, "ingress", INGRESS, explain=walk.explain)
    )
    walk.crossings.append(EnteredSubnet(interface_device(destination), arrival))
    return arrive(walk, destination)


def arrive(walk: Walk, destination: Held) -> Walk:
    """At the destination's interface: its groups, and whether it is up."""
    interface = destination.interface
    if interface.kind == "natgateway":
        blocker = Blocker(Code.NGW_UNSOLICITED_INBOUND, interface.id, (), None, None, walk.traffic)
        walk.take(drops(INTERFACE, interface.id, walk.traffic, blocker))
        return walk
    scope, peer = _peer_of(walk, destination)
    step = security_groups.judge(walk.network, interface, walk.traffic, scope, peer, egress=False, explain=walk.explain)
    walk.take(step, interface.id, INTERFACE)
    walk.take(interfaces.judge(walk.network, interface, walk.traffic), interface.id, INTERFACE)
    return walk


def _peer_of(walk: Walk, destination: Held) -> tuple[security_groups.Scope, NetworkInterface | None]:
    """Which VPCs' interfaces a group reference can match here, and the interface that started the traffic."""
    first = next((c.device for c in walk.crossings if isinstance(c, LeftSubnet)), None)
    peer = first.interface if first is not None else walk.origin
    if peer is None:
        return frozenset({destination.interface.vpc or ""}), None
    return reference_scope(walk.network, destination.interface.vpc, peer.vpc), peer


def beyond(walk: Walk, crossing: Unmodelled, destination: Destination) -> Walk:
    """Past a component that is not judged: unknown there, and the destination's own rules as if it had passed."""
    walk.take(cannot_tell(crossing.kind, crossing.component, walk.traffic, crossing.gap))
    walk.crossings.append(crossing)
    match destination:
        case Held() if not destination.by_public_address:
            return _enter(walk, destination, FromGateway(crossing.component, crossing.kind, certain=False))
        case Nobody():
            return _nobody(walk, destination.vpc, destination.subnet)
        case _:
            return walk


def _to_middlebox(walk: Walk, target: str, kind: str, device: Device, destination: Destination) -> Walk:
    """A route to an interface: an appliance, which must have its source/destination check off."""
    interface = walk.network.interfaces.get(target)
    if interface is None and kind == "instance":
        held = sorted(eni for eni, owner in walk.network.instance_of_interface.items() if owner == target)
        interface = walk.network.interfaces.get(held[0]) if held else None
    if interface is not None and interface.source_dest_check:
        blocker = Blocker(
            Code.ENI_SOURCE_DEST_CHECK_RESTRICTION,
            interface.id,
            (target,) if target != interface.id else (),
            "ingress",
            None,
            walk.traffic,
        )
        walk.take(drops(INTERFACE, interface.id, walk.traffic, blocker))
    walk.trusted = False
    return beyond(walk, unmodelled(target, "appliance", device), destination)


def _out_by_internet_gateway(
    walk: Walk, target: str, kind: str, table: RouteTable, rule: str, device: Device, destination: Destination
) -> Walk:
    """Out by an internet gateway, and, towards a public address of a seen interface, in again by that VPC's own."""
    if not internet_gateways.leave(walk, target, kind, table, rule, device):
        return _as_if_delivered(walk, device, destination)
    if isinstance(destination, Held) and (destination.by_public_address or destination.is_ipv6):
        return from_internet(walk, destination)
    return walk


def from_internet(walk: Walk, destination: Held) -> Walk:
    """In by the internet gateway of the destination's VPC."""
    arrival = internet_gateways.enter(walk, destination, interface_device(destination))
    return _enter(walk, destination, arrival)


def _over_peering(
    walk: Walk, target: str, table: RouteTable, rule: str, device: Device, destination: Destination
) -> Walk:
    """Over a peering connection into the other VPC."""
    network = walk.network
    peering = network.peerings.get(target)
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
            return _enter(walk, destination, FromPeer(peering.id, device.vpc or ""))
        case Nobody() if destination.vpc == other.vpc:
            return _nobody(walk, destination.vpc, destination.subnet)
        case _ if other.vpc in network.vpcs:
            address = walk.traffic.sample()
            holding = network.subnet_holding(other.vpc, address.destination) if address is not None else None
            return _nobody(walk, other.vpc, holding.id if holding is not None else None)
        case _:
            theirs = ((other.account, other.region),) if other.account else device.origins
            gap = network.gap("ec2.describe_vpcs", theirs, f"VPC {other.vpc} across {peering.id}")
            return beyond(walk, Unmodelled(other.vpc or target, "vpc", gap), destination)


def from_premises(walk: Walk, destination: Held) -> Walk:
    """From on premises: it enters where the destination's route back leads."""
    network, interface = walk.network, destination.interface
    device = interface_device(destination)
    table = network.table_of(interface.subnet, interface.vpc, interface.origins)
    if isinstance(table, Missing):
        walk.take(cannot_tell(route_tables.KIND, interface.subnet or interface.id, walk.traffic, table))
        walk.crossings.append(Unmodelled(interface.subnet or interface.id, route_tables.KIND, table))
        return _enter(walk, destination, FromGateway("", "", certain=False))
    for way in route_tables.routing(network, table).split(walk.traffic.project("source")):
        route = way.route
        kind = route_tables.target_kind(network, route) if route is not None else "none"
        if (
            route is None
            or route.state == "blackhole"
            or kind
            in (
                "local",
                "internet-gateway",
                "egress-only-internet-gateway",
                "nat-gateway",
                "vpc-peering-connection",
            )
        ):
            continue
        crossing = unmodelled(route.target, kind, device)
        walk.take(cannot_tell(crossing.kind, crossing.component, walk.traffic, crossing.gap))
        walk.crossings.append(crossing)
        return _enter(walk, destination, FromGateway(route.target, kind, certain=True))
    return _enter(walk, destination, FromGateway("", "outside", certain=True))
