"""What a change opens between two lots of interfaces: one trace for each two ends, the groups at both judged apart.

Which way the traffic takes, and what ACLs, routes and gateways do to it, is traced for all of an end at once, after
the change and before it; a rule of a group alters nothing of that, and one trace serves both. What the groups at both
ends let pass is met with it, as they were and as they will be, and the one is subtracted from the other (`comparing`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from diagnosis.fix.change import Change, GroupRuleChange
from diagnosis.fix.comparing import Comparison
from diagnosis.fix.ends import End, Occupants, Opening, Outside, Untold, cut_by
from diagnosis.fix.gathering import gathered, gathered_alone
from diagnosis.fix.groups import EndGroups, Way
from diagnosis.fix.passages import Passages
from diagnosis.fix.region import Between, Beyond
from diagnosis.fix.ways import Open, by_kept_way
from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.trace.places import Held, Internet, OnPremises
from diagnosis.trace.route_tables import routing
from diagnosis.trace.trace import Flow, Path, header_space, trace
from diagnosis.traffic.addresses import IPV4, IPV6
from diagnosis.traffic.intervals import IntervalSet, meet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.traffic import Traffic, merged


@dataclass(frozen=True, slots=True, eq=False)
class _Traced:
    """The paths between two ends on which something passes."""

    flow: Flow
    headers: Traffic
    old: tuple[Open, ...]
    new: tuple[Open, ...]


@dataclass(frozen=True, eq=False)
class Meeting:
    """All that a fix opens between interfaces, and between them and what is outside."""

    before: Network
    after: Network
    changes: tuple[Change, ...]
    _parts: dict[Hashable, list[End]] = field(default_factory=dict)
    """Ends that were cut from others, which are kept alive here: their identities are in keys."""

    @property
    def cut_short(self) -> bool:
        """Whether so much was to be compared that the rest was left out."""
        return self._comparison.cut_short

    @cached_property
    def same_ways(self) -> bool:
        """Whether nothing but rules of groups changes."""
        return all(isinstance(change, GroupRuleChange) for change in self.changes)

    @cached_property
    def _networks(self) -> tuple[Network, ...]:
        """Those whose ways differ."""
        return (self.before,) if self.same_ways else (self.before, self.after)

    @cached_property
    def _groups(self) -> EndGroups:
        changed = frozenset(c.component for c in self.changes if isinstance(c, GroupRuleChange))
        return EndGroups(self.before, self.after, changed, self.same_ways)

    @cached_property
    def _comparison(self) -> Comparison:
        only_more = self.same_ways and all(change.action == "add" for change in self.changes)
        return Comparison(self.before, only_more)

    def opened(self, region: Between) -> Iterator[Opening | Untold]:
        """What becomes reachable between interfaces."""
        for family in (IPV4, IPV6):
            passages = Passages()
            sources, destinations = gathered(self._networks, region, family)
            for one in sources:
                for other in destinations:
                    for source, destination in self._apart(one, other):
                        for part in self._by_route(source, destination):
                            if not self.cut_short:
                                yield from self._between(source, part, region, passages)
            for passage in passages.each():
                yield self._compared(*passage[:2], [passage[2]], [passage[3]])

    def _by_route(self, source: End, destination: End) -> list[End]:
        """The destinations cut where the routes of the sources take some of them another way."""
        interface = source.members[0][0]
        tables = [network.table_of(interface.subnet, interface.vpc, interface.origins) for network in self._networks]
        key = (id(destination), *(table.id for table in tables if not isinstance(table, Missing)))
        parts = self._parts.get(key)
        if parts is None:
            parts = [destination]
            for network, table in zip(self._networks, tables, strict=True):
                if not isinstance(table, Missing):
                    ways = [way.addresses for way in routing(network, table).split(destination.addresses)]
                    parts = [cut for part in parts for cut in cut_by(part, ways)]
            self._parts[key] = parts
            self._parts[id(destination)] = [destination]
        return parts

    def _apart(self, source: End, destination: End) -> Iterator[tuple[End, End]]:
        """Two ends cut so that all of the one is in the one subnet of the other, or none of it."""
        shared = source.subnets & destination.subnets
        if not shared or len(source.subnets) == len(destination.subnets) == 1:
            yield source, destination
            return
        for subnet in sorted(destination.subnets, key=str):
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

    def _between(
        self, source: End, destination: End, region: Between, passages: Passages
    ) -> Iterator[Opening | Untold]:
        to = destination.place(self.before)
        place = source.place(self.before, not_as=to.interface if to is not None else None)
        if place is None and len(destination.members) > 1:
            # The one source is among the destinations, and stands for itself alone.
            to = destination.place(self.before, not_as=source.members[0][0])
            place = source.place(self.before)
        if place is None or to is None or place.interface is to.interface:
            return
        traced = self._traced(Flow(place, to, region.protocol, None), region.ports)
        if traced is None:
            yield Untold(source.members, destination.members)
        elif traced.new:
            was, will = self._ways(traced, source, destination)
            if self._comparison.joins(was) and source.occupants.apart and destination.occupants.apart:
                passages.add(source, destination, was[0], will[0])
            else:
                yield self._compared(source, destination, was, will)

    def opened_outside(self, region: Beyond) -> Iterator[Opening | Untold]:
        """What becomes reachable between interfaces and a range outside."""
        place = region.outside.place
        assert isinstance(place, Internet | OnPremises)
        outside = Outside(place.addresses)
        for family in (IPV4, IPV6):
            ranges = meet(place.addresses, family)
            for end in gathered_alone(self._networks, region.own, family, ranges) if ranges else ():
                own = end.place(self.before)
                assert own is not None
                flow = Flow(own, place, region.protocol, None)
                if not region.outgoing:
                    flow = Flow(place, own, region.protocol, None)
                by_public_address = isinstance(place, Internet) and family is IPV4
                traced = None if by_public_address else self._traced(flow, region.ports)
                if traced is None:
                    yield Untold(end.members, ())
                elif traced.new and region.outgoing:
                    yield self._compared(end, outside, *self._ways(traced, end, outside))
                elif traced.new:
                    yield self._compared(outside, end, *self._ways(traced, outside, end))

    def _traced(self, flow: Flow, ports: IntervalSet) -> _Traced | None:
        """The paths before and after; None where groups cannot be judged apart from them."""
        headers = header_space(self.before, flow)
        if ports != ALL_PORTS:
            headers = headers.only(port=ports)
        kept = by_kept_way(self.before, flow, headers) if self.same_ways else None
        if kept is not None:
            passing = () if kept.traffic.empty else (kept,)
            return _Traced(flow, headers, passing, passing)
        old = trace(self.before, flow, explain=False, headers=headers).paths
        new = old if self.same_ways else trace(self.after, flow, explain=False, headers=headers).paths
        if not all(_judged_apart(path, flow) for path in (*old, *new)):
            return None
        return _Traced(flow, headers, _open(old), _open(new))

    def _ways(self, traced: _Traced, source: End | Outside, destination: End | Outside) -> tuple[list[Way], list[Way]]:
        """The ways before and after, with the groups of both ends."""
        ours, theirs = source.occupants, destination.occupants
        was = [self._way(self.before, path, traced, ours, theirs) for path in traced.old]
        will = [self._way(self.after, path, traced, ours, theirs) for path in traced.new]
        return was, will

    def _compared(self, source: End | Outside, destination: End | Outside, was: list[Way], will: list[Way]) -> Opening:
        boxes = [box for new in self._comparison.opened(source, destination, was, will) for box in new.boxes]
        return Opening(source.occupants, destination.occupants, merged(tuple(boxes)))

    def _way(
        self, network: Network, path: Open, traced: _Traced, ours: Occupants | Outside, theirs: Occupants | Outside
    ) -> Way:
        traffic = theirs.numbered(ours.numbered(path.traffic, "source"), "destination")
        flow, headers = traced.flow, traced.headers
        return Way(
            traffic,
            self._groups.of(network, path, flow, headers, "source", ours, theirs),
            self._groups.of(network, path, flow, headers, "destination", theirs, ours),
        )


def _judged_apart(path: Path, flow: Flow) -> bool:
    """Whether it is told how the groups of both ends judge this path, or nothing passes it whatever they do."""
    if path.total[1].traffic.empty:
        return path.unchanged
    if not path.plain:
        return False
    ends = ((flow.source, path.leaving), (flow.destination, path.entering))
    return all(judge is not None for place, judge in ends if isinstance(place, Held))


def _open(paths: tuple[Path, ...]) -> tuple[Open, ...]:
    return tuple(Open.of(path) for path in paths if not path.total[1].traffic.empty)
