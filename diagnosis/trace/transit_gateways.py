"""Transit gateways on the path: into one by the attachment of a VPC, by its route table to another attachment.

"Each attachment is associated with exactly one route table"; that table alone decides where the traffic of the
attachment goes, and the reply is looked up in the table of the attachment by which it enters. "Traffic is forwarded to
the transit gateway only when the transit gateway has an attachment in a subnet in the same Availability Zone". At the
attachment's subnet the network ACL is asymmetric: its inbound rules see what goes into the gateway, its outbound rules
what comes out (https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html, tgw-vpc-attachments.html and
tgw-nacls.html).

Both legs take the same functions; a `Side` says by which address they are routed and how ACLs look at them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.transit_gateways import (
    PEERINGS,
    TransitGatewayAttachment,
    TransitGatewayRoute,
    TransitGatewayRouteTable,
)
from diagnosis.network.vpcs import Subnet
from diagnosis.trace import route_tables, transit_routes
from diagnosis.trace.codes import Code
from diagnosis.trace.step import Blocker, Step, cannot_tell, drops, passes
from diagnosis.trace.transit_attachments import (
    ATTACHMENT,
    ATTACHMENTS,
    KIND,
    VPC_ATTACHMENTS,
    Side,
    associated,
    first,
    gateway_step,
    into_gateway,
    ipv6_step,
    owner_origins,
    state_step,
)
from diagnosis.trace.vpn_gateways import connection_step
from diagnosis.trace.walk import Device
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.traffic import Traffic

EDGES = frozenset({"vpn", "vpn-concentrator", "direct-connect-gateway", "connect", "client-vpn"})
"""Kinds of attachments behind which lies a network that no describe call shows."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a passage has gone so far: where it came in, and the last table and route that it took."""

    gateway: str
    entered: str
    """The attachment by which it came into the gateway where it is now."""
    zone: Subnet | None
    """The subnet in whose zone the traffic started; None where it came from elsewhere."""
    table: str = ""
    rule: str | None = None
    visited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IntoVpc:
    """It comes out of this attachment into its VPC."""

    attachment: TransitGatewayAttachment
    course: Course


@dataclass(frozen=True, slots=True)
class Edge:
    """It leaves what is seen by this attachment, towards a network on premises."""

    attachment: TransitGatewayAttachment
    gap: Missing
    course: Course


@dataclass(frozen=True, slots=True)
class Unseen:
    """Where it goes is not known."""

    component: str
    kind: str
    gap: Missing
    course: Course


@dataclass(frozen=True, slots=True)
class Lost:
    """It is dropped; the steps say by what."""

    course: Course


End = IntoVpc | Edge | Unseen | Lost


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the traffic with all that happens to it between a VPC's route table and the end of the gateways."""

    addresses: IntervalSet
    """What this part is headed for."""
    traffic: Traffic
    steps: tuple[Step, ...]
    end: End


def from_vpc(
    network: Network,
    side: Side,
    target: str,
    table: str,
    rule: str,
    device: Device,
    traffic: Traffic,
    *,
    explain: bool = True,
) -> Iterator[Passage]:
    """Through the gateway that a route of a VPC's table names, from a device in that VPC."""
    subnet = network.subnets.get(device.subnet or "")
    course = Course(target, "", subnet)
    whole = side.addresses(traffic)
    steps = [gateway_step(network, target, device.origins, traffic)]
    attachment = network.transit.joining(device.vpc, target)
    if attachment is None:
        gap = _unlisted(network, target, device)
        if gap is not None:
            yield Passage(whole, traffic, tuple(filter(None, steps)), Unseen(target, KIND, gap, course))
            return
        blocker = Blocker(Code.NO_ROUTE_TO_DESTINATION, table, (target,), None, rule, traffic, "not attached")
        steps.append(drops(route_tables.KIND, table, traffic, blocker))
        yield Passage(whole, traffic, tuple(filter(None, steps)), Lost(course))
        return
    steps.append(state_step(attachment, traffic))
    steps += into_gateway(network, side, attachment, device, traffic, explain=explain)
    course = Course(target, attachment.id, subnet)
    yield from through(network, side, attachment, traffic, tuple(filter(None, steps)), course)


