"""What the records cannot prove: gaps, delays and missing fields, each in a sentence that says what would help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from diagnosis.evidence.flow_log_setup import temporary_flow_log
from diagnosis.evidence.query import Last
from diagnosis.evidence.records import iso
from diagnosis.evidence.view import View
from diagnosis.evidence.wording import Named, span

DELAY = "15 minutes"
"""Records are published up to ten minutes after their window, best effort.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html
"""


def of(view: View, *, silent: bool, named: Named, traffic_types: Mapping[str, str]) -> tuple[str, ...]:
    """Return the limits that matter. `silent` is whether the pattern rests on records that are not there."""
    return (
        *view.sightings.partial,
        *_gaps(view, named),
        *_windows(view, silent=silent),
        *_partial_logs(view, traffic_types, named),
        *_missing_fields(view),
    )


def _gaps(view: View, named: Named) -> Iterator[str]:
    for interfaces, name in ((view.source, named.source), (view.destination, named.destination)):
        if lost := view.lost(interfaces):
            yield f"{lost:,} SKIPDATA at {name}: records were lost there, so the absence of one proves nothing."
        if interfaces and view.has_log(interfaces) is False:
            yield f"No flow log covers {name}."
    counts = view.sightings.counts
    if counts.unreadable_files:
        plural = "s" if counts.unreadable_files > 1 else ""
        yield f"{counts.unreadable_files:,} file{plural} could not be read; what is in there is not counted."
    if counts.malformed:
        plural = "s were" if counts.malformed > 1 else " was"
        yield f"{counts.malformed:,} malformed line{plural} left out."


def _windows(view: View, *, silent: bool) -> Iterator[str]:
    sightings = view.sightings
    asked = sightings.query.window
    if sightings.widened and isinstance(asked, Last):
        back = "everything there is was read"
        if sightings.delivered_until is not None and sightings.window.start is not None:
            back = f"the logs were read back to {iso(sightings.window.start)}"
        yield f"Nothing of this conversation is in the last {span(asked.seconds)}, so {back}."
    if sightings.may_lack_the_newest and sightings.delivered_until is not None:
        yield (
            f"Records from after {iso(sightings.delivered_until)} may not have been delivered yet; "
            "nothing is said of that time."
        )
    elif silent and sightings.newest is not None:
        yield (
            f"The newest record ends {iso(sightings.newest)}; records arrive up to {DELAY} late, so nothing is said "
            "of the time after that."
        )


def _partial_logs(view: View, traffic_types: Mapping[str, str], named: Named) -> Iterator[str]:
    for each in (*view.source, *view.destination):
        kept = traffic_types.get(each, "ALL").upper()
        if kept != "ALL":
            missing = "REJECT" if kept == "ACCEPT" else "ACCEPT"
            yield f"The flow log of {named.interfaces([each])} keeps {kept} only: no {missing} can be there."


def _missing_fields(view: View) -> Iterator[str]:
    """What the fields that every file has cannot tell, and the command that logs them too, beside what there is."""
    found = tuple(_untold(view)) if view.sightings.fields else ()
    yield from found
    if found and (own := (*view.source, *view.destination)):
        yield f"A format cannot be changed; this logs every field that helps: {temporary_flow_log(own[0]).create}"


def _untold(view: View) -> Iterator[str]:
    fields = view.sightings.fields
    if view.sightings.query.protocol == 6 and "tcp-flags" not in fields and view.accepted("forward"):
        yield (
            "The format has no tcp-flags: a refused connection (RST) looks like an answered one. A flow log of version "
            "3 with tcp-flags would tell."
        )
    if not {"pkt-srcaddr", "pkt-dstaddr"} <= fields and _needs_packet_addresses(view):
        yield (
            "The format has no pkt-srcaddr and pkt-dstaddr: through a NAT gateway or a transit gateway, and for "
            "secondary addresses, the real addresses do not show. A flow log of version 3 with both would tell."
        )
    if "interface-id" not in fields:
        yield "The format has no interface-id, so a record does not say where it was made."
    if not {"start", "end"} <= fields:
        yield "The format has no start and end, so records cannot be told apart by time."


def _needs_packet_addresses(view: View) -> bool:
    """Whether an interface of neither party has part in it, or nothing was found at one."""
    between = any(place.side == "between" for place in view.places)
    outside = not view.source or not view.destination
    return between or outside or not view.sightings.seen
