"""Stencils: the way between two subnets, traced once as a set, and every flow between them cut out of it.

What all addresses of one subnet meet on their way to all addresses of another is one trace, of all ports and with the
security groups left out. A flow between them is a part of that set: each step of the set, for the part, is the step of
the flow, and the groups of the two interfaces are judged on the flow itself by the functions that the trace judges them
with. There are no other rules here than the trace's own; where a stencil would not be exact there is none, and the flow
is traced.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import NamedTuple

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import interfaces, security_groups
from diagnosis.trace.arrival import INTERFACE
from diagnosis.trace.ends import End, end_of
from diagnosis.trace.places import Held
from diagnosis.trace.step import Step
from diagnosis.trace.trace import Flow, Path, Trace, header_space, path_of, trace
from diagnosis.trace.walk import Chain, Walk
from diagnosis.traffic.addresses import IPV4, IPV6
from diagnosis.traffic.intervals import IntervalSet, covers, has, meet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ICMP, ICMPV6
from diagnosis.traffic.traffic import NOTHING, Box, Traffic

MOST = 50_000
"""How many pairs of places are remembered: a stencil takes two to three kilobytes."""
ONCE = "asked once"
"""What stands for a stencil that is not worth its making yet: it costs more than a trace."""
NONE = "none"
"""What stands for one that would not be exact."""


@dataclass(frozen=True, slots=True, eq=False)
class Stencil:
    """All that happens between two subnets to some of the traffic, but for the groups at both ends."""

    there: tuple[Step, ...]
    """The steps of the forward leg that do not let all pass, in order."""
    back: tuple[Step, ...]
    """The same of the return leg."""
    leaving: End
    """The groups of the source."""
    entering: End
    """Those of the destination."""


def traced(network: Network, flow: Flow) -> tuple[Trace, bool]:
    """The trace of a flow, without explanations, and whether it is known to be the same for every port of the client.

    Only rules that judge replies compare that port, so it is where none of them holds back any reply between the two.
    """
    if isinstance(flow.source, Held) and isinstance(flow.destination, Held):
        stencil = stencil_of(network, flow, flow.source, flow.destination)
        if stencil is not None:
            path = _cut(network, flow, flow.source.interface, flow.destination.interface, stencil)
            found = Trace(flow, (path,)) if path is not None else trace(network, flow, explain=False)
            return found, not stencil.back
    return trace(network, flow, explain=False), False


def stencil_of(network: Network, flow: Flow, source: Held, destination: Held) -> Stencil | None:
    """The stencil of the flow's two places; None until it is wanted again, and where none would be exact."""
    ours, theirs = spot(network, source), spot(network, destination)
    if ours is None or theirs is None or flow.protocol is None:
        return None
    return between(network, flow.protocol, ours, theirs)


class Spot(NamedTuple):
    """A place that a stencil can be of."""

    held: Held
    number: int
    """What decides the way of its traffic, as a number."""
    six: bool
    addresses: IntervalSet
    clients: IntervalSet
    """The ports from which its owner starts connections."""


def spot(network: Network, place: Held) -> Spot | None:
    """A place as one end of stencils; None where there is none of it."""
    found = _place(network, place.interface)
    if found is None or place.by_public_address or not has(found[1], place.private):
        return None
    clients = place.clients or interfaces.client_ports(network, place.interface)
    return Spot(place, found[0], place.is_ipv6, place.addresses, clients)


def between(network: Network, protocol: int, ours: Spot, theirs: Spot) -> Stencil | None:
    """The stencil of one protocol from one spot to another; None until it is wanted again, or where there is none."""
    if ours.six is not theirs.six or ours.held.interface is theirs.held.interface:
        return None
    if ours.six and protocol == ICMP:
        protocol = ICMPV6  # As `header_space` takes it.
    known: dict[Hashable, Stencil | str] | None = network.memo.get("stencils")
    if known is None:
        known = network.memo["stencils"] = {}
    key = (ours.number, theirs.number, protocol, ours.six)
    found = known.get(key)
    if found is ONCE:
        found = known[key] = _made(network, protocol, ours.held, theirs.held) or NONE
    elif found is None and len(known) < MOST:
        known[key] = ONCE
    return found if isinstance(found, Stencil) else None


def _place(network: Network, interface: NetworkInterface) -> tuple[int, IntervalSet] | None:
    """A number for what decides the way of an interface's traffic, and the addresses of its subnet.

    None where a device knows the interface by what it is, it is down, or its subnet was not seen.
    """
    known: dict[str, tuple[int, IntervalSet] | None] | None = network.memo.get("stencil places")
    if known is None:
        known = network.memo["stencil places"] = {}
    if interface.id not in known:
        known[interface.id] = _found_place(network, interface)
    return known[interface.id]


