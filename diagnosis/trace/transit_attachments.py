"""Attachments of transit gateways: into the gateway from a VPC's subnet, and out of it into one.

"Traffic is forwarded to the transit gateway only when the transit gateway has an attachment in a subnet in the same
Availability Zone." The network ACL of the attachment's subnet is asymmetric: its inbound rules see what goes into the
gateway, its outbound rules what comes out of it, and what comes out in the very subnet of the receiver meets no rule
(https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html and tgw-nacls.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.transit import ASSOCIATIONS
from diagnosis.network.transit_gateways import WORKING, TransitGatewayAttachment, TransitGatewayRouteTable
from diagnosis.network.vpcs import Origins, Subnet
from diagnosis.trace import network_acls
from diagnosis.trace.codes import Code
from diagnosis.trace.step import NOTHING, Blocker, Step, cannot_tell, drops, passes
from diagnosis.trace.walk import Device
from diagnosis.traffic.addresses import IPV4
from diagnosis.traffic.filters import EGRESS, INGRESS, REPLY_EGRESS, REPLY_INGRESS, View
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.traffic import Traffic

KIND = "transit-gateway"
ATTACHMENT = "transit-gateway-attachment"
GATEWAYS = "ec2.describe_transit_gateways"
ATTACHMENTS = "ec2.describe_transit_gateway_attachments"
TABLES = "ec2.describe_transit_gateway_route_tables"
VPC_ATTACHMENTS = "ec2.describe_transit_gateway_vpc_attachments"


@dataclass(frozen=True, slots=True)
class Side:
    """How one leg of the connection is routed and filtered."""

    by_source: bool
    egress: View
    ingress: View

    def addresses(self, traffic: Traffic) -> IntervalSet:
        """The addresses that the leg's packets are headed for."""
        return traffic.project("source" if self.by_source else "destination")

    def towards(self, traffic: Traffic, addresses: IntervalSet) -> Traffic:
        """The part of the traffic whose packets are headed for these addresses."""
        return traffic.only(source=addresses) if self.by_source else traffic.only(destination=addresses)


FORWARD = Side(by_source=False, egress=EGRESS, ingress=INGRESS)
RETURN = Side(by_source=True, egress=REPLY_EGRESS, ingress=REPLY_INGRESS)


def state_step(attachment: TransitGatewayAttachment, traffic: Traffic) -> Step:
    """Whether the attachment carries traffic at all."""
    if attachment.state in WORKING:
        return passes(ATTACHMENT, attachment.id, traffic)
    blocker = Blocker(
        Code.BAD_STATE_ATTACHMENT, attachment.id, (attachment.gateway,), None, None, traffic, attachment.state
    )
    return drops(ATTACHMENT, attachment.id, traffic, blocker)


def gateway_step(network: Network, target: str, origins: Origins, traffic: Traffic) -> Step | None:
    """The gateway itself: whether it works, where that can be told."""
    gateway = network.transit.gateways.get(target)
    if gateway is None:
        if network.coverage.seen(GATEWAYS, origins) and target not in network.malformed:
            return None  # Shared by an account that was not asked: the attachment's state stands for it.
        return cannot_tell(KIND, target, traffic, network.gap(GATEWAYS, origins, f"transit gateway {target}"))
    if gateway.state in WORKING:
        return None
    return drops(KIND, target, traffic, Blocker(Code.BAD_STATE, target, (), None, None, traffic, gateway.state))


def ipv6_step(attachment: TransitGatewayAttachment, traffic: Traffic) -> Step | None:
    """IPv6 needs the attachment's IPv6 support."""
    if attachment.kind != "vpc" or attachment.ipv6 is not False:
        return None
    four = traffic.only(source=IPV4)
    six = traffic.minus(four)
    if six.empty:
        return None
    blocker = Blocker(Code.PROTOCOL_RESTRICTION, attachment.id, (attachment.gateway,), None, None, six, "IPv4")
    return Step(ATTACHMENT, attachment.id, None, four, six, NOTHING, blockers=(blocker,))


