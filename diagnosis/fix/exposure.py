"""Exposure: everything that a fix makes reachable, by tracing all that it can touch before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from diagnosis.answer import Exposure, NewlyReachable
from diagnosis.fix.between import Meeting
from diagnosis.fix.change import Change
from diagnosis.fix.ends import Members, Untold
from diagnosis.fix.region import Between, Pair, Side, sides, touched
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.trace.alike import classes
from diagnosis.trace.places import Held, Place
from diagnosis.trace.trace import Flow, Trace, trace
from diagnosis.traffic.addresses import format_cidrs
from diagnosis.traffic.intervals import IntervalSet, covers, join_all, meet
from diagnosis.traffic.ports import format_ports
from diagnosis.traffic.protocols import protocol_name
from diagnosis.traffic.traffic import Box, Traffic

BUDGET = 1500
"""How many pairs of parties are traced one by one before the enumeration stops and says so."""
SHOWN = 4
PASSING_ON = "transitgateway"


@dataclass(frozen=True, slots=True)
class Opened:
    """What became reachable: all of these sources can reach all of these destinations with this traffic."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    traffic: Traffic


def exposure(before: Network, after: Network, changes: tuple[Change, ...], asked: tuple[Trace, ...]) -> Exposure:
    """All that is reachable after the changes and was not before, the asked flow among it."""
    found, at_least = newly_open(before, after, changes)
    return Exposure(
        text=_text(before, found, asked, at_least=at_least),
        newly_reachable=tuple(_rows(before, found)),
        at_least=at_least,
    )


def newly_open(before: Network, after: Network, changes: tuple[Change, ...]) -> tuple[list[Opened], bool]:
    """What becomes reachable, and whether a budget stopped the search for more."""
    found: defaultdict[tuple[tuple[str, ...], tuple[str, ...]], list[Box]] = defaultdict(list)
    pairs: dict[Pair, None] = {}
    meeting = Meeting(before, after, changes)
    for region in (one for change in changes for one in touched(before, change)):
        if not isinstance(region, Between):
            pairs[region] = None
            continue
        for part in meeting.opened(region):
            if isinstance(part, Untold):
                pairs.update(dict.fromkeys(_one_by_one(before, part, region.protocol)))
                continue
            for box in part.traffic.boxes:
                found[part.sources.at(box.source), part.destinations.at(box.destination)].append(box)
    for source, destination, protocol in list(pairs)[:BUDGET]:
        now = _works(after, source, destination, protocol)
        if now.empty:
            continue
        for box in now.minus(_works(before, source, destination, protocol)).boxes:
            found[_names(source.members, box.source), _names(destination.members, box.destination)].append(box)
    parties = ((_parties(before, source), _parties(before, other), boxes) for (source, other), boxes in found.items())
    opened = [Opened(source, other, Traffic.of(*boxes)) for source, other, boxes in parties if _pairs(source, other)]
    return opened, len(pairs) > BUDGET or meeting.cut_short


