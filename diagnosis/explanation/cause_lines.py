"""Causes as the JSON text of a batch: most of it is the same for all flows that the same thing drops, and is kept."""

from __future__ import annotations

import json
from json.encoder import encode_basestring as quoted
from typing import Any, Final

from diagnosis.explanation.causes import dropped_words, members, refusals
from diagnosis.network.network import Network
from diagnosis.trace.codes import Code
from diagnosis.trace.ends import Blamed
from diagnosis.trace.points import Refused
from diagnosis.trace.step import Blocker, Leg

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False)
"""Nothing that is written here holds itself."""


def text_of(value: Any) -> str:
    """A value as JSON on one line, every letter as itself."""
    return _ENCODER.encode(value)


def cause_members(network: Network, leg: Leg, blocker: Blocker) -> dict[str, Any]:
    """A blocker as the members of a cause; `any_of` only where several share it."""
    found = members(network, leg, blocker)
    if found["any_of"] is None:
        del found["any_of"]
    return found


def refused_texts(network: Network, refused: Refused) -> list[str]:
    """Each of the groups that drop a flow together as a cause: what they drop is put into words once."""
    known: dict[tuple[str, str], tuple[Blamed, list[str]]] | None = network.memo.get("refused texts")
    if known is None:
        known = network.memo["refused texts"] = {}
    key = (refused.interface, refused.direction)
    found = known.get(key)
    if found is None or found[0] != refused.groups:
        found = known[key] = (refused.groups, [_head(refused, *one) for one in refusals(network, refused)])
    rest = f'{dropped_words(refused)}.","any_of":{len(refused.groups)}}}'  # Words that need no escapes.
    return [head + rest for head in found[1]]


def _head(refused: Refused, group: str, code: Code, words: str) -> str:
    """A cause up to the words for what is dropped."""
    who = f'"code":"{code.value}","component":{quoted(group)},"related":[{quoted(refused.interface)}]'
    return f'{{{who},"leg":"forward","direction":"{refused.direction}","rule":null,"text":{quoted(words)[:-1]}'
