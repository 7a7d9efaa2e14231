"""What a change opens between two lots of interfaces: one trace for each two cohorts, the groups at both ends apart.

Which way the traffic takes, and what ACLs, routes and gateways do to it, is traced for all of a cohort at once, after
the change and before it; a rule of a group alters nothing of that, and one trace serves both. What the groups at both
ends let pass is met with it, as they were and as they will be, and the one is subtracted from the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from diagnosis.fix.change import Change, GroupRuleChange
from diagnosis.fix.ends import End, Opening, Some, Untold, cut_by, end_of, let, passing, received_by, sent_by
from diagnosis.fix.region import Between, Holders
from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import interfaces
from diagnosis.trace.cohort_verdicts import down
from diagnosis.trace.cohorts import all_cohorts
from diagnosis.trace.own_groups import Allowed, OwnGroups, of_any, opened
from diagnosis.trace.places import Held
from diagnosis.trace.route_tables import routing
from diagnosis.trace.trace import Flow, Path, header_space, trace
from diagnosis.traffic.addresses import IPV4, IPV6
from diagnosis.traffic.intervals import IntervalSet, meet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.traffic import NOTHING, Box, SideName, Traffic

BUDGET = 4_000
"""So many boxes of what groups let pass are compared before the enumeration stops and says so: all ports of a thousand
sets of groups are more."""


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A path with what the groups of both ends let pass."""

    traffic: Traffic
    leaving: OwnGroups
    entering: OwnGroups


