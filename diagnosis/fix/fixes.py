"""Proposals as the fixes of an answer, with commands, proof, exposure and undo; what is not proven becomes advice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Literal, assert_never

from diagnosis.answer import Fix, Proof
from diagnosis.explanation.causes import cause
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange, undo_of
from diagnosis.fix.commands import NotPrintable, command
from diagnosis.fix.exposure import exposure
from diagnosis.fix.managed import managed, warning
from diagnosis.fix.propose import NoFix, Proposal, Retrace, propose
from diagnosis.fix.quotas import too_full
from diagnosis.fix.terraform import terraform
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.trace.codes import Code
from diagnosis.trace.step import Blocker, Leg
from diagnosis.trace.trace import Trace


def fixes(network: Network, traces: tuple[Trace, ...], retrace: Retrace) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
    """Proven fixes, and advice in words for what no proven change repairs."""
    outcome = propose(network, traces, retrace)
    if isinstance(outcome, NoFix):
        return (), tuple(dict.fromkeys(_advice(network, leg, blocker) for leg, blocker in outcome.blockers))
    found, words = [], []
    for proposal in outcome:
        try:
            found.append(fix_of(network, proposal, traces))
        except NotPrintable as reason:
            words.append(f"A fix was proven, but it is not printed: {reason}.")
            continue
        full = _full(network, proposal)
        words += [f"{text}: ask AWS for a higher one, or remove what is not needed." for text in full]
    return tuple(found), tuple(dict.fromkeys(words))


def fix_of(network: Network, proposal: Proposal, traces: tuple[Trace, ...]) -> Fix:
    """A proven proposal as a fix. Raises NotPrintable where a command cannot be printed safely."""
    changes = proposal.changes
    commands = tuple(command(change) for change in changes)
    undo = tuple(command(change) for change in undo_of(changes))
    kept = managed(network, changes)
    return Fix(
        id=f"fix-{hashlib.sha256(chr(10).join(commands).encode()).hexdigest()[:8]}",
        title="; ".join(_title(network, change) for change in changes),
        risk="needs judgement" if _full(network, proposal) else _risk(changes),
        changes=tuple(change.model_dump(exclude_none=True) for change in changes),
        commands=commands,
        undo=undo,
        proof=Proof(verdict_after="reachable"),
        exposure=exposure(network, proposal.network, changes, traces),
        managed_by=kept[0].by if kept else None,
        managed=warning(network, kept),
        terraform=tuple(terraform(network, changes).splitlines()),
    )


def _full(network: Network, proposal: Proposal) -> list[str]:
    """What AWS would refuse by its quotas, unless the account's are higher."""
    touched = dict.fromkeys(change.component for change in proposal.changes)
    return list(too_full(network, proposal.network, touched))


def _risk(changes: tuple[Change, ...]) -> Literal["safe", "needs judgement"]:
    return "needs judgement" if any(_wide(change) for change in changes) else "safe"


def _wide(change: Change) -> bool:
    """Whether a person should look twice: routes, the whole internet inbound, every port."""
    match change:
        case RouteChange():
            return True
        case GroupRuleChange():
            anyone = change.cidr in ("0.0.0.0/0", "::/0") and change.direction == "ingress"
            return anyone or change.protocol == "-1" or _all_ports(change.protocol, change.from_port, change.to_port)
        case AclEntryChange():
            return change.cidr in ("0.0.0.0/0", "::/0") or change.protocol == "-1"
        case _:
            assert_never(change)


def _all_ports(protocol: str, low: int | None, high: int | None) -> bool:
    return protocol in ("tcp", "udp") and (low is None or (low == 0 and high == 65535))


def _title(network: Network, change: Change) -> str:
    """What the change does, for example "allow tcp 3306 from web-tier in orders-db-sg"."""
    match change:
        case GroupRuleChange():
            peer = (display_name(network, change.group) or change.group) if change.group else change.cidr
            way = "to" if change.direction == "egress" else "from"
            what = _ports(change.protocol, change.from_port, change.to_port)
            verb = "allow" if change.action == "add" else "no longer allow"
            return f"{verb} {what} {way} {peer} in {display_name(network, change.component) or change.component}"
        case AclEntryChange():
            way = "to" if change.direction == "egress" else "from"
            what = _ports(change.protocol, change.from_port, change.to_port)
            name = display_name(network, change.component) or change.component
            verb = change.rule_action if change.action == "add" else f"remove the {change.rule_action} of"
            return f"{verb} {what} {way} {change.cidr} in {name} as {change.direction} rule {change.number}"
        case RouteChange():
            name = display_name(network, change.component) or change.component
            led = f"{change.destination} to {change.target} in {name}"
            return f"route {led}" if change.action == "add" else f"remove the route of {led}"
        case _:
            assert_never(change)


def _ports(protocol: str, low: int | None, high: int | None) -> str:
    if protocol == "-1":
        return "all traffic"
    if protocol in ("icmp", "icmpv6"):
        return f"all {protocol}" if low in (None, -1) else f"{protocol} type {low}"
    if protocol not in ("tcp", "udp"):
        return f"protocol {protocol}"
    if low is None:
        return f"all {protocol}"
    return f"{protocol} {low}" if low == high else f"{protocol} {low}-{high}"


