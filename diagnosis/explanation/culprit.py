"""Which recorded change stopped the traffic: it touches what drops it, meets the traffic, and lies at the time.

A change that its record tells whole is `certain` where the model drops for this very reason; one whose record leaves
out what was there before (an entry or route that was deleted or replaced) can only have been it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from diagnosis.evidence.trail import TrailEvent
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
    effect_of,
)
from diagnosis.explanation.meeting import meets, meets_rule, towards
from diagnosis.explanation.suspects import Spot
from diagnosis.explanation.wiring import acl_given, groups_given, table_given
from diagnosis.network.network import Network
from diagnosis.network.network_acls import IMPLICIT_DENY, AclEntry
from diagnosis.network.route_tables import Route
from diagnosis.network.security_groups import GroupRule
from diagnosis.network.shape import protocols_of
from diagnosis.traffic.addresses import parse_cidr
from diagnosis.traffic.intervals import meet


@dataclass(frozen=True, slots=True)
class Turn:
    """When the logs turned, in Unix seconds, and by how much a record's times may be off."""

    last_accept: int
    first_reject: int
    slack: int

    @property
    def begins(self) -> int:
        """From here on a change can have been the reason: what a group let in before may have gone on for a while."""
        return self.last_accept - self.slack

    @property
    def ends(self) -> int:
        """Up to here."""
        return self.first_reject + self.slack


@dataclass(frozen=True, slots=True)
class Finding:
    """A change that can have stopped the traffic, where, and whether its record tells enough to be sure."""

    event: TrailEvent
    effect: Effect
    spot: Spot
    certain: bool


