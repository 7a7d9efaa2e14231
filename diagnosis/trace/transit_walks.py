"""Walks through transit gateways: each passage of the traffic as a walk of its own, and where it goes on from.

What is not seen, or drops everything, does not end a walk: where the destination's VPC is attached to a transit gateway
too, it goes on there as if it had passed, so that all that stands in the way is found.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.route_tables import RouteTable
from diagnosis.network.transit_gateways import OVER, TransitGatewayAttachment
from diagnosis.network.vpcs import Origins
from diagnosis.trace import network_acls, route_tables, transit_routes
from diagnosis.trace.codes import Code
from diagnosis.trace.places import Held, Nobody, Place
from diagnosis.trace.step import NOTHING, Blocker, Step, cannot_tell, drops
from diagnosis.trace.transit_attachments import (
    ATTACHMENT,
    FORWARD,
    KIND,
    VPC_ATTACHMENTS,
    exits,
    first,
    owner_origins,
    state_step,
)
from diagnosis.trace.transit_gateways import Course, Edge, IntoVpc, Lost, Passage, Unseen, from_vpc
from diagnosis.trace.walk import (
    Arrival,
    Branch,
    Device,
    FromGateway,
    FromTransit,
    LeftByTransit,
    LeftSubnet,
    Unmodelled,
    Walk,
    unmodelled,
)
from diagnosis.traffic.intervals import IntervalSet

Onward = Device | FromTransit | Unmodelled | None
"""Where a walk goes on: from an interface of the gateway in a subnet, at the destination's subnet, past something that
is not judged, or not at all."""

PASSES_ON = frozenset(
    {"network-interface", "instance", "vpc-endpoint", "gateway", "transit-gateway", "core-network", "none"}
)
"""Targets by which a VPC may hand on what is not for itself."""


def leave(
    walk: Walk, target: str, table: RouteTable, rule: str, device: Device, destination: Place
) -> Iterator[tuple[Walk, Onward]]:
    """Out of a VPC into a transit gateway, by a route of one of its tables."""
    if device.arrived is not None:
        # Out of one gateway and into one again: nothing says that a VPC passes such traffic on.
        course = Course(device.arrived.gateway, device.arrived.entered, None)
        why = "gets what came out of one before, and whether a VPC passes that on is not documented"
        yield from _not_seen(walk, unmodelled(target, KIND, device, why), course, device.arrived.home, destination)
        return
    passages = list(from_vpc(walk.network, FORWARD, target, table.id, rule, device, walk.traffic, explain=walk.explain))
    for passage in passages:
        part = walk if len(passages) == 1 else walk.fork(passage.addresses)
        yield from carry(part, passage, device, destination)


def carry(walk: Walk, passage: Passage, home: Device | None, destination: Place) -> Iterator[tuple[Walk, Onward]]:
    """Along one passage to its end. `home` is what sent the traffic, where that is inside what is seen."""
    for step in passage.steps:
        walk.take(step)
    match passage.end:
        case IntoVpc(attachment=attachment, course=course):
            yield from _into_vpc(walk, attachment, course, home, destination)
        case Lost(course=course):
            yield from as_if_through(walk, course, home, destination)
        case Edge(attachment=attachment, gap=gap, course=course):
            yield from _not_seen(walk, Unmodelled(attachment.id, ATTACHMENT, gap), course, home, destination)
        case Unseen(component=component, kind=kind, gap=gap, course=course):
            yield from _not_seen(walk, Unmodelled(component, kind, gap), course, home, destination)


def _not_seen(
    walk: Walk, past: Unmodelled, course: Course, home: Device | None, destination: Place
) -> Iterator[tuple[Walk, Onward]]:
    if isinstance(destination, Held) and _inside(destination):
        walk.take(cannot_tell(past.kind, past.component, walk.traffic, past.gap))
        yield walk, by_some_way(walk.network, course, home, destination)
        return
    if home is not None:
        walk.crossings.append(LeftByTransit(home, course.gateway))
    yield walk, past


def _inside(destination: Place) -> bool:
    return isinstance(destination, Held) and not destination.by_public_address


def by_some_way(network: Network, course: Course, home: Device | None, destination: Held) -> FromTransit:
    """At the destination's subnet by a way that is not known: only what is the destination's own is certain there."""
    interface = destination.interface
    gap = may_come_out_in(network, interface.vpc, interface.subnet, interface.origins)
    return FromTransit(course.gateway, None, home, course.entered, unsure=gap)


def may_come_out_in(network: Network, vpc: str | None, subnet: str | None, origins: Origins) -> Missing | None:
    """Why a gateway's interface may be in this very subnet, so that its ACL judges nothing; None where none can."""
    attached = network.transit.of_vpc.get(vpc or "", ())
    seen = network.coverage.seen(VPC_ATTACHMENTS, origins)
    if not seen or any(a.subnets is None for a in attached):
        return network.gap(VPC_ATTACHMENTS, origins, f"the subnets of the attachments of {vpc}")
    if any(subnet in (a.subnets or ()) for a in attached):
        account, region = (origins or (("", ""),))[0]
        return Missing("", account, region, f"whether the traffic comes out in subnet {subnet} itself is not known")
    return None


