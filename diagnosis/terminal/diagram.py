"""The decision diagram as text art: one spine from top to bottom, the branch taken drawn heavy."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from diagnosis.explanation.decision import DIAGRAM, Branch, Node
from diagnosis.terminal.page import INDENT, Page, Tone
from diagnosis.terminal.safe_text import cells, pad

_ASKED: Final = "●"
_NOT_ASKED: Final = "○"


def diagram(page: Page, branch: Sequence[str]) -> list[str]:
    """Every question with every answer; what `branch` names is drawn heavy, the rest light and dim."""
    taken = _answers(branch)
    width = max(cells(answer.answer) for node in DIAGRAM for answer in node.branches)
    rows: list[str] = []
    for place, node in enumerate(DIAGRAM):
        rows += _node(page, node, taken.get(node.question), width, last=place == len(DIAGRAM) - 1)
    return rows


def _answers(branch: Sequence[str]) -> dict[str, str]:
    """The answer taken at each question of a branch: the label that follows the question's."""
    questions = {node.question for node in DIAGRAM}
    return {question: answer for question, answer in pairwise(branch) if question in questions}


def _node(page: Page, node: Node, answer: str | None, width: int, *, last: bool) -> list[str]:
    asked = answer is not None
    mark = _ASKED if asked else _NOT_ASKED
    rows = [INDENT + page.paint(f"{mark} {node.question}", Tone.STRONG if asked else Tone.DIM)]
    for place, branch in enumerate(node.branches):
        ends = last and place == len(node.branches) - 1
        rows.append(INDENT + _branch(page, branch, width, taken=branch.answer == answer, ends=ends))
    return rows


def _branch(page: Page, branch: Branch, width: int, *, taken: bool, ends: bool) -> str:
    """One answer: `┣━ no ━━━━━━━━▶ add the missing rule to the security group`."""
    stem = ("┗━ " if ends else "┣━ ") if taken else ("└─ " if ends else "├─ ")
    line = "━" if taken else "─"
    if branch.outcome:
        told = f"{branch.answer} {line * (width - cells(branch.answer) + 2)}▶ {branch.outcome}"
    else:
        told = f"{pad(branch.answer, width)}     {branch.hint}".rstrip()
    tone = Tone.DIM if not taken else Tone.WARN_STRONG if branch.outcome else Tone.STRONG
    return page.paint(stem + told, tone)
