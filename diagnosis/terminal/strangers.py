"""Whose the public addresses of an answer or a summary are, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diagnosis.answer import Stranger
from diagnosis.terminal.moments import moment
from diagnosis.terminal.page import Page, Tone

MOST: Final = 5


def known(page: Page, strangers: Sequence[Stranger], most: int = MOST) -> list[str]:
    """The lines beside the label "known"; nothing where nobody is known. The date of AWS's ranges stands below."""
    rows = [row for one in strangers[:most] for row in page.beside(told(one))]
    if len(strangers) > most:
        rows += page.beside(f"and {len(strangers) - most} more: --json lists them", Tone.DIM)
    dated = moment(next((one.as_of for one in strangers[:most] if one.as_of), None))
    if dated is not None:
        rows += page.beside(f"by AWS's ranges of {dated.day}, which whynot ip-ranges keeps", Tone.DIM)
    return page.labelled("known", rows)


def told(one: Stranger) -> str:
    """`52.95.110.1 is AWS EC2 in us-east-1 (52.95.110.0/24)`."""
    return f"{one.address} is {one.name}" + (f" ({one.range})" if one.range else "")
