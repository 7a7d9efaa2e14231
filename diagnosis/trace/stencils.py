"""Stencils: the way between two places, found once as a set, and every flow that takes it cut out of it.

What all addresses of one place meet on their way to all addresses of another is one trace, of all ports, with the
security groups left out and every network ACL open. Each step of it passes all, drops all, or cannot be told of any, so
it is the step of each flow between the two; groups and ACLs are judged on the flow itself by the functions that the
trace judges them with. There are no other rules here than the trace's own; where a stencil would not be exact there is
none, and the flow is traced.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import interfaces, network_acls
from diagnosis.trace.ends import End, end_of
from diagnosis.trace.moves import (
    OUR_SUBNET,
    OURS,
    THEIR_SUBNET,
    THEIRS,
    Acl,
    Back,
    Ends,
    Groups,
    Move,
    State,
    Told,
    Tracked,
    Turn,
)
from diagnosis.trace.places import Held, Internet, Nobody, OnPremises, Place
from diagnosis.trace.spots import Spot, outside, spot
from diagnosis.trace.step import Blocker, Hop, Step
from diagnosis.trace.trace import Flow, Path, Trace, header_space, path_of, trace
from diagnosis.trace.walk import Chain, Translated, Walk
from diagnosis.trace.worth import worth
from diagnosis.traffic.filters import EGRESS, INGRESS, REPLY_EGRESS, REPLY_INGRESS, View
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ALL_PROTOCOLS, ICMP, ICMPV6
from diagnosis.traffic.traffic import NOTHING, Box, Traffic

MOST = 50_000
"""How many pairs of places are remembered: a stencil takes less than a kilobyte, since moves are shared."""
NONE, ONCE = "none", "once"
"""What stands for a stencil that would not be exact, and for one that was asked for once and not made yet."""
VIEWS: dict[tuple[bool, str | None], View] = {
    (False, "egress"): EGRESS,
    (False, "ingress"): INGRESS,
    (True, "egress"): REPLY_EGRESS,
    (True, "ingress"): REPLY_INGRESS,
}
"""How an ACL looks at a connection, by whether its replies come by and their direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Stencil:
    """All that happens between two places."""

    there: tuple[Move, ...]
    back: tuple[Move, ...]
    brief: tuple[tuple[Move, ...], tuple[Move, ...]]
    """Both legs without what lets everything pass."""
    points: tuple[tuple[Move, ...], tuple[Move, ...]]
    """The same without the state of interfaces that are up."""
    notes: tuple[str, ...]


def traced(network: Network, flow: Flow, *, explain: bool = True) -> Trace:
    """The trace of a flow, by a stencil where there is one."""
    if not worth(network):
        return trace(network, flow, explain=explain)
    ours, theirs = spot(network, flow.source), spot(network, flow.destination)
    if ours is not None and theirs is not None:
        stencil = between(network, flow.protocol, ours, theirs)
        if stencil is not None:
            return Trace(flow, (cut(network, flow, Ends(ours, theirs), stencil, explain),), notes=stencil.notes)
    return trace(network, flow, explain=explain)


def stencils_of(network: Network) -> dict[Hashable, Stencil | str]:
    """All stencils that were made for a network, and what stands for others."""
    found: dict[Hashable, Stencil | str] | None = network.memo.get("stencils")
    if found is None:
        found = network.memo["stencils"] = {}
    return found


def between(network: Network, protocol: int | None, ours: Spot, theirs: Spot) -> Stencil | None:
    """The stencil of a protocol, or of all of them, from one spot to another; None where there is none."""
    if ours.six is not theirs.six:
        return None
    known = stencils_of(network)
    for key, scope in _scopes(network, protocol, ours, theirs):
        found = known.get(key)
        if found is None:
            found = made(network, scope, Ends(ours, theirs)) or NONE
            if len(known) < MOST:
                known[key] = found
        if isinstance(found, Stencil):
            return found
    return None


@dataclass(frozen=True, slots=True)
class Scope:
    """What one stencil is of: all addresses of two places, and a protocol or all of them."""

    sources: IntervalSet
    destinations: IntervalSet
    protocols: IntervalSet


