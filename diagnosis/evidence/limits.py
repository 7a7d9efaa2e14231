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
    """A sentence for each missing field that would have told more of what was seen here, with its version."""
    fields, query = view.sightings.fields, view.sightings.query
    apart = _needs_packet_addresses(view)
    if query.protocol == 6 and "tcp-flags" not in fields and view.accepted("forward"):
        yield (
            "The format has no tcp-flags: a refused connection (RST) looks like an answered one. A flow log of version "
            "3 with tcp-flags would tell."
        )
    if not {"pkt-srcaddr", "pkt-dstaddr"} <= fields and apart:
        yield (
            "The format has no pkt-srcaddr and pkt-dstaddr: through a NAT gateway or a transit gateway, and for "
            "secondary addresses, the real addresses do not show. A flow log of version 3 with both would tell."
        )
    if "flow-direction" not in fields and view.sightings.seen and apart:
        yield (
            "The format has no flow-direction: at an interface of neither party a record does not say whether the "
            "packet came or went. A flow log of version 5 with flow-direction would tell."
        )
    arrived = view.arrived.accept or view.arrived.reject
    if "traffic-path" not in fields and view.left.accept is not None and arrived is None:
        yield (
            "The format has no traffic-path: by which gateway the packet left does not show. A flow log of version 5 "
            "with traffic-path would tell."
        )
    outside = not (view.source and view.destination)  # Block Public Access looks at nothing else.
    if "reject-reason" not in fields and view.sightings.rejects and outside:
        yield (
            "The format has no reject-reason: whether VPC Block Public Access refused it does not show. A flow log of "
            "version 8 with reject-reason would tell."
        )
    if "pkt-src-aws-service" not in fields and view.sightings.rejects and not view.source:
        yield (
            "The format has no pkt-src-aws-service: whether a service of AWS sent it does not show. A flow log of "
            "version 5 with pkt-src-aws-service would tell."
        )
    yield from _untold_of_version_2(view)


def _untold_of_version_2(view: View) -> Iterator[str]:
    """What is in the default format, and can only be missing from a custom one."""
    fields, query = view.sightings.fields, view.sightings.query
    if "interface-id" not in fields:
        yield "The format has no interface-id, so a record does not say where it was made."
    elif "resource-id" not in fields and any(seen.interface is None for seen in view.sightings.seen):
        yield (
            "The format has no resource-id: which regional NAT gateway made the records without an interface does not "
            "show. A flow log of version 9 with resource-id would tell."
        )
    if not {"start", "end"} <= fields:
        yield "The format has no start and end, so records cannot be told apart by time."
    if "log-status" not in fields:
        yield "The format has no log-status, so that records were lost (SKIPDATA) does not show."
    asked = [("protocol", query.protocol is not None)]
    asked += [(name, query.ports_matter and query.port is not None) for name in ("srcport", "dstport")]
    if missing := [name for name, matters in asked if matters and name not in fields]:
        lacking = " and no ".join(missing)
        yield f"The format has no {lacking}, so its records cannot be told from those of other services."


def _needs_packet_addresses(view: View) -> bool:
    """Whether an interface of neither party has part in it, or nothing was found at one."""
    between = any(place.side == "between" for place in view.places)
    outside = not view.source or not view.destination
    return between or outside or not view.sightings.seen
