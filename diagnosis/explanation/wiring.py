"""Changes of wiring judged by what they did: another route table or ACL for a subnet, other groups for an interface."""

from __future__ import annotations

from collections.abc import Iterable

from diagnosis.evidence.trail_effects import AclGiven, GroupsGiven, TableGiven
from diagnosis.explanation.meeting import meets, meets_rule, towards
from diagnosis.explanation.suspects import Spot
from diagnosis.network.network import Network
from diagnosis.network.network_acls import IMPLICIT_DENY, NetworkAcl
from diagnosis.network.route_tables import RouteTable
from diagnosis.network.shape import protocols_of
from diagnosis.traffic.addresses import parse_cidr
from diagnosis.traffic.intervals import covers


def table_given(network: Network, effect: TableGiven, spot: Spot) -> str:
    """Say `certain`, `possible`, or nothing where it cannot have been this change.

    Certain where the table before leads there, and the one that is used now is the one that drops.
    """
    known = network.route_tables.get(spot.component)
    if known is None or (effect.subnet and effect.subnet not in spot.related):
        return ""
    if not spot.blocks:
        return "possible"
    given = effect.table == known.id if effect.table else known.main
    before = network.route_tables.get(effect.was)
    if not given:
        return ""
    if before is None:
        return "possible"
    ours = bool(effect.subnet) or len(known.subnets) == 1
    return "" if not _leads(before, spot) else "certain" if ours else "possible"


def _leads(table: RouteTable, spot: Spot) -> bool:
    """Whether the most specific route for all of the destination has a target that is there."""
    over = [
        route
        for route in table.routes
        if not route.is_prefix_list and covers(parse_cidr(route.destination), towards(spot))
    ]
    best = max(over, key=lambda route: int(route.destination.rpartition("/")[2]), default=None)
    return best is not None and best.state == "active" and best.target_kind != "none"


def acl_given(network: Network, effect: AclGiven, spot: Spot) -> str:
    """The same of ACLs: certain where the one before lets the traffic pass."""
    if spot.component not in network.acls or (effect.subnet and effect.subnet not in spot.related):
        return ""
    if not spot.blocks:
        return "possible"
    if effect.acl != spot.component or effect.was == spot.component:
        return ""
    before = network.acls.get(effect.was)
    if before is None:
        return "possible"
    # No record says which subnet it was: where the ACL has one alone, it is this.
    ours = bool(effect.subnet) or len(network.acls[spot.component].subnets) == 1
    verdicts = _verdicts(before, spot)
    if True not in verdicts:
        return ""
    return "certain" if ours and False not in verdicts else "possible"


def _verdicts(acl: NetworkAcl, spot: Spot) -> set[bool]:
    """What the numbered entries say that meet the traffic: whether some allow, and whether some deny."""
    return {
        entry.allow
        for entry in acl.in_direction(egress=spot.direction == "egress")
        if entry.ref != IMPLICIT_DENY and meets(spot, protocols_of(entry.protocol), entry.addresses, entry.ports)
    }


def groups_given(network: Network, effect: GroupsGiven, spot: Spot) -> str:
    """The same of groups: certain where a group that was taken away lets the traffic pass."""
    if spot.component not in network.groups or effect.of not in {spot.component, *spot.related}:
        return ""
    if effect.was is None:
        return "possible"
    lost = set(effect.was) - set(effect.groups)
    judged = {_faces(network, group, spot) for group in lost}
    return "certain" if True in judged and spot.blocks else "possible" if judged - {False} else ""


def _faces(network: Network, group: str, spot: Spot) -> bool | None:
    """Whether a rule of the group meets the traffic; None where that was not seen."""
    known = network.groups.get(group)
    return None if known is None else _any(meets_rule(network, rule, spot) for rule in known.rules)


def _any(met: Iterable[bool | None]) -> bool | None:
    found = set(met)
    return True if True in found else None if None in found else False
