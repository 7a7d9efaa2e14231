"""Long content: split over a few messages, or turned into a file. Nothing of it is ever cut in silence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from bot.views.blocks import PIECE, context, header, line, preformatted, rich
from bot.views.ladder import words
from bot.views.lint import characters
from bot.views.message import Attachment, Block, Message, Reply
from bot.views.text import pieces, spoken, tame_lines

BUDGET: Final = 9_000
"""Characters of the blocks of one message: well below Slack's own total, since plainer forms of it may be longer."""
BLOCKS: Final = 40
MESSAGES: Final = 3
"""More than this many messages for one press would bury the thread; then it is a file."""


def sheet(title: str, blocks: Sequence[Block], *, name: str, tail: Sequence[Block] = ()) -> Reply:
    """Messages that hold `blocks` under a heading, or one message and a file called `name` where they are too many.

    `tail` ends the last message in either case: buttons, small print.
    """
    packed = _packed(blocks)
    if len(packed) > MESSAGES:
        text = "\n\n".join(filter(None, (words(block) for block in blocks)))
        told = f"This is {len(text):,} characters long, so it is in the file {name}."
        message = Message(spoken(f"{title}: in the file {name}"), (header(title), rich(line(told)), *tail))
        return Reply((message,), (Attachment(name, title, text.encode()),))
    last = len(packed) - 1
    return Reply(
        tuple(
            Message(
                spoken(title if not place else f"{title}, part {place + 1} of {last + 1}"),
                (
                    *((header(title),) if not place else (context(f"{title}, part {place + 1} of {last + 1}"),)),
                    *part,
                    *(tail if place == last else ()),
                ),
            )
            for place, part in enumerate(packed)
        )
    )


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


def paragraphs(texts: Iterable[str]) -> tuple[Block, ...]:
    """Prose, a paragraph each, in as many blocks as it takes."""
    return tuple(rich(line(piece)) for text in texts for piece in pieces(text, PIECE))
