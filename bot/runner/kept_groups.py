"""All groups of a summary in little room: what the next one is compared with, and what the file of groups holds.

A day may have fifty thousand groups, and a few dozen causes between them; their words are not kept, which tell of one
flow each.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any, Final

from diagnosis.answer import Cause
from diagnosis.summary import RejectGroup

_OF_CAUSE: Final = ("code", "component", "leg", "direction", "rule")
_OF_GROUP: Final = tuple(name for name in RejectGroup.model_fields if name != "cause")


def packed(groups: Sequence[RejectGroup]) -> bytes:
    """The groups as bytes."""
    causes: dict[tuple[Any, ...], int] = {}
    rows = []
    for group in groups:
        cause = group.cause
        named = () if cause is None else tuple(getattr(cause, name) for name in _OF_CAUSE)
        rows.append([*(getattr(group, name) for name in _OF_GROUP), causes.setdefault(named, len(causes))])
    document = {"fields": _OF_GROUP, "causes": list(causes), "rows": rows}
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 1)


def unpacked(kept: bytes | None) -> tuple[RejectGroup, ...] | None:
    """The groups again, their causes without words; None where none are kept that this release can read."""
    if kept is None:
        return None
    try:
        document = json.loads(zlib.decompress(kept))
        causes = [_cause(named) for named in document["causes"]]
        fields = document["fields"]
        return tuple(
            RejectGroup(**dict(zip(fields, row[:-1], strict=True)), cause=causes[row[-1]]) for row in document["rows"]
        )
    except (ValueError, KeyError, TypeError, IndexError, zlib.error):
        return None


def _cause(named: Sequence[Any]) -> Cause | None:
    return Cause(**dict(zip(_OF_CAUSE, named, strict=True)), related=(), text="") if named else None
