"""Finds what Slack would refuse in a payload, and what must never be sent, before it is sent.

Plain dicts go in and faults come out; nothing is sent and nothing is changed. `slack_sdk.models` checks only a part of
this, and knows neither the surfaces nor the total of a message.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, assert_never

from bot.views import limits
from bot.views.rules import Amount, Chars, Choice, Flag, Free, Many, Part, Rule, Shape, Shaped, Surface, Whole, Words

Breach = Literal[
    "unknown-block",
    "unknown-key",
    "wrong-surface",
    "missing",
    "empty",
    "too-long",
    "too-many",
    "bad-value",
    "duplicate-id",
    "ragged",
    "live-markup",
    "hidden-character",
    "secret",
    "total",
]

_NAMED: Final[Mapping[str, Shape]] = {**limits.ELEMENTS, **limits.RICH_TEXT}
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_LAYOUT: Final = frozenset("\n\t")
_RAW_MARKUP: Final = re.compile(r"[<>]|&(?!(?:amp|lt|gt);)")
_SECRET: Final = re.compile(r"\b(?:xox[a-z]-|xapp-|xwfp-)[\w-]{8,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_NOT_SHOWN: Final = frozenset({"type", "block_id", "action_id"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where in the payload (`blocks[2].text`), which kind of rule it breaks, and how."""

    where: str
    breach: Breach
    told: str

    def __str__(self) -> str:
        return f"{self.where}: {self.told}"


def faults(payload: Mapping[str, Any], surface: Surface) -> tuple[Fault, ...]:
    """What is wrong with a payload.

    For a message `payload` holds `text` and `blocks`, as `chat.postMessage` takes them (its other arguments are not
    looked at); for a modal or App Home it is the `view`.
    """
    return tuple(_faults(payload, surface))


def _faults(payload: Mapping[str, Any], surface: Surface) -> Iterator[Fault]:
    blocks = payload.get("blocks")
    match surface:
        case "message":
            yield from _fallback(payload.get("text"))
            blocks = [] if blocks is None else blocks
        case "modal" | "home":
            yield from _shaped(payload, limits.VIEWS[surface], "view", typed=False)
        case _:
            assert_never(surface)
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        yield Fault("blocks", "bad-value", "is no list of blocks")
        return
    if len(blocks) > limits.BLOCKS_MOST[surface]:
        yield Fault("blocks", "too-many", f"{len(blocks)} blocks, at most {limits.BLOCKS_MOST[surface]}")
    for place, block in enumerate(blocks):
        yield from _block(block, surface, f"blocks[{place}]")
    yield from _repeated(blocks)
    if surface == "message":
        yield from _totals(blocks)
    if surface == "modal" and "submit" not in payload and any(_type(block) == "input" for block in blocks):
        yield Fault("view.submit", "missing", "a modal with an input needs a submit button")


def _fallback(text: object) -> Iterator[Fault]:
    if not isinstance(text, str) or not text.strip():
        yield Fault("text", "missing", "a message needs a fallback text: notifications and screen readers show it")
        return
    if len(text) > limits.TEXT_MOST:
        yield Fault("text", "too-long", f"{len(text)} characters, at most {limits.TEXT_MOST}")
    yield from _markup(text, "text")
    yield from _harmful(text, "text")


def _block(block: object, surface: Surface, where: str) -> Iterator[Fault]:
    kind = _type(block)
    shape = limits.BLOCKS.get(kind)
    if shape is None or not isinstance(block, Mapping):
        yield Fault(where, "unknown-block", f"there is no block {kind!r}")
        return
    if kind not in limits.SURFACES[surface]:
        yield Fault(where, "wrong-surface", f"a {kind} block cannot stand in a {surface}")
    yield from _shaped(block, shape, where)
    yield from _table(block, where) if kind in ("table", "data_table") else ()
    yield from _chart(block, where) if kind == "data_visualization" else ()
    if kind == "task_card" and block.get("status") == "pending":
        yield Fault(f"{where}.status", "bad-value", "a task card on its own cannot be pending")
    if kind == "container":
        for place, child in enumerate(_items(block.get("child_blocks"))):
            if _type(child) in limits.BLOCKS and _type(child) not in limits.SURFACES[surface]:
                told = f"a {_type(child)} block cannot stand in a {surface}"
                yield Fault(f"{where}.child_blocks[{place}]", "wrong-surface", told)


