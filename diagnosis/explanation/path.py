"""A trace's path as the hops of an answer: names first, what decided in words, the code where it breaks."""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis import answer
from diagnosis.network.network import Network
from diagnosis.network.network_acls import IMPLICIT_DENY
from diagnosis.network.owners import display_name
from diagnosis.trace.step import Hop, Step
from diagnosis.trace.trace import Path, Trace

WORST = ("blocked", "unknown", "partly", "reachable")


def shown_path(traces: tuple[Trace, ...]) -> Path | None:
    """The one path of all that is drawn: the worst, since it is the one that was asked about."""
    paths = [path for trace in traces for path in trace.paths]
    return min(paths, key=lambda p: (WORST.index(p.verdict), -p.question.size()), default=None)


def hops(network: Network, found: tuple[Hop, ...]) -> tuple[answer.Hop, ...]:
    """The hops of one leg."""
    return tuple(
        answer.Hop(
            component=hop.component,
            kind=hop.kind,
            name=display_name(network, hop.component),
            steps=tuple(dict.fromkeys(_steps(network, hop.steps))),
        )
        for hop in found
    )


def _steps(network: Network, found: tuple[Step, ...]) -> Iterator[answer.Step]:
    for step in found:
        code = str(step.blockers[0].code.value) if step.blockers else None
        component = step.blockers[0].component if step.blockers and step.kind == "security-group" else step.component
        yield answer.Step(
            kind=step.kind,
            direction=step.direction,
            disposition=step.disposition,
            rule=step.rule,
            component=component,
            name=display_name(network, component),
            code=code,
            text=_words(step),
        )


def _words(step: Step) -> str:
    """What decided: "rule 100 allows", "no rule", "10.0.0.0/16 → local"."""
    disposition = step.disposition
    if disposition == "unknown":
        return step.gaps[0].reason if step.gaps else step.detail
    match step.kind:
        case "network-acl":
            if disposition == "dropped":
                return "no rule allows" if step.rule == IMPLICIT_DENY else f"rule {step.rule} denies"
            allowed = f"rule {step.rule} allows" if step.rule else "allows"
            if disposition != "partly":
                return allowed
            refused = ", ".join(
                "the end of the list" if b.rule == IMPLICIT_DENY else f"rule {b.rule}" for b in step.blockers
            )
            return f"{allowed} a part, {refused} denies the rest"
        case "security-group":
            if disposition == "dropped":
                return "no rule"
            return f"{step.detail}, for a part" if disposition == "partly" else step.detail
        case "route-table":
            if disposition != "passed" and step.blockers:
                gone = " is a blackhole" if step.blockers[0].code == "BAD_STATE_ROUTE" else ""
                return f"{step.rule or 'no route'}{gone}"
            return step.detail
        case _:
            return step.detail or ("drops it" if disposition == "dropped" else "")
