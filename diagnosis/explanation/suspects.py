"""The components whose changes are looked for, most suspect first: those of the causes, then all else on the path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from diagnosis.network.network import Network
from diagnosis.trace.places import Held
from diagnosis.trace.step import Direction, Leg
from diagnosis.trace.trace import Path, Trace
from diagnosis.traffic.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Suspect:
    """A resource by which events are looked up."""

    component: str
    region: str
    elsewhere: str = ""
    """The account that has it, where that is none of those that were read: its trail cannot be looked at."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where traffic was judged, with the traffic that a change must meet to have stopped it there."""

    component: str
    related: frozenset[str]
    leg: Leg
    direction: Direction | None
    rule: str | None
    traffic: Traffic
    blocks: bool
    """Whether it drops this traffic, by the configuration; else it only judged it."""


def spots(network: Network, traces: Iterable[Trace]) -> tuple[Spot, ...]:
    """Where the traffic is dropped; where nothing drops it (any more), every place that judged it."""
    found = tuple(traces)
    dropping = tuple(
        Spot(
            blocker.component,
            frozenset((*blocker.related, *_around(network, (blocker.component, *blocker.related)), *subnets)),
            leg,
            blocker.direction,
            blocker.rule,
            blocker.dropped,
            blocks=True,
        )
        for one in found
        for leg, blocker in one.blockers()
        for subnets in (_subnets(one) if blocker.component in network.route_tables else (),)
    )
    return dropping or tuple(spot for one in found for path in one.paths for spot in _judged(network, path))


def _subnets(one: Trace) -> tuple[str, ...]:
    """The subnets of both parties, whose association with a route table may have been changed."""
    held = [place.interface.subnet for place in (one.flow.source, one.flow.destination) if isinstance(place, Held)]
    return tuple(filter(None, held))


def _judged(network: Network, path: Path) -> Iterator[Spot]:
    legs: tuple[Leg, Leg] = ("forward", "return")
    for leg, hops in zip(legs, (path.forward_hops, path.return_hops), strict=True):
        for hop in hops:
            around = frozenset((hop.component, *_around(network, (hop.component,))))
            for step in hop.steps:
                met = step.passed.union(step.dropped).union(step.unknown)
                own = network.interfaces.get(step.component) or network.interfaces.get(hop.component)
                groups = (own.groups or ()) if own is not None and step.component not in network.acls else ()
                for component in dict.fromkeys((step.component, *groups)):
                    yield Spot(component, around, leg, step.direction, None, met, blocks=False)


def _around(network: Network, components: Iterable[str]) -> Iterator[str]:
    """What a component is wired by: the subnet and instance of an interface."""
    for component in components:
        interface = network.interfaces.get(component)
        if interface is not None:
            yield from filter(None, (interface.subnet, interface.instance))


def suspects(network: Network, traces: Iterable[Trace], asked_in: str) -> tuple[Suspect, ...]:
    """Each resource once. `asked_in` is the Region for what does not tell its own."""
    found = tuple(traces)
    names = dict.fromkeys(_named(network, found))
    return tuple(_suspect(network, name, asked_in) for name in names)


def _named(network: Network, traces: tuple[Trace, ...]) -> Iterator[str]:
    dropping = [spot for spot in spots(network, traces) if spot.blocks]
    yield from (spot.component for spot in dropping)
    for spot in dropping:
        yield from sorted(spot.related)
    for one in traces:
        for path in one.paths:
            for hop in (*path.forward_hops, *path.return_hops):
                interface = network.interfaces.get(hop.component)
                yield from (interface.groups or ()) if interface is not None else ()
                yield from (step.component for step in hop.steps if step.component)
                yield hop.component
                yield from _around(network, (hop.component,))


def _suspect(network: Network, component: str, asked_in: str) -> Suspect:
    known = next((held[component] for held in _kept(network) if component in held), None)
    origins = getattr(known, "origins", ())
    region = next((region for _, region in origins if region), "") or asked_in
    owner = getattr(known, "account", "")
    elsewhere = owner if owner and network.accounts and owner not in network.accounts else ""
    return Suspect(component, region, elsewhere)


def _kept(network: Network) -> tuple[Mapping[str, object], ...]:
    attachments = {one.id: one for one in network.transit.attachments}
    kept: tuple[Mapping[str, object], ...] = (
        network.groups,
        network.acls,
        network.route_tables,
        network.interfaces,
        network.subnets,
        network.nat_gateways,
        network.internet_gateways,
        network.peerings,
        network.transit.gateways,
        attachments,
        network.transit.tables,
    )
    return kept
