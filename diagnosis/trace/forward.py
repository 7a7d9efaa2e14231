"""The forward leg: from the source's interface, or from outside, to the destination; every path that routing allows."""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.network.coverage import Missing
from diagnosis.network.gateways import NatGateway
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.route_tables import RouteTable
from diagnosis.trace import interfaces, internet_gateways, network_acls, route_tables, security_groups
from diagnosis.trace.codes import Code
from diagnosis.trace.peerings import crossing_step, reference_scope
from diagnosis.trace.places import Held, Internet, Nobody, OnPremises
from diagnosis.trace.route_tables import Way
from diagnosis.trace.step import Blocker, Step, cannot_tell, drops, passes
from diagnosis.trace.walk import (
    Arrival,
    Crossed,
    Device,
    EnteredSubnet,
    FromGateway,
    FromInternet,
    FromPeer,
    FromVpc,
    LeftSubnet,
    StayedInSubnet,
    Unmodelled,
    Walk,
)
from diagnosis.traffic.addresses import IPV4, PUBLIC
from diagnosis.traffic.filters import EGRESS, INGRESS
from diagnosis.traffic.intervals import meet
from diagnosis.traffic.ports import port_range
from diagnosis.traffic.protocols import ICMP, TCP, UDP
from diagnosis.traffic.traffic import Traffic

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
    step = security_groups.judge(
        walk.network, interface, walk.traffic, scope, peer, egress=True, explain=walk.explain
    )
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
        passes(route_tables.KIND, table.id, traffic, rule=route.destination, detail=f"{route.destination} → {route.target}")
    )
    match route_tables.target_kind(walk.network, route):
        case "local":
            yield _local(walk, device, destination)
        case internet_gateways.KIND | internet_gateways.EGRESS_ONLY as kind:
            yield _out_by_internet_gateway(walk, route.target, kind, table, route.destination, device, destination)
        case "nat-gateway":
            yield from _through_nat(walk, route.target, table, device, destination)
        case "vpc-peering-connection":
            yield _over_peering(walk, route.target, table, route.destination, device, destination)
        case "network-interface" | "instance" as kind:
            yield _to_middlebox(walk, route.target, kind, device, destination)
        case kind:
            yield beyond(walk, unmodelled(walk.network, route.target, kind, device), destination)


def unmodelled(network: Network, target: str, kind: str, device: Device) -> Unmodelled:
    """A component that is recognised and not judged, by name."""
    name = "a gateway of unknown kind" if kind in ("gateway", "none") else kind.replace("-", " ")
    account, region = (device.origins or (("", ""),))[0]
    return Unmodelled(target or device.id, kind, Missing("", account, region, f"{name} {target} on the path is not modelled"))


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
    walk.take(network_acls.judge(network, acl, interface.subnet, walk.traffic, "ingress", INGRESS, explain=walk.explain))
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
    step = security_groups.judge(
        walk.network, interface, walk.traffic, scope, peer, egress=False, explain=walk.explain
    )
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
            Code.ENI_SOURCE_DEST_CHECK_RESTRICTION, interface.id, (target,) if target != interface.id else (), "ingress", None, walk.traffic
        )
        walk.take(drops(INTERFACE, interface.id, walk.traffic, blocker))
    walk.trusted = False
    return beyond(walk, unmodelled(walk.network, target, "appliance", device), destination)


def _out_by_internet_gateway(
    walk: Walk, target: str, kind: str, table: RouteTable, rule: str, device: Device, destination: Destination
) -> Walk:
    """Out by an internet gateway, and, towards a public address of a seen interface, in again by that VPC's own."""
    network = walk.network
    gateway = internet_gateways.find(network, target, kind, device)
    if isinstance(gateway, Missing):
        walk.take(cannot_tell(kind, target, walk.traffic, gateway))
    else:
        walk.take(internet_gateways.attachment(gateway, device.vpc, walk.traffic, table.id))
    walk.take(internet_gateways.destination_public(target, kind, table.id, rule, walk.traffic))
    public = walk.traffic.only(destination=PUBLIC)
    if public.empty:
        return _as_if_delivered(walk, device, destination)
    egress_only = kind == internet_gateways.EGRESS_ONLY
    if not egress_only:
        walk.take(internet_gateways.public_source(target, device, walk.traffic))
    started_inside = egress_only or device.through_nat
    walk.take(
        internet_gateways.public_access(network, device, target, walk.traffic, "egress", started_inside=started_inside)
    )
    _translate_source(walk, target, kind, device, egress_only=egress_only)
    if isinstance(destination, Held) and (destination.by_public_address or destination.is_ipv6):
        return from_internet(walk, destination)
    return walk


