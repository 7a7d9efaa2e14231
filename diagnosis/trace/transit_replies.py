"""Replies through transit gateways: routed on their own, by the table of the attachment by which they enter.

A reply must come out in the VPC that the traffic came from, or, where that came from beyond what is seen, leave by the
gateway that it came in by.
"""

from __future__ import annotations

from collections.abc import Sequence

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.route_tables import Route
from diagnosis.network.transit_gateways import OVER, TransitGatewayAttachment
from diagnosis.trace import network_acls, route_tables, transit_routes
from diagnosis.trace.codes import Code
from diagnosis.trace.step import NOTHING, Blocker, Step, cannot_tell, drops, passes
from diagnosis.trace.transit_attachments import ATTACHMENT, RETURN, exits, first, owner_origins
from diagnosis.trace.transit_gateways import Course, Edge, IntoVpc, Lost, Unseen, from_vpc
from diagnosis.trace.transit_walks import may_come_out_in, passes_on, unlike, which
from diagnosis.trace.walk import Device, LeftByTransit, Walk
from diagnosis.traffic.traffic import Traffic


def home_by_transit(
    back: Walk, route: Route, table: str, device: Device, sender: Device | None, gateway: str, part: Traffic
) -> None:
    """A part of the replies out by a transit gateway. `sender` is what the traffic came from; None for beyond."""
    detail = f"{route.destination} → {route.target}"
    _take(back, passes(route_tables.KIND, table, part, rule=route.destination, detail=detail), part)
    for passage in from_vpc(
        back.network, RETURN, route.target, table, route.destination, device, part, explain=back.explain
    ):
        mine = passage.traffic
        for step in passage.steps:
            _take(back, step, mine)
        match passage.end:
            case IntoVpc(attachment=attachment, course=course):
                if sender is not None and attachment.resource == sender.vpc:
                    _into_home(back, attachment, course, sender, mine)
                else:
                    _take(back, _astray(back.network, attachment, course, mine), mine)
            case Edge(attachment=attachment, gap=gap):
                if sender is None and attachment.gateway == gateway:
                    _take(back, passes(ATTACHMENT, attachment.id, mine), mine)
                else:
                    _take(back, cannot_tell(ATTACHMENT, attachment.id, mine, gap), mine)
                    by_some_way(back, sender, mine)
            case Unseen(component=component, kind=kind, gap=gap):
                _take(back, cannot_tell(kind, component, mine, gap), mine)
                by_some_way(back, sender, mine)
            case Lost(course=course):
                _as_if_home(back, course, sender, mine)


def by_some_way(back: Walk, sender: Device | None, part: Traffic) -> None:
    """Home by a way that is not known: the ACL at home judges it, unless it may come out in that very subnet."""
    if sender is not None and may_come_out_in(back.network, sender.vpc, sender.subnet, sender.origins) is not None:
        back.beside = back.beside.union(part)


def _as_if_home(back: Walk, course: Course, sender: Device | None, part: Traffic) -> None:
    """Past what drops it: into the VPC that the traffic came from, as if the gateways led there."""
    if sender is None:
        return
    transit = back.network.transit
    attachment = transit.joining(sender.vpc, course.gateway) or next(
        iter(transit.of_vpc.get(sender.vpc or "", ())), None
    )
    if attachment is None or attachment.state in OVER:
        by_some_way(back, sender, part)
        return
    _into_home(back, attachment, Course(course.gateway, "", course.zone), sender, part)


def home_from_beyond(back: Walk, crossing: LeftByTransit) -> None:
    """Replies from beyond what is seen come out of the gateway that the traffic had left by."""
    _as_if_home(back, Course(crossing.gateway, "", None), crossing.device, back.traffic)


def _take(back: Walk, step: Step, part: Traffic) -> None:
    """Takes a step on a part of the replies; the rest takes another way."""
    rest = back.traffic.minus(part)
    back.take(step if rest.empty else step._replace(passed=step.passed.union(rest)))


def _astray(network: Network, attachment: TransitGatewayAttachment, course: Course, part: Traffic) -> Step:
    """A route into a VPC that the traffic did not come from."""
    if passes_on(network, attachment, part.project("source")):
        reason = (
            f"{course.table} leads the replies into {attachment.resource} by {attachment.id}, not the way they came, "
            "and whether they get home from there is not traced"
        )
        gap = Missing("", *first(owner_origins(network, attachment)), reason)
        return cannot_tell(ATTACHMENT, attachment.id, part, gap)
    blocker = Blocker(
        Code.TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT,
        course.table,
        (attachment.id,),
        None,
        course.rule,
        part,
        "leads elsewhere",
    )
    return drops(transit_routes.KIND, course.table, part, blocker)


