"""Internet gateways and egress-only internet gateways: 1:1 translation for IPv4, none for IPv6, public addresses only.

https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
"""

from __future__ import annotations

from diagnosis.network.coverage import Missing
from diagnosis.network.gateways import ATTACHED, InternetGateway
from diagnosis.network.network import Network
from diagnosis.network.public_access import EXCLUSIONS, OPTIONS, block_state
from diagnosis.network.route_tables import RouteTable
from diagnosis.trace import appliances
from diagnosis.trace.codes import Code
from diagnosis.trace.interfaces import UNATTACHED
from diagnosis.trace.places import Held
from diagnosis.trace.step import NOTHING, Blocker, Direction, Step, cannot_tell, drops, passes
from diagnosis.trace.walk import (
    Arrival,
    Crossed,
    Device,
    FromGateway,
    FromInternet,
    Unmodelled,
    Walk,
    unmodelled,
)
from diagnosis.traffic.addresses import IPV4, IPV6, NOT_PUBLIC, PUBLIC, RFC1918, RFC6598, is_public
from diagnosis.traffic.intervals import IntervalSet, join, meet, minus
from diagnosis.traffic.traffic import Traffic

KIND = "internet-gateway"
EGRESS_ONLY = "egress-only-internet-gateway"
CARRIER = "carrier-gateway"
CALL = "ec2.describe_internet_gateways"


def find(network: Network, identity: str, kind: str, device: Device) -> InternetGateway | Missing:
    """The gateway of a route."""
    gateway = network.internet_gateways.get(identity)
    if gateway is not None:
        return gateway
    call = CALL if kind == KIND else "ec2.describe_egress_only_internet_gateways"
    return network.gap(call, device.origins, f"{kind.replace('-', ' ')} {identity}")


def attachment(gateway: InternetGateway, vpc: str | None, traffic: Traffic, table: str | None) -> Step:
    """Whether the gateway is attached to the VPC that the traffic is in."""
    kind = EGRESS_ONLY if gateway.egress_only else KIND
    if vpc is None:
        account, region = (gateway.origins or (("", ""),))[0]
        gap = Missing("", account, region, f"in which VPC the traffic meets {gateway.id}")
        return cannot_tell(kind, gateway.id, traffic, gap)
    state = gateway.state_for(vpc)
    if state in ATTACHED:
        return passes(kind, gateway.id, traffic)
    if state is None and gateway.attachments and table:
        blocker = Blocker(
            Code.BAD_STATE_ATTACHMENT,
            table,
            (gateway.id,),
            None,
            None,
            traffic,
            f"attached to {gateway.attachments[0][0]}",
        )
    else:
        blocker = Blocker(
            Code.BAD_STATE_ATTACHMENT, gateway.id, (vpc,) if vpc else (), None, None, traffic, state or "detached"
        )
    return drops(kind, gateway.id, traffic, blocker)


_REJECTED: tuple[tuple[Code, IntervalSet], ...] = (
    (Code.IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS, RFC1918),
    (Code.IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS, RFC6598),
    (Code.IGW_EXPECTS_PUBLIC_ADDRESS, minus(minus(NOT_PUBLIC, RFC1918), RFC6598)),
)


def destination_public(gateway: str, kind: str, table: str, rule: str | None, traffic: Traffic) -> Step:
    """The gateway drops destinations that are not public: the route table sent them the wrong way."""
    wrong = traffic.only(destination=NOT_PUBLIC)
    if wrong.empty:
        return passes(kind, gateway, traffic)
    destinations = wrong.project("destination")
    blockers = tuple(
        Blocker(code, table, (gateway,), None, rule, wrong.only(destination=part))
        for code, part in ((code, meet(destinations, rejected)) for code, rejected in _REJECTED)
        if part
    )
    return Step(kind, gateway, None, traffic.minus(wrong), wrong, NOTHING, rule, "", blockers)


def public_source(gateway: str, device: Device, traffic: Traffic) -> Step:
    """IPv4 leaves only from a private address that has a public one associated, IPv6 only from a global one."""
    attached = device.interface is None or device.interface.status != UNATTACHED
    lacking = traffic.only(source=meet(NOT_PUBLIC, IPV6), destination=PUBLIC)
    if not (device.public is not None and attached) and not device.public_unseen:
        lacking = lacking.union(traffic.only(source=IPV4).only(destination=minus(IPV4, NOT_PUBLIC)))
    if lacking.empty:
        return passes("address-translation", gateway, traffic)
    component = device.interface.id if device.interface is not None else device.id
    related = (gateway,) if component == device.id else (gateway, device.id)
    blocker = Blocker(Code.IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS, component, related, None, None, lacking)
    return Step("address-translation", gateway, None, traffic.minus(lacking), lacking, NOTHING, blockers=(blocker,))


def public_access(
    network: Network, device: Device, gateway: str, traffic: Traffic, direction: Direction, *, started_inside: bool
) -> Step:
    """Block Public Access: `block-ingress` passes what NAT and egress-only gateways started, the other mode nothing."""
    kind = "block-public-access"
    vpc = network.vpcs.get(device.vpc or "")
    subnet = network.subnets.get(device.subnet or "")
    state = block_state(network.public_access, network.coverage, vpc, subnet, device.origins)
    if state.missing is not None:
        return cannot_tell(kind, gateway, traffic, state.missing, direction=direction)
    if state.mode == "off" or (state.mode == "block-ingress" and started_inside):
        assumed = (f"{OPTIONS}: Block Public Access is off",) if state.assumed and state.mode == "off" else ()
        return passes(kind, gateway, traffic, direction=direction, assumed=assumed)
    if state.mode not in ("block-bidirectional", "block-ingress"):
        gap = network.coverage.missing(OPTIONS, device.origins, f"Block Public Access is {state.mode}, not modelled")
        return cannot_tell(kind, gateway, traffic, gap, direction=direction)
    related = (device.subnet,) if device.subnet else ()
    blocker = Blocker(
        Code.VPC_BLOCK_PUBLIC_ACCESS_ENABLED, device.vpc or gateway, related, direction, None, traffic, state.mode
    )
    step = drops(kind, gateway, traffic, blocker)
    return step._replace(assumed=(f"{EXCLUSIONS}: no VPC or subnet is excluded",)) if state.assumed else step


