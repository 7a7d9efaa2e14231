"""The trace of a question: every path there and back, and the verdict over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.trace import interfaces, link_local, load_balancers, resolver
from diagnosis.trace.branches import by_alternative, settled
from diagnosis.trace.codes import Code
from diagnosis.trace.forward import from_hidden, from_interface, from_internet, out_of_subnet
from diagnosis.trace.places import Held, Internet, Nobody, OnPremises, Place, Undecided
from diagnosis.trace.premises import from_premises
from diagnosis.trace.reply import reply
from diagnosis.trace.step import Blocker, Direction, Hop, Leg, cannot_tell, drops
from diagnosis.trace.walk import Branch, Chain, GroupsJudge, Translated, Walk
from diagnosis.traffic.addresses import IPV4, IPV6
from diagnosis.traffic.intervals import IntervalSet, meet, minus
from diagnosis.traffic.ports import ALL_PORTS, icmp_cell, port
from diagnosis.traffic.protocols import ALL_PROTOCOLS, ICMP, ICMPV6, TCP, UDP, has_ports
from diagnosis.traffic.traffic import NOTHING, Box, Traffic

Verdict = Literal["reachable", "blocked", "partly", "unknown"]
ECHO = {ICMP: icmp_cell(8, 0), ICMPV6: icmp_cell(128, 0)}


@dataclass(frozen=True, slots=True)
class Flow:
    """What is asked of two places: protocol number or None for all, port or None, source port or None."""

    source: Place
    destination: Place
    protocol: int | None
    port: int | None
    source_port: int | None = None


@dataclass(frozen=True)
class Path:
    """One path there and, where anything arrives, back."""

    forward_hops: tuple[Hop, ...]
    return_hops: tuple[Hop, ...]
    there: tuple[Chain, Chain]
    """What arrives for certain, and what may."""
    back: tuple[Chain, Chain] | None
    """Of what may arrive: what gets back for certain, and what may."""
    total: tuple[Chain, Chain]
    question: Traffic
    """The part of the question that takes this path."""
    branches: tuple[Branch, ...] = ()
    """The alternatives that were taken, where a load balancer picks or something was not seen."""
    notes: tuple[str, ...] = ()
    plain: bool = False
    """Whether what arrives has the headers that were sent, by the only way there is."""
    leaving: GroupsJudge | None = field(default=None, compare=False)
    """How the groups of the source were judged, so that those of others in the same place can be."""
    entering: GroupsJudge | None = field(default=None, compare=False)
    """The same for the destination's."""
    unchanged: bool = False
    """Whether what arrives has the headers that were sent, even where there are other ways."""
    alone: bool = field(default=False, compare=False)
    """Whether it is the only way there is, and every device on it is known to leave headers as it should."""
    translations: tuple[Translated, ...] = field(default=(), compare=False)
    """Where headers were rewritten on the way there."""
    arrives: Traffic = field(default=NOTHING, compare=False)
    """All headers of the last stretch of the way there, as if everything had passed."""

    @property
    def forward(self) -> Verdict:
        """The verdict of the forward leg."""
        return between(*self.there)

    @property
    def returning(self) -> Verdict | None:
        """The verdict of the return leg; None where nothing arrives to be answered."""
        return None if self.back is None else between(*self.back)

    @property
    def verdict(self) -> Verdict:
        """There and back."""
        return between(*self.total)


@dataclass(frozen=True)
class Trace:
    """Every path of a question, with the verdict over all."""

    flow: Flow
    paths: tuple[Path, ...]
    gap: Missing | None = None
    """Why there is no path at all to judge."""
    notes: tuple[str, ...] = ()
    """What a person should know besides: alternatives that do not work, endpoint policies, DNS switches."""

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict of the contract: blocked, else unknown, else partly, else reachable."""
        return "unknown" if self.gap is not None else over(p.verdict for p in self.paths)

    @property
    def forward(self) -> Verdict:
        """The verdict of the forward leg over all paths."""
        return "unknown" if self.gap is not None else over(by_alternative(self.paths, lambda p: p.forward))

    @property
    def returning(self) -> Verdict | None:
        """The verdict of the return leg over all paths on which something arrives."""
        found = by_alternative([p for p in self.paths if p.returning is not None], lambda p: p.returning or "unknown")
        return over(found) if found else None

    def blockers(self) -> list[tuple[Leg, Blocker]]:
        """Every blocker of every path, each once, forward leg first, in the order in which packets meet them."""
        found: dict[object, tuple[Leg, Blocker]] = {}
        for leg in ("forward", "return"):
            for path in self.paths:
                for hop in path.forward_hops if leg == "forward" else path.return_hops:
                    for blocker in (b for step in hop.steps for b in step.blockers):
                        key = (leg, blocker.code, blocker.component, blocker.direction, blocker.rule, blocker.related)
                        found.setdefault(key, (leg, blocker))
        return list(found.values())

    def gaps(self) -> list[Missing]:
        """Everything that was not seen and that a step needed, each once."""
        found: dict[Missing, None] = {} if self.gap is None else dict.fromkeys(self.gap.each())
        for path in self.paths:
            for hop in (*path.forward_hops, *path.return_hops):
                for step in hop.steps:
                    found.update(dict.fromkeys(each for gap in step.gaps for each in gap.each()))
        return list(found)

    def assumed(self) -> tuple[str, ...]:
        """AWS's defaults that were assumed on the way."""
        found = {
            text
            for path in self.paths
            for hop in (*path.forward_hops, *path.return_hops)
            for step in hop.steps
            for text in step.assumed
        }
        return tuple(sorted(found))


