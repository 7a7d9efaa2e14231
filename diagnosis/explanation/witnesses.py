"""What the flow logs said, in the form of the Answer."""

from __future__ import annotations

from collections.abc import Iterable

from diagnosis.evidence.patterns import Pattern
from diagnosis.evidence.query import Seen, Sightings
from diagnosis.evidence.records import iso
from diagnosis.evidence.view import SLACK
from diagnosis.testimony import FlowLogs, OtherClients, RecordCounts, Window

_MOST_LINES = 6


def to_flow_logs(sightings: Sightings, pattern: Pattern) -> FlowLogs:
    """Return the evidence of the flow logs: counts, times as ISO 8601 UTC, and raw lines with their origins.

    The first REJECT may lie before the window, back to the last ACCEPT: that is when it began.
    """
    rejects = [seen for seen in sightings.seen if seen.action == "REJECT"]
    accepts = [seen for seen in sightings.seen if seen.action == "ACCEPT"]
    last_accept = _last(accepts) or (_last(seen for seen in sightings.earlier if seen.action == "ACCEPT"))
    began = [seen for seen in sightings.earlier if seen.action == "REJECT" and _goes_on(seen, sightings)]
    raw = [line for seen in sorted(sightings.seen, key=_telling) for line in seen.lines][:_MOST_LINES]
    return FlowLogs(
        engine=sightings.engine,
        query=sightings.text,
        records=RecordCounts(
            read=sightings.counts.read,
            malformed=sightings.counts.malformed,
            nodata=sightings.counts.nodata,
            skipdata=sightings.counts.skipdata,
            unreadable_files=sightings.counts.unreadable_files,
        ),
        accepts=sightings.accepts,
        rejects=sightings.rejects,
        other_clients=_other_clients(sightings),
        first_reject=_iso(min((seen.first for seen in (*rejects, *began) if seen.first is not None), default=None)),
        last_reject=_iso(_last(rejects)),
        last_accept=_iso(last_accept),
        turned=_turned(sightings),
        lines=tuple(line.text for line in raw),
        line_origins=tuple(line.origin for line in raw),
        pattern=pattern.text,
        limits=pattern.limits,
        sentences=pattern.sentences,
        bytes_scanned=sightings.scanned,
        cost_usd=round(sightings.dollars, 6),
    )


def _other_clients(sightings: Sightings) -> OtherClients | None:
    found = sightings.others
    if found is None:
        return None
    return OtherClients(refused=found.refused, accepted=found.accepted, at_least=found.at_least)


def to_window(sightings: Sightings) -> Window:
    """Return the time that was read in the end."""
    return Window(start=_iso(sightings.window.start), end=_iso(sightings.window.end))


def _turned(sightings: Sightings) -> Window | None:
    """When ACCEPT turned to REJECT at a place of the path, for good; the first of several."""
    times: list[tuple[int, int]] = []
    known = (*sightings.seen, *sightings.earlier)
    for place in {(seen.interface, seen.leg) for seen in sightings.seen if seen.action == "REJECT"}:
        here = [seen for seen in known if (seen.interface, seen.leg) == place]
        accepted = _last(seen for seen in here if seen.action == "ACCEPT")
        firsts = [seen.first for seen in here if seen.action == "REJECT" and seen.first is not None]
        since = [first for first in firsts if accepted is not None and first >= accepted - SLACK]
        if accepted is not None and since and len(since) == len(firsts):
            times.append((min(since), accepted))
    if not times:
        return None
    reject, accept = min(times)
    return Window(start=iso(min(accept, reject)), end=iso(reject))


def _goes_on(earlier: Seen, sightings: Sightings) -> bool:
    """Whether rejects from before the window went on into it at the same place, without an ACCEPT since."""
    place = earlier.interface, earlier.leg
    now = {seen.action for seen in sightings.seen if (seen.interface, seen.leg) == place}
    accepted = _last(
        seen for seen in sightings.earlier if (seen.interface, seen.leg) == place and seen.action == "ACCEPT"
    )
    return now == {"REJECT"} and (earlier.first or 0) >= (accepted or 0)


def _telling(seen: Seen) -> tuple[bool, bool, int]:
    """Rejects first, then replies, then the newest."""
    return seen.action != "REJECT", seen.leg != "reply", -(seen.last or 0)


def _last(found: Iterable[Seen]) -> int | None:
    return max((seen.last for seen in found if seen.last is not None), default=None)


def _iso(seconds: int | None) -> str | None:
    return None if seconds is None else iso(seconds)
