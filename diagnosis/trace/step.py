"""What a trace is made of: hops that the traffic visits, steps taken there, blockers and gaps found by the steps.

Each is a NamedTuple, since every question makes dozens of them: a frozen dataclass costs three times as much to make.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from diagnosis.network.coverage import Missing
from diagnosis.trace.codes import Code
from diagnosis.traffic.traffic import Traffic

Leg = Literal["forward", "return"]
Direction = Literal["egress", "ingress"]
Disposition = Literal["passed", "dropped", "partly", "unknown"]


class Blocker(NamedTuple):
    """One rule of one component that drops some of the traffic that enters it."""

    code: Code
    component: str
    related: tuple[str, ...]
    direction: Direction | None
    rule: str | None
    dropped: Traffic
    """Headers as they are at this hop, after any translation before it."""
    detail: str = ""
    """The fact that the sentence needs: a state, a route's target."""
    any_of: int | None = None
    """How many security groups of the interface share this blocker."""


class Step(NamedTuple):
    """What one component did to all the traffic that could enter it, as if everything before had let it pass."""

    kind: str
    component: str
    direction: Direction | None
    passed: Traffic
    dropped: Traffic
    unknown: Traffic
    rule: str | None = None
    detail: str = ""
    blockers: tuple[Blocker, ...] = ()
    gaps: tuple[Missing, ...] = ()
    assumed: tuple[str, ...] = ()
    subnet: str | None = None
    """For a network ACL: the subnet at whose edge it judges, where it is certain that it does."""

    @property
    def disposition(self) -> Disposition:
        """In one word. `partly` only where something passes for certain and something is dropped for certain."""
        if not self.unknown.empty:
            return "unknown"
        if self.dropped.empty:
            return "passed"
        return "dropped" if self.passed.empty else "partly"

    def only(self, part: Traffic) -> Step:
        """The same step for a part of the traffic."""
        blockers = []
        for blocker in self.blockers:
            dropped = blocker.dropped.meet(part)
            if not dropped.empty:
                blockers.append(
                    Blocker(
                        blocker.code,
                        blocker.component,
                        blocker.related,
                        blocker.direction,
                        blocker.rule,
                        dropped,
                        blocker.detail,
                        blocker.any_of,
                    )
                )
        unknown = self.unknown.meet(part)
        return Step(
            self.kind,
            self.component,
            self.direction,
            self.passed.meet(part),
            self.dropped.meet(part),
            unknown,
            self.rule,
            self.detail,
            tuple(blockers),
            () if unknown.empty else self.gaps,
            self.assumed,
            self.subnet,
        )


NOTHING = Traffic.nothing()


def passes(
    kind: str,
    component: str,
    traffic: Traffic,
    *,
    direction: Direction | None = None,
    rule: str | None = None,
    detail: str = "",
    assumed: tuple[str, ...] = (),
) -> Step:
    """A step that lets everything pass."""
    return Step(kind, component, direction, traffic, NOTHING, NOTHING, rule, detail, assumed=assumed)


def drops(kind: str, component: str, traffic: Traffic, blocker: Blocker) -> Step:
    """A step that drops everything, for one reason."""
    return Step(kind, component, blocker.direction, NOTHING, traffic, NOTHING, blocker.rule, blocker.detail, (blocker,))


def cannot_tell(
    kind: str,
    component: str,
    traffic: Traffic,
    gap: Missing,
    *,
    direction: Direction | None = None,
    rule: str | None = None,
) -> Step:
    """A step whose outcome is not known, with what was not seen."""
    return Step(kind, component, direction, NOTHING, NOTHING, traffic, rule, gap.reason, gaps=(gap,))


class Hop(NamedTuple):
    """A component that the traffic visits and the steps taken there."""

    component: str
    kind: str
    steps: tuple[Step, ...]