_WORDS: dict[Code, str] = {
    Code.NO_ROUTE_TO_DESTINATION: "add a route that leads there, or correct the one that takes it elsewhere",
    Code.BAD_STATE_ROUTE: "replace the blackhole route with one to a target that exists, or delete it",
    Code.IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS: "route the subnet to a NAT gateway, or associate an Elastic IP address",
    Code.IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS: (
        "use its public address, associate an Elastic IP address, or put a load balancer in front of it"
    ),
    Code.IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS: (
        "add a more specific route for the private destination to the peering connection, gateway or transit gateway "
        "that leads there"
    ),
    Code.IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS: "add a more specific route for this destination",
    Code.IGW_EXPECTS_PUBLIC_ADDRESS: "add a more specific route for this destination",
    Code.BAD_STATE: "bring the component back into service, or route around it",
    Code.BAD_STATE_ATTACHMENT: "attach it, or route to a gateway that is attached",
    Code.ENI_SOURCE_DEST_CHECK_RESTRICTION: "turn the source/destination check off if this interface is an appliance",
    Code.VPC_BLOCK_PUBLIC_ACCESS_ENABLED: "ask the owner of Block Public Access for an exclusion of the VPC or subnet",
    Code.NGW_REQUIRES_SOURCE_IN_VPC: "give the VPC a NAT gateway of its own",
    Code.PROTOCOL_RESTRICTION: "use a protocol that it forwards, or a path around it",
    Code.PCX_REQUIRES_ADDRESS_IN_VPC_CIDR: "peer the two VPCs directly, or use a transit gateway",
    Code.NO_INTERFACE_WITH_ADDRESS: "check the address: nothing lives there now",
    Code.VPC_HAS_NO_INTERNET_GATEWAY: "attach an internet gateway and route to it",
    Code.ENI_DENIES_INTERNET_GATEWAY: "use another interface: this one is closed to the internet by its owner",
    Code.ELBV2_LISTENERS_MISMATCH: "ask on a port that has a listener, or add a listener for this one",
    Code.ELB_LISTENERS_MISMATCH: "ask on a port that has a listener, or add a listener for this one",
    Code.ELBV2_LISTENER_HAS_NO_TG: "register targets in the target group",
    Code.ELB_HAS_NO_INSTANCES: "register instances with the load balancer",
    Code.ELBV2_NO_TARGETS_IN_AZ: "turn cross-zone load balancing on, or register a target in that zone",
    Code.ELB_NOT_CROSSZONE: "turn cross-zone load balancing on, or register an instance in that zone",
    Code.ELB_INSTALLED_AZ_RESTRICTION: "enable the targets' zones for the load balancer",
    Code.ELB_ACL_RESTRICTION: "allow the instance port outbound in the network ACL of the load balancer's subnet",
    Code.ELBV2_TARGET_IS_CLIENT: "turn client IP preservation off for the target group, or connect to itself directly",
    Code.VPCE_GATEWAY_PROTOCOL_RESTRICTION: "reach the service over TCP: a gateway endpoint carries nothing else",
    Code.VPCE_GATEWAY_REQUIRES_SOURCE_IN_VPC: "give the source's VPC an endpoint of its own",
    Code.VPCE_INTRA_VPC_TRAFFIC: "ask the other way round: the resource connects to the endpoint",
    Code.INGRESS_RTB_NO_PUBLIC_IP: "associate an Elastic IP address with the appliance's interface",
    Code.INGRESS_RTB_TRAFFIC_REDIRECTION: "route both directions through the same appliance",
    Code.REGIONAL_NGW_ROUTE_AZ_RESTRICTION: "add the zone to the regional NAT gateway, or route this subnet elsewhere",
    Code.TGW_ROUTE_AZ_RESTRICTION: "add a subnet of this zone to the transit gateway attachment",
    Code.TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION: "associate the attachment with the route table meant for it",
    Code.TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT: (
        "check that the attachment is associated with the route table that it is meant to use; if it is, add a route "
        "or a propagation for the destination's attachment to that table"
    ),
    Code.TGW_RTB_BAD_STATE_ROUTE: "replace the blackhole route with one to an attachment, or delete it",
    Code.TGW_BAD_STATE_VPN: "bring the VPN connection back, or route to another attachment",
    Code.BAD_STATE_VPN: "bring the VPN connection back, or route to another gateway",
    Code.VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS: "attach the source's own VPC to the network on premises",
    Code.VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS: "use the private address",
    Code.SG_REFERENCING_SUPPORT: "switch referencing on at the attachment, or allow the peer's addresses instead",
    Code.SG_REFERENCES_NOT_PRESERVED: "allow the peer's addresses instead of its group",
    Code.NGW_UNSOLICITED_INBOUND: "address the host behind it by another way: NAT gateways are outbound only",
}


def _advice(network: Network, leg: Leg, blocker: Blocker) -> str:
    words = _WORDS.get(blocker.code)
    text = cause(network, leg, blocker).text
    command_words = "".join(_commands(network, blocker))
    if words is None:
        return f"{text} No narrow change of ours was proven to repair this.{command_words}"
    return f"{text} Needs judgement: {words}.{command_words}"


def _commands(network: Network, blocker: Blocker) -> Iterator[str]:
    """The command to look at, or change, the component by hand."""
    if blocker.component in network.route_tables:
        yield f" Look at it: aws ec2 describe-route-tables --route-table-ids {blocker.component}"
    if blocker.component in network.transit.tables:
        yield (
            " Look at it: aws ec2 search-transit-gateway-routes --transit-gateway-route-table-id "
            f"{blocker.component} --filters Name=state,Values=active,blackhole"
        )
