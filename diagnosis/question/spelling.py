"""Mistyped words of the grammar ("raech", "conect", "unreachabel"), mended only where a text was not understood as written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from diagnosis.question.lexicon import WORDS
from diagnosis.question.tokens import Token

_MENDED: Final = tuple(
    """reach reaches reaching reached reachable unreachable connect connects connecting connected connection connections access accessing accessible between
    blocked blocking blocks cannot unable timeout internet database instance server traffic communicate communicating contact talking rejected rejecting rejects
    refused dropped dropping dropped receive receives traffic from network resolve responding response query download through""".split()
)


def respelled(tokens: Sequence[Token]) -> list[Token] | None:
    """Return the tokens with unknown words that are one slip away from a word of the grammar mended, or None if there are none."""
    mended = [replace(t, text=_nearest(t.lower) or t.text) if _may_be_mistyped(t) else t for t in tokens]
    return mended if mended != list(tokens) else None


def _may_be_mistyped(token: Token) -> bool:
    lower = token.lower
    return token.kind == "word" and len(lower) >= 4 and lower.isalpha() and lower not in WORDS and not token.quoted


def _nearest(word: str) -> str | None:
    return next((known for known in _MENDED if abs(len(known) - len(word)) <= 1 and one_slip_apart(word, known)), None)


def one_slip_apart(left: str, right: str) -> bool:
    """Return whether one insertion, deletion, substitution or swap of neighbours turns one word into the other."""
    if left == right:
        return True
    i = 0
    while i < min(len(left), len(right)) and left[i] == right[i]:
        i += 1
    a, b = left[i:], right[i:]
    swapped = len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return swapped or a[1:] == b[1:] or a[1:] == b or a == b[1:]
