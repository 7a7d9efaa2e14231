"""Which registered targets a load balancer's node may pick: enabled zones and cross-zone load balancing.

"By default, each load balancer node distributes traffic across the registered targets in its Availability Zone only"
(https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html). An
Application Load Balancer always reaches across zones, unless a target group turns it off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from diagnosis.network.coverage import Missing
from diagnosis.network.load_balancers import CROSS_ZONE, UNREAD, Listener, LoadBalancer, Target, TargetGroup
from diagnosis.network.network import Network
from diagnosis.trace.codes import Code
from diagnosis.trace.places import Held
from diagnosis.trace.placing import INTERFACES, interface_of_instance
from diagnosis.trace.step import Blocker, Step, drops
from diagnosis.traffic.addresses import parse_address
from diagnosis.traffic.traffic import Traffic

KIND = "load-balancer"
BALANCERS = "elbv2.describe_load_balancers"
CLASSIC = "elb.describe_load_balancers"
BALANCER_ATTRIBUTES = "elbv2.describe_load_balancer_attributes"
GROUP_ATTRIBUTES = "elbv2.describe_target_group_attributes"
CLASSIC_ATTRIBUTES = "elb.describe_load_balancer_attributes"

ANY_ZONE = "all"
"""The zone of targets that AWS reaches from every zone, as it says it."""

Option = tuple[TargetGroup, Target]


@dataclass(frozen=True, slots=True)
class Relaying:
    """A node of a load balancer and the listener by which traffic comes."""

    node: Held
    balancer: LoadBalancer
    listener: Listener
    private_link: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """A setting: its value or why it is not known, and what was assumed."""

    value: bool | None
    assumed: tuple[str, ...] = ()
    gap: Missing | None = None


@dataclass(frozen=True, slots=True)
class Within:
    """The targets that a node picks from, those that it may, and what was assumed of the others."""

    near: tuple[Option, ...]
    doubtful: tuple[tuple[Option, Missing], ...] = ()
    """Targets of other zones, where it was not seen whether the node sends there."""
    assumed: tuple[str, ...] = ()
    barred: Code | None = None
    """Why it picks from none."""


def within_reach(network: Network, relay: Relaying, options: list[Option]) -> Within:
    """The targets that a node picks from, by zone."""
    if not options:
        return Within((), barred=Code.ELB_HAS_NO_INSTANCES)
    near: list[Option] = []
    doubtful: list[tuple[Option, Missing]] = []
    switches: dict[str, Switch] = {}
    enabled = _enabled(network, relay)
    far = 0
    for option in options:
        group, target = option
        zone = _zone_of(network, target, relay.balancer.vpc)
        if zone in (relay.node.interface.zone, ANY_ZONE):
            near.append(option)
        elif relay.balancer.zones is None or zone is None or zone in enabled:
            far += 1
            crosses = switches.get(group.arn) or _cross_zone(network, relay, group)
            switches[group.arn] = crosses
            gap = crosses.gap or _of_zones(network, relay, zone, enabled, crosses=crosses.value is True)
            if gap is not None:
                doubtful.append((option, gap))
            elif crosses.value:
                near.append(option)
    barred = None
    if not near and not doubtful:
        barred = Code.ELB_INSTALLED_AZ_RESTRICTION
        if far:
            barred = Code.ELB_NOT_CROSSZONE if relay.balancer.classic else Code.ELBV2_NO_TARGETS_IN_AZ
    assumed = dict.fromkeys(text for crosses in switches.values() for text in crosses.assumed)
    return Within(tuple(near), tuple(doubtful), tuple(assumed), barred)


def _of_zones(
    network: Network, relay: Relaying, zone: str | None, enabled: frozenset[str | None], *, crosses: bool
) -> Missing | None:
    """What was not seen of the zones of a node, of a target that may be in another, and of its load balancer."""
    balancer, node = relay.balancer, relay.node.interface
    if zone is None or node.zone is None:
        if crosses and balancer.zones is None:
            return network.gap(_described_by(balancer), balancer.origins, f"the zones of {balancer.name}")
        if not crosses:
            return network.gap(INTERFACES, balancer.origins, f"the zones of {node.id} and of its targets")
    elif crosses and zone not in enabled:
        return network.gap(_described_by(balancer), balancer.origins, f"whether zone {zone} of {balancer.name} is on")
    return None


def _described_by(balancer: LoadBalancer) -> str:
    return CLASSIC if balancer.classic else BALANCERS


def _enabled(network: Network, relay: Relaying) -> frozenset[str | None]:
    """The zones that are known to be enabled: as the load balancer says, else those of its nodes."""
    if relay.balancer.zones is not None:
        return frozenset(relay.balancer.zones)
    nodes = (eni for eni, balancer in network.balancer_of_interface.items() if balancer.id == relay.balancer.id)
    return frozenset(zone for zone in (network.interfaces[eni].zone for eni in nodes) if zone is not None)


def _zone_of(network: Network, target: Target, vpc: str | None) -> str | None:
    """The zone of a target, `all` where no zone keeps the load balancer from it; None where it was not seen."""
    if target.zone is not None:
        return target.zone
    try:
        held = network.holders(parse_address(target.id))
    except ValueError:
        eni = interface_of_instance(network, target.id)
        return network.interfaces[eni].zone if eni is not None else ANY_ZONE
    zones = {network.interfaces[eni].zone for eni in held if network.interfaces[eni].vpc == vpc}
    return zones.pop() if len(zones) == 1 else ANY_ZONE


def switch(
    network: Network, of: LoadBalancer | TargetGroup, key: str, call: str, what: str, *, default: bool, told: str = ""
) -> Switch:
    """A setting of a load balancer or a target group; with `told` as its default in words."""
    found = of.attribute(key)
    if found in ("true", "false"):
        return Switch(found == "true")
    if found == UNREAD or (of.attributes is None and network.coverage.named(call)):
        return Switch(None, gap=network.gap(call, of.origins, what))
    if of.attributes is not None:
        return Switch(default)
    return Switch(default, (f"{call}: {what} is {told or ('on' if default else 'off')}",))


def _cross_zone(network: Network, relay: Relaying, group: TargetGroup) -> Switch:
    """Off unless turned on, but on for an Application Load Balancer; a target group may decide for itself."""
    balancer = relay.balancer
    call = CLASSIC_ATTRIBUTES if balancer.classic else BALANCER_ATTRIBUTES
    what = f"cross-zone load balancing of {balancer.name}"
    general = Switch(True)
    if balancer.kind != "application":
        general = switch(network, balancer, CROSS_ZONE, call, what, default=False)
    if balancer.classic:
        return general
    what = f"cross-zone load balancing of target group {group.name}"
    own = switch(network, group, CROSS_ZONE, GROUP_ATTRIBUTES, what, default=False, told="that of its load balancer")
    if own.gap is not None or (group.attributes is not None and group.attribute(CROSS_ZONE) in ("true", "false")):
        return own
    return replace(general, assumed=(*general.assumed, *own.assumed))


def barrier(relay: Relaying, options: list[Option], code: Code, traffic: Traffic) -> Step:
    """What keeps the node from every target, as a step."""
    balancer, node = relay.balancer, relay.node.interface
    groups = dict.fromkeys(group.arn for group, _ in options if group.arn != balancer.id)
    blocker = Blocker(code, balancer.id, (*groups, node.id), None, None, traffic, node.zone or "")
    return drops(KIND, balancer.id, traffic, blocker)
