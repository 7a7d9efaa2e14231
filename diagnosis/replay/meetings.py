"""What connections meet on their ways that is not the same for all of them: lists of rules, and interfaces' states.

Each list is asked about all connections of all ways at once. The rules are the trace's own; a connection of which they
do not tell is left to it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.replay.columns import inside, runs, spread
from diagnosis.replay.lists import DROPS, SOME, Headers, Lists
from diagnosis.replay.packets import Packets
from diagnosis.replay.spots import Spots
from diagnosis.replay.verdicts import BLOCKED, REACHABLE, UNKNOWN
from diagnosis.trace.moves import OUR_SUBNET, Acl, Groups, State, Turn
from diagnosis.trace.trace import ECHO
from diagnosis.traffic.filters import EGRESS, INGRESS, Filter, View
from diagnosis.traffic.intervals import IntervalSet, join_all
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ICMP, ICMPV6, has_ports
from diagnosis.traffic.traffic import Box, Traffic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diagnosis.replay.lists import Column

Compares = State | Groups | Acl
"""The moves that tell connections on one way apart."""


class Sides(NamedTuple):
    """What gateways have put into the headers on a stretch of a way, as `moves.Turn` has it; None for what was sent."""

    source: IntervalSet | str | None = None
    """Text stands for the public address of the client."""
    destination: IntervalSet | str | None = None
    """Text stands for the private address of the server."""
    source_port: IntervalSet | None = None

    def turned(self, move: Turn) -> Sides:
        """Those beyond a gateway."""
        return Sides(
            self.source if move.source is None else move.source,
            self.destination if move.destination is None else move.destination,
            self.source_port if move.source_port is None else move.source_port,
        )


SENT = Sides()


class Meetings:
    """What became of connections so far, one entry of each column for each."""

    def __init__(self, spots: Spots, packets: Packets) -> None:
        import numpy as np

        self.spots = spots
        self.packets = packets
        self._lists = Lists(packets.ranks)
        misnamed = spots.six[packets.client] & (packets.protocol == ICMP)
        self.protocol: NDArray[np.int64] = np.where(misnamed, ICMPV6, packets.protocol)
        """Between IPv6 addresses the number of ICMP means ICMPv6, which the trace knows."""
        self.blocked, self.unsure, self.left = (np.zeros(len(packets), np.bool_) for _ in range(3))
        """Dropped for certain; stopped by what is not known; not told by rules alone."""
        self._parted = np.zeros(len(packets), np.int64)
        """How many lists let a part of the header pass: from some ports of a gateway, and not from others."""
        self._compiled: defaultdict[tuple[Filter, Filter, View, Sides], list[NDArray[np.int64]]] = defaultdict(list)
        """The connections that compiled rules of groups judge: what they allow for certain, and what they may allow.

        Many ways have the same rules at their ends.
        """

    def verdicts(self) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
        """The verdicts, and which of them are told."""
        import numpy as np

        for (certain, possible, view, sides), parts in self._compiled.items():
            which = np.concatenate(parts)
            for some in runs(self.protocol[which]):
                self._rules(certain, possible, view, sides, which[some])
        # What two lists let pass in part may have nothing in common.
        told = self.blocked | ~(self.left | (self._parted > 1))
        unsure = self.unsure | (self._parted > 0)
        verdict = np.where(self.blocked, BLOCKED, np.where(unsure, UNKNOWN, REACHABLE)).astype(np.int8)
        return verdict, told

    def ask(self, move: Compares, sides: Sides, which: NDArray[np.int64]) -> None:
        """One component about all connections that meet it."""
        spots = self.spots
        match move:
            case State(ours=ours):
                state = spots.state[self._end(ours=ours)[which]]
                self.blocked[which] |= state == BLOCKED
                self.unsure[which] |= state == UNKNOWN
            case Groups():
                own = self._end(ours=move.ours)[which]
                for some in runs(spots.groups[own]):
                    self._groups(move, spots.holders[int(spots.groups[own[some[0]]])], sides, which[some])
            case Acl(rules=Filter() as rules):
                for some in runs(self.protocol[which]):
                    self._list(rules, move.view, sides, which[some])
            case Acl():
                acl = spots.acl[self._end(ours=move.acl == OUR_SUBNET)[which]]
                for some in runs(self.protocol[which], acl):
                    let_in, let_out = spots.filters[int(acl[some[0]])]
                    self._list(let_out if move.direction == "egress" else let_in, move.view, sides, which[some])

    def _list(self, rules: Filter, view: View, sides: Sides, which: NDArray[np.int64]) -> None:
        self._take(which, self._lists.passing(rules, view, self._headers(sides, which), len(which)))

    def _take(self, which: NDArray[np.int64], told: NDArray[np.int8]) -> None:
        self.blocked[which] |= told == DROPS
        self._parted[which] += told == SOME

    def _groups(self, move: Groups, holder: NetworkInterface, sides: Sides, which: NDArray[np.int64]) -> None:
        """What one set of groups does to connections."""
        if holder.groups is None:
            self.left[which] = True
        elif holder.groups:
            rules = move.end.judge.rules(self.spots.network, holder, holder.groups)
            if rules is None or rules.assumed:
                self._by_steps(move, sides, which)
            else:
                key = (rules.certain, rules.possible, EGRESS if move.ours else INGRESS, sides)
                self._compiled[key].append(which)

    def _rules(self, certain: Filter, possible: Filter, view: View, sides: Sides, which: NDArray[np.int64]) -> None:
        """What compiled rules do to connections of one protocol."""
        headers = self._headers(sides, which)
        may = self._lists.passing(possible, view, headers, len(which))
        self._take(which, may)
        if certain is not possible:
            self.unsure[which] |= self._lists.passing(certain, view, headers, len(which)) != may

    def _by_steps(self, move: Groups, sides: Sides, which: NDArray[np.int64]) -> None:
        """The same where more than rules decides: each interface judges all of its connections as one set."""
        if sides != SENT:
            self.left[which] = True
            return
        own, peer = self._end(ours=move.ours), self._end(ours=not move.ours)
        for some in runs(self.spots.interface[own[which]], self.protocol[which]):
            mine = which[some]
            headers = self._headers(sides, mine)
            interface, other = (self.spots.found[int(side[mine[0]])].interface for side in (own, peer))
            assert interface is not None
            step = move.end.judge.judged(self.spots.network, interface, other, self._whole(headers), False)
            if step is not None:
                self.blocked[mine] |= self._among(step.dropped, headers, len(mine))
                self.unsure[mine] |= self._among(step.unknown, headers, len(mine))

    def _end(self, *, ours: bool) -> NDArray[np.int64]:
        return self.packets.client if ours else self.packets.server

    def _headers(self, sides: Sides, which: NDArray[np.int64]) -> Headers:
        """The headers of connections of one protocol."""
        client, server = self.packets.client[which], self.packets.server[which]
        protocol = int(self.protocol[which[0]])
        source: Column = self.spots.other[client] if isinstance(sides.source, str) else sides.source or client
        destination: Column = (
            self.spots.other[server] if isinstance(sides.destination, str) else sides.destination or server
        )
        if not has_ports(protocol):
            return Headers(protocol, source, destination, sides.source_port or ALL_PORTS, ECHO.get(protocol, ALL_PORTS))
        source_port: Column = sides.source_port or self.packets.client_port[which]
        return Headers(protocol, source, destination, source_port, self.packets.port[which])

    def _whole(self, headers: Headers) -> Traffic:
        """All headers of these connections and more: every client with every server and every port."""
        import numpy as np

        numbers = self.packets.numbers

        def addresses(column: Column) -> IntervalSet:
            if isinstance(column, tuple):
                return column
            return join_all((numbers[rank], numbers[rank] + 1) for rank in np.unique(column).tolist())

        def ports(column: Column) -> IntervalSet:
            return column if isinstance(column, tuple) else spread(column)

        protocols = (headers.protocol, headers.protocol + 1)
        sides = addresses(headers.source), addresses(headers.destination)
        return Traffic.of(Box(*sides, protocols, ports(headers.source_port), ports(headers.port)))

    def _among(self, traffic: Traffic, headers: Headers, count: int) -> NDArray[np.bool_]:
        """For each connection whether its header is among the traffic."""
        import numpy as np

        found = np.zeros(count, np.bool_)
        for box in traffic.boxes:
            held = np.ones(count, np.bool_)
            sources, destinations = self._lists.points(box.source), self._lists.points(box.destination)
            for column, points in (
                (headers.source, sources),
                (headers.destination, destinations),
                (headers.source_port, box.source_port),
                (headers.port, box.port),
            ):
                if not isinstance(column, tuple):
                    held &= inside(points, column)
            found |= held
        return found
