"""Crowds: flows whose parties are alike on both sides, judged by one trace.

Half a million refused flows are a few hundred reasons: every instance of a fleet that tries every node of a cluster.
The flows of one crowd go from interfaces that differ in nothing but their addresses (or from anywhere on the internet)
to such interfaces, with the same protocol and port. All of them are traced as one set. Where each step treats the whole
set alike, so it does each flow; where one does not, the crowd is parted by what that step told apart, and its parts are
traced. What cannot be shared is judged by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.trace import points
from diagnosis.trace.places import Held, Internet
from diagnosis.trace.placing import anchor, place_both
from diagnosis.trace.spots import spot
from diagnosis.trace.stencils import traced
from diagnosis.trace.step import Blocker, Leg
from diagnosis.trace.trace import Flow, Trace, Verdict, trace
from diagnosis.traffic.intervals import IntervalSet, covers, has, join_all
from diagnosis.traffic.traffic import Box

FEWEST = 3
"""A crowd of fewer flows is not worth a trace of its own."""
PARTINGS = 4
"""How often a crowd is parted before its flows are judged one by one."""


class Asked(NamedTuple):
    """A flow from any port of the client, in the words of `placing.anchor`."""

    source: str
    destination: str
    protocol: int
    port: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on a flow. Where it was shared, the blockers tell of the whole crowd and not of one interface."""

    verdict: Verdict
    forward: Verdict
    returning: Verdict | None
    blockers: tuple[tuple[Leg, Blocker], ...] = ()
    gaps: tuple[Missing, ...] = ()


class Side(NamedTuple):
    """A party that does not depend on the other one, and what it is alike with."""

    key: Hashable
    place: Held | Internet
    address: int
    public: str = ""
    """The interface, where it has a public address: towards the internet it is then alike with none."""

    def towards(self, other: Side) -> Hashable:
        """What it is alike with as seen by the other side."""
        return (self.key, self.public) if isinstance(other.place, Internet) else self.key


Member = tuple[int, Side, Side]
"""A flow by its number, with its two sides."""


def outcomes(network: Network, flows: Sequence[Asked]) -> list[Outcome]:
    """The outcome of each flow, in order; unknown where a party is none at all."""
    found: list[Outcome | None] = [None] * len(flows)
    crowds: defaultdict[Hashable, list[Member]] = defaultdict(list)
    sides: dict[str, Side | None] = {}
    for number, flow in enumerate(flows):
        for text, other in ((flow.source, flow.destination), (flow.destination, flow.source)):
            if text not in sides:
                sides[text] = _side(network, text, other)
        ours, theirs = sides[flow.source], sides[flow.destination]
        if ours is None or theirs is None or not _apart(network, ours.place, theirs.place):
            found[number] = alone(network, flow)
        else:
            crowds[ours.towards(theirs), theirs.towards(ours), flow.protocol, flow.port].append((number, ours, theirs))
    while crowds:
        _, crowd = crowds.popitem()
        for number, outcome in _judged(network, flows, crowd, PARTINGS):
            found[number] = outcome
    return [outcome for outcome in found if outcome is not None]


def alone(network: Network, flow: Asked) -> Outcome:
    """The outcome of one flow by itself; unknown where a party is none at all."""
    point = points.judged(network, flow.source, flow.destination, flow.protocol, points.Ports(flow.port, None))
    if point is None:
        try:
            places = place_both(network, anchor(network, flow.source), anchor(network, flow.destination))
        except ValueError as error:
            return Outcome("unknown", "unknown", None, gaps=(Missing("", "", "", str(error)),))
        return _outcome(traced(network, Flow(*places, flow.protocol, flow.port), explain=False))
    return Outcome(point.verdict, point.forward, point.returning, tuple(point.blockers()))


def _outcome(result: Trace) -> Outcome:
    return Outcome(result.verdict, result.forward, result.returning, tuple(result.blockers()), tuple(result.gaps()))


def _side(network: Network, text: str, other: str) -> Side | None:
    """A party on its own; None where the other side has a say in what it is."""
    try:
        place = place_both(network, anchor(network, text), anchor(network, other))[0]
    except ValueError:
        return None
    match place:
        case Internet(addresses=(low, _), whole=False):
            return Side("internet 6" if ":" in text else "internet 4", place, low)
        case Held(implied=False) if _only_holder(network, text, place):
            plain = spot(network, place)
            certain = plain is not None and plain.up and not plain.assumed and not place.by_public_address
            if plain is None or not certain or place.interface.groups is None:
                return Side((place.interface.id, place.address), place, place.address)
            public = place.interface.id if any(a.public is not None for a in place.interface.ipv4) else ""
            key = (plain.narrow, place.interface.groups, plain.clients, plain.six)
            return Side(key, place, place.address, public)
        case _:
            return None