@dataclass(frozen=True, eq=False)
class Meeting:
    """All that a fix opens between interfaces."""

    before: Network
    after: Network
    changes: tuple[Change, ...]
    _groups: dict[Hashable, OwnGroups] = field(default_factory=dict)
    _more: dict[tuple[int, int], Traffic] = field(default_factory=dict)
    _less: dict[Hashable, Traffic] = field(default_factory=dict)
    _together: dict[Hashable, Some] = field(default_factory=dict)
    _distinct: dict[tuple[Box, ...], Traffic] = field(default_factory=dict)
    _classes: dict[Hashable, list[Some]] = field(default_factory=dict)
    _parts: dict[Hashable, list[End]] = field(default_factory=dict)
    """Ends that were cut from others, which are kept alive here: their identities are in keys."""
    _judged: dict[int, int] = field(default_factory=dict)
    """How many boxes there are of what each set of groups lets pass."""

    @property
    def cut_short(self) -> bool:
        """Whether so much was to be compared that the rest was left out."""
        return sum(self._judged.values()) > BUDGET

    @cached_property
    def same_ways(self) -> bool:
        """Whether nothing but rules of groups changes."""
        return all(isinstance(change, GroupRuleChange) for change in self.changes)

    @cached_property
    def _changed_groups(self) -> frozenset[str]:
        return frozenset(c.component for c in self.changes if isinstance(c, GroupRuleChange))

    @cached_property
    def changed(self) -> str:
        """At which end rules of groups change: "source", "destination" or "both"."""
        ends = {c.direction == "egress" for c in self.changes if isinstance(c, GroupRuleChange)}
        return "both" if len(ends) > 1 else "source" if True in ends else "destination"

    def opened(self, region: Between) -> Iterator[Opening | Untold]:
        """What becomes reachable in a region."""
        for six in (False, True):
            sources = list(self._ends(region.sources, six=six))
            destinations = list(self._ends(region.destinations, six=six))
            for one in sources:
                for other in destinations:
                    for source, destination in self._apart(one, other):
                        for part in self._by_route(source, destination):
                            if not self.cut_short:
                                yield from self._between(source, part, region)

    def _ends(self, holders: Holders, *, six: bool) -> Iterator[End]:
        wanted = meet(holders.addresses, IPV6 if six else IPV4)
        chosen = {one.id for one in holders.interfaces}
        for cohort in all_cohorts(self.before if self.same_ways else self.after):
            members = []
            for one in cohort.members:
                if one.id in chosen and (own := meet(one.own_addresses, wanted)):
                    state = down(self.before, one)
                    if state is None or state.dropped.empty:
                        members.append((one, own))
            if members:
                yield end_of(cohort, tuple(members), wanted)

    def _by_route(self, source: End, destination: End) -> list[End]:
        """The destinations cut where the routes of the sources take some of them another way."""
        interface = source.members[0][0]
        tables = [
            network.table_of(interface.subnet, interface.vpc, interface.origins)
            for network in ((self.before,) if self.same_ways else (self.before, self.after))
        ]
        key = (id(destination), *(table.id for table in tables if not isinstance(table, Missing)))
        parts = self._parts.get(key)
        if parts is None:
            parts = [destination]
            for network, table in zip((self.before, self.after), tables, strict=False):
                if not isinstance(table, Missing):
                    ways = [way.addresses for way in routing(network, table).split(destination.addresses)]
                    parts = [cut for part in parts for cut in cut_by(part, ways)]
            self._parts[key] = parts
        return parts

    def _apart(self, source: End, destination: End) -> Iterator[tuple[End, End]]:
        """Two ends cut so that all of the one is in the one subnet of the other, or none of it."""
        shared = source.subnets & destination.subnets
        if not shared or len(source.subnets) == len(destination.subnets) == 1:
            yield source, destination
            return
        for subnet in destination.subnets:
            for there in self._in_subnet(destination, subnet, beside=True):
                for some in (True, False):
                    for one in self._in_subnet(source, subnet, beside=some):
                        yield one, there

    def _in_subnet(self, end: End, subnet: str | None, *, beside: bool) -> list[End]:
        key = (id(end), subnet, beside)
        found = self._parts.get(key)
        if found is None:
            members = tuple(m for m in end.members if (m[0].subnet == subnet) is beside)
            found = self._parts[key] = [end.only(members)] if members else []
        return found

    def _between(self, source: End, destination: End, region: Between) -> Iterator[Opening | Untold]:
        to = destination.place(self.before)
        place = source.place(self.before, not_as=to.interface if to is not None else None)
        if place is None and len(destination.members) > 1:
            # The one source is among the destinations, and stands for itself alone.
            to = destination.place(self.before, not_as=source.members[0][0])
            place = source.place(self.before)
        if place is None or to is None or place.interface is to.interface:
            return
        flow = Flow(place, to, region.protocol, None)
        headers = header_space(self.before, flow)
        if region.ports != ALL_PORTS:
            headers = headers.only(port=region.ports)
        old = trace(self.before, flow, explain=False, headers=headers).paths
        new = old if self.same_ways else trace(self.after, flow, explain=False, headers=headers).paths
        if not all(path.plain and path.leaving and path.entering for path in (*old, *new)):
            yield Untold(source.members, destination.members)
            return
        if not new or all(path.total[1].traffic.empty for path in new):
            return
        was = [self._way(self.before, path, flow, headers) for path in old]
        will = [self._way(self.after, path, flow, headers) for path in new]
        yield from self._met(source, destination, was, will)

    def _way(self, network: Network, path: Path, flow: Flow, headers: Traffic) -> _Way:
        return _Way(
            path.total[1].traffic,
            self._own(network, path, flow, headers, "source"),
            self._own(network, path, flow, headers, "destination"),
        )

    def _own(self, network: Network, path: Path, flow: Flow, headers: Traffic, side: SideName) -> OwnGroups:
        """The groups of one end, each judged once on all that is asked, for every path that judges them alike."""
        judge, place = (path.leaving, flow.source) if side == "source" else (path.entering, flow.destination)
        assert judge is not None
        assert isinstance(place, Held)
        like = place.interface
        other: SideName = "destination" if side == "source" else "source"
        question = Traffic.of(*opened(of_any(headers, side).boxes, other))
        key = (network is self.after, judge.key, like.vpc, like.kind, like.origins, question.boxes)
        found = self._groups.get(key)
        if found is None:
            if network is self.after and self.same_ways:
                # The path was traced before the change: its judge asks the groups as they were.
                paths = trace(network, flow, explain=False, headers=headers).paths
                judges = [p.leaving if side == "source" else p.entering for p in paths]
                judge = next(one for one in judges if one is not None and one.key == judge.key)
            base = self._groups.get((False, *key[1:])) if network is self.after and self.same_ways else None
            everything = Allowed(question, everything=True)
            found = self._groups[key] = OwnGroups(judge, question, everything, base, self._changed_groups)
        return found

    def _met(self, source: End, destination: End, was: list[_Way], will: list[_Way]) -> Iterator[Opening]:
        receivers = self._alike(destination, [w.entering for w in was], [w.entering for w in will], sending=False)
        senders = self._alike(source, [w.leaving for w in was], [w.leaving for w in will], sending=True)
        if self.same_ways and len(was) == 1:
            yield from self._more_of(was[0].traffic, senders, receivers)
            return
        for ours in senders:
            for theirs in receivers:
                new = self._new(ours, theirs, was, will)
                if not new.empty:
                    yield Opening(ours, theirs, new)

    def _more_of(self, traffic: Traffic, senders: list[Some], receivers: list[Some]) -> Iterator[Opening]:
        """What passes by one way that is the same before and after, where the groups of either end let pass more."""
        if self.changed == "destination":
            receivers = self._narrowed(receivers, "source", traffic.project("source"))
        elif self.changed == "source":
            senders = self._narrowed(senders, "destination", traffic.project("destination"))
        open_up = [one for one in receivers if not one.more.empty]
        for ours in senders:
            if ours.more.empty and not open_up:
                continue
            old = sent_by(traffic, ours, ours.before[0])
            for theirs in receivers if not ours.more.empty else open_up:
                new = NOTHING if theirs.more.empty else received_by(old, theirs).meet(theirs.more)
                if not ours.more.empty:
                    into = received_by(sent_by(traffic, ours, None), theirs).meet(ours.more)
                    last = theirs.after[0]
                    new = new.union(into if last.everything else into.meet(let(last)))
                if not new.empty:
                    yield Opening(ours, theirs, new)

    def _narrowed(self, some: list[Some], side: SideName, addresses: IntervalSet) -> list[Some]:
        """Those whose groups let more pass than before towards these addresses; those together that are then alike."""
        found: defaultdict[Hashable, list[Some]] = defaultdict(list)
        narrowed: dict[Hashable, Traffic] = {}
        for one in some:
            key = (id(one.more), addresses)
            more = self._less.get(key)
            if more is None:
                more = self._less[key] = one.more.only(**{side: addresses})
            if not more.empty:
                found[more.boxes, one.clients].append(one)
                narrowed[more.boxes, one.clients] = more
        return [self._joined(tuple(alike), narrowed[key]) for key, alike in found.items()]

    def _joined(self, some: tuple[Some, ...], more: Traffic) -> Some:
        key = (*map(id, some), more.boxes)
        found = self._together.get(key)
        if found is None:
            members = tuple(member for one in some for member in one.members)
            found = self._together[key] = replace(some[0], members=members, more=more)
        return found

    def _alike(self, end: End, before: list[OwnGroups], after: list[OwnGroups], *, sending: bool) -> list[Some]:
        """The members of an end, those together that are treated alike."""
        key = (id(end), *map(id, before), *map(id, after), sending)
        known = self._classes.get(key)
        if known is None:
            self._parts[key] = [end]
            known = self._classes[key] = list(self._told_apart(end, before, after, sending=sending))
        return known

    def _told_apart(
        self, end: End, before: list[OwnGroups], after: list[OwnGroups], *, sending: bool
    ) -> Iterator[Some]:
        one_way = self.same_ways and len(before) == 1
        found: dict[Hashable, tuple[Some, list[tuple[NetworkInterface, IntervalSet]]]] = {}
        for member in end.members:
            if self.cut_short:
                break
            old = tuple([own.of(member[0]) for own in before])
            new = tuple([own.of(member[0]) for own in after])
            self._judged.update((id(one), len(one.passed.boxes) + len(one.unknown.boxes)) for one in (*old, *new))
            clients = interfaces.client_ports(self.before, member[0]) if sending else ALL_PORTS
            more = self._difference(new[0], old[0]) if one_way else NOTHING
            if not one_way:
                key: Hashable = (*map(id, old), *map(id, new), clients)
            elif self.changed != "both" and not more.empty:
                key = (id(more), clients)  # The groups of the other end stay: nothing else of these matters.
            else:
                key = (id(old[0]), id(more), clients)
            if key not in found:
                found[key] = (Some((), old, new, clients, more), [])
            found[key][1].append(member)
        for some, members in found.values():
            yield replace(some, members=tuple(members))

    def _new(self, ours: Some, theirs: Some, was: list[_Way], will: list[_Way]) -> Traffic:
        new = NOTHING
        for way, out, into in zip(will, ours.after, theirs.after, strict=True):
            new = new.union(passing(way.traffic, ours, theirs, out, into))
        for way, out, into in zip(was, ours.before, theirs.before, strict=True):
            new = new if new.empty else new.minus(passing(way.traffic, ours, theirs, out, into))
        return new

    def _difference(self, after: Allowed, before: Allowed) -> Traffic:
        """What groups let pass after the change and not before; the same object for the same boxes."""
        if before.everything or after is before:
            return NOTHING
        key = (id(after), id(before))
        found = self._more.get(key)
        if found is None:
            more = let(after).minus(let(before))
            found = self._more[key] = self._distinct.setdefault(more.boxes, more)
        return found