def through(
    network: Network,
    side: Side,
    attachment: TransitGatewayAttachment,
    traffic: Traffic,
    steps: tuple[Step, ...],
    course: Course,
) -> Iterator[Passage]:
    """From an attachment to its gateway's associated route table, and along the routes that the traffic takes."""
    whole = side.addresses(traffic)
    table = associated(network, attachment)
    if table is None:
        blocker = Blocker(
            Code.TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION, attachment.id, (attachment.gateway,), None, None, traffic
        )
        yield Passage(whole, traffic, (*steps, drops(ATTACHMENT, attachment.id, traffic, blocker)), Lost(course))
        return
    if isinstance(table, Missing):
        yield Passage(whole, traffic, steps, Unseen(attachment.id, ATTACHMENT, table, course))
        return
    visited = (*course.visited, table.id)
    course = Course(course.gateway, course.entered, course.zone, table.id, course.rule, visited)
    ways = transit_routes.split(network, table, owner_origins(network, attachment), whole)
    if isinstance(ways, Missing):
        yield Passage(whole, traffic, steps, Unseen(table.id, transit_routes.KIND, ways, course))
        return
    for way in ways:
        part = side.towards(traffic, way.addresses) if len(ways) > 1 else traffic
        taken = tuple(step.only(part) for step in steps) if len(ways) > 1 else steps
        route = way.route
        if way.doubt is not None:
            yield Passage(way.addresses, part, taken, Unseen(table.id, transit_routes.KIND, way.doubt, course))
        elif route is None or route.state == "blackhole":
            step = drops(transit_routes.KIND, table.id, part, _no_way(table, route, attachment, part))
            yield Passage(way.addresses, part, (*taken, step), Lost(course))
        else:
            yield from _along(network, side, route, attachment, Passage(way.addresses, part, taken, Lost(course)))


def _no_way(
    table: TransitGatewayRouteTable,
    route: TransitGatewayRoute | None,
    attachment: TransitGatewayAttachment,
    traffic: Traffic,
) -> Blocker:
    if route is None:
        return Blocker(Code.TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT, table.id, (attachment.id,), None, None, traffic)
    return Blocker(
        Code.TGW_RTB_BAD_STATE_ROUTE, table.id, (attachment.id,), None, route.destination, traffic, route.state
    )


def _along(
    network: Network, side: Side, route: TransitGatewayRoute, source: TransitGatewayAttachment, so_far: Passage
) -> Iterator[Passage]:
    """Along one route to the attachment that it leads to, and out of it or on into the gateway across a peering."""
    traffic = so_far.traffic
    before = so_far.end.course
    course = Course(before.gateway, before.entered, before.zone, before.table, route.destination, before.visited)
    if not route.targets:
        reason = f"route {route.destination} of {course.table} names no attachment"
        gap = Missing("", *first(owner_origins(network, source)), reason)
        yield replace(so_far, end=Unseen(course.table, transit_routes.KIND, gap, course))
        return
    identity, resource, named = route.targets[0]
    detail = f"{route.destination} → {resource or identity}"
    steps = [*so_far.steps, passes(transit_routes.KIND, course.table, traffic, rule=route.destination, detail=detail)]
    attachment = network.transit.at(source.gateway, identity)
    if attachment is None:
        attachment = _dangling(source, identity, resource, named)
        gap = network.gap(ATTACHMENTS, owner_origins(network, source), f"attachment {identity}")
        steps.append(cannot_tell(ATTACHMENT, identity, traffic, gap))
    steps += filter(None, (state_step(attachment, traffic), ipv6_step(attachment, traffic)))
    so_far = Passage(so_far.addresses, traffic, tuple(steps), so_far.end)
    match attachment.kind or named:
        case "vpc":
            yield _into_vpc(network, attachment, course, so_far)
        case kind if kind in PEERINGS:
            yield from _across(network, side, attachment, course, so_far)
        case kind if kind in EDGES:
            yield out_by_edge(network, attachment, course, so_far)
        case kind:
            reason = f"{kind or 'an attachment'} {identity} of {source.gateway} on the path is not modelled"
            gap = Missing("", *first(owner_origins(network, source)), reason)
            yield replace(so_far, end=Unseen(identity, ATTACHMENT, gap, course))


