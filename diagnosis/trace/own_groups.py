"""What security groups do at one end of a path, for many interfaces at once: group by group.

Groups only allow. What an interface's groups pass together is therefore what any one of them passes, and each group is
judged once for all interfaces that hold it. The sides that no group compares (the own address and the client's port)
are left open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.trace.glances import Glance
from diagnosis.trace.group_references import MOUNT_TARGET
from diagnosis.trace.security_groups import code_of
from diagnosis.trace.step import NOTHING, Blocker
from diagnosis.trace.walk import GroupsJudge
from diagnosis.traffic.addresses import ALL_ADDRESSES
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
    return blocker._replace(related=tuple(one for one in blocker.related if one != interface.id), any_of=None)


def of_any(question: Traffic, side: SideName) -> Traffic:
    """A question with the sides open that no group compares."""
    return Traffic.of(*(box._replace(source_port=ALL_PORTS) for box in opened(question.boxes, side)))


@dataclass(frozen=True, slots=True, eq=False)
class OwnGroups:
    """The groups of one VPC, as judged at one end of a path on what is asked there; each once, when it is needed."""

    judge: GroupsJudge | None
    """Without one all of it passes."""
    asked: Traffic
    """A question `of_any`."""
    all_of_it: Allowed
    before: OwnGroups | None = None
    """The same before a change of some groups: what all others do is known from there."""
    changed: frozenset[str] = frozenset()
    """These groups."""
    glance: Glance | None = None
    """Where it is given, no group is judged of which it tells enough."""
    numbered: Callable[[Traffic], Traffic] | None = None
    """What to make of all that groups let pass, and was made of `all_of_it` already."""
    blockers: dict[str, Blocker] = field(default_factory=dict)
    """By group, what a group that does not let all pass stands for, whatever interface holds it."""
    _silent: set[str] = field(default_factory=set)
    """Groups that are known to have no rule about any of it."""
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

    def of_changed(self, interface: NetworkInterface) -> Allowed:
        """What those groups of an interface let pass that the change is about: all that is new of it is in there."""
        changed = self.changed.intersection(interface.groups or ())
        if self.judge is None or not changed or interface.description.startswith(MOUNT_TARGET):
            return self.of(interface)
        parts = []
        for group in sorted(changed):
            one = self.of_one(group, interface)
            if one.everything:
                return one
            parts.append(one)
        return self.together(parts)

    def _together(self, interface: NetworkInterface) -> Allowed:
        if interface.groups is None:
            return self._judged(interface)
        if self.judge is None or not interface.groups:
            return self.all_of_it
        parts, known = [], self._each
        for group in interface.groups:
            one = known.get(group) or self.of_one(group, interface)
            if one.everything:
                return one
            parts.append(one)
        return self.together(parts)

    def together(self, parts: Iterable[Allowed]) -> Allowed:
        """What several groups let pass together of which none lets all pass."""
        distinct = {id(one): one for one in parts}
        key = frozenset(distinct)
        union = self._unions.get(key)
        if union is None:
            union = self._unions[key] = self._union(list(distinct.values()))
        return union

    def stopping(self, group: str, interface: NetworkInterface) -> Blocker | None:
        """What a group that does not let all pass stands for, whatever interface holds it; None of one that does."""
        if self.judge is None or self.of_one(group, interface).everything:
            return None
        if group in self._silent:
            return self._speechless(group)
        if group not in self.blockers:
            self._judged(replace(interface, groups=(group,)))
        return self.blockers.get(group)

    def hush(self, groups: Iterable[str]) -> None:
        """Of these groups it is known that they have no rule about any of it."""
        self._silent.update(groups)

    def _speechless(self, group: str) -> Blocker:
        """A group that has no rule about any of it, as the judge tells it."""
        found = self.blockers.get(group)
        if found is None:
            glance = self.glance
            assert glance is not None, "without a glance nobody knows that a group is silent"
            code = code_of(glance.network.groups[group], egress=glance.egress)
            found = Blocker(code, group, (), "egress" if glance.egress else "ingress", None, self.asked)
            self.blockers[group] = found
        return found

    def silent(self, interface: NetworkInterface, asked: Traffic) -> tuple[Blocker, ...]:
        """The blockers of an interface whose groups have no rule about any of this, a part of all that is asked.

        None at all where one of them may have a rule: then they are to be judged together.
        """
        groups = interface.groups or ()
        if not self._silent.issuperset(groups) or interface.description.startswith(MOUNT_TARGET):
            return ()
        own, any_of = (interface.id,), len(groups)
        known = [self._speechless(group) for group in groups]
        return tuple([Blocker(one.code, one.component, own, one.direction, None, asked, "", any_of) for one in known])

    def of_one(self, group: str, interface: NetworkInterface) -> Allowed:
        """What one of its groups lets pass."""
        if self.before is not None and group not in self.changed:
            return self.before.of_one(group, interface)
        one = self._each.get(group)
        if one is None and group in self._silent:
            one = self._each[group] = self._same_as_known(NOTHING, NOTHING)
        if one is None:
            told = None if self.glance is None else self._at_a_glance(self.glance, group, interface)
            one = self._each[group] = told or self._judged(replace(interface, groups=(group,)))
        return one

    def _at_a_glance(self, glance: Glance, group: str, interface: NetworkInterface) -> Allowed | None:
        if self.judge is None:
            return self.all_of_it
        passes = glance.at(group, interface)
        if passes is None:
            return None
        if passes:
            return self.all_of_it
        if glance.there is None:
            self._silent.add(group)
        return self._same_as_known(NOTHING, NOTHING)

    def _judged(self, interface: NetworkInterface) -> Allowed:
        step = self.judge.step(interface, self.asked, False) if self.judge is not None else None
        if step is None or (step.dropped.empty and step.unknown.empty):
            return self.all_of_it
        if len(interface.groups or ()) == 1:
            self.blockers.update((b.component, _of_any(b, interface)) for b in step.blockers)
        if self.numbered is None:
            return self._same_as_known(step.passed, step.unknown)
        passed, unknown = self.numbered(step.passed), self.numbered(step.unknown)
        return self.all_of_it if passed.covers(self.all_of_it.passed) else self._same_as_known(passed, unknown)

    def _union(self, parts: list[Allowed]) -> Allowed:
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return self._same_as_known(NOTHING, NOTHING)
        passed, maybe = NOTHING, NOTHING
        for part in parts:
            passed = passed.union(part.passed)
            maybe = maybe.union(part.unknown)
        if passed.covers(self.all_of_it.passed):
            return self.all_of_it
        return self._same_as_known(passed, maybe.minus(passed))

    def _same_as_known(self, passed: Traffic, unknown: Traffic) -> Allowed:
        return self._distinct.setdefault((passed.boxes, unknown.boxes), Allowed(passed, unknown))
