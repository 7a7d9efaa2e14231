"""Several readings of one question, of several flow logs by several engines, as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import attrgetter

from diagnosis.evidence.query import Between, Counts, Crossing, InterfaceStatus, Others, Seen, Sightings

_LINES_EACH = 2


def combined(found: Sequence[Sightings]) -> Sightings:
    """Return one answer of several, at least one. Each has read other records than the others."""
    if len(found) == 1:
        return found[0]
    first = found[0]
    starts = [each.window.start for each in found]
    ends = [each.window.end for each in found]
    return replace(
        first,
        engine=" and ".join(dict.fromkeys(each.engine for each in found)),
        text="\n\n".join(dict.fromkeys(each.text for each in found)),
        counts=_added(each.counts for each in found),
        window=Between(
            None if None in starts else min(start for start in starts if start is not None),
            None if None in ends else max(end for end in ends if end is not None),
        ),
        seen=together(seen for each in found for seen in each.seen),
        earlier=together(seen for each in found for seen in each.earlier),
        crossings=joined(row for each in found for row in each.crossings),
        others=_others([each.others for each in found if each.others is not None]),
        statuses=_statuses(each.statuses for each in found),
        newest=max((each.newest for each in found if each.newest is not None), default=None),
        fields=frozenset.intersection(*([each.fields for each in found if each.fields] or [frozenset()])),
        warnings=tuple(dict.fromkeys(warning for each in found for warning in each.warnings)),
        partial=tuple(dict.fromkeys(sentence for each in found for sentence in each.partial)),
        delivered_until=min((each.delivered_until for each in found if each.delivered_until is not None), default=None),
        scanned=sum(each.scanned for each in found),
        dollars=sum(each.dollars for each in found),
    )


def together(rows: Iterable[Seen]) -> tuple[Seen, ...]:
    """Return rows of which no two agree in interface, leg, direction, action and reason, ordered by these."""
    groups: dict[tuple[str | None, ...], Seen] = {}
    for row in rows:
        key = (row.interface, row.leg, row.direction, row.action, row.reject_reason)
        groups[key] = _sum(groups[key], row) if key in groups else row
    return tuple(groups[key] for key in sorted(groups, key=lambda key: tuple(part or "" for part in key)))


def _sum(one: Seen, other: Seen) -> Seen:
    flags = [each for each in (one.tcp_flags, other.tcp_flags) if each is not None]
    lines = sorted((*one.lines, *other.lines), key=lambda line: (-(line.ended or 0), line.origin, line.text))
    return replace(
        one,
        records=one.records + other.records,
        packets=one.packets + other.packets,
        first=min((each.first for each in (one, other) if each.first is not None), default=None),
        last=max((each.last for each in (one, other) if each.last is not None), default=None),
        tcp_flags=(flags[0] | flags[-1]) if flags else None,
        lines=tuple(lines[:_LINES_EACH]),
    )


def _others(found: Sequence[Others]) -> Others | None:
    """The most that one reading saw, and perhaps more: two may have seen the same clients."""
    if not found:
        return None
    refused, accepted = (max(map(attrgetter(name), found)) for name in ("refused", "accepted"))
    return Others(refused, accepted, at_least=len(found) > 1 or found[0].at_least)


def joined(rows: Iterable[Crossing]) -> tuple[Crossing, ...]:
    """Return rows of which no two agree in gateway, attachments and leg, ordered by these."""
    groups: dict[tuple[str | None, ...], list[Crossing]] = {}
    for row in rows:
        groups.setdefault((row.gateway, row.attachment, row.pair, row.leg), []).append(row)
    ordered = sorted(groups, key=lambda key: tuple(part or "" for part in key))
    return tuple(_sum_of(groups[key]) for key in ordered)


def _sum_of(rows: Sequence[Crossing]) -> Crossing:
    one = rows[0]
    return Crossing(
        one.gateway,
        one.attachment,
        one.pair,
        one.leg,
        sum(row.records for row in rows),
        sum(row.packets for row in rows),
        sum(row.no_route for row in rows),
        sum(row.blackhole for row in rows),
        sum(row.mtu_exceeded for row in rows),
        sum(row.ttl_expired for row in rows),
        min((row.first for row in rows if row.first is not None), default=None),
        max((row.last for row in rows if row.last is not None), default=None),
    )


def _added(counts: Iterable[Counts]) -> Counts:
    found = list(counts)
    names = ("read", "malformed", "nodata", "skipdata", "unreadable_files")
    return Counts(*(sum(map(attrgetter(name), found)) for name in names))


def _statuses(found: Iterable[Sequence[InterfaceStatus]]) -> tuple[InterfaceStatus, ...]:
    added: dict[str, InterfaceStatus] = {}
    for statuses in found:
        for each in statuses:
            held = added.get(each.interface, InterfaceStatus(each.interface))
            added[each.interface] = InterfaceStatus(
                each.interface, held.ok + each.ok, held.nodata + each.nodata, held.skipdata + each.skipdata
            )
    return tuple(added[name] for name in sorted(added))
