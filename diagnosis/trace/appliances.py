"""Appliances: routes to an interface, in a subnet's table or in one that arriving internet traffic follows.

A middlebox needs its source/destination check off and forwards as its own software decides, which no describe call
shows: it may drop, and it may rewrite addresses. So only what drops traffic before it is certain to drop it; everything
behind it is judged and told, and the verdict is `unknown` by its name
(https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html#route-tables-appliance-routing).
"""

from __future__ import annotations

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.route_tables import Route
from diagnosis.network.vpcs import Origins
from diagnosis.trace import interfaces, network_acls, route_tables, security_groups
from diagnosis.trace.codes import Code
from diagnosis.trace.places import Held
from diagnosis.trace.step import Blocker, Step, cannot_tell, drops
from diagnosis.trace.walk import Device, EnteredSubnet, FromVpc, LeftSubnet, StayedInSubnet, Unmodelled, Walk
from diagnosis.traffic.filters import INGRESS
from diagnosis.traffic.traffic import Traffic

KIND = "appliance"
INTERFACE = "network-interface"
TABLES = "ec2.describe_route_tables"
TARGETS = frozenset({"network-interface", "instance"})
"""The kinds of route targets that are appliances."""


def find(network: Network, target: str, kind: str, near: Origins) -> NetworkInterface | Missing:
    """The interface that a route to an interface or an instance means."""
    interface = network.interfaces.get(target)
    if interface is None and kind == "instance":
        held = sorted(eni for eni, owner in network.instance_of_interface.items() if owner == target)
        interface = network.interfaces.get(held[0]) if held else None
    if interface is not None:
        return interface
    return network.gap("ec2.describe_network_interfaces", near, f"{kind.replace('-', ' ')} {target}")


def through(walk: Walk, target: str, kind: str, device: Device) -> Device | Unmodelled:
    """Into an appliance and out of it: the appliance as the sender of what goes on, or why nothing more can be said."""
    interface = find(walk.network, target, kind, device.origins)
    if isinstance(interface, Missing):
        walk.trusted = False
        return Unmodelled(target, KIND, interface)
    outside = Device(
        interface.id,
        interface,
        interface.vpc,
        interface.subnet,
        interface.origins,
        interface.ipv4[0].public if interface.ipv4 else None,
    )
    if any(isinstance(c, LeftSubnet) and c.device.id == interface.id for c in walk.crossings):
        walk.trusted = False
        return _not_modelled(interface, target)
    if interface.subnet != device.subnet:
        _into_subnet(walk, interface)
        walk.crossings.append(EnteredSubnet(outside, FromVpc()))
    else:
        walk.crossings.append(StayedInSubnet())
    near = frozenset({interface.vpc or ""})
    _take(walk, interface, security_groups.judge(
        walk.network, interface, walk.traffic, near, walk.origin, egress=False, explain=walk.explain
    ))  # fmt: skip
    _take(walk, interface, interfaces.judge(walk.network, interface, walk.traffic))
    _take(walk, interface, _checked(interface, target, walk.traffic))
    walk.trusted = False
    walk.appliance = interface.id
    crossing = _not_modelled(interface, target)
    walk.take(cannot_tell(KIND, crossing.component, walk.traffic, crossing.gap))
    walk.crossings.append(crossing)
    _take(walk, interface, security_groups.judge(
        walk.network, interface, walk.traffic, near, None, egress=True, explain=walk.explain
    ))  # fmt: skip
    return outside


def _take(walk: Walk, interface: NetworkInterface, step: Step | None) -> None:
    walk.take(step, interface.id, INTERFACE)


def _into_subnet(walk: Walk, interface: NetworkInterface) -> None:
    network = walk.network
    acl = network.acl_of(interface.subnet, interface.vpc, interface.origins)
    walk.take(
        network_acls.judge(network, acl, interface.subnet, walk.traffic, "ingress", INGRESS, explain=walk.explain)
    )


def _not_modelled(interface: NetworkInterface, target: str) -> Unmodelled:
    account, region = (interface.origins or (("", ""),))[0]
    name = interface.id if target == interface.id else f"{target} ({interface.id})"
    reason = f"appliance {name} on the path is not modelled: what it forwards and rewrites cannot be seen"
    return Unmodelled(target or interface.id, KIND, Missing("", account, region, reason))


def _checked(interface: NetworkInterface, target: str, traffic: Traffic) -> Step | None:
    """With its source/destination check on, an interface drops what is for somebody else."""
    if not interface.source_dest_check:
        return None
    related = (target,) if target != interface.id else ()
    blocker = Blocker(Code.ENI_SOURCE_DEST_CHECK_RESTRICTION, interface.id, related, "ingress", None, traffic)
    return drops(INTERFACE, interface.id, traffic, blocker)


