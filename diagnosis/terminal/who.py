"""The reverse question as a page: who gets through, by which rule; then, in a few lines, who does not, and why.

A large account has hundreds of groups that are kept out. Their reasons are few, so they are told by reason, with
counts; `--json` lists every group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from diagnosis.terminal.page import INDENT, NARROWEST, Page, Tone, short_forms
from diagnosis.terminal.safe_text import clean
from diagnosis.who_answer import ReachGroup, WhoAnswer

WIDTH: Final = 80
MOST_MEMBERS: Final = 6
MOST_GROUPS: Final = 12
MOST_REASONS: Final = 4
MOST_PLACES: Final = 3
MARKS: Final = {
    "reachable": ("✓", Tone.GOOD),
    "partly": ("~", Tone.WARN),
    "unknown": ("?", Tone.WARN),
    "blocked": ("✗", Tone.BAD),
}


def render_who(answer: WhoAnswer, *, width: int = WIDTH, colour: bool) -> str:
    """Return `answer` as text that ends in a line break; no line is wider than `width` columns."""
    answer = clean(answer)
    through = [group for group in answer.groups if group.verdict in ("reachable", "partly")]
    shown, rest = through[:MOST_GROUPS], through[MOST_GROUPS:]
    page = Page(max(width, NARROWEST), colour, short_forms(_texts(answer, shown), ()))
    rows = [*page.paragraph(answer.headline, Tone.STRONG, indent=0), ""]
    for group in shown:
        rows += [*_group(page, group), ""]
    if rest:
        rows += [*page.paragraph(f"and {_count(rest)} more, in {_places(rest)}", indent=len(INDENT) + 2), ""]
    for verdict, title in (("unknown", "Cannot be told"), ("blocked", "Kept out")):
        some = [group for group in answer.groups if group.verdict == verdict]
        if some:
            rows += [*_by_reason(page, some, title), ""]
    for caveat in answer.caveats:
        rows += page.paragraph(caveat, Tone.DIM)
    if rest or any(group.count for group in answer.groups if group.verdict in ("unknown", "blocked")):
        rows += page.paragraph("--json lists every group with its members and causes", Tone.DIM)
    taken = f"configuration of {answer.snapshot.taken_at}" if answer.snapshot.taken_at else "configuration as read"
    unseen = f"{len(answer.unseen)} things not seen" if answer.unseen else "nothing unseen"
    rows += page.paragraph(f"{taken} · {unseen}", Tone.DIM)
    return "\n".join(rows) + "\n"


def _texts(answer: WhoAnswer, shown: Iterable[ReachGroup]) -> Iterator[str]:
    yield answer.headline
    yield from dict.fromkeys(group.decided_by for group in answer.groups)
    for group in shown:
        yield group.decided_by
        yield group.name
        yield from (member.id for member in group.members[:MOST_MEMBERS])


def _group(page: Page, group: ReachGroup) -> list[str]:
    mark, tone = MARKS[group.verdict]
    count = f" ({group.count})" if group.count else ""
    what = f" on {group.traffic}" if group.traffic else ""
    heading = page.paragraph(f"{group.name}{count}{what}", indent=len(INDENT) + 2)
    heading[0] = INDENT + page.paint(mark, tone) + " " + heading[0].lstrip()
    rows = [*heading]
    members = [f"{m.name} {m.address}" if m.name else f"{m.address or m.id}" for m in group.members]
    if not members and len(group.ranges) <= MOST_MEMBERS:
        members = list(group.ranges)
    shown = members[:MOST_MEMBERS] + ([f"{len(members) - MOST_MEMBERS} more"] if len(members) > MOST_MEMBERS else [])
    if shown:
        rows += page.paragraph(", ".join(shown), indent=len(INDENT) + 4)
    if group.decided_by:
        rows += page.paragraph(group.decided_by, Tone.DIM, indent=len(INDENT) + 4)
    return rows


def _by_reason(page: Page, groups: list[ReachGroup], title: str) -> list[str]:
    """What is kept out, or not known, by the first reason of each: the most frequent ones first."""
    mark, tone = MARKS[groups[0].verdict]
    heading = page.paragraph(f"{title}: {_count(groups)}", indent=len(INDENT) + 2)
    heading[0] = INDENT + page.paint(mark, tone) + " " + heading[0].lstrip()
    rows = [*heading]
    reasons: dict[object, list[ReachGroup]] = {}
    for group in groups:
        reasons.setdefault(_reason_key(group), []).append(group)
    ordered = sorted(reasons.values(), key=lambda some: -sum(max(one.count, 1) for one in some))
    for some in ordered[:MOST_REASONS]:
        where = f", in {_places(some)}" if _places(some) else ""
        rows += page.paragraph(f"{_count(some)}{where}:", indent=len(INDENT) + 4)
        rows += page.paragraph(some[0].decided_by, Tone.DIM, indent=len(INDENT) + 6)
    if len(ordered) > MOST_REASONS:
        left = [group for some in ordered[MOST_REASONS:] for group in some]
        more = len(ordered) - MOST_REASONS
        rows += page.paragraph(f"{_count(left)}, for {more} other reason{'s' * (more > 1)}", indent=len(INDENT) + 4)
    return rows


def _reason_key(group: ReachGroup) -> object:
    if group.causes:
        first = group.causes[0]
        return (first.code, first.component, first.rule, first.leg)
    return group.decided_by


def _count(groups: Iterable[ReachGroup]) -> str:
    """How many interfaces, and which ranges besides."""
    some = list(groups)
    number = sum(group.count for group in some)
    found = [f"{number} interface{'' if number == 1 else 's'}"] if number else []
    return " and ".join([*found, *(group.name for group in some if not group.count)])


def _places(groups: Iterable[ReachGroup]) -> str:
    """The subnets in words, or how many there are."""
    names = list(dict.fromkeys(group.name.partition(": ")[0] for group in groups if group.count))
    return ", ".join(names) if len(names) <= MOST_PLACES else f"{len(names)} subnets"
