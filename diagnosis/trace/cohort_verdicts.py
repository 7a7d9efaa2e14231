"""The verdict on each member of a cohort, from the one trace of all of them.

A trace cuts a set of addresses where some rule tells them apart. Members between the same cuts, whose groups let the
same pass and whose state is the same, share one fate; it is worked out once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import interfaces
from diagnosis.trace.codes import Code
from diagnosis.trace.cohorts import own_addresses
from diagnosis.trace.lots import BY_ITSELF, GroupBits, Holder, Lot, State, down
from diagnosis.trace.own_groups import Allowed, OwnGroups, opened
from diagnosis.trace.places import Held
from diagnosis.trace.step import NOTHING, Blocker, Leg, Step
from diagnosis.trace.trace import Path, Trace, Verdict, between, header_space, over
from diagnosis.trace.walk import Chain, GroupsJudge
from diagnosis.traffic.addresses import ALL_ADDRESSES
from diagnosis.traffic.cells import toggles
from diagnosis.traffic.intervals import IntervalSet, meet, of_members
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ALL_PROTOCOLS
from diagnosis.traffic.traffic import Box, SideName, Traffic

_ANYTHING = Traffic.of(Box(ALL_ADDRESSES, ALL_ADDRESSES, ALL_PROTOCOLS, ALL_PORTS, ALL_PORTS))
_STATES = frozenset({Code.BAD_STATE, Code.BAD_STATE_ATTACHMENT})


@dataclass(frozen=True, slots=True, eq=False)
class Fate:
    """What happens to the traffic of some members."""

    verdict: Verdict
    certain: tuple[Box, ...]
    """What gets through for certain, with the own side open."""
    mask: int
    """Which of the sets of the trace they are in."""
    clients: IntervalSet
    """The ports from which they send."""
    personal: bool
    """Whether a blocker names the interface itself."""

    def passes_at(self, addresses: IntervalSet, side: SideName) -> Traffic:
        """What gets through of members with these addresses."""
        own = {"source": addresses} if side == "source" else {"destination": addresses}
        return Traffic(tuple(box._replace(**own) for box in self.certain))


@dataclass(frozen=True, slots=True)
class _Marked:
    """Something of the trace with the number of the set of own addresses that it is about."""

    box: Box
    bit: int


@dataclass(frozen=True, slots=True)
class _Part:
    """One path: what is asked, what passes for certain and what may pass."""

    asked: list[_Marked]
    sure: list[_Marked]
    maybe: list[_Marked]


class Verdicts:
    """A trace of a cohort, read member by member.

    `flat`: the fate of all is known to be the same but for their own groups and state, though addresses were rewritten.
    """

    def __init__(self, network: Network, result: Trace, place: Held, side: SideName, *, flat: bool) -> None:
        self.side = side
        like = place.interface
        self._network, self._like, self.six = network, like, place.is_ipv6
        self._clients = place.clients if side == "source" else ()
        self._sets: dict[IntervalSet, int] = {}
        self._fates: dict[Hashable, Fate] = {}
        self._meeting: dict[int, list[tuple[Leg, Blocker]]] = {}
        self._steps = [step for path in result.paths for hop in _hops(path) for step in hop]
        self.paths: tuple[Path, ...] = result.paths
        if flat:
            self.paths = (replace(result.paths[0], question=header_space(network, result.flow)),)
            self._parts = [self._flat(self.paths[0].question, result.verdict)]
        else:
            self._parts = [
                _Part(
                    self._marked(path.question),
                    self._marked(path.total[0].traffic),
                    self._marked(path.total[1].traffic),
                )
                for path in result.paths
            ]
        state = interfaces.judge(network, network.interfaces[like.id], _ANYTHING)
        self._blockers = [
            (leg, blocker, -1 if flat else self._mark(blocker.dropped.project(side)))
            for leg, blocker in result.blockers()
            if not (blocker.component == like.id and blocker.code in _STATES)
        ]
        self._gaps = [
            (gap, -1 if flat else self._mark(step.unknown.project(side)))
            for step in self._steps
            if not step.unknown.empty
            for gap in step.gaps
            if gap not in state.gaps
        ]
        self._cuts, self._masks = toggles(((1 << number, some) for some, number in self._sets.items()), *ALL_ADDRESSES)

    def _mark(self, addresses: IntervalSet) -> int:
        return self._sets.setdefault(addresses, len(self._sets))

    def _marked(self, traffic: Traffic) -> list[_Marked]:
        return [
            _Marked(box, self._mark(getattr(own, self.side)))
            for own, box in zip(traffic.boxes, opened(traffic.boxes, self.side), strict=True)
        ]

    def _flat(self, question: Traffic, verdict: Verdict) -> _Part:
        asked = [_Marked(box, -1) for box in Traffic.of(*opened(question.boxes, self.side)).boxes]
        return _Part(asked, asked if verdict == "reachable" else [], [] if verdict == "blocked" else asked)

    def stretch(self, low: int, high: int) -> int | None:
        """Which of the sets of the trace all addresses from the one to the other are in, where no set parts them."""
        first, last = bisect_right(self._cuts, low), bisect_right(self._cuts, high)
        return self._masks[first - 1] if first == last else None

    def mask_of(self, address: int) -> int:
        """Which of the sets of the trace an address is in."""
        return self._masks[bisect_right(self._cuts, address) - 1]

    def of(self, mask: int, lot: Lot, allowed: tuple[Allowed, ...]) -> Fate:
        """The fate of members of a lot in the same sets. `allowed` is what their groups let pass, for each path."""
        clients = lot.clients if self.side == "source" else ALL_PORTS
        key = (mask, clients, *map(id, allowed), lot.state)
        fate = self._fates.get(key)
        if fate is None:
            fate = self._fates[key] = self._fate(mask, allowed, lot.state, clients)
        return fate

    def _fate(self, mask: int, allowed: tuple[Allowed, ...], state: State, clients: IntervalSet) -> Fate:
        verdicts: list[Verdict] = []
        passes = NOTHING
        for part, groups in zip(self._parts, allowed, strict=True):
            asked = self._sent(_within(part.asked, mask), clients)
            if asked.empty:
                continue
            sure = NOTHING if state != "up" else self._sent(_within(part.sure, mask), clients)
            maybe = NOTHING if state == "down" else self._sent(_within(part.maybe, mask), clients)
            if not groups.everything:
                sure, maybe = sure.meet(groups.passed), maybe.meet(groups.passed.union(groups.unknown))
            verdicts.append(between(Chain(sure, sure.covers(asked)), Chain(maybe, maybe.covers(asked))))
            passes = passes.union(sure)
        mine = {self._like.id}
        personal = any(
            _inside(bit, mask) and not mine.isdisjoint((blocker.component, *blocker.related))
            for _, blocker, bit in self._blockers
        )
        return Fate(over(verdicts), passes.boxes, mask, clients, personal)

    def _sent(self, traffic: Traffic, clients: IntervalSet) -> Traffic:
        """What of this is sent from these ports, where the members' differ. ICMP has none."""
        if self._clients == clients or not self._clients:
            return traffic
        sides = (
            box.source_port if box.source_port == ALL_PORTS else meet(box.source_port, clients) for box in traffic.boxes
        )
        cut = (box._replace(source_port=side) for box, side in zip(traffic.boxes, sides, strict=True) if side)
        return Traffic(tuple(cut))

    def blockers(
        self, fate: Fate, holders: list[Holder], addresses: IntervalSet, groups_of: Sequence[GroupBits] | None
    ) -> tuple[tuple[Leg, Blocker], ...]:
        """All that stands in the way of some members with these addresses, in the order in which packets meet it.

        `groups_of` is how their groups are judged on each path; without it no group of theirs stands in the way. Where
        they hold different groups there is one blocker for each group.
        """
        member = holders[0].interface
        dropped: dict[int, Traffic] = {}  # By identity: what the groups of one interface drop is one traffic.
        found = []
        for leg, blocker in self._met(fate):
            part = dropped.get(id(blocker.dropped))
            if part is None:
                part = dropped[id(blocker.dropped)] = self._of(blocker.dropped, addresses)
            found.append((leg, self._as_of(blocker, member, part)))
        state = down(self._network, member)
        groups = self._blocking(holders, groups_of) if groups_of is not None else []
        states = list(state.blockers) if state is not None else []
        both = (*states, *groups) if self.side == "source" else (*groups, *states)
        own: list[tuple[Leg, Blocker]] = [("forward", blocker) for blocker in both]
        # At the source they come first of all, at the destination last before the way back.
        first = 0 if self.side == "source" else sum(leg == "forward" for leg, _ in found)
        return (*found[:first], *own, *found[first:])

    def _blocking(self, holders: list[Holder], groups_of: Sequence[GroupBits]) -> list[Blocker]:
        """The groups that stand in the way of some members."""
        member, own = holders[0].interface, [one.own for one in groups_of]
        held = {holder.held for holder in holders}
        if BY_ITSELF in held:
            if all(one.interface.groups == member.groups for one in holders):
                return list(self._own_blockers(member, own))
            holder_of = {group: one.interface for one in holders for group in one.interface.groups or ()}
        elif len(held) == 1:
            return list(self._own_blockers(member, own))
        else:
            together = 0
            for bits in held:
                together |= bits
            holder_of = {group: member for one in groups_of for group in one.not_open(together)}
        return [blocker for group in sorted(holder_of) for blocker in _stopping(group, holder_of[group], own)]

    def _met(self, fate: Fate) -> list[tuple[Leg, Blocker]]:
        """The blockers of the path that drop some of what members with a fate send."""
        found = self._meeting.get(id(fate))
        if found is None:
            found = self._meeting[id(fate)] = [
                (leg, blocker)
                for leg, blocker, bit in self._blockers
                if _inside(bit, fate.mask) and (bit < 0 or not self._sent(blocker.dropped, fate.clients).empty)
            ]
        return found

    def gaps(self, fate: Fate, member: NetworkInterface) -> tuple[Missing, ...]:
        """Everything that was not seen and that decides over a member."""
        state = down(self._network, member)
        found = [gap for gap, bit in self._gaps if _inside(bit, fate.mask)]
        found += state.gaps if state is not None else ()
        found += [gap for step in self._own_steps(member) for gap in step.gaps]
        return tuple(dict.fromkeys(found))

    def _own_blockers(self, member: NetworkInterface, groups_of: Sequence[OwnGroups]) -> Iterator[Blocker]:
        """The groups that stand in the way of one member."""
        for (judge, asked), own in zip(self._asked_of(member), groups_of, strict=True):
            silent = own.silent(member, asked)
            step = judge.step(member, asked, False) if judge is not None and not asked.empty and not silent else None
            yield from silent
            if step is not None:
                yield from step.blockers
            if (silent or step is not None) and self.side == "source":
                return

    def _own_steps(self, member: NetworkInterface) -> Iterator[Step]:
        for judge, asked in self._asked_of(member):
            step = judge.step(member, asked, False) if judge is not None and not asked.empty else None
            if step is not None:
                yield step
                if self.side == "source":
                    return

    def _asked_of(self, member: NetworkInterface) -> Iterator[tuple[GroupsJudge | None, Traffic]]:
        """How the groups of a member are judged on each path, and what is asked of it there."""
        address = own_addresses(member, six=self.six)
        for path in self.paths:
            judge = path.leaving if self.side == "source" else path.entering
            yield judge, path.question.only(**{self.side: address}) if address else path.question

    def _as_of(self, blocker: Blocker, member: NetworkInterface, dropped: Traffic) -> Blocker:
        """A blocker of the interface that was traced as the one of a member, whose part of what it drops is given."""
        component, related = blocker.component, blocker.related
        like = self._like
        if like.subnet and member.subnet and like.subnet != member.subnet:
            component, related = _renamed(component, related, like.subnet, member.subnet)
        if like is not member:
            component, related = _renamed(component, related, like.id, member.id)
        return Blocker(
            blocker.code,
            component,
            related,
            blocker.direction,
            blocker.rule,
            dropped if dropped.boxes else blocker.dropped,
            blocker.detail,
            blocker.any_of,
        )

    def _of(self, traffic: Traffic, addresses: IntervalSet) -> Traffic:
        """What of some traffic is that of members with these addresses."""
        boxes = []
        sending = self.side == "source"
        for source, destination, *rest in traffic.boxes:
            own = meet(source if sending else destination, addresses)
            if own:
                boxes.append(Box(own, destination, *rest) if sending else Box(source, own, *rest))
        return Traffic(tuple(boxes))


