"""Two judgements of one path laid side by side, component by component: this program's trace and AWS's analysis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diagnosis.answer import Verdict
from diagnosis.evidence.analysis import Analysis, Explained, Stop
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.testimony import Compared
from diagnosis.trace.step import Blocker, Disposition, Hop, Leg, Step
from diagnosis.trace.trace import Path, Trace

SETTLED = frozenset({"cause", "unlisted"})
"""Explanations that say that the network stops the traffic; a code that no list holds is taken for one of them."""
PASSES = "lets it pass"
NOT_MENTIONED = "not mentioned"
_WORDS: dict[Disposition, str] = {"passed": PASSES, "partly": "lets a part pass", "unknown": "not seen"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether the two agree as a whole, and on each component."""

    agrees: bool | None
    verdict: Verdict
    """Ours, of as much as AWS judged: the way there alone, where it judged no more."""
    compared: tuple[Compared, ...]

    @property
    def same_reason(self) -> bool:
        """Whether both name at least one component that drops it."""
        return any(one.agrees and one.ours != PASSES for one in self.compared)


@dataclass(frozen=True, slots=True)
class _Place:
    """A component on one leg, in one direction where it has any."""

    leg: Leg
    component: str
    direction: str | None


def agreement_of(network: Network, trace: Trace, path: Path | None, analysis: Analysis) -> Agreement:
    """Compare what AWS found with the trace; `path` is the one of its paths that AWS was asked about."""
    one_way = analysis.one_way
    verdict: Verdict = trace.verdict if path is None else path.forward if one_way else path.verdict
    blockers = [] if path is None else list(_blockers(path, one_way=one_way))
    causes = [e for e in analysis.explanations if e.standing in SETTLED] if analysis.reachable is False else []
    compared = [
        *_ours(network, blockers, causes, analysis),
        *_theirs(network, path, blockers, causes),
        *_passed(network, path, analysis, one_way=one_way),
    ]
    return Agreement(_whole(verdict, analysis, causes, compared), verdict, tuple(compared))


def _whole(
    verdict: Verdict, analysis: Analysis, causes: Sequence[Explained], compared: Sequence[Compared]
) -> bool | None:
    if analysis.reachable is None or verdict == "unknown":
        return None
    if analysis.reachable:
        return verdict != "blocked"
    if not causes:
        return None  # AWS found no path and names no reason of the network's
    return verdict == "blocked" and all(one.agrees is not False for one in compared)


def _blockers(path: Path, *, one_way: bool) -> Iterator[tuple[Leg, Blocker]]:
    legs: tuple[tuple[Leg, tuple[Hop, ...]], ...] = (("forward", path.forward_hops), ("return", path.return_hops))
    for leg, hops in legs[:1] if one_way else legs:
        for step in (step for hop in hops for step in hop.steps):
            yield from ((leg, blocker) for blocker in step.blockers)


def _ours(
    network: Network, blockers: Sequence[tuple[Leg, Blocker]], causes: Sequence[Explained], analysis: Analysis
) -> Iterator[Compared]:
    """What drops it by our trace, and what AWS says of that. Groups of one interface are one blocker."""
    matched = {(b.related, b.direction) for _, b in blockers if b.any_of and any(_same(b, c) for c in causes)}
    for place, (leg, blocker) in enumerate(blockers):
        if (leg, blocker) in blockers[:place]:
            continue
        same = next((cause for cause in causes if _same(blocker, cause)), None)
        grouped = same is None and (blocker.related, blocker.direction) in matched
        if same is not None:
            theirs, agrees = f"drops it ({same.code})", True
        elif grouped:
            theirs, agrees = NOT_MENTIONED, None
        elif analysis.reachable or _stops_there(analysis, leg, blocker):
            theirs, agrees = PASSES, False
        else:
            theirs, agrees = NOT_MENTIONED, None
        yield Compared(
            component=blocker.component,
            name=display_name(network, blocker.component),
            leg=leg,
            direction=blocker.direction,
            ours=f"drops it ({blocker.code.value})",
            theirs=theirs,
            agrees=agrees,
        )


