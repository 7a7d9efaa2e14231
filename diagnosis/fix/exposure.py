"""Exposure: everything that a fix makes reachable, by tracing all that it can touch before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from diagnosis.answer import Exposure, NewlyReachable
from diagnosis.fix.change import Change
from diagnosis.fix.region import touched
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.trace.places import Held, Internet, OnPremises, Place
from diagnosis.trace.trace import Flow, Trace, trace
from diagnosis.traffic.addresses import format_cidrs
from diagnosis.traffic.ports import format_ports
from diagnosis.traffic.protocols import protocol_name
from diagnosis.traffic.traffic import Traffic

BUDGET = 1500
"""How many pairs of parties are traced before the enumeration stops and says so."""
SHOWN = 4

Pair = tuple[Place, Place, int | None]


@dataclass(frozen=True, slots=True)
class Opened:
    """What became reachable between two parties."""

    source: str
    destination: str
    traffic: Traffic


def exposure(before: Network, after: Network, changes: tuple[Change, ...], asked: tuple[Trace, ...]) -> Exposure:
    """All that is reachable after the changes and was not before, the asked flow among it."""
    pairs = dict.fromkeys(pair for change in changes for pair in touched(before, change))
    opened: dict[tuple[str, str], Traffic] = {}
    for source, destination, protocol in list(pairs)[:BUDGET]:
        now = _works(after, source, destination, protocol)
        if now.empty:
            continue
        new = now.minus(_works(before, source, destination, protocol))
        if not new.empty:
            key = (_key(source), _key(destination))
            opened[key] = opened[key].union(new) if key in opened else new
    found = [Opened(source, destination, traffic) for (source, destination), traffic in opened.items()]
    at_least = len(pairs) > BUDGET
    return Exposure(
        text=_text(before, found, asked, at_least=at_least),
        newly_reachable=tuple(_rows(before, found)),
        at_least=at_least,
    )


def _works(network: Network, source: Place, destination: Place, protocol: int | None) -> Traffic:
    """The connections between two parties that may work there and back."""
    found = Traffic.nothing()
    for path in trace(network, Flow(source, destination, protocol, None), explain=False).paths:
        if not path.total[1].traffic.empty:
            found = found.union(path.total[1].traffic)
    return found


def _key(place: Place) -> str:
    match place:
        case Held(interface=interface):
            return interface.id
        case Internet(addresses=addresses) | OnPremises(addresses=addresses):
            ranges = format_cidrs(addresses)
            return "the internet" if len(ranges) > 8 else ", ".join(ranges)
        case _:
            return str(place)


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
    by_destination: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in opened:
        for protocol, ports in _ports(one.traffic):
            by_destination[(one.destination, protocol, ports)].append(one.source)
    grouped: defaultdict[tuple[tuple[str, ...], str, str], list[str]] = defaultdict(list)
    for (destination, protocol, ports), sources in by_destination.items():
        grouped[(tuple(sorted(set(sources))), protocol, ports)].append(destination)
    for (sources_, protocol, ports), destinations in sorted(grouped.items()):
        unique = sorted(set(destinations))
        yield NewlyReachable(
            source=_several(network, sources_),
            destination=_several(network, tuple(unique)),
            protocol=protocol,
            ports=ports,
            count=len(sources_) * len(unique),
        )


def _several(network: Network, keys: tuple[str, ...]) -> str:
    """A few by name, many by the group or subnet that they share, with the count."""
    if len(keys) <= SHOWN:
        return ", ".join(_said(network, key) for key in keys)
    found = [network.interfaces[key] for key in keys if key in network.interfaces]
    groups = set.intersection(*(set(i.groups or ()) for i in found)) if found else set()
    subnets = {i.subnet for i in found}
    if len(found) == len(keys) and groups:
        shared = f"security group {_said(network, min(groups))}"
    elif len(found) == len(keys) and len(subnets) == 1:
        shared = f"subnet {_said(network, min(str(s) for s in subnets))}"
    else:
        shared = ", ".join(_said(network, key) for key in keys[:SHOWN]) + ", ..."
    return f"{len(keys)} of {shared}"


def _text(network: Network, opened: list[Opened], asked: tuple[Trace, ...], *, at_least: bool) -> str:
    """What else it opens, in one sentence."""
    wanted: defaultdict[tuple[str | None, str | None], Traffic] = defaultdict(Traffic.nothing)
    for one in asked:
        for path in one.paths:
            key = (_place_key(one.flow.source), _place_key(one.flow.destination))
            wanted[key] = wanted[key].union(path.question)
    others = [o for o in opened if not o.traffic.minus(_asked_of(wanted, o)).empty]
    more = " at least" if at_least else ""
    if not others:
        return f"opens{more} nothing else" if not at_least else "opens at least what was asked; not all was enumerated"
    sources = tuple(sorted({o.source for o in others}))
    destinations = tuple(sorted({o.destination for o in others}))
    what = sorted({f"{p} {ports}" for o in others for p, ports in _ports(o.traffic)})
    listed = ", ".join(what[:SHOWN]) + (", ..." if len(what) > SHOWN else "")
    pairs = f" ({len(others)} pairs)" if len(others) > 1 else ""
    return f"also opens{more} {listed} from {_several(network, sources)} to {_several(network, destinations)}{pairs}"


def _asked_of(wanted: dict[tuple[str | None, str | None], Traffic], opened: Opened) -> Traffic:
    found = Traffic.nothing()
    for (source, destination), traffic in wanted.items():
        if (source is None or source == opened.source) and (destination is None or destination == opened.destination):
            found = found.union(traffic)
    return found


def _place_key(place: Place) -> str | None:
    """The interface of a place; None for the outside, which stands for any part of it."""
    return place.interface.id if isinstance(place, Held) else None
