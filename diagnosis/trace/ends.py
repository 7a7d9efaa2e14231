"""Ends of a way: how the groups of interfaces judge one packet, where their compiled rules decide and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import security_groups
from diagnosis.trace.codes import Code
from diagnosis.trace.walk import GroupsJudge
from diagnosis.traffic.filters import EGRESS, INGRESS, Filter
from diagnosis.traffic.traffic import Box, Traffic


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One group in one direction."""

    rules: Filter
    sure: bool
    """Whether what the rules do not let pass is dropped for certain."""
    code: Code
    """By which it is named when it drops something."""
    named: frozenset[str]
    """The groups that the rules name."""


MORE = Side(Filter(()), False, Code.ENI_SG_RULES_MISMATCH, frozenset())
"""What stands for a group over which more than its compiled rules decides."""


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """How the groups of the interfaces of one VPC are judged at one end of a way."""

    judge: GroupsJudge
    egress: bool
    sides: dict[str, Side] = field(default_factory=dict)
    """What was found of groups before."""

    def passes(self, network: Network, own: NetworkInterface, peer: NetworkInterface | None, box: Box) -> bool | None:
        """Whether all of the box passes (True) or all is dropped (False); None where that takes more to tell.

        Groups only allow: what one of them lets pass passes, and what each drops is dropped.
        """
        if not own.groups:
            return None if own.groups is None else True
        view = EGRESS if self.egress else INGRESS
        known = self.sides
        dropped = True
        for group in own.groups:
            side = known.get(group) or self._found(network, own, group)
            if side is MORE:
                return None
            passes = side.rules.passes_whole(box, view)
            if passes:
                return True
            dropped = dropped and passes is False and side.sure
        if not dropped or (peer is not None and self._explained(network, own.groups, peer, box)):
            return None
        return False

    def _explained(self, network: Network, groups: tuple[str, ...], peer: NetworkInterface, box: Box) -> bool:
        """Whether some rule names a group of the peer: it is then said why that does not match."""
        if not peer.groups or all(self.sides[group].named.isdisjoint(peer.groups) for group in groups):
            return False
        dropped = Traffic((box,))
        return any(security_groups.names_peer(network, group, peer, dropped, egress=self.egress) for group in groups)

    def _found(self, network: Network, own: NetworkInterface, group: str) -> Side:
        found = self.judge.rules(network, own, (group,))
        side = MORE
        if found is not None and not found.assumed:
            code = security_groups.code_of(network.groups.get(group), egress=self.egress)
            named = security_groups.named(network, (group,), egress=self.egress)
            side = Side(found.certain, found.possible is found.certain, code, named)
        self.sides[group] = side
        return side


def end_of(network: Network, judge: GroupsJudge, vpc: str | None, *, egress: bool) -> End:
    """The end with this judge, one for all ways on which the groups of the VPC are judged by an equal one."""
    known: dict[object, End] | None = network.memo.get("ends")
    if known is None:
        known = network.memo["ends"] = {}
    key = (judge.key, vpc, egress)
    if key not in known:
        known[key] = End(replace(judge, network=network), egress)
    return known[key]
