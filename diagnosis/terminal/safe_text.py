"""Untrusted text made harmless and measured in terminal cells.

Tags, names, descriptions and raw log lines are written by whoever can write to the account or send it packets.
Nothing of them may move the cursor, change colours, reorder what is read (Unicode's bidirectional controls, UAX #9)
or break a column. Everything that the terminal prints passes through `safe` once, at the door (`clean` walks a whole
value).
"""

from __future__ import annotations

import unicodedata
from typing import Any, Final, TypeVar

from pydantic import BaseModel

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS: Final = "…"
_LINE_BREAKS: Final = frozenset("\t\n\v\f\r\x85\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}")
_CONTROL_PICTURES: Final = 0x2400
_MOST_MARKS: Final = 2
"""Combining marks kept after one character: enough for every living script, too few to climb over the lines above."""
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_MARKS: Final = frozenset({"Mn", "Me"})
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that print as nothing: Hangul fillers and the empty Braille cell."""
_LOOKALIKES: Final = {
    "✓": "+", "✗": "x", "→": "->", "←": "<-", "…": "...", "–": "-", "—": "-", "·": "-", "●": "*", "○": "o", "■": "#",
    "│": "|", "┃": "|", "├": "|", "┣": "|", "└": "`", "┗": "`", "─": "-", "━": "=", "╾": "-", "╼": "=", "▶": ">",
    "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip

Value = TypeVar("Value")


def safe(text: str) -> str:
    """Return `text` on one line, without anything that a terminal would obey.

    Line breaks and tabs become a space; the C0 controls their pictures (ESC is shown as "␛"); C1 controls,
    bidirectional and zero-width characters, surrogates, private and unassigned characters become "�", a run of them
    only one. Plain printable ASCII comes back unchanged.
    """
    if text.isascii() and text.isprintable():
        return text
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if marks and (marks > _MOST_MARKS or not kept):
            continue
        shown = _shown(character, category)
        if shown == REPLACEMENT and kept and kept[-1] == REPLACEMENT:
            continue
        kept.append(shown)
    return "".join(kept)


def _shown(character: str, category: str) -> str:
    if character in _LINE_BREAKS or category == "Zs":
        return " "
    if character < " ":
        return chr(_CONTROL_PICTURES + ord(character))
    if character == "\x7f":
        return "\N{SYMBOL FOR DELETE}"
    if category in _HIDDEN or character in _BLANK_LETTERS:
        return REPLACEMENT
    return character


def clean(value: Value) -> Value:
    """Return `value` with every text inside it made `safe`: models, tuples, lists and dicts are walked."""
    cleaned: Value = _clean(value)
    return cleaned


def _clean(value: Any) -> Any:
    match value:
        case str():
            return safe(value)
        case BaseModel():
            return value.model_copy(update={name: _clean(getattr(value, name)) for name in type(value).model_fields})
        case tuple():
            return tuple(_clean(item) for item in value)
        case list():
            return [_clean(item) for item in value]
        case dict():
            return {_clean(key): _clean(item) for key, item in value.items()}
        case _:
            return value


def cells(text: str) -> int:
    """How many columns `text` takes: wide East Asian characters and emoji two, combining marks none (UAX #11)."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(character) for character in text)


def _cells_of(character: str) -> int:
    if unicodedata.category(character) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pad(text: str, width: int) -> str:
    """Fill `text` with spaces up to `width` cells."""
    return text + " " * (width - cells(text))


def head(text: str, width: int) -> str:
    """The longest beginning of `text` that takes at most `width` cells."""
    used = 0
    for place, character in enumerate(text):
        used += _cells_of(character)
        if used > width:
            return text[:place]
    return text


def tail(text: str, width: int) -> str:
    """The longest end of `text` that takes at most `width` cells, without a combining mark at its start."""
    used = 0
    for place in range(len(text) - 1, -1, -1):
        used += _cells_of(text[place])
        if used > width:
            end = text[place + 1 :]
            while end and _cells_of(end[0]) == 0:
                end = end[1:]
            return end
    return text


def shorten(text: str, width: int) -> str:
    """Keep both ends of `text` and put "…" between them, if it takes more than `width` cells."""
    if cells(text) <= width:
        return text
    room = max(width - 1, 0)
    return head(text, room - room // 3).rstrip() + ELLIPSIS + tail(text, room // 3).lstrip()


def shorten_left(text: str, width: int) -> str:
    """Keep the end of `text`, where file names differ, if it takes more than `width` cells."""
    return text if cells(text) <= width else ELLIPSIS + tail(text, width - 1)


def wrap(text: str, width: int) -> list[str]:
    """Break `text` at spaces into lines of at most `width` cells; a word longer than a line is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and cells(line) + 1 + cells(word) <= width:
            line += " " + word
            continue
        if line:
            lines.append(line)
        *full, line = _cut(word, width)
        lines += full
    return [*lines, line] if line else lines


def _cut(word: str, width: int) -> list[str]:
    parts: list[str] = []
    while cells(word) > width:
        part = head(word, width) or word[0]
        parts.append(part)
        word = word[len(part) :]
    return [*parts, word]


def for_encoding(text: str, encoding: str | None) -> str:
    """Return `text` as a stream of that encoding can print it: look-alikes in ASCII where it has no such character."""
    name = encoding or "ascii"
    try:
        text.encode(name)
    except UnicodeEncodeError:
        plain = "".join(_LOOKALIKES.get(character, character) for character in text)
        return plain.encode(name, errors="replace").decode(name)
    except LookupError:
        return for_encoding(text, "ascii")
    return text
