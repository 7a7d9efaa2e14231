"""What security groups do at one end of a path, for many interfaces at once: group by group.

Groups only allow. What an interface's groups pass together is therefore what any one of them passes, and each group is
judged once for all interfaces that hold it. The sides that no group compares (the own address and the client's port)
are left open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace.group_references import MOUNT_TARGET
from diagnosis.trace.security_groups import outright
from diagnosis.trace.step import NOTHING, Blocker
from diagnosis.trace.walk import GroupsJudge
from diagnosis.traffic.addresses import ALL_ADDRESSES
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.traffic import Box, SideName, Traffic


@dataclass(frozen=True, slots=True, eq=False)
class Allowed:
    """What groups let pass for certain, and what they may let pass besides."""

    passed: Traffic
    unknown: Traffic = NOTHING
    everything: bool = False


def opened(boxes: Iterable[Box], side: SideName) -> list[Box]:
    """The boxes with the address of the own side left open."""
    if side == "source":
        return [box._replace(source=ALL_ADDRESSES) for box in boxes]
    return [box._replace(destination=ALL_ADDRESSES) for box in boxes]


def _of_any(blocker: Blocker, interface: NetworkInterface) -> Blocker:
    """The blocker of a group as one of any interface that holds it."""
    return replace(blocker, related=tuple(one for one in blocker.related if one != interface.id), any_of=None)


def of_any(question: Traffic, side: SideName) -> Traffic:
    """A question with the sides open that no group compares."""
    return Traffic.of(*(box._replace(source_port=ALL_PORTS) for box in opened(question.boxes, side)))


@dataclass(frozen=True, slots=True, eq=False)
class Others:
    """All that is at the other end of a path."""

    network: Network
    there: Callable[[IntervalSet], IntervalSet]
    """Which of some addresses they have."""
    numbered: Callable[[Traffic], Traffic]
    """What to make of all that groups let pass, and was made of `all_of_it` already."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnGroups:
    """The groups of one VPC, as judged at one end of a path on what is asked there; each once, when it is needed."""

    judge: GroupsJudge | None
    """Without one all of it passes."""
    asked: Traffic
    """A question `of_any`."""
    all_of_it: Allowed
    egress: bool
    before: OwnGroups | None = None
    """The same before a change of some groups: what all others do is known from there."""
    changed: frozenset[str] = frozenset()
    """These groups."""
    others: Others | None = None
    """Where they are given, a group is not judged of which a look at its rules tells that it lets all pass, or nothing.
    Blockers are not known then."""
    blockers: dict[str, Blocker] = field(default_factory=dict)
    """By group, what a group that does not let all pass stands for, whatever interface holds it."""
    _each: dict[str, Allowed] = field(default_factory=dict)
    _sets: dict[tuple[str, ...] | None, Allowed] = field(default_factory=dict)
    _unions: dict[frozenset[int], Allowed] = field(default_factory=dict)
    _distinct: dict[tuple[tuple[Box, ...], tuple[Box, ...]], Allowed] = field(default_factory=dict)

    def of(self, interface: NetworkInterface) -> Allowed:
        """What the groups of an interface let pass; the same object for all whose groups do the same."""
        if self.before is not None and self.changed.isdisjoint(interface.groups or ()):
            return self.before.of(interface)
        if interface.description.startswith(MOUNT_TARGET):
            return self._judged(interface)  # What references match there depends on all of its groups together.
        groups = interface.groups
        known = self._sets.get(groups)
        if known is None:
            known = self._sets[groups] = self._together(interface)
        return known

    def _together(self, interface: NetworkInterface) -> Allowed:
        if interface.groups is None:
            return self._judged(interface)
        if self.judge is None or not interface.groups:
            return self.all_of_it
        parts: dict[int, Allowed] = {}
        for group in interface.groups:
            one = self.of_one(group, interface)
            if one.everything:
                return one
            parts[id(one)] = one
        key = frozenset(parts)
        union = self._unions.get(key)
        if union is None:
            union = self._unions[key] = self._union(list(parts.values()))
        return union

    def of_one(self, group: str, interface: NetworkInterface) -> Allowed:
        """What one of its groups lets pass."""
        if self.before is not None and group not in self.changed:
            return self.before.of_one(group, interface)
        one = self._each.get(group)
        if one is None:
            told = None if self.others is None else self._at_a_look(self.others, group, interface)
            one = self._each[group] = told or self._judged(replace(interface, groups=(group,)))
        return one

    def _at_a_look(self, others: Others, group: str, interface: NetworkInterface) -> Allowed | None:
        if self.judge is None:
            return self.all_of_it
        passes = outright(others.network, group, interface, self.asked, others.there, egress=self.egress)
        if passes is None:
            return None
        return self.all_of_it if passes else self._same_as_known(NOTHING, NOTHING)

    def _judged(self, interface: NetworkInterface) -> Allowed:
        step = self.judge.step(interface, self.asked, False) if self.judge is not None else None
        if step is None or (step.dropped.empty and step.unknown.empty):
            return self.all_of_it
        if len(interface.groups or ()) == 1:
            self.blockers.update((b.component, _of_any(b, interface)) for b in step.blockers)
        if self.others is None:
            return self._same_as_known(step.passed, step.unknown)
        passed, unknown = self.others.numbered(step.passed), self.others.numbered(step.unknown)
        return self.all_of_it if passed.covers(self.all_of_it.passed) else self._same_as_known(passed, unknown)

    def _union(self, parts: list[Allowed]) -> Allowed:
        if len(parts) == 1:
            return parts[0]
        passed, maybe = NOTHING, NOTHING
        for part in parts:
            passed = passed.union(part.passed)
            maybe = maybe.union(part.unknown)
        if passed.covers(self.all_of_it.passed):
            return self.all_of_it
        return self._same_as_known(passed, maybe.minus(passed))

    def _same_as_known(self, passed: Traffic, unknown: Traffic) -> Allowed:
        return self._distinct.setdefault((passed.boxes, unknown.boxes), Allowed(passed, unknown))
