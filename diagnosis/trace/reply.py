"""The return leg: the reply to what arrived, back through the same crossings, judged by ACLs and routes again.

Security groups remember the connection; network ACLs and route tables do not.
"""

from __future__ import annotations

from typing import Literal, assert_never

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.trace import appliances, network_acls, route_tables, transit_replies, vpc_endpoints
from diagnosis.trace.arrival import INTERFACE
from diagnosis.trace.codes import Code
from diagnosis.trace.internet_gateways import KIND as INTERNET_GATEWAY
from diagnosis.trace.internet_gateways import destination_public
from diagnosis.trace.places import Destination, Held
from diagnosis.trace.route_tables import Way
from diagnosis.trace.step import Blocker, Direction, Step, cannot_tell, drops, passes
from diagnosis.trace.vpn_gateways import KIND as VPN_GATEWAY
from diagnosis.trace.walk import (
    Arrival,
    Chain,
    Crossed,
    Crossing,
    Device,
    EnteredSubnet,
    FromGateway,
    FromInternet,
    FromPeer,
    FromRelay,
    FromTransit,
    FromVpc,
    LeftByTransit,
    LeftSubnet,
    StayedInSubnet,
    Translated,
    Unmodelled,
    Walk,
    named,
)
from diagnosis.traffic.addresses import IPV6, PUBLIC
from diagnosis.traffic.filters import REPLY_EGRESS, REPLY_INGRESS
from diagnosis.traffic.intervals import covers, meet
from diagnosis.traffic.traffic import Traffic


def reply(forward: Walk, source: Held | None, destination: Destination) -> Walk:
    """The walk of the replies to everything that may have arrived."""
    arrived = forward.possible.traffic
    back = Walk(
        forward.network,
        "return",
        forward.traffic,
        Chain(arrived, whole=True),
        Chain(arrived, whole=True),
        forward.certain,
        forward.explain,
        trusted=forward.trusted,
        whole_internet=forward.whole_internet,
        appliance=forward.appliance,
        senders=tuple(c.device for c in forward.crossings if isinstance(c, LeftSubnet)),
    )
    if isinstance(destination, Held):
        tracked(back, destination, "egress")
    for crossing in reversed(forward.crossings):
        _cross(back, crossing)
    if source is not None:
        _marked(back, source, forward)
        tracked(back, source, "ingress")
    return back


_ELSEWHERE = ("internet-gateway", "egress-only-internet-gateway", "nat-gateway")


def _marked(back: Walk, source: Held, forward: Walk) -> None:
    """An interface that drops everything from the internet: whether replies are among that, AWS does not say."""
    interface = source.interface
    kinds = [c.kind for c in forward.crossings if isinstance(c, Translated | Crossed)]
    if not interface.denies_internet_gateway or kinds[:1] != [INTERNET_GATEWAY]:
        return
    reason = (
        f"whether replies from the internet reach {interface.id}, which denies internet gateways, is not documented"
    )
    gap = Missing("", *((interface.origins or (("", ""),))[0]), reason)
    back.take(cannot_tell("address-translation", interface.id, back.traffic, gap), interface.id, INTERFACE)


def tracked(back: Walk, place: Held, direction: Direction) -> None:
    """The groups of an interface let replies of the connection pass, in this direction."""
    interface = place.interface
    if interface.groups:
        step = passes(
            "security-group",
            interface.groups[0],
            back.traffic,
            direction=direction,
            detail="replies of a tracked connection",
        )
        back.take(step, interface.id, INTERFACE)


