"""Lists of rules asked about many connections at once: a cell for each port that occurs, a look for each address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from diagnosis.replay.columns import inside, runs
from diagnosis.traffic.filters import Filter, Side, View
from diagnosis.traffic.intervals import IntervalSet, covers, meet
from diagnosis.traffic.ranks import Ranks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.int64] | IntervalSet
    """Ranks of addresses or numbers of ports, one for each connection; or a set, of which nobody can tell which."""

DROPS: Final = 0
PASSES: Final = 1
SOME: Final = 2
"""Of a header that is a set a part passes: what a gateway sends from one port and not from another."""


class Headers(NamedTuple):
    """The headers of connections of one protocol, on one stretch of their way."""

    protocol: int
    source: Column
    destination: Column
    source_port: Column
    port: Column


class Lists:
    """Lists of rules, and every set of addresses in them as ranks."""

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self._points: dict[IntervalSet, NDArray[np.int64]] = {}

    def passing(self, rules: Filter, view: View, headers: Headers, count: int) -> NDArray[np.int8]:
        """What the rules do to each of so many connections."""
        import numpy as np

        cells, by_source_port = rules.row(headers.protocol, reply=view.reply)
        peers = headers.source if view.address is Side.SOURCE else headers.destination
        ports = headers.source_port if by_source_port else headers.port
        found = np.empty(count, np.int8)
        if isinstance(ports, tuple):
            told = [self._held(allowed, peers, count) for allowed, _ in cells.groups(ports)]
            found[:] = told[0]
            for other in told[1:]:
                found[found != other] = SOME
            return found
        at = np.searchsorted(np.asarray(cells.cuts, np.int64), ports, side="right") - 1
        for some in runs(at):
            theirs = peers if isinstance(peers, tuple) else peers[some]
            found[some] = self._held(cells.allowed(int(at[some[0]])), theirs, len(some))
        return found

    def _held(self, allowed: IntervalSet, peers: Column, count: int) -> NDArray[np.int8]:
        """What becomes of peers where these addresses pass."""
        import numpy as np

        if isinstance(peers, tuple):
            verdict = PASSES if covers(allowed, peers) else SOME if meet(allowed, peers) else DROPS
            return np.full(count, verdict, np.int8)
        return inside(self.points(allowed), peers).astype(np.int8)

    def points(self, addresses: IntervalSet) -> NDArray[np.int64]:
        """A set of addresses as the toggle points of ranks."""
        import numpy as np

        found = self._points.get(addresses)
        if found is None:
            found = self._points[addresses] = np.asarray(self._ranks.of(addresses), np.int64)
        return found
