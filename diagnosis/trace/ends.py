"""Ends of a way: how the groups of interfaces judge one packet, where their compiled rules decide and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import security_groups
from diagnosis.trace.codes import Code
from diagnosis.trace.security_groups import GroupFilter
from diagnosis.trace.walk import GroupsJudge
from diagnosis.traffic.filters import EGRESS, INGRESS, Filter
from diagnosis.traffic.intervals import IntervalSet, covers
from diagnosis.traffic.traffic import Box, Traffic


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A group, or several together, in one direction."""

    rules: Filter
    sure: bool
    """Whether what the rules do not let pass is dropped for certain."""
    blamed: Blamed
    """Its groups, each with the code by which it is named when all of them drop something."""
    named: frozenset[str]
    """The groups that the rules name."""


Blamed = tuple[tuple[str, Code], ...]

MORE = Side(Filter(()), False, (), frozenset())
"""What stands for a group over which more than its compiled rules decides."""
OFTEN = 4
"""How often groups are asked for together before their list of rules is worth compiling."""


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """How the groups of the interfaces of one VPC are judged at one end of a way."""

    judge: GroupsJudge
    egress: bool
    sides: dict[tuple[str, ...], Side] = field(default_factory=dict)
    """What was found before of a group alone, or of several that an interface holds together."""
    open: dict[tuple[str, ...], IntervalSet | None] = field(default_factory=dict)
    """The peers with whom all traffic passes, whatever else groups say; None where it is assumed that they work."""
    asked: dict[tuple[str, ...], int] = field(default_factory=dict)
    """How often groups were asked for together."""

    def dropping(
        self, network: Network, own: NetworkInterface, peer: NetworkInterface | None, box: Box
    ) -> Blamed | None:
        """The groups that drop all of a box, with their codes; none where all of it passes.

        None where that takes more to tell. Groups only allow: what one lets pass passes, what each drops is dropped.
        """
        groups = own.groups
        if not groups:
            return None if groups is None else ()
        try:
            peers = self.open[groups]
        except KeyError:
            peers = self.open[groups] = security_groups.open_to(network, groups, own, egress=self.egress)
        if peers is None:
            return None
        if peers and covers(peers, box.destination if self.egress else box.source):
            return ()
        side = self.sides.get(groups)
        if side is None:
            side = self._together(network, own, groups)
        if side is None or side is MORE:
            return self._dropping(network, peer, [self._side(network, own, (group,)) for group in groups], box)
        passes = side.rules.passes_whole(box, EGRESS if self.egress else INGRESS)
        if passes:
            return ()
        if passes is None or not side.sure or (peer is not None and self._named(network, peer, (side,), box)):
            return None
        return side.blamed

    def _together(self, network: Network, own: NetworkInterface, groups: tuple[str, ...]) -> Side | None:
        """What several groups are together, or one alone; None where they are not asked for often."""
        if len(groups) > 1:
            asked = self.asked[groups] = self.asked.get(groups, 0) + 1
            if asked < OFTEN:
                return None
        return self._side(network, own, groups)

    def _dropping(
        self, network: Network, peer: NetworkInterface | None, sides: Sequence[Side], box: Box
    ) -> Blamed | None:
        """The same of groups that were not compiled together."""
        view = EGRESS if self.egress else INGRESS
        certain = True
        for one in sides:
            passes = one.rules.passes_whole(box, view) if one is not MORE else None
            if passes:
                return ()
            certain = certain and passes is False and one.sure
        if not certain or (peer is not None and self._named(network, peer, sides, box)):
            return None
        return tuple(blamed for one in sides for blamed in one.blamed)

    def _named(self, network: Network, peer: NetworkInterface, sides: Sequence[Side], box: Box) -> bool:
        """Whether some rule names a group that the peer holds: it is then said why that does not match."""
        held = peer.groups
        if not held:
            return False
        for one in sides:
            if not one.named.isdisjoint(held):
                dropped = Traffic((box,))
                for group, _ in one.blamed:
                    if security_groups.names_peer(network, group, peer, dropped, egress=self.egress):
                        return True
        return False

    def _side(self, network: Network, own: NetworkInterface, groups: tuple[str, ...]) -> Side:
        found = self.sides.get(groups)
        if found is None:
            found = self.sides[groups] = self._found(network, own, groups)
        return found

    def _found(self, network: Network, own: NetworkInterface, groups: tuple[str, ...]) -> Side:
        found = self.judge.rules(network, own, groups)
        if found is None:
            return MORE
        # Ends between other VPCs have the same rules.
        known: dict[int, tuple[GroupFilter, Side]] | None = network.memo.get("sides")
        if known is None:
            known = network.memo["sides"] = {}
        kept = known.get(id(found))
        if kept is None:
            codes = ((one, security_groups.code_of(network.groups.get(one), egress=self.egress)) for one in groups)
            named = security_groups.named(network, groups, egress=self.egress)
            side = Side(found.certain, found.possible is found.certain, tuple(codes), named)
            kept = known[id(found)] = (found, side)
        return kept[1]


def end_of(network: Network, judge: GroupsJudge, vpc: str | None, *, egress: bool) -> End:
    """The end with this judge, one for all ways on which the groups of the VPC are judged by an equal one."""
    known: dict[object, End] | None = network.memo.get("ends")
    if known is None:
        known = network.memo["ends"] = {}
    key = (judge.key, vpc, egress)
    if key not in known:
        known[key] = End(replace(judge, network=network), egress)
    return known[key]
