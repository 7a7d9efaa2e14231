"""The second leg of a load balancer: from its node to a registered target, by zone, address, port and source."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.load_balancers import PRESERVE, Target, TargetGroup
from diagnosis.network.network import Network
from diagnosis.network.security_groups import GroupPeer
from diagnosis.network.shape import protocols_of
from diagnosis.trace import network_acls, security_groups
from diagnosis.trace.codes import Code
from diagnosis.trace.peerings import reference_scope
from diagnosis.trace.places import Destination, Held, Nobody, Undecided
from diagnosis.trace.placing import AtAddress, AtInterface, interface_of_instance, place_both
from diagnosis.trace.step import Blocker, Step, cannot_tell, drops, passes
from diagnosis.trace.target_zones import GROUP_ATTRIBUTES, KIND, Option, Relaying, Switch, barrier, switch, within_reach
from diagnosis.trace.walk import Branch, Device, Relay, Walk
from diagnosis.traffic.addresses import ALL_ADDRESSES, format_address, is_ipv6, parse_address
from diagnosis.traffic.filters import EGRESS, INGRESS, Filter, Rule
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.ports import port, port_range
from diagnosis.traffic.traffic import Box, Traffic

INTERFACE = "network-interface"
PORTS = port_range(1024, 65535)
"""The ports from which a load balancer connects to its targets."""
ALWAYS_KEPT = frozenset({"udp", "tcp_udp", "quic", "tcp_quic"})
"""Target group protocols for which client IP preservation cannot be turned off."""

Onward = Callable[[Walk, Device, Destination], Iterator[Walk]]
"""Out of a device's subnet to a destination."""


def registered(group: TargetGroup) -> tuple[Target, ...]:
    """The targets of a group; a function that was not listed stands for itself."""
    if group.targets is None:
        return (Target(group.name, None, None, None, None),)
    return group.targets


def of_classic(network: Network, relay: Relaying) -> list[Option]:
    """The instances of a Classic Load Balancer as targets of a group of its own."""
    balancer, listener = relay.balancer, relay.listener
    group = TargetGroup(
        balancer.id, balancer.name, listener.protocol, listener.target_port, "instance", balancer.vpc, (), (), ()
    )
    found = []
    for instance in balancer.instances:
        eni = interface_of_instance(network, instance)
        zone = network.interfaces[eni].zone if eni is not None else None
        found.append((group, Target(instance, listener.target_port, zone, None, None)))
    return found


def to_each(walk: Walk, relay: Relaying, point: str, options: list[Option], onwards: Onward) -> Iterator[Walk]:
    """The walk to each target that the node may pick; where it may pick none, to each of them past that drop."""
    within = within_reach(walk.network, relay, options)
    if within.assumed:
        walk.take(passes(KIND, relay.balancer.id, walk.traffic, assumed=within.assumed))
    picked: list[tuple[Option, Missing | None]] = [(option, None) for option in within.near]
    picked += within.doubtful
    if within.barred is not None:
        walk.take(barrier(relay, options, within.barred, walk.traffic))
        picked = [(option, None) for option in options]
    if not picked:
        yield walk
    for (group, target), gap in picked:
        other = walk.copy()
        other.branches += (Branch(point, _label(group, target)),)
        if gap is not None:
            other.take(cannot_tell(KIND, relay.balancer.id, other.traffic, gap))
        if target.health not in (None, "healthy", "initial"):
            reason = f" ({target.reason})" if target.reason else ""
            other.notes += (f"{_label(group, target)} was {target.health}{reason} when the snapshot was taken.",)
        yield from _to_target(other, relay, group, target, onwards)


def _label(group: TargetGroup, target: Target) -> str:
    at = f":{target.port or group.port}" if target.port or group.port else ""
    return f"target {target.id}{at} of {group.name}"


def _to_target(walk: Walk, relay: Relaying, group: TargetGroup, target: Target, onwards: Onward) -> Iterator[Walk]:
    """To one target, once for each value that client IP preservation may have."""
    if group.target_type == "lambda":
        walk.take(passes(KIND, relay.balancer.id, walk.traffic, detail=f"invokes {target.id}"))
        yield walk
        return
    switch = _preserves(walk.network, relay, group)
    for value in (True, False) if switch.value is None else (switch.value,):
        other = walk
        if switch.value is None:
            other = walk.copy()
            other.branches += (Branch(f"{group.arn} {PRESERVE}", str(value), switch.gap),)
        if switch.assumed:
            other.take(passes(KIND, relay.balancer.id, other.traffic, assumed=switch.assumed))
        if group.target_type == "alb":
            yield from _to_balancer(other, relay, group, target, onwards, keeps_client=value)
            continue
        place = _place(walk.network, relay, group, target)
        if isinstance(place, Missing):
            other.take(cannot_tell(KIND, relay.balancer.id, other.traffic, place))
            yield other
            continue
        yield from _relayed(other, relay, place, target.port or group.port, onwards, keeps_client=value)


