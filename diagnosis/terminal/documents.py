"""JSON as text that a terminal may show: what it would obey, or show in another order, is written as an escape."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, format characters (the bidirectional ones of UAX #9 among them), surrogates, unassigned, line ends."""
_ODD: Final = re.compile(r"[^\n\x20-\x7e]")
"""What may be of these: plain ASCII, nearly all of a document, is not looked at letter by letter."""


def document(value: Any, *, encoding: str | None = None) -> str:
    """Return `value` (what JSON knows) as one indented JSON document, as a stream of that encoding can print it."""
    return _escaped(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False), encoding)


def line(text: str, *, encoding: str | None = None) -> str:
    """Return a JSON document that is on one line as a terminal may show it."""
    return _escaped(text, encoding)


def _escaped(text: str, encoding: str | None) -> str:
    """All but the line ends of the layout stands inside of JSON strings, where an escape means the same character."""
    if text.isascii() and "\x7f" not in text:
        return text
    shown = _ODD.sub(lambda found: _harmless(found[0]), text)
    try:
        shown.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return "".join(letter if letter.isascii() else _escape(letter) for letter in shown)
    return shown


def _harmless(letter: str) -> str:
    return _escape(letter) if unicodedata.category(letter) in _HIDDEN else letter


def _escape(letter: str) -> str:
    """The escape of RFC 8259, section 7: beyond the basic plane a pair of surrogates."""
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
