"""Blocks, elements and rich text, each made within its limits from text that is made inert here, at the door.

Only types that Slack does not parse are made: rich text and plain text, never `mrkdwn` or `markdown`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.views.message import Block
from bot.views.text import EMPTY, clip, tame, tame_lines

PIECE: Final = 2_800
"""Characters of one piece of long text: it fits a plain section of 3,000 too, should rich text be refused."""
OPTIONS_MOST: Final = 100
_CELL: Final = 300
_ID: Final = re.compile(r"(?<![\w./-])(?:[a-z]{1,12}-){1,3}[0-9a-f]{8,32}(?![\w-])|\barn:aws[\w:/.*-]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style."""

    text: str
    bold: bool = False
    code: bool = False
    italic: bool = False


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person, or with `group` a user group, by their Slack id: shown by the name that they have now."""

    id: str
    group: bool = False


def bold(text: str) -> Span:
    """Text that stands out."""
    return Span(text, bold=True)


def code(text: str) -> Span:
    """An id, an address, a rule: a machine's text."""
    return Span(text, code=True)


def shown(text: str, most: int) -> str:
    """`text` made inert, cut to `most` characters, and never empty, which Slack refuses."""
    return clip(tame(text).strip(), most) or EMPTY


def plain(text: str, most: int) -> dict[str, Any]:
    """A plain text object; emoji codes in it stay as they are."""
    return {"type": "plain_text", "text": shown(text, most), "emoji": False}


def _span(span: Span | Somebody | str) -> dict[str, Any]:
    if isinstance(span, Somebody):
        kind = "usergroup" if span.group else "user"
        return {"type": kind, f"{kind}_id": span.id}
    told = Span(span) if isinstance(span, str) else span
    style = {name: True for name in ("bold", "code", "italic") if getattr(told, name)}
    return {"type": "text", "text": tame(told.text) or " ", **({"style": style} if style else {})}


def marked(text: str) -> list[Span | str]:
    """Text with every id in it set as code."""
    found: list[Span | str] = []
    end = 0
    for match in _ID.finditer(text):
        found += [text[end : match.start()], code(match.group())]
        end = match.end()
    return [*found, text[end:]]


def line(*spans: Span | Somebody | str) -> dict[str, Any]:
    """One paragraph of rich text."""
    return {"type": "rich_text_section", "elements": [_span(span) for span in spans if span != ""]}


def preformatted(text: str) -> dict[str, Any]:
    """Machine text in a box of its own, its line breaks kept: commands, log lines, a query."""
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": tame_lines(text) or " "}]}


def bullets(items: Iterable[Sequence[Span | str] | str]) -> dict[str, Any]:
    """A list of paragraphs."""
    lines = [line(item) if isinstance(item, str) else line(*item) for item in items]
    return {"type": "rich_text_list", "style": "bullet", "elements": lines}


def rich(*elements: dict[str, Any]) -> Block:
    """A block of rich text."""
    return {"type": "rich_text", "elements": list(elements)}


def header(text: str) -> Block:
    """A heading of at most 150 characters."""
    return {"type": "header", "text": plain(text, 150)}


def context(*texts: str) -> Block:
    """Small print: at most ten texts."""
    return {"type": "context", "elements": [plain(text, 1000) for text in texts[:10] if text]}


def divider() -> Block:
    """A line across."""
    return {"type": "divider"}


def image(file_id: str, alt: str, title: str = "") -> Block:
    """A picture that was uploaded before, by its file id."""
    block: Block = {"type": "image", "slack_file": {"id": file_id}, "alt_text": shown(alt, 2000)}
    return {**block, "title": plain(title, 200)} if title else block


def actions(*elements: dict[str, Any]) -> Block:
    """A row of buttons and menus."""
    return {"type": "actions", "elements": list(elements)}


def button(text: str, action_id: str, value: str, *, style: str = "") -> dict[str, Any]:
    """A button. `style` is "primary", "danger" or nothing. `value` is the caller's, at most 2,000 characters."""
    made = {"type": "button", "text": plain(text, 75), "action_id": action_id, "value": value}
    return {**made, "style": style} if style else made


def option(text: str, value: str, description: str = "") -> dict[str, Any]:
    """One choice of a menu."""
    made: dict[str, Any] = {"text": plain(text, 75), "value": value}
    return {**made, "description": plain(description, 75)} if description else made


def overflow(action_id: str, options: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The menu behind three dots: at most five choices."""
    return {"type": "overflow", "action_id": action_id, "options": list(options)}


def select(action_id: str, placeholder: str, options: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A menu of at most a hundred choices."""
    return {
        "type": "static_select",
        "action_id": action_id,
        "placeholder": plain(placeholder, 150),
        "options": list(options[:OPTIONS_MOST]),
    }


def table(rows: Sequence[Sequence[str]]) -> Block:
    """A table whose first row is its heading; the caller keeps to 100 rows. A message holds one."""
    cells = [[{"type": "raw_text", "text": shown(cell, _CELL)} for cell in row] for row in rows]
    return {"type": "table", "rows": cells, "column_settings": [{"is_wrapped": True} for _ in rows[0]]}


def task(task_id: str, title: str, status: str) -> Block:
    """One step of a plan; `status` is pending, in_progress, complete or error."""
    return {"type": "task_card", "task_id": task_id, "title": shown(title, 150), "status": status}


def plan(title: str, tasks: Sequence[Block]) -> Block:
    """What is being done, step by step."""
    return {"type": "plan", "title": shown(title, 150), "tasks": list(tasks)}