def between(certain: Chain, possible: Chain) -> Verdict:
    """The verdict if all that is unseen stood against the traffic, and if it let it pass: one where both agree."""
    if possible.traffic.empty:
        return "blocked"
    low: Verdict = "blocked" if certain.traffic.empty else ("reachable" if certain.whole else "partly")
    high: Verdict = "reachable" if possible.whole else "partly"
    return low if low == high else "unknown"


def over(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict over several parts of a question."""
    found = set(verdicts)
    if not found:
        return "unknown"
    if len(found) == 1:
        return found.pop()
    if "partly" in found or {"reachable", "blocked"} <= found:
        return "partly"
    return "unknown"


def trace(network: Network, flow: Flow, *, explain: bool = True, headers: Traffic | None = None) -> Trace:
    """Traces a flow there and back. Nothing is read but the network.

    With `headers` all of these are traced, in place of the flow's own, along the way of the flow's two places.
    """
    source, destination = flow.source, flow.destination
    if isinstance(source, Held) and isinstance(destination, Undecided) and destination.local is not None:
        asked = Walk.start(network, "forward", headers or header_space(network, flow), explain=explain)
        own = (resolver.answers, link_local.answers)
        if not asked.traffic.empty and any(answers(asked, source, destination.local) for answers in own):
            return Trace(flow, (path_of(asked, reply(asked, source, OnPremises(_addresses(destination)))),))
    for place in (source, destination):
        if isinstance(place, Undecided):
            return Trace(flow, (), place.gap)
    assert not isinstance(source, Undecided)
    assert not isinstance(destination, Undecided)
    traffic = headers if headers is not None else header_space(network, flow)
    if traffic.empty:
        return Trace(flow, (), Missing("", "", "", "one party has only IPv4 addresses and the other only IPv6 ones"))
    if isinstance(source, Nobody) and not _hidden_beside(network, source, destination):
        return Trace(flow, (_at_nobody(network, source, traffic, "egress", explain=explain),))
    if not isinstance(source, Held) and isinstance(destination, Nobody):
        return Trace(flow, (_at_nobody(network, destination, traffic, "ingress", explain=explain),))
    if not isinstance(source, Held) and not isinstance(destination, Held):
        return Trace(flow, (), Missing("", "", "", "both parties are outside everything that was seen"))
    walk = Walk.start(network, "forward", traffic, explain=explain)
    walk.whole_internet = any(isinstance(p, Internet) and p.whole for p in (source, destination))
    if isinstance(source, Held):
        walk.origin = source.interface
        walks = list(from_interface(walk, source, destination))
    elif isinstance(source, Nobody):
        assert isinstance(destination, Held)
        walks = [from_hidden(walk, source, destination)]
    else:
        assert isinstance(destination, Held)
        outside = isinstance(source, Internet)
        walks = [from_internet(walk, destination)] if outside else list(from_premises(walk, destination))
    held = source if isinstance(source, Held) else None
    if isinstance(destination, Held):
        walks = [w for one in walks for w in _past_balancers(one, destination)]
    paths, notes = settled([path_of(w, reply(w, held, w.end or destination)) for w in walks], over, _undecided)
    return Trace(flow, tuple(paths), notes=notes)


def _hidden_beside(network: Network, source: Nobody, destination: Place) -> bool:
    """Whether the owner of a shared VPC, which was not seen, may hold the address, and the other side is seen there."""
    return (
        source.vpc in network.hidden_owners
        and isinstance(destination, Held)
        and destination.interface.vpc == source.vpc
    )


def _past_balancers(walk: Walk, destination: Held) -> Iterator[Walk]:
    """Where a walk arrived at a load balancer's node, the walks on to its targets."""
    if not walk.arrived:
        yield walk
        return
    yield from load_balancers.onward(walk, destination, out_of_subnet)


def _undecided(path: Path, gap: Missing) -> Path:
    """A path whose outcome depends on something that was not seen."""
    step = cannot_tell("switch", gap.call, path.question, gap)
    maybe = (Chain(NOTHING, whole=False), Chain(path.question, whole=True))
    hops = (*path.forward_hops, Hop(gap.call, "switch", (step,)))
    return replace(path, forward_hops=hops, there=maybe, back=maybe, total=maybe)


def path_of(forward: Walk, back: Walk) -> Path:
    """One path out of its two legs."""
    there = (forward.certain, forward.possible)
    arrived = not forward.possible.traffic.empty
    possible = Chain(back.possible.traffic, forward.possible.whole and back.possible.whole)
    return Path(
        tuple(forward.hops),
        tuple(back.hops),
        there,
        (back.certain, back.possible) if arrived else None,
        (back.surely, possible),
        forward.asked,
        forward.branches,
        forward.notes,
        forward.plain,
        forward.leaving,
        forward.entering,
        alone=forward.alone,
        translations=forward.translations,
        arrives=forward.traffic,
        unchanged=forward.unchanged,
    )


def _at_nobody(network: Network, place: Nobody, traffic: Traffic, direction: Direction, *, explain: bool) -> Path:
    """Nothing sends from, or answers at, an address that no interface holds; what was not seen may."""
    walk = Walk.start(network, "forward", traffic, explain=explain)
    related = (place.vpc,) if place.subnet else ()
    component = place.subnet or place.vpc
    hidden = network.hidden_gap(place.vpc)
    if hidden is not None:
        walk.take(cannot_tell("address", component, traffic, hidden))
    else:
        blocker = Blocker(Code.NO_INTERFACE_WITH_ADDRESS, component, related, direction, None, traffic)
        walk.take(drops("address", component, traffic, blocker))
    return Path(tuple(walk.hops), (), (walk.certain, walk.possible), None, (walk.certain, walk.possible), traffic)


def _addresses(place: Place) -> IntervalSet:
    match place:
        case Held():
            return place.addresses
        case Nobody(address=address):
            return (address, address + 1)
        case Internet(addresses=addresses) | OnPremises(addresses=addresses):
            return addresses
        case Undecided(local=address):
            return () if address is None else (address, address + 1)


def header_space(network: Network, flow: Flow) -> Traffic:
    """All headers that the question asks about, from the client's side."""
    source = flow.source
    if isinstance(source, Held):
        private = source.private
        sources: IntervalSet = source.alike or (private, private + 1)
        clients = source.clients or interfaces.client_ports(network, source.interface)
    else:
        sources, clients = _addresses(source), interfaces.ANY_CLIENT
    from_ports = port(flow.source_port) if flow.source_port is not None else clients
    destinations = _addresses(flow.destination)
    boxes = []
    for family in (IPV4, IPV6):
        ours, theirs = meet(sources, family), meet(destinations, family)
        if ours and theirs:
            sides = classes(flow.protocol, flow.port, from_ports, six=family is IPV6)
            boxes += [Box(ours, theirs, *some) for some in sides]
    return Traffic.of(*boxes)


def classes(
    number: int | None, asked: int | None, clients: IntervalSet, *, six: bool
) -> list[tuple[IntervalSet, IntervalSet, IntervalSet]]:
    """Protocol, source-port and destination-port sides of a question, one per class of protocols.

    Asked are a protocol number and a port, or None for all of them, from these ports of the client.
    """
    if number is None:
        if asked is not None:
            return [((p, p + 1), clients, port(asked)) for p in (TCP, UDP)]
        others = minus(ALL_PROTOCOLS, (ICMP, ICMP + 1, TCP, TCP + 1, UDP, UDP + 1, ICMPV6, ICMPV6 + 1))
        icmp = ICMPV6 if six else ICMP
        return [
            ((TCP, TCP + 1), clients, ALL_PORTS),
            ((UDP, UDP + 1), clients, ALL_PORTS),
            ((icmp, icmp + 1), ALL_PORTS, ALL_PORTS),
            (others, ALL_PORTS, ALL_PORTS),
        ]
    if number in (ICMP, ICMPV6):
        number = ICMPV6 if six else ICMP if number == ICMP else number
        # A port says nothing of ICMP: what is asked is an echo request.
        return [((number, number + 1), ALL_PORTS, ECHO[number])]
    if not has_ports(number):
        return [((number, number + 1), ALL_PORTS, ALL_PORTS)]
    return [((number, number + 1), clients, port(asked) if asked is not None else ALL_PORTS)]
