"""What GuardDuty and Detective say: the worst in a line, the others below, and what was not heard."""

from __future__ import annotations

from typing import Final

from diagnosis.answer import Answer
from diagnosis.terminal.moments import moment
from diagnosis.terminal.page import Page, Tone
from diagnosis.terminal.safe_text import clean
from diagnosis.testimony import Threats

MOST: Final = 3


def threats(page: Page, told: Threats | None) -> list[str]:
    """The lines beside the label "threat"; nothing where nobody was asked."""
    if told is None:
        return []
    rows = page.beside(told.text, Tone.WARN if told.findings or told.indicators else Tone.PLAIN)
    for one in told.findings[:MOST]:
        last = moment(one.last)
        times = f", last {last.day} {last.time} UTC" if last else ""
        rows += page.beside(f"{one.level} {one.severity:g}: {one.title} ({one.region}, {one.count} times{times})")
        rows.append(page.verbatim(page.paint(one.link, Tone.DIM)))
    for hint in told.indicators[:MOST]:
        rows += page.beside(
            f"Detective, investigation of {hint.entity}: {hint.kind} {hint.address}"
            + (f", {hint.told}" * bool(hint.told))
        )
        rows.append(page.verbatim(page.paint(hint.link, Tone.DIM)))
    left = max(0, len(told.findings) - MOST) + max(0, len(told.indicators) - MOST)
    rows += page.beside(f"and {left} more: --json lists them", Tone.DIM) if left else []
    for limit in told.limits[:MOST]:
        rows += page.beside(limit, Tone.DIM)
    if told.profiles:
        rows += page.beside("Detective has no call for the profile of an address; it is in the console:", Tone.DIM)
        rows.append(page.verbatim(page.paint(told.profiles[0].link, Tone.DIM)))
    return page.labelled("threat", rows)


def render_threats(answer: Answer, *, width: int, colour: bool) -> str:
    """The threats of an answer that is on the page already, as text that ends in a line break."""
    return "\n".join(threats(Page(width, colour, {}), clean(answer).evidence.threats)) + "\n"