def _cross(back: Walk, crossing: Crossing) -> None:
    """One crossing of the forward leg, the other way."""
    match crossing:
        case StayedInSubnet():
            return
        case EnteredSubnet(device=device, arrival=arrival):
            _leave(back, device, arrival)
        case LeftSubnet(device=device):
            network = back.network
            back.senders = back.senders[:-1]
            beside = back.beside.meet(back.traffic)
            judged, back.beside = back.traffic.minus(beside), Traffic.nothing()
            if judged.empty:
                return
            acl = network.acl_of(device.subnet, device.vpc, device.origins)
            step = network_acls.judge(
                network, acl, device.subnet, judged, "ingress", REPLY_INGRESS, explain=back.explain
            )
            back.take(_with_rest(step, beside))
        case LeftByTransit():
            transit_replies.home_from_beyond(back, crossing)
        case Translated():
            back.take(passes(crossing.kind, crossing.gateway, back.traffic, detail="translated back"))
            back.restore(crossing)
            if crossing.kind == "internet-gateway" and not crossing.keeps_source:
                appliances.edge_of_replies(back, crossing.gateway)
        case Crossed(gateway=gateway, kind=kind):
            back.take(passes(kind, gateway, back.traffic))
            if kind == "internet-gateway":
                appliances.edge_of_replies(back, gateway)
        case Unmodelled(component=component, kind=kind, gap=gap):
            back.take(cannot_tell(kind, component, back.traffic, gap))
        case _:
            assert_never(crossing)


def _leave(back: Walk, device: Device, arrival: Arrival) -> None:
    """Out of the subnet where the traffic had entered: its ACL, and a route to where the traffic came from."""
    network = back.network
    acl = network.acl_of(device.subnet, device.vpc, device.origins)
    back.take(
        network_acls.judge(network, acl, device.subnet, back.traffic, "egress", REPLY_EGRESS, explain=back.explain)
    )
    if isinstance(arrival, FromRelay):
        return
    table = network.table_of(device.subnet, device.vpc, device.origins)
    if isinstance(table, Missing):
        back.take(cannot_tell(route_tables.KIND, device.subnet or device.id, back.traffic, table))
        _perhaps_beside(back, device, back.traffic)
        return
    for way in route_tables.routing(network, table).split(back.traffic.project("source")):
        part = back.traffic.only(source=way.addresses)
        sender = _by_transit(back, way, arrival)
        if sender is not None and way.route is not None:
            gateway = arrival.gateway if isinstance(arrival, FromTransit) else ""
            known = sender if isinstance(sender, Device) else None
            transit_replies.home_by_transit(back, way.route, table.id, device, known, gateway, part)
            continue
        step = _home(network, way, table.id, device, arrival, part, whole_internet=back.whole_internet)
        back.take(_with_rest(step, back.traffic.minus(part)))
        _perhaps_beside(back, device, step.unknown)


def _perhaps_beside(back: Walk, device: Device, part: Traffic) -> None:
    """What comes home from another VPC in a way that is not known may come out of a transit gateway."""
    sender = back.senders[-1] if back.senders else None
    if sender is not None and sender.vpc != device.vpc and sender.vpc in back.network.transit.of_vpc and not part.empty:
        transit_replies.by_some_way(back, sender, part)


def _by_transit(back: Walk, way: Way, arrival: Arrival) -> Device | Literal["beyond"] | None:
    """Where a reply is headed that goes by a transit gateway; None where it does not, or that is no way home."""
    route = way.route
    if route is None or way.doubt is not None or route.state == "blackhole" or route.target_kind != "transit-gateway":
        return None
    match arrival:
        case FromTransit(home=home):
            return home or "beyond"
        case FromPeer(vpc=vpc):
            return next((d for d in reversed(back.senders) if d.vpc == vpc), None)
        case _:
            return None


def _with_rest(step: Step, rest: Traffic) -> Step:
    """The step as one on all the traffic: what takes another way is not its business."""
    if rest.empty:
        return step
    return Step(
        step.kind,
        step.component,
        step.direction,
        step.passed.union(rest),
        step.dropped,
        step.unknown,
        step.rule,
        step.detail,
        step.blockers,
        step.gaps,
        step.assumed,
    )


