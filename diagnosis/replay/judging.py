"""The verdict on each of many recorded connections: those between two sorts of addresses together, the rest one by one.

What is judged together is traced as one set of headers with the groups left out, and each connection is looked up in
what passes for certain and what may pass, then in what the groups at its two ends let pass. Where gateways rewrite
addresses that set is only a hint: the connections are parted by it, and each part is traced again until all of it
passes, or none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from diagnosis.batch import BadFlow, judged
from diagnosis.evidence.recorded import Recorded
from diagnosis.network.network import Network
from diagnosis.replay.group_rules import BLOCKED, REACHABLE, UNKNOWN, Ends
from diagnosis.replay.packets import Packets, written
from diagnosis.replay.ranks import inside, spread
from diagnosis.replay.sorts import Sorts, alike
from diagnosis.trace.places import Held
from diagnosis.trace.placing import kept_home
from diagnosis.trace.trace import ECHO, Flow, Path, Trace, trace
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
Stopped = Callable[[], None]
"""Called now and then; raises where the work is not wanted any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Judges connections in one network."""

    network: Network
    recorded: Recorded
    sorts: Sorts
    """No change of rules or routes alters them."""
    stopped: Stopped

    def verdicts(self, packets: Packets, *, forward: bool = False) -> NDArray[np.int8]:
        """The verdict on each connection, or on its forward leg alone."""
        import numpy as np

        found = np.full(len(packets), UNKNOWN, np.int8)
        told = np.zeros(len(packets), np.bool_)
        ends = Ends(self.sorts, packets)
        for which in alike(self.sorts, packets):
            self.stopped()
            some = packets.only(which)
            way = self._together(some, PARTED, forward) if len(which) >= TOGETHER else None
            if way is None:
                continue
            verdicts, path = way
            found[which], told[which] = verdicts, True
            if path is not None:
                ends.meet(which, path)
        told &= ends.judged(found)
        found[~told] = self._singly(packets.only(~told), forward)
        return found

    def _singly(self, packets: Packets, forward: bool) -> NDArray[np.int8]:
        import numpy as np

        found = np.full(len(packets), UNKNOWN, np.int8)
        for place in range(len(packets)):
            if place % 1_000 == 0:
                self.stopped()
            found[place] = self._single(packets, place, forward)
        return found

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

    def _together(self, packets: Packets, left: int, forward: bool) -> Way | None:
        """What becomes of connections between two sorts; None where the set does not tell them apart.

        Where the groups are left out, the path is told whose ends are still to judge them.
        """
        import numpy as np

        result = self._traced(packets)
        if result is None:
            return None
        bare, verdict = self._bare(packets), result.forward if forward else result.verdict
        if result.gap is not None:
            return np.full(len(packets), UNKNOWN, np.int8), None
        if verdict == "blocked" or (verdict == "reachable" and not bare):
            return np.full(len(packets), _VERDICTS[verdict], np.int8), None
        if all(path.plain for path in result.paths):
            found = _looked_up(result, packets, forward)
            if found is None or not bare:
                return None if found is None else (found, None)
            return (found, result.paths[0]) if len(result.paths) == 1 else None
        found = None if bare else self._parted(packets, result, left, forward)
        return None if found is None else (found, None)

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
            way = self._together(part, left - 1, forward)
            found[hint == one] = self._singly(part, forward) if way is None else way[0]
        return found

    def _bare(self, packets: Packets) -> bool:
        """Whether the groups are left out of the trace of these."""
        ours, theirs = int(self.sorts.sort[packets.client[0]]), int(self.sorts.sort[packets.server[0]])
        return self.sorts.apart(ours) and self.sorts.apart(theirs)

    def _traced(self, packets: Packets) -> Trace | None:
        """The trace of all headers of these connections and more: every client with every server and every port."""
        sorts = self.sorts
        ours, theirs = int(sorts.sort[packets.client[0]]), int(sorts.sort[packets.server[0]])
        clients, servers = _addresses(packets, packets.client), _addresses(packets, packets.server)
        bare = self._bare(packets)
        to = sorts.place(theirs, servers, bare=bare)
        beside = to.interface if isinstance(to, Held) else None
        place = sorts.place(ours, clients, bare=bare, not_as=beside)
        if place is None and beside is not None:
            place, to = sorts.place(ours, clients, bare=bare), sorts.place(theirs, servers, bare=bare, not_as=beside)
        if place is None or to is None or bool((packets.client == packets.server).any()):
            return None
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


Way = tuple["NDArray[np.int8]", Path | None]
_VERDICTS = {"blocked": BLOCKED, "reachable": REACHABLE}


def _addresses(packets: Packets, ranks: NDArray[np.int64]) -> IntervalSet:
    import numpy as np

    numbers = packets.ranks.numbers
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
        held = inside(packets.ranks.cuts(box.source), packets.client)
        held &= inside(packets.ranks.cuts(box.destination), packets.server)
        if has_ports(protocol):
            held &= inside(box.source_port, packets.client_port) & inside(box.port, packets.port)
        found |= held
    return found
