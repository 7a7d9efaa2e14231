"""What was changed: who did what when, what else can have been it, and the fix that takes it back."""

from __future__ import annotations

from typing import Final

from diagnosis.answer import Answer
from diagnosis.terminal.fixes import fixes
from diagnosis.terminal.page import Page, Tone, short_forms
from diagnosis.terminal.safe_text import clean
from diagnosis.testimony import WhatChanged

LABEL: Final = "change"


def changed(page: Page, told: WhatChanged) -> list[str]:
    """The witness beside its label. Its sentence keeps ids whole, for they are looked up."""
    rows = page.labelled(LABEL, page.beside(told.text, Tone.STRONG if told.change is not None else Tone.DIM))
    for other in told.others:
        rows += page.beside(f"also at {other.at[11:19]} {other.who} {other.text} (event {other.event})", Tone.DIM)
    for limit in told.limits:
        rows += page.beside(limit, Tone.WARN)
    return rows


def render_changed(answer: Answer, already: int, *, width: int, colour: bool, explain: bool) -> str:
    """What changed, below an answer that is on the page with its first `already` fixes; ends in a line break."""
    answer = clean(answer)
    told = answer.evidence.what_changed
    if told is None:
        return ""
    page = Page(width, colour, short_forms((), ()))
    rows = changed(page, told)
    back = next((number for number, fix in enumerate(answer.fixes) if fix.id == told.fix), None)
    if back is not None and back < already:
        rows += page.beside(f"Fix {back + 1} takes it back.", Tone.GOOD)
    elif back is not None:
        rows += ["", *fixes(page, answer, explain=explain, first=back)]
    return "\n".join(rows) + "\n"