def _translate_source(walk: Walk, gateway: str, kind: str, device: Device, *, egress_only: bool) -> None:
    """IPv4 sources become the public address; IPv6 ones stay."""
    four = walk.traffic.only(source=IPV4)
    if egress_only or four.empty:
        walk.crossings.append(Crossed(gateway, kind))
        return
    public = (device.public, device.public + 1) if device.public is not None else meet(PUBLIC, IPV4)
    after = four.rewritten(source=public).union(walk.traffic.minus(four))
    walk.rewrite(gateway, kind, after, keeps_source=False)


def from_internet(walk: Walk, destination: Held) -> Walk:
    """In by the internet gateway of the destination's VPC."""
    network, interface = walk.network, destination.interface
    device = interface_device(destination)
    gateway = network.internet_gateway_of(interface.vpc)
    if gateway is None:
        if not network.coverage.seen("ec2.describe_internet_gateways", interface.origins) or not network.whole("InternetGateways"):
            gap = network.gap("ec2.describe_internet_gateways", interface.origins, f"the internet gateway of {interface.vpc}")
            walk.take(cannot_tell(internet_gateways.KIND, interface.vpc or interface.id, walk.traffic, gap))
            walk.crossings.append(Unmodelled(interface.vpc or interface.id, internet_gateways.KIND, gap))
            arrival: Arrival = FromGateway(interface.vpc or "", internet_gateways.KIND, certain=False)
            name = interface.vpc or interface.id
        else:
            name = interface.vpc or interface.id
            blocker = Blocker(Code.VPC_HAS_NO_INTERNET_GATEWAY, name, (), "ingress", None, walk.traffic)
            walk.take(drops(internet_gateways.KIND, name, walk.traffic, blocker))
            arrival = FromInternet("")
    else:
        name = gateway.id
        arrival = FromInternet(gateway.id)
        walk.take(internet_gateways.attachment(gateway, interface.vpc, walk.traffic, None))
    walk.take(internet_gateways.public_destination(name, destination, walk.traffic))
    walk.take(internet_gateways.public_access(network, device, name, walk.traffic, "ingress", started_inside=False))
    if destination.by_public_address:
        after = walk.traffic.rewritten(destination=(destination.private, destination.private + 1))
        walk.rewrite(name, internet_gateways.KIND, after, keeps_source=True)
    if gateway is not None:
        _edge(walk, gateway.id, destination, device)
    return _enter(walk, destination, arrival)


def _edge(walk: Walk, gateway: str, destination: Held, device: Device) -> None:
    """A route table associated with the gateway may steer what arrives to an appliance."""
    table = walk.network.edge_tables.get(gateway)
    if table is None:
        return
    routing = route_tables.routing(walk.network, walk.network.route_tables[table])
    for way in routing.split((destination.private, destination.private + 1)):
        if way.route is None or way.route.target_kind != "local":
            target = way.route.target if way.route is not None else "nothing"
            crossing = unmodelled(walk.network, target, "appliance", device)
            walk.take(cannot_tell(route_tables.KIND, table, walk.traffic, crossing.gap))
            walk.trusted = False


