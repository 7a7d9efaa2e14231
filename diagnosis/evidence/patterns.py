"""The pattern that a conversation's records form: which row of the decision table holds, in words, and its limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from diagnosis.evidence import limits
from diagnosis.evidence.crossings import reasons, told
from diagnosis.evidence.decision_table import LOST, PASSING, REJECTING, SILENT, TABLE, Kind
from diagnosis.evidence.query import Crossing, Leg, Sightings
from diagnosis.evidence.records import iso
from diagnosis.evidence.view import Place, View, view_of
from diagnosis.evidence.wording import Named, counted, others

__all__ = ["LOST", "PASSING", "REJECTING", "SILENT", "Kind", "Pattern", "read_pattern"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What the records of a conversation show, in one sentence, and how far it can be trusted."""

    kind: Kind
    text: str
    leg: Leg | None = None
    """The leg that is refused or lost."""
    sentences: tuple[str, ...] = ()
    """What was counted, for a reader."""
    limits: tuple[str, ...] = ()
    """What this cannot prove, and what would."""
    accepted_until: int | None = None
    """When the last ACCEPT ended at the place that refuses now, Unix seconds."""
    accepted_since: int | None = None
    """When ACCEPT began at a place that refused before, Unix seconds."""


def read_pattern(
    sightings: Sightings,
    source_interface_ids: Iterable[str],
    destination_interface_ids: Iterable[str],
    logged_interfaces: Mapping[str, bool | None],
    names: Mapping[str, str] | None = None,
    traffic_types: Mapping[str, str] | None = None,
) -> Pattern:
    """Return what the records of a conversation show.

    `logged_interfaces` says of an interface whether a flow log covers it (None: not known); `names` how to call it;
    `traffic_types` what its flow log records (ALL, ACCEPT, REJECT), where that is known.
    """
    view = view_of(sightings, source_interface_ids, destination_interface_ids, logged_interfaces)
    row = next(row for row in TABLE if row.holds(view))
    named = Named(view, names or {})
    refusing = [place for place in view.places if view.rejecting(place)]
    settled = [place for place in view.places if place.accepted_since]
    return Pattern(
        kind=row.kind,
        text=row.text.format(
            source=named.source,
            destination=named.destination,
            where=named.interfaces(_where(refusing)),
            unlogged=named.unlogged,
            lost=_lost(view.losing),
        )
        + _so_far(row.kind, sightings),
        leg=row.leg or _leg(row.kind, view, refusing),
        sentences=(
            *counted(view, named),
            *_changes(refusing, settled, named),
            *told(sightings.crossings),
            *others(sightings),
        ),
        limits=limits.of(view, silent=row.kind in SILENT | LOST, named=named, traffic_types=traffic_types or {}),
        accepted_until=max((until for place in refusing if (until := place.accepted_until) is not None), default=None),
        accepted_since=None
        if refusing
        else min((since for place in settled if (since := _since(place))), default=None),
    )


def _leg(kind: Kind, view: View, refusing: Sequence[Place]) -> Leg | None:
    if kind is Kind.LOST_AT_GATEWAY:
        return view.losing[0].leg
    return refusing[0].leg if refusing else None


def _so_far(kind: Kind, sightings: Sightings) -> str:
    """That nothing was sent holds only as far as records have been delivered."""
    if kind not in {Kind.NODATA, Kind.NO_RECORDS} or not sightings.may_lack_the_newest:
        return ""
    return f" This holds up to {iso(sightings.delivered_until or 0)}: later records may still arrive."


def _where(refusing: Iterable[Place]) -> tuple[str, ...]:
    found = {each for place in refusing if place.reject is not None for each in place.reject.interfaces}
    return tuple(sorted(found))


def _lost(crossings: Iterable[Crossing]) -> str:
    return "; ".join(f"{each.gateway or 'transit gateway'}, {reasons(each)}" for each in crossings)


def _since(place: Place) -> int | None:
    return None if place.accept is None else place.accept.first


def _changes(refusing: Iterable[Place], settled: Iterable[Place], named: Named) -> tuple[str, ...]:
    """When it began, or ended, at each place where one followed the other."""
    said = [
        f"ACCEPT until {iso(until)} at {named.interfaces(place.reject.interfaces)}, REJECT since"
        for place in refusing
        if place.reject is not None and (until := place.accepted_until) is not None
    ]
    said += [
        f"REJECT until {iso(place.reject.last)} at {named.interfaces(place.reject.interfaces)}, ACCEPT since"
        for place in settled
        if place.reject is not None and place.reject.last is not None
    ]
    return tuple(said[:2])
