"""The way between two ends, found once for a network, and what its network ACLs let pass of what is asked.

Where everything goes one way and only network ACLs compare headers there, that way is kept with the network: the trace
of all traffic between the two ends with every ACL open. What passes of any question is then what its ACLs let pass, one
after another, there and back. A way on which anything else drops some traffic, or is not known, is not kept, and the
question itself is traced.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from diagnosis.network.network import Network
from diagnosis.trace import network_acls
from diagnosis.trace.places import Held
from diagnosis.trace.stencils import VIEWS, ground
from diagnosis.trace.step import Hop
from diagnosis.trace.trace import Flow, Path, trace
from diagnosis.trace.walk import GroupsJudge
from diagnosis.traffic.filters import View
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ALL_PROTOCOLS
from diagnosis.traffic.traffic import Box, Traffic

MOST = 20_000
"""How many ways are kept: one takes about a kilobyte."""


@dataclass(frozen=True, slots=True, eq=False)
class Open:
    """What passes between two ends, or may, whatever the groups at both do, and how these are judged."""

    traffic: Traffic
    leaving: GroupsJudge | None
    entering: GroupsJudge | None

    @classmethod
    def of(cls, path: Path) -> Open:
        """What passes on a path."""
        return cls(path.total[1].traffic, path.leaving, path.entering)


@dataclass(frozen=True, slots=True)
class _Acl:
    """A network ACL on the way, by its id and direction, and how it looks at a connection."""

    acl: str
    egress: bool
    view: View


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A way on which only network ACLs decide, but for the groups at both ends."""

    acls: tuple[_Acl, ...]
    leaving: GroupsJudge
    entering: GroupsJudge


def by_kept_way(network: Network, flow: Flow, headers: Traffic) -> Open | None:
    """What passes of these headers of a flow between two ends; None where no way of theirs is kept."""
    way = _kept(network, flow)
    if way is None:
        return None
    for acl in way.acls:
        rules = network_acls.acl_filter(network, network.acls[acl.acl], egress=acl.egress)
        headers, _ = rules.split(headers, acl.view)
    return Open(headers, replace(way.leaving, network=network), replace(way.entering, network=network))


def _kept(network: Network, flow: Flow) -> _Way | None:
    ours, theirs = flow.source, flow.destination
    if not isinstance(ours, Held) or not isinstance(theirs, Held) or not ours.alike or not theirs.alike:
        return None
    known: dict[Hashable, _Way | None] | None = network.memo.get("ways between ends")
    if known is None:
        known = network.memo["ways between ends"] = {}
    key = (ours.interface.id, ours.address, ours.alike, theirs.interface.id, theirs.address, theirs.alike)
    if key in known:
        return known[key]
    found = _found(network, ours, theirs)
    if len(known) < MOST:
        known[key] = found
    return found


def _found(network: Network, ours: Held, theirs: Held) -> _Way | None:
    everything = Traffic((Box(ours.alike, theirs.alike, ALL_PROTOCOLS, ALL_PORTS, ALL_PORTS),))
    result = trace(ground(network), Flow(ours, theirs, None, None), headers=everything)
    if result.gap is not None or len(result.paths) != 1:
        return None
    [path] = result.paths
    if not path.alone or not path.plain or path.leaving is None or path.entering is None:
        return None
    there, back = _acls(path.forward_hops, everything, reply=False), _acls(path.return_hops, everything, reply=True)
    if there is None or back is None:
        return None
    return _Way((*there, *back), path.leaving, path.entering)


def _acls(hops: tuple[Hop, ...], everything: Traffic, *, reply: bool) -> list[_Acl] | None:
    """The ACLs of one leg; None where some step does not let everything pass, or an ACL may not be met by all of it."""
    found = []
    for step in (step for hop in hops for step in hop.steps):
        if step.passed is not everything:
            return None
        if step.kind == network_acls.KIND:
            if step.subnet is None or step.direction is None:
                return None
            found.append(_Acl(step.component, step.direction == "egress", VIEWS[reply, step.direction]))
    return found