def _through_nat(
    walk: Walk, target: str, table: RouteTable, device: Device, destination: Destination
) -> Iterator[Walk]:
    """Through a NAT gateway: into its subnet, out again from its address and ports."""
    network = walk.network
    nat = network.nat_gateways.get(target)
    if nat is None or nat.regional or (nat.subnet is None and not nat.regional):
        gap = (
            network.gap("ec2.describe_nat_gateways", device.origins, f"NAT gateway {target}")
            if nat is None
            else Missing("", *((nat.origins or (("", ""),))[0]), f"regional NAT gateway {target} is not modelled")
        )
        yield beyond(walk, Unmodelled(target, "nat-gateway", gap), destination)
        return
    if device.id == target:
        blocker = Blocker(Code.NO_ROUTE_TO_DESTINATION, table.id, (target,), None, None, walk.traffic, "leads to itself")
        walk.take(drops(route_tables.KIND, table.id, walk.traffic, blocker))
        yield walk
        return
    outside = nat_device(network, nat)
    if nat.subnet != device.subnet:
        acl = network.acl_of(nat.subnet, nat.vpc, nat.origins)
        walk.take(network_acls.judge(network, acl, nat.subnet, walk.traffic, "ingress", INGRESS, explain=walk.explain))
        walk.crossings.append(EnteredSubnet(outside, FromVpc()))
    else:
        walk.crossings.append(StayedInSubnet())
    walk.take(_nat_state(nat, table, device, walk.traffic))
    walk.take(_nat_protocols(nat, walk.traffic))
    _translate_at_nat(walk, nat)
    yield from out_of_subnet(walk, outside, destination)


def nat_device(network: Network, nat: NatGateway) -> Device:
    """The NAT gateway as a sender in its subnet."""
    first = nat.addresses[0] if nat.addresses else None
    interface = network.interfaces.get(first.interface) if first and first.interface else None
    public = first.public if first is not None else None
    return Device(
        nat.id,
        interface,
        nat.vpc,
        nat.subnet,
        nat.origins,
        public if nat.public else None,
        public_unseen=nat.public and public is None,
        through_nat=True,
    )


def _nat_state(nat: NatGateway, table: RouteTable, device: Device, traffic: Traffic) -> Step:
    if nat.state != "available":
        return drops(
            "nat-gateway", nat.id, traffic, Blocker(Code.BAD_STATE, nat.id, (), None, None, traffic, nat.state)
        )
    if nat.vpc and device.vpc and nat.vpc != device.vpc:
        blocker = Blocker(Code.NGW_REQUIRES_SOURCE_IN_VPC, table.id, (nat.id,), None, None, traffic)
        return drops("nat-gateway", nat.id, traffic, blocker)
    return passes("nat-gateway", nat.id, traffic)


def _nat_protocols(nat: NatGateway, traffic: Traffic) -> Step:
    """ "NAT gateways support TCP, UDP, and ICMP"; IPv6 needs NAT64, which is not modelled."""
    six = traffic.minus(traffic.only(source=IPV4))
    four = traffic.only(source=IPV4)
    known = (ICMP, ICMP + 1, TCP, TCP + 1, UDP, UDP + 1)
    passed = four.only(protocol=known)
    dropped = four.minus(passed)
    blockers: tuple[Blocker, ...] = ()
    if not dropped.empty:
        blockers = (Blocker(Code.PROTOCOL_RESTRICTION, nat.id, (), None, None, dropped, "TCP, UDP and ICMP"),)
    gaps: tuple[Missing, ...] = ()
    if not six.empty:
        gaps = (Missing("", *((nat.origins or (("", ""),))[0]), f"IPv6 through NAT gateway {nat.id} (NAT64) is not modelled"),)
    return Step("nat-gateway", nat.id, None, passed, dropped, six, None, "", blockers, gaps)


def _translate_at_nat(walk: Walk, nat: NatGateway) -> None:
    first = nat.addresses[0] if nat.addresses else None
    source = (first.private, first.private + 1) if first is not None and first.private is not None else None
    ported = walk.traffic.only(protocol=(TCP, TCP + 1, UDP, UDP + 1))
    rest = walk.traffic.minus(ported)
    after = ported.rewritten(source=source, source_port=GATEWAY_PORTS).union(rest.rewritten(source=source))
    walk.rewrite(nat.id, "nat-gateway", after, keeps_source=False)


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
    step, reaches = crossing_step(network, peering, other, table.id, rule, device, walk.traffic)
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
        if route is None or route.state == "blackhole" or kind in (
            "local",
            "internet-gateway",
            "egress-only-internet-gateway",
            "nat-gateway",
            "vpc-peering-connection",
        ):
            continue
        crossing = unmodelled(network, route.target, kind, device)
        walk.take(cannot_tell(crossing.kind, crossing.component, walk.traffic, crossing.gap))
        walk.crossings.append(crossing)
        return _enter(walk, destination, FromGateway(route.target, kind, certain=True))
    return _enter(walk, destination, FromGateway("", "outside", certain=True))

