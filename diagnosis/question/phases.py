"""Verbs of phase: words that, before another verb, say when it happens and not who refuses whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diagnosis.question.mentions import Item

_PHASES: Final = frozenset("stop stops stopped keep keeps kept".split())
_NO_VERBS: Final = frozenset("incoming outgoing anything everything something nothing".split())
"""What ends like a verb after "stops" and is none."""


def is_phase(items: Sequence[Item], i: int) -> bool:
    """Whether the word at i is one: in "A stopped reaching B" and "A keeps timing out on B" A is what reaches."""
    if items[i].lower not in _PHASES or i + 1 == len(items):
        return False
    first = items[i + 1].lower.split()[0]
    return first.endswith("ing") and first not in _NO_VERBS