def _into_home(back: Walk, attachment: TransitGatewayAttachment, course: Course, sender: Device, part: Traffic) -> None:
    """Out of an attachment into the VPC that the traffic came from, to the subnet that it had left."""
    back.beside = back.beside.union(part)
    network = back.network
    subnets = exits(network, attachment, course.zone)
    if isinstance(subnets, Missing):
        _take(back, cannot_tell(ATTACHMENT, attachment.id, part, subnets), part)
        return
    ways = unlike(network, attachment, subnets, sender.subnet)
    stages = list(zip(*(_out(back, attachment, subnet, sender, part) for subnet in ways), strict=True))
    for steps in stages:
        _take(back, steps[0] if len(steps) == 1 else _agreed(network, attachment, ways, steps, part), part)


def _out(
    back: Walk, attachment: TransitGatewayAttachment, subnet: str, sender: Device, part: Traffic
) -> tuple[Step, Step, Step]:
    """What happens where the replies come out in one subnet: its ACL, its routes, the ACL of the subnet at home."""
    network = back.network
    table = _by_table(network, subnet, sender, part)
    if subnet == sender.subnet:
        nothing = passes(ATTACHMENT, attachment.id, part)
        return nothing, table, nothing
    there = network.acl_of(subnet, sender.vpc, sender.origins)
    here = network.acl_of(sender.subnet, sender.vpc, sender.origins)
    judge = network_acls.judge
    return (
        judge(network, there, subnet, part, "egress", RETURN.egress, explain=back.explain),
        table,
        judge(network, here, sender.subnet, part, "ingress", RETURN.ingress, explain=back.explain),
    )


def _by_table(network: Network, subnet: str, sender: Device, part: Traffic) -> Step:
    """The route table of the subnet in which the replies come out: the local route leads home."""
    table = network.table_of(subnet, sender.vpc, sender.origins)
    if isinstance(table, Missing):
        return cannot_tell(route_tables.KIND, subnet, part, table)
    passed, dropped, unknown = NOTHING, NOTHING, NOTHING
    blockers: list[Blocker] = []
    gaps: list[Missing] = []
    rule = None
    for way in route_tables.routing(network, table).split(part.project("source")):
        mine = part.only(source=way.addresses)
        route = way.route
        kind = route_tables.target_kind(network, route) if route is not None else "none"
        rule = route.destination if route is not None else None
        if way.doubt is None and kind == "local":
            passed = passed.union(mine)
        elif way.doubt is not None or (route is not None and route.state != "blackhole" and kind in _APPLIANCES):
            unknown = unknown.union(mine)
            reason = f"what {route.target if route is not None else table.id} on the way back does is not modelled"
            gaps.append(way.doubt or Missing("", *first(table.origins), reason))
        else:
            dropped = dropped.union(mine)
            dead = route is not None and route.state == "blackhole"
            code = Code.BAD_STATE_ROUTE if dead else Code.NO_ROUTE_TO_DESTINATION
            related = (route.target,) if route is not None and route.target else (subnet,)
            detail = route.target if route is not None else ""
            blockers.append(Blocker(code, table.id, related, None, rule, mine, detail))
    detail = f"{rule} → local" if rule is not None and unknown.empty and dropped.empty else ""
    return Step(route_tables.KIND, table.id, None, passed, dropped, unknown, rule, detail, tuple(blockers), tuple(gaps))


_APPLIANCES = frozenset({"network-interface", "instance", "vpc-endpoint", "gateway", "none"})


def _agreed(
    network: Network,
    attachment: TransitGatewayAttachment,
    subnets: tuple[str, ...],
    steps: Sequence[Step],
    part: Traffic,
) -> Step:
    """One step out of those of each subnet that AWS may choose: what all of them do is certain, the rest is not."""
    passed, dropped = part, part
    for step in steps:
        passed, dropped = passed.meet(step.passed), dropped.meet(step.dropped)
    unknown = part.minus(passed).minus(dropped)
    blockers = []
    for step in steps:
        for blocker in step.blockers:
            common = blocker.dropped.meet(dropped)
            if not common.empty:
                blockers.append(blocker._replace(dropped=common))
    gaps = tuple(gap for step in steps for gap in step.gaps)
    if not unknown.empty and not gaps:
        gaps = (which(network, attachment, subnets),)
    like = steps[0]
    return Step(
        like.kind,
        like.component,
        like.direction,
        passed,
        dropped,
        unknown,
        like.rule,
        like.detail,
        tuple(blockers),
        () if unknown.empty else gaps,
    )