def _into_vpc(network: Network, attachment: TransitGatewayAttachment, course: Course, so_far: Passage) -> Passage:
    if attachment.resource in network.vpcs:
        return replace(so_far, end=IntoVpc(attachment, course))
    origins = ((attachment.owner, first(attachment.origins)[1]),) if attachment.owner else attachment.origins
    reason = f"VPC {attachment.resource} behind {attachment.id} was not seen"
    gap = network.coverage.missing("ec2.describe_vpcs", origins, reason)
    return replace(so_far, end=Unseen(attachment.resource or attachment.id, "vpc", gap, course))


def _across(
    network: Network, side: Side, attachment: TransitGatewayAttachment, course: Course, so_far: Passage
) -> Iterator[Passage]:
    """Over a peering of transit gateways into the gateway across."""
    other = network.transit.other_side(attachment)
    traffic = so_far.traffic
    if other is None:
        region = next((g.region for g in (network.transit.gateways.get(attachment.resource),) if g is not None), "")
        gap = network.coverage.missing(
            ATTACHMENTS,
            ((attachment.owner, region),),
            f"transit gateway {attachment.resource} across {attachment.id} was not seen",
        )
        yield replace(so_far, end=Unseen(attachment.resource or attachment.id, KIND, gap, course))
        return
    table = associated(network, other)
    if isinstance(table, TransitGatewayRouteTable) and table.id in course.visited:
        blocker = Blocker(
            Code.TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT,
            course.table,
            (attachment.id,),
            None,
            course.rule,
            traffic,
            "a loop between transit gateways",
        )
        step = drops(transit_routes.KIND, course.table, traffic, blocker)
        yield replace(so_far, steps=(*so_far.steps, step), end=Lost(course))
        return
    onward = Course(other.gateway, other.id, None, visited=course.visited)
    yield from through(network, side, other, traffic, so_far.steps, onward)


def out_by_edge(network: Network, attachment: TransitGatewayAttachment, course: Course, so_far: Passage) -> Passage:
    """Out of what is seen: whether the connection is there, and that nothing shows what lies beyond."""
    steps = so_far.steps
    if attachment.kind == "vpn":
        steps = (*steps, connection_step(network, attachment.resource, attachment, so_far.traffic))
    kind = attachment.kind.replace("-", " ").replace("vpn", "VPN")
    reason = f"what lies beyond {kind} attachment {attachment.id} of {attachment.gateway} is not seen"
    gap = Missing("", *first(attachment.origins), reason)
    return replace(so_far, steps=steps, end=Edge(attachment, gap, course))


def _unlisted(network: Network, target: str, device: Device) -> Missing | None:
    """What is missing where a VPC has no attachment to a gateway; None where it is certain that it has none."""
    for call in (ATTACHMENTS, VPC_ATTACHMENTS):
        seen = network.coverage.seen(call, device.origins) and network.whole("TransitGatewayAttachments")
        if not seen:
            return network.gap(call, device.origins, f"the attachment of {device.vpc} to {target}")
    return None


def _dangling(source: TransitGatewayAttachment, identity: str, resource: str, kind: str) -> TransitGatewayAttachment:
    """An attachment of which only the route that leads to it is known."""
    return replace(
        source,
        id=identity,
        kind=kind,
        resource=resource,
        owner="",
        state="available",
        table=None,
        association=None,
        subnets=None,
        appliance_mode=None,
        references=None,
        ipv6=None,
        across="",
        says_table=False,
        name=None,
    )