def into_gateway(
    network: Network,
    side: Side,
    attachment: TransitGatewayAttachment,
    device: Device,
    traffic: Traffic,
    *,
    explain: bool,
) -> Iterator[Step]:
    """By the attachment's interface in the sender's zone: there must be one, and its subnet's inbound rules apply."""
    ipv6 = ipv6_step(attachment, traffic)
    if ipv6 is not None:
        yield ipv6
    own = network.subnets.get(device.subnet or "")
    if attachment.subnets is None:
        gap = network.gap(VPC_ATTACHMENTS, device.origins, f"the subnets of {attachment.id}")
        yield cannot_tell(ATTACHMENT, attachment.id, traffic, gap)
        return
    near = device.subnet if device.subnet in attachment.subnets else None
    unknown = own is None or own.zone is None
    for identity in attachment.subnets if near is None else ():
        subnet = network.subnets.get(identity)
        if subnet is not None and own is not None and same_zone(subnet, own):
            near = identity
        unknown = unknown or subnet is None or subnet.zone is None
    if near is None and unknown:
        gap = network.gap("ec2.describe_subnets", device.origins, f"the zone of a subnet of {attachment.id}")
        yield cannot_tell(ATTACHMENT, attachment.id, traffic, gap)
    elif near is None:
        zone = (own.zone if own is not None else None) or ""
        related = (device.subnet,) if device.subnet else ()
        blocker = Blocker(Code.TGW_ROUTE_AZ_RESTRICTION, attachment.id, related, None, None, traffic, zone)
        yield drops(ATTACHMENT, attachment.id, traffic, blocker)
    else:
        acl = network.acl_of(near, device.vpc, device.origins)
        yield network_acls.judge(network, acl, near, traffic, "ingress", side.ingress, explain=explain)


def same_zone(one: Subnet, other: Subnet) -> bool:
    """Whether two subnets lie in one Availability Zone: names differ between accounts, zone ids do not."""
    if one.zone_id and other.zone_id:
        return one.zone_id == other.zone_id
    return one.zone is not None and one.zone == other.zone and one.account == other.account


def exits(network: Network, attachment: TransitGatewayAttachment, zone: Subnet | None) -> tuple[str, ...] | Missing:
    """The subnets in which the traffic may come out: one where the gateway keeps the zone in which it started.

    "If appliance mode is not enabled, the transit gateway keeps the traffic in the Availability Zone where it
    originated"; with it a flow sticks to one zone, and nothing says to which
    (https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-appliance-scenario.html).
    """
    if attachment.subnets is None:
        vpc = network.vpcs.get(attachment.resource)
        origins = vpc.origins if vpc is not None else attachment.origins
        return network.gap(VPC_ATTACHMENTS, origins, f"the subnets of {attachment.id}")
    if attachment.appliance_mode is False and zone is not None:
        near = [s for s in attachment.subnets if s in network.subnets and same_zone(network.subnets[s], zone)]
        if near:
            return tuple(near)
    return attachment.subnets


def associated(network: Network, attachment: TransitGatewayAttachment) -> TransitGatewayRouteTable | Missing | None:
    """The route table that an attachment is associated with; None where it has none for certain."""
    tables = network.transit.tables_of(attachment)
    origins = owner_origins(network, attachment)
    if len(tables) == 1:
        [table] = tables
        known = network.transit.tables.get(table)
        return known or TransitGatewayRouteTable(table, attachment.gateway, None, None, None, attachment.origins)
    if tables:
        both = ", ".join(sorted(tables))
        listed = [network.transit.tables.get(table) for table in tables]
        call = ASSOCIATIONS if all(known is not None and known.gateway for known in listed) else TABLES
        return network.coverage.missing(call, origins, f"the answers associate {attachment.id} with {both}")
    if attachment.says_table or network.transit.lists_all_associations(attachment.gateway):
        return None
    return network.coverage.missing(ATTACHMENTS, origins, f"the route table of {attachment.id} was not seen")


def owner_origins(network: Network, attachment: TransitGatewayAttachment) -> Origins:
    """The account and Region that can show the route tables of an attachment's gateway."""
    gateway = network.transit.gateways.get(attachment.gateway)
    account = attachment.gateway_owner or (gateway.account if gateway is not None else "")
    region = (gateway.region if gateway is not None else "") or first(attachment.origins)[1]
    return ((account, region),) if account else attachment.origins


def first(origins: Origins) -> tuple[str, str]:
    """The account and Region that a gap names."""
    return (origins or (("", ""),))[0]
