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
    """A group, or several together, in one direction."""

    rules: Filter
    sure: bool
    """Whether what the rules do not let pass is dropped for certain."""
    code: Code
    """By which one is named when it drops something."""
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
    together: dict[tuple[str, ...], Side | None] = field(default_factory=dict)
    """The same of several that an interface holds, where it was asked for before; None where it was once."""

    def passes(self, network: Network, own: NetworkInterface, peer: NetworkInterface | None, box: Box) -> bool | None:
        """Whether all of the box passes (True) or all is dropped (False); None where that takes more to tell.

        Groups only allow: what one of them lets pass passes, and what each drops is dropped.
        """
        groups = own.groups
        if not groups:
            return None if groups is None else True
        view = EGRESS if self.egress else INGRESS
        side = self.together.get(groups) or self._together(network, own, groups)
        if side is not None:
            passes = side.rules.passes_whole(box, view)
            if passes is not False:
                return passes
            dropped = side.sure
        else:
            dropped = True
            for group in groups:
                one = self._side(network, own, group)
                passes = one.rules.passes_whole(box, view) if one is not MORE else None
                if one is MORE or passes:
                    return passes
                dropped = dropped and passes is False and one.sure
        if not dropped or (peer is not None and self._explained(network, own, peer, box)):
            return None
        return False

    def blamed(self, network: Network, own: NetworkInterface) -> list[tuple[str, Code]]:
        """The groups of an interface for which `passes` said False, with their codes."""
        return [(group, self._side(network, own, group).code) for group in own.groups or ()]

    def _together(self, network: Network, own: NetworkInterface, groups: tuple[str, ...]) -> Side | None:
        """All groups in one list of rules, worth compiling where it is asked for again; None the first time."""
        if groups not in self.together:
            self.together[groups] = None
            return None
        found = self.together[groups] = self._found(network, own, groups)
        return found

    def _side(self, network: Network, own: NetworkInterface, group: str) -> Side:
        found = self.sides.get(group)
        if found is None:
            found = self.sides[group] = self._found(network, own, (group,))
        return found

    def _explained(self, network: Network, own: NetworkInterface, peer: NetworkInterface, box: Box) -> bool:
        """Whether some rule names a group of the peer: it is then said why that does not match."""
        if not peer.groups:
            return False
        held = own.groups or ()
        groups = [group for group in held if not self._side(network, own, group).named.isdisjoint(peer.groups)]
        if not groups:
            return False
        dropped = Traffic((box,))
        return any(security_groups.names_peer(network, group, peer, dropped, egress=self.egress) for group in groups)

    def _found(self, network: Network, own: NetworkInterface, groups: tuple[str, ...]) -> Side:
        found = self.judge.rules(network, own, groups)
        if found is None or found.assumed:
            return MORE
        code = security_groups.code_of(network.groups.get(groups[0]), egress=self.egress)
        named = security_groups.named(network, groups, egress=self.egress)
        return Side(found.certain, found.possible is found.certain, code, named)


def end_of(network: Network, judge: GroupsJudge, vpc: str | None, *, egress: bool) -> End:
    """The end with this judge, one for all ways on which the groups of the VPC are judged by an equal one."""
    known: dict[object, End] | None = network.memo.get("ends")
    if known is None:
        known = network.memo["ends"] = {}
    key = (judge.key, vpc, egress)
    if key not in known:
        known[key] = End(replace(judge, network=network), egress)
    return known[key]
