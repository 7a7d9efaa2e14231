"""What `--explain` adds: the six steps of the manual procedure with what was found, and the decision diagram."""

from __future__ import annotations

from typing import Final

from diagnosis.answer import Answer
from diagnosis.explanation.guide import with_guide
from diagnosis.terminal.diagram import diagram
from diagnosis.terminal.page import INDENT, Page, Tone
from diagnosis.testimony import FlowLogs

_STEP_INDENT: Final = len(INDENT) + 3
_MOST_LINES: Final = 3


def explained(page: Page, answer: Answer) -> list[str]:
    """The six steps A to F and the diagram with the branch taken; both are worked out where the answer has none."""
    answer = answer if answer.guide and answer.branch else with_guide(answer)
    rows = [INDENT + page.paint("How this was decided", Tone.STRONG)]
    for step in answer.guide:
        rows += ["", f"{INDENT}{page.paint(step.letter, Tone.STRONG)}  {page.paint(step.title, Tone.STRONG)}"]
        for found in step.found:
            rows += page.paragraph(found, indent=_STEP_INDENT)
        if step.letter == "B" and answer.evidence.flow_logs:
            rows += _raw(page, answer.evidence.flow_logs)
    title = page.paint("The decision diagram", Tone.STRONG) + page.paint(", the branch taken drawn heavy", Tone.DIM)
    return [*rows, "", INDENT + title, *diagram(page, answer.branch)]


def _raw(page: Page, logs: FlowLogs) -> list[str]:
    """Raw lines with every field as it was delivered, and the whole path of their files."""
    bare = Page(page.width, page.colour)
    rows: list[str] = []
    for place, line in enumerate(logs.lines[:_MOST_LINES]):
        rows += bare.paragraph(line, Tone.DIM, indent=_STEP_INDENT)
        origins = logs.line_origins[place : place + 1]
        rows += [row for origin in origins for row in bare.paragraph(origin, Tone.DIM, indent=_STEP_INDENT + 2)]
    return rows