def _only_holder(network: Network, text: str, place: Held) -> bool:
    """Whether the text can mean this interface only, whatever the other side is."""
    holders = network.holders(place.address) or network.by_public_address.get(place.address, ())
    vpc, named, _ = text.rpartition("/")
    return len(holders) == 1 or (bool(named) and sum(network.interfaces[eni].vpc == vpc for eni in holders) == 1)


def _apart(network: Network, source: Held | Internet, destination: Held | Internet) -> bool:
    """Whether two sides stay what they are when they meet: not one interface, not an address that is home's too."""
    if isinstance(source, Internet) or isinstance(destination, Internet):
        return not (isinstance(source, Internet) and isinstance(destination, Internet))
    if source.interface is destination.interface:
        return False
    if source.interface.vpc == destination.interface.vpc:
        return True
    home = network.vpcs.get(source.interface.vpc or "")
    return home is None or not has(home.addresses, destination.address)


def _judged(
    network: Network, flows: Sequence[Asked], crowd: list[Member], partings: int
) -> Iterator[tuple[int, Outcome]]:
    if len(crowd) < FEWEST or not partings:
        yield from ((number, alone(network, flows[number])) for number, _, _ in crowd)
        return
    sources, destinations = _addresses(ours for _, ours, _ in crowd), _addresses(theirs for _, _, theirs in crowd)
    number, ours, theirs = crowd[0]
    flow = flows[number]
    result = trace(
        network,
        Flow(_all(ours.place, sources), _all(theirs.place, destinations), flow.protocol, flow.port),
        explain=False,
    )
    told = list(_told_apart(result, sources, destinations))
    if not told:
        outcome = _outcome(result)
        names = {each.place.interface.id for each in (ours, theirs) if isinstance(each.place, Held)}
        own = any(blocker.component in names for _, blocker in outcome.blockers)
        yield from ((member[0], _of(outcome, crowd[0], member) if own else outcome) for member in crowd)
        return
    parts: defaultdict[Hashable, list[Member]] = defaultdict(list)
    marks: dict[tuple[bool, int], tuple[bool, ...]] = {}
    for member in crowd:
        key = []
        for is_source, side in ((True, member[1]), (False, member[2])):
            mark = marks.get((is_source, side.address))
            if mark is None:
                mark = tuple(has(box.source if is_source else box.destination, side.address) for box in told)
                marks[is_source, side.address] = mark
            key.append(mark)
        parts[tuple(key)].append(member)
    left = partings - 1 if len(parts) > 1 else 0
    for part in parts.values():
        yield from _judged(network, flows, part, left)


def _of(outcome: Outcome, first: Member, member: Member) -> Outcome:
    """The outcome of another one than the first of a crowd, whose interfaces it was found with: it names its own."""
    own = {
        known.place.interface.id: side.place.interface.id
        for known, side in zip(first[1:], member[1:], strict=True)
        if isinstance(known.place, Held) and isinstance(side.place, Held)
    }
    blockers = (
        (leg, blocker._replace(component=own.get(blocker.component, blocker.component)))
        for leg, blocker in outcome.blockers
    )
    return replace(outcome, blockers=tuple(blockers))


def _addresses(sides: Iterable[Side]) -> IntervalSet:
    return join_all((address, address + 1) for address in {side.address for side in sides})


def _all(place: Held | Internet, addresses: IntervalSet) -> Held | Internet:
    """The place of one of the crowd, with the addresses of all."""
    if isinstance(place, Internet):
        return Internet(addresses)
    return place if addresses == place.addresses else replace(place, alike=addresses)


def _told_apart(result: Trace, sources: IntervalSet, destinations: IntervalSet) -> Iterator[Box]:
    """What a step did to some of the crowd only.

    Replies have the header of their connection here, so both legs are compared alike. A side that is one address cannot
    be told apart, though a gateway may have rewritten it.
    """
    one, other = _single(sources), _single(destinations)
    for box in _touched(result):
        if not ((one or covers(box.source, sources)) and (other or covers(box.destination, destinations))):
            yield box


def _single(addresses: IntervalSet) -> bool:
    return len(addresses) == 2 and addresses[1] - addresses[0] == 1


def _touched(result: Trace) -> Iterator[Box]:
    """What each path was asked, and all that some step dropped or could not judge."""
    for path in result.paths:
        yield from path.question.boxes
        for step in (step for hop in (*path.forward_hops, *path.return_hops) for step in hop.steps):
            yield from step.unknown.boxes
            yield from (box for blocker in step.blockers for box in blocker.dropped.boxes)
