"""Network ACLs on the path: entries in order of their number, the first match decides, replies are judged again.

"NACL rules are evaluated when traffic enters and leaves the subnet, not as it is routed within a subnet"
(https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html).
"""

from __future__ import annotations

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.network_acls import IMPLICIT_DENY, NetworkAcl
from diagnosis.network.shape import protocols_of
from diagnosis.trace.codes import Code
from diagnosis.trace.step import Blocker, Direction, Step, cannot_tell
from diagnosis.traffic.filters import Filter, Rule, View
from diagnosis.traffic.traffic import NOTHING, Traffic

KIND = "network-acl"


def acl_filter(network: Network, acl: NetworkAcl, *, egress: bool) -> Filter:
    """The compiled entries of one direction."""
    key = (KIND, acl.id, egress)
    found: Filter | None = network.memo.get(key)
    if found is None:
        rules = [
            Rule(entry.allow, entry.addresses, protocols_of(entry.protocol), entry.ports, entry.ref)
            for entry in acl.in_direction(egress=egress)
        ]
        found = network.memo.keep(key, Filter(rules, default_ref=IMPLICIT_DENY), (acl.id,))
    return found


def judge(
    network: Network,
    acl: NetworkAcl | Missing,
    subnet: str | None,
    traffic: Traffic,
    direction: Direction,
    view: View,
    *,
    explain: bool = True,
) -> Step:
    """What the ACL of a subnet does to traffic in one direction, the connection's own or its replies (by `view`)."""
    if isinstance(acl, Missing):
        return cannot_tell(KIND, subnet or "a subnet", traffic, acl, direction=direction)
    if acl.open:
        return Step(KIND, acl.id, direction, traffic, NOTHING, NOTHING, subnet=subnet)
    compiled = acl_filter(network, acl, egress=direction == "egress")
    if len(traffic.boxes) == 1:
        decided = compiled.decided(traffic.boxes[0], view)
        if decided is not None:
            return _by_one_rule(acl, subnet, traffic, direction, decided, explain=explain)
    passed, dropped = compiled.split(traffic, view)
    rule = None
    if explain and not passed.empty:
        refs = compiled.credit(passed, view)
        rule = refs[0] if len(refs) == 1 else next((ref for ref in refs if ref is not None), None)
    blockers: tuple[Blocker, ...] = ()
    if not dropped.empty:
        blockers = blamed(compiled, acl, subnet, dropped, direction, view)
        rule = rule if not passed.empty or not blockers else blockers[0].rule
    return Step(KIND, acl.id, direction, passed, dropped, Traffic.nothing(), rule, "", blockers, subnet=subnet)


def _by_one_rule(
    acl: NetworkAcl,
    subnet: str | None,
    traffic: Traffic,
    direction: Direction,
    decided: tuple[bool, str | None],
    *,
    explain: bool,
) -> Step:
    passes, rule = decided
    if passes:
        credited = rule if explain else None
        return Step(KIND, acl.id, direction, traffic, NOTHING, NOTHING, credited, subnet=subnet)
    related = (subnet,) if subnet else ()
    blocker = Blocker(Code.SUBNET_ACL_RESTRICTION, acl.id, related, direction, rule, traffic)
    return Step(KIND, acl.id, direction, NOTHING, traffic, NOTHING, rule, "", (blocker,), subnet=subnet)


def blamed(
    compiled: Filter, acl: NetworkAcl, subnet: str | None, dropped: Traffic, direction: Direction, view: View
) -> tuple[Blocker, ...]:
    """The entries that drop what an ACL drops, each with its part."""
    related = (subnet,) if subnet else ()
    return tuple(
        Blocker(Code.SUBNET_ACL_RESTRICTION, acl.id, related, direction, ref, part)
        for ref, part in compiled.blame(dropped, view)
    )
