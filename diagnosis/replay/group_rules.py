"""What the groups of interfaces let pass of many connections at once, by their compiled rules."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.replay.packets import Packets
from diagnosis.replay.ranks import inside, spread
from diagnosis.replay.sorts import Sorts
from diagnosis.trace.trace import ECHO, Path
from diagnosis.trace.walk import GroupsJudge
from diagnosis.traffic.addresses import ALL_ADDRESSES
from diagnosis.traffic.filters import EGRESS, INGRESS, Filter, View
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import has_ports
from diagnosis.traffic.traffic import Box, Traffic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCKED, REACHABLE, UNKNOWN = 0, 1, 2
"""The verdicts on single connections. What a device lets pass at times (`partly`) cannot be told for one: unknown."""


NO_JUDGE, UNJUDGED = -1, -2
"""The way was judged with its groups; the way has no judge at one end, and each connection is judged by itself."""


class Ends:
    """The two ends of many connections, as ways are found for them; each set of groups is judged once for all ways.

    Two judges with one key judge the groups of a VPC alike.
    """

    def __init__(self, sorts: Sorts, packets: Packets) -> None:
        import numpy as np

        self._sorts = sorts
        self._packets = packets
        self._judges: list[GroupsJudge] = []
        self._places: dict[Hashable, int] = {}
        self._leaving = np.full(len(packets), NO_JUDGE, np.int64)
        self._entering = np.full(len(packets), NO_JUDGE, np.int64)

    def meet(self, which: NDArray[np.int64], path: Path) -> None:
        """These connections take this way, on which no group was judged."""
        self._leaving[which] = self._place(path.leaving)
        self._entering[which] = self._place(path.entering)

    def _place(self, judge: GroupsJudge | None) -> int:
        if judge is None:
            return UNJUDGED
        place = self._places.setdefault(judge.key, len(self._judges))
        if place == len(self._judges):
            self._judges.append(judge)
        return place

    def judged(self, verdicts: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Turn the verdicts on the ways into those on the connections; False where more than rules decides."""
        import numpy as np

        sure: NDArray[np.bool_] = (self._leaving != UNJUDGED) & (self._entering != UNJUDGED)
        for judges, own, peers, view in (
            (self._leaving, self._packets.client, self._packets.server, EGRESS),
            (self._entering, self._packets.server, self._packets.client, INGRESS),
        ):
            places = np.flatnonzero((judges >= 0) & sure & (verdicts != BLOCKED))
            if not len(places):
                continue
            held = self._sorts.groups[own[places]]
            key = ((judges[places] * (len(self._sorts.holders) + 1) + held) << 8) + self._packets.protocol[places]
            order = np.argsort(key, kind="stable")
            for some in np.split(places[order], np.flatnonzero(np.diff(key[order])) + 1):
                holder = self._sorts.holders[int(self._sorts.groups[own[some[0]]])]
                told = _told(self._judges[int(judges[some[0]])], holder, view, self._packets.only(some), peers[some])
                if told is None:
                    sure[some] = False
                else:
                    # Blocked at either end is blocked; else what is unknown at one end is unknown.
                    verdicts[some] = np.where(told == BLOCKED, BLOCKED, np.maximum(told, verdicts[some]))
        return sure


def _told(
    judge: GroupsJudge, own: NetworkInterface, view: View, packets: Packets, peers: NDArray[np.int64]
) -> NDArray[np.int8] | None:
    """The verdicts of one set of groups, all of one protocol; None where more than their rules decides."""
    import numpy as np

    if own.groups is None:
        return None
    if not own.groups:
        return np.full(len(packets), REACHABLE, np.int8)
    found = judge.rules(judge.network, own, own.groups)
    if found is None or found.assumed:
        return None
    certain = _passes(found.certain, view, packets, peers)
    possible = certain if found.possible is found.certain else _passes(found.possible, view, packets, peers)
    verdict: NDArray[np.int8] = np.where(certain, REACHABLE, np.where(possible, UNKNOWN, BLOCKED)).astype(np.int8)
    return verdict


def _passes(rules: Filter, view: View, packets: Packets, peers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """For each connection whether the rules let it pass."""
    import numpy as np

    protocol = int(packets.protocol[0])
    found = np.zeros(len(packets), np.bool_)
    with_ports = has_ports(protocol)
    everything = ECHO.get(protocol, ALL_PORTS)
    ports = spread(packets.port) if with_ports else everything
    traffic = Traffic.of(Box(ALL_ADDRESSES, ALL_ADDRESSES, (protocol, protocol + 1), ALL_PORTS, ports))
    for box in rules.split(traffic, view)[0].boxes:
        held = inside(packets.ranks.cuts(box.destination if view is EGRESS else box.source), peers)
        found |= held & inside(box.port, packets.port) if with_ports else held
    return found
