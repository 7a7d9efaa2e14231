"""Load balancers: what arrives at a node meets a listener, which hands it to one of the registered targets.

An Application or Classic Load Balancer ends the client's connection and makes one of its own, from its node's private
address and ports 1024-65535 to the target's port. A Network Load Balancer forwards the client's own, and the target
sees the client's address where client IP preservation is on. The load balancer picks the target, so the targets are
alternatives: see `branches` (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/introduction.html).
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.load_balancers import REQUESTER, Listener, LoadBalancer, TargetGroup, node_of
from diagnosis.network.network import Network
from diagnosis.network.vpc_endpoints import EndpointService
from diagnosis.trace import security_groups, targets, vpc_endpoints
from diagnosis.trace.codes import Code
from diagnosis.trace.places import Held
from diagnosis.trace.step import NOTHING, Blocker, Step, cannot_tell, drops, passes
from diagnosis.trace.target_zones import KIND, Relaying
from diagnosis.trace.targets import Onward
from diagnosis.trace.walk import Branch, Walk
from diagnosis.traffic.intervals import IntervalSet, join
from diagnosis.traffic.ports import port
from diagnosis.traffic.protocols import ICMP, ICMPV6, TCP, UDP
from diagnosis.traffic.traffic import Traffic

BALANCERS = "elbv2.describe_load_balancers"
LISTENERS = "elbv2.describe_listeners"
CLASSIC = "elb.describe_load_balancers"
GROUPS = "elbv2.describe_target_groups"
HEALTH = "elbv2.describe_target_health"
RULES = "elbv2.describe_rules"
NODES = frozenset({"networkloadbalancer", "loadbalancer", "gatewayloadbalancer"})
"""The types of the interfaces that belong to load balancers, where they have a type of their own."""
_TCP, _UDP = (TCP, TCP + 1), (UDP, UDP + 1)
_CARRIED: dict[str, IntervalSet] = {
    "udp": _UDP,
    "quic": _UDP,
    "tcp_udp": join(_TCP, _UDP),
    "tcp_quic": join(_TCP, _UDP),
}
"""The protocols that a listener takes; all others take TCP."""


def onward(walk: Walk, node: Held, onwards: Onward, *, private_link: bool = False) -> Iterator[Walk]:
    """On from where a walk arrived: by listener and target behind a load balancer's node, else the walk itself."""
    network, interface = walk.network, node.interface
    service = vpc_endpoints.provider(network, interface)
    if service is not None:
        yield from _by_private_link(walk, node, service, onwards)
        return
    balancer = network.balancer_of_interface.get(interface.id)
    if balancer is None:
        if node_of(interface) is not None or interface.kind in NODES or interface.requester == REQUESTER:
            walk.take(_unseen(network, interface, walk.traffic))
        yield walk
        return
    if balancer.kind == "gateway":
        walk.take(cannot_tell(KIND, balancer.id, walk.traffic, _not_modelled(balancer)))
        yield walk
        return
    if balancer.state in ("failed", "provisioning"):
        blocker = Blocker(Code.BAD_STATE, balancer.id, (interface.id,), None, None, walk.traffic, balancer.state)
        walk.take(drops(KIND, balancer.id, walk.traffic, blocker))
    if balancer.listeners is None:
        gap = network.gap(LISTENERS, balancer.origins, f"the listeners of {balancer.name}")
        walk.take(cannot_tell(KIND, balancer.id, walk.traffic, gap))
        yield walk
        return
    parts = list(_by_listener(balancer, walk.traffic))
    for part, listener in parts:
        one = walk if len(parts) == 1 else walk.part(part)
        if listener is None:
            yield _without_listener(one, balancer, interface)
        else:
            yield from _to_targets(one, node, balancer, listener, onwards, private_link=private_link)


def _by_private_link(walk: Walk, endpoint: Held, service: EndpointService | Missing, onwards: Onward) -> Iterator[Walk]:
    """From an endpoint's interface to a node of the Network Load Balancer that offers the service, of its zone first.

    Whether the inbound rules of the load balancer's groups apply is a switch of its own; where they do, "the source of
    the traffic is the private IP address of the client, not the endpoint interface".
    """
    network, interface = walk.network, endpoint.interface
    if isinstance(service, Missing):
        walk.take(cannot_tell(vpc_endpoints.KIND, interface.id, walk.traffic, service))
        yield walk
        return
    nodes = [network.interfaces[eni] for arn in service.balancers for eni in targets.nodes_of(network, arn)]
    nodes = [n for n in nodes if n.zone == interface.zone] or nodes
    if not nodes:
        gap = network.gap(BALANCERS, service.origins, f"the load balancer of {service.name}")
        walk.take(cannot_tell(KIND, service.id, walk.traffic, gap))
        yield walk
    for node in nodes:
        address = node.ipv4[0].private if node.ipv4 else node.ipv6[0]
        other = walk.copy()
        other.branches += (Branch(service.id, f"node {node.id} of {service.name}"),)
        after = other.traffic.rewritten(destination=(address, address + 1))
        other.rewrite(service.id, vpc_endpoints.KIND, after, keeps_source=True)
        balancer = network.balancer_of_interface[node.id]
        if balancer.judges_private_link is None and balancer.groups:
            what = f"{balancer.name} judges what comes through PrivateLink by its groups"
            other.take(passes(KIND, balancer.id, other.traffic, assumed=(f"{BALANCERS}: {what}",)))
        if balancer.judges_private_link is not False:
            step = security_groups.judge(
                network, node, other.traffic, frozenset(), None, egress=False, explain=other.explain
            )
            other.take(step, node.id, targets.INTERFACE)
        other.end = Held(node, address, address)
        yield from onward(other, other.end, onwards, private_link=True)


