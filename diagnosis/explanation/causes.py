"""Blockers to causes: one clear sentence each, by code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from diagnosis.answer import Cause
from diagnosis.explanation.protocol_words import traffic_words
from diagnosis.explanation.relayed import relayed
from diagnosis.explanation.transited import not_carried, transited
from diagnosis.network.network import Network
from diagnosis.network.network_acls import IMPLICIT_DENY
from diagnosis.network.owners import display_name, label
from diagnosis.trace.codes import Code
from diagnosis.trace.points import Refused
from diagnosis.trace.step import Blocker, Leg
from diagnosis.trace.trace import Trace
from diagnosis.traffic.addresses import ALL_ADDRESSES, IPV4, IPV6, PUBLIC, format_address, format_cidrs, is_ipv6
from diagnosis.traffic.intervals import IntervalSet, meet, minus, size
from diagnosis.traffic.traffic import NOTHING, SideName, Traffic

SHOWN_RANGES = 3
FILTERS = frozenset(
    {
        Code.ENI_SG_RULES_MISMATCH,
        Code.SG_HAS_NO_RULES,
        Code.SG_REFERENCES_NOT_PRESERVED,
        Code.SG_REFERENCING_SUPPORT,
        Code.SUBNET_ACL_RESTRICTION,
        Code.ELB_ACL_RESTRICTION,
    }
)
"""The codes of rule sets that have a direction; routes, gateways and interfaces have none."""


def causes(network: Network, *traces: Trace) -> tuple[Cause, ...]:
    """Every cause of a question's traces, in the order in which packets meet them, each once for all that it drops."""
    found: dict[object, tuple[Leg, Blocker]] = {}
    for leg, blocker in (told for one in traces for told in one.blockers()):
        key = (leg, blocker._replace(dropped=NOTHING))
        known = found.get(key)
        whole = blocker if known is None else blocker._replace(dropped=known[1].dropped.union(blocker.dropped))
        found[key] = (leg, whole)
    return tuple(cause(network, leg, blocker) for leg, blocker in found.values())


def cause(network: Network, leg: Leg, blocker: Blocker) -> Cause:
    """One blocker as a cause."""
    return Cause(**members(network, leg, blocker))


def members(network: Network, leg: Leg, blocker: Blocker) -> dict[str, Any]:
    """The members of a cause by name, in the order of the contract and of the types that JSON knows."""
    return {
        "code": blocker.code.value,
        "component": blocker.component,
        "related": list(blocker.related),
        "leg": leg,
        "direction": blocker.direction if blocker.code in FILTERS else None,
        "rule": blocker.rule,
        "text": sentence(network, leg, blocker),
        "any_of": blocker.any_of,
    }


def refusals(network: Network, refused: Refused) -> Iterator[tuple[str, Code, str]]:
    """Each of the groups that drop a flow, with its code, and how the sentence of it begins.

    It ends with `dropped_words` and a full stop.
    """
    for group, code in refused.groups:
        words = _group_words(network, group, refused.interface)
        yield group, code, _allows_nothing(code, words, egress=refused.direction == "egress")


def dropped_words(refused: Refused) -> str:
    """What groups drop: "tcp 3306 from 10.0.1.10"."""
    return f"{traffic_words(refused.dropped)} {_peer(refused.dropped, egress=refused.direction == 'egress')}"


@lru_cache(maxsize=4096)
def address_words(addresses: IntervalSet) -> str:
    """Addresses in a sentence: one, a few ranges, or what they are together."""
    if len(addresses) == 2 and addresses[1] - addresses[0] == 1:
        return format_address(addresses[0])
    if addresses in (ALL_ADDRESSES, IPV4, IPV6):
        return "anywhere"
    if any(size(minus(meet(PUBLIC, family), addresses)) * 1000 < size(meet(PUBLIC, family)) for family in (IPV4, IPV6)):
        return "the internet"  # all of it but the ranges of VPCs
    ranges = [cidr.removesuffix("/128" if ":" in cidr else "/32") for cidr in format_cidrs(addresses)]
    if len(ranges) <= SHOWN_RANGES:
        return ", ".join(ranges)
    return f"{', '.join(ranges[:SHOWN_RANGES])} and {len(ranges) - SHOWN_RANGES} more ranges"