def _found_place(network: Network, interface: NetworkInterface) -> tuple[int, IntervalSet] | None:
    subnet = network.subnets.get(interface.subnet or "")
    up = interfaces.judge(network, interface, NOTHING)
    if subnet is None or interface.kind != "interface" or singled_out(network, interface):
        return None
    if up.blockers or up.gaps or up.assumed:
        return None
    numbers: dict[Hashable, int] | None = network.memo.get("stencil numbers")
    if numbers is None:
        numbers = network.memo["stencil numbers"] = {}
    return numbers.setdefault(_traits(interface), len(numbers)), subnet.addresses


def singled_out(network: Network, interface: NetworkInterface) -> bool:
    """Whether some device on a path knows the interface by what it is: a load balancer, an endpoint, a route."""
    targets: frozenset[str] | None = network.memo.get("route targets")
    if targets is None:
        tables = network.route_tables.values()
        targets = network.memo["route targets"] = frozenset(route.target for t in tables for route in t.routes)
    owned = interface.id in network.balancer_of_interface or interface.id in network.endpoint_of_interface
    return owned or interface.id in targets or network.instance_of_interface.get(interface.id) in targets


def _traits(interface: NetworkInterface) -> Hashable:
    """Everything of an interface but who it is, its groups and its addresses."""
    return (
        interface.vpc,
        interface.subnet,
        interface.account,
        interface.region,
        interface.zone,
        interface.origins,
        bool(interface.ipv4),
        bool(interface.ipv6),
        interface.denies_internet_gateway,
    )


def _made(network: Network, protocol: int, source: Held, destination: Held) -> Stencil | None:
    """The stencil of the subnets of two interfaces; None where theirs is not one way for all of their addresses."""
    flow = Flow(_without_groups(source), _without_groups(destination), protocol, None)
    sides = (_beside(network, source), _beside(network, destination))
    everything = Traffic.of(Box(*sides, (protocol, protocol + 1), ALL_PORTS, ALL_PORTS))
    result = trace(network, flow, explain=False, headers=everything)
    if result.gap is not None or len(result.paths) != 1:
        return None
    [path] = result.paths
    if not path.plain or path.leaving is None or path.entering is None:
        return None
    there = tuple(step for hop in path.forward_hops for step in hop.steps)
    back = tuple(step for hop in path.return_hops for step in hop.steps)
    ends = {source.interface.id, destination.interface.id}
    if any(_uncertain(step) or _names(step, ends) for step in (*there, *back)):
        return None
    leaving = end_of(network, path.leaving, source.interface.vpc, egress=True)
    entering = end_of(network, path.entering, destination.interface.vpc, egress=False)
    return Stencil(there, back, leaving, entering)


def _without_groups(place: Held) -> Held:
    return replace(place, interface=replace(place.interface, groups=()))


def _beside(network: Network, place: Held) -> IntervalSet:
    """All addresses of the subnet, of the same family."""
    subnet = network.subnets[place.interface.subnet or ""]
    return meet(subnet.addresses, IPV6 if place.is_ipv6 else IPV4)


def _uncertain(step: Step) -> bool:
    return bool(step.unknown.boxes or step.gaps or step.assumed)


def _names(step: Step, ends: set[str]) -> bool:
    """Whether a step tells of one of the interfaces by which the stencil was made."""
    blockers = step.blockers
    return step.component in ends or any(b.component in ends or not ends.isdisjoint(b.related) for b in blockers)


def _cut(
    network: Network, flow: Flow, source: NetworkInterface, destination: NetworkInterface, stencil: Stencil
) -> Path | None:
    """The path of one flow; None where what to say of its groups depends on the peer's."""
    traffic = header_space(network, flow)
    out = stencil.leaving.judge.step(source, traffic, False)
    into = stencil.entering.judge.step(destination, traffic, False)
    if _of_peer(network, out, source, destination, egress=True):
        return None
    if _of_peer(network, into, destination, source, egress=False):
        return None
    walk = Walk.start(network, "forward", traffic, explain=False)
    walk.take(out, source.id, INTERFACE)
    _through(walk, stencil.there)
    walk.take(into, destination.id, INTERFACE)
    arrived = walk.possible.traffic
    everything = Chain(arrived, whole=True)
    back = Walk(network, "return", traffic, everything, everything, walk.certain, explain=False)
    _through(back, stencil.back)
    return path_of(walk, back)


def _through(walk: Walk, steps: tuple[Step, ...]) -> None:
    """Takes of each step the part that concerns this traffic."""
    for step in steps:
        boxes = walk.traffic.boxes
        if len(boxes) != 1 or not holds(step.passed, boxes[0]):
            walk.take(step.only(walk.traffic))


def holds(whole: Traffic, part: Box) -> bool:
    """Whether one box holds all of a part; a part that several hold together is found out otherwise."""
    return any(all(map(covers, box, part)) for box in whole.boxes)


def _of_peer(
    network: Network, step: Step | None, own: NetworkInterface, peer: NetworkInterface, *, egress: bool
) -> bool:
    """Whether a rule of a group that drops something names a group of the peer: it is then said why it is no match."""
    if step is None or step.dropped.empty or not peer.groups:
        return False
    groups = own.groups or ()
    return any(security_groups.names_peer(network, group, peer, step.dropped, egress=egress) for group in groups)
