"""Points: a flow between two addresses that either passes whole or is dropped whole, judged without a trace.

On the way of a stencil each list of rules is looked up once, and a network ACL that lets all pass between two subnets
not even once. Where each list passes all of the flow or drops all of it, the verdict is known, and no step needs to be
made. Whatever is not that simple is left to the trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from diagnosis.network.network import Network
from diagnosis.trace import network_acls
from diagnosis.trace.ends import Blamed
from diagnosis.trace.moves import Acl, Back, Ends, Groups, Move, Told, Turn
from diagnosis.trace.places import Internet
from diagnosis.trace.placing import place_alone
from diagnosis.trace.spots import Spot, outside, spot
from diagnosis.trace.stencils import Stencil, between
from diagnosis.trace.step import Blocker, Direction, Leg
from diagnosis.trace.trace import Verdict, classes
from diagnosis.trace.worth import worth
from diagnosis.traffic.filters import Side
from diagnosis.traffic.intervals import IntervalSet, covers, join, meet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import has_ports
from diagnosis.traffic.traffic import Box, Traffic

MOST = 200_000
"""How many addresses are remembered with what is there, and how many pairs of places with the way between them."""


class Refused(NamedTuple):
    """The security groups of one interface, all of which drop a flow on its way there."""

    interface: str
    direction: Direction
    groups: Blamed
    dropped: Traffic

    def blockers(self) -> Iterator[Blocker]:
        """Each of the groups as a blocker."""
        related, several = (self.interface,), len(self.groups)
        for group, code in self.groups:
            yield Blocker(code, group, related, self.direction, None, self.dropped, "", several)


class Point(NamedTuple):
    """The outcome of such a flow."""

    stops: tuple[tuple[Leg, Blocker | Refused], ...]
    """Everything that drops it, there and back; the flow is reachable where there is none, else blocked."""
    assumed: tuple[str, ...]
    whatever_client: bool
    """Whether it is the same for every port of the client."""

    @property
    def verdict(self) -> Verdict:
        """There and back."""
        return "blocked" if self.stops else "reachable"

    @property
    def forward(self) -> Verdict:
        """The verdict of the forward leg."""
        return "blocked" if self.stops and self.stops[0][0] == "forward" else "reachable"

    @property
    def returning(self) -> Verdict | None:
        """The verdict of the return leg; None where nothing arrives to be answered."""
        return self.verdict if self.forward == "reachable" else None

    def blockers(self) -> Iterator[tuple[Leg, Blocker]]:
        """The same, each of the groups by itself."""
        for leg, stop in self.stops:
            if isinstance(stop, Refused):
                yield from ((leg, blocker) for blocker in stop.blockers())
            else:
                yield leg, stop


class Ports(NamedTuple):
    """The two ports of a flow, from 0 to 65535; None stands for any."""

    port: int | None
    source_port: int | None


class Rest(NamedTuple):
    """What is left to look at between two places, of one protocol."""

    protocols: IntervalSet
    """The protocol, as the header has it."""
    cells: IntervalSet | None
    """What is asked of a protocol without ports, on the destination-port side; None of one that has them."""
    legs: tuple[tuple[Leg, tuple[Move, ...]], ...]
    """Both legs, but for one on which nothing is left."""
    whatever_client: bool
    """Whether nothing there compares the port of the client."""

    def box(self, ends: Ends, ports: Ports) -> Box:
        """The headers of a flow between two of the places."""
        ours, theirs = ends
        if self.cells is not None:
            return Box(ours.addresses, theirs.addresses, self.protocols, ALL_PORTS, self.cells)
        asked, client = ports
        clients = ours.clients if client is None else (client, client + 1)
        destinations = ALL_PORTS if asked is None else (asked, asked + 1)
        return Box(ours.addresses, theirs.addresses, self.protocols, clients, destinations)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found for a network: the spots of addresses, and the ways between them."""

    spots: dict[str, Spot] = field(default_factory=dict)
    ways: dict[tuple[int, ...], Rest] = field(default_factory=dict)


def judged(network: Network, source: str, destination: str, protocol: int | None, ports: Ports) -> Point | None:
    """The outcome of a flow between two literal addresses; None where only a trace can tell."""
    if not worth(network) or protocol is None:
        return None
    known = _known(network)
    ours = known.spots.get(source) or _spot(network, known, source)
    theirs = known.spots.get(destination) or _spot(network, known, destination)
    if ours is None or theirs is None or not (ours.up and theirs.up):
        return None
    rest = _rest(network, known, protocol, ours, theirs)
    return _outcome(network, rest, Ends(ours, theirs), ports) if rest is not None else None


def whatever_client(network: Network, source: str, destination: str, protocol: int | None) -> bool:
    """Whether a flow between two literal addresses is known to fare alike from every port of the client.

    Only rules that judge replies compare that port.
    """
    if protocol is None or not worth(network):
        return False
    known = _known(network)
    ours, theirs = _spot(network, known, source), _spot(network, known, destination)
    if ours is None or theirs is None:
        return False
    rest = _rest(network, known, protocol, ours, theirs)
    return rest is not None and rest.whatever_client