def _preserves(network: Network, relay: Relaying, group: TargetGroup) -> Switch:
    """Whether the target sees the client's address.

    "The default is disabled if the target group type is IP address and the target group protocol is TCP or TLS.
    Otherwise, the default is enabled. Client IP preservation can't be disabled for UDP and TCP_UDP target groups", and
    "has no effect on inbound traffic from AWS PrivateLink".
    """
    if relay.balancer.kind != "network" or relay.private_link:
        return Switch(False)
    if group.protocol in ALWAYS_KEPT:
        return Switch(True)
    what = f"client IP preservation of target group {group.name}"
    return switch(network, group, PRESERVE, GROUP_ATTRIBUTES, what, default=group.target_type != "ip")


def _place(network: Network, relay: Relaying, group: TargetGroup, target: Target) -> Destination | Missing:
    """Where a target is."""
    if group.target_type == "instance":
        eni = interface_of_instance(network, target.id)
        if eni is None:
            call = "ec2.describe_network_interfaces"
            return network.gap(call, relay.balancer.origins, f"an interface of instance {target.id}")
        anchor: AtInterface | AtAddress = AtInterface(eni)
    else:
        try:
            anchor = AtAddress(parse_address(target.id))
        except ValueError:
            return Missing("", "", "", f"target {target.id} of {group.name} is no address")
    _, place = place_both(network, AtInterface(relay.node.interface.id), anchor)
    return place.gap if isinstance(place, Undecided) else place


def _to_balancer(
    walk: Walk, relay: Relaying, group: TargetGroup, target: Target, onwards: Onward, *, keeps_client: bool
) -> Iterator[Walk]:
    """To an Application Load Balancer that is itself a target: to each of its nodes."""
    network = walk.network
    nodes = nodes_of(network, target.id)
    if not nodes:
        call = "elbv2.describe_load_balancers"
        walk.take(cannot_tell(KIND, relay.balancer.id, walk.traffic, network.gap(call, group.origins, target.id)))
        yield walk
    for eni in nodes:
        interface = network.interfaces[eni]
        other = walk.copy()
        other.branches += (Branch(f"{relay.balancer.id} {target.id}", f"node {eni} of {target.id}"),)
        _, place = place_both(network, AtInterface(relay.node.interface.id), AtInterface(interface.id))
        if isinstance(place, Held):
            yield from _relayed(other, relay, place, target.port or group.port, onwards, keeps_client=keeps_client)


def nodes_of(network: Network, arn: str) -> tuple[str, ...]:
    """The interfaces of a load balancer's nodes."""
    return tuple(sorted(eni for eni, b in network.balancer_of_interface.items() if b.id == arn))


def _relayed(
    walk: Walk, relay: Relaying, place: Destination, target_port: int | None, onwards: Onward, *, keeps_client: bool
) -> Iterator[Walk]:
    """From the node to the target: its own connection, or the client's with another destination."""
    node, balancer = relay.node.interface, relay.balancer
    after, kept = _after(walk, relay, place, target_port, keeps_client=keeps_client)
    if after is None:
        gap = Missing("", *((node.origins or (("", ""),))[0]), f"{node.id} has no address to reach its target from")
        walk.take(cannot_tell(KIND, balancer.id, walk.traffic, gap))
        yield walk
        return
    shown = format_address(place.address) if isinstance(place, Held | Nobody) else "a target"
    told = f"{relay.listener.protocol} {relay.listener.port} → {shown}:{target_port}"
    walk.take(passes(KIND, balancer.id, walk.traffic, detail=told))
    if kept and isinstance(place, Held) and place.interface is walk.origin:
        blocker = Blocker(Code.ELBV2_TARGET_IS_CLIENT, balancer.id, (place.interface.id,), None, None, walk.traffic)
        walk.take(drops(KIND, balancer.id, walk.traffic, blocker))
    came = not walk.possible.traffic.empty
    walk.rewrite(balancer.id, KIND, after, keeps_source=kept, keeps_port=False)
    walk.relay = Relay(node, kept)
    peer = place.interface if isinstance(place, Held) else None
    scope = reference_scope(walk.network, node.vpc, peer.vpc if peer is not None else None)
    step = security_groups.judge(walk.network, node, walk.traffic, scope, peer, egress=True, explain=walk.explain)
    walk.take(step, node.id, INTERFACE)
    if balancer.classic and isinstance(place, Held) and place.interface.subnet == node.subnet:
        walk.take(_classic_acl(walk, node))
    device = Device(node.id, node, node.vpc, node.subnet, node.origins, None)
    for arrived in onwards(walk, device, place):
        arrived.end = place if isinstance(place, Held) else None
        if came and not kept and balancer.kind != "network" and arrived.possible.traffic.empty:
            arrived.notes += (f"{balancer.name} itself answers its clients: they see HTTP 502 to 504, not a time-out.",)
        yield arrived


