"""Long content: split over a few messages, or turned into a file. Nothing of it is ever cut in silence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from bot.views.blocks import PIECE, bullets, context, header, line, marked, preformatted, rich
from bot.views.ladder import words
from bot.views.lint import characters
from bot.views.message import Attachment, Block, Message, Reply
from bot.views.text import pieces, spoken, tame, tame_lines

BUDGET: Final = 9_000
"""Characters of the blocks of one message: well below Slack's own total, since plainer forms of it may be longer."""
BLOCKS: Final = 40
MESSAGES: Final = 3
"""More than this many messages for one press would bury the thread; then it is a file."""


def sheet(
    title: str, blocks: Sequence[Block], *, name: str, tail: Sequence[Block] = (), whole: str | None = None
) -> Reply:
    """Messages that hold `blocks` under a heading, or one message and a file called `name` where they are too many.

    `tail` ends the last message in either case: buttons, small print. `whole` is all there is to say where `blocks`
    leave something out: then the file comes in any case.
    """
    packed = _packed(blocks)
    text = "\n\n".join(filter(None, (words(block) for block in blocks))) if whole is None else tame_lines(whole)
    file = (Attachment(name, tame(title), text.encode()),)
    if len(packed) > MESSAGES:
        told = f"This is {len(text):,} characters long, so it is in the file {name}."
        message = Message(spoken(f"{title}: in the file {name}"), (header(title), rich(line(told)), *tail))
        return Reply((message,), file)
    count = len(packed)
    messages = tuple(_message(title, part, place, count, tail) for place, part in enumerate(packed, start=1))
    return Reply(messages, () if whole is None else file)


def _message(title: str, part: Sequence[Block], place: int, count: int, tail: Sequence[Block]) -> Message:
    """One of `count` messages: the first has the heading, the last the tail."""
    told = f"{title}, part {place} of {count}" if count > 1 else title
    top = header(title) if place == 1 else context(told)
    return Message(spoken(told), (top, *part, *(tail if place == count else ())))


def _packed(blocks: Iterable[Block]) -> list[list[Block]]:
    packed: list[list[Block]] = [[]]
    used = 0
    for block in blocks:
        size = characters([block])
        table = block["type"] == "table" and any(other["type"] == "table" for other in packed[-1])
        if packed[-1] and (used + size > BUDGET or len(packed[-1]) >= BLOCKS or table):
            packed.append([])
            used = 0
        packed[-1].append(block)
        used += size
    return packed


def boxes(text: str) -> tuple[Block, ...]:
    """Machine text in as many boxes as it takes."""
    return tuple(rich(preformatted(piece)) for piece in pieces(tame_lines(text), PIECE))


def listed(texts: Iterable[str]) -> tuple[Block, ...]:
    """A list of sentences, the ids in them set as code, in as many blocks as it takes."""
    runs: list[list[str]] = [[]]
    for piece in (piece for text in texts for piece in pieces(tame(text), PIECE)):
        if runs[-1] and sum(map(len, runs[-1])) + len(piece) > PIECE:
            runs.append([])
        runs[-1].append(piece)
    return tuple(rich(bullets([marked(piece) for piece in run])) for run in runs if run)


def paragraphs(texts: Iterable[str]) -> tuple[Block, ...]:
    """Prose, a paragraph each, in as many blocks as it takes."""
    return tuple(rich(line(piece)) for text in texts for piece in pieces(text, PIECE))