def _renamed(component: str, related: tuple[str, ...], old: str, new: str) -> tuple[str, tuple[str, ...]]:
    if component != old and old not in related:
        return component, related
    return new if component == old else component, tuple([new if one == old else one for one in related])


def _stopping(group: str, holder: NetworkInterface, groups_of: Sequence[OwnGroups]) -> Iterator[Blocker]:
    """What a group stands for on the last path where it does not let all pass."""
    for own in reversed(groups_of):
        blocker = own.stopping(group, holder)
        if blocker is not None:
            yield blocker
            return


def addresses_of(holders: list[Holder]) -> IntervalSet:
    """The addresses by which members stand for themselves."""
    if len(holders) == 1:
        return (holders[0].address, holders[0].address + 1)
    return of_members([one.address for one in holders])


def uniform(result: Trace) -> bool:
    """Whether the verdict on a set, with addresses rewritten on the way, is that on each of its members."""
    if result.verdict in ("blocked", "reachable"):
        return True
    steps = [step for path in result.paths for hop in _hops(path) for step in hop]
    return result.verdict == "unknown" and all(
        step.dropped.empty and (step.unknown.empty or step.passed.empty) for step in steps
    )


def _hops(path: Path) -> Iterator[tuple[Step, ...]]:
    return (hop.steps for hop in (*path.forward_hops, *path.return_hops))


def _inside(bit: int, mask: int) -> bool:
    return bit < 0 or bool(mask >> bit & 1)


def _within(marked: Iterable[_Marked], mask: int) -> Traffic:
    return Traffic(tuple(one.box for one in marked if _inside(one.bit, mask)))
