"""What CloudTrail told, in the form of the Answer, and in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import assert_never

from diagnosis.evidence.records import iso
from diagnosis.evidence.trail_effects import (
    AclGiven,
    Effect,
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
from diagnosis.explanation.culprit import Finding, Turn
from diagnosis.network.network import Network
from diagnosis.network.network_acls import AclEntry
from diagnosis.network.owners import display_name
from diagnosis.network.security_groups import CidrPeer, GroupPeer, GroupRule
from diagnosis.testimony import AccountChange, FlowLogs
from diagnosis.traffic.intervals import IntervalSet, pieces
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import has_ports, protocol_name

_MOST_RULES = 3


def turn_of(logs: FlowLogs | None, slack: int) -> Turn | str:
    """When ACCEPT turned to REJECT by the flow logs; or why they do not tell, in a sentence."""
    if logs is None:
        return "No flow logs were read, so it is not known when it stopped."
    if logs.turned is not None and logs.turned.start is not None and logs.turned.end is not None:
        return Turn(_seconds(logs.turned.start), _seconds(logs.turned.end), slack)
    if logs.first_reject is None:
        return "The flow logs hold no REJECT of this, so there is no moment at which it stopped."
    if logs.last_accept is None:
        return (
            "The flow logs that were read hold no ACCEPT before the first REJECT, so it is not known when it stopped: "
            "ask with an earlier --since."
        )
    return "The flow logs show no interface where ACCEPT turned to REJECT, so it is not known when it stopped."


def _seconds(told: str) -> int:
    return int(datetime.fromisoformat(told).astimezone(UTC).timestamp())


def clock(seconds: int) -> str:
    """`09:31:02`, of a day that was said before."""
    return iso(seconds)[11:19]


def told_change(network: Network, found: Finding) -> AccountChange:
    """A finding as the Answer holds it."""
    event = found.event
    return AccountChange(
        event=event.id,
        name=event.name,
        at=iso(event.at),
        who=event.who,
        agent=event.agent,
        region=event.region,
        component=found.spot.component,
        text=_deed(network, found.effect, found.spot.component),
        certain=found.certain,
    )


def culprit_told(turn: Turn, change: AccountChange) -> str:
    """Say it: `Stopped at 2026-11-22 09:31:02 UTC; at 09:30:40 role deploy revoked … (event …)`."""
    day, time = change.at[:10], change.at[11:19]
    stopped = iso(turn.first_reject)
    when = time if day == stopped[:10] else f"{day} {time}"
    doubt = "" if change.certain else ", which can have stopped it"
    return (
        f"Stopped at {stopped[:10]} {stopped[11:19]} UTC; at {when} {change.who} {change.text}{doubt} "
        f"(event {change.event})."
    )


def nothing_told(turn: Turn, events: int, unfinished: bool) -> str:
    """What is said where no change fits."""
    stopped = iso(turn.first_reject)
    when = f"Stopped at {stopped[:10]} {stopped[11:19]} UTC"
    span = f"between {clock(turn.begins)} and {clock(turn.ends)}"
    so_far = " so far" if unfinished else ""
    if not events:
        return f"{when}; no event {span} was seen{so_far} to touch the components on the path."
    some = "the one event" if events == 1 else f"{events:,} events"
    return f"{when}; none of {some} {span} that touch the path can have stopped it{so_far}."


def _deed(network: Network, effect: Effect, component: str) -> str:
    match effect:
        case RulesRevoked(group=group, rules=rules, unread=unread):
            told = [_rule(network, rule) for rule in rules[:_MOST_RULES]] + list(unread[:_MOST_RULES])
            more = len(rules) + len(unread) - len(told)
            return f"revoked {', '.join(told)}{f' and {more} more' if more else ''} in {_named(network, group)}"
        case RulesModified(group=group, ids=ids, was=was):
            before = f" (before: {', '.join(_rule(network, rule) for rule in was[:_MOST_RULES])})" if was else ""
            return f"modified {', '.join(ids[:_MOST_RULES])} in {_named(network, group)}{before}"
        case EntryPut(acl=acl, entry=entry, replaced=replaced, was=stood):
            verb, before = "replaced" if replaced else "created", f" (before: {_entry(stood)})" if stood else ""
            return f"{verb} {_way(entry.egress)} rule {entry.number} in {_named(network, acl)}: {_entry(entry)}{before}"
        case EntryDeleted(acl=acl, egress=egress, number=number, was=stood):
            said = f": {_entry(stood)}" if stood else ""
            return f"deleted {_way(egress)} rule {number} in {_named(network, acl)}{said}"
        case RoutePut(table=table, route=route, replaced=replaced, was=led):
            verb, before = "replaced" if replaced else "created", f" (before: to {led.target})" if led else ""
            return f"{verb} the route of {route.destination} to {route.target} in {_named(network, table)}{before}"
        case RouteDeleted(table=table, destination=route, was=led):
            to = f" to {led.target}" if led else ""
            return f"deleted the route of {route.destination}{to} in {_named(network, table)}"
        case TableGiven(table=given, subnet=subnet, was=other):
            return _given(network, "route table", given or "its VPC's main one", subnet, other)
        case AclGiven(acl=given, subnet=subnet, was=other):
            return _given(network, "network ACL", given, subnet, other)
        case GroupsGiven():
            return _groups(network, effect)
        case Rewired(words=words):
            return f"{words}, which touches {_named(network, component)}"
        case _:
            assert_never(effect)


def _given(network: Network, what: str, given: str, subnet: str, was: str) -> str:
    before = f" (before: {_named(network, was)})" if was else ""
    return f"gave {_named(network, subnet) if subnet else 'a subnet'} another {what}, {_named(network, given)}{before}"


def _groups(network: Network, effect: GroupsGiven) -> str:
    party = f"{effect.what} {_named(network, effect.of)}"
    lost = [group for group in effect.was or () if group not in effect.groups]
    if lost:
        return f"took {', '.join(_named(network, group) for group in lost[:_MOST_RULES])} from {party}"
    return f"changed the security groups of {party}"


def _named(network: Network, component: str) -> str:
    name = display_name(network, component)
    return f"{name} ({component})" if name and name != component else component


def _way(egress: bool) -> str:
    return "outbound" if egress else "inbound"


def _rule(network: Network, rule: GroupRule) -> str:
    match rule.peer:
        case CidrPeer(cidr=cidr):
            peer = cidr
        case GroupPeer(group=group):
            peer = _named(network, group)
        case _:
            peer = rule.peer.prefix_list
    named = f"{rule.rule_id}: " if rule.rule_id else ""
    way = "to" if rule.egress else "from"
    return f"{named}{_way(rule.egress)} {_what(rule.protocol, rule.ports)} {way} {peer}"


def _entry(entry: AclEntry) -> str:
    verb = "allow" if entry.allow else "deny"
    way = "to" if entry.egress else "from"
    return f"{verb} {_what(entry.protocol, entry.ports)} {way} {entry.cidr}"


def _what(protocol: int | None, ports: IntervalSet) -> str:
    if protocol is None:
        return "all traffic"
    if not has_ports(protocol) or ports == ALL_PORTS:
        return protocol_name(protocol)
    spans = [f"{low}" if end - low == 1 else f"{low}-{end - 1}" for low, end in pieces(ports)]
    return f"{protocol_name(protocol)} {', '.join(spans)}"
