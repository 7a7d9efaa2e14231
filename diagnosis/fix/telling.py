"""An exposure in rows and in one sentence: a few parties by name, many by what they share, with their number."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from diagnosis.answer import NewlyReachable
from diagnosis.explanation.protocol_words import words_of_any
from diagnosis.fix.parties import NOBODY, Opened, Parties, Roll, numbers, pairs_between, roll_of
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name, label
from diagnosis.trace.places import Held, Place
from diagnosis.trace.trace import Trace
from diagnosis.traffic.addresses import is_ipv6
from diagnosis.traffic.intervals import covers, has, pieces, size
from diagnosis.traffic.ports import format_ports
from diagnosis.traffic.protocols import numbers_in, protocol_name
from diagnosis.traffic.traffic import Box, Traffic

SHOWN = 4


def rows(network: Network, opened: list[Opened]) -> Iterator[NewlyReachable]:
    """One row for the same sources, protocol and ports, then for the same destinations; those of most pairs first."""
    roll = roll_of(network)
    found: list[tuple[int, NewlyReachable]] = []
    for (protocol, ports), lots in _by_ports(opened).items():
        for sources, destinations in (_apart(*ends) for ends in _by_sources(lots).items()):
            count = pairs_between(sources, destinations)
            row = NewlyReachable(
                source=_several(network, roll, sources, say=label),
                destination=_several(network, roll, destinations, say=label),
                protocol=protocol,
                ports=ports,
                count=count,
            )
            found.append((-count, row))
    found.sort(key=lambda one: (one[0], one[1].source, one[1].destination, one[1].protocol, one[1].ports))
    return (row for _, row in found)


def _apart(sources: Parties, destinations: Parties) -> tuple[Parties, Parties]:
    """Both ends, a single one left out of the other: nothing is news to itself."""
    if len(destinations) == 1:
        return sources - destinations, destinations
    if len(sources) == 1:
        return sources, destinations - sources
    return sources, destinations


def _by_ports(opened: list[Opened]) -> dict[tuple[str, str], dict[Parties, Parties]]:
    """For each protocol and ports, the sources of each lot of destinations."""
    keyed = [(_sideless(one.traffic), one) for one in opened]
    kinds = {key: one.traffic for key, one in keyed}
    # What was open before to everyone is left out: "all traffic but tcp 22".
    most = words_of_any(traffic for traffic in kinds.values() if _of_many(traffic))
    told = {key: list(_ports(traffic, most)) for key, traffic in kinds.items()}
    found: defaultdict[tuple[str, str], dict[Parties, Parties]] = defaultdict(dict)
    for key, one in keyed:
        for ports in told[key]:
            lots = found[ports]
            lots[one.theirs] = lots.get(one.theirs, NOBODY) | one.ours
    return found


def _by_sources(lots: dict[Parties, Parties]) -> dict[Parties, Parties]:
    """The destinations of each lot of sources, every destination with all of its sources."""
    # Many destinations are in the same lots: by the numbers of those, all sources are joined once.
    some = list(lots.values())
    inside: defaultdict[int, list[int]] = defaultdict(list)
    outside: defaultdict[str, list[int]] = defaultdict(list)
    for at, destinations in enumerate(lots):
        for number in numbers(destinations.bits):
            inside[number].append(at)
        for words in destinations.outside:
            outside[words].append(at)
    alike: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, in_lots in inside.items():
        alike[tuple(in_lots)].append(number)
    each = [(those, Parties(sum(1 << number for number in theirs))) for those, theirs in alike.items()]
    each += [(tuple(in_lots), Parties(outside=frozenset({words}))) for words, in_lots in outside.items()]
    found: dict[Parties, Parties] = {}
    for those, destinations in each:
        sources = NOBODY
        for at in those:
            sources |= some[at]
        # Of a few each is named, and nothing is news to itself.
        for destination in destinations.each() if len(sources) <= SHOWN + 1 else (destinations,):
            others = sources - destination if len(sources) <= SHOWN + 1 else sources
            if len(others):
                found[others] = found.get(others, NOBODY) | destination
    return found


def _sideless(traffic: Traffic) -> tuple[Box, ...]:
    return tuple(box._replace(source=(), destination=()) for box in traffic.boxes)


def _of_many(traffic: Traffic) -> bool:
    """Whether it is of more protocols than are named one by one."""
    return size(traffic.project("protocol")) > SHOWN


def _ports(traffic: Traffic, most: str) -> Iterator[tuple[str, str]]:
    """Protocols with their ports; of many the words for most of them."""
    if _of_many(traffic):
        yield "all", most
        return
    for number in numbers_in(traffic.project("protocol")):
        part = traffic.only(protocol=(number, number + 1))
        yield protocol_name(number), format_ports(part.project("port"), number)


def _said(network: Network, key: str) -> str:
    """The name alone where no other interface has it."""
    name = display_name(network, key)
    if not name or key not in network.interfaces:
        return label(network, key)
    counts: Counter[str | None] | None = network.memo.get("name counts")
    if counts is None:
        counts = network.memo["name counts"] = Counter(display_name(network, eni) for eni in network.interfaces)
    return name if counts[name] == 1 else label(network, key)


def _several(network: Network, roll: Roll, parties: Parties, say: Callable[[Network, str], str]) -> str:
    """A few by name, many by the group, subnet or VPCs that they share, with the count; ranges outside as they are."""
    if len(parties) <= SHOWN:
        return ", ".join(key if key in parties.outside else say(network, key) for key in roll.ids(parties))
    outside = sorted(parties.outside)
    beyond = [*outside[:SHOWN], *(["..."] if len(outside) > SHOWN else [])]
    inside = [f"{parties.bits.bit_count()} of {_shared(network, roll, parties.bits, say)}"] if parties.bits else []
    return " and ".join(filter(None, [*inside, ", ".join(beyond)]))


def _shared(network: Network, roll: Roll, bits: int, say: Callable[[Network, str], str]) -> str:
    """What some interfaces have in common, however many others have it too."""
    first = roll.first(bits)
    for group in first.groups or ():
        if not bits & ~roll.bits("group", group, network.members[group]):
            return f"security group {say(network, group)}"
    if first.subnet and not bits & ~roll.bits("subnet", first.subnet, network.interfaces_of_subnet[first.subnet]):
        return f"subnet {say(network, first.subnet)}"
    vpcs, left = [], bits
    while left:
        vpc = roll.first(left).vpc or ""
        left &= ~roll.of_vpc[vpc]
        vpcs.append(say(network, vpc) if vpc else "an unknown VPC")
    if len(vpcs) == 1:
        return f"VPC {vpcs[0]}"
    named = ", ".join(vpcs[:SHOWN])
    return f"VPCs {named}" if len(vpcs) <= SHOWN else f"{len(vpcs)} VPCs: {named}, ..."


def _over(roll: Roll, others: list[Opened], asked: tuple[Trace, ...]) -> str:
    """The address family, where nothing else is opened of the one that was asked."""
    here = {is_ipv6(box.destination[0]) for one in asked for path in one.paths for box in path.question.boxes}
    there = {is_ipv6(box.destination[0]) for one in others for box in _not_asked(roll, one, asked).boxes}
    if not here or here & there or len(there) != 1:
        return ""
    return " over IPv6" if True in there else " over IPv4"


def told(network: Network, opened: list[Opened], asked: tuple[Trace, ...], *, at_least: bool) -> str:
    """What else it opens, in one sentence."""
    roll = roll_of(network)
    every = _every_asked(network, roll, asked)
    others = [o for o in opened if not (_among(o, every, asked) if o.pairs > 1 else _not_asked(roll, o, asked).empty)]
    more = " at least" if at_least else ""
    if not others:
        return "opens at least what was asked; not all was enumerated" if at_least else "opens nothing else"
    sources, destinations = NOBODY, NOBODY
    for one in others:
        sources, destinations = sources | one.ours, destinations | one.theirs
    sources, destinations = _apart(sources - _asked_sources(roll, others, asked), destinations)
    kinds = {_sideless(one.traffic): one.traffic for one in others}
    if any(map(_of_many, kinds.values())):
        what = [words_of_any(kinds.values())]
    else:
        what = sorted({f"{p} {ports}" for traffic in kinds.values() for p, ports in _ports(traffic, "")})
    listed = ", ".join(what[:SHOWN]) + (", ..." if len(what) > SHOWN else "")
    return (
        f"also opens{more} {listed}{_over(roll, others, asked)} from {_several(network, roll, sources, say=_said)} "
        f"to {_several(network, roll, destinations, say=_said)}"
    )


def _every_asked(network: Network, roll: Roll, asked: tuple[Trace, ...]) -> tuple[Parties, Parties]:
    """All interfaces on each side of a question, which asks about each source with each destination."""
    sources = {eni for one in asked for eni in _held(network, one.flow.source)}
    destinations = {eni for one in asked for eni in _held(network, one.flow.destination)}
    ours, theirs = (sum(1 << roll.number[eni] for eni in some) for some in (sources, destinations))
    return Parties(ours), Parties(theirs)


def _held(network: Network, place: Place) -> Iterator[str]:
    """The interfaces of a place: its own, and those in its VPC that are judged together with it."""
    if isinstance(place, Held):
        yield place.interface.id
        beside = network.by_private_address  # of a range in IPv6 nobody can look at every address
        few = size(place.alike) < len(beside)
        addresses = (n for ends in pieces(place.alike) for n in range(*ends)) if few else beside
        holders = (eni for n in addresses if few or has(place.alike, n) for eni in network.holders(n))
        yield from (eni for eni in holders if network.interfaces[eni].vpc == place.interface.vpc)


def _among(opened: Opened, every: tuple[Parties, Parties], asked: tuple[Trace, ...]) -> bool:
    """Whether several parties are all among those that were asked about, with nothing but what was asked."""
    if len(opened.ours - every[0]) or len(opened.theirs - every[1]):
        return False
    return any(_same_ports(opened.traffic, path.question) for one in asked for path in one.paths)


def _asked_sources(roll: Roll, others: list[Opened], asked: tuple[Trace, ...]) -> Parties:
    """The sources that were asked about, where nothing else becomes open to them: they are no news."""
    found = NOBODY
    for one in asked:
        source, destination = _party(roll, one.flow.source), _party(roll, one.flow.destination)
        theirs = [o for o in others if source is not None and len(o.ours & source)]
        questions = [path.question for path in one.paths]
        if source is not None and all(
            o.theirs == destination and any(_same_ports(o.traffic, q) for q in questions) for o in theirs
        ):
            found |= source
    return found if any(len(o.ours - found) for o in others) else NOBODY


def _same_ports(opened: Traffic, question: Traffic) -> bool:
    """Whether the opened traffic is of no other protocol and port than the question's."""
    return covers(question.project("protocol"), opened.project("protocol")) and covers(
        question.project("port"), opened.project("port")
    )


def _not_asked(roll: Roll, opened: Opened, asked: tuple[Trace, ...]) -> Traffic:
    """What of it is not what the question asked for."""
    rest = opened.traffic
    for one in asked:
        source, destination = _party(roll, one.flow.source), _party(roll, one.flow.destination)
        if source in (None, opened.ours) and destination in (None, opened.theirs):
            for path in one.paths:
                rest = rest.minus(path.question)
    return rest


def _party(roll: Roll, place: Place) -> Parties | None:
    """The interface of a place; None for the outside, which stands for any part of it."""
    return Parties(1 << roll.number[place.interface.id]) if isinstance(place, Held) else None
