"""The reverse question: who gets through, by which rule; then who does not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bot.views.blocks import bold, context, line, marked, rich
from bot.views.message import Block, Reply
from bot.views.sheets import listed, sheet
from bot.views.text import clip, spoken
from bot.views.wording import DISPOSITIONS
from diagnosis.terminal.limits import said_of
from diagnosis.terminal.moments import moment
from diagnosis.terminal.path import MARKS
from diagnosis.who_answer import ReachGroup, WhoAnswer

MEMBERS: Final = 8


def who_reply(answer: WhoAnswer) -> Reply:
    """Every group, those that get through first, as messages or as a file where there are too many.

    A message names a few members of each group; where there are more, a file names them all.
    """
    blocks = [rich(line(bold(clip(answer.headline, 1_500)))), *(_group(group) for group in answer.groups)]
    if answer.unseen:
        blocks += [rich(line(bold("Not seen"))), *listed([said_of(call) for call in answer.unseen])]
    verb = "What can reach" if answer.direction == "to" else "What can be reached from"
    title = f"{verb} {clip(answer.target, 100)}"
    cut = any(len(_members(group)) > MEMBERS for group in answer.groups)
    whole = _whole(answer, title) if cut else None
    reply = sheet(title, blocks, name="who.txt", tail=tuple(_closing(answer)), whole=whole)
    first, *rest = reply.messages
    return replace(reply, messages=(replace(first, text=spoken(clip(answer.headline, 1_000))), *rest))


def _whole(answer: WhoAnswer, title: str) -> str:
    """All groups with all of their members."""
    rows = [title, answer.headline]
    for group in answer.groups:
        rows += ["", _heading(group), *(f"  {member}" for member in _members(group)), f"  {group.decided_by}".rstrip()]
    return "\n".join([*rows, "", *(f"not seen: {said_of(call)}" for call in answer.unseen), *answer.caveats])


def _heading(group: ReachGroup) -> str:
    count = f" ({group.count:,})" if group.count else ""
    what = f" on {group.traffic}" if group.verdict in ("reachable", "partly") and group.traffic else ""
    return f"{MARKS[DISPOSITIONS[group.verdict]]} {group.name}{count}{what}"


def _members(group: ReachGroup) -> list[str]:
    return [" ".join(filter(None, (one.name, one.address or one.id))) for one in group.members] or list(group.ranges)


def _group(group: ReachGroup) -> Block:
    told: list[dict[str, object]] = [line(bold(clip(_heading(group), 400)))]
    members = _members(group)
    if members:
        more = f" and {len(members) - MEMBERS:,} more, in the file" if len(members) > MEMBERS else ""
        told.append(line(", ".join(clip(member, 80) for member in members[:MEMBERS]) + more))
    if group.decided_by:
        told.append(line(*marked(clip(group.decided_by, 600))))
    return rich(*told)


def _closing(answer: WhoAnswer) -> Iterator[Block]:
    taken = moment(answer.snapshot.taken_at)
    at = f"configuration of {taken.said(None)} UTC" if taken else "configuration as read"
    unseen = f"{len(answer.unseen)} things not seen" if answer.unseen else "nothing unseen"
    yield context(*(clip(caveat, 300) for caveat in answer.caveats[:5]), f"{at} · {unseen}")
