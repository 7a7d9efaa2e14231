"""Which registered targets a load balancer's node may pick: enabled zones and cross-zone load balancing.

"By default, each load balancer node distributes traffic across the registered targets in its Availability Zone only"
(https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html). An
Application Load Balancer always reaches across zones, unless a target group turns it off.
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.network.coverage import Missing
from diagnosis.network.load_balancers import CROSS_ZONE, Listener, LoadBalancer, Target, TargetGroup
from diagnosis.network.network import Network
from diagnosis.trace.codes import Code
from diagnosis.trace.places import Held
from diagnosis.trace.placing import interface_of_instance
from diagnosis.trace.step import Blocker, Step, drops
from diagnosis.traffic.addresses import parse_address
from diagnosis.traffic.traffic import Traffic

KIND = "load-balancer"
BALANCER_ATTRIBUTES = "elbv2.describe_load_balancer_attributes"
CLASSIC_ATTRIBUTES = "elb.describe_load_balancer_attributes"

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
    own, enabled = relay.node.interface.zone, relay.balancer.zones
    near: list[Option] = []
    doubtful: list[tuple[Option, Missing]] = []
    assumed: list[str] = []
    far = 0
    for option in options:
        zone = _zone_of(network, option[1], relay.balancer.vpc)
        if zone is not None and enabled and zone not in enabled:
            continue
        if zone is None or own is None or zone == own:
            near.append(option)
            continue
        far += 1
        crosses = _cross_zone(network, relay, option[0])
        assumed += crosses.assumed
        if crosses.gap is not None:
            doubtful.append((option, crosses.gap))
        elif crosses.value:
            near.append(option)
    barred = None
    if not near and not doubtful:
        barred = Code.ELB_INSTALLED_AZ_RESTRICTION
        if far:
            barred = Code.ELB_NOT_CROSSZONE if relay.balancer.classic else Code.ELBV2_NO_TARGETS_IN_AZ
    return Within(tuple(near), tuple(doubtful), tuple(dict.fromkeys(assumed)), barred)


def _zone_of(network: Network, target: Target, vpc: str | None) -> str | None:
    """The zone of a target; None where it has none or it was not seen."""
    if target.zone is not None:
        return None if target.zone == "all" else target.zone
    try:
        held = network.holders(parse_address(target.id))
    except ValueError:
        eni = interface_of_instance(network, target.id)
        return network.interfaces[eni].zone if eni is not None else None
    zones = {network.interfaces[eni].zone for eni in held if network.interfaces[eni].vpc == vpc}
    return zones.pop() if len(zones) == 1 else None


def _cross_zone(network: Network, relay: Relaying, group: TargetGroup) -> Switch:
    """Off unless turned on, but on for an Application Load Balancer; a target group may decide for itself."""
    balancer = relay.balancer
    own = group.attribute(CROSS_ZONE)
    if own in ("true", "false"):
        return Switch(own == "true")
    if balancer.kind == "application":
        return Switch(True)
    found = balancer.attribute(CROSS_ZONE)
    if found is not None or balancer.attributes is not None:
        return Switch(found == "true")
    call = CLASSIC_ATTRIBUTES if balancer.classic else BALANCER_ATTRIBUTES
    what = f"cross-zone load balancing of {balancer.name}"
    if network.coverage.named(call):
        return Switch(None, gap=network.gap(call, balancer.origins, what))
    return Switch(False, (f"{call}: {what} is off",))


def barrier(relay: Relaying, options: list[Option], code: Code, traffic: Traffic) -> Step:
    """What keeps the node from every target, as a step."""
    balancer, node = relay.balancer, relay.node.interface
    groups = dict.fromkeys(group.arn for group, _ in options if group.arn != balancer.id)
    blocker = Blocker(code, balancer.id, (*groups, node.id), None, None, traffic, node.zone or "")
    return drops(KIND, balancer.id, traffic, blocker)