def _theirs(
    network: Network,
    path: Path | None,
    blockers: Sequence[tuple[Leg, Blocker]],
    causes: Sequence[Explained],
) -> Iterator[Compared]:
    """What drops it by AWS and not by our trace."""
    judged = dict(_judged(path))
    for cause in causes:
        if any(_same(blocker, cause) for _, blocker in blockers):
            continue
        for component in cause.blamed:
            found = {
                at: disposition
                for at, disposition in judged.items()
                if at.component == component.id and cause.direction in (None, at.direction)
            }
            said = dict.fromkeys(_WORDS.get(one, "drops it") for one in found.values())
            legs = {at.leg for at in found}
            yield Compared(
                component=component.id,
                name=display_name(network, component.id) or component.name,
                leg=legs.pop() if len(legs) == 1 else None,
                direction=cause.direction,
                ours=" or ".join(said) or "not on our path",
                theirs=f"drops it ({cause.code})",
                agrees=False if set(found.values()) == {"passed"} else None,
            )


def _passed(network: Network, path: Path | None, analysis: Analysis, *, one_way: bool) -> Iterator[Compared]:
    """What both let pass."""
    judged = dict(_judged(path))
    legs: tuple[tuple[Leg, tuple[Stop, ...]], ...] = (("forward", analysis.forward), ("return", analysis.back))
    seen: set[_Place] = set()
    for leg, stops in legs[:1] if one_way else legs:
        for stop in stops:
            at = _Place(leg, stop.component.id, stop.direction)
            if judged.get(at) == "passed" and at not in seen and not _stopping(stop):
                seen.add(at)
                yield Compared(
                    component=at.component,
                    name=display_name(network, at.component) or stop.component.name,
                    leg=leg,
                    direction=stop.direction,
                    ours=PASSES,
                    theirs=PASSES,
                    agrees=True,
                )


def _judged(path: Path | None) -> Iterator[tuple[_Place, Disposition]]:
    """Our dispositions by place; where a component is met twice in one direction, the worse."""
    found: dict[_Place, Disposition] = {}
    legs: tuple[tuple[Leg, tuple[Hop, ...]], ...] = (
        () if path is None else (("forward", path.forward_hops), ("return", path.return_hops))
    )
    for leg, hops in legs:
        for step in (step for hop in hops for step in hop.steps):
            for component in _components(step):
                at = _Place(leg, component, step.direction)
                if _WORSE.index(step.disposition) >= _WORSE.index(found.get(at, "passed")):
                    found[at] = step.disposition
    yield from found.items()


_WORSE: tuple[Disposition, ...] = ("passed", "partly", "unknown", "dropped")


def _components(step: Step) -> set[str]:
    return {step.component, *(blocker.component for blocker in step.blockers)}


def _same(blocker: Blocker, cause: Explained) -> bool:
    """Whether the two name one thing: what drops by our trace is named by AWS, in the same direction."""
    if cause.direction is not None and blocker.direction is not None and cause.direction != blocker.direction:
        return False
    named = {component.id for several in cause.components.values() for component in several}
    blamed = {component.id for component in cause.blamed}
    if blocker.component in blamed or (blocker.code.value == cause.code and blocker.component in named):
        return True
    return bool(blocker.code.value == cause.code and {*blocker.related} & named and not blamed & _kin(blocker, blamed))


def _kin(blocker: Blocker, blamed: set[str]) -> set[str]:
    """Of what AWS blames, things of the same kind as ours, of which ours is none: then it is not the same thing."""
    kind = blocker.component.partition("-")[0]
    return {one for one in blamed if one.partition("-")[0] == kind}


def _stops_there(analysis: Analysis, leg: Leg, blocker: Blocker) -> bool:
    """Whether AWS's path leads through our blocker and nothing stops it there."""
    stops = [
        stop
        for stop in (analysis.forward if leg == "forward" else analysis.back)
        if stop.component.id == blocker.component and stop.direction in (None, blocker.direction)
    ]
    return bool(stops) and not any(_stopping(stop) for stop in stops)


def _stopping(stop: Stop) -> bool:
    return any(explained.standing in SETTLED for explained in stop.explanations)
