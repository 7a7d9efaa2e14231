"""What was there before a change, where its own record leaves that out: told by an earlier record, or not known.

CloudTrail's record of a deletion names what is deleted and not what it said. What made it may be among the events of
the 90 days before; where it is not, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from diagnosis.evidence.trail import TrailEvent, listed
from diagnosis.evidence.trail_effects import (
    AclGiven,
    Effect,
    EntryDeleted,
    EntryPut,
    GroupsGiven,
    RouteDeleted,
    RoutePut,
    RulesModified,
    RulesRevoked,
    TableGiven,
    effect_of,
    groups_in,
    rules_told,
)
from diagnosis.network.security_groups import GroupRule
from diagnosis.network.shape import Malformed, text


def wanting(effect: Effect) -> str:
    """The resource whose earlier events may tell what the record leaves out; "" where it leaves out nothing."""
    match effect:
        case RulesRevoked(group=group, unread=unread) if unread:
            return group
        case RulesModified(group=group, ids=ids, was=was) if set(ids) - {rule.rule_id for rule in was}:
            return group
        case EntryPut(acl=acl, replaced=True, was=None) | EntryDeleted(acl=acl, was=None):
            return acl
        case RoutePut(table=table, replaced=True, was=None) | RouteDeleted(table=table, was=None):
            return table
        case TableGiven(former=former, was="") | AclGiven(former=former, was=""):
            return former
        case GroupsGiven(of=of, was=None):
            return of
        case _:
            return ""


def with_before(effect: Effect, earlier: Iterable[TrailEvent]) -> Effect:
    """The effect with what the events before it tell, in any order; the last of them counts."""
    for event in sorted(earlier, key=lambda one: (-one.at, one.id)):
        if not wanting(effect):
            break
        told = told_by(effect, event)
        if told is effect:  # the last word on it, and it does not tell
            break
        effect = told or effect
    return effect


def told_by(effect: Effect, event: TrailEvent) -> Effect | None:
    """The effect with what an earlier event tells; itself where that is about the same and does not tell, else None."""
    if event.failed:
        return None
    match effect:
        case RulesRevoked() | RulesModified():
            return _rules(effect, event)
        case EntryPut(acl=acl) | EntryDeleted(acl=acl):
            number, egress = _numbered(effect)
            match effect_of(event):
                case EntryPut(acl=same, entry=entry) if (same, entry.number, entry.egress) == (acl, number, egress):
                    return replace(effect, was=entry)
                case EntryDeleted(acl=same) as gone if (same, *_numbered(gone)) == (acl, number, egress):
                    return effect
        case RoutePut(table=table) | RouteDeleted(table=table):
            destination = effect.route.destination if isinstance(effect, RoutePut) else effect.destination.destination
            match effect_of(event):
                case RoutePut(table=same, route=route) if (same, route.destination) == (table, destination):
                    return replace(effect, was=route)
                case RouteDeleted(table=same, destination=led) if (same, led.destination) == (table, destination):
                    return effect
        case TableGiven() | AclGiven():
            return _association(effect, event)
        case GroupsGiven(of=of):
            held = next((groups_in(one) for one in _holding(event, of)), ())
            return replace(effect, was=held) if held else None
        case _:
            pass
    return None


def _numbered(effect: EntryPut | EntryDeleted) -> tuple[int, bool]:
    if isinstance(effect, EntryPut):
        return effect.entry.number, effect.entry.egress
    return effect.number, effect.egress


def _rules(effect: RulesRevoked | RulesModified, event: TrailEvent) -> Effect | None:
    """Rules by their ids, of the answer to the call that made them. One that was modified since is not told."""
    wanted = set(effect.unread if isinstance(effect, RulesRevoked) else effect.ids)
    if event.name == "ModifySecurityGroupRules":
        found = effect_of(event)
        return effect if isinstance(found, RulesModified) and wanted & set(found.ids) else None
    if event.name not in ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"):
        return None
    rules = tuple(rule for rule in _made(event) if rule.rule_id in wanted)
    if not rules:
        return None
    if isinstance(effect, RulesModified):
        return replace(effect, was=(*effect.was, *rules))
    known = {rule.rule_id for rule in rules}
    left = tuple(one for one in effect.unread if one not in known)
    return replace(effect, rules=(*effect.rules, *rules), unread=left)


def _made(event: TrailEvent) -> tuple[GroupRule, ...]:
    try:
        return tuple(rules_told(listed(event.response, "SecurityGroupRuleSet")))
    except (Malformed, ValueError):
        return ()


def _association(effect: TableGiven | AclGiven, event: TrailEvent) -> Effect | None:
    """The call that made the association which ended: with which table or ACL, and of which subnet."""
    made = text(event.response, "NewAssociationId") or text(event.response, "AssociationId")
    if made != effect.former:
        return None
    match effect_of(event):
        case TableGiven(table=table, subnet=subnet) if table and isinstance(effect, TableGiven):
            return replace(effect, was=table, subnet=effect.subnet or subnet)
        case AclGiven(acl=acl, subnet=subnet) if isinstance(effect, AclGiven):
            return replace(effect, was=acl, subnet=effect.subnet or subnet)
        case _:
            return None


def _holding(event: TrailEvent, of: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a call that give this interface or instance its groups: asked for, or answered at its making."""
    if event.name in ("ModifyNetworkInterfaceAttribute", "ModifyInstanceAttribute"):
        yield from (one for one in (event.request,) if _is(one, of) and one.get("GroupSet"))
    elif event.name in ("CreateNetworkInterface", "RunInstances"):
        yield from (one for one in _objects(event.response) if _is(one, of) and one.get("GroupSet"))


def _is(one: Mapping[str, Any], of: str) -> bool:
    return of in (one.get("NetworkInterfaceId"), one.get("InstanceId"))


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for one in value.values():
            yield from _objects(one)
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one)