def _shaped(value: Mapping[str, Any], shape: Shape, where: str, *, typed: bool = True) -> Iterator[Fault]:
    for key in value:
        if key not in shape.required and key not in shape.optional and not (typed and key == "type"):
            yield Fault(f"{where}.{key}", "unknown-key", "is no key of this")
    for key in shape.required:
        if value.get(key) is None:
            yield Fault(f"{where}.{key}", "missing", "must be there")
    for key, rule in (*shape.required.items(), *shape.optional.items()):
        if value.get(key) is not None:
            yield from _kept(value[key], rule, f"{where}.{key}")
    if shape.exactly_one and sum(key in value for key in shape.exactly_one) != 1:
        yield Fault(where, "bad-value", f"exactly one of {', '.join(shape.exactly_one)} must be there")
    if shape.at_least_one and not any(value.get(key) for key in shape.at_least_one):
        yield Fault(where, "missing", f"one of {', '.join(shape.at_least_one)} must be there")


def _kept(value: object, rule: Rule, where: str) -> Iterator[Fault]:
    match rule:
        case Chars():
            yield from _string(value, rule, where)
        case Words():
            yield from _words(value, rule, where)
        case Choice():
            if value not in rule.of:
                yield Fault(where, "bad-value", f"{value!r} is none of {', '.join(sorted(rule.of))}")
        case Whole():
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not whole or not isinstance(value, int) or not rule.least <= value <= rule.most:
                yield Fault(where, "bad-value", f"is no whole number from {rule.least} to {rule.most}")
        case Amount():
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                yield Fault(where, "bad-value", "is no number")
        case Flag():
            if not isinstance(value, bool):
                yield Fault(where, "bad-value", "is neither true nor false")
        case Many():
            yield from _list(value, rule, where)
        case Shaped():
            yield from _typed(value, rule, where)
        case Part():
            if isinstance(value, Mapping):
                yield from _shaped(value, limits.PARTS[rule.shape], where, typed=False)
            else:
                yield Fault(where, "bad-value", "is no object")
        case Free():
            pass
        case _:
            assert_never(rule)


