"""Which rule set lets traffic in: the last security group or network ACL that it passes on its way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import network_acls, security_groups
from diagnosis.trace.places import Held
from diagnosis.trace.step import Step
from diagnosis.trace.trace import Path, Trace
from diagnosis.traffic.filters import EGRESS, INGRESS
from diagnosis.traffic.traffic import SideName, Traffic

RULES: Final = (security_groups.KIND, network_acls.KIND)


def last_rule_set(paths: Iterable[Path]) -> Step | None:
    """The last security group or ACL that the traffic passed on its way there."""
    found = None
    for path in paths:
        for hop in path.forward_hops:
            for step in hop.steps:
                if step.kind in RULES and not step.passed.empty:
                    found = step
    return found


def sole_rule(result: Trace) -> Step | None:
    """The groups of the destination as a step, where one rule of theirs lets in all that passes; None else."""
    target = result.flow.destination
    if len(result.paths) != 1 or not result.paths[0].plain or not isinstance(target, Held):
        return None
    [path] = result.paths
    judge, passes = path.entering, path.total[0].traffic
    if judge is None or passes.empty or not target.interface.groups:
        return None
    compiled = judge.rules(judge.network, target.interface, target.interface.groups)
    if compiled is None or len(compiled.certain.credit(passes, INGRESS)) != 1:
        return None
    return judge.step(target.interface, passes, True)


def letting_in(
    network: Network, result: Trace, last: Step | None, passes: Traffic, member: NetworkInterface, side: SideName
) -> Step | None:
    """The security group or ACL that lets in what passes of some members, with the rule that does.

    `last` is the `last_rule_set` on all paths.
    """
    for path in result.paths if all(path.plain for path in result.paths) else ():
        mine = passes if len(result.paths) == 1 else passes.meet(path.question)
        target = result.flow.destination
        if mine.empty or not isinstance(target, Held):
            continue
        interface = member if side == "destination" else target.interface
        step = path.entering.step(interface, mine, True) if path.entering is not None else None
        if step is not None:
            return step
        if last is not None and last.kind == network_acls.KIND:
            compiled = network_acls.acl_filter(network, network.acls[last.component], egress=last.direction == "egress")
            refs = compiled.credit(mine, EGRESS if last.direction == "egress" else INGRESS)
            return last._replace(rule=next((ref for ref in refs if ref is not None), None))
        sender = member if side == "source" else None
        step = path.leaving.step(sender, mine, True) if path.leaving is not None and sender is not None else None
        return step or last
    return last
