"""The comparison of what passes between two ends before and after a change, groups and all."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

from diagnosis.fix.ends import End, Outside, Some, let, passing, received_by, sent_by
from diagnosis.fix.groups import Way
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import interfaces
from diagnosis.trace.lots import BY_ITSELF, OPEN, GroupBits, group_numbers, traits_of
from diagnosis.trace.own_groups import Allowed, OwnGroups
from diagnosis.traffic.addresses import ALL_ADDRESSES
from diagnosis.traffic.intervals import IntervalSet, join_all
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.traffic import NOTHING, Box, SideName, Traffic, merged

BUDGET = 400_000
"""So many boxes that some send are compared with ones that others let in before the enumeration stops and says so."""
_ANYTHING = Allowed(NOTHING, everything=True)


class Comparison:
    """What passes after a change and not before, told apart by what groups let pass."""

    def __init__(self, network: Network, only_more: bool) -> None:
        self._network = network
        self._only_more = only_more
        """Whether ways stay as they are, and groups let pass what they did before, and more."""
        self._compared = 0
        self._more: dict[tuple[int, int], Traffic] = {}
        self._less: dict[tuple[int, IntervalSet], Traffic] = {}
        self._distinct: dict[tuple[Box, ...], Traffic] = {}
        self._classes: dict[Hashable, tuple[End, list[Some]]] = {}
        """With each its end, which is kept alive: its identity is in the key."""
        self._asked: dict[int, GroupBits] = {}
        """By the identities of the groups, which these keep alive."""

    @property
    def cut_short(self) -> bool:
        """Whether so much was to be compared that the rest was left out."""
        return self._compared > BUDGET

    def joins(self, ways: Sequence[Way]) -> bool:
        """Whether what is compared on these ways may be compared together with that of others."""
        return self._only_more and len(ways) == 1

    def opened(
        self, source: End | Outside, destination: End | Outside, was: list[Way], will: list[Way]
    ) -> Iterator[Traffic]:
        """What passes by some ways after the change and did not before; no header twice."""
        senders = self._alike(source, [w.leaving for w in was], [w.leaving for w in will], sending=True)
        receivers = self._alike(destination, [w.entering for w in was], [w.entering for w in will], sending=False)
        if self.joins(was):
            yield from self._more_of(was[0].traffic, senders, receivers)
            return
        for ours in senders:
            for theirs in receivers if not self.cut_short else ():
                self._compared += sum(len(way.traffic.boxes) for way in (*was, *will))
                new = _new(ours, theirs, was, will)
                if not new.empty:
                    yield new

    def _more_of(self, traffic: Traffic, senders: list[Some], receivers: list[Some]) -> Iterator[Traffic]:
        """What passes by one way that is the same before and after, where the groups of either end let pass more.

        What more receivers let in is met with what senders sent before; what more senders send with all that is let in.
        """
        let_in = self._narrowed(receivers, "source", traffic.project("source"))
        gained = self._gained((received_by(traffic, one), one.more) for one in let_in)
        for ours in senders if not gained.empty else ():
            self._compared += len(gained.boxes)
            yield sent_by(gained, ours, ours.before[0])
        sent = self._narrowed(senders, "destination", traffic.project("destination"))
        gained = self._gained((sent_by(traffic, one, None), one.more) for one in sent)
        for theirs in receivers if not gained.empty else ():
            self._compared += len(gained.boxes)
            into = received_by(gained, theirs)
            yield into if theirs.before[0].everything else into.meet(let(theirs.before[0]).union(theirs.more))

    def _gained(self, parts: Iterable[tuple[Traffic, Traffic]]) -> Traffic:
        """All that is in two traffics, of several pairs of which no two have a header in common."""
        found: list[Box] = []
        for part, more in parts:
            if self.cut_short:
                break
            self._compared += len(part.boxes) * len(more.boxes)
            found += part.meet(more).boxes
        return Traffic(merged(tuple(found)))

    def _narrowed(self, some: list[Some], side: SideName, numbers: IntervalSet) -> list[Some]:
        """Those whose groups let more pass than before at these of the other end; those that are then alike as one."""
        found: dict[Hashable, tuple[Some, list[IntervalSet]]] = {}
        for one in some:
            more = self._less.get((id(one.more), numbers))
            if more is None:
                more = self._less[id(one.more), numbers] = one.more.only(**{side: numbers})
            if not more.empty:
                known = found.setdefault((more.boxes, one.clients), (replace(one, more=more), []))
                known[1].append(one.numbers)
        return [replace(one, numbers=join_all(theirs)) for one, theirs in found.values()]

    def _alike(
        self,
        end: End | Outside,
        before: Sequence[OwnGroups | None],
        after: Sequence[OwnGroups | None],
        *,
        sending: bool,
    ) -> list[Some]:
        """The members of an end, those together that are treated alike."""
        if isinstance(end, Outside):
            return [Some(ALL_ADDRESSES, (_ANYTHING,) * len(before), (_ANYTHING,) * len(after))]
        judged_before, judged_after = _each(before), _each(after)
        key = (id(end), *map(id, judged_before), "", *map(id, judged_after), sending)
        known = self._classes.get(key)
        if known is None:
            found = list(self._told_apart(end, judged_before, judged_after, sending=sending))
            known = self._classes[key] = (end, found)
        return known[1]

    def _told_apart(
        self, end: End, before: list[OwnGroups], after: list[OwnGroups], *, sending: bool
    ) -> Iterator[Some]:
        if self._only_more and len(before) == 1:
            yield from self._told_by_more(end, before[0], after[0], sending=sending)
            return
        numbers = end.occupants.numbers
        same = before == after
        found: dict[Hashable, tuple[Some, list[IntervalSet]]] = {}
        for member, _ in end.members:
            old = tuple([own.of(member) for own in before])
            clients = interfaces.client_ports(self._network, member) if sending else ALL_PORTS
            new = old if same else tuple([own.of(member) for own in after])
            key = (*map(id, old), *map(id, new), clients)
            known = found.get(key)
            if known is None:
                known = found[key] = (Some((), old, new, clients), [])
            known[1].append(numbers[member.id])
        for some, theirs in found.values():
            yield replace(some, numbers=join_all(theirs))

    def _told_by_more(self, end: End, before: OwnGroups, after: OwnGroups, *, sending: bool) -> Iterator[Some]:
        """The same on one path: by what their groups let pass before, and what more they do after."""
        numbers, traits = end.occupants.numbers, traits_of(self._network)
        first = end.members[0][0]
        bits = self._bits_of(before, first)
        everything = 0
        for member, _ in end.members:
            held = traits[member.id].held
            if held != BY_ITSELF:
                everything |= held
        bits.learn(everything, first)
        changed = 0 if before is after else bits.of_groups(after.changed)
        alike: dict[Hashable, tuple[NetworkInterface, IntervalSet, list[IntervalSet]]] = {}
        for member, _ in end.members:
            held, clients = traits[member.id]
            if not sending:
                clients = ALL_PORTS
            # Whose groups are judged all together is alike with nobody.
            part = member.id if held == BY_ITSELF else OPEN if held & bits.open else held & bits.some
            key = (part, held & changed, clients)
            lot = alike.get(key)
            if lot is None:
                lot = alike[key] = (member, clients, [])
            lot[2].append(numbers[member.id])
        found: dict[Hashable, tuple[Allowed, Traffic, IntervalSet, list[IntervalSet]]] = {}
        for member, clients, theirs in alike.values():
            old = before.of(member)
            more = NOTHING if before is after else self._difference(after.of_changed(member), old)
            known = found.setdefault((id(old), id(more), clients), (old, more, clients, []))
            known[3].extend(theirs)
        for old, more, clients, theirs in found.values():
            yield Some(join_all(theirs), (old,), (), clients, more)

    def _bits_of(self, own: OwnGroups, like: NetworkInterface) -> GroupBits:
        """The same groups asked by bits."""
        known = self._asked.get(id(own))
        if known is None:
            known = self._asked[id(own)] = GroupBits(own, group_numbers(self._network, like.vpc))
        return known

    def _difference(self, after: Allowed, before: Allowed) -> Traffic:
        """What groups let pass after the change and not before; the same object for the same boxes."""
        if before.everything or after is before or (after.passed.empty and after.unknown.empty):
            return NOTHING
        key = (id(after), id(before))
        found = self._more.get(key)
        if found is None:
            more = let(after).minus(let(before))
            found = self._more[key] = self._distinct.setdefault(more.boxes, more)
        return found


def _each(judges: Sequence[OwnGroups | None]) -> list[OwnGroups]:
    """The groups of an end on each path: of interfaces they are always told."""
    return [own for own in judges if own is not None]


def _new(ours: Some, theirs: Some, was: list[Way], will: list[Way]) -> Traffic:
    new = NOTHING
    for way, out, into in zip(will, ours.after, theirs.after, strict=True):
        new = new.union(passing(way.traffic, ours, theirs, out, into))
    for way, out, into in zip(was, ours.before, theirs.before, strict=True):
        new = new if new.empty else new.minus(passing(way.traffic, ours, theirs, out, into))
    return new
