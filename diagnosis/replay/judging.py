"""The verdict on each of many recorded connections: by their ways, else as sets, else one by one.

Of those whose way is not found for many, what goes between two sorts of addresses is traced as one set of headers, and
each connection is looked up in what passes for certain and what may pass. Where gateways rewrite addresses that set is
only a hint: the connections are parted by it, and each part is traced again until all of it passes, or none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from diagnosis.batch import BadFlow, judged
from diagnosis.evidence.recorded import Recorded
from diagnosis.network.network import Network
from diagnosis.replay.columns import inside, runs, spread
from diagnosis.replay.packets import Packets, written
from diagnosis.replay.sorts import Sorts, alike
from diagnosis.replay.spots import Spots
from diagnosis.replay.verdicts import BLOCKED, REACHABLE, UNJUDGED, UNKNOWN
from diagnosis.replay.ways import Stopped, Ways
from diagnosis.trace.places import Held
from diagnosis.trace.placing import kept_home
from diagnosis.trace.trace import ECHO, Flow, Trace, trace
from diagnosis.traffic.addresses import is_ipv6
from diagnosis.traffic.intervals import IntervalSet, join_all, meet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ICMP, ICMPV6, has_ports, protocol_name
from diagnosis.traffic.traffic import Box, Traffic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOGETHER: Final = 32
"""So many are worth a trace of their own; fewer are judged one by one, mostly without one."""
PARTED: Final = 3
"""So often connections are parted before they are judged one by one."""
SINGLY: Final = 10_000
"""So many are judged one by one for a replay: seconds of work. Who is left is counted as not judged."""
SET: Final = 4
"""A set costs as much as so many."""


@dataclass(slots=True, eq=False)
class Allowance:
    """What may still be judged one by one."""

    left: int

    def spend(self, count: int) -> bool:
        """Whether there was so much left."""
        if self.left < count:
            return False
        self.left -= count
        return True


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Judges connections in one network."""

    network: Network
    recorded: Recorded
    spots: Spots
    sorts: Callable[[], Sorts]
    """No change of rules or routes alters them."""
    allowance: Allowance
    stopped: Stopped

    def verdicts(self, packets: Packets, *, forward: bool = False) -> NDArray[np.int8]:
        """The verdict on each connection, or on its forward leg alone."""
        import numpy as np

        found, told = Ways(self.spots, packets, self.stopped).verdicts(forward=forward)
        others = np.flatnonzero(~told)
        left = packets.only(others)
        for which in alike(self.sorts(), left) if len(left) >= TOGETHER else ():
            self.stopped()
            verdicts = self._together(left.only(which), PARTED, forward) if len(which) >= TOGETHER else None
            if verdicts is not None:
                found[others[which]], told[others[which]] = verdicts, True
        found[~told] = self._singly(packets.only(~told), forward)
        return found

    def _singly(self, packets: Packets, forward: bool) -> NDArray[np.int8]:
        """Each judged by itself, those with the most records first, as far as that is allowed."""
        import numpy as np

        found = np.full(len(packets), UNJUDGED, np.int8)
        shows = np.where(packets.vpc > 0, self.recorded.interface[packets.tuples], -1)
        client_port = np.searchsorted(self._compared(), packets.client_port, side="right")
        alike = runs(packets.client, packets.server, packets.protocol, packets.port, client_port, packets.vpc, shows)
        records = self.recorded.records[packets.tuples]
        for number, some in enumerate(sorted(alike, key=lambda some: -int(records[some].sum()))):
            if not self.allowance.spend(1):
                break
            if number % 1_000 == 0:
                self.stopped()
            found[some] = self._single(packets, int(some[0]), forward)
        return found

    def _compared(self) -> list[int]:
        """Where the ports of clients may be told apart: by the entries of network ACLs, to which replies go."""
        found = {0} | {point for acl in self.network.acls.values() for entry in acl.entries for point in entry.ports}
        return sorted(found)

    def _single(self, packets: Packets, place: int, forward: bool) -> int:
        source, destination = written(self.network, packets, self.recorded, place)
        port, client_port = int(packets.port[place]), int(packets.client_port[place])
        fields = {
            "source": source,
            "destination": destination,
            "protocol": protocol_name(int(packets.protocol[place])),
            "port": port if port >= 0 else None,
            "source_port": client_port if client_port >= 0 else None,
        }
        try:
            return _VERDICTS.get(judged(self.network, fields)["forward" if forward else "verdict"], UNKNOWN)
        except BadFlow:
            return UNKNOWN

    def _together(self, packets: Packets, left: int, forward: bool) -> NDArray[np.int8] | None:
        """What becomes of connections between two sorts; None where the set does not tell them apart."""
        import numpy as np

        if not self.allowance.spend(SET):
            return np.full(len(packets), UNJUDGED, np.int8)
        result = self._traced(packets)
        if result is None:
            return None
        verdict = result.forward if forward else result.verdict
        if result.gap is not None:
            return np.full(len(packets), UNKNOWN, np.int8)
        if verdict in _VERDICTS:
            return np.full(len(packets), _VERDICTS[verdict], np.int8)
        if all(path.plain for path in result.paths):
            return _looked_up(result, packets, forward)
        return self._parted(packets, result, left, forward)

    def _parted(self, packets: Packets, result: Trace, left: int, forward: bool) -> NDArray[np.int8] | None:
        import numpy as np

        if not left or len(result.paths) != 1:
            return None
        hint = _looked_up(result, packets, forward)
        if hint is None or np.all(hint == hint[0]):
            return None
        found = np.empty(len(packets), np.int8)
        for one in np.unique(hint):
            part = packets.only(hint == one)
            verdicts = self._together(part, left - 1, forward)
            found[hint == one] = self._singly(part, forward) if verdicts is None else verdicts
        return found

    def _traced(self, packets: Packets) -> Trace | None:
        """The trace of all headers of these connections and more: every client with every server and every port."""
        sorts = self.sorts()
        ours, theirs = int(sorts.sort[packets.client[0]]), int(sorts.sort[packets.server[0]])
        clients, servers = _addresses(packets, packets.client), _addresses(packets, packets.server)
        to = sorts.place(theirs, servers)
        beside = to.interface if isinstance(to, Held) else None
        place = sorts.place(ours, clients, not_as=beside)
        if place is None and beside is not None:
            place, to = sorts.place(ours, clients), sorts.place(theirs, servers, not_as=beside)
        if place is None or to is None or bool((packets.client == packets.server).any()):
            return None
        if isinstance(place, Held) and place.by_public_address:
            return None  # What it sends has its private address, by which nothing here is looked up.
        if isinstance(place, Held) and isinstance(to, Held):
            home = self.network.vpcs.get(place.interface.vpc or "")
            if kept_home(self.network, place, to) or (
                place.interface.vpc != to.interface.vpc and home is not None and meet(home.addresses, servers)
            ):
                return None
        protocol, six = int(packets.protocol[0]), is_ipv6(servers[0])
        if six and protocol == ICMP:
            protocol = ICMPV6
        sides = Box(clients, servers, (protocol, protocol + 1), ALL_PORTS, _ports(packets, protocol))
        return trace(self.network, Flow(place, to, protocol, None), explain=False, headers=Traffic.of(sides))