def _after(
    walk: Walk, relay: Relaying, place: Destination, target_port: int | None, *, keeps_client: bool
) -> tuple[Traffic | None, bool]:
    """The headers towards the target, and whether they keep the client's address and port."""
    addresses: IntervalSet = (place.address, place.address + 1) if isinstance(place, Held | Nobody) else place.addresses
    six = is_ipv6(addresses[0])
    ports = port(target_port) if target_port is not None else None
    # "No preservation across IPv4 and IPv6": the node's own address of the target's family takes the client's place.
    kept = keeps_client and all(is_ipv6(box.source[0]) is six for box in walk.traffic.boxes)
    node = relay.node.interface
    own = (node.ipv6[0] if node.ipv6 else None) if six else (_node_address(relay.node) if node.ipv4 else None)
    if own is None and not kept:
        return None, False
    boxes = [
        Box(
            box.source if kept or own is None else (own, own + 1),
            addresses,
            box.protocol,
            box.source_port if kept else PORTS,
            box.port if ports is None else ports,
        )
        for box in walk.traffic.boxes
    ]
    return Traffic.of(*boxes), kept


def _node_address(node: Held) -> int:
    """The private IPv4 address of a node."""
    return node.interface.ipv4[0].private if node.is_ipv6 else node.private


def _classic_acl(walk: Walk, node: NetworkInterface) -> Step:
    """Network ACLs apply "to outbound traffic, even if it's destined for a target in the same subnet"."""
    acl = walk.network.acl_of(node.subnet, node.vpc, node.origins)
    step = network_acls.judge(walk.network, acl, node.subnet, walk.traffic, "egress", EGRESS, explain=walk.explain)
    return step._replace(blockers=tuple(b._replace(code=Code.ELB_ACL_RESTRICTION) for b in step.blockers))


def judge_kept(walk: Walk, interface: NetworkInterface, relay: Relay) -> Step | None:
    """The groups of a target that sees the client's address through a Network Load Balancer.

    A reference to the client's group never matches there; one to the load balancer's own group does, "even if you
    enable client IP preservation"
    (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html).
    """
    network = walk.network
    step = security_groups.judge(
        network, interface, walk.traffic, frozenset(), walk.origin, egress=False, explain=walk.explain
    )
    if step is None or (step.dropped.empty and step.unknown.empty) or interface.groups is None:
        return step
    near = reference_scope(network, interface.vpc, relay.interface.vpc)
    named = relay.interface.groups or () if (relay.interface.vpc or "") in near else ()
    rules = [
        Rule(True, ALL_ADDRESSES, protocols_of(rule.protocol), rule.ports, None)
        for group in interface.groups
        if group in network.groups
        for rule in network.groups[group].in_direction(egress=False)
        if isinstance(rule.peer, GroupPeer) and rule.peer.group in named
    ]
    passed, _ = Filter(rules).split(step.dropped.union(step.unknown), INGRESS)
    dropped, unknown = step.dropped.minus(passed), step.unknown.minus(passed)
    blockers = tuple(_unmatched(network, b, dropped, relay) for b in step.blockers) if not dropped.empty else ()
    gaps = () if unknown.empty else step.gaps
    return step._replace(
        passed=step.passed.union(passed), dropped=dropped, unknown=unknown, blockers=blockers, gaps=gaps
    )


def _unmatched(network: Network, blocker: Blocker, dropped: Traffic, relay: Relay) -> Blocker:
    """A group's blocker; where a rule of it names the client's group, that a load balancer does not carry it."""
    if blocker.detail != security_groups.BY_REFERENCE:
        return blocker._replace(dropped=dropped)
    balancer = network.balancer_of_interface.get(relay.interface.id)
    related = (*blocker.related, balancer.id if balancer is not None else relay.interface.id)
    return blocker._replace(code=Code.SG_REFERENCES_NOT_PRESERVED, related=related, dropped=dropped)
