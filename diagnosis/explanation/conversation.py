"""Traces as a question to the flow logs, and what the logs said as evidence, its limits and what to do about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from diagnosis.answer import Verdict
from diagnosis.evidence.agreement import agreement
from diagnosis.evidence.flow_log_setup import FlowLog, covering, temporary_flow_log
from diagnosis.evidence.patterns import Kind, read_pattern
from diagnosis.evidence.query import Between, FlowLogQuery, Last, Sightings
from diagnosis.evidence.query import Window as Span
from diagnosis.evidence.records import iso
from diagnosis.explanation.witnesses import to_flow_logs, to_window
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.testimony import Evidence, Window
from diagnosis.trace.codes import Code
from diagnosis.trace.places import Held, Internet, Nobody, OnPremises, Place
from diagnosis.trace.trace import Trace
from diagnosis.traffic.addresses import format_address, format_cidrs
from diagnosis.traffic.intervals import IntervalSet

MOST_RANGES = 200
CALL = "ec2.describe_flow_logs"
RULES = frozenset({Code.ENI_SG_RULES_MISMATCH, Code.SG_HAS_NO_RULES, Code.SUBNET_ACL_RESTRICTION})
RECREATE = (
    "SKIPDATA: records were lost inside AWS for capacity. Recreate the flow log with another aggregation interval, or "
    "for this interface alone; until then absence proves nothing."
)


@dataclass(frozen=True, slots=True)
class Witness:
    """What the flow logs add to an answer."""

    evidence: Evidence
    window: Window
    advice: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


def query_of(traces: tuple[Trace, ...], window: Span, source_port: int | None) -> FlowLogQuery:
    """The conversation of these traces, by every address that a party may be logged under."""
    flow = traces[0].flow
    protocol = flow.protocol
    boxes = [box.protocol for t in traces for p in t.paths for box in p.question.boxes]
    if protocol is not None and boxes:
        protocol = boxes[0][0]
    return FlowLogQuery(
        sources=frozenset(_texts(t.flow.source for t in traces)),
        destinations=frozenset(_texts(t.flow.destination for t in traces)),
        protocol=protocol,
        port=flow.port,
        source_port=source_port,
        interfaces=frozenset((*_interfaces(traces, "source"), *_interfaces(traces, "destination"))),
        window=window,
    )


def _texts(places: Iterable[Place]) -> set[str]:
    """Addresses and ranges; nothing stands for any."""
    found: set[str] = set()
    for place in places:
        match place:
            case Held(interface=interface, private=private, address=address):
                found |= {format_address(private), format_address(address)}
                public = interface.public_of(private)
                if public is not None:
                    found.add(format_address(public))
                if not place.is_ipv6 and interface.ipv4:
                    # Version 2 records show an interface's primary address in place of its others.
                    found.add(format_address(interface.ipv4[0].private))
            case Internet(whole=True):
                return set()
            case Internet(addresses=addresses) | OnPremises(addresses=addresses):
                found |= set(_ranges(addresses))
            case Nobody(address=address):
                found.add(format_address(address))
            case _:
                pass
    return found


def _ranges(addresses: IntervalSet) -> list[str]:
    return format_cidrs(addresses)[:MOST_RANGES]


def _interfaces(traces: Iterable[Trace], side: str) -> tuple[str, ...]:
    places = (getattr(t.flow, side) for t in traces)
    return tuple(dict.fromkeys(p.interface.id for p in places if isinstance(p, Held)))


def witness(network: Network, traces: tuple[Trace, ...], verdict: Verdict, sightings: Sightings | None) -> Witness:
    """What the logs say of these traces; without logs, how to have some."""
    ours, theirs = _interfaces(traces, "source"), _interfaces(traces, "destination")
    known = {eni: _covering(network, eni) for eni in (*ours, *theirs)}
    seen = network.coverage.seen(CALL, _origins(network, known))
    unlogged = [eni for eni, log in known.items() if log is None and seen]
    advice = tuple(_setup(network, unlogged[:1] if sightings is None else unlogged[-1:]))
    if sightings is None:
        return Witness(Evidence(agreement=_without_logs(known, unlogged)), Window(), advice)
    logged = {eni: (log is not None if seen else None) for eni, log in known.items()}
    pattern = read_pattern(sightings, ours, theirs, logged, _names(network, known), _kinds(known))
    by_rule = any(b.code in RULES for t in traces for _, b in t.blockers())
    if sightings.counts.skipdata and pattern.kind is Kind.SKIPDATA:
        advice = (RECREATE, *advice)
    if pattern.kind not in (Kind.NO_FLOW_LOG, Kind.NODATA, Kind.NO_RECORDS) and not unlogged:
        advice = tuple(a for a in advice if a == RECREATE)
    evidence = Evidence(
        flow_logs=to_flow_logs(sightings, pattern),
        agreement=agreement(verdict, pattern, refused_by_rule=by_rule),
    )
    return Witness(evidence, to_window(sightings), advice, tuple(_of_another_time(network, sightings)))


def _of_another_time(network: Network, sightings: Sightings) -> Iterable[str]:
    """Where a time was asked about: the configuration is not of that time."""
    asked, window = sightings.query.window, sightings.window
    if asked == Between() or (isinstance(asked, Last) and asked.until is None) or window.end is None:
        return
    taken = f"of {network.taken_at}" if network.taken_at else "of now"
    yield (
        f"The configuration is {taken}, the logs are read up to {iso(window.end)}: a rule that was changed in between "
        "shows in one and not in the other."
    )


def _origins(network: Network, known: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys(o for eni in known for o in network.interfaces[eni].origins))


def _covering(network: Network, eni: str) -> FlowLog | None:
    interface = network.interfaces[eni]
    return covering(network.flow_logs, eni, interface.subnet, interface.vpc)


def _names(network: Network, known: Iterable[str]) -> Mapping[str, str]:
    return {eni: name for eni in known if (name := display_name(network, eni))}


def _kinds(known: Mapping[str, FlowLog | None]) -> Mapping[str, str]:
    return {eni: log.traffic_type for eni, log in known.items() if log is not None}


def _without_logs(known: Mapping[str, FlowLog | None], unlogged: list[str]) -> str:
    logs = {f"{log.id} ({log.destination_type} {log.destination})" for log in known.values() if log is not None}
    if logs:
        where = ", ".join(sorted(logs))
        return f"No flow logs were read, so the configuration is the only witness. They are kept by {where}."
    if unlogged:
        names = ", ".join(unlogged)
        return f"No flow log covers {names}, so there is no record of it: the configuration is the only witness."
    return agreement("unknown", None)


def _setup(network: Network, unlogged: list[str]) -> Iterable[str]:
    """How to log an interface for a while, where nothing logs it."""
    for eni in unlogged:
        interface = network.interfaces[eni]
        commands = temporary_flow_log(eni, flow_logs=network.flow_logs, region=interface.region or None)
        yield f"No flow log covers {display_name(network, eni) or eni}. To log it for a while: {commands.create}"
        yield f"{commands.note} {commands.delete}"
