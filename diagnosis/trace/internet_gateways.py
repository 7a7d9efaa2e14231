"""Internet gateways and egress-only internet gateways: 1:1 translation for IPv4, none for IPv6, public addresses only.

https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
"""

from __future__ import annotations

from diagnosis.network.coverage import Missing
from diagnosis.network.gateways import ATTACHED, InternetGateway
from diagnosis.network.network import Network
from diagnosis.network.public_access import OPTIONS, block_state
from diagnosis.trace.codes import Code
from diagnosis.trace.places import Held
from diagnosis.trace.step import NOTHING, Blocker, Direction, Step, cannot_tell, drops, passes
from diagnosis.trace.walk import Device
from diagnosis.traffic.addresses import IPV4, NOT_PUBLIC, RFC1918, RFC6598
from diagnosis.traffic.intervals import IntervalSet, meet, minus
from diagnosis.traffic.traffic import Traffic

KIND = "internet-gateway"
EGRESS_ONLY = "egress-only-internet-gateway"


def find(network: Network, identity: str, kind: str, device: Device) -> InternetGateway | Missing:
    """The gateway of a route."""
    gateway = network.internet_gateways.get(identity)
    if gateway is not None:
        return gateway
    call = "ec2.describe_internet_gateways" if kind == KIND else "ec2.describe_egress_only_internet_gateways"
    return network.gap(call, device.origins, f"{kind.replace('-', ' ')} {identity}")


def attachment(gateway: InternetGateway, vpc: str | None, traffic: Traffic, table: str | None) -> Step:
    """Whether the gateway is attached to the VPC that the traffic is in."""
    kind = EGRESS_ONLY if gateway.egress_only else KIND
    state = gateway.state_for(vpc)
    if state in ATTACHED:
        return passes(kind, gateway.id, traffic)
    if state is None and gateway.attachments and table:
        blocker = Blocker(
            Code.BAD_STATE_ATTACHMENT, table, (gateway.id,), None, None, traffic, f"attached to {gateway.attachments[0][0]}"
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
    """IPv4 leaves only from a private address that has a public one associated."""
    if device.public is not None:
        return passes("address-translation", gateway, traffic)
    lacking = traffic.only(source=IPV4).only(destination=minus(IPV4, NOT_PUBLIC))
    if lacking.empty:
        return passes("address-translation", gateway, traffic)
    if device.public_unseen:
        return passes("address-translation", gateway, traffic)
    component = device.interface.id if device.interface is not None else device.id
    related = (gateway,) if component == device.id else (gateway, device.id)
    blocker = Blocker(Code.IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS, component, related, None, None, lacking)
    return Step(
        "address-translation", gateway, None, traffic.minus(lacking), lacking, NOTHING, blockers=(blocker,)
    )


def public_access(network: Network, device: Device, gateway: str, traffic: Traffic, direction: Direction, *, started_inside: bool) -> Step:
    """Block Public Access: `block-ingress` lets only what NAT and egress-only gateways started pass, `block-bidirectional` nothing."""
    kind = "block-public-access"
    vpc = network.vpcs.get(device.vpc or "")
    subnet = network.subnets.get(device.subnet or "")
    state = block_state(network.public_access, network.coverage, vpc, subnet, device.origins)
    if state.missing is not None:
        return cannot_tell(kind, gateway, traffic, state.missing, direction=direction)
    if state.mode == "off" or (state.mode == "block-ingress" and started_inside):
        assumed = (f"{OPTIONS}: Block Public Access is off",) if state.assumed else ()
        return passes(kind, gateway, traffic, direction=direction, assumed=assumed)
    if state.mode not in ("block-bidirectional", "block-ingress"):
        gap = network.coverage.missing(OPTIONS, device.origins, f"Block Public Access is {state.mode}, not modelled")
        return cannot_tell(kind, gateway, traffic, gap, direction=direction)
    related = (device.subnet,) if device.subnet else ()
    blocker = Blocker(
        Code.VPC_BLOCK_PUBLIC_ACCESS_ENABLED, device.vpc or gateway, related, direction, None, traffic, state.mode
    )
    return drops(kind, gateway, traffic, blocker)


def public_destination(gateway: str, place: Held, traffic: Traffic) -> Step:
    """From the internet only a public IPv4 address of an interface, or an IPv6 address, can be reached."""
    kind = "address-translation"
    interface = place.interface
    if interface.denies_internet_gateway:
        blocker = Blocker(Code.ENI_DENIES_INTERNET_GATEWAY, interface.id, (gateway,), "ingress", None, traffic)
        return drops(kind, gateway, traffic, blocker)
    if not place.is_ipv6 and not place.by_public_address:
        blocker = Blocker(
            Code.IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS, interface.id, (gateway,), "ingress", None, traffic
        )
        return drops(kind, gateway, traffic, blocker)
    return passes(kind, gateway, traffic)