def sentence(network: Network, leg: Leg, blocker: Blocker) -> str:
    """What the blocker does, in one sentence."""
    match blocker.code:
        case (
            Code.ENI_SG_RULES_MISMATCH
            | Code.SG_HAS_NO_RULES
            | Code.SG_REFERENCES_NOT_PRESERVED
            | Code.SG_REFERENCING_SUPPORT
        ):
            return _group(network, blocker)
        case Code.SUBNET_ACL_RESTRICTION | Code.ELB_ACL_RESTRICTION:
            return _acl(network, leg, blocker)
        case _:
            return _other(network, leg, blocker)


def _peer(dropped: Traffic, *, egress: bool) -> str:
    """Whom the traffic is from or to, by the header as it is at the component: "from 10.0.1.10"."""
    if egress:
        return f"to {address_words(dropped.project('destination'))}"
    return f"from {address_words(dropped.project('source'))}"


def _group(network: Network, blocker: Blocker) -> str:
    group = _group_words(network, blocker.component, blocker.related[0] if blocker.related else None)
    egress = blocker.direction == "egress"
    peer = _peer(blocker.dropped, egress=egress)
    match blocker.code:
        case Code.SG_REFERENCES_NOT_PRESERVED | Code.SG_REFERENCING_SUPPORT:
            return not_carried(network, blocker, group, traffic_words(blocker.dropped))
        case Code.ENI_SG_RULES_MISMATCH if blocker.detail == "by reference":
            return (
                f"{group} allows {traffic_words(blocker.dropped)} only by reference to a security group, which matches "
                f"private addresses, and on this path the peer is not seen by one ({peer})."
            )
        case code:
            return f"{_allows_nothing(code, group, egress=egress)}{traffic_words(blocker.dropped)} {peer}."


def _allows_nothing(code: Code, group: str, *, egress: bool) -> str:
    """How a sentence begins that ends with what no rule allows."""
    way = "outbound" if egress else "inbound"
    if code is Code.SG_HAS_NO_RULES:
        return f"{group} has no {way} rules at all, so nothing allows "
    return f"{group} has no {way} rule for "


def _group_words(network: Network, group: str, interface: str | None) -> str:
    known: dict[tuple[str, str | None], str] | None = network.memo.get("group words")
    if known is None:
        known = network.memo["group words"] = {}
    found = known.get((group, interface))
    if found is None:
        owner = display_name(network, interface) if interface else None
        found = f"security group {label(network, group)}"
        if owner and owner != display_name(network, group):
            found = f"{owner}'s {found}"
        known[group, interface] = found
    return found


def _acl(network: Network, leg: Leg, blocker: Blocker) -> str:
    reply = leg == "return"
    leaving = blocker.direction == "egress"
    way = "outbound" if leaving else "inbound"
    # The reply's peer is the connection's client where it leaves, and the server where it comes home.
    side: SideName = "source" if leaving == reply else "destination"
    peer = address_words(blocker.dropped.project(side))
    rule = "no rule allows" if blocker.rule == IMPLICIT_DENY else f"rule {blocker.rule} denies"
    what = f"{traffic_words(blocker.dropped, reply=reply)} {'to' if leaving else 'from'} {peer}"
    subnet = f" of subnet {label(network, blocker.related[0])}" if blocker.related else ""
    suffix = ", the way replies take" if reply else ""
    return f"network ACL {label(network, blocker.component)}{subnet}: {rule} {way} {what}{suffix}."


