"""The second opinion: what AWS says, both reasonings where it disagrees, and what to keep in mind of it."""

from __future__ import annotations

from typing import Final

from diagnosis.answer import Answer
from diagnosis.terminal.page import Page, Tone, short_forms
from diagnosis.terminal.safe_text import clean
from diagnosis.testimony import Opinion

LABEL: Final = "AWS"
_TONES: Final = {True: Tone.GOOD, False: Tone.WARN_STRONG, None: Tone.PLAIN}


def opinion(page: Page, told: Opinion) -> list[str]:
    """The second opinion beside its label."""
    rows = page.labelled(LABEL, page.beside(told.text, _TONES[told.agrees]))
    for who, texts in (("the trace", told.ours), ("AWS", told.theirs)):
        for text in texts:
            rows += page.beside(f"by {who}: {text}")
    shown = " ".join((told.text, *told.theirs))
    for reason in told.reasons:
        if reason.text not in shown:
            rows += page.beside(f"{reason.code}: {reason.text}", Tone.DIM)
    for caveat in told.caveats:
        rows += page.beside(caveat, Tone.DIM)
    if told.cost_usd:
        rows += page.beside(f"{told.source}, {cost_told(told)}", Tone.DIM)
    return rows


def cost_told(told: Opinion) -> str:
    """`1 analysis in us-east-1 ($0.10)`."""
    return f"1 analysis in {told.region} (${told.cost_usd:.2f})"


def render_opinion(answer: Answer, *, width: int, colour: bool) -> str:
    """The second opinion of an answer that is on the page already, as text that ends in a line break."""
    answer = clean(answer)
    told = answer.evidence.second_opinion
    if told is None:
        return ""
    texts = (told.text, *told.ours, *told.theirs, *told.caveats, *(reason.text for reason in told.reasons))
    return "\n".join(opinion(Page(width, colour, short_forms(texts, ())), told)) + "\n"