def public_destination(gateway: str, place: Held, traffic: Traffic) -> Step:
    """From the internet only a public IPv4 address of an interface, or an IPv6 address, can be reached."""
    kind = "address-translation"
    interface = place.interface
    if interface.denies_internet_gateway:
        blocker = Blocker(Code.ENI_DENIES_INTERNET_GATEWAY, interface.id, (gateway,), "ingress", None, traffic)
        return drops(kind, gateway, traffic, blocker)
    known_outside = is_public(place.address) if place.is_ipv6 else place.by_public_address
    if interface.status == UNATTACHED or not known_outside:
        blocker = Blocker(
            Code.IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS, interface.id, (gateway,), "ingress", None, traffic
        )
        return drops(kind, gateway, traffic, blocker)
    return passes(kind, gateway, traffic)


def leave(walk: Walk, target: str, kind: str, table: RouteTable, rule: str, device: Device) -> bool:
    """Out by an internet gateway; whether anything that is asked can leave by one at all."""
    network = walk.network
    gateway = find(network, target, kind, device)
    if isinstance(gateway, Missing):
        walk.take(cannot_tell(kind, target, walk.traffic, gateway))
    else:
        walk.take(attachment(gateway, device.vpc, walk.traffic, table.id))
    walk.take(destination_public(target, kind, table.id, rule, walk.traffic))
    public = walk.traffic.only(destination=PUBLIC)
    if public.empty:
        return False
    egress_only = kind == EGRESS_ONLY
    walk.take(public_source(target, device, walk.traffic))
    started_inside = egress_only or device.through_nat
    walk.take(public_access(network, device, target, walk.traffic, "egress", started_inside=started_inside))
    _translate_source(walk, target, kind, device, egress_only=egress_only)
    return True


def _translate_source(walk: Walk, gateway: str, kind: str, device: Device, *, egress_only: bool) -> None:
    """IPv4 sources become the public address; IPv6 ones stay."""
    four = walk.traffic.only(source=IPV4)
    if egress_only or four.empty:
        walk.crossings.append(Crossed(gateway, kind))
        return
    public = (device.public, device.public + 1) if device.public is not None else meet(PUBLIC, IPV4)
    public = join(public, device.more_public)
    after = four.rewritten(source=public).union(walk.traffic.minus(four))
    walk.rewrite(gateway, kind, after, keeps_source=False)


def _carrier(network: Network, device: Device) -> str | None:
    """The carrier gateway of a subnet in a Wavelength Zone, which lets the carrier's network and the internet in
    (https://docs.aws.amazon.com/wavelength/latest/developerguide/how-wavelengths-work.html).
    """
    table = network.table_of(device.subnet, device.vpc, device.origins)
    if isinstance(table, Missing):
        return None
    return next((route.target for route in table.routes if route.target_kind == CARRIER), None)


def enter(walk: Walk, destination: Held, device: Device) -> Arrival:
    """In by the internet gateway of the destination's VPC."""
    network, interface = walk.network, destination.interface
    carrier = _carrier(network, device) if destination.implied and not destination.by_public_address else None
    if carrier is not None:
        crossing = unmodelled(carrier, CARRIER, device)
        walk.take(cannot_tell(CARRIER, carrier, walk.traffic, crossing.gap))
        walk.crossings.append(crossing)
        return FromGateway(carrier, CARRIER, certain=True)
    gateway = network.internet_gateway_of(interface.vpc)
    if gateway is None:
        if not network.coverage.seen(CALL, interface.origins) or not network.whole("InternetGateways"):
            gap = network.gap(CALL, interface.origins, f"the internet gateway of {interface.vpc}")
            walk.take(cannot_tell(KIND, interface.vpc or interface.id, walk.traffic, gap))
            walk.crossings.append(Unmodelled(interface.vpc or interface.id, KIND, gap))
            arrival: Arrival = FromGateway(interface.vpc or "", KIND, certain=False)
            name = interface.vpc or interface.id
        else:
            name = interface.vpc or interface.id
            blocker = Blocker(Code.VPC_HAS_NO_INTERNET_GATEWAY, name, (), "ingress", None, walk.traffic)
            walk.take(drops(KIND, name, walk.traffic, blocker))
            arrival = FromInternet("")
    else:
        name = gateway.id
        arrival = FromInternet(gateway.id)
        walk.take(attachment(gateway, interface.vpc, walk.traffic, None))
    walk.take(public_destination(name, destination, walk.traffic))
    walk.take(public_access(network, device, name, walk.traffic, "ingress", started_inside=False))
    if destination.by_public_address:
        after = walk.traffic.rewritten(destination=(destination.private, destination.private + 1))
        walk.rewrite(name, KIND, after, keeps_source=True)
    if gateway is not None:
        appliances.edge(walk, gateway.id, destination, device)
    return arrival