def _unseen(network: Network, interface: NetworkInterface, traffic: Traffic) -> Step:
    """An interface of a load balancer that was not seen: neither it nor its listeners are known."""
    named = node_of(interface) or interface.id
    calls = (BALANCERS, LISTENERS) if "/" in named or interface.kind in NODES else (CLASSIC,)
    gaps = tuple(network.gap(call, interface.origins, f"load balancer {named}") for call in calls)
    return Step(KIND, interface.id, None, NOTHING, NOTHING, traffic, None, gaps[0].reason, gaps=gaps)


def _not_modelled(balancer: LoadBalancer) -> Missing:
    account, region = (balancer.origins or (("", ""),))[0]
    return Missing("", account, region, f"gateway load balancer {balancer.name} on the path is not modelled")


def _by_listener(balancer: LoadBalancer, traffic: Traffic) -> Iterator[tuple[Traffic, Listener | None]]:
    """The traffic cut by the listener that takes it; None for what none takes."""
    rest = traffic
    for listener in balancer.listeners or ():
        accepted = rest.only(protocol=_CARRIED.get(listener.protocol, _TCP), port=port(listener.port))
        if not accepted.empty:
            yield accepted, listener
            rest = rest.minus(accepted)
    if not rest.empty:
        yield rest, None


def _without_listener(walk: Walk, balancer: LoadBalancer, interface: NetworkInterface) -> Walk:
    """No listener takes it; a ping is answered by an Application or Classic Load Balancer itself."""
    pings = walk.traffic.only(protocol=join((ICMP, ICMP + 1), (ICMPV6, ICMPV6 + 1)))
    answered = NOTHING if balancer.kind == "network" else pings
    dropped = walk.traffic.minus(answered)
    if dropped.empty:
        walk.take(passes(KIND, balancer.id, walk.traffic, detail="answers pings itself"))
        return walk
    code = Code.ELB_LISTENERS_MISMATCH if balancer.classic else Code.ELBV2_LISTENERS_MISMATCH
    open_ports = ", ".join(dict.fromkeys(f"{one.protocol} {one.port}" for one in balancer.listeners or ()))
    blocker = Blocker(code, balancer.id, (interface.id,), None, None, dropped, open_ports)
    walk.take(Step(KIND, balancer.id, None, answered, dropped, NOTHING, None, "", (blocker,)))
    return walk


def _to_targets(
    walk: Walk, node: Held, balancer: LoadBalancer, listener: Listener, onwards: Onward, *, private_link: bool
) -> Iterator[Walk]:
    """By a listener to each target that it may pick."""
    relay = Relaying(node, balancer, listener, private_link=private_link)
    point = f"{balancer.id} {listener.id}"
    if balancer.classic:
        yield from targets.to_each(walk, relay, point, targets.of_classic(walk.network, relay), onwards)
        return
    gaps: list[Missing] = []
    arns = [*listener.groups, *(arn for arn in listener.rule_groups or () if arn not in listener.groups)]
    if listener.rule_groups is None and balancer.kind == "application":
        if walk.network.coverage.named(RULES):
            gaps.append(walk.network.gap(RULES, balancer.origins, f"the rules of listener {listener.id}"))
        else:
            assumed = f"{RULES}: listener {listener.port} of {balancer.name} has its default action only"
            walk.take(passes(KIND, balancer.id, walk.traffic, assumed=(assumed,)))
    if not arns and listener.itself and not gaps:
        walk.take(passes(KIND, balancer.id, walk.traffic, detail="answers itself"))
        yield walk
        return
    groups: list[TargetGroup] = []
    for arn in arns:
        group = walk.network.target_groups.get(arn)
        if group is None:
            gaps.append(walk.network.gap(GROUPS, balancer.origins, f"target group {arn}"))
        elif group.targets is None and group.target_type != "lambda":
            gaps.append(walk.network.gap(HEALTH, group.origins, f"the targets of {group.name}"))
        else:
            groups.append(group)
    options = [(group, target) for group in groups for target in targets.registered(group)]
    if not options and not gaps:
        yield _without_targets(walk, balancer, arns)
        return
    for gap in gaps:
        other = walk.copy()
        other.branches += (Branch(point, gap.reason),)
        other.take(cannot_tell(KIND, balancer.id, other.traffic, gap))
        yield other
    if options:
        yield from targets.to_each(walk, relay, point, options, onwards)


def _without_targets(walk: Walk, balancer: LoadBalancer, arns: list[str]) -> Walk:
    """Nothing is registered: a Network Load Balancer resets the connection, an Application one answers 503."""
    blocker = Blocker(Code.ELBV2_LISTENER_HAS_NO_TG, balancer.id, tuple(arns), None, None, walk.traffic)
    walk.take(drops(KIND, balancer.id, walk.traffic, blocker))
    return walk
