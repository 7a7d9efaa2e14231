"""What a fix would do: all that it opens, and which of yesterday's refused packets would have passed."""

from __future__ import annotations

from collections.abc import Iterator

from bot.views.answers import exposure_told, opened_rows
from bot.views.blocks import bold, context, line, marked, preformatted, rich
from bot.views.message import Block, Reply
from bot.views.proposals import Told, warnings
from bot.views.sheets import boxes, sheet
from bot.views.text import clip
from diagnosis.replay.replay import Conversation, Conversations, Replay


def foreseen_reply(told: Told, found: Replay | str) -> Reply:
    """The exposure and the replay; `found` is a sentence where there is none."""
    fix = told.fix
    blocks: list[Block] = [rich(line(bold(clip(fix.title, 600))), line("For ", *marked(clip(told.asked, 300)), "."))]
    blocks.append(rich(line(bold("What it opens")), line(*marked(exposure_told(fix)))))
    opened = opened_rows(fix)
    blocks += boxes("\n".join(opened)) if opened else ()
    blocks += _replay(found)
    blocks += [rich(line(*text)) for text in warnings(fix)]
    if fix.terraform:
        blocks += [rich(line("The same as Terraform text:")), *boxes("\n".join(fix.terraform))]
    return sheet("What would this do?", blocks, name="what-would-this-do.txt", tail=[context("Nothing was changed.")])


def _replay(found: Replay | str) -> Iterator[Block]:
    heading = line(bold("What was refused in the last day"))
    if isinstance(found, str):
        yield rich(heading, line(*marked(found)))
        return
    yield rich(heading, *(line(*marked(text)) for text in sentences(found)))
    for some in (found.asked, found.others):
        if some.named:
            yield rich(preformatted("\n".join(_rows(some))))


def sentences(found: Replay) -> Iterator[str]:
    """The replay in sentences: what was asked, what else, what cannot be told, what was not judged."""
    asked, others = found.asked, found.others
    yield f"Of {found.rejects:,} refused records, {asked.records:,} of what was asked would pass."
    if others.records:
        plural = "conversation" if others.conversations == 1 else "conversations"
        yield f"So would {others.records:,} records of {others.conversations:,} other {plural}."
    else:
        yield "Nothing else that was refused would pass."
    if found.unjudged:
        yield f"Of {found.unjudged:,} the model cannot tell; they are not counted as passing."
    if found.not_judged:
        yield f"Not judged: {found.not_judged:,} records, of more conversations than are judged one by one."
    if found.malformed or found.unreadable_files:
        yield f"Not read: {found.malformed:,} malformed lines, {found.unreadable_files:,} files."


def _rows(some: Conversations) -> Iterator[str]:
    yield from (_row(one) for one in some.named)
    left = some.conversations - len(some.named)
    if left:
        yield f"and {left:,} more"


def _row(one: Conversation) -> str:
    source = " ".join(filter(None, (one.source_name, one.source)))
    destination = " ".join(filter(None, (one.destination_name, one.destination)))
    what = f"{one.protocol} {one.port}" if one.port is not None else one.protocol
    return f"{source} → {destination}  {what}  {one.records:,} records, last {one.last or 'at an unknown time'}"
