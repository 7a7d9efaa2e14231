"""Fixes and advice: what to run, what was proven, what else it opens, how to take it back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from diagnosis.answer import Answer, Exposure, Fix
from diagnosis.terminal.page import Page, Tone

_COMMAND: Final = re.compile(r"\baws [a-z0-9-]+ [a-z0-9-]+( .*)?$")
MOST_OPENED: Final = 5


def fixes(page: Page, answer: Answer, *, explain: bool, first: int = 0) -> list[str]:
    """Every fix from this one on: title and proof, the commands, the exposure, the undo."""
    rows: list[str] = []
    for number, fix in enumerate(answer.fixes[first:], start=first + 1):
        rows += _fix(page, f"fix {number}", fix, explain=explain)
    return rows


def _fix(page: Page, label: str, fix: Fix, *, explain: bool) -> list[str]:
    proof = f"proven: {fix.proof.verdict_after}"
    rows = page.labelled(label, page.ends(fix.title, proof, Tone.GOOD))
    rows += page.beside(fix.takes_back) if fix.takes_back else []
    if fix.risk == "needs judgement":
        rows += page.beside("needs judgement: read what it opens before you run it", Tone.WARN)
    rows += [page.verbatim(command) for command in fix.commands]
    rows += _exposure(page, fix.exposure, explain=explain)
    if fix.managed:
        rows += page.beside(fix.managed, Tone.WARN)
    if fix.terraform and (explain or fix.managed_by == "Terraform"):
        rows += page.beside("the same as Terraform text:")
        rows += [page.verbatim(text) for text in fix.terraform]
    return [*rows, *(page.verbatim(page.paint("undo: ", Tone.DIM) + command) for command in fix.undo)]


def _exposure(page: Page, exposure: Exposure, *, explain: bool) -> list[str]:
    """What a fix opens, in a sentence; line by line with `--explain`, or where there is no sentence."""
    rows = page.beside(exposure.text) if exposure.text else []
    if exposure.newly_reachable and (explain or not rows):
        shown = exposure.newly_reachable if explain else exposure.newly_reachable[:MOST_OPENED]
        for opened in shown:
            pairs = f" ({opened.count:,} pairs)" if opened.count > 1 else ""
            what = " ".join(filter(None, (opened.protocol, opened.ports)))
            rows += page.beside(f"opens {opened.source} → {opened.destination} {what}{pairs}")
        left = len(exposure.newly_reachable) - len(shown)
        rows += page.beside(f"and {left:,} more") if left else []
    if not rows and not exposure.at_least:
        rows = page.beside("opens nothing else")
    if exposure.at_least:
        rows += page.beside("this is the least that it opens: the count was stopped before its end", Tone.WARN)
    return rows


def advice(page: Page, told: Sequence[str]) -> list[str]:
    """What a person should do, in words; a command at the end of a piece of advice stands whole on its own line."""
    rows: list[str] = []
    for text in told:
        command = _COMMAND.search(text)
        words = text[: command.start()].rstrip() if command else text
        rows += page.beside(words) if words else []
        rows += [page.verbatim(command.group(0))] if command else []
    return page.labelled("advice", rows)
