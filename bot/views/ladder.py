"""A message in ever plainer forms, for a workspace that refuses the newer blocks.

Blocks come to workspaces in phases, and one that a workspace does not know makes Slack refuse the whole message with
`invalid_blocks`. No step down loses words: what a block said is said by a plainer one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.views.blocks import PIECE, actions, line, preformatted, rich
from bot.views.limits import TEXT_MOST
from bot.views.message import Block, Message
from bot.views.text import pieces, spoken

NEWER: Final = frozenset(
    "alert card carousel container context_actions data_table data_visualization markdown plan table task_card".split()
)
"""Blocks that came after 2023; everything else is shown by every workspace."""
_MARKS: Final = {"complete": "✓", "in_progress": "…", "pending": "·", "error": "✗"}


def ladder(message: Message) -> tuple[Message, ...]:
    """The message as it is, without newer blocks, in plain sections without pictures, and as text alone.

    A step that would change nothing is left out. Each is to be tried when the one before was refused.
    """
    steps = [message]
    for step in (without_newer(message), plain_sections(message), text_alone(message)):
        if step != steps[-1]:
            steps.append(step)
    return tuple(steps)


def without_newer(message: Message) -> Message:
    """The message with rich text and buttons in place of its newer blocks."""
    return Message(message.text, tuple(older for block in message.blocks for older in _older(block)))


def plain_sections(message: Message) -> Message:
    """The message in headers, plain sections, small print and buttons: no rich text, no pictures."""
    found: list[Block] = []
    for block in without_newer(message).blocks:
        if block["type"] in ("header", "divider", "context", "actions", "section"):
            found.append(block)
            continue
        found += [
            {"type": "section", "text": {"type": "plain_text", "text": piece, "emoji": False}}
            for piece in pieces(words(block), PIECE)
        ]
    return Message(message.text, tuple(found))


def text_alone(message: Message) -> Message:
    """The message as nothing but text: what its blocks say, after its fallback text, as far as a text may go."""
    told = "\n".join(filter(None, (words(block) for block in message.blocks)))
    whole = f"{message.text}\n\n{spoken(told)}" if told else message.text
    if len(whole) > TEXT_MOST:
        ending = "\n… (the rest needs blocks, which this workspace refused)"
        whole = whole[: TEXT_MOST - len(ending)].rsplit("\n", 1)[0] + ending
    return Message(whole, ())


def words(block: Block) -> str:
    """What a block says, as lines of text; nothing for buttons."""
    return "" if block["type"] in ("actions", "context_actions") else "\n".join(filter(None, _lines(block)))


def _older(block: Block) -> Iterator[Block]:
    kind = block["type"]
    if kind not in NEWER:
        yield block
    elif kind in ("table", "data_table"):
        yield rich(preformatted(columns(block["rows"])))
    elif kind == "context_actions":
        yield from _feedback(block)
    elif kind in ("plan", "task_card"):
        yield rich(*(line(text) for text in _lines(block)))
    else:
        yield rich(preformatted(words(block)))


def _feedback(block: Block) -> Iterator[Block]:
    made: list[dict[str, Any]] = []
    for element in block["elements"]:
        for side in ("positive_button", "negative_button"):
            pressed = element.get(side)
            if pressed:
                action = f"{element['action_id']}:{side}"
                made.append({"type": "button", "text": pressed["text"], "action_id": action, "value": pressed["value"]})
    if made:
        yield actions(*made)


def columns(rows: list[list[dict[str, Any]]]) -> str:
    """The cells of a table set in columns, as text."""
    told = [[" ".join(_lines(cell)) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in told) for place in range(len(told[0]))]
    return "\n".join("  ".join(cell.ljust(widths[place]) for place, cell in enumerate(row)).rstrip() for row in told)


def _lines(value: Any) -> Iterator[str]:
    """The texts inside a block, a line for each paragraph."""
    if not isinstance(value, Mapping):
        return
    match value.get("type"):
        case "rich_text_section" | "rich_text_preformatted" | "rich_text_quote":
            yield "".join(_run(element) for element in value["elements"])
        case "rich_text_list":
            yield from (f"• {text}" for element in value["elements"] for text in _lines(element))
        case "plain_text" | "mrkdwn" | "raw_text" | "markdown" | "alert":
            yield from _lines(value["text"]) if isinstance(value["text"], Mapping) else (value["text"],)
        case "raw_number":
            yield str(value["value"])
        case "task_card":
            yield f"{_MARKS.get(value.get('status', ''), '·')} {value['title']}"
        case "table" | "data_table":
            yield columns(value["rows"])
        case "image":
            yield value["alt_text"]
        case _:
            yield from _told(value)


def _told(value: Mapping[str, Any]) -> Iterator[str]:
    """Every other block: its title and texts in the order in which they stand."""
    for key in ("title", "caption", "subtitle", "text", "body", "fields", "elements", "tasks", "child_blocks"):
        held = value.get(key)
        if isinstance(held, str):
            yield held
        elif isinstance(held, list):
            yield from (text for item in held for text in _lines(item))
        else:
            yield from _lines(held)


def _run(element: Mapping[str, Any]) -> str:
    """One run of rich text, in words."""
    text = element.get("text") or element.get("fallback")
    if isinstance(text, str):
        return text
    ids = ("user_id", "usergroup_id", "channel_id", "url", "name", "value")
    return next((str(element[key]) for key in ids if key in element), "")
