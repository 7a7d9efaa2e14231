"""The order of work for one question: the only place where pure code and the world alternate."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from diagnosis.answer import Answer, Fix, SnapshotFacts
from diagnosis.evidence import query as logs
from diagnosis.explanation.causes import causes
from diagnosis.explanation.conversation import query_of, witness
from diagnosis.explanation.guide import with_guide
from diagnosis.explanation.headline import caveats, headline
from diagnosis.explanation.parts import parts
from diagnosis.explanation.path import hops, shown_path
from diagnosis.explanation.protocol_words import traffic_words
from diagnosis.explanation.unseen import unseen_items
from diagnosis.fix.fixes import fixes
from diagnosis.network.network import Network
from diagnosis.question.parties import NotFound, Parties, find_parties
from diagnosis.question.question import Question
from diagnosis.sources import FlowLogSource, FlowLogsUnavailable, NoFlowLogs, SourceUnavailable
from diagnosis.trace.places import Held
from diagnosis.trace.placing import Anchor, AtAddress, AtAddresses, place_both
from diagnosis.trace.trace import Flow, Trace, over, trace
from diagnosis.trace.worth import worth
from diagnosis.traffic.intervals import has
from diagnosis.traffic.protocols import ICMP, protocol_number

ITSELF = (
    "Both parties are one interface: what it sends to itself never leaves the host, and no rule of the network sees it."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What to find out, beyond the question's words."""

    question: Question
    window: logs.Window = logs.LAST_HOUR_FIRST
    source_port: int | None = None


def investigate(
    network: Network,
    asked: Asked,
    flow_logs: FlowLogSource | None,
    say: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
) -> Answer | NotFound:
    """The answer to a `why` question, or what to ask back about a party.

    `say` gets what is being done, `warn` each malformed line or unreadable file of the logs by its name.
    """
    question = asked.question
    parties = find_parties(network, question)
    if isinstance(parties, NotFound):
        return parties
    say("tracing there and back")
    retrace = _tracer(parties, question, asked.source_port)
    traces = retrace(network)
    verdict = over(t.verdict for t in traces)
    found = causes(network, *traces)
    gaps = list(dict.fromkeys(g for t in traces for g in t.gaps()))
    sightings: logs.Sightings | None = None
    trouble: tuple[str, ...] = ()
    if flow_logs is not None and any(t.paths for t in traces):
        say("asking the flow logs")
        spoken = asked.source_port if asked.source_port is not None else question.source_port
        sightings, trouble = _read(flow_logs, query_of(traces, asked.window, spoken))
        for warning in sightings.warnings if sightings is not None else ():
            warn(warning)
    heard = witness(network, traces, verdict, sightings)
    proven: tuple[Fix, ...] = ()
    advice: tuple[str, ...] = ()
    if verdict in ("blocked", "partly"):
        say("proving the fix")
        proven, advice = fixes(network, traces, retrace)
    path = shown_path(traces)
    some = parts(traces) if verdict == "partly" else ()
    what = _traffic(traces)
    spoken_of = (_port_note(parties, question), question.left_out)
    notes = (parties.source.note, parties.destination.note, *spoken_of, _own_note(traces))
    return with_guide(
        Answer(
            question=question,
            window=heard.window,
            verdict=verdict,
            headline=headline(verdict, found, some, gaps, what),
            path_forward=hops(network, path.forward_hops) if path is not None else (),
            path_return=hops(network, path.return_hops) if path is not None else (),
            causes=found,
            caveats=(*caveats(verdict, traces, notes), *heard.caveats, *trouble),
            assumed=tuple(sorted({a for t in traces for a in t.assumed()})),
            unseen=unseen_items(network, gaps),
            evidence=heard.evidence,
            fixes=proven,
            advice=(*advice, *heard.advice),
            snapshot=SnapshotFacts(taken_at=network.taken_at, accounts=network.accounts, regions=network.regions),
            source_name=parties.source.name,
            destination_name=parties.destination.name,
            traffic=what,
        )
    )


def _read(source: FlowLogSource, query: logs.FlowLogQuery) -> tuple[logs.Sightings | None, tuple[str, ...]]:
    """What the flow logs hold, or why they say nothing: the configuration is judged without them all the same.

    Raises FlowLogsUnavailable: whoever named flow logs wants no answer without them.
    """
    try:
        return source.read(query), ()
    except FlowLogsUnavailable:
        raise
    except NoFlowLogs as error:
        return None, (str(error),) if str(error) else ()
    except SourceUnavailable as error:
        return None, (f"The flow logs could not be read, so the configuration is the only witness. {error}",)


