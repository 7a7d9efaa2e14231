"""Alternatives: ways of which a device picks one, and ways of which one is real and was not seen.

A load balancer picks one of its targets, and its health checks keep it from those that it cannot reach. So a part of a
question works where one of its alternatives does; those that do not are told in a note. Where something unseen decides,
the ways must agree, or nothing is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Literal, Protocol, TypeVar

from diagnosis.network.coverage import Missing
from diagnosis.trace.step import Hop
from diagnosis.trace.walk import Branch

Verdict = Literal["reachable", "blocked", "partly", "unknown"]
MOST_ALIKE = 20
"""How many alternatives that fare alike, and for the same reasons, are shown: a target group may hold a thousand."""
RANK: tuple[Verdict, ...] = ("reachable", "unknown", "partly", "blocked")
"""The best alternative first: an unknown one may turn out to work."""


class Judged(Protocol):
    """A path, as far as alternatives matter."""

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The alternatives taken."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know of it."""

    @property
    def verdict(self) -> Verdict:
        """There and back."""

    @property
    def forward_hops(self) -> tuple[Hop, ...]:
        """The hops there."""

    @property
    def return_hops(self) -> tuple[Hop, ...]:
        """The hops back."""


P = TypeVar("P", bound=Judged)
Over = Callable[[Iterable[Verdict]], Verdict]


def settled(
    paths: Sequence[P], over: Over, undecided: Callable[[P, Missing], P], depth: int = 0
) -> tuple[list[P], tuple[str, ...]]:
    """The paths that decide the verdict, and notes on them and on alternatives that do not work.

    `over` joins the verdicts of the parts of a question, `undecided` makes a path unknown for what was not seen.
    """
    plain: list[P] = []
    points: dict[str, dict[str, list[P]]] = {}
    for path in paths:
        if len(path.branches) <= depth:
            plain.append(path)
            continue
        branch = path.branches[depth]
        points.setdefault(branch.node, {}).setdefault(branch.option, []).append(path)
    notes = [note for path in plain for note in path.notes]
    for options in points.values():
        inner = {option: settled(some, over, undecided, depth + 1) for option, some in options.items()}
        verdicts = {option: over(p.verdict for p in kept) for option, (kept, _) in inner.items()}
        gap = next(iter(options.values()))[0].branches[depth].gap
        if gap is None:
            kept, told = _picked(inner, verdicts)
        else:
            kept, told = next(iter(inner.values()))
            if len(set(verdicts.values())) > 1:
                kept = [undecided(kept[0], gap)]
        plain += kept
        notes += told
    return plain, tuple(dict.fromkeys(notes))


def _picked(
    inner: dict[str, tuple[list[P], tuple[str, ...]]], verdicts: dict[str, Verdict]
) -> tuple[list[P], tuple[str, ...]]:
    best = min(verdicts.values(), key=RANK.index)
    kept: list[P] = []
    notes: list[str] = []
    like: Counter[tuple[Verdict, Hashable]] = Counter()
    for option, (paths, told) in inner.items():
        reasons = (verdicts[option], _reasons(paths))
        like[reasons] += 1
        if like[reasons] > MOST_ALIKE and verdicts[option] != "partly":
            continue
        if verdicts[option] == best:
            kept += paths
            notes += told
        else:
            notes.append(_fault(option, verdicts[option], paths))
    more = sum(max(0, count - MOST_ALIKE) for (verdict, _), count in like.items() if verdict != "partly")
    if more:
        notes.append(f"{more} more alternatives fare as those that are shown.")
    return kept, tuple(notes)


def _reasons(paths: Iterable[P]) -> Hashable:
    """What stops paths: those with the same reasons need not all be shown."""
    steps = [step for path in paths for hop in (*path.forward_hops, *path.return_hops) for step in hop.steps]
    blockers = [(b.code, b.component, b.direction, b.rule) for step in steps for b in step.blockers]
    return frozenset(blockers), frozenset(gap.call for step in steps for gap in step.gaps)


def _fault(option: str, verdict: Verdict, paths: list[P]) -> str:
    """Why an alternative does not work, in a note."""
    steps = [step for path in paths for hop in (*path.forward_hops, *path.return_hops) for step in hop.steps]
    blockers = [blocker for step in steps for blocker in step.blockers]
    if verdict == "unknown":
        reasons = [gap.reason for step in steps for gap in step.gaps]
        return f"{_capital(option)} is not known to work: {reasons[0] if reasons else 'something was not seen'}."
    how = "works only in part" if verdict == "partly" else "does not work"
    why = f" ({blockers[0].code.value} at {blockers[0].component})" if blockers else ""
    return f"{_capital(option)} {how}{why}; what is sent there fails until its health check takes it out."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def by_alternative(paths: Iterable[P], of: Callable[[P], Verdict]) -> list[Verdict]:
    """One verdict for each part of the question: the best of those that are alternatives of each other."""
    found: dict[object, Verdict] = {}
    for index, path in enumerate(paths):
        key = path.branches[0].node if path.branches else index
        verdict = of(path)
        known = found.get(key, verdict)
        found[key] = min(known, verdict, key=RANK.index)
    return list(found.values())
