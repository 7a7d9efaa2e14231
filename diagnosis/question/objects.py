"""What a verb governs: "A and B reach C" has an object, "A and B can't reach each other" has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diagnosis.question.mentions import Item, is_nameable

_RECIPROCAL: Final = frozenset("each one other second latter first former".split())
_BETWEEN: Final = frozenset({"not", "never", "to", "with", "determiner"})


def has_object(items: Sequence[Item], verb: int) -> bool:
    """Whether the verb at this place is followed by a party that is reached."""
    following = next((item for item in items[verb + 1 : verb + 5] if item.role not in _BETWEEN), None)
    return following is not None and following.lower not in _RECIPROCAL and is_nameable(following)