def findings(
    network: Network,
    spots: Iterable[Spot],
    events: Iterable[TrailEvent],
    turn: Turn,
    known: Mapping[str, Effect] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Every change that can have stopped it, the likeliest first: the last before the first REJECT.

    `known` are effects by their event's id, where more is known of them than their own record tells.
    """
    places = tuple(spots)
    found: list[Finding] = []
    for event in events:
        effect = known.get(event.id) or effect_of(event) if turn.begins <= event.at <= turn.ends else None
        judged = [(fit, spot) for spot in places if effect is not None and (fit := _fits(network, event, effect, spot))]
        if effect is not None and judged:
            fit, spot = max(judged, key=lambda one: one[0] == "certain")
            found.append(Finding(event, effect, spot, fit == "certain"))
    return tuple(sorted(found, key=lambda one: _rank(one, turn), reverse=True))


def _rank(found: Finding, turn: Turn) -> tuple[bool, bool, int, str]:
    at = found.event.at
    return found.certain, at <= turn.first_reject, at if at <= turn.first_reject else -at, found.event.id


def _fits(network: Network, event: TrailEvent, effect: Effect, spot: Spot) -> str:
    """Say `certain`, `possible`, or nothing where it cannot have been this change."""
    match effect:
        case RulesRevoked():
            return _revoked(network, effect, spot)
        case RulesModified():
            return _modified(network, effect, spot)
        case EntryPut(acl=acl):
            return _entry(network, effect, spot) if acl == spot.component else ""
        case EntryDeleted(acl=acl, egress=egress, number=number, was=was):
            same = acl == spot.component and egress is (spot.direction == "egress")
            return _in_place_of(was, spot) if same and (not spot.blocks or number < _number(spot.rule)) else ""
        case RoutePut(table=table, route=route):
            return _route(network, route, spot) if table == spot.component else ""
        case RouteDeleted(table=table, destination=route):
            return _deleted_route(network, table, route, spot) if table == spot.component else ""
        case TableGiven():
            return table_given(network, effect, spot)
        case AclGiven():
            return acl_given(network, effect, spot)
        case GroupsGiven():
            return groups_given(network, effect, spot)
        case _:
            return _rewired(network, event, effect, spot)


def _revoked(network: Network, effect: RulesRevoked, spot: Spot) -> str:
    if effect.group != spot.component:
        return ""
    gone = [rule for rule in effect.rules if not (spot.blocks and _there(network, rule, spot))]
    met = {meets_rule(network, rule, spot) for rule in gone}
    return "certain" if True in met else "possible" if None in met or effect.unread else ""


def _there(network: Network, rule: GroupRule, spot: Spot) -> bool:
    """Whether the group has the rule (again): then it is not for want of it that traffic is dropped."""
    group = network.groups.get(spot.component)
    return group is not None and any(rule.identity == other.identity for other in group.rules)


def _may_face(network: Network, group: str, ids: tuple[str, ...], spot: Spot) -> bool:
    """Whether one of these rules may be of the direction in question."""
    known = network.groups.get(group)
    ways = {rule.rule_id: rule.egress for rule in known.rules} if known is not None else {}
    return any(ways.get(one, spot.direction == "egress") is (spot.direction == "egress") for one in ids)


def _modified(network: Network, effect: RulesModified, spot: Spot) -> str:
    """Rules that would let it pass as they were, or that may have."""
    if effect.group != spot.component or not _may_face(network, effect.group, effect.ids, spot):
        return ""
    told = {rule.rule_id for rule in effect.was}
    met = {meets_rule(network, rule, spot) for rule in effect.was if not (spot.blocks and _there(network, rule, spot))}
    open_still = None in met or bool(set(effect.ids) - told)
    return "certain" if True in met and spot.blocks else "possible" if True in met or open_still else ""


def _entry(network: Network, effect: EntryPut, spot: Spot) -> str:
    entry = effect.entry
    if entry.egress is not (spot.direction == "egress"):
        return ""
    if not entry.allow and meets(spot, protocols_of(entry.protocol), entry.addresses, entry.ports):
        known = network.acls.get(spot.component)
        still = known is not None and entry in known.entries
        return "" if spot.blocks and entry.ref != spot.rule else "certain" if still else "possible"
    # What stood in its place may have let the traffic pass before a later entry dropped it.
    return _in_place_of(effect.was, spot) if effect.replaced and entry.number < _number(spot.rule) else ""


def _in_place_of(was: AclEntry | None, spot: Spot) -> str:
    """By the entry that is not there any more: certain where it would have let the traffic pass."""
    if was is None:
        return "possible"
    if not (was.allow and meets(spot, protocols_of(was.protocol), was.addresses, was.ports)):
        return ""
    return "certain" if spot.blocks else "possible"


def _number(rule: str | None) -> int:
    return int(rule) if rule is not None and rule.isdecimal() else int(IMPLICIT_DENY)


def _covers(route: Route, spot: Spot) -> bool:
    return not route.is_prefix_list and bool(meet(parse_cidr(route.destination), towards(spot)))


def _route(network: Network, route: Route, spot: Spot) -> str:
    if spot.blocks and route.destination != spot.rule:
        return ""
    if not spot.blocks and not _covers(route, spot):
        return ""
    known = network.route_tables.get(spot.component)
    ways = {(one.destination, one.target) for one in known.routes} if known is not None else set()
    return "certain" if spot.blocks and (route.destination, route.target) in ways else "possible"


def _deleted_route(network: Network, table: str, route: Route, spot: Spot) -> str:
    """A route that covered the destination, where what is used now is none or a wider one."""
    if not _covers(route, spot):
        return ""
    if not spot.blocks:
        return "possible"
    known = network.route_tables.get(table)
    again = known is not None and any(one.destination == route.destination for one in known.routes)
    wider = spot.rule is None or ("/" in spot.rule and _length(spot.rule) < _length(route.destination))
    return "certain" if wider and not again else ""


def _length(cidr: str) -> int:
    return int(cidr.rpartition("/")[2])


def _rewired(network: Network, event: TrailEvent, effect: Rewired, spot: Spot) -> str:
    """Groups held, ACLs given and wiring: of a resource at this very spot, and of the sort that drops there."""
    sort = "groups" if spot.component in network.groups else "acl" if spot.component in network.acls else "wiring"
    near = {spot.component, *spot.related}
    touched = effect.of in near if effect.of else event.mentions & near
    return "possible" if sort == effect.part and touched else ""
