"""Connections by the way that they take: each way is found once, and all that takes it is judged in columns.

A way between two kinds of addresses is a stencil (`trace.stencils`): what its connections meet alike is known, and the
rest is asked for all connections of all ways at once (`meetings`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from diagnosis.replay.columns import among, runs
from diagnosis.replay.meetings import SENT, Compares, Meetings, Sides
from diagnosis.replay.packets import Packets
from diagnosis.replay.spots import INTERNET, NOBODYS, NOWHERE, OUTSIDE, Spots
from diagnosis.trace.moves import Acl, Back, Groups, State, Told, Tracked, Turn
from diagnosis.trace.stencils import Stencil, between

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Stopped = Callable[[], None]
"""Called now and then; raises where the work is not wanted any more."""


class Ways:
    """What is known of connections by their ways."""

    def __init__(self, spots: Spots, packets: Packets, stopped: Stopped) -> None:
        self._spots = spots
        self._packets = packets
        self._stopped = stopped
        self._meetings = Meetings(spots, packets)
        self._asked: defaultdict[tuple[Compares, Sides], list[NDArray[np.int64]]] = defaultdict(list)
        """The connections that meet each list."""

    def verdicts(self, *, forward: bool) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """The verdicts there and back, or of the forward leg alone, and which of them are told."""
        import numpy as np

        dead, met = self._to_nobody(), self._meetings
        met.left |= ~dead
        met.blocked |= dead
        for stencil, which in self._found(~dead & self._fit()):
            met.left[which] = False
            self._along(stencil, which, forward=forward)
        for (move, sides), parts in self._asked.items():
            self._stopped()
            met.ask(move, sides, np.concatenate(parts))
        return met.verdicts()

    def _to_nobody(self) -> NDArray[np.bool_]:
        """Nothing sends from an address that no interface holds, and nothing from outside reaches one."""
        spots, client, server = self._spots, self._packets.client, self._packets.server
        known = (spots.kind[client] != NOWHERE) & (spots.kind[server] != NOWHERE)
        known &= spots.six[client] == spots.six[server]
        outside = (spots.interface[client] == OUTSIDE) & (spots.interface[server] == NOBODYS)
        found: NDArray[np.bool_] = known & ((spots.interface[client] == NOBODYS) | outside)
        return found

    def _fit(self) -> NDArray[np.bool_]:
        """Which connections may take a way that is found for many."""
        spots, packets = self._spots, self._packets
        ours, theirs = spots.kind[packets.client], spots.kind[packets.server]
        fit = (ours != NOWHERE) & (theirs != NOWHERE)
        fit &= spots.six[packets.client] == spots.six[packets.server]
        own, peer = spots.interface[packets.client], spots.interface[packets.server]
        fit &= (own != peer) & ((own >= 0) | (peer >= 0))
        fit &= packets.whole
        # The local route keeps what is sent to an address that is another VPC's too.
        for number, home in enumerate(spots.vpcs):
            held = spots.vpc != number
            held &= (spots.vpc >= 0) & among(packets.ranks, home)
            if held.any():
                fit &= (spots.vpc[packets.client] != number) | ~held[packets.server]
        found: NDArray[np.bool_] = fit
        return found

    def _found(self, fit: NDArray[np.bool_]) -> Iterator[tuple[Stencil, NDArray[np.int64]]]:
        """The ways, each with the connections that take it."""
        import numpy as np

        spots, packets = self._spots, self._packets
        places = np.flatnonzero(fit)
        client, server = packets.client[places], packets.server[places]
        out = self._out(places)
        # What one stencil is of may span kinds: those that share it are judged together.
        shared: defaultdict[int, list[NDArray[np.int64]]] = defaultdict(list)
        known: dict[int, Stencil] = {}
        six = spots.six[client].astype(np.int64)
        keys = runs(self._meetings.protocol[places], out, spots.kind[server], spots.kind[client], six)
        for number, some in enumerate(keys):
            if number % 1_000 == 0:
                self._stopped()
            first = some[0]
            if out[first] == NOWHERE:
                continue
            ours, theirs = spots.at(int(client[first])), spots.at(int(server[first]))
            if ours is None or theirs is None:
                continue
            stencil = between(spots.network, int(self._meetings.protocol[places[first]]), ours, theirs)
            if stencil is not None:
                known[id(stencil)] = stencil
                shared[id(stencil)].append(places[some])
        for identity, parts in shared.items():
            yield known[identity], np.concatenate(parts)

    def _out(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which way the routes of the inner side take to the internet, where that is the other one; else 0."""
        import numpy as np

        spots, out = self._spots, np.zeros(len(places), np.int64)
        client, server = self._packets.client[places], self._packets.server[places]
        for inner, outer in ((client, server), (server, client)):
            which = np.flatnonzero(spots.kind[outer] == INTERNET)
            for some in runs(spots.kind[inner[which]]):
                ways = spots.ways_out(int(inner[which[some[0]]]))
                out[which[some]] = NOWHERE if ways is None else ways[outer[which[some]]]
        return out

    def _along(self, stencil: Stencil, which: NDArray[np.int64], *, forward: bool) -> None:
        """What becomes of connections on a way, but for the lists on it, which are kept to be asked."""
        there, back = stencil.brief
        sides = SENT
        stretches = [sides]
        for move in there if forward else (*there, *back):
            match move:
                case Told(outcome=outcome):
                    self._meetings.blocked[which] |= outcome == "dropped"
                    self._meetings.unsure[which] |= outcome == "unknown"
                case Turn():
                    sides = sides.turned(move)
                    stretches.append(sides)
                case Back(nth=nth):
                    sides = stretches[nth]
                case State() | Groups():
                    self._asked[move, sides].append(which)
                case Acl():
                    self._asked[move._replace(subnet=""), sides].append(which)
                case Tracked():
                    pass
