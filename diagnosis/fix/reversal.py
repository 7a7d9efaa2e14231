"""The change that somebody made, taken back: applied to the model, traced, and shown only where that opens the path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diagnosis.answer import Fix
from diagnosis.evidence.trail_effects import EntryPut, Rewired, RoutePut, RulesRevoked
from diagnosis.explanation.culprit import Finding, meets_rule
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, NotApplicable, RouteChange, apply_all
from diagnosis.fix.commands import NotPrintable
from diagnosis.fix.fixes import fix_of
from diagnosis.fix.propose import Proposal, Retrace
from diagnosis.network.network import Network
from diagnosis.network.network_acls import AclEntry
from diagnosis.network.security_groups import CidrPeer, GroupPeer, GroupRule
from diagnosis.trace.trace import Trace
from diagnosis.traffic.intervals import pieces
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ICMP, ICMPV6, protocol_name

UNTOLD = "The event does not say what was there before, so no command is offered that puts it back."
NO_CHANGE = "No fix of ours takes that back."


@dataclass(frozen=True, slots=True)
class NotReversed:
    """Why taking the change back is not offered."""

    reason: str


def reversal(network: Network, traces: tuple[Trace, ...], retrace: Retrace, found: Finding) -> Fix | NotReversed:
    """The proven fix that takes a change back, as far as it concerns this traffic."""
    changes = tuple(_reversed(network, found))
    if not changes:
        return NotReversed(NO_CHANGE if isinstance(found.effect, Rewired) else UNTOLD)
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
    if isinstance(effect, RulesRevoked):
        for rule in effect.rules:
            given_back = _rule_again(effect.group, rule) if meets_rule(network, rule, found.spot) else None
            if given_back is not None:
                yield given_back
    elif isinstance(effect, EntryPut) and not effect.replaced:
        yield _entry_gone(effect.acl, effect.entry)
    elif isinstance(effect, RoutePut) and not effect.replaced and not effect.route.is_prefix_list:
        route = effect.route
        yield RouteChange(
            component=effect.table,
            action="remove",
            destination=route.destination,
            target_kind=route.target_kind,
            target=route.target,
        )


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


def _entry_gone(acl: str, entry: AclEntry) -> AclEntryChange:
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
        action="remove",
        direction="egress" if entry.egress else "ingress",
        number=entry.number,
        protocol="-1" if entry.protocol is None else protocol_name(entry.protocol),
        from_port=low,
        to_port=high,
        cidr=entry.cidr,
        rule_action="allow" if entry.allow else "deny",
    )
