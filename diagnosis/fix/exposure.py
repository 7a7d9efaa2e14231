"""Exposure: everything that a fix makes reachable, by tracing all that it can touch before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from diagnosis.answer import Exposure
from diagnosis.fix.between import Meeting
from diagnosis.fix.change import Change
from diagnosis.fix.ends import Members, Opening, Untold
from diagnosis.fix.parties import Opened, Parties, Roll, in_words, pairs_between, roll_of
from diagnosis.fix.region import Between, Beyond, InPairs, Pair, Side, against, sides, touched
from diagnosis.fix.telling import rows, told
from diagnosis.network.network import Network
from diagnosis.trace.alike import classes
from diagnosis.trace.trace import Flow, Trace, trace
from diagnosis.traffic.addresses import ALL_ADDRESSES
from diagnosis.traffic.intervals import IntervalSet, join_all, meet
from diagnosis.traffic.traffic import Box, Traffic

BUDGET = 1500
"""How many pairs of parties are traced one by one before the enumeration stops and says so."""


def exposure(before: Network, after: Network, changes: tuple[Change, ...], asked: tuple[Trace, ...]) -> Exposure:
    """All that is reachable after the changes and was not before, the asked flow among it."""
    found, at_least = newly_open(before, after, changes)
    return Exposure(
        text=told(before, found, asked, at_least=at_least),
        newly_reachable=tuple(rows(before, found)),
        at_least=at_least,
    )


def newly_open(before: Network, after: Network, changes: tuple[Change, ...]) -> tuple[list[Opened], bool]:
    """What becomes reachable, and whether a budget stopped the search for more."""
    found: defaultdict[tuple[Parties, Parties], list[Box]] = defaultdict(list)
    single: dict[Pair, None] = {}
    meeting = Meeting(before, after, changes)
    for region in (one for change in changes for one in touched(before, change)):
        match region:
            case Between():
                parts = meeting.opened(region)
            case Beyond():
                parts = meeting.opened_outside(region)
            case InPairs():
                _enlist(single, region.each)
                continue
        for part in parts:
            if isinstance(part, Untold):
                _enlist(single, _one_by_one(before, part, region))
                continue
            for box in part.boxes:
                ends = part.sources.parties(box.source), part.destinations.parties(box.destination)
                found[ends].append(_with_addresses(part, box, *ends))
    roll = roll_of(before)
    for source, destination, protocol in list(single)[:BUDGET]:
        now = _works(after, source, destination, protocol)
        if now.empty:
            continue
        for box in now.minus(_works(before, source, destination, protocol)).boxes:
            found[_owners(roll, source, box.source), _owners(roll, destination, box.destination)].append(box)
    passing_on = Parties(roll.passing_on)
    parties = ((ours - passing_on, theirs - passing_on, boxes) for (ours, theirs), boxes in found.items())
    opened = [
        Opened(roll, ours, theirs, Traffic.of(*boxes)) for ours, theirs, boxes in parties if pairs_between(ours, theirs)
    ]
    return opened, len(single) > BUDGET or meeting.cut_short


def _enlist(single: dict[Pair, None], pairs: Iterator[Pair]) -> None:
    """Adds pairs that are to be traced one by one, as long as not even one too many is there."""
    while len(single) <= BUDGET:
        pair = next(pairs, None)
        if pair is None:
            return
        single[pair] = None


def _with_addresses(part: Opening, box: Box, sources: Parties, destinations: Parties) -> Box:
    """The box with addresses in place of their numbers. Among many parties nobody asks which address is whose."""
    if sources.many:
        box = box._replace(source=ALL_ADDRESSES)
    else:
        box = box._replace(source=part.sources.addresses(box.source))
    if destinations.many:
        return box._replace(destination=ALL_ADDRESSES)
    return box._replace(destination=part.destinations.addresses(box.destination))


def _one_by_one(network: Network, untold: Untold, region: Between | Beyond) -> Iterator[Pair]:
    """The same as pairs of sides with their groups."""
    if isinstance(region, Beyond):
        for some in classes(network, [one for one, _ in untold.sources]):
            yield from against(some, [region.outside], region.protocol, outgoing=region.outgoing)
        return
    ends = [_sides(network, members) for members in (untold.sources, untold.destinations)]
    for source in ends[0]:
        for destination in ends[1]:
            yield source, destination, region.protocol


def _sides(network: Network, members: Members) -> list[Side]:
    wanted = join_all(own for _, own in members)
    return [side for some in classes(network, [one for one, _ in members]) for side in sides(some, wanted)]


def _works(network: Network, source: Side, destination: Side, protocol: int | None) -> Traffic:
    """The connections between two parties that may work there and back."""
    found = Traffic.nothing()
    for path in trace(network, Flow(source.place, destination.place, protocol, None), explain=False).paths:
        if not path.total[1].traffic.empty:
            found = found.union(path.total[1].traffic)
    return found


def _owners(roll: Roll, side: Side, addresses: IntervalSet) -> Parties:
    """The interfaces that these addresses belong to; ranges for the outside."""
    if not side.members:
        return in_words(addresses)
    return Parties(sum(1 << roll.number[eni] for eni, own in side.members if meet(own, addresses)))