def _string(value: object, rule: Chars, where: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(where, "bad-value", "is no text")
        return
    if len(value) < rule.least or (rule.shown and not rule.blank and not value.strip()):
        yield Fault(where, "empty", "is empty")
    if len(value) > rule.most:
        yield Fault(where, "too-long", f"{len(value)} characters, at most {rule.most}")
    if rule.pattern and not re.fullmatch(rule.pattern, value):
        yield Fault(where, "bad-value", f"does not match {rule.pattern}")
    yield from _harmful(value, where)


def _words(value: object, rule: Words, where: str) -> Iterator[Fault]:
    kind = _type(value)
    if not isinstance(value, Mapping) or kind not in ("plain_text", "mrkdwn"):
        yield Fault(where, "bad-value", "is no text object")
        return
    if rule.plain and kind != "plain_text":
        yield Fault(where, "bad-value", "takes plain_text only")
    text = value.get("text")
    if isinstance(text, str) and len(text) > rule.most:
        yield Fault(f"{where}.text", "too-long", f"{len(text)} characters, at most {rule.most}")
    yield from (fault for fault in _typed(value, Shaped(frozenset({kind})), where) if fault.breach != "too-long")


def _list(value: object, rule: Many, where: str) -> Iterator[Fault]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        yield Fault(where, "bad-value", "is no list")
        return
    if len(value) > rule.most:
        yield Fault(where, "too-many", f"{len(value)} of them, at most {rule.most}")
    if len(value) < rule.least:
        yield Fault(where, "empty", f"{len(value)} of them, at least {rule.least}")
    for place, item in enumerate(value):
        yield from _kept(item, rule.each, f"{where}[{place}]")


def _typed(value: object, rule: Shaped, where: str) -> Iterator[Fault]:
    kind = _type(value)
    if not isinstance(value, Mapping) or kind not in rule.types:
        yield Fault(where, "bad-value", f"{kind!r} cannot stand here")
        return
    shape = _NAMED.get(kind) or limits.BLOCKS[kind]
    yield from _shaped(value, shape, where)
    if kind == "mrkdwn" and isinstance(value.get("text"), str):
        yield from _markup(value["text"], f"{where}.text")


def _table(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    rows = [row for row in _items(block.get("rows")) if isinstance(row, Sequence)]
    if len({len(row) for row in rows}) > 1:
        yield Fault(f"{where}.rows", "ragged", "rows differ in their number of cells")
    if block.get("type") == "data_table" and rows and any(_type(cell) == "rich_text" for cell in rows[0]):
        yield Fault(f"{where}.rows[0]", "bad-value", "the header row takes no rich_text")


def _chart(block: Mapping[str, Any], where: str) -> Iterator[Fault]:
    chart = block.get("chart")
    if not isinstance(chart, Mapping) or not isinstance(chart.get("axis_config"), Mapping):
        return
    categories = _items(chart["axis_config"].get("categories"))
    series = [one for one in _items(chart.get("series")) if isinstance(one, Mapping)]
    for place, one in enumerate(series):
        labels = [point.get("label") for point in _items(one.get("data")) if isinstance(point, Mapping)]
        if labels != list(categories):
            yield Fault(f"{where}.chart.series[{place}]", "ragged", "needs one point for each category, in their order")
    if len({str(one.get("name")) for one in series}) < len(series):
        yield Fault(f"{where}.chart.series", "duplicate-id", "two series have one name")


def _repeated(blocks: Sequence[Any]) -> Iterator[Fault]:
    """`block_id` and `action_id` must be unique, or a press cannot be told from another."""
    for key in ("block_id", "action_id"):
        held = Counter(value for block in blocks for name, value in _strings(block) if name == key)
        for value, count in held.items():
            if count > 1:
                yield Fault("blocks", "duplicate-id", f"{count} times the {key} {value!r}")


def _totals(blocks: Sequence[Any]) -> Iterator[Fault]:
    total = characters(blocks)
    if total > limits.CHARACTERS_OF_A_MESSAGE:
        yield Fault("blocks", "total", f"{total} characters together, at most {limits.CHARACTERS_OF_A_MESSAGE}")
    types = Counter(_type(block) for block in blocks)
    if types["table"] + types["data_table"] > limits.TABLES_OF_A_MESSAGE:
        yield Fault("blocks", "too-many", "a message holds one table")
    if types["data_visualization"] > limits.CHARTS_OF_A_MESSAGE:
        yield Fault("blocks", "too-many", f"a message holds {limits.CHARTS_OF_A_MESSAGE} charts")


def characters(blocks: Sequence[Any]) -> int:
    """How much of a message's budget blocks take: every string in them but types and ids."""
    return sum(len(value) for block in blocks for name, value in _strings(block) if name not in _NOT_SHOWN)


def _strings(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every string inside a value, with the key that it stands under."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, str(key))
    elif isinstance(value, Sequence):
        for item in value:
            yield from _strings(item, name)


def _markup(text: str, where: str) -> Iterator[Fault]:
    found = _RAW_MARKUP.search(text)
    if found:
        yield Fault(where, "live-markup", f"{text[found.start() : found.start() + 20]!r} is not escaped")


def _harmful(text: str, where: str) -> Iterator[Fault]:
    hidden = next((char for char in text if char not in _LAYOUT and unicodedata.category(char) in _HIDDEN), None)
    if hidden is not None:
        yield Fault(where, "hidden-character", f"holds U+{ord(hidden):04X}, which is not seen")
    if _SECRET.search(text):
        yield Fault(where, "secret", "holds what looks like a token or an access key")


def _type(value: object) -> str:
    return str(value.get("type")) if isinstance(value, Mapping) else json.dumps(value, default=str)[:40]


def _items(value: object) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