def _home(
    network: Network, way: Way, table: str, device: Device, arrival: Arrival, part: Traffic, *, whole_internet: bool
) -> Step:
    """Whether the route back leads to where the traffic came from."""
    route = way.route
    related = (device.subnet,) if device.subnet else ()
    if way.doubt is not None:
        rule = route.destination if route is not None else None
        return cannot_tell(route_tables.KIND, table, part, way.doubt, rule=rule)
    if route is None:
        blocker = Blocker(Code.NO_ROUTE_TO_DESTINATION, table, related, None, None, part)
        return drops(route_tables.KIND, table, part, blocker)
    if route.state == "blackhole":
        blocker = Blocker(
            Code.BAD_STATE_ROUTE,
            table,
            (route.target,) if route.target else (),
            None,
            route.destination,
            part,
            route.target,
        )
        return drops(route_tables.KIND, table, part, blocker)
    kind = route_tables.target_kind(network, route)
    home = passes(
        route_tables.KIND, table, part, rule=route.destination, detail=f"{route.destination} → {route.target}"
    )
    if _leads_home(network, kind, route.target, device, arrival):
        return home
    if isinstance(arrival, FromGateway) and not arrival.certain and kind not in {*_ELSEWHERE} - {arrival.kind}:
        # What is not known of this path is said where the path has it; here nothing more is lost.
        return home
    if whole_internet and kind == "vpc-endpoint":
        return home
    if kind in appliances.TARGETS:
        return appliances.on_the_way_back(network, route.target, kind, device.origins, table, route.destination, part)
    if isinstance(arrival, FromGateway) and arrival.kind == appliances.KIND and kind == "internet-gateway":
        code, steered = Code.INGRESS_RTB_TRAFFIC_REDIRECTION, (arrival.gateway, route.target)
        return drops(route_tables.KIND, table, part, Blocker(code, table, steered, None, route.destination, part))
    elsewhere = ("local", "vpc-peering-connection", *_ELSEWHERE)
    if kind in elsewhere or (isinstance(arrival, FromInternet) and kind in ("transit-gateway", VPN_GATEWAY)):
        return _astray(kind, route.target, table, route.destination, part)
    endpoint = network.endpoints.get(route.target)
    if endpoint is not None:
        gap = vpc_endpoints.not_modelled(endpoint, device.interface)
    else:
        what = "traced from here" if kind == "transit-gateway" else "modelled"
        reason = f"{named(route.target, kind)} on the way back is not {what}"
        gap = Missing("", *((device.origins or (("", ""),))[0]), reason)
    return cannot_tell(route_tables.KIND, table, part, gap, rule=route.destination)


def _astray(kind: str, target: str, table: str, rule: str, part: Traffic) -> Step:
    """A route that leads somewhere else: an internet gateway drops what is not public, the others lose the reply."""
    if kind == "internet-gateway":
        step = destination_public(
            target, route_tables.KIND, table, rule, part.rewritten(destination=part.project("source"))
        )
        if not step.dropped.empty:
            blockers = tuple(Blocker(b.code, table, b.related, None, rule, part) for b in step.blockers)
            return Step(
                route_tables.KIND, table, None, Traffic.nothing(), part, Traffic.nothing(), rule, target, blockers
            )
    home = part.project("source")
    if kind in ("internet-gateway", "vpc-peering-connection") and covers(meet(PUBLIC, IPV6), home):
        # Nothing translates IPv6 and neither gateway keeps state: the reply may get home by the other one.
        reason = f"whether IPv6 replies get home by {target}, another way than they came, is not documented"
        return cannot_tell(route_tables.KIND, table, part, Missing("", "", "", reason), rule=rule)
    blocker = Blocker(Code.NO_ROUTE_TO_DESTINATION, table, (target,), None, rule, part, target)
    return drops(route_tables.KIND, table, part, blocker)


def _leads_home(network: Network, kind: str, target: str, device: Device, arrival: Arrival) -> bool:
    match arrival:
        case FromVpc():
            return kind == "local"
        case FromInternet(gateway=gateway):
            return (kind == "internet-gateway" and target in (gateway, "")) or (
                not gateway and kind == "internet-gateway"
            )
        case FromPeer(peering=peering, vpc=vpc):
            if kind != "vpc-peering-connection":
                return False
            return target == peering or any(p.id == target for p in network.active_peerings(device.vpc, vpc))
        case FromTransit(home=home):
            peers = network.active_peerings(device.vpc, home.vpc) if home is not None else ()
            return kind == "vpc-peering-connection" and any(p.id == target for p in peers)
        case FromGateway(gateway=gateway, certain=certain):
            return certain and target == gateway
        case FromRelay():
            return True
        case _:
            assert_never(arrival)