def as_if_through(walk: Walk, course: Course, home: Device | None, destination: Place) -> Iterator[tuple[Walk, Onward]]:
    """Past what drops it or is not seen: into the destination's VPC as if the gateways led there."""
    if not isinstance(destination, Held) or not _inside(destination):
        if home is not None:
            walk.crossings.append(LeftByTransit(home, course.gateway))
        yield walk, None
        return
    vpc = destination.interface.vpc
    attached = walk.network.transit.of_vpc.get(vpc or "", ())
    attachment = walk.network.transit.joining(vpc, course.gateway) or next(iter(attached), None)
    if attachment is None or attachment.state in OVER or (home is not None and home.vpc == vpc):
        yield walk, by_some_way(walk.network, course, home, destination)
        return
    walk.take(state_step(attachment, walk.traffic))
    yield from _into_vpc(walk, attachment, course, home, destination)


def _into_vpc(
    walk: Walk, attachment: TransitGatewayAttachment, course: Course, home: Device | None, destination: Place
) -> Iterator[tuple[Walk, Onward]]:
    """Out of an attachment into one of its subnets, whose route table then decides."""
    network = walk.network
    if _leads_elsewhere(walk, attachment, destination):
        blocker = Blocker(
            Code.TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT,
            course.table,
            (attachment.id,),
            None,
            course.rule,
            walk.traffic,
            "leads elsewhere",
        )
        walk.take(drops(transit_routes.KIND, course.table, walk.traffic, blocker))
        yield from as_if_through(walk, course, home, destination)
        return
    subnets = exits(network, attachment, course.zone)
    if isinstance(subnets, Missing):
        here = isinstance(destination, Held) and destination.interface.vpc == attachment.resource
        if here and _inside(destination):
            walk.take(cannot_tell(ATTACHMENT, attachment.id, walk.traffic, subnets))
            yield walk, FromTransit(attachment.gateway, None, home, course.entered, attachment.id, subnets)
        else:
            yield from _not_seen(walk, Unmodelled(attachment.id, ATTACHMENT, subnets), course, home, destination)
        return
    own = destination.interface.subnet if isinstance(destination, Held) else None
    ways = unlike(network, attachment, subnets, own)
    for subnet in ways:
        part = walk
        if len(ways) > 1:
            part = walk.copy()
            part.branches = (*walk.branches, Branch(attachment.id, subnet, which(network, attachment, ways)))
        arrived = FromTransit(attachment.gateway, subnet, home, course.entered, attachment.id)
        vpc = network.vpcs.get(attachment.resource)
        yield (
            part,
            Device(
                attachment.id,
                home.interface if home is not None else None,
                attachment.resource,
                subnet,
                vpc.origins if vpc is not None else attachment.origins,
                None,
                through_nat=home.through_nat if home is not None else False,
                arrived=arrived,
            ),
        )


def _leads_elsewhere(walk: Walk, attachment: TransitGatewayAttachment, destination: Place) -> bool:
    """Whether this is the wrong VPC for certain: not the destination's, and it passes nothing on to anything."""
    if isinstance(destination, Held) and _inside(destination):
        vpc = destination.interface.vpc
    elif isinstance(destination, Nobody):
        vpc = destination.vpc
    else:
        return False
    if vpc == attachment.resource:
        return False
    return not passes_on(walk.network, attachment, walk.traffic.project("destination"))


def passes_on(network: Network, attachment: TransitGatewayAttachment, addresses: IntervalSet) -> bool:
    """Whether a VPC may hand on to something what a gateway brings it and is not for itself."""
    if not attachment.subnets:
        return True
    for subnet in attachment.subnets:
        table = network.table_of(subnet, attachment.resource, attachment.origins)
        if isinstance(table, Missing):
            return True
        for way in route_tables.routing(network, table).split(addresses):
            kind = route_tables.target_kind(network, way.route) if way.route is not None else "none"
            alive = way.route is not None and way.route.state != "blackhole"
            if way.doubt is not None or (alive and kind in PASSES_ON):
                return True
    return False


