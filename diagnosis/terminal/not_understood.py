"""What is asked back: a question that lacks something, or a name that several things in the account have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from diagnosis.question.question import Question
from diagnosis.terminal.page import INDENT, NARROWEST, Page, Tone, column
from diagnosis.terminal.safe_text import cells, clean, safe, wrap

MOST_CANDIDATES: Final = 12
_COLUMN_MOST: Final = 24
_GAP: Final = "  "


class Match(Protocol):
    """One thing that a party of the question may have meant; None where it has no name, address or VPC."""

    @property
    def id(self) -> str:
        """The id to ask with."""
        ...

    @property
    def name(self) -> str | None:
        """What the account calls it."""
        ...

    @property
    def address(self) -> str | None:
        """Its primary private address."""
        ...

    @property
    def vpc(self) -> str | None:
        """The VPC that it is in."""
        ...


def render_not_understood(
    question: Question,
    closest: Sequence[str] = (),
    candidates: Sequence[Match] = (),
    *,
    width: int = 80,
    colour: bool = False,
) -> str:
    """Return what to ask back as text that ends in a line break.

    `closest` are whole questions that would be understood, the nearest first. `candidates` are what an ambiguous
    party may mean; their ids are printed in full, whatever the width, since the next question is asked with one of
    them.
    """
    question = clean(question)
    page = Page(max(width, NARROWEST), colour)
    title = "? Several match" if candidates else "? Not understood"
    asked = question.ask_back or _missing(question, several=bool(candidates))
    rows = [page.paint(title, Tone.WARN_STRONG), "", *page.paragraph(asked)]
    if candidates:
        rows += ["", *_table(page, candidates)]
    if closest:
        rows += ["", *page.paragraph("Ask for example:", Tone.DIM)]
        rows += [f"{INDENT}{INDENT}{safe(form)}" for form in closest]
    return "\n".join(rows) + "\n"


def _missing(question: Question, *, several: bool) -> str:
    if several:
        return "Say which one is meant, by its id or address."
    if question.source is None and question.destination is None:
        return "Say which side sends and which side it cannot reach."
    if question.source is None:
        return "Say which side sends: an address, an id or a name."
    if question.destination is None:
        return "Say what it cannot reach: an address, an id or a name."
    return "Say which protocol and port are meant."


def _table(page: Page, candidates: Sequence[Match]) -> list[str]:
    """The candidates in columns; a column that nobody fills is left out."""
    shown = [
        tuple(safe(part or "") for part in (one.id, one.name, one.address, one.vpc))
        for one in candidates[:MOST_CANDIDATES]
    ]
    titles = ("id", "name", "address", "VPC")
    used = [place for place in range(len(titles)) if place == 0 or any(row[place] for row in shown)]
    widths = {place: max(cells(titles[place]), *(cells(row[place]) for row in shown)) for place in used}
    for place in used[1:]:
        widths[place] = min(widths[place], _COLUMN_MOST)
    if len(INDENT) + sum(widths.values()) + len(_GAP) * (len(used) - 1) > page.width:
        return [*_blocks(page, shown, titles), *_rest(page, len(candidates) - len(shown))]
    header = _GAP.join(column(titles[place], widths[place]) for place in used).rstrip()
    rows = [INDENT + page.paint(header, Tone.DIM)]
    rows += [INDENT + _GAP.join(column(row[place], widths[place]) for place in used).rstrip() for row in shown]
    return [*rows, *_rest(page, len(candidates) - len(shown))]


def _blocks(page: Page, shown: Sequence[tuple[str, ...]], titles: Sequence[str]) -> list[str]:
    """Each candidate on lines of its own, where the columns are wider than the page."""
    rows: list[str] = []
    for row in shown:
        rows.append(INDENT + row[0])
        told = ", ".join(f"{title} {part}" for title, part in zip(titles[1:], row[1:], strict=True) if part)
        rows += [INDENT * 2 + page.paint(line, Tone.DIM) for line in wrap(told, page.width - len(INDENT) * 2)]
    return rows


def _rest(page: Page, count: int) -> list[str]:
    return page.paragraph(f"and {count} more", Tone.DIM) if count > 0 else []
