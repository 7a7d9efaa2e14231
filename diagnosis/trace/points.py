"""Points: a flow between two addresses that either passes whole or is dropped whole, judged without a trace.

On the way of a stencil each list of rules is looked up once, and a network ACL that lets all pass between two subnets
not even once. Where each list passes all of the flow or drops all of it, the verdict is known, and no step needs to be
made. Whatever is not that simple is left to the trace.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from diagnosis.network.network import Network
from diagnosis.trace import network_acls
from diagnosis.trace.moves import Acl, Back, Ends, Groups, Move, Told, Turn
from diagnosis.trace.places import Internet
from diagnosis.trace.placing import kept_home, place_alone
from diagnosis.trace.spots import Spot, outside, spot
from diagnosis.trace.stencils import Stencil, between
from diagnosis.trace.step import Blocker, Direction, Leg
from diagnosis.trace.trace import Verdict, classes
from diagnosis.trace.worth import worth
from diagnosis.traffic.ports import ALL_PORTS, port
from diagnosis.traffic.traffic import Box, Traffic

MOST = 200_000
"""How many addresses are remembered with what is there, and how many pairs of places with the way between them."""


class Point(NamedTuple):
    """The outcome of such a flow."""

    blockers: tuple[tuple[Leg, Blocker], ...]
    """Everything that drops it, there and back; the flow is reachable where there is none, else blocked."""
    assumed: tuple[str, ...]
    whatever_client: bool
    """Whether it is the same for every port of the client."""

    @property
    def verdict(self) -> Verdict:
        """There and back."""
        return "blocked" if self.blockers else "reachable"

    @property
    def forward(self) -> Verdict:
        """The verdict of the forward leg."""
        return "blocked" if any(leg == "forward" for leg, _ in self.blockers) else "reachable"

    @property
    def returning(self) -> Verdict | None:
        """The verdict of the return leg; None where nothing arrives to be answered."""
        return self.verdict if self.forward == "reachable" else None


class Ports(NamedTuple):
    """The two ports of a flow; None stands for any."""

    port: int | None
    source_port: int | None


class Rest(NamedTuple):
    """What is left to look at between two places, of one protocol."""

    there: tuple[Move, ...]
    back: tuple[Move, ...]
    whatever_client: bool
    """Whether nothing there compares the port of the client."""


def judged(network: Network, source: str, destination: str, protocol: int | None, ports: Ports) -> Point | None:
    """The outcome of a flow between two literal addresses; None where only a trace can tell."""
    if not worth(network):
        return None
    ours, theirs = _spot(network, source), _spot(network, destination)
    if ours is None or theirs is None or protocol is None or not (ours.up and theirs.up):
        return None
    if ours.six is not theirs.six or kept_home(network, ours.place, theirs.place):
        return None
    rest = _rest(network, protocol, ours, theirs)
    if rest is None:
        return None
    clients = ours.clients if ports.source_port is None else port(ports.source_port)
    [sides] = classes(protocol, ports.port, clients, six=ours.six)
    return _Look(network, Ends(ours, theirs)).along(rest, Box(ours.addresses, theirs.addresses, *sides))


def whatever_client(network: Network, source: str, destination: str, protocol: int | None) -> bool:
    """Whether a flow between two literal addresses is known to fare alike from every port of the client.

    Only rules that judge replies compare that port.
    """
    if protocol is None or not worth(network):
        return False
    ours, theirs = _spot(network, source), _spot(network, destination)
    if ours is None or theirs is None or ours.six is not theirs.six:
        return False
    if kept_home(network, ours.place, theirs.place):
        return False
    rest = _rest(network, protocol, ours, theirs)
    return rest is not None and rest.whatever_client


def _spot(network: Network, text: str) -> Spot | None:
    known: dict[str, Spot] | None = network.memo.get("points")
    if known is None:
        known = network.memo["points"] = {}
    found = known.get(text)
    if found is None:
        place = place_alone(network, text)
        found = spot(network, place) if place is not None else None
        if found is not None and len(known) < MOST:
            known[text] = found
    return found


def _rest(network: Network, protocol: int, ours: Spot, theirs: Spot) -> Rest | None:
    known: dict[Hashable, Rest] | None = network.memo.get("ways of points")
    if known is None:
        known = network.memo["ways of points"] = {}
    key: tuple[int, ...] = (ours.narrow, theirs.narrow, protocol, ours.six)
    if not ours.narrow or not theirs.narrow:
        # Which part of the internet it is, the routes of the other side tell.
        inside, public = (theirs, ours) if isinstance(ours.place, Internet) else (ours, theirs)
        there = outside(network, public.addresses, inside)
        if there is None:
            return None
        key = (*key, there.way)
    elif ours.interface is theirs.interface:
        return None
    found = known.get(key)
    if found is None:
        stencil = between(network, protocol, ours, theirs)
        if stencil is None:
            return None
        found = _left(stencil, Ends(ours, theirs), protocol)
        if len(known) < MOST:
            known[key] = found
    return found


def _left(stencil: Stencil, ends: Ends, protocol: int) -> Rest:
    """What a stencil leaves to look at between two places: no ACL that lets everything pass between them."""
    ours, theirs = ends
    if isinstance(ours.place, Internet) or isinstance(theirs.place, Internet):
        return Rest(*stencil.points, whatever_client=False)
    [(protocols, _, _)] = classes(protocol, None, ALL_PORTS, six=ours.six)
    everything = Box(ours.range, theirs.range, protocols, ALL_PORTS, ALL_PORTS)

    def left(moves: tuple[Move, ...]) -> tuple[Move, ...]:
        return tuple(
            m for m in moves if not isinstance(m, Acl) or m.compiled(ends).passes_whole(everything, m.view) is not True
        )

    there, back = stencil.points
    if any(isinstance(move, Turn) for move in there):
        return Rest(there, back, whatever_client=False)
    back = left(back)
    return Rest(left(there), back, whatever_client=not back)


class _Look:
    """One look at each list of rules on a way."""

    def __init__(self, network: Network, ends: Ends) -> None:
        self.network = network
        self.ends = ends
        self.blockers: list[tuple[Leg, Blocker]] = []
        self.assumed: tuple[str, ...] = ends.ours.assumed + ends.theirs.assumed

    def along(self, rest: Rest, box: Box) -> Point | None:
        """What comes of a flow; None where that takes more to tell."""
        stretches = [box]
        leg: Leg
        for leg, moves in (("forward", rest.there), ("return", rest.back)):
            for move in moves:
                if isinstance(move, Groups):
                    if not self._groups(move, box):
                        return None
                elif isinstance(move, Acl):
                    if not self._acl(move, box, leg):
                        return None
                elif isinstance(move, Told):
                    if not self._told(move, box, leg):
                        return None
                elif isinstance(move, Turn):
                    box = move.rewritten(box, self.ends)
                    stretches.append(box)
                elif isinstance(move, Back):
                    box = stretches[move.nth]
        assumed = tuple(sorted(set(self.assumed))) if self.assumed else ()
        return Point(tuple(self.blockers), assumed, rest.whatever_client)

    def _groups(self, move: Groups, box: Box) -> bool:
        ours, theirs = self.ends
        own, peer = (ours.interface, theirs.interface) if move.ours else (theirs.interface, ours.interface)
        assert own is not None
        passes = move.end.passes(self.network, own, peer, box)
        if passes is None:
            return False
        if not passes:
            direction: Direction = "egress" if move.end.egress else "ingress"
            traffic, related = Traffic((box,)), (own.id,)
            blamed = move.end.blamed(self.network, own)
            for group, code in blamed:
                blocker = Blocker(code, group, related, direction, None, traffic, "", len(blamed))
                self.blockers.append(("forward", blocker))
        return True

    def _acl(self, move: Acl, box: Box, leg: Leg) -> bool:
        compiled = move.compiled(self.ends)
        passes = compiled.passes_whole(box, move.view)
        if passes is False:
            acl = self.ends.acl(self.network, move.acl)
            subnet, traffic = self.ends.named(move.subnet), Traffic((box,))
            blamed = network_acls.blamed(compiled, acl, subnet, traffic, move.direction, move.view)
            self.blockers += ((leg, b) for b in blamed)
        return passes is not None

    def _told(self, move: Told, box: Box, leg: Leg) -> bool:
        if move.outcome == "unknown":
            return False
        self.assumed += move.assumed
        self.blockers += ((leg, b) for b in move.blaming(self.ends, Traffic((box,))))
        return True
