"""Security group references over a transit gateway: inbound rules only, and only where every switch on the way is on.

"Outbound security rules referencing over Transit Gateway aren't supported"; referencing is enabled for a transit
gateway and for each VPC attachment, and works between VPCs of one gateway, not over a peering of gateways
(https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html#vpc-attachment-security). The defaults that AWS
documents contradict each other, so a switch that was not seen is unseen.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.security_groups import CidrPeer
from diagnosis.trace import security_groups
from diagnosis.trace.codes import Code
from diagnosis.trace.step import Step
from diagnosis.trace.transit_attachments import GATEWAYS, VPC_ATTACHMENTS
from diagnosis.trace.walk import FromTransit
from diagnosis.traffic.traffic import Traffic

ZONES_WITHOUT = frozenset({"use1-az3"})
"""Availability Zones in which AWS does not support references over a transit gateway."""


ENDPOINT = "vpcendpoint"
MOUNT_TARGET = "EFS mount target"


@dataclass(frozen=True, slots=True)
class Referencing:
    """Whether a path carries security groups."""

    on: bool | None
    """None where it was not seen."""
    code: Code = Code.SG_REFERENCES_NOT_PRESERVED
    component: str = ""
    gap: Missing | None = None


def judge(
    network: Network,
    interface: NetworkInterface,
    traffic: Traffic,
    arrival: FromTransit,
    peer: NetworkInterface | None,
    stranger: str | None = None,
    *,
    explain: bool,
) -> Step | None:
    """What the groups of an interface do to traffic that came out of a transit gateway.

    `stranger` is the VPC that it started in, where that was not seen: its interfaces may hold any group.
    """
    if peer is None and stranger is not None:
        return _from_stranger(network, interface, traffic, arrival, stranger, explain=explain)
    without, carried = _compared(network, interface, traffic, peer, egress=False, explain=explain)
    if without is None or carried is None:
        return without
    state = referencing(network, arrival)
    if not _takes_references(network, interface):
        state = Referencing(on=False, component=arrival.gateway)
    if state.on:
        return carried
    if state.on is None and state.gap is not None:
        unknown = traffic.minus(without.passed).minus(carried.dropped)
        return carried._replace(
            passed=without.passed,
            unknown=unknown,
            gaps=(*without.gaps, state.gap),
            rule=without.rule,
            detail=without.detail,
        )
    return _not_carried(without, carried, state)


def _from_stranger(
    network: Network,
    interface: NetworkInterface,
    traffic: Traffic,
    arrival: FromTransit,
    stranger: str,
    *,
    explain: bool,
) -> Step | None:
    """The same for traffic from a VPC that was not seen: references may match unless a switch that was seen is off."""
    gateway = network.transit.gateways.get(arrival.gateway)
    attachments = (network.transit.at(arrival.gateway, a) for a in (arrival.entered, arrival.left))
    switches = [s.references for s in (gateway, *attachments) if s is not None]
    doubt = frozenset({stranger}) if False not in switches and _takes_references(network, interface) else frozenset()
    own = frozenset({interface.vpc or ""})
    return security_groups.judge(network, interface, traffic, own, None, egress=False, doubt=doubt, explain=explain)


def _takes_references(network: Network, interface: NetworkInterface) -> bool:
    """Whether references match at all there: not at endpoints, and at EFS only with a rule that lets everything out."""
    if interface.kind == ENDPOINT:
        return False
    if not interface.description.startswith(MOUNT_TARGET):
        return True
    out = [
        r for g in interface.groups or () if g in network.groups for r in network.groups[g].in_direction(egress=True)
    ]
    return any(r.protocol is None and isinstance(r.peer, CidrPeer) and r.peer.cidr == "0.0.0.0/0" for r in out)


def judge_leaving(
    network: Network,
    interface: NetworkInterface,
    traffic: Traffic,
    gateway: str,
    peer: NetworkInterface | None,
    *,
    explain: bool,
) -> Step | None:
    """What the groups of an interface do to traffic that leaves by a transit gateway: references never match."""
    without, carried = _compared(network, interface, traffic, peer, egress=True, explain=explain)
    if without is None or carried is None:
        return without
    return _not_carried(without, carried, Referencing(on=False, component=gateway))


def rules(
    network: Network,
    interface: NetworkInterface,
    groups: tuple[str, ...],
    peer: NetworkInterface | None,
    *,
    egress: bool,
) -> security_groups.GroupFilter | None:
    """The rules that decide alone on a path by a transit gateway; None where one that names a group may have a say."""
    own = interface.vpc or ""
    if peer is None or peer.vpc is None:
        return None
    if peer.vpc != own and security_groups.refers_into(network, groups, peer.vpc, egress=egress):
        return None
    return security_groups.group_filter(network, groups, interface, frozenset({own}), frozenset(), egress=egress)


def _compared(
    network: Network,
    interface: NetworkInterface,
    traffic: Traffic,
    peer: NetworkInterface | None,
    *,
    egress: bool,
    explain: bool,
) -> tuple[Step | None, Step | None]:
    """The groups' step without references to the peer's groups, and with them where that makes a difference."""
    own = frozenset({interface.vpc or ""})
    without = security_groups.judge(network, interface, traffic, own, peer, egress=egress, explain=explain)
    if without is None or peer is None or peer.vpc is None or peer.vpc in own or without.dropped.empty:
        return without, None
    if not security_groups.refers_into(network, interface.groups or (), peer.vpc, egress=egress):
        return without, None
    both = own | {peer.vpc}
    carried = security_groups.judge(network, interface, traffic, both, peer, egress=egress, explain=explain)
    if carried is None or without.dropped.minus(carried.dropped).empty:
        return without, None  # No rule that names a group decides here.
    return without, carried


def _not_carried(without: Step, carried: Step, state: Referencing) -> Step:
    """The blockers of the groups whose rules name the peer say why these rules do not match."""
    lost = without.dropped.minus(carried.dropped)
    blockers = []
    for blocker in without.blockers:
        related = (*blocker.related, *((state.component,) if state.component else ()))
        named = blocker.detail == security_groups.BY_REFERENCE and not blocker.dropped.meet(lost).empty
        blockers.append(blocker._replace(code=state.code if named else blocker.code, related=related))
    return without._replace(blockers=tuple(blockers))


def home_of(network: Network, arrival: FromTransit) -> Hashable:
    """What of the sender's place decides whether its groups are carried."""
    if arrival.home is None:
        return None
    subnet = network.subnets.get(arrival.home.subnet or "")
    return arrival.home.vpc, arrival.home.origins, subnet is not None and subnet.zone_id in ZONES_WITHOUT