def _parties(network: Network, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Those that send or answer themselves: an interface of a transit gateway only passes on."""
    return tuple(k for k in keys if k not in network.interfaces or network.interfaces[k].kind != PASSING_ON)


def _one_by_one(network: Network, untold: Untold, protocol: int | None) -> Iterator[Pair]:
    """The same as pairs of sides with their groups."""
    ends = [_sides(network, members) for members in (untold.sources, untold.destinations)]
    for source in ends[0]:
        for destination in ends[1]:
            yield source, destination, protocol


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


def _names(members: tuple[tuple[str, IntervalSet], ...], addresses: IntervalSet) -> tuple[str, ...]:
    """The interfaces that these addresses belong to; ranges for the outside."""
    if members:
        return tuple(sorted(eni for eni, own in members if meet(own, addresses)))
    ranges = format_cidrs(addresses)
    return ("the internet" if len(ranges) > 8 else ", ".join(ranges),)


def _pairs(sources: tuple[str, ...], destinations: tuple[str, ...]) -> int:
    """How many pairs, an interface and itself left out."""
    return len(sources) * len(destinations) - len(set(sources) & set(destinations))


def _identified(network: Network, key: str) -> str:
    """Name and id: what a program or a reviewer needs."""
    name = display_name(network, key)
    return f"{name} ({key})" if name else key


def _said(network: Network, key: str) -> str:
    """The name alone where no other interface has it."""
    name = display_name(network, key)
    if not name:
        return key
    same = [eni for eni in network.interfaces if display_name(network, eni) == name]
    return name if same == [key] else f"{name} ({key})"


def _ports(traffic: Traffic) -> Iterator[tuple[str, str]]:
    protocols = traffic.project("protocol")
    numbers = [n for low, high in zip(protocols[::2], protocols[1::2], strict=True) for n in range(low, high)]
    if len(numbers) > SHOWN:
        yield "all", "all traffic"
        return
    for number in numbers:
        part = traffic.only(protocol=(number, number + 1))
        yield protocol_name(number), format_ports(part.project("port"), number)


def _rows(network: Network, opened: list[Opened]) -> Iterator[NewlyReachable]:
    """One row for the same sources, protocol and ports; then for the same destinations."""
    by_destination: defaultdict[tuple[str, str, str], set[tuple[str, ...]]] = defaultdict(set)
    told: dict[tuple[Box, ...], list[tuple[str, str]]] = {}
    for one in opened:
        key = tuple(box._replace(source=(), destination=()) for box in one.traffic.boxes)
        if key not in told:
            told[key] = list(_ports(one.traffic))
        for protocol, ports in told[key]:
            for destination in one.destinations:
                by_destination[(destination, protocol, ports)].add(one.sources)
    joined: dict[frozenset[tuple[str, ...]], tuple[str, ...]] = {}
    grouped: defaultdict[tuple[tuple[str, ...], str, str], list[str]] = defaultdict(list)
    for (destination, protocol, ports), lots in sorted(by_destination.items()):
        these = frozenset(lots)
        if these not in joined:
            joined[these] = tuple(sorted({source for lot in these for source in lot}))
        sources = joined[these]
        if len(sources) <= SHOWN + 1:  # Of a few each is named, and nothing is news to itself.
            sources = tuple(source for source in sources if source != destination)
        if sources:
            grouped[(sources, protocol, ports)].append(destination)
    for (sources, protocol, ports), destinations in sorted(grouped.items()):
        yield NewlyReachable(
            source=_several(network, sources, say=_identified),
            destination=_several(network, tuple(destinations), say=_identified),
            protocol=protocol,
            ports=ports,
            count=_pairs(sources, tuple(destinations)),
        )


def _several(network: Network, keys: tuple[str, ...], say: Callable[[Network, str], str]) -> str:
    """A few by name, many by the group or subnet that they share, with the count."""
    if len(keys) <= SHOWN:
        return ", ".join(say(network, key) for key in keys)
    found = [network.interfaces[key] for key in keys if key in network.interfaces]
    groups = set.intersection(*(set(i.groups or ()) for i in found)) if found else set()
    subnets = {i.subnet for i in found}
    if len(found) == len(keys) and groups:
        shared = f"security group {say(network, min(groups))}"
    elif len(found) == len(keys) and len(subnets) == 1:
        shared = f"subnet {say(network, min(str(s) for s in subnets))}"
    else:
        shared = ", ".join(say(network, key) for key in keys[:SHOWN]) + ", ..."
    return f"{len(keys)} of {shared}"


def _text(network: Network, opened: list[Opened], asked: tuple[Trace, ...], *, at_least: bool) -> str:
    """What else it opens, in one sentence."""
    others = [o for o in opened if _pairs(o.sources, o.destinations) > 1 or not _was_asked(o, asked)]
    more = " at least" if at_least else ""
    if not others:
        return "opens at least what was asked; not all was enumerated" if at_least else "opens nothing else"
    sources = sorted({s for lot in {o.sources for o in others} for s in lot} - _asked_sources(others, asked))
    destinations = sorted({d for lot in {o.destinations for o in others} for d in lot})
    kinds = {tuple(b._replace(source=(), destination=()) for b in o.traffic.boxes): o.traffic for o in others}
    what = sorted(
        {ports if p == "all" else f"{p} {ports}" for traffic in kinds.values() for p, ports in _ports(traffic)}
    )
    listed = ", ".join(what[:SHOWN]) + (", ..." if len(what) > SHOWN else "")
    return (
        f"also opens{more} {listed} from {_several(network, tuple(sources), say=_said)} "
        f"to {_several(network, tuple(destinations), say=_said)}"
    )


def _asked_sources(others: list[Opened], asked: tuple[Trace, ...]) -> set[str]:
    """The sources that were asked about, where nothing else becomes open to them: they are no news."""
    found: set[str] = set()
    for one in asked:
        source, destination = _place_key(one.flow.source), _place_key(one.flow.destination)
        theirs = [o for o in others if source in o.sources]
        questions = [path.question for path in one.paths]
        if source and all(
            o.destinations == (destination,) and any(_same_ports(o.traffic, q) for q in questions) for o in theirs
        ):
            found.add(source)
    return found if any(set(o.sources) - found for o in others) else set()


def _same_ports(opened: Traffic, question: Traffic) -> bool:
    """Whether the opened traffic is of no other protocol and port than the question's."""
    return covers(question.project("protocol"), opened.project("protocol")) and covers(
        question.project("port"), opened.project("port")
    )


def _was_asked(opened: Opened, asked: tuple[Trace, ...]) -> bool:
    """Whether all of it is what the question asked for."""
    rest = opened.traffic
    for one in asked:
        source, destination = _place_key(one.flow.source), _place_key(one.flow.destination)
        if (source is None or opened.sources == (source,)) and (
            destination is None or opened.destinations == (destination,)
        ):
            for path in one.paths:
                rest = rest.minus(path.question)
    return rest.empty


def _place_key(place: Place) -> str | None:
    """The interface of a place; None for the outside, which stands for any part of it."""
    return place.interface.id if isinstance(place, Held) else None
