"""The reverse question as a page: who gets through, by which rule; then who does not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from diagnosis.answer import ReachGroup, WhoAnswer
from diagnosis.terminal.page import INDENT, NARROWEST, Page, Tone, short_forms
from diagnosis.terminal.safe_text import clean

WIDTH: Final = 80
MOST_MEMBERS: Final = 6
MARKS: Final = {
    "reachable": ("✓", Tone.GOOD),
    "partly": ("~", Tone.WARN),
    "unknown": ("?", Tone.WARN),
    "blocked": ("✗", Tone.BAD),
}


def render_who(answer: WhoAnswer, *, width: int = WIDTH, colour: bool) -> str:
    """Return `answer` as text that ends in a line break; no line is wider than `width` columns."""
    answer = clean(answer)
    page = Page(max(width, NARROWEST), colour, short_forms(_texts(answer), ()))
    rows = [*page.paragraph(answer.headline, Tone.STRONG, indent=0), ""]
    for group in answer.groups:
        rows += [*_group(page, group), ""]
    for caveat in answer.caveats:
        rows += page.paragraph(caveat, Tone.DIM)
    taken = f"configuration of {answer.snapshot.taken_at}" if answer.snapshot.taken_at else "configuration as read"
    unseen = f"{len(answer.unseen)} things not seen" if answer.unseen else "nothing unseen"
    rows += page.paragraph(f"{taken} · {unseen}", Tone.DIM)
    return "\n".join(rows) + "\n"


def _texts(answer: WhoAnswer) -> Iterator[str]:
    yield answer.headline
    for group in answer.groups:
        yield group.decided_by
        yield group.name
        yield from (member.id for member in group.members)


def _group(page: Page, group: ReachGroup) -> list[str]:
    mark, tone = MARKS[group.verdict]
    count = f" ({group.count})" if group.count else ""
    what = f" on {group.traffic}" if group.verdict in ("reachable", "partly") and group.traffic else ""
    heading = page.paragraph(f"{group.name}{count}{what}", indent=len(INDENT) + 2)
    heading[0] = INDENT + page.paint(mark, tone) + " " + heading[0].lstrip()
    rows = [*heading]
    members = [f"{m.name} {m.address}" if m.name else f"{m.address or m.id}" for m in group.members]
    shown = members[:MOST_MEMBERS] + ([f"{len(members) - MOST_MEMBERS} more"] if len(members) > MOST_MEMBERS else [])
    shown += list(group.ranges[:MOST_MEMBERS]) if not group.members and len(group.ranges) <= MOST_MEMBERS else []
    if shown:
        rows += page.paragraph(", ".join(shown), indent=len(INDENT) + 4)
    if group.decided_by:
        rows += page.paragraph(group.decided_by, Tone.DIM, indent=len(INDENT) + 4)
    return rows
