"""Both legs of the path in few characters, for where no picture can be shown, and whole for the full trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bot.views.text import clip
from diagnosis.answer import Answer, Hop
from diagnosis.terminal.path import GROUP, MARKS, Fold, Line, fold_long, lines_of

SHOWN: Final = 14
"""Lines of a leg."""
_NAME: Final = 20
_TEXT: Final = 44
_WAYS: Final = {"egress": "out", "ingress": "in", None: ""}


def both_legs(answer: Answer) -> tuple[list[Line | Fold], list[Line | Fold]]:
    """The lines of the way there and of the way back, long runs of passing ones folded.

    Groups that pass are left out of the way back: they let the reply of what they allowed pass unasked.
    """
    there = lines_of(answer, "forward", beyond=False)
    broken = any(line.disposition == "dropped" for line in there)
    back = lines_of(answer, "return", beyond=broken)
    told = [line for line in back if not (line.kind == GROUP and line.disposition == "passed")]
    return _bounded(fold_long(there)), _bounded(fold_long(told))


def _bounded(leg: list[Line | Fold]) -> list[Line | Fold]:
    """At most so many lines; what is left over is said in one, by the first of it that does not pass."""
    if len(leg) <= SHOWN:
        return leg
    rest = leg[SHOWN - 1 :]
    lines = [line for line in rest if isinstance(line, Line)]
    worst = next((line for line in lines if line.disposition != "passed"), lines[0])
    count = sum(line.count if isinstance(line, Fold) else 1 for line in rest)
    return [
        *leg[: SHOWN - 1],
        replace(worst, name="", id="", direction="", text=f"{count} more, in the trace", code=""),
    ]


def legs_as_text(answer: Answer) -> str:
    """A line for each rule set, in columns that fit a phone's preformatted text; empty where no path is known."""
    there, back = both_legs(answer)
    rows: list[str] = []
    for title, leg in (("there", there), ("back", back)):
        told = False
        rows += [title] if leg else []
        for line in leg:
            if line.beyond and not told:
                rows.append("  beyond the break, as if it had passed:")
                told = True
            rows.append(_row(line))
    return "\n".join(rows)


def _row(line: Line | Fold) -> str:
    if isinstance(line, Fold):
        return f"    {line.count} more pass"
    name = clip(line.name or line.id, _NAME)
    told = "  ".join(filter(None, (name, line.direction, clip(line.text, _TEXT))))
    return f"  {MARKS[line.disposition]} {told}"


def every_step(answer: Answer) -> Iterator[tuple[str, str, str, str, str]]:
    """Each step of both legs, nothing folded: mark, component, way, what decided, code."""
    for leg, hops in (("there", answer.path_forward), ("back", answer.path_return)):
        for hop in hops:
            yield from _steps(leg, hop)


def _steps(leg: str, hop: Hop) -> Iterator[tuple[str, str, str, str, str]]:
    if not hop.steps:
        yield "✓", _named(hop.name, hop.component), leg, hop.kind.replace("-", " "), ""
    for step in hop.steps:
        component = step.component or hop.component
        name = step.name or (hop.name if component == hop.component else None)
        rule = f" (rule {step.rule})" if step.rule and step.rule not in step.text else ""
        told = f"{step.text or step.kind.replace('-', ' ')}{rule}"
        way = " ".join(filter(None, (leg, _WAYS[step.direction])))
        yield MARKS[step.disposition], _named(name, component), way, told, step.code or ""


def _named(name: str | None, component: str) -> str:
    return f"{name} ({component})" if name and name != component else component
