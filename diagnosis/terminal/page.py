"""The page that an answer is set on: its width, its colours, and how long ids and names are shortened.

Colour is plain SGR (ECMA-48 8.3.117). Text is measured and wrapped first and painted last, so that taking the colours
away leaves exactly the page that is printed without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from diagnosis.terminal.safe_text import ELLIPSIS, cells, pad, shorten, wrap

INDENT: Final = "  "
LABEL: Final = 7
"""Columns of the label ("there", "seen", "fix 1") and the gap after it."""
NARROWEST: Final = 80
LONGEST_NAME: Final = 32
_ID: Final = re.compile(r"(?<![\w.-])((?:[a-z]{1,12}-){1,3})([0-9a-f]{12,32})(?![\w-]|\.\w)")
_FULL: Final = 64


class Tone(Enum):
    """What a piece of text is, by its SGR parameters."""

    PLAIN = ""
    STRONG = "1"
    DIM = "2"
    GOOD = "32"
    BAD = "31"
    BAD_STRONG = "1;31"
    GOOD_STRONG = "1;32"
    WARN = "33"
    WARN_STRONG = "1;33"


@dataclass(frozen=True, slots=True)
class Page:
    """Where text is set: `width` in columns, whether to paint, and the short forms of long ids and names."""

    width: int
    colour: bool
    short_forms: Mapping[str, str] = field(default_factory=dict)

    @property
    def room(self) -> int:
        """Columns right of the label."""
        return self.width - len(INDENT) - LABEL

    def paint(self, text: str, tone: Tone) -> str:
        """Return `text` in its tone, or as it is where colour is off."""
        return f"\x1b[{tone.value}m{text}\x1b[0m" if self.colour and tone.value and text else text

    def short(self, text: str) -> str:
        """Return `text` with every long id and name in it in its short form, the longest first."""
        for long, brief in self.short_forms.items():
            text = text.replace(long, brief)
        return text

    def paragraph(self, text: str, tone: Tone = Tone.PLAIN, indent: int = len(INDENT)) -> list[str]:
        """Set a sentence at an indent, wrapped to the page, ids shortened."""
        margin = " " * indent
        return [margin + self.paint(line, tone) for line in wrap(self.short(text), self.width - indent)]

    def beside(self, text: str, tone: Tone = Tone.PLAIN) -> list[str]:
        """Set a sentence in the column right of the labels."""
        return self.paragraph(text, tone, indent=len(INDENT) + LABEL)

    def labelled(self, label: str, lines: Iterable[str]) -> list[str]:
        """Put `label` in the margin of the first of `lines`, which are set right of the labels already."""
        kept = list(lines)
        if not kept:
            return []
        margin = INDENT + self.paint(label, Tone.DIM) + " " * (LABEL - cells(label))
        return [margin + kept[0][len(INDENT) + LABEL :], *kept[1:]]

    def verbatim(self, text: str) -> str:
        """Set text that will be copied (a command) right of the labels: whole, on one line, however long."""
        return " " * (len(INDENT) + LABEL) + text

    def ends(self, left: str, right: str, tone: Tone) -> list[str]:
        """Set `left` right of the labels and `right` at the right margin; on its own line where both do not fit."""
        left = self.short(left)
        gap = self.room - cells(left) - cells(right)
        if gap >= 2:
            return [self.verbatim(left + " " * gap + self.paint(right, tone))]
        return [*self.beside(left), self.verbatim(self.paint(right, tone))]


def short_forms(texts: Iterable[str], names: Iterable[str]) -> dict[str, str]:
    """Short forms of the ids found in `texts` (`sg-0f1e…90d2`) and of `names` longer than 32 cells, longest first.

    Two ids that would look the same keep more of their end until they differ.
    """
    found = {match.group(0): (match.group(1), match.group(2)) for text in texts for match in _ID.finditer(text)}
    forms: dict[str, str] = {}
    for end in (4, 6, 8, _FULL):
        brief = {whole: _short_id(*parts, end) for whole, parts in found.items() if whole not in forms}
        seen = [*forms.values(), *brief.values()]
        forms |= {whole: form for whole, form in brief.items() if end == _FULL or seen.count(form) == 1}
    forms |= {name: shorten(name, LONGEST_NAME) for name in names if cells(name) > LONGEST_NAME}
    return dict(sorted(forms.items(), key=lambda pair: (-len(pair[0]), pair[0])))


def _short_id(kind: str, digits: str, end: int) -> str:
    """`sg-` keeps four digits before the dots, longer prefixes two, so that most take twelve columns or fewer."""
    start = 4 if len(kind) <= 3 else 2
    return kind + digits if start + end >= len(digits) else f"{kind}{digits[:start]}{ELLIPSIS}{digits[-end:]}"


def column(text: str, width: int) -> str:
    """A cell of a table: shortened in the middle, or padded, to exactly `width` columns."""
    return pad(shorten(text, width), width)
