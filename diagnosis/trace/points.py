"""Points: a flow between two addresses that either passes whole or is dropped whole, judged without a trace.

Between two places with a stencil only the groups at both ends and the steps of the stencil can drop anything. Where
each of them passes all of the flow, or the groups drop all of it, the verdict is known by looking it up in their
compiled rules, and no step needs to be made. Whatever is not that simple is left to the trace.
"""

from __future__ import annotations

from typing import NamedTuple

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace.ends import End
from diagnosis.trace.placing import kept_home, place_alone
from diagnosis.trace.stencils import Spot, between, holds, spot
from diagnosis.trace.step import Blocker, Direction, Step
from diagnosis.trace.trace import classes
from diagnosis.traffic.ports import port
from diagnosis.traffic.traffic import Box, Traffic

MOST = 200_000
"""How many addresses are remembered with the interface that holds them."""


class Point(NamedTuple):
    """The outcome of such a flow."""

    blockers: tuple[Blocker, ...]
    """All are groups, on the forward leg; the flow is reachable where there is none, else blocked."""
    whatever_client: bool
    """Whether it is the same for every port of the client."""


def judged(network: Network, source: str, destination: str, protocol: int | None, ports: Ports) -> Point | None:
    """The outcome of a flow between two literal addresses; None where only a trace can tell."""
    ours, theirs = _spot(network, source), _spot(network, destination)
    if ours is None or theirs is None or protocol is None or kept_home(network, ours.held, theirs.held):
        return None
    stencil = between(network, protocol, ours, theirs)
    if stencil is None:
        return None
    clients = ours.clients if ports.source_port is None else port(ports.source_port)
    [sides] = classes(protocol, ports.port, clients, six=ours.six)
    box = Box(ours.addresses, theirs.addresses, *sides)
    if (stencil.there or stencil.back) and not _all_pass((*stencil.there, *stencil.back), box):
        return None
    one, other = ours.held.interface, theirs.held.interface
    out = stencil.leaving.passes(network, one, other, box)
    into = stencil.entering.passes(network, other, one, box)
    if out is None or into is None:
        return None
    blockers: list[Blocker] = []
    if not out:
        blockers += _blockers(stencil.leaving, one, box)
    if not into:
        blockers += _blockers(stencil.entering, other, box)
    return Point(tuple(blockers), not stencil.back)


class Ports(NamedTuple):
    """The two ports of a flow; None stands for any."""

    port: int | None
    source_port: int | None


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


def _all_pass(steps: tuple[Step, ...], part: Box) -> bool:
    """Whether each step lets all of the box pass: by one of its own boxes, as most do, or by several together."""
    return all(holds(step.passed, part) or step.passed.covers(Traffic((part,))) for step in steps)


def _blockers(end: End, own: NetworkInterface, box: Box) -> list[Blocker]:
    traffic = Traffic((box,))
    related, count = (own.id,), len(own.groups or ())
    direction: Direction = "egress" if end.egress else "ingress"
    return [Blocker(code, group, related, direction, None, traffic, any_of=count) for group, code in end.blamed(own)]