def _scopes(network: Network, protocol: int | None, ours: Spot, theirs: Spot) -> Iterator[tuple[Hashable, Scope]]:
    """The stencils that a flow may be cut out of, the widest first."""
    if isinstance(ours.place, Held) and ours.place.by_public_address:
        return
    number = ICMPV6 if ours.six and protocol == ICMP else protocol  # As `header_space` takes it.
    single = (number, number + 1) if number is not None else None
    if isinstance(ours.place, Internet) or isinstance(theirs.place, Internet):
        inside = theirs if isinstance(ours.place, Internet) else ours
        there = outside(network, theirs.addresses if inside is ours else ours.addresses, inside)
        if there is None or single is None:
            return
        sides = (inside.range, there.addresses) if inside is ours else (there.addresses, inside.range)
        yield (inside.narrow, there.way, inside is ours, ours.six, number), Scope(*sides, single)
        return
    mine, other = ours.interface, theirs.interface
    if isinstance(ours.place, OnPremises) or isinstance(theirs.place, OnPremises):
        if single is not None and (mine is not None or other is not None):
            yield (ours.narrow, theirs.narrow, ours.six, number), Scope(ours.range, theirs.range, single)
        return
    if mine is None or mine is other or (isinstance(theirs.place, Held) and theirs.place.by_public_address):
        return
    beside = ours.subnet == theirs.subnet
    if ours.wide is not None and not beside:
        wide = theirs.wide is not None
        key = (ours.wide, theirs.wide if wide else theirs.narrow, ours.six)
        yield key, Scope(ours.wide_range, theirs.wide_range if wide else theirs.range, ALL_PROTOCOLS)
    pair = (ours.narrow, theirs.narrow, beside, ours.six)
    yield pair, Scope(ours.range, theirs.range, ALL_PROTOCOLS)
    if single is not None:
        yield (*pair, number), Scope(ours.range, theirs.range, single)


def cut(network: Network, flow: Flow, ends: Ends, stencil: Stencil, explain: bool) -> Path:
    """The path of one flow."""
    there, back = (stencil.there, stencil.back) if explain else stencil.brief
    walk = Walk.start(network, "forward", header_space(network, flow), explain=explain)
    for move in there:
        if not (isinstance(move, Groups) and _apart(flow, ours=move.ours)):
            move.on(walk, ends)
    walk.notes = stencil.notes
    arrived = Chain(walk.possible.traffic, whole=True)
    reply = Walk(network, "return", walk.traffic, arrived, arrived, walk.certain, explain, crossings=walk.crossings)
    for move in back:
        move.on(reply, ends)
    for move in there:
        if isinstance(move, Groups):
            peer = (ends.theirs if move.ours else ends.ours).interface
            judge = replace(move.end.judge, network=network, peer=peer)
            walk.leaving, walk.entering = (judge, walk.entering) if move.ours else (walk.leaving, judge)
    return path_of(walk, reply)


def _apart(flow: Flow, *, ours: bool) -> bool:
    place = flow.source if ours else flow.destination
    return isinstance(place, Held) and place.groups_apart


def made(network: Network, scope: Scope, ends: Ends) -> Stencil | None:
    """The stencil of a scope, by two places in it; None where it is not one way for all of the scope."""
    everything = Traffic.of(Box(scope.sources, scope.destinations, scope.protocols, ALL_PORTS, ALL_PORTS))
    if everything.empty:
        return None
    ours, theirs = _without_groups(network, ends.ours.place), _without_groups(network, ends.theirs.place)
    bare = Flow(ours, theirs, None, None)
    result = trace(ground(network), bare, headers=everything)
    if result.gap is not None or len(result.paths) != 1:
        return None
    [path] = result.paths
    if not path.alone or not _arrives(path, ends.theirs.place):
        return None
    return _Reading(network, ends, path, everything).stencil(result.notes)


def ground(network: Network) -> Network:
    """The network with open ACLs: the ground on which ways are found."""
    found: Network | None = network.memo.get("open ground")
    if found is None:
        found = network.memo["open ground"] = network.with_open_acls()
    return found