def referencing(network: Network, arrival: FromTransit) -> Referencing:
    """Whether security groups are carried from the attachment where the traffic entered to where it came out."""
    entered = network.transit.at(arrival.gateway, arrival.entered)
    left = network.transit.at(arrival.gateway, arrival.left)
    if arrival.home is None or (entered is not None and entered.kind != "vpc"):
        return Referencing(on=False, component=arrival.gateway)
    home = network.subnets.get(arrival.home.subnet or "")
    if home is not None and home.zone_id in ZONES_WITHOUT:
        return Referencing(on=False, component=arrival.gateway)
    gateway = network.transit.gateways.get(arrival.gateway)
    if gateway is not None and gateway.references is False:
        return Referencing(on=False, component=gateway.id)
    for attachment in (entered, left):
        if attachment is not None and attachment.references is False:
            return Referencing(on=False, code=Code.SG_REFERENCING_SUPPORT, component=attachment.id)
    origins = arrival.home.origins
    if gateway is None or gateway.references is None:
        reason = f"whether {arrival.gateway} carries security groups"
        return Referencing(on=None, gap=network.gap(GATEWAYS, origins, reason))
    for identity, attachment in ((arrival.entered, entered), (arrival.left, left)):
        if attachment is None or attachment.references is None:
            reason = f"whether attachment {identity or 'of the VPC'} carries security groups"
            return Referencing(on=None, gap=network.gap(VPC_ATTACHMENTS, origins, reason))
    return Referencing(on=True)
