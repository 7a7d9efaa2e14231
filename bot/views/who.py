"""The reverse question: who gets through, by which rule; then who does not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bot.views.answers import marked
from bot.views.blocks import Span, bold, bullets, context, line, rich
from bot.views.message import Block, Reply
from bot.views.sheets import sheet
from bot.views.text import clip, spoken
from diagnosis.answer import Disposition, ReachGroup, Verdict, WhoAnswer
from diagnosis.terminal.limits import said_of
from diagnosis.terminal.moments import moment
from diagnosis.terminal.path import MARKS

MEMBERS: Final = 8
_DISPOSITIONS: Final[dict[Verdict, Disposition]] = {
    "reachable": "passed", "partly": "partly", "unknown": "unknown", "blocked": "dropped",
}  # fmt: skip


def who_reply(answer: WhoAnswer) -> Reply:
    """Every group, those that get through first, as messages or as a file where there are too many."""
    blocks = [rich(line(bold(clip(answer.headline, 1_500)))), *(_group(group) for group in answer.groups)]
    blocks += (
        [rich(line(bold("Not seen")), bullets([said_of(call) for call in answer.unseen]))] if answer.unseen else []
    )
    verb = "What can reach" if answer.direction == "to" else "What can be reached from"
    title = f"{verb} {clip(answer.target, 100)}"
    reply = sheet(title, blocks, name="who.txt", tail=tuple(_closing(answer)))
    first, *rest = reply.messages
    return replace(reply, messages=(replace(first, text=spoken(clip(answer.headline, 1_000))), *rest))


def _group(group: ReachGroup) -> Block:
    count = f" ({group.count:,})" if group.count else ""
    what = f" on {group.traffic}" if group.verdict in ("reachable", "partly") and group.traffic else ""
    mark = MARKS[_DISPOSITIONS[group.verdict]]
    told: list[dict[str, object]] = [line(bold(f"{mark} {clip(group.name, 300)}{count}"), what)]
    members = [" ".join(filter(None, (m.name, m.address or m.id))) for m in group.members] or list(group.ranges)
    if members:
        more = f" and {len(members) - MEMBERS:,} more" if len(members) > MEMBERS else ""
        told.append(line(", ".join(clip(member, 80) for member in members[:MEMBERS]) + more))
    if group.decided_by:
        decided: list[Span | str] = marked(clip(group.decided_by, 600))
        told.append(line(*decided))
    return rich(*told)


def _closing(answer: WhoAnswer) -> Iterator[Block]:
    taken = moment(answer.snapshot.taken_at)
    at = f"configuration of {taken.said(None)} UTC" if taken else "configuration as read"
    unseen = f"{len(answer.unseen)} things not seen" if answer.unseen else "nothing unseen"
    yield context(*(clip(caveat, 300) for caveat in answer.caveats[:5]), f"{at} · {unseen}")
