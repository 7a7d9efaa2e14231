"""The decision diagram as a picture and in words, with the branch that the facts of one answer took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from bot.views.pictures import svg
from bot.views.pictures.svg import BEYOND, FAINT, FRAME, INKS, MARGIN, PAPER, SMALLEST, TEXT, WIDTH, Ink, Picture, face
from bot.views.text import clip, tame
from diagnosis.answer import Answer
from diagnosis.explanation.decision import DIAGRAM, LETS_THROUGH, SHOW_IT, Branch, Node

_QUESTION: Final = 18.0
_ANSWERS: Final = 194
"""Room for the longest answer, left of what the answers lead to."""


def answers_taken(branch: Sequence[str]) -> Mapping[str, str]:
    """The answer taken at each question of a branch: the label that follows the question's."""
    questions = {node.question for node in DIAGRAM}
    return {question: answer for question, answer in pairwise(branch) if question in questions}


def decision_picture(answer: Answer) -> Picture:
    """Every question with every answer; the branch taken is drawn heavy, the rest faint."""
    taken = answers_taken(answer.branch)
    shapes: list[str] = [svg.text(MARGIN, 46, "How this was decided", 25, strong=True)]
    y = 66.0
    for place, node in enumerate(DIAGRAM):
        drawn, end = _node(node, taken.get(node.question), y)
        shapes += drawn
        if place < len(DIAGRAM) - 1:
            went = node.question in taken and DIAGRAM[place + 1].question in taken
            shapes.append(svg.arrow(MARGIN + 26, end, end + 24, TEXT if went else FRAME, dashed=not went))
        y = end + 24
    return svg.picture(shapes, y - 2, decision_alt(answer), "The decision diagram")


def decision_alt(answer: Answer) -> str:
    """The branch taken, in words."""
    taken = answers_taken(answer.branch)
    told = [f"{question} {said}." for question, said in taken.items()]
    ends = [out for node in DIAGRAM for out in _outcomes(node, taken.get(node.question))]
    return clip(tame(" ".join([*told, *(f"So: {out}." for out in ends)])), 1_900) or "The decision diagram"


def decision_as_text(answer: Answer) -> str:
    """The diagram as lines of text, ▶ before each answer that was taken."""
    taken = answers_taken(answer.branch)
    rows: list[str] = []
    for node in DIAGRAM:
        rows.append(f"{'●' if node.question in taken else '○'} {node.question}")
        for branch in node.branches:
            mark = "▶" if taken.get(node.question) == branch.answer else " "
            rows.append(f"  {mark} {branch.answer}: {branch.outcome or branch.hint or 'go on'}")
    return "\n".join(rows)


def _outcomes(node: Node, answer: str | None) -> Iterator[str]:
    yield from (branch.outcome for branch in node.branches if branch.answer == answer and branch.outcome)


def _node(node: Node, answer: str | None, y: float) -> tuple[list[str], float]:
    """One question with its answers, and where its box ends."""
    asked = answer is not None
    strong = face(strong=True)
    width = WIDTH - 2 * MARGIN
    rows = strong.wrapped(strong.drawable(node.question), _QUESTION, width - 2 * 16, 2)
    inner: list[str] = []
    at = y + 8
    for row in rows:
        at += 23
        inner.append(svg.text(MARGIN + 16, at, row, _QUESTION, TEXT if asked else FAINT, strong=asked))
    at += 10
    for branch in node.branches:
        drawn, at = _branch(branch, at, taken=branch.answer == answer)
        inner += drawn
    height = at - y + 8
    ink = Ink(TEXT if asked else BEYOND.line, PAPER, TEXT)
    return [svg.box(MARGIN, y, width, height, ink, stroke=2 if asked else 1.5, dashed=not asked), *inner], y + height


def _branch(branch: Branch, y: float, *, taken: bool) -> tuple[list[str], float]:
    """One answer: a filled bar with an arrow where it was taken, a faint line of text elsewhere."""
    plain, strong = face(), face(strong=taken)
    left = MARGIN + 16
    wide = WIDTH - 2 * MARGIN - 32
    told = branch.outcome or branch.hint
    room = wide - _ANSWERS - 34
    rows = strong.wrapped(told, SMALLEST, room, 3) if told else []
    height = max(len(rows), 1) * 21 + 9
    ink = _ink(branch) if taken else BEYOND
    shapes: list[str] = []
    if taken:
        shapes.append(svg.box(left, y, wide, height, Ink(ink.line, ink.fill, ink.word), stroke=2.5))
        tip = y + height / 2
        shapes.append(f'<path d="M{left + 10:g} {tip - 7:g} l12 7 l-12 7 Z" fill="{ink.line}"/>')
    colour = ink.word if taken else FAINT
    face_ = strong if taken else plain
    shapes.append(
        svg.text(left + 30, y + 22, face_.fitted(branch.answer, SMALLEST, _ANSWERS), SMALLEST, colour, strong=taken)
    )
    for place, row in enumerate(rows):
        shapes.append(svg.text(left + 30 + _ANSWERS, y + 22 + 21 * place, row, SMALLEST, colour, strong=taken))
    return shapes, y + height + (4 if taken else 0)


def _ink(branch: Branch) -> Ink:
    """Amber where there is something to do, violet where something was not seen, green where it goes on."""
    if branch.outcome is None or branch.outcome == LETS_THROUGH:
        return Ink(INKS["passed"].line, "#eaf5f0", "#155741")
    return INKS["unknown"] if branch.outcome == SHOW_IT else INKS["partly"]
