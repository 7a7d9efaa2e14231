"""`snapshot.json` at the top of a collected folder: when, whose, what was asked and what could not be had."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diagnosis.network.described import Described, Unseen
from diagnosis.snapshots.recognise import printable


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a collected folder says of itself; all empty for a folder that says nothing."""

    taken_at: str | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    tool: str = ""
    calls: frozenset[str] = frozenset()
    unseen: tuple[Unseen, ...] = ()


def manifest_of(described: Described, tool: str) -> dict[str, Any]:
    """The JSON object that `snapshot.json` holds."""
    return {
        "taken_at": described.taken_at,
        "accounts": list(described.accounts),
        "regions": list(described.regions),
        "tool": tool,
        "calls": sorted(described.asked),
        "unseen": [
            {"call": gap.call, "account": gap.account, "region": gap.region, "error": gap.error}
            for gap in described.unseen
        ],
    }


def parse_manifest(text: bytes) -> Manifest:
    """The manifest in a file. Raises ValueError where it is not a JSON object; members of a wrong type are left out."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if isinstance(value, dict):
        return _manifest(value)
    raise ValueError("not an object")


def _manifest(value: Mapping[str, Any]) -> Manifest:
    gaps = value.get("unseen")
    calls = value.get("calls")
    return Manifest(
        taken_at=_text(value.get("taken_at")) or None,
        accounts=_texts(value.get("accounts")),
        regions=_texts(value.get("regions")),
        tool=_text(value.get("tool")),
        calls=frozenset(_call_name(call) for call in (calls if isinstance(calls, list) else ())) - {""},
        unseen=tuple(
            Unseen(
                _text(gap.get("call")),
                _text(gap.get("account")),
                _text(gap.get("region")),
                printable(_text(gap.get("error"))) or "no reason is recorded",
            )
            for gap in (gaps if isinstance(gaps, list) else ())
            if isinstance(gap, dict) and _text(gap.get("call"))
        ),
    )


def _call_name(call: object) -> str:
    return _text(call.get("call")) if isinstance(call, dict) else _text(call)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