_VERDICTS = {"blocked": BLOCKED, "reachable": REACHABLE}


def _addresses(packets: Packets, ranks: NDArray[np.int64]) -> IntervalSet:
    import numpy as np

    numbers = packets.numbers
    return join_all((numbers[rank], numbers[rank] + 1) for rank in np.unique(ranks).tolist())


def _ports(packets: Packets, protocol: int) -> IntervalSet:
    if protocol in ECHO:
        return ECHO[protocol]
    if not has_ports(protocol):
        return ALL_PORTS
    return spread(packets.port)


def _looked_up(result: Trace, packets: Packets, forward: bool) -> NDArray[np.int8] | None:
    """Each connection looked up on the one path that its headers take; None where some take none, or several."""
    import numpy as np

    found = np.full(len(packets), UNKNOWN, np.int8)
    met = np.zeros(len(packets), np.int64)
    for path in result.paths:
        mine = _among(path.question, packets)
        certain, possible = (_among(chain.traffic, packets) for chain in (path.there if forward else path.total))
        verdict = np.where(certain, REACHABLE, np.where(possible, UNKNOWN, BLOCKED)).astype(np.int8)
        found = np.where(mine, verdict, found)
        met += mine
    return found if bool(np.all(met == 1)) else None


def _among(traffic: Traffic, packets: Packets) -> NDArray[np.bool_]:
    """For each connection whether its header is among the traffic."""
    import numpy as np

    found = np.zeros(len(packets), np.bool_)
    protocol = int(packets.protocol[0])
    for box in traffic.boxes:
        held = inside(packets.ranks.of(box.source), packets.client)
        held &= inside(packets.ranks.of(box.destination), packets.server)
        if has_ports(protocol):
            held &= inside(box.source_port, packets.client_port) & inside(box.port, packets.port)
        found |= held
    return found
