"""What the flow logs of transit gateways tell: where the conversation crossed one, and what was lost there, and why.

Source: https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html (version 6). These records have no action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from diagnosis.evidence.combine import joined
from diagnosis.evidence.grouping import Logged, known, leg_of, seconds, within
from diagnosis.evidence.query import Between, Crossing, FlowLogQuery, Leg
from diagnosis.evidence.records import Kind, classify

LOSSES = ("packets-lost-no-route", "packets-lost-blackhole", "packets-lost-mtu-exceeded", "packets-lost-ttl-expired")
"""The fields that count what is lost, in the order of `Crossing`."""
PLACES = ("tgw-id", "tgw-attachment-id", "tgw-pair-attachment-id")
"""The fields that tell crossings apart, with the leg."""
_REASONS = ("no route", "a blackhole route", "larger than the MTU", "time to live expired")


def of_gateway(fields: Iterable[str]) -> bool:
    """Whether a format is one of transit gateways: it names them, and has no action."""
    names = set(fields)
    return "action" not in names and bool(names & {"tgw-id", "tgw-attachment-id", *LOSSES})


def crossings_in(lines: Iterable[Logged], query: FlowLogQuery, window: Between) -> tuple[Crossing, ...]:
    """Return what the well-formed records among the lines tell of the conversation in the window."""
    rows = []
    for logged in lines:
        if classify(logged.fields, logged.line) is not Kind.OK:
            continue
        values = dict(zip(logged.fields, logged.line.split(" "), strict=True))
        leg = leg_of(values, query)
        if leg is not None and within(values, window):
            rows.append(_crossing(values, leg))
    return joined(rows)


def _crossing(values: Mapping[str, str], leg: Leg) -> Crossing:
    gateway, attachment, pair = (known(values.get(name)) for name in PLACES)
    no_route, blackhole, mtu_exceeded, ttl_expired = (seconds(values.get(name)) or 0 for name in LOSSES)
    return Crossing(
        gateway=gateway,
        attachment=attachment,
        pair=pair,
        leg=leg,
        records=1,
        packets=seconds(values.get("packets")) or 0,
        no_route=no_route,
        blackhole=blackhole,
        mtu_exceeded=mtu_exceeded,
        ttl_expired=ttl_expired,
        first=seconds(values.get("start")),
        last=seconds(values.get("end")),
    )


def told(crossings: Iterable[Crossing]) -> tuple[str, ...]:
    """Return a sentence for each crossing, those with losses first; at most three."""
    ordered = sorted(crossings, key=lambda each: (-each.lost, each.leg))
    return tuple(_sentence(each) for each in ordered[:3])


def reasons(crossing: Crossing) -> str:
    """Say what was lost and why: "12 packets: no route"."""
    counts = (crossing.no_route, crossing.blackhole, crossing.mtu_exceeded, crossing.ttl_expired)
    said = [
        f"{count:,} packet{'s' if count > 1 else ''}: {why}"
        for count, why in zip(counts, _REASONS, strict=True)
        if count
    ]
    return ", ".join(said)


def _sentence(crossing: Crossing) -> str:
    gateway = crossing.gateway or "of a record that does not name it"
    way = "on the way there" if crossing.leg == "forward" else "on the way back"
    where = " to ".join(each for each in (crossing.attachment, crossing.pair) if each)
    between = f" ({where})" if where else ""
    if crossing.lost:
        return f"The transit gateway {gateway}{between} dropped {reasons(crossing)}, {way}"
    return f"It passed the transit gateway {gateway}{between} {way}: {crossing.packets:,} packets"
