"""How interfaces, counts and windows of the evidence are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diagnosis.evidence.query import Last, Sightings
from diagnosis.evidence.records import iso
from diagnosis.evidence.view import View

_SPANS = {60: "minute", 3600: "hour", 86400: "day"}


@dataclass(frozen=True, slots=True)
class Named:
    """The names by which a reader knows the interfaces; an interface without one goes by its id."""

    view: View
    names: Mapping[str, str]

    @property
    def source(self) -> str:
        """The source's interfaces, or "the source" where it has none."""
        return self.interfaces(self.view.source) or "the source"

    @property
    def destination(self) -> str:
        """The destination's interfaces, or "the destination" where it has none."""
        return self.interfaces(self.view.destination) or "the destination"

    @property
    def unlogged(self) -> str:
        """The interfaces that no flow log covers."""
        both = (*self.view.source, *self.view.destination)
        return self.interfaces([each for each in both if self.view.has_log([each]) is False]) or "the interfaces"

    def interfaces(self, ids: Sequence[str]) -> str:
        """Name some interfaces: the first two, and how many more."""
        known = [self.names.get(each, each) for each in ids if each]
        if not known:
            return "an interface that the record does not name" if ids else ""
        more = f" and {len(known) - 2} more" if len(known) > 2 else ""
        return (" and " if not more else ", ").join(known[:2]) + more


def counted(view: View, named: Named) -> tuple[str, ...]:
    """Return the sentence of counts: how many REJECT and ACCEPT, where, and in which time."""
    when = window_words(view.sightings)
    if not view.sightings.seen:
        return (f"0 REJECT, 0 ACCEPT of this conversation {when}",)
    parts = []
    for action, count in (("REJECT", view.sightings.rejects), ("ACCEPT", view.sightings.accepts)):
        ids = sorted({seen.interface or "" for seen in view.sightings.seen if seen.action == action})
        parts.append(f"{count:,} {action}" + (f" at {named.interfaces(ids)}" if ids else ""))
    rejected = view.sightings.rejects > 0
    return (f"{parts[0]} {when}, {parts[1]}" if rejected else f"{parts[1]} {when}, {parts[0]}",)


def others(sightings: Sightings) -> tuple[str, ...]:
    """Return the sentence on other clients of the same service: whether it is this one alone that is refused."""
    found = sightings.others
    if found is None:
        return ()
    if not found.refused and not found.accepted:
        return ("No other client was seen at the same address and port",)
    more = "at least " if found.at_least else ""
    told = f"{more}{found.refused:,} refused, {more}{found.accepted:,} accepted"
    return (f"Other clients at the same address and port: {told}",)


def window_words(sightings: Sightings) -> str:
    """Say which time was read: "in the last hour", "since ...", "from ... to ..."."""
    window = sightings.window
    asked = sightings.query.window
    if isinstance(asked, Last) and not sightings.widened and asked.until is None:
        return f"in the last {span(asked.seconds)}"
    if window.start is None and window.end is None:
        return "in all that was read"
    if sightings.widened and window.start is not None:
        return f"in all that was read, since {iso(window.start)}"
    start = f"from {iso(window.start)}" if window.start is not None else ""
    end = f"to {iso(window.end)}" if window.end is not None else ""
    return " ".join(part for part in (start, end) if part)


def span(seconds: int) -> str:
    """Say a length of time in its largest whole unit: "hour", "2 hours", "90 minutes", "45 seconds"."""
    for size in sorted(_SPANS, reverse=True):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return _SPANS[size] if count == 1 else f"{count} {_SPANS[size]}s"
    return f"{seconds} seconds"
