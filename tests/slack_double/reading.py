"""What a person sees of blocks: the words, and the things to press, to choose from and to fill in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.slack_double.workspace import Json

INTERACTIVE = {
    "button",
    "channels_select",
    "checkboxes",
    "conversations_select",
    "datepicker",
    "email_text_input",
    "external_select",
    "multi_static_select",
    "number_input",
    "overflow",
    "plain_text_input",
    "radio_buttons",
    "static_select",
    "url_text_input",
    "users_select",
    "workflow_button",
    "feedback_buttons",
    "icon_button",
}
SPEAKING = ("text", "title", "subtitle", "body", "alt_text", "caption", "label", "hint", "placeholder", "value", "name")


@dataclass(frozen=True)
class Element:
    """Something to act on. `label`: what a person would call it."""

    block_id: str
    action_id: str
    kind: str
    label: str
    raw: Json


def words(value: Any) -> str:
    """All that can be read in blocks, in their order."""
    return "\n".join(one for one in _words(value) if one.strip())


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, dict):
        yield from _own_words(value)


def _own_words(part: Json) -> Iterator[str]:
    kind = part.get("type")
    if kind in {"rich_text_section", "rich_text_preformatted", "rich_text_quote"}:
        yield "".join("".join(_words(one)) for one in part.get("elements", ()))
        return
    if kind == "user":
        yield f"<@{part.get('user_id')}>"
    for key, inner in part.items():
        if isinstance(inner, str):
            # The value of a button or an option is for the app; nobody sees it.
            if key in SPEAKING and not (key == "value" and ("text" in part or kind in INTERACTIVE)):
                yield inner
        else:
            yield from _words(inner)


def elements(blocks: list[Json]) -> list[Element]:
    """Everything in blocks that a person can act on."""
    return [one for block in blocks for one in _elements(block, str(block.get("block_id", "")), "")]


def _elements(value: Any, block: str, label: str) -> Iterator[Element]:
    if isinstance(value, list):
        for inner in value:
            yield from _elements(inner, block, label)
    elif isinstance(value, dict):
        kind = str(value.get("type", ""))
        if kind == "input":
            label = str(value.get("label", {}).get("text", ""))
        if kind in INTERACTIVE:
            own = _text(value.get("text")) or label or _text(value.get("placeholder")) or str(value.get("action_id"))
            yield Element(block, str(value.get("action_id", "")), kind, own, value)
        else:
            for inner in value.values():
                yield from _elements(inner, block, label)


def _text(value: Any) -> str:
    return str(value.get("text", "")) if isinstance(value, dict) else ""


def options(element: Element) -> list[Json]:
    """What can be chosen of a select, radio buttons, checkboxes or an overflow menu."""
    groups = element.raw.get("option_groups") or [element.raw]
    return [one for group in groups for one in group.get("options", ())]


def find(found: list[Element], name: str) -> Element:
    """The element that a person means by a label, or by an id; raises LookupError, naming what there is."""
    exact = [one for one in found if name in {one.label, one.action_id, one.block_id}]
    loose = [one for one in found if name.lower() in one.label.lower()]
    if not (exact or loose):
        raise LookupError(f"there is no {name!r}; there are {[one.label for one in found]}")
    return (exact or loose)[0]


def chosen(element: Element, option: str) -> Json:
    """One of an element's options, by its text or value; raises LookupError, naming what there is."""
    for one in options(element):
        if option in {_text(one.get("text")), one.get("value")}:
            return one
    for one in options(element):
        if option.lower() in _text(one.get("text")).lower():
            return one
    raise LookupError(
        f"{element.label} has no {option!r}; it has {[_text(one.get('text')) for one in options(element)]}"
    )


def initial(element: Element) -> Json:
    """The state of an element that nobody has touched."""
    raw, kind = element.raw, element.kind
    if kind in {"static_select", "radio_buttons", "external_select"}:
        return {"type": kind, "selected_option": raw.get("initial_option")}
    if kind in {"checkboxes", "multi_static_select"}:
        return {"type": kind, "selected_options": raw.get("initial_options", [])}
    if kind == "datepicker":
        return {"type": kind, "selected_date": raw.get("initial_date")}
    return {"type": kind, "value": raw.get("initial_value")}


def filled(element: Element, value: str | list[str]) -> Json:
    """The state of an element after a person put something in."""
    kind = element.kind
    if kind in {"static_select", "radio_buttons", "external_select"}:
        return {"type": kind, "selected_option": chosen(element, str(value))}
    if kind in {"checkboxes", "multi_static_select"}:
        several = [value] if isinstance(value, str) else value
        return {"type": kind, "selected_options": [chosen(element, one) for one in several]}
    if kind == "datepicker":
        return {"type": kind, "selected_date": value}
    if kind in {"users_select", "channels_select", "conversations_select"}:
        return {"type": kind, f"selected_{kind.split('s_')[0]}": value}
    return {"type": kind, "value": value}
