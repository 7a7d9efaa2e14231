"""How wide a text is in the font that pictures are drawn with, read from the font itself.

The tables read are `head`, `hhea`, `hmtx` and `cmap` of OpenType (https://learn.microsoft.com/typography/opentype/spec);
kerning is left out, so a text is at most a little narrower than said.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from bot.views.text import clip, tame

FAMILY: Final = "Inter"
FILES: Final[Mapping[bool, str]] = {False: "Inter-Regular.otf", True: "Inter-SemiBold.otf"}
"""The file of the regular weight, and of the semi-bold one."""
MISSING: Final = "□"
_ELLIPSIS: Final = "…"
_LONGEST: Final = 160
"""Characters that no line of a picture can hold: more are not even measured."""


def font_file(*, strong: bool) -> Traversable:
    """The font as package data."""
    return files("bot.views.pictures") / "font" / FILES[strong]


@dataclass(frozen=True, slots=True)
class Typeface:
    """The advance of every character that the font has, in parts of the font size."""

    advances: Mapping[str, float]

    def width(self, text: str, size: float) -> float:
        """How wide `text` is set at `size`, in the units of `size`."""
        return sum(self.advances.get(character, 1.0) for character in text) * size

    def drawable(self, text: str) -> str:
        """`text` made inert, with "□" for each run of characters that the font lacks."""
        shown: list[str] = []
        for character in tame(text):
            known = character if character in self.advances else MISSING
            if not (known == MISSING and shown[-1:] == [MISSING]):
                shown.append(known)
        return "".join(shown)

    def fitted(self, text: str, size: float, room: float) -> str:
        """`text` with both its ends and "…" between them, where it is wider than `room`."""
        text = clip(text, _LONGEST)
        if self.width(text, size) <= room:
            return text
        for kept in range(len(text) - 1, 1, -1):
            end = kept // 3
            brief = text[: kept - end].rstrip() + _ELLIPSIS + (text[-end:].lstrip() if end else "")
            if self.width(brief, size) <= room:
                return brief
        return _ELLIPSIS

    def wrapped(self, text: str, size: float, room: float, most: int) -> list[str]:
        """`text` broken at spaces into at most `most` lines; what is left over is shortened into the last."""
        lines: list[str] = []
        words = clip(text, _LONGEST * most).split()
        while words and len(lines) < most - 1:
            count = 1
            while count < len(words) and self.width(" ".join(words[: count + 1]), size) <= room:
                count += 1
            lines.append(self.fitted(" ".join(words[:count]), size, room))
            words = words[count:]
        return [*lines, self.fitted(" ".join(words), size, room)] if words else lines


@cache
def typeface(*, strong: bool) -> Typeface:
    """The regular or the semi-bold face."""
    font = font_file(strong=strong).read_bytes()
    tables = {tag.decode("ascii"): at for tag, at in _directory(font)}
    (units,) = struct.unpack_from(">H", font, tables["head"] + 18)
    (count,) = struct.unpack_from(">H", font, tables["hhea"] + 34)
    advances = struct.unpack_from(f">{2 * count}H", font, tables["hmtx"])[::2]
    return Typeface({
        chr(code): advances[min(glyph, count - 1)] / units for code, glyph in _characters(font, tables["cmap"])
    })  # fmt: skip


def _directory(font: bytes) -> list[tuple[bytes, int]]:
    (count,) = struct.unpack_from(">H", font, 4)
    return [struct.unpack_from(">4s4xI", font, 12 + 16 * place) for place in range(count)]


def _characters(font: bytes, cmap: int) -> list[tuple[int, int]]:
    """Each character's code with its glyph, from the first subtable of format 4 (the Basic Multilingual Plane)."""
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    starts = [cmap + struct.unpack_from(">I", font, cmap + 8 + 8 * place)[0] for place in range(count)]
    start = next(at for at in starts if struct.unpack_from(">H", font, at)[0] == 4)
    (double,) = struct.unpack_from(">H", font, start + 6)
    segments = double // 2
    ends = struct.unpack_from(f">{segments}H", font, start + 14)
    firsts = struct.unpack_from(f">{segments}H", font, start + 16 + double)
    deltas = struct.unpack_from(f">{segments}H", font, start + 16 + 2 * double)
    offsets_at = start + 16 + 3 * double
    found = []
    for place, (first, end, delta) in enumerate(zip(firsts, ends, deltas, strict=True)):
        (offset,) = struct.unpack_from(">H", font, offsets_at + 2 * place)
        for code in range(first, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:
                (glyph,) = struct.unpack_from(">H", font, offsets_at + 2 * place + offset + 2 * (code - first))
            if not offset or glyph:
                glyph = (glyph + delta) & 0xFFFF
            if glyph:
                found.append((code, glyph))
    return found