def edge(walk: Walk, gateway: str, destination: Held, device: Device) -> None:
    """In by an internet gateway: its route table may steer what arrives to an appliance.

    "The network interface must be attached to a running instance" and, for traffic from the internet, have a public
    address (https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html).
    """
    table = walk.network.edge_tables.get(gateway)
    if table is None:
        if not walk.network.coverage.seen(TABLES, device.origins) or not walk.network.whole("RouteTables"):
            gap = walk.network.gap(TABLES, device.origins, f"whether {gateway} has a route table")
            walk.take(cannot_tell(route_tables.KIND, gateway, walk.traffic, gap))
        return
    routing = route_tables.routing(walk.network, walk.network.route_tables[table])
    for way in routing.split((destination.private, destination.private + 1)):
        if way.route is not None and way.route.target_kind == "local":
            continue
        steps, crossing = _steered(walk.network, way.route, table, device.origins, walk.traffic)
        for step in steps:
            walk.take(step)
        walk.take(cannot_tell(route_tables.KIND, table, walk.traffic, crossing.gap))
        walk.crossings.append(crossing)
        walk.appliance = crossing.component
        walk.trusted = False


def edge_of_replies(back: Walk, gateway: str) -> None:
    """A reply that comes in by an internet gateway follows its route table too."""
    table = back.network.edge_tables.get(gateway)
    if table is None or back.appliance is not None:
        return
    known = back.network.route_tables[table]
    for way in route_tables.routing(back.network, known).split(back.traffic.project("source")):
        if way.route is not None and way.route.target_kind == "local":
            continue
        steps, crossing = _steered(back.network, way.route, table, known.origins, back.traffic)
        for step in steps:
            back.take(step)
        back.take(cannot_tell(route_tables.KIND, table, back.traffic, crossing.gap))
        back.trusted = False
        # What left past the appliance comes back through it: one that keeps state drops a reply that it did not expect.
        blocker = Blocker(Code.INGRESS_RTB_TRAFFIC_REDIRECTION, table, (crossing.component,), None, None, back.traffic)
        back.take(drops(route_tables.KIND, table, back.traffic, blocker))


def _steered(
    network: Network, route: Route | None, table: str, near: Origins, traffic: Traffic
) -> tuple[list[Step], Unmodelled]:
    """What a gateway's route to an appliance drops for certain, and the appliance that is not modelled."""
    account, region = (near or (("", ""),))[0]
    if route is None or route.state == "blackhole":
        code = Code.BAD_STATE_ROUTE if route is not None else Code.NO_ROUTE_TO_DESTINATION
        rule, detail = (route.destination, route.target) if route is not None else (None, "")
        gap = Missing("", account, region, f"route table {table} of the gateway leads nowhere")
        step = drops(route_tables.KIND, table, traffic, Blocker(code, table, (), None, rule, traffic, detail))
        return [step], Unmodelled(table, route_tables.KIND, gap)
    if route.target_kind not in TARGETS:
        name = "gateway load balancer endpoint" if route.target_kind == "vpc-endpoint" else "target"
        gap = Missing("", account, region, f"{name} {route.target} on the path is not modelled")
        return [], Unmodelled(route.target, route.target_kind, gap)
    interface = find(network, route.target, route.target_kind, near)
    if isinstance(interface, Missing):
        return [], Unmodelled(route.target, KIND, interface)
    steps = [interfaces.judge(network, interface, traffic), _checked(interface, route.target, traffic)]
    if interface.ipv4 and not any(a.public is not None for a in interface.ipv4):
        blocker = Blocker(Code.INGRESS_RTB_NO_PUBLIC_IP, interface.id, (table,), None, route.destination, traffic)
        steps.append(drops(route_tables.KIND, interface.id, traffic, blocker))
    return [step for step in steps if step is not None], _not_modelled(interface, route.target)


def on_the_way_back(
    network: Network, target: str, kind: str, near: Origins, table: str, rule: str, part: Traffic
) -> Step:
    """A reply that a route sends to an appliance: dropped by its check, else not to be known."""
    interface = find(network, target, kind, near)
    if isinstance(interface, Missing):
        return cannot_tell(route_tables.KIND, table, part, interface, rule=rule)
    checked = _checked(interface, target, part)
    if checked is not None:
        return checked
    gap = _not_modelled(interface, target).gap
    return cannot_tell(route_tables.KIND, table, part, gap, rule=rule)
