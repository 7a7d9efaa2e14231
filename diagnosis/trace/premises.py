"""Traffic from on premises: it enters where the destination's route back leads, and a reply that gets there is home.

Nothing shows the network on premises. What can be judged is whether the gateway lets its traffic in, and everything
from there on.
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.network.coverage import Missing
from diagnosis.trace import internet_gateways, nat_gateways, peerings, route_tables, vpn_gateways
from diagnosis.trace.arrival import enter, interface_device
from diagnosis.trace.codes import Code
from diagnosis.trace.forward import onward
from diagnosis.trace.places import Held
from diagnosis.trace.route_tables import Way
from diagnosis.trace.step import Blocker, cannot_tell, drops
from diagnosis.trace.transit_attachments import ATTACHMENT, FORWARD, KIND, RETURN, first, state_step
from diagnosis.trace.transit_gateways import (
    Course,
    Edge,
    IntoVpc,
    Lost,
    Passage,
    Unseen,
    from_vpc,
    out_by_edge,
    through,
)
from diagnosis.trace.transit_walks import as_if_through, carry
from diagnosis.trace.walk import Crossed, Device, FromGateway, FromPeer, Unmodelled, Walk, unmodelled
from diagnosis.traffic.intervals import IntervalSet

INSIDE = frozenset({"local", nat_gateways.KIND, internet_gateways.KIND, internet_gateways.EGRESS_ONLY})
"""Targets of a route back that no traffic from on premises can have come by."""


def from_premises(walk: Walk, destination: Held) -> Iterator[Walk]:
    """From on premises to an interface, one walk for each gateway to which its routes back lead."""
    network = walk.network
    device = interface_device(destination)
    table = network.table_of(device.subnet, device.vpc, device.origins)
    if isinstance(table, Missing):
        walk.take(cannot_tell(route_tables.KIND, device.subnet or device.id, walk.traffic, table))
        walk.crossings.append(Unmodelled(device.subnet or device.id, route_tables.KIND, table))
        yield enter(walk, destination, FromGateway("", "", certain=False))
        return
    ways = route_tables.routing(network, table).split(walk.traffic.project("source"))
    for way in ways:
        part = walk if len(ways) == 1 else _only_from(walk, way.addresses)
        yield from _by(part, way, table.id, device, destination)


def _only_from(walk: Walk, sources: IntervalSet) -> Walk:
    """The walk of a part of the sources, from the start."""
    traffic = walk.traffic.only(source=sources)
    part = Walk.start(walk.network, walk.leg, traffic, explain=walk.explain)
    part.whole_internet = walk.whole_internet
    return part


def _by(walk: Walk, way: Way, table: str, device: Device, destination: Held) -> Iterator[Walk]:
    """In by the target of one route back."""
    route = way.route
    kind = route_tables.target_kind(walk.network, route) if route is not None else "none"
    if way.doubt is not None:
        walk.take(cannot_tell(route_tables.KIND, table, walk.traffic, way.doubt))
        walk.crossings.append(Unmodelled(table, route_tables.KIND, way.doubt))
        yield enter(walk, destination, FromGateway("", "", certain=False))
    elif route is not None and route.state != "blackhole" and kind == peerings.KIND:
        yield _by_peering(walk, route.target, table, route.destination, device, destination)
    elif route is None or route.state == "blackhole" or kind in INSIDE:
        # Nowhere from outside: the reply finds out.
        yield enter(walk, destination, FromGateway("", "outside", certain=True))
    elif kind == KIND:
        yield from _by_transit(walk, route.target, table, route.destination, device, destination)
    elif kind == vpn_gateways.KIND:
        for step in vpn_gateways.entering(walk.network, route.target, device, destination, walk.traffic):
            walk.take(step)
        _edge_table(walk, route.target, device, destination)
        yield enter(walk, destination, FromGateway(route.target, kind, certain=True))
    else:
        crossing = unmodelled(route.target, kind, device)
        walk.take(cannot_tell(crossing.kind, crossing.component, walk.traffic, crossing.gap))
        walk.crossings.append(crossing)
        yield enter(walk, destination, FromGateway(route.target, kind, certain=True))


def _by_peering(walk: Walk, target: str, table: str, rule: str, device: Device, destination: Held) -> Walk:
    """In over the peering connection to which the replies would go: from a VPC that was not seen, or not at all."""
    network = walk.network
    peering = network.peerings.get(target)
    other = peering.other_side(device.vpc) if peering is not None else None
    if peering is not None and (other is None or other.vpc in network.vpcs):
        # Its VPC was seen, and the address is none of its own: the reply finds out.
        return enter(walk, destination, FromGateway("", "outside", certain=True))
    if peering is None or other is None:
        past = Unmodelled(target, peerings.KIND, network.gap(peerings.CALL, device.origins, f"peering {target}"))
    else:
        theirs = ((other.account, other.region),) if other.account else device.origins
        gap = network.coverage.missing("ec2.describe_vpcs", theirs, f"VPC {other.vpc} across {target} was not seen")
        past = Unmodelled(other.vpc or target, "vpc", gap)
    walk.take(cannot_tell(past.kind, past.component, walk.traffic, past.gap))
    if peering is not None and other is not None:
        ours = peering.other_side(other.vpc)
        walk.take(peerings.crossing_step(network, peering, ours, table, rule, walk.traffic)[0])
    walk.crossings += [past, Crossed(target, peerings.KIND)]
    walk.stranger = (other.vpc if other is not None else "") or target
    return enter(walk, destination, FromPeer(target, other.vpc if other is not None else ""))


def _edge_table(walk: Walk, gateway: str, device: Device, destination: Held) -> None:
    """A route table associated with the gateway may steer what arrives to an appliance."""
    table = walk.network.edge_tables.get(gateway)
    if table is None:
        return
    routing = route_tables.routing(walk.network, walk.network.route_tables[table])
    for way in routing.split((destination.private, destination.private + 1)):
        if way.route is None or way.route.target_kind != "local":
            target = way.route.target if way.route is not None else "nothing"
            if way.route is not None and way.route.target_kind == "vpc-endpoint":
                # "Traffic is dropped" that a virtual private gateway's table sends to a Gateway Load Balancer endpoint.
                code, rule = Code.NO_ROUTE_TO_DESTINATION, way.route.destination
                blocker = Blocker(code, table, (target,), None, rule, walk.traffic, target)
                walk.take(drops(route_tables.KIND, table, walk.traffic, blocker))
            crossing = unmodelled(target, "appliance", device)
            walk.take(cannot_tell(route_tables.KIND, table, walk.traffic, crossing.gap))
            walk.appliance = target
            walk.trusted = False


def _by_transit(walk: Walk, target: str, table: str, rule: str, device: Device, destination: Held) -> Iterator[Walk]:
    """In by the attachment of a transit gateway to which the replies would go."""
    back = list(from_vpc(walk.network, RETURN, target, table, rule, device, walk.traffic, explain=False))
    for passage in back:
        part = walk if len(back) == 1 else _only_from(walk, passage.addresses)
        match passage.end:
            case Edge():
                yield from _in_by_edge(part, passage.end, destination)
            case Lost(course=course):
                yield from onward(as_if_through(part, _at(course), None, destination), destination)
            case Unseen(component=component, kind=kind, gap=gap, course=course):
                part.stranger = component if kind == "vpc" else course.gateway
                part.take(cannot_tell(kind, component, part.traffic, gap))
                yield from onward(as_if_through(part, _at(course), None, destination), destination)
            case IntoVpc(attachment=attachment, course=course):
                reason = f"the way back to this address leads into {attachment.resource}, not out of what is seen"
                gap = Missing("", *first(attachment.origins), reason)
                part.take(cannot_tell(ATTACHMENT, attachment.id, part.traffic, gap))
                yield from onward(as_if_through(part, _at(course), None, destination), destination)


def _at(course: Course) -> Course:
    """Somewhere at the gateway: which attachment it came in by is not known."""
    return Course(course.gateway, "", None)


def _in_by_edge(walk: Walk, edge: Edge, destination: Held) -> Iterator[Walk]:
    """In by an attachment at the edge of what is seen: its connection, its route table, and on."""
    attachment = edge.attachment
    start = Passage((), walk.traffic, (state_step(attachment, walk.traffic),), edge)
    steps = out_by_edge(walk.network, attachment, edge.course, start).steps
    course = Course(attachment.gateway, attachment.id, None)
    passages = list(through(walk.network, FORWARD, attachment, walk.traffic, steps, course))
    for passage in passages:
        part = walk if len(passages) == 1 else walk.fork(passage.addresses)
        yield from onward(carry(part, passage, None, destination), destination)