def tracer(
    network: Network, question: Question, source_port: int | None = None
) -> Callable[[Network], tuple[Trace, ...]] | NotFound:
    """The question as a function of a network, its parties as they are found in this one."""
    parties = find_parties(network, question)
    return parties if isinstance(parties, NotFound) else _tracer(parties, question, source_port)


def _tracer(parties: Parties, question: Question, source_port: int | None) -> Callable[[Network], tuple[Trace, ...]]:
    """The question as a function of a network, so that a changed one is traced by the very same question."""
    protocol = protocol_number(question.protocol) if question.protocol is not None else None
    port = question.port
    source_port = source_port if source_port is not None else question.source_port
    if port is None and protocol is None and parties.destination.port is not None:
        port = parties.destination.port
    if port is not None and protocol is None:
        protocol = 6
    if protocol == ICMP:
        port = None

    named = tuple(itertools.product(parties.source.anchors, parties.destination.anchors))
    pairs = tuple(pair for one in named for pair in _apart(*one)) or named

    def retrace(network: Network) -> tuple[Trace, ...]:
        found = tuple(
            one
            for source, destination in pairs
            for one in _traced(network, source, destination, protocol, port, source_port)
        )
        # Of several, what reaches itself is no answer.
        return tuple(one for one in found if not _to_itself(one.flow)) or found

    return retrace


def _apart(source: Anchor, destination: Anchor) -> Iterator[tuple[Anchor, Anchor]]:
    """Pairs in which nothing is asked of an address and itself: of two sets the second is taken one by one."""
    if isinstance(source, AtAddresses):
        others = destination.singly() if isinstance(destination, AtAddresses) else (destination,)
        for other in others:
            left = tuple(a for a in source.addresses if AtAddress(a) != other)
            if left:
                yield AtAddresses(left), other
    elif isinstance(source, AtAddress) and isinstance(destination, AtAddresses):
        left = tuple(a for a in destination.addresses if a != source.address)
        if left:
            yield source, AtAddresses(left)
    elif source != destination:
        yield source, destination


def _traced(
    network: Network,
    source: Anchor,
    destination: Anchor,
    protocol: int | None,
    port: int | None,
    source_port: int | None,
) -> Iterator[Trace]:
    """The trace of two anchors; address by address where a set does not show whose traffic is dropped."""
    flow = _flow(network, source, destination, protocol, port, source_port)
    for mine, other in ((source, flow.destination), (destination, flow.source)):
        own = other.interface.own_addresses if isinstance(other, Held) else ()
        if isinstance(mine, AtAddresses) and any(has(own, address) for address in mine.addresses):
            # The other party is one of them, and nothing is asked of it and itself.
            for one in (address for address in mine.singly() if not has(own, address.address)):
                left, right = (one, destination) if mine is source else (source, one)
                yield _trace(network, _flow(network, left, right, protocol, port, source_port))
            return
    found = _trace(network, flow)
    sets = isinstance(source, AtAddresses) or isinstance(destination, AtAddresses)
    if sets and found.verdict in ("partly", "unknown") and not all(path.plain for path in found.paths):
        for left in _singly(source):
            for right in _singly(destination):
                yield _trace(network, _flow(network, left, right, protocol, port, source_port))
    else:
        yield found


def _trace(network: Network, flow: Flow) -> Trace:
    """The trace of a flow; a network that is asked often keeps the ways that it found."""
    if not worth(network):
        return trace(network, flow)
    from diagnosis.trace.stencils import traced  # One question from the command line does without.

    return traced(network, flow)


def _to_itself(flow: Flow) -> bool:
    source, destination = flow.source, flow.destination
    if not isinstance(source, Held) or not isinstance(destination, Held):
        return False
    return source.interface is destination.interface and not destination.by_public_address


def _singly(party: Anchor) -> tuple[Anchor, ...]:
    return party.singly() if isinstance(party, AtAddresses) else (party,)


def _flow(
    network: Network,
    source: Anchor,
    destination: Anchor,
    protocol: int | None,
    port: int | None,
    source_port: int | None,
) -> Flow:
    ours, theirs = place_both(network, source, destination, protocol)
    return Flow(ours, theirs, protocol, port, source_port)


def _traffic(traces: tuple[Trace, ...]) -> str:
    for one in traces:
        for path in one.paths:
            if not path.question.empty:
                return traffic_words(path.question)
    return ""


def _own_note(traces: tuple[Trace, ...]) -> str | None:
    return ITSELF if traces and all(_to_itself(one.flow) for one in traces) else None


def _port_note(parties: Parties, question: Question) -> str | None:
    port = parties.destination.port
    if port is None or question.port is not None or question.protocol is not None:
        return None
    return f"No port was asked; tcp {port} is judged, on which {parties.destination.name} listens."
