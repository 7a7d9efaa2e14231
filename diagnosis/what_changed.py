"""The order of work for "what changed": when the logs turned, who is suspect, what CloudTrail recorded, its reverse.

It comes after an answer, since CloudTrail lets itself be asked twice a second and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from diagnosis.answer import Answer, Fix
from diagnosis.evidence.flow_log_setup import covering
from diagnosis.evidence.records import iso
from diagnosis.evidence.trail import TrailEvent
from diagnosis.evidence.trail_before import told_by, wanting, with_before
from diagnosis.evidence.trail_effects import Effect
from diagnosis.explanation.culprit import Finding, Turn, findings
from diagnosis.explanation.suspects import Spot, Suspect, spots, suspects
from diagnosis.explanation.what_changed import culprit_told, nothing_told, told_change, turn_of
from diagnosis.fix.reversal import NotReversed, reversal
from diagnosis.investigate import Asked, tracer
from diagnosis.network.network import Network
from diagnosis.question.parties import NotFound
from diagnosis.sources import ChangeSource, SourceUnavailable
from diagnosis.testimony import WhatChanged
from diagnosis.trace.places import Held
from diagnosis.trace.trace import Trace

SLACK = 60
"""Seconds by which clocks and records of one minute may differ."""
LONGEST_INTERVAL = 600
"""AWS's own aggregation interval where a flow log does not say."""
DELIVERY = 900
"""CloudTrail shows an event "typically" five minutes after the call, and up to fifteen
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html)."""
KEPT = 90 * 86_400
"""So long events can be looked up."""
MOST_OTHERS = 3
MOST_BEFORE = 3
"""Of so many changes it is looked up what was there before."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was looked at, and found there."""

    events: dict[str, TrailEvent]
    looked_at: tuple[str, ...]
    limits: tuple[str, ...]
    failed: bool = False


def what_changed(
    network: Network, asked: Asked, answer: Answer, source: ChangeSource, now: int, say: Callable[[str], None]
) -> Answer:
    """The answer with what CloudTrail says in its evidence, and with the fix that takes the change back.

    `now` is in Unix seconds; `say` gets what is being done, and may raise to end it.
    """
    retrace = tracer(network, asked.question, asked.source_port)
    if isinstance(retrace, NotFound):
        return _with(answer, WhatChanged(state="not asked", text="A party of the question is not clear (any more)."))
    traces = retrace(network)
    turn = turn_of(answer.evidence.flow_logs, SLACK + _interval(network, traces))
    if isinstance(turn, Turn) and turn.ends < now - KEPT:
        turn = f"It stopped at {iso(turn.first_reject)}, and CloudTrail lets events of 90 days be looked up."
    if isinstance(turn, str):
        return _with(answer, WhatChanged(state="not asked", text=turn))
    places = spots(network, traces)
    to_ask = suspects(network, traces, _region(network, traces))
    heard = _heard(network, places, to_ask, turn, source, say)
    if now - turn.first_reject < DELIVERY:
        late = "CloudTrail can be a quarter of an hour late, so the change may not be told yet."
        heard = replace(heard, limits=(*heard.limits, late))
    found = findings(network, places, heard.events.values(), turn)
    known, more = _before(found, source, now, _region(network, traces), say)
    if known:
        found = findings(network, places, heard.events.values(), turn, known)
    heard = replace(heard, limits=(*heard.limits, *more))
    return _told(network, traces, retrace, answer, turn, heard, found, len(to_ask))


def _heard(
    network: Network,
    places: tuple[Spot, ...],
    to_ask: tuple[Suspect, ...],
    turn: Turn,
    source: ChangeSource,
    say: Callable[[str], None],
) -> _Heard:
    """Asks for one component after the other, until a change is certain or the budget is used up."""
    events: dict[str, TrailEvent] = {}
    looked_at: tuple[str, ...] = ()
    limits: list[str] = []
    for number, suspect in enumerate(to_ask, 1):
        if suspect.elsewhere:
            limits.append(f"{suspect.component} is account {suspect.elsewhere}'s, whose CloudTrail was not looked at.")
            continue
        say(f"asking CloudTrail about {suspect.component} ({number} of {len(to_ask)})")
        try:
            looked = source.changes(suspect.component, suspect.region, turn.begins, turn.ends)
        except SourceUnavailable as error:
            return _Heard(events, looked_at, (*limits, str(error)), failed=not looked_at)
        events |= {event.id: event for event in looked.events}
        if looked.stopped:
            limits.append(f"Looked at {len(looked_at)} of {len(to_ask)} components: {looked.stopped}.")
            break
        looked_at = (*looked_at, suspect.component)
        if any(one.certain for one in findings(network, places, looked.events, turn)):
            break
    return _Heard(events, looked_at, tuple(limits))


