"""The way between a cohort and a place, found once for many questions: a stencil, of which the cohort is one end."""

from __future__ import annotations

from dataclasses import replace

from diagnosis.network.network import Network
from diagnosis.trace.cohorts import Cohort
from diagnosis.trace.moves import Ends
from diagnosis.trace.places import Held
from diagnosis.trace.spots import spot
from diagnosis.trace.stencils import NONE, ONCE, Scope, Stencil, cut, made, stencils_of
from diagnosis.trace.trace import Flow, Trace, trace
from diagnosis.traffic.protocols import ALL_PROTOCOLS


def traced_as_one(network: Network, cohort: Cohort, flow: Flow) -> Trace:
    """The trace of a flow one end of which is the cohort, as it places itself; with explanations where it is alone.

    From the second time on that a kept cohort meets a place like the other end, it is cut out of a stencil.
    """
    ours, theirs = flow.source, flow.destination
    if not cohort.kept or cohort.alone or not isinstance(ours, Held) or not isinstance(theirs, Held):
        return trace(network, flow, explain=cohort.alone)
    stencil = _between(network, cohort, ours, theirs)
    if stencil is None:
        return trace(network, flow, explain=False)
    ends, found = stencil
    return Trace(flow, (cut(network, flow, ends, found, explain=False),), notes=found.notes)


def _between(network: Network, cohort: Cohort, ours: Held, theirs: Held) -> tuple[Ends, Stencil] | None:
    """The stencil with its two ends; None where there is none, or none yet."""
    one, other = spot(network, _single(ours)), spot(network, _single(theirs))
    if one is None or other is None or one.six is not other.six:
        return None
    if ours.by_public_address or theirs.by_public_address or ours.groups_apart is theirs.groups_apart:
        return None
    sending = ours.groups_apart
    own, there = (one, other) if sending else (other, one)
    number, around = (there.narrow, there.range) if there.wide is None else (there.wide, there.wide_range)
    # A cohort that is kept is there as long as the network's stencils: no other takes its identity.
    known, key = stencils_of(network), (id(cohort), own.narrow, number, sending, own.six)
    found = known.get(key)
    if found is None:
        known[key] = ONCE
    elif found == ONCE:
        scope = Scope(ours.alike, around, ALL_PROTOCOLS) if sending else Scope(around, theirs.alike, ALL_PROTOCOLS)
        found = known[key] = made(network, scope, Ends(one, other)) or NONE
    return (Ends(one, other), found) if isinstance(found, Stencil) else None


def _single(place: Held) -> Held:
    """One of the interfaces of a cohort, where it is one."""
    return replace(place, alike=(), clients=(), groups_apart=False) if place.groups_apart else place
