"""What Slack refuses of Block Kit. It shares no table with the app's own lint, so each checks the other.

Limits: https://docs.slack.dev/reference/block-kit/blocks and the pages of each block and element. The total for a
message's blocks is not documented; it was measured by others (slackapi/bolt-js#2509).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.slack_double.workspace import Json

TOTAL_OF_A_MESSAGE = 13_200
MARKDOWN_OF_A_MESSAGE = 12_000
BLOCKS = {"message": 50, "modal": 100, "home": 100}

ON = {
    "message": set(
        """actions card carousel container context context_actions data_table data_visualization divider file header
        image input markdown plan rich_text section table task_card video""".split()
    ),
    "modal": set("actions alert card context divider header image input rich_text section video".split()),
    "home": set(
        """actions card carousel container context data_table data_visualization divider header image input rich_text
        section table video""".split()
    ),
}

# A field's path in a block or element, its longest text in characters.
LONGEST: dict[str, tuple[tuple[str, int], ...]] = {
    "section": (("text.text", 3000),),
    "header": (("text.text", 150),),
    "image": (("image_url", 3000), ("alt_text", 2000), ("title.text", 2000)),
    "markdown": (("text", MARKDOWN_OF_A_MESSAGE),),
    "button": (("text.text", 75), ("value", 2000), ("url", 3000)),
    "plain_text_input": (("placeholder.text", 150), ("initial_value", 3000)),
    "static_select": (("placeholder.text", 150),),
    "input": (("label.text", 2000), ("hint.text", 2000)),
    "card": (("title.text", 150), ("subtitle.text", 150), ("body.text", 200)),
    "data_visualization": (("title", 50),),
}
# A list in a block or element: fewest and most.
COUNTS: dict[str, tuple[tuple[str, int, int], ...]] = {
    "section": (("fields", 1, 10),),
    "context": (("elements", 1, 10),),
    "context_actions": (("elements", 1, 5),),
    "actions": (("elements", 1, 25),),
    "static_select": (("options", 1, 100),),
    "overflow": (("options", 1, 5),),
    "radio_buttons": (("options", 1, 10),),
    "checkboxes": (("options", 1, 10),),
    "table": (("rows", 1, 100),),
    "data_table": (("rows", 2, 101),),
    "carousel": (("elements", 1, 10),),
    "card": (("actions", 1, 3),),
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "section": (),
    "header": ("text",),
    "image": ("alt_text",),
    "markdown": ("text",),
    "actions": ("elements",),
    "context": ("elements",),
    "input": ("label", "element"),
    "rich_text": ("elements",),
    "table": ("rows",),
    "data_table": ("caption", "rows"),
    "button": ("text",),
    "static_select": ("options",),
    "task_card": ("task_id", "title"),
    "plan": ("title",),
}
PLAIN_ONLY = {"header": ("text",), "button": ("text",), "input": ("label", "hint"), "static_select": ("placeholder",)}


def refusals(blocks: list[Json], surface: str, file_refused: Callable[[Json], bool]) -> list[str]:
    """What Slack says against these blocks, each with a JSON pointer; empty when it takes them."""
    found = list(_counted(blocks, surface))
    seen: dict[str, str] = {}
    for index, block in enumerate(blocks):
        where = f"/blocks/{index}"
        kind = block.get("type")
        if kind not in ON[surface]:
            found.append(f"unsupported type: {kind} [json-pointer:{where}/type]")
            continue
        found += [said for path, part in parts(block, where) for said in _part(part, path, file_refused)]
        if name := block.get("block_id"):
            if len(name) > 255:
                found.append(f"must be less than 256 characters [json-pointer:{where}/block_id]")
            if name in seen:
                found.append(f"block_id already exists [json-pointer:{where}/block_id]")
            seen[name] = where
    return found


def too_long(blocks: list[Json]) -> bool:
    """Whether the blocks of a message together hold more text than Slack takes."""
    return sum(len(text) for block in blocks for text in texts(block)) > TOTAL_OF_A_MESSAGE


def texts(value: Any) -> Iterator[str]:
    """Every text that a block shows."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and key in {
                "text",
                "alt_text",
                "title",
                "caption",
                "label",
                "emoji",
                "name",
                "value",
            }:
                yield inner
            else:
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def parts(value: Any, where: str) -> Iterator[tuple[str, Json]]:
    """A block and every object with a type inside it, each with its pointer."""
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield where, value
        for key, inner in value.items():
            yield from parts(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from parts(inner, f"{where}/{index}")


def _counted(blocks: list[Json], surface: str) -> Iterator[str]:
    if len(blocks) > BLOCKS[surface]:
        yield f"no more than {BLOCKS[surface]} items allowed [json-pointer:/blocks]"
    if sum(block.get("type") == "table" for block in blocks) > 1:
        yield "only_one_table_allowed [json-pointer:/blocks]"
    if sum(block.get("type") == "data_visualization" for block in blocks) > 2:
        yield "no more than 2 data_visualization blocks [json-pointer:/blocks]"
    if (
        sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown")
        > MARKDOWN_OF_A_MESSAGE
    ):
        yield f"markdown blocks hold more than {MARKDOWN_OF_A_MESSAGE} characters together [json-pointer:/blocks]"
    ids = [part["action_id"] for block in blocks for _, part in parts(block, "") if part.get("action_id")]
    for name in {one for one in ids if ids.count(one) > 1}:
        yield f"action_id `{name}` already exists [json-pointer:/blocks]"


def _part(part: Json, where: str, file_refused: Callable[[Json], bool]) -> Iterator[str]:
    kind = str(part["type"])
    for name in REQUIRED.get(kind, ()):
        if not part.get(name):
            yield f"missing required field: {name} [json-pointer:{where}]"
    if kind == "section" and not part.get("text") and not part.get("fields"):
        yield f"missing required field: text or fields [json-pointer:{where}]"
    for path, most in LONGEST.get(kind, ()):
        value = _at(part, path)
        if isinstance(value, str) and len(value) > most:
            yield f"must be less than {most + 1} characters [json-pointer:{where}/{path.replace('.', '/')}]"
    for path, fewest, most in COUNTS.get(kind, ()):
        value = part.get(path)
        if isinstance(value, list) and not fewest <= len(value) <= most:
            yield f"must have {fewest} to {most} items, and has {len(value)} [json-pointer:{where}/{path}]"
    if kind in {"plain_text", "mrkdwn"} and not part.get("text"):
        yield f"must be more than 0 characters [json-pointer:{where}/text]"
    for name in PLAIN_ONLY.get(kind, ()):
        if isinstance(part.get(name), dict) and part[name].get("type") != "plain_text":
            yield f"must be plain_text [json-pointer:{where}/{name}]"
    yield from _choices(part, where)
    yield from _special(part, kind, where, file_refused)


def _choices(part: Json, where: str) -> Iterator[str]:
    for index, option in enumerate(part.get("options") or ()):
        if not isinstance(option, dict):
            continue
        if len(str(_at(option, "text.text") or "")) > 75:
            yield f"must be less than 76 characters [json-pointer:{where}/options/{index}/text/text]"
        if len(str(option.get("value", ""))) > 150:
            yield f"must be less than 151 characters [json-pointer:{where}/options/{index}/value]"
    for index, field in enumerate(part.get("fields") or () if part["type"] == "section" else ()):
        if len(str(field.get("text", ""))) > 2000:
            yield f"must be less than 2001 characters [json-pointer:{where}/fields/{index}/text]"
    if isinstance(confirm := part.get("confirm"), dict):
        for path, most in (("title.text", 100), ("text.text", 300), ("confirm.text", 30), ("deny.text", 30)):
            if len(str(_at(confirm, path) or "")) > most:
                yield f"must be less than {most + 1} characters [json-pointer:{where}/confirm/{path}]"


def _special(part: Json, kind: str, where: str, file_refused: Callable[[Json], bool]) -> Iterator[str]:
    if kind == "button" and part.get("style") not in {None, "primary", "danger"}:
        yield f"must be a valid enum value [json-pointer:{where}/style]"
    if kind == "image":
        if bool(part.get("image_url")) == bool(part.get("slack_file")):
            yield f"exactly one of image_url and slack_file [json-pointer:{where}]"
        elif (named := part.get("slack_file")) and file_refused(named):
            yield f"invalid slack file [json-pointer:{where}/slack_file]"
    if kind == "task_card" and part.get("status") not in {"in_progress", "complete", "error", "pending"}:
        yield f"must be a valid enum value [json-pointer:{where}/status]"
    if kind == "table":
        rows = part.get("rows") or [[]]
        if len({len(row) for row in rows}) > 1:
            yield f"every row must have the same number of cells [json-pointer:{where}/rows]"
        if max(len(row) for row in rows) > 20:
            yield f"no more than 20 columns [json-pointer:{where}/rows]"


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
