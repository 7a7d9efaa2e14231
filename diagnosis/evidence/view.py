"""Sightings sorted by where on the path they were made: four places, two at each party's interface, and the rest.

Without `flow-direction` (version 2 has none) the direction follows from the interface: forward records at the
source's own interface are its egress, at the destination's its ingress, and the other way round for replies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from diagnosis.evidence.query import Crossing, Leg, Seen, Sightings

TCP = 6
FIN, SYN, RST, ACK = 1, 2, 4, 16
SYN_ACK = SYN | ACK
SLACK = 60
"""Seconds by which records of a change may overlap: both were summed up over the same minute."""

Side = Literal["source", "destination", "between"]


@dataclass(frozen=True, slots=True)
class Tally:
    """Records of one action at one place."""

    records: int
    first: int | None
    last: int | None
    flags: int | None
    reasons: frozenset[str]
    interfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """What was recorded of one leg at one side."""

    side: Side
    leg: Leg
    accept: Tally | None = None
    reject: Tally | None = None
    accepted_before: Tally | None = None
    """ACCEPT records from before the window."""

    @property
    def accepted_since(self) -> bool:
        """Whether the rejects ended and only accepts followed."""
        if self.accept is None or self.reject is None or self.accept.first is None or self.reject.last is None:
            return False
        return self.accept.first >= self.reject.last - SLACK

    @property
    def accepted_until(self) -> int | None:
        """When the last ACCEPT ended, if only rejects followed; Unix seconds."""
        last = _latest(tally.last for tally in (self.accept, self.accepted_before) if tally is not None)
        if last is None or self.reject is None or self.reject.first is None or self.reject.first < last - SLACK:
            return None
        return last

    def is_tail(self, *, flags_known: bool) -> bool:
        """Whether the rejects are packets of connections that were accepted before, none of them a SYN."""
        flags = self.reject.flags if self.reject else None
        return (
            flags_known and flags is not None and not flags & SYN and (self.accept or self.accepted_before) is not None
        )


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the decision table looks at."""

    sightings: Sightings
    source: tuple[str, ...]
    """Interfaces of the source; empty when it is outside."""
    destination: tuple[str, ...]
    logged: Mapping[str, bool | None]
    places: tuple[Place, ...]

    @property
    def places_now(self) -> tuple[Place, ...]:
        """The places with a record in the window."""
        return tuple(place for place in self.places if place.accept is not None or place.reject is not None)

    def place(self, side: Side, leg: Leg) -> Place:
        """Return what was recorded there, which may be nothing."""
        return next((each for each in self.places if (each.side, each.leg) == (side, leg)), Place(side, leg))

    @property
    def left(self) -> Place:
        """Forward at the source: egress."""
        return self.place("source", "forward")

    @property
    def arrived(self) -> Place:
        """Forward at the destination: ingress."""
        return self.place("destination", "forward")

    @property
    def answered(self) -> Place:
        """Reply at the destination: egress."""
        return self.place("destination", "reply")

    @property
    def returned(self) -> Place:
        """Reply at the source: ingress."""
        return self.place("source", "reply")

    @property
    def flags_known(self) -> bool:
        """Whether the records tell TCP flags."""
        return self.sightings.query.protocol == TCP and "tcp-flags" in self.sightings.fields

    def rejecting(self, place: Place) -> bool:
        """Whether packets are being refused there: the rejects go on, and are more than the tail of a connection."""
        return place.reject is not None and not place.accepted_since and not place.is_tail(flags_known=self.flags_known)

    @property
    def losing(self) -> tuple[Crossing, ...]:
        """The transit gateways that lost packets of it, on the way there first."""
        return tuple(sorted((each for each in self.sightings.crossings if each.lost), key=lambda each: each.leg))

    def accepted(self, leg: Leg) -> bool:
        """Whether any interface accepted this leg."""
        return any(place.accept is not None for place in self.places if place.leg == leg)

    def flags(self, leg: Leg) -> int:
        """TCP flags of this leg's accepted packets, OR-ed."""
        found = 0
        for place in self.places:
            if place.leg == leg and place.accept is not None:
                found |= place.accept.flags or 0
        return found

    def lost(self, interfaces: Sequence[str]) -> int:
        """SKIPDATA records of these interfaces."""
        return sum(self.sightings.status(each).skipdata for each in interfaces)

    def idle(self, interfaces: Sequence[str]) -> bool:
        """Whether NODATA is all that these interfaces recorded."""
        statuses = [self.sightings.status(each) for each in interfaces]
        return sum(each.nodata for each in statuses) > 0 and not any(each.ok or each.skipdata for each in statuses)

    def has_log(self, interfaces: Sequence[str]) -> bool | None:
        """Whether a flow log covers any of these interfaces: a record of its own proves it. None when not known."""
        statuses = [self.sightings.status(each) for each in interfaces]
        if any(each.ok or each.nodata or each.skipdata for each in statuses):
            return True
        known = {self.logged.get(each) for each in interfaces}
        return True if True in known else (False if known == {False} else None)


def view_of(
    sightings: Sightings,
    source: Iterable[str],
    destination: Iterable[str],
    logged: Mapping[str, bool | None],
) -> View:
    """Sort the sightings by place."""
    sides: dict[Side, frozenset[str]] = {"source": frozenset(source), "destination": frozenset(destination)}
    groups: dict[tuple[Side, Leg], list[Seen]] = {}
    before: dict[tuple[Side, Leg], list[Seen]] = {}
    for target, found in ((groups, sightings.seen), (before, sightings.earlier)):
        for seen in found:
            target.setdefault((_side(seen, sides), seen.leg), []).append(seen)
    places = tuple(
        Place(
            side,
            leg,
            _tally(seen for seen in groups.get((side, leg), ()) if seen.action == "ACCEPT"),
            _tally(seen for seen in groups.get((side, leg), ()) if seen.action == "REJECT"),
            _tally(seen for seen in before.get((side, leg), ()) if seen.action == "ACCEPT"),
        )
        for side, leg in sorted(groups.keys() | before.keys())
    )
    return View(sightings, tuple(sorted(sides["source"])), tuple(sorted(sides["destination"])), logged, places)


def _side(seen: Seen, sides: Mapping[Side, AbstractSet[str]]) -> Side:
    at_source, at_destination = seen.interface in sides["source"], seen.interface in sides["destination"]
    if at_source and not at_destination:
        return "source"
    if at_destination and not at_source:
        return "destination"
    # One interface for both parties, or parties without known interfaces: only the record's own direction can tell.
    if seen.direction is not None and (at_source or not (sides["source"] or sides["destination"])):
        return "source" if (seen.direction == "egress") == (seen.leg == "forward") else "destination"
    return "between"


def _tally(found: Iterable[Seen]) -> Tally | None:
    rows = list(found)
    if not rows:
        return None
    flags: int | None = None
    for row in rows:
        if row.tcp_flags is not None:
            flags = (flags or 0) | row.tcp_flags
    return Tally(
        sum(row.records for row in rows),
        min((row.first for row in rows if row.first is not None), default=None),
        _latest(row.last for row in rows),
        flags,
        frozenset(row.reject_reason for row in rows if row.reject_reason),
        tuple(sorted({row.interface or "" for row in rows})),
    )


def _latest(times: Iterable[int | None]) -> int | None:
    return max((time for time in times if time is not None), default=None)