def _other(network: Network, leg: Leg, blocker: Blocker) -> str:
    name = label(network, blocker.component)
    back = "the replies to " if leg == "return" else ""
    target = address_words(blocker.dropped.project("source" if leg == "return" else "destination"))
    gateway = label(network, blocker.related[0]) if blocker.related else "the gateway"
    match blocker.code:
        case Code.NO_ROUTE_TO_DESTINATION:
            if blocker.rule is None and not blocker.detail:
                return f"route table {name} has no route for {back}{target}."
            return (
                f"route table {name} sends {back}{target} by {blocker.rule or 'its route'} to {gateway}, "
                "which does not lead there."
            )
        case Code.BAD_STATE_ROUTE:
            gone = f" ({blocker.detail})" if blocker.detail else ""
            return (
                f"route {blocker.rule} of route table {name} is a blackhole: its target{gone} is gone, and it "
                f"still wins for {back}{target}."
            )
        case Code.BAD_STATE | Code.BAD_STATE_ATTACHMENT:
            return _not_functional(network, blocker, f"{back}{target}")
        case Code.ENI_SOURCE_DEST_CHECK_RESTRICTION:
            return f"{name} has its source/destination check on, so it drops traffic that is not for its own addresses."
        case Code.IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS:
            lacks = "global IPv6" if is_ipv6(blocker.dropped.project("source")[0]) else "public IPv4"
            return f"{name} has no {lacks} address, so internet gateway {gateway} drops what it sends to {target}."
        case Code.IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS:
            return f"{name} has no public address at {target}, so nothing from the internet arrives there."
        case Code.IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS | Code.IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS:
            return (
                f"route {blocker.rule} of route table {name} sends {back}the private address {target} to "
                f"internet gateway {gateway}, which drops it."
            )
        case Code.IGW_EXPECTS_PUBLIC_ADDRESS:
            return (
                f"route {blocker.rule} of route table {name} sends {back}{target}, which is not public, to "
                f"internet gateway {gateway}."
            )
        case Code.VPC_BLOCK_PUBLIC_ACCESS_ENABLED:
            return (
                f"VPC Block Public Access ({blocker.detail}) is on for {name}: its internet gateway drops the traffic."
            )
        case Code.NGW_REQUIRES_SOURCE_IN_VPC:
            return f"route table {name} sends the traffic to NAT gateway {gateway}, which serves only its own VPC."
        case Code.PROTOCOL_RESTRICTION:
            return f"{name} forwards only {blocker.detail}, not {traffic_words(blocker.dropped)}."
        case Code.PCX_REQUIRES_ADDRESS_IN_VPC_CIDR:
            return (
                f"route {blocker.rule} of route table {name} sends {target} over peering connection "
                f"{gateway}, which carries only traffic between the ranges of its two VPCs."
            )
        case Code.NO_INTERFACE_WITH_ADDRESS:
            side = blocker.dropped.project("source" if blocker.direction == "egress" else "destination")
            return f"no network interface in {name} holds {address_words(side)}."
        case Code.VPC_HAS_NO_INTERNET_GATEWAY:
            return f"VPC {name} has no internet gateway, so nothing from the internet enters it."
        case Code.ENI_DENIES_INTERNET_GATEWAY:
            return f"{name} is marked to drop everything from the internet (DenyAllIgwTraffic)."
        case _:
            return _further(network, blocker, f"{back}{target}") or f"{name}: {blocker.code.meaning}"


def _not_functional(network: Network, blocker: Blocker, towards: str) -> str:
    name = label(network, blocker.component)
    if blocker.component in network.route_tables and blocker.related:
        gateway = label(network, blocker.related[0])
        return f"route table {name} sends {towards} to {gateway}, which is {blocker.detail} and not to its VPC."
    return f"{name} is not functional: {blocker.detail or 'not attached'}."


def _further(network: Network, blocker: Blocker, towards: str) -> str | None:
    known = relayed(network, blocker, traffic_words(blocker.dropped))
    return known or transited(network, blocker, towards)