def unlike(
    network: Network, attachment: TransitGatewayAttachment, subnets: tuple[str, ...], own: str | None
) -> tuple[str, ...]:
    """Of several subnets in which it may come out one for each kind: those with one ACL and one table are alike.

    `own` is the subnet where the receiver is.
    """
    found: dict[object, str] = {}
    for subnet in subnets:
        acl = network.acl_of(subnet, attachment.resource, attachment.origins)
        table = network.table_of(subnet, attachment.resource, attachment.origins)
        key = (
            subnet if isinstance(acl, Missing) else acl.id,
            subnet if isinstance(table, Missing) else table.id,
            subnet == own,
        )
        found.setdefault(key, subnet)
    return tuple(found.values())


def which(network: Network, attachment: TransitGatewayAttachment, subnets: tuple[str, ...]) -> Missing:
    """What to say where the subnets in which it may come out differ in what happens there."""
    reason = f"in which subnet {attachment.id} brings the traffic out is AWS's choice: {', '.join(subnets)}"
    return Missing("", *first(owner_origins(network, attachment)), reason)


def out_step(walk: Walk, device: Device) -> Step:
    """The network ACL where traffic comes out of a gateway's interface: outbound rules, by where it is headed."""
    acl = walk.network.acl_of(device.subnet, device.vpc, device.origins)
    view = FORWARD.egress
    return network_acls.judge(walk.network, acl, device.subnet, walk.traffic, "egress", view, explain=walk.explain)


def unless_beside(walk: Walk, step: Step, arrival: Arrival, destination: Held) -> Step:
    """The step of the receiver's subnet ACL: what comes out of a gateway in that very subnet would not meet it."""
    interface = destination.interface
    gap: Missing | None = None
    if isinstance(arrival, FromTransit):
        gap = arrival.unsure
    elif _by_unknown_way(walk, arrival, interface.vpc) and interface.vpc in walk.network.transit.of_vpc:
        gap = may_come_out_in(walk.network, interface.vpc, interface.subnet, interface.origins)
    if gap is None:
        return step
    if step.dropped.empty:
        return step._replace(subnet=None)
    unknown = step.unknown.union(step.dropped)
    return step._replace(dropped=NOTHING, unknown=unknown, blockers=(), gaps=(*step.gaps, gap), subnet=None)


def _by_unknown_way(walk: Walk, arrival: Arrival, vpc: str | None) -> bool:
    """Whether it came into this VPC from outside it, in a way that is not known."""
    left = [c.device.vpc for c in walk.crossings if isinstance(c, LeftSubnet)]
    return isinstance(arrival, FromGateway) and not arrival.certain and (not left or left[-1] != vpc)


def perhaps_by(walk: Walk, arrival: Arrival, destination: Held) -> FromTransit | None:
    """The transit gateway that traffic came by, or, where that is not known, may have come by."""
    vpc = destination.interface.vpc
    if isinstance(arrival, FromTransit) or not _by_unknown_way(walk, arrival, vpc):
        return arrival if isinstance(arrival, FromTransit) else None
    if walk.appliance is not None or walk.relay is not None:
        return None
    sender = next((c.device for c in walk.crossings if isinstance(c, LeftSubnet)), None)
    return linking(walk.network, sender, vpc) if sender is not None else None


def leads_into(walk: Walk, device: Device) -> str | None:
    """The transit gateway that a device's route table sends the traffic to; None where it does not."""
    table = walk.network.table_of(device.subnet, device.vpc, device.origins)
    if isinstance(table, Missing):
        return None
    for way in route_tables.routing(walk.network, table).split(walk.traffic.project("destination")):
        if way.route is not None and way.doubt is None and way.route.target_kind == KIND:
            return way.route.target
    return None


def linking(network: Network, device: Device, vpc: str | None) -> FromTransit | None:
    """How traffic would come into another VPC, were it routed over the gateway that both are attached to."""
    for attachment in network.transit.of_vpc.get(device.vpc or "", ()):
        other = network.transit.joining(vpc, attachment.gateway)
        if other is not None and attachment.state not in OVER and other.state not in OVER:
            return FromTransit(attachment.gateway, None, device, attachment.id, other.id)
    return None
