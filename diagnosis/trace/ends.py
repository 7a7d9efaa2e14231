"""Ends of a way: how the groups of interfaces judge one packet, where their compiled rules decide and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import security_groups
from diagnosis.trace.codes import Code
from diagnosis.trace.walk import GroupsJudge
from diagnosis.traffic.filters import EGRESS, INGRESS, Filter
from diagnosis.traffic.traffic import Box, Traffic


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The groups of an interface in one direction."""

    rules: Filter
    sure: bool
    """Whether what the rules do not let pass is dropped for certain."""
    groups: tuple[tuple[str, Code], ...]
    """Each group once, with the code by which it is named when it drops something."""
    named: frozenset[str]
    """The groups that the rules name."""


MORE = Side(Filter(()), False, (), frozenset())
"""What stands for groups over which more than their compiled rules decides."""


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """How the groups of the interfaces of one VPC are judged at one end of a way."""

    judge: GroupsJudge
    egress: bool
    sides: dict[tuple[str, ...], Side] = field(default_factory=dict)
    """What was found of groups before."""

    def passes(self, network: Network, own: NetworkInterface, peer: NetworkInterface, box: Box) -> bool | None:
        """Whether all of the box passes (True) or all is dropped (False); None where that takes more to tell."""
        groups = own.groups
        if not groups:
            return None if groups is None else True
        side = self.sides.get(groups) or self._found(network, own, groups)
        if side is MORE:
            return None
        passes = side.rules.passes_whole(box, EGRESS if self.egress else INGRESS)
        if passes is False and (not side.sure or self._explained(network, side, peer, box)):
            return None
        return passes

    def _explained(self, network: Network, side: Side, peer: NetworkInterface, box: Box) -> bool:
        """Whether some rule names a group of the peer: it is then said why that does not match."""
        if not peer.groups or side.named.isdisjoint(peer.groups):
            return False
        dropped = Traffic((box,))
        return any(
            security_groups.names_peer(network, group, peer, dropped, egress=self.egress) for group, _ in side.groups
        )

    def blamed(self, own: NetworkInterface) -> tuple[tuple[str, Code], ...]:
        """The groups of an interface for which `passes` said False, with their codes."""
        return self.sides[own.groups or ()].groups

    def _found(self, network: Network, own: NetworkInterface, groups: tuple[str, ...]) -> Side:
        found = self.judge.rules(own)
        side = MORE
        if found is not None and not found.assumed:
            codes = {g: security_groups.code_of(network.groups.get(g), egress=self.egress) for g in groups}
            named = security_groups.named(network, groups, egress=self.egress)
            side = Side(found.certain, found.possible is found.certain, tuple(codes.items()), named)
        self.sides[groups] = side
        return side


def end_of(network: Network, judge: GroupsJudge, vpc: str | None, *, egress: bool) -> End:
    """The end with this judge, one for all ways on which the groups of the VPC are judged by an equal one."""
    known: dict[object, End] | None = network.memo.get("ends")
    if known is None:
        known = network.memo["ends"] = {}
    return known.setdefault((judge.key, vpc, egress), End(judge, egress))