def _without_groups(network: Network, place: Held | Internet | Nobody | OnPremises) -> Place:
    if not isinstance(place, Held):
        return place
    known: dict[str, NetworkInterface] | None = network.memo.get("without groups")
    if known is None:
        known = network.memo["without groups"] = {}
    found = known.get(place.interface.id)
    if found is None:
        found = known[place.interface.id] = replace(place.interface, groups=())
    return replace(place, interface=found)


def _arrives(path: Path, place: Held | Internet | Nobody | OnPremises) -> bool:
    """Whether it ends where it should: elsewhere a single address would have its say in what is told."""
    steps = [step for hop in path.forward_hops for step in hop.steps]
    match place:
        case Held():
            return path.entering is not None
        case Nobody(vpc=vpc, subnet=subnet):
            return bool(steps) and steps[-1].kind == "address" and steps[-1].component == (subnet or vpc)
        case Internet() | OnPremises():
            return not any(step.kind == "address" for step in steps)


class _Unlike(Exception):
    """Some step is not the same for all."""


class _Reading:
    """The moves of one path, read step by step."""

    def __init__(self, network: Network, ends: Ends, path: Path, everything: Traffic) -> None:
        self.network = network
        self.path = path
        self.ends = ends
        self.stretches = [everything, *(t.before for t in path.translations[1:])]
        if path.translations:
            self.stretches.append(path.arrives)
        self.at = 0
        ours, theirs = ends
        self.names: dict[str, str] = {}
        for spot_, own, subnet in ((theirs, THEIRS, THEIR_SUBNET), (ours, OURS, OUR_SUBNET)):
            if spot_.subnet is not None and spot_.interface is not None:
                self.names |= {spot_.subnet: subnet, spot_.interface.id: own}
        interned: dict[tuple[type[Move], Move], Move] | None = network.memo.get("moves")
        if interned is None:
            interned = network.memo["moves"] = {}
        self.interned = interned

    def stencil(self, notes: tuple[str, ...]) -> Stencil | None:
        """The path as a stencil; None where some step is not the same for all that takes it."""
        turns = self.path.translations
        if any(turn.before is not stretch for turn, stretch in zip(turns, self.stretches, strict=False)):
            return None
        try:
            self._same_text(notes)
            there = [*self._moves(self.path.forward_hops, reply=False), *self._turns(len(turns))]
            back = [*self._moves(self.path.return_hops, reply=True), *self._turns(0)]
        except _Unlike:
            return None
        if isinstance(self.ends.theirs.place, Held):
            back.insert(0, Tracked(ours=False))
        if isinstance(self.ends.ours.place, Held):
            back.append(Tracked(ours=True))
        ways = self._shared(there), self._shared(back)
        brief = tuple(tuple(m for m in way if not _silent(m)) for way in ways)
        points = tuple(tuple(m for m in way if not isinstance(m, State)) for way in brief)
        return Stencil(*ways, (brief[0], brief[1]), (points[0], points[1]), notes)

    def _shared(self, moves: list[Move]) -> tuple[Move, ...]:
        """The moves, each the same object for all stencils that have it."""
        return tuple(self.interned.setdefault((type(move), move), move) for move in moves)

    def _moves(self, hops: tuple[Hop, ...], *, reply: bool) -> Iterator[Move]:
        for hop in hops:
            for step in hop.steps:
                stretch = self._stretch_of(step)
                if stretch != self.at:
                    yield from self._turns(stretch)
                if step.kind == interfaces.KIND and not reply and step.component in self.names:
                    yield from self._interface(ours=self.names[step.component] == OURS)
                elif step.kind == network_acls.KIND:
                    yield self._acl(step, reply=reply)
                else:
                    yield self._told(hop, step)

    def _stretch_of(self, step: Step) -> int:
        """On which stretch of the way a step judges all there is."""
        passed, dropped, unknown = step.passed, step.dropped, step.unknown
        if bool(passed.boxes) + bool(dropped.boxes) + bool(unknown.boxes) == 1:
            held = passed if passed.boxes else dropped if dropped.boxes else unknown
            for number, stretch in enumerate(self.stretches):
                if held is stretch:
                    return number
        raise _Unlike

    def _interface(self, *, ours: bool) -> Iterator[Move]:
        """The state of the interface at one end, with its groups on the side of the way."""
        if ours:
            yield State(ours=True)
        if (self.path.leaving if ours else self.path.entering) is not None:
            yield Groups(ours=ours, end=self._end(ours=ours))
        if not ours:
            yield State(ours=False)

    def _acl(self, step: Step, *, reply: bool) -> Acl:
        if step.subnet is None or step.direction is None or step.passed.empty:
            raise _Unlike
        view, subnet = VIEWS[reply, step.direction], self.names.get(step.subnet, step.subnet)
        if subnet != step.subnet:
            return Acl(subnet, None, subnet, step.direction, view)
        acl = self.network.acls[step.component]
        rules = network_acls.acl_filter(self.network, acl, egress=step.direction == "egress")
        return Acl(acl.id, rules, subnet, step.direction, view)

    def _end(self, *, ours: bool) -> End:
        judge = self.path.leaving if ours else self.path.entering
        interface = (self.ends.ours if ours else self.ends.theirs).interface
        assert judge is not None
        assert interface is not None
        return end_of(self.network, judge, interface.vpc, egress=ours)

    def _told(self, hop: Hop, step: Step) -> Told:
        if step.detail or step.assumed:
            self._same_text((step.detail, *step.assumed))
        blockers: tuple[Blocker, ...] = ()
        own = step.component in self.names or hop.component in self.names
        if step.gaps or step.blockers:
            self._same_text((*(g.reason for gap in step.gaps for g in gap.each()), *(b.detail for b in step.blockers)))
            blockers = tuple(map(self._blocker, step.blockers))
            if any(b.dropped is not step.dropped for b in step.blockers):
                raise _Unlike
            own = own or any(one in self.names for b in step.blockers for one in (b.component, *b.related))
        outcome = "passed" if step.passed.boxes else "dropped" if step.dropped.boxes else "unknown"
        return Told(
            self._name(hop.component),
            hop.kind,
            step.kind,
            self._name(step.component),
            step.direction,
            outcome,
            step.rule,
            step.detail,
            blockers,
            step.gaps,
            step.assumed,
            own,
        )

    def _blocker(self, b: Blocker) -> Blocker:
        related = tuple(map(self._name, b.related))
        return Blocker(b.code, self._name(b.component), related, b.direction, b.rule, NOTHING, b.detail, b.any_of)

    def _name(self, identity: str) -> str:
        found: str = self.names.get(identity, identity)
        return found

    def _same_text(self, texts: tuple[str, ...]) -> None:
        """What is said must not name one of the ends, or be said of all that are like it."""
        whole = "\n".join(texts)
        for identity in self.names:
            if identity in whole:
                raise _Unlike

    def _turns(self, stretch: int) -> Iterator[Move]:
        """From the stretch where the reading is to another one."""
        while self.at < stretch:
            yield self._turn(self.path.translations[self.at], self.stretches[self.at], self.stretches[self.at + 1])
            self.at += 1
        while self.at > stretch:
            self.at -= 1
            yield Back(self.at)

    def _turn(self, crossing: Translated, before: Traffic, after: Traffic) -> Turn:
        if len(before.boxes) != 1 or len(after.boxes) != 1 or not crossing.keeps_port:
            raise _Unlike
        [one], [other] = before.boxes, after.boxes
        if one.protocol != other.protocol or one.port != other.port:
            raise _Unlike
        source: IntervalSet | str | None = other.source if other.source != one.source else None
        destination: IntervalSet | str | None = other.destination if other.destination != one.destination else None
        ours, theirs = self.ends.ours.place, self.ends.theirs.place
        if isinstance(ours, Held) and source is not None:
            public = ours.interface.public_of(ours.private)
            source = OURS if public is not None and source == (public, public + 1) else source
        if isinstance(theirs, Held) and destination == (theirs.private, theirs.private + 1):
            destination = THEIRS
        ports = other.source_port if other.source_port != one.source_port else None
        return Turn(crossing.gateway, crossing.kind, source, destination, ports, crossing.keeps_source)


def _silent(move: Move) -> bool:
    """Whether a move lets everything pass, so that nothing is to be said where nobody asks for what passes."""
    return isinstance(move, Tracked) or (isinstance(move, Told) and move.outcome == "passed" and not move.assumed)
