"""The reverse question: everything that can reach a party, or that it can reach, in groups that behave alike.

Interfaces whose traffic takes the same way are traced together as one set of addresses (`cohorts`); their security
groups are judged apart (`own_groups`), and a rule that singles out some of them splits the set. Where a device rewrites
addresses, so that a set no longer shows whose traffic is dropped, they are traced in smaller sets, at last one by one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.route_tables import Route, RouteTable
from diagnosis.trace import peerings
from diagnosis.trace.codes import Code
from diagnosis.trace.cohort_verdicts import Verdicts, addresses_of, uniform
from diagnosis.trace.cohort_ways import traced_as_one
from diagnosis.trace.cohorts import NAT, Cohort, by_route, cohorts, joined_towards, registered, singled_out
from diagnosis.trace.glances import Glance
from diagnosis.trace.letting_in import RULES, last_rule_set, letting_in, sole_rule
from diagnosis.trace.lots import GroupBits, Sorted, down, lots_of
from diagnosis.trace.own_groups import Allowed, OwnGroups, of_any
from diagnosis.trace.places import Held, Internet, OnPremises, Place, Undecided
from diagnosis.trace.placing import Anchor, AtAddress, AtInterface, AtInternet, InRange, place_both
from diagnosis.trace.rows import Alike, Kind, Row, joined, parted, told_together
from diagnosis.trace.step import Blocker, Leg, Step
from diagnosis.trace.trace import Flow, Path, Trace, Verdict, trace
from diagnosis.traffic.addresses import NOT_PUBLIC, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, join_all, meet, minus
from diagnosis.traffic.traffic import NOTHING, SideName, Traffic

RANK: tuple[Verdict, ...] = ("reachable", "partly", "unknown", "blocked")


def reach(
    network: Network, target: Anchor, *, towards: bool, protocol: int | None, port: int | None
) -> tuple[Alike, ...]:
    """Who can reach the target (`towards`), or what the target can reach; groups that get through first."""
    asked = _Asked(network, target, towards, protocol, port)
    own = asked.own()
    alone = registered(network) if own & singled_out(network) else frozenset()
    targets = [network.interfaces[eni] for eni in own]
    others: Iterable[Cohort] = (_lonely(cohort, alone) for cohort in cohorts(network, targets))
    if towards and own:
        others = joined_towards(network, others, join_all(one.own_addresses for one in targets))
    found = [one for cohort in others for one in asked.of(cohort)]
    found += asked.outside()
    return tuple(
        sorted(joined(found), key=lambda a: (RANK.index(a.verdict), a.kind, a.subnet or "", a.groups, a.members))
    )


def _lonely(cohort: Cohort, alone: frozenset[str]) -> Cohort:
    """The cohort, to be traced one by one where some of it are targets of the load balancer that is asked about."""
    if not alone or cohort.alone:
        return cohort
    return replace(cohort, alone=any(one.id in alone for one in cohort.members))


def _told_by_filters(result: Trace) -> bool:
    """Whether nothing but groups and ACLs stands in the way, on plain paths."""
    steps = [step for path in result.paths for hop in (*path.forward_hops, *path.return_hops) for step in hop.steps]
    plain = bool(result.paths) and all(path.plain for path in result.paths)
    return plain and all(step.unknown.empty and (step.dropped.empty or step.kind in RULES) for step in steps)


@dataclass(slots=True)
class _Asked:
    network: Network
    target: Anchor
    towards: bool
    protocol: int | None
    port: int | None
    own_groups: dict[Hashable, GroupBits] = field(default_factory=dict)

    @property
    def side(self) -> SideName:
        """The side of the traffic on which the others are."""
        return "source" if self.towards else "destination"

    def own(self) -> frozenset[str]:
        """The interfaces that are the target itself."""
        if isinstance(self.target, AtInterface):
            return frozenset({self.target.interface})
        if isinstance(self.target, AtAddress):
            address = self.target.address
            return frozenset(self.network.holders(address) or self.network.by_public_address.get(address, ()))
        return frozenset()

    def of(self, cohort: Cohort, *, finest: bool = False) -> Iterator[Alike]:
        """A cohort by what gets through."""
        if cohort.alone and len(cohort.members) > 1:
            for one in cohort.singles():
                yield from self.of(one)
            return
        if not self.towards and not finest and isinstance(self.target, AtInternet | InRange):
            # Each is seen from the internet by another kind of address, or by none.
            for part in cohort.finer(self.network):
                yield from self.of(part, finest=True)
            return
        ours, theirs = self._placed(AtInterface(cohort.members[0].id))
        for place in (ours, theirs):
            if isinstance(place, Undecided):
                yield from self._not_placed(cohort, place.gap)
                return
        if not self.towards and isinstance(ours, Held) and isinstance(theirs, Held):
            for part in by_route(self.network, ours, cohort, six=theirs.is_ipv6):
                yield from self._traced(part, ours, theirs, finest=finest)
            return
        yield from self._traced(cohort, ours, theirs, finest=finest)

    def _placed(self, other: Anchor) -> tuple[Place, Place]:
        pair = (other, self.target) if self.towards else (self.target, other)
        return place_both(self.network, *pair, self.protocol)

    def _traced(self, cohort: Cohort, ours: Place, theirs: Place, *, finest: bool) -> Iterator[Alike]:
        place = ours if self.towards else theirs
        assert isinstance(place, Held)
        up = (m for m in cohort.members if not down(self.network, m) and m.kind != NAT)
        first = next(up, cohort.members[0])
        if first.id != place.interface.id:
            ours, theirs = self._placed(AtInterface(first.id))
            place = ours if self.towards else theirs
            assert isinstance(place, Held)
        place = cohort.place(place)
        ours, theirs = (place, theirs) if self.towards else (ours, place)
        result = traced_as_one(self.network, cohort, Flow(ours, theirs, self.protocol, self.port))
        if cohort.parts and not _told_by_filters(result):
            for part in cohort.parts:  # What stands in the way may be their route tables, each its own.
                yield from self.of(part)
        elif not result.paths and result.gap is not None:
            yield from self._not_placed(cohort, result.gap)
        elif cohort.alone:
            yield self._alone(cohort.members[0], result)
        elif len(cohort.members) > 1 and any(b.code is Code.NO_INTERFACE_WITH_ADDRESS for _, b in result.blockers()):
            for one in cohort.singles():  # In which subnet nobody answers differs from address to address.
                yield from self.of(one)
        elif all(path.plain for path in result.paths):
            yield from self._split(cohort, place, result, flat=False)
        elif not finest and len(cohort.members) > 1:
            for part in cohort.finer(self.network):
                yield from self.of(part, finest=True)
        elif self.towards and uniform(result):
            yield from self._split(cohort, place, result, flat=True)
        else:
            for one in cohort.singles():
                yield from self.of(one)

    def _not_placed(self, cohort: Cohort, gap: Missing) -> Iterator[Alike]:
        """What cannot be asked of an interface, an address of a family that it does not have, is not known."""
        who = "it" if len(cohort.members) == 1 else "they"
        has_no = f"{cohort.members[0].id} has no"
        if gap.reason.startswith(has_no):
            gap = replace(gap, reason=gap.reason.replace(has_no, f"{who} ha{'s' if who == 'it' else 've'} no", 1))
        alike: defaultdict[Hashable, list[NetworkInterface]] = defaultdict(list)
        for member in cohort.members:
            alike[member.subnet].append(member)
        for some in alike.values():
            yield self._alike(some, "unknown", NOTHING, gaps=(gap,))

    def _alone(self, member: NetworkInterface, result: Trace) -> Alike:
        passes = NOTHING
        for path in result.paths:
            passes = passes.union(path.total[0].traffic)
        decided = last_rule_set(result.paths) if result.verdict in ("reachable", "partly") else None
        return self._alike((member,), result.verdict, passes, result.blockers(), result.gaps(), decided)

    def _split(self, cohort: Cohort, place: Held, result: Trace, *, flat: bool) -> Iterator[Alike]:
        """A cohort by the verdicts of its members."""
        verdicts = Verdicts(self.network, result, place, self.side, flat=flat)
        sorted_ = lots_of(self.network, cohort, six=verdicts.six)
        groups = [self._groups(path, place.interface, sorted_) for path in verdicts.paths]
        rows: dict[Hashable, Row] = {}
        for lot in sorted_.lots:
            for mask, parts, holders in parted(lot, verdicts, groups):
                if parts is None:
                    allowed = tuple([one.own.of(holders[0].interface) for one in groups])
                else:
                    allowed = tuple([one.of(part) for one, part in zip(groups, parts, strict=True)])
                fate = verdicts.of(mask, lot, allowed)
                free = all(one.everything for one in allowed)
                apart = fate.personal or lot.state != "up"
                for key, some in told_together(fate, free, lot, holders, apart=apart):
                    row = rows.get(key)
                    if row is None:
                        row = rows[key] = Row(fate, free)
                    row.lots.append(some)
        sole = sole_rule(result) if self.towards else None
        last = last_rule_set(result.paths)
        for row in rows.values():
            yield self._told(row, verdicts, groups, result, sole, last)

    def _told(
        self,
        row: Row,
        verdicts: Verdicts,
        groups: list[GroupBits],
        result: Trace,
        sole: Step | None,
        last: Step | None,
    ) -> Alike:
        fate, holders = row.fate, row.holders
        first = holders[0].interface
        addresses = addresses_of(holders)
        passes, decided_by = NOTHING, None
        blockers: tuple[tuple[Leg, Blocker], ...] = ()
        if fate.certain:
            passes = fate.passes_at(addresses, self.side)
        if fate.verdict in ("reachable", "partly"):
            decided_by = sole or letting_in(self.network, result, last, passes, first, self.side)
        if fate.verdict in ("blocked", "partly"):
            blockers = verdicts.blockers(fate, holders, addresses, None if row.free else groups)
        gaps = verdicts.gaps(fate, first) if fate.verdict == "unknown" else ()
        members = [holder.interface for holder in holders]
        return self._alike(members, fate.verdict, passes, blockers, gaps, decided_by)

    def _groups(self, path: Path, like: NetworkInterface, cohort: Sorted) -> GroupBits:
        """The groups of the cohort on a path, with those judged that anything in it holds."""
        judge = path.leaving if self.towards else path.entering
        asked = of_any(path.question, self.side)
        key = (judge.key if judge is not None else None, like.vpc, asked.boxes)
        found = self.own_groups.get(key)
        if found is None:
            everything = Allowed(asked, everything=True)
            glance = Glance.of(self.network, asked, egress=self.towards)
            own = OwnGroups(judge, asked, everything, glance=glance)
            found = self.own_groups[key] = GroupBits(own, cohort.numbers)
        found.learn(cohort.held, like)
        return found

    def _alike(
        self,
        some: Iterable[NetworkInterface],
        verdict: Verdict,
        passes: Traffic,
        blockers: Iterable[tuple[Leg, Blocker]] = (),
        gaps: Iterable[Missing] = (),
        decided_by: Step | None = None,
    ) -> Alike:
        members = tuple(some)
        first = members[0]
        held = set(first.groups or ())
        for member in members:
            if not held:
                break
            if member.groups != first.groups:
                held &= set(member.groups or ())
        return Alike(
            "interfaces",
            first.vpc,
            first.subnet,
            tuple(sorted(held)),
            tuple(sorted([m.id for m in members])),
            (),
            verdict,
            passes,
            tuple(blockers) if verdict in ("blocked", "partly") else (),
            decided_by,
            tuple(gaps) if verdict == "unknown" else (),
        )

    def outside(self) -> Iterator[Alike]:
        """The internet, and the ranges beyond gateways."""
        beyond = _premises(self.network)
        others: list[tuple[Kind, Anchor]] = [("internet", AtInternet())]
        if beyond:
            others.append(("on-premises", InRange(beyond)))
        for kind, other in others:
            ours, theirs = self._placed(other)
            if isinstance(ours, Undecided) or isinstance(theirs, Undecided):
                continue  # The target itself is not there to be judged, as is said of every interface.
            result = trace(self.network, Flow(ours, theirs, self.protocol, self.port))
            if not result.paths:
                continue
            place = ours if self.towards else theirs
            verdict, passes = result.verdict, NOTHING
            for path in result.paths:
                passes = passes.union(path.total[0].traffic)
            yield Alike(
                kind,
                None,
                None,
                (),
                (),
                place.addresses if isinstance(place, Internet | OnPremises) else (),
                verdict,
                passes,
                tuple(result.blockers()) if verdict in ("blocked", "partly") else (),
                last_rule_set(result.paths) if verdict in ("reachable", "partly") else None,
                tuple(result.gaps()) if verdict == "unknown" else (),
            )


def _premises(network: Network) -> IntervalSet:
    """Private ranges outside all seen VPCs that some route sends to a gateway out of a VPC, or to an unseen peer."""
    kinds = ("virtual-private-gateway", "transit-gateway", "local-gateway", "core-network")
    ranges = [
        parse_cidr(route.destination)
        for table in network.route_tables.values()
        for route in table.routes
        if (route.target_kind in kinds or _to_unseen_peer(network, table, route)) and not route.is_prefix_list
    ]
    return minus(meet(join_all(ranges), NOT_PUBLIC), network.all_vpc_addresses)


def _to_unseen_peer(network: Network, table: RouteTable, route: Route) -> bool:
    """Whether a route leads over a peering connection into a VPC that was not seen."""
    peering = network.peerings.get(route.target) if route.target_kind == peerings.KIND else None
    other = peering.other_side(table.vpc) if peering is not None else None
    return other is not None and other.vpc not in network.vpcs