def _before(
    found: tuple[Finding, ...], source: ChangeSource, now: int, asked_in: str, say: Callable[[str], None]
) -> tuple[dict[str, Effect], tuple[str, ...]]:
    """What was there before, of the likeliest changes whose own record leaves it out; and why that is not known."""
    known: dict[str, Effect] = {}
    limits: list[str] = []
    for one in found[:MOST_BEFORE]:
        event, effect = one.event, one.effect
        resource = wanting(effect)
        if not resource:
            continue
        say(f"asking CloudTrail what {resource} was before")
        suffices = partial(_suffices, event, effect)
        try:
            looked = source.changes(resource, event.region or asked_in, now - KEPT, event.at, suffices)
        except SourceUnavailable as error:
            limits.append(str(error))
            break
        told = with_before(effect, (other for other in looked.events if _earlier(event, other)))
        if told is not effect:
            known[event.id] = told
        if wanting(told):
            why = looked.stopped or "CloudTrail's 90 days hold no event that tells it"
            limits.append(f"What was there before {event.name} at {iso(event.at)} is not known: {why}.")
    return known, tuple(limits)


def _earlier(event: TrailEvent, other: TrailEvent) -> bool:
    return other.at <= event.at and other.id != event.id


def _suffices(event: TrailEvent, effect: Effect, other: TrailEvent) -> bool:
    """Whether nothing older need be read: another event tells all that an effect leaves out, or ends the search."""
    told = told_by(effect, other) if _earlier(event, other) else None
    return told is not None and (told is effect or not wanting(told))


def _told(
    network: Network,
    traces: tuple[Trace, ...],
    retrace: Callable[[Network], tuple[Trace, ...]],
    answer: Answer,
    turn: Turn,
    heard: _Heard,
    found: tuple[Finding, ...],
    components: int,
) -> Answer:
    said = WhatChanged(
        state="failed" if heard.failed else "found" if found else "nothing found",
        text="",
        last_accept=iso(turn.last_accept),
        stopped_at=iso(turn.first_reject),
        events=len(heard.events),
        looked_at=heard.looked_at,
        components=components,
        limits=heard.limits,
    )
    if heard.failed:
        reason = heard.limits[-1]
        return _with(
            answer, said.model_copy(update={"text": f"CloudTrail was not asked. {reason}", "limits": heard.limits[:-1]})
        )
    if not found:
        text = nothing_told(turn, len(heard.events), unfinished=len(heard.looked_at) < components)
        return _with(answer, said.model_copy(update={"text": text}))
    first = told_change(network, found[0])
    text = culprit_told(turn, first)
    others = tuple(told_change(network, one) for one in found[1 : 1 + MOST_OTHERS])
    if answer.verdict not in ("blocked", "partly"):
        text = f"{text} The configuration lets it through now."
        return _with(answer, said.model_copy(update={"text": text, "change": first, "others": others}))
    back = reversal(network, traces, retrace, found[0])
    if isinstance(back, NotReversed):
        return _with(
            answer, said.model_copy(update={"text": f"{text} {back.reason}", "change": first, "others": others})
        )
    words = f"takes back what {first.who} did at {first.at} (event {first.event})"
    answer, fix = _with_fix(answer, back.model_copy(update={"takes_back": words}))
    return _with(answer, said.model_copy(update={"text": text, "change": first, "others": others, "fix": fix}))


def _with_fix(answer: Answer, back: Fix) -> tuple[Answer, str]:
    """The answer with this fix, its id; where the same is offered already, that one is marked."""
    same = next((fix for fix in answer.fixes if set(fix.commands) == set(back.commands)), None)
    if same is None:
        return answer.model_copy(update={"fixes": (*answer.fixes, back)}), back.id
    marked = same.model_copy(update={"takes_back": back.takes_back})
    return answer.model_copy(update={"fixes": tuple(marked if f is same else f for f in answer.fixes)}), same.id


def _with(answer: Answer, said: WhatChanged) -> Answer:
    return answer.model_copy(update={"evidence": answer.evidence.model_copy(update={"what_changed": said})})


def _held(traces: tuple[Trace, ...]) -> list[Held]:
    return [p for t in traces for p in (t.flow.source, t.flow.destination) if isinstance(p, Held)]


def _interval(network: Network, traces: tuple[Trace, ...]) -> int:
    """The longest time in seconds that one record of the parties' interfaces sums up."""
    known = [p.interface for p in _held(traces)]
    logs = [covering(network.flow_logs, one.id, one.subnet, one.vpc) for one in known]
    return max((log.interval for log in logs if log is not None), default=LONGEST_INTERVAL)


def _region(network: Network, traces: tuple[Trace, ...]) -> str:
    own = [p.interface.region for p in _held(traces) if p.interface.region]
    return next(iter((*own, *network.regions)), "us-east-1")