def _known(network: Network) -> _Known:
    found: _Known | None = network.memo.get("points")
    if found is None:
        found = network.memo["points"] = _Known()
    return found


def _spot(network: Network, known: _Known, text: str) -> Spot | None:
    found = known.spots.get(text)
    if found is None:
        place = place_alone(network, text)
        found = spot(network, place) if place is not None else None
        if found is not None and len(known.spots) < MOST:
            known.spots[text] = found
    return found


def _rest(network: Network, known: _Known, protocol: int, ours: Spot, theirs: Spot) -> Rest | None:
    if ours.interface is theirs.interface and ours.narrow and theirs.narrow:
        return None
    key: tuple[int, ...] = (ours.narrow, theirs.narrow, protocol, ours.six, theirs.six)
    if not ours.narrow or not theirs.narrow:
        # Which part of the internet it is, the routes of the other side tell.
        inside, public = (theirs, ours) if isinstance(ours.place, Internet) else (ours, theirs)
        there = outside(network, public.addresses, inside)
        if there is None:
            return None
        key = (*key, there.way)
    found = known.ways.get(key)
    if found is None:
        stencil = between(network, protocol, ours, theirs) if not _kept_home(network, ours, theirs) else None
        if stencil is None:
            return None
        found = _left(stencil, Ends(ours, theirs), protocol)
        if len(known.ways) < MOST:
            known.ways[key] = found
    return found


def _kept_home(network: Network, ours: Spot, theirs: Spot) -> bool:
    """Whether `kept_home` may say of one and not of another flow between these places that it stays in its VPC."""
    if ours.interface is None or theirs.interface is None or ours.interface.vpc == theirs.interface.vpc:
        return False
    home = network.vpcs.get(ours.interface.vpc or "")
    return home is not None and bool(meet(home.addresses, join(theirs.range, theirs.addresses)))


def _left(stencil: Stencil, ends: Ends, protocol: int) -> Rest:
    """What a stencil leaves to look at between two places: no ACL that lets everything pass between them."""
    ours, theirs = ends
    [(protocols, _, asked)] = classes(protocol, None, ALL_PORTS, six=ours.six)
    cells = None if has_ports(protocol) else asked
    if isinstance(ours.place, Internet) or isinstance(theirs.place, Internet):
        return Rest(protocols, cells, _legs(*stencil.points), whatever_client=False)

    def left(moves: tuple[Move, ...]) -> tuple[Move, ...]:
        return tuple([move for move in moves if not (isinstance(move, Acl) and open_between(move))])

    def open_between(move: Acl) -> bool:
        peers = ours.range if move.view.address is Side.SOURCE else theirs.range
        return covers(move.compiled(ends).open_to(protocols[0], reply=move.view.reply), peers)

    there, back = stencil.points
    if any(isinstance(move, Turn) for move in there):
        return Rest(protocols, cells, _legs(there, back), whatever_client=False)
    back = left(back)
    return Rest(protocols, cells, _legs(left(there), back), whatever_client=not back)


def _legs(there: tuple[Move, ...], back: tuple[Move, ...]) -> tuple[tuple[Leg, tuple[Move, ...]], ...]:
    return (("forward", there), ("return", back)) if back else (("forward", there),)


def _outcome(network: Network, rest: Rest, ends: Ends, ports: Ports) -> Point | None:
    """What comes of a flow; None where that takes more to tell."""
    box = rest.box(ends, ports)
    stops: list[tuple[Leg, Blocker | Refused]] = []
    assumed = ends.ours.assumed + ends.theirs.assumed
    stretches = [box]
    leg: Leg
    for leg, moves in rest.legs:
        for move in moves:
            if isinstance(move, Groups):
                own, peer = ends.ours.interface, ends.theirs.interface
                if not move.ours:
                    own, peer = peer, own
                assert own is not None
                blamed = move.end.dropping(network, own, peer, box)
                if blamed is None:
                    return None
                if blamed:
                    direction: Direction = "egress" if move.end.egress else "ingress"
                    stops.append((leg, Refused(own.id, direction, blamed, Traffic((box,)))))
            elif isinstance(move, Acl):
                passes = move.compiled(ends).passes_whole(box, move.view)
                if passes is None:
                    return None
                if not passes:
                    stops += ((leg, blocker) for blocker in _denied(network, ends, move, box))
            elif isinstance(move, Told):
                if move.outcome == "unknown":
                    return None
                assumed += move.assumed
                if move.blockers:
                    stops += ((leg, blocker) for blocker in move.blaming(ends, Traffic((box,))))
            elif isinstance(move, Turn):
                box = move.rewritten(box, ends)
                stretches.append(box)
            elif isinstance(move, Back):
                box = stretches[move.nth]
    return Point(tuple(stops), tuple(sorted(set(assumed))) if assumed else (), rest.whatever_client)


def _denied(network: Network, ends: Ends, move: Acl, box: Box) -> tuple[Blocker, ...]:
    """What of an ACL drops all of a box."""
    acl, subnet = ends.acl(network, move.acl), ends.named(move.subnet)
    return network_acls.blamed(move.compiled(ends), acl, subnet, Traffic((box,)), move.direction, move.view)
