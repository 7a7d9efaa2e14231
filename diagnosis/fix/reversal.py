"""The change that somebody made, taken back: applied to the model, traced, and shown only where that opens the path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from diagnosis.answer import Fix
from diagnosis.evidence.trail_effects import (
    AclGiven,
    EntryDeleted,
    EntryPut,
    GroupsGiven,
    Rewired,
    RouteDeleted,
    RoutePut,
    RulesModified,
    RulesRevoked,
    TableGiven,
)
from diagnosis.explanation.culprit import Finding
from diagnosis.explanation.meeting import meets_rule
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, NotApplicable, RouteChange, apply_all
from diagnosis.fix.commands import NotPrintable
from diagnosis.fix.fixes import fix_of
from diagnosis.fix.propose import Proposal, Retrace
from diagnosis.network.network import Network
from diagnosis.network.network_acls import AclEntry
from diagnosis.network.route_tables import Route
from diagnosis.network.security_groups import CidrPeer, GroupPeer, GroupRule
from diagnosis.trace.trace import Trace
from diagnosis.traffic.intervals import pieces
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ICMP, ICMPV6, protocol_name

UNTOLD = (
    "The event does not say what was there before, and no earlier one that was read does, so no command is offered "
    "that puts it back."
)
Action = Literal["add", "remove"]
_NOT_OURS = Rewired | TableGiven | AclGiven | GroupsGiven
NO_CHANGE = "No fix of ours takes that back."


@dataclass(frozen=True, slots=True)
class NotReversed:
    """Why taking the change back is not offered."""

    reason: str


def reversal(network: Network, traces: tuple[Trace, ...], retrace: Retrace, found: Finding) -> Fix | NotReversed:
    """The proven fix that takes a change back, as far as it concerns this traffic."""
    changes = tuple(_reversed(network, found))
    if not changes:
        return NotReversed(NO_CHANGE if isinstance(found.effect, _NOT_OURS) else UNTOLD)
    try:
        changed = apply_all(changes, network)
    except NotApplicable as reason:
        return NotReversed(f"It cannot be taken back as the account is now: {reason}.")
    if any(one.verdict != "reachable" for one in retrace(changed)):
        return NotReversed("Taking it back alone does not open the path.")
    try:
        return fix_of(network, Proposal(changes, "address", changed), traces)
    except NotPrintable as reason:
        return NotReversed(f"Taking it back was proven, but it is not printed: {reason}.")


def _reversed(network: Network, found: Finding) -> Iterator[Change]:
    effect = found.effect
    match effect:
        case RulesRevoked() | RulesModified():
            for rule in effect.rules if isinstance(effect, RulesRevoked) else effect.was:
                given_back = _rule_again(effect.group, rule) if meets_rule(network, rule, found.spot) else None
                if given_back is not None:
                    yield given_back
        case EntryPut(acl=acl, entry=entry, replaced=replaced, was=was) if was is not None or not replaced:
            yield _entry_change(acl, entry, "remove")
            if was is not None:
                yield _entry_change(acl, was, "add")
        case EntryDeleted(acl=acl, was=was) if was is not None:
            yield _entry_change(acl, was, "add")
        case RoutePut(table=table, route=route, replaced=replaced, was=was) if was is not None or not replaced:
            if not route.is_prefix_list:
                yield _route_change(table, route, "remove")
                if was is not None:
                    yield _route_change(table, was, "add")
        case RouteDeleted(table=table, was=was) if was is not None and not was.is_prefix_list:
            yield _route_change(table, was, "add")
        case _:
            return


def _rule_again(group: str, rule: GroupRule) -> GroupRuleChange | None:
    """The rule as a change; None for a prefix list, which a change cannot name."""
    if not isinstance(rule.peer, CidrPeer | GroupPeer):
        return None
    peer = rule.peer
    return GroupRuleChange(
        component=group,
        direction="egress" if rule.egress else "ingress",
        protocol="-1" if rule.protocol is None else protocol_name(rule.protocol),
        from_port=None if rule.protocol is None else rule.low,
        to_port=None if rule.protocol is None else rule.high,
        cidr=peer.cidr if isinstance(peer, CidrPeer) else None,
        group=peer.group if isinstance(peer, GroupPeer) else None,
        group_owner=(peer.account or None) if isinstance(peer, GroupPeer) else None,
    )


def _route_change(table: str, route: Route, action: Action) -> RouteChange:
    return RouteChange(
        component=table,
        action=action,
        destination=route.destination,
        target_kind=route.target_kind,
        target=route.target,
    )


def _entry_change(acl: str, entry: AclEntry, action: Action) -> AclEntryChange:
    low: int | None = None
    high: int | None = None
    if entry.ports != ALL_PORTS:
        [(low, end)] = pieces(entry.ports)
        high = end - 1
        if entry.protocol in (ICMP, ICMPV6):
            whole = end - low > 1
            low, high = low >> 8, -1 if whole else low & 0xFF
    return AclEntryChange(
        component=acl,
        action=action,
        direction="egress" if entry.egress else "ingress",
        number=entry.number,
        protocol="-1" if entry.protocol is None else protocol_name(entry.protocol),
        from_port=low,
        to_port=high,
        cidr=entry.cidr,
        rule_action="allow" if entry.allow else "deny",
    )
