"""The groups at both ends of a change: each judged once on what it may see of all that is at the other end."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from diagnosis.fix.ends import Occupants, Outside
from diagnosis.fix.ways import Open
from diagnosis.network.network import Network
from diagnosis.trace.glances import Glance
from diagnosis.trace.own_groups import Allowed, OwnGroups, of_any
from diagnosis.trace.places import Held
from diagnosis.trace.trace import Flow
from diagnosis.trace.walk import GroupsJudge
from diagnosis.traffic.traffic import SideName, Traffic


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A path with what the groups of both ends let pass; None of what is outside, which has no groups."""

    traffic: Traffic
    """With the addresses by their numbers."""
    leaving: OwnGroups | None
    entering: OwnGroups | None


@dataclass(frozen=True, slots=True, eq=False)
class EndGroups:
    """The groups at the ends of all paths, as they are before and after a change."""

    before: Network
    after: Network
    changed: frozenset[str]
    """The groups whose rules change."""
    same_ways: bool
    """Whether nothing but rules of groups changes, so that a path after the change is the one before it."""
    _known: dict[Hashable, OwnGroups] = field(default_factory=dict)
    _met: dict[int, Occupants | Outside] = field(default_factory=dict)
    """All that were met, kept alive: their identities are in keys."""

    def of(
        self,
        network: Network,
        path: Open,
        flow: Flow,
        headers: Traffic,
        side: SideName,
        own: Occupants | Outside,
        others: Occupants | Outside,
    ) -> OwnGroups | None:
        """The groups of one end, judged on all that is at the other end, for every path that judges them alike."""
        judge, place = (path.leaving, flow.source) if side == "source" else (path.entering, flow.destination)
        if not isinstance(place, Held):
            return None
        assert judge is not None
        like = place.interface
        self._met.update({id(own): own, id(others): others})
        kinds = tuple((box.protocol, box.port) for box in headers.boxes)
        key = (judge.key, like.vpc, like.kind, like.origins, side, id(others), kinds)
        late = network is self.after
        if late and self.same_ways and self.changed.isdisjoint(own.groups):
            late = False
        found = self._known.get((late, key))
        if found is None:
            base = self._known.get((False, key)) if late and self.same_ways else None
            if base is not None:
                # The path was traced before the change: its judge asks the groups as they were.
                judge = replace(judge, network=self.after)
            network = self.after if late else self.before
            found = self._known[late, key] = self._made(network, judge, headers, side, others, base)
        return found

    def _made(
        self,
        network: Network,
        judge: GroupsJudge,
        headers: Traffic,
        side: SideName,
        others: Occupants | Outside,
        base: OwnGroups | None,
    ) -> OwnGroups:
        far: SideName = "destination" if side == "source" else "source"
        boxes = (box._replace(**{far: others.ranges}) for box in of_any(headers, side).boxes)
        asked = Traffic.of(*boxes)
        everything = Allowed(others.numbered(asked, far), everything=True)
        return OwnGroups(
            judge,
            asked,
            everything,
            before=base,
            changed=self.changed,
            glance=Glance.of(network, asked, others.there, egress=side == "source"),
            numbered=lambda traffic: others.numbered(traffic, far),
        )
