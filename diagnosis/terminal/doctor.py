"""What doctor found, as a page: a mark, what was looked at, and who must act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diagnosis.finding import Finding
from diagnosis.terminal.page import INDENT, Page, Tone
from diagnosis.terminal.safe_text import safe

WIDTH: Final = 80
MARKS: Final = {"well": ("✓", Tone.GOOD), "missing": ("✗", Tone.BAD), "note": ("·", Tone.DIM)}


def render_doctor(findings: Sequence[Finding], *, colour: bool) -> str:
    """Return the findings as text that ends in a line break, what is missing counted at the end."""
    page = Page(WIDTH, colour)
    rows = []
    for finding in findings:
        mark, tone = MARKS[finding.state]
        lines = page.paragraph(f"{finding.about}: {safe(finding.text)}", indent=len(INDENT) + 2)
        rows += [INDENT + page.paint(mark, tone) + " " + lines[0].lstrip(), *lines[1:]]
    missing = sum(finding.state == "missing" for finding in findings)
    end = f"{missing} thing{'s' * (missing > 1)} to be done" if missing else "All is there."
    return "\n".join([*rows, "", *page.paragraph(end, Tone.STRONG, indent=0)]) + "\n"
