"""The table of limits: every block, element and object of Block Kit that there is, with each bound that is known.

Sources: https://docs.slack.dev/reference/block-kit, and where that is silent slack_sdk's models and reports of what
Slack refused. Where two sources differ the stricter one stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.views.rules import (
    Amount,
    Chars,
    Choice,
    Flag,
    Free,
    Many,
    Part,
    Rule,
    Shape,
    Surface,
    Whole,
    Words,
    choice,
    kinds,
)

BLOCKS_MOST: Final[Mapping[Surface, int]] = {"message": 50, "modal": 100, "home": 100}
CHARACTERS_OF_A_MESSAGE: Final = 12_000
"""Of all blocks together. Slack documents no such limit and answers `msg_blocks_too_long` at some 13,200."""
MARKDOWN_OF_A_MESSAGE: Final = 12_000
TEXT_MOST: Final = 4_000
"""Of the top-level `text`. Slack takes 40,000 and advises 4,000."""
TABLES_OF_A_MESSAGE: Final = 1
CHARTS_OF_A_MESSAGE: Final = 2

_EVERY_BLOCK: Final = frozenset(
    "actions alert card carousel container context context_actions data_table data_visualization divider file header "
    "image input markdown plan rich_text section table task_card video".split()
)
SURFACES: Final[Mapping[Surface, frozenset[str]]] = {
    "message": _EVERY_BLOCK - {"alert"},
    "modal": frozenset("actions alert card context divider header image input rich_text section video".split()),
    "home": _EVERY_BLOCK - frozenset("alert markdown plan task_card context_actions file".split()),
}
"""The blocks that each surface shows; any other is refused with `invalid_blocks`."""

_ID: Final = Chars(255)
_URL: Final = Chars(3000, pattern=r"https?://\S+")
_FILE_ID: Final = r"F[A-Z0-9]{8,}"
_INPUTS: Final = (
    "plain_text_input number_input email_text_input url_text_input rich_text_input file_input datepicker timepicker "
    "datetimepicker checkboxes radio_buttons static_select external_select users_select conversations_select "
    "channels_select multi_static_select multi_external_select multi_users_select multi_conversations_select "
    "multi_channels_select"
)
_PRESSED: Final = "button workflow_button overflow datepicker timepicker datetimepicker checkboxes radio_buttons"
_SELECTS: Final = "static_select external_select users_select conversations_select channels_select"
_SEVERAL: Final = " ".join(f"multi_{name}" for name in _SELECTS.split())
_IMAGE: Final = Shape(
    {"alt_text": Chars(2000, shown=True)},
    {"image_url": _URL, "slack_file": Part("slack_file")},
    exactly_one=("image_url", "slack_file"),
)
_CELL: Final = kinds("raw_text raw_number rich_text")


def _block(
    required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *, any_of: tuple[str, ...] = ()
) -> Shape:
    return Shape(required, {"block_id": _ID, **(optional or {})}, at_least_one=any_of)


BLOCKS: Final[Mapping[str, Shape]] = {
    "actions": _block({"elements": Many(kinds(f"{_PRESSED} {_SELECTS}"), 25)}),
    "alert": _block({"text": Words(3000, plain=False)}, {"level": choice("default info warning error success")}),
    "card": _block(
        {},
        {
            "hero_image": kinds("image"),
            "icon": kinds("image"),
            "title": Words(150, plain=False),
            "subtitle": Words(150, plain=False),
            "body": Words(200, plain=False),
            "actions": Many(kinds("button"), 3),
        },
        any_of=("hero_image", "title", "actions", "body"),
    ),
    "carousel": _block({"elements": Many(kinds("card"), 10)}),
    "container": _block(
        {"child_blocks": Many(kinds(" ".join(sorted(_EVERY_BLOCK - {"container", "alert"}))), 10)},
        {
            "title": Words(150),
            "rich_text_title": kinds("rich_text"),
            "subtitle": Words(150, plain=False),
            "width": choice("narrow standard wide full"),
            "icon": kinds("image"),
            "is_collapsible": Flag(),
            "default_collapsed": Flag(),
            "has_header_divider": Flag(),
        },
    ),
    "context": _block({"elements": Many(kinds("plain_text mrkdwn image"), 10)}),
    "context_actions": _block({"elements": Many(kinds("feedback_buttons icon_button"), 5)}),
    "data_table": _block(
        {"caption": Chars(2000, shown=True), "rows": Many(Many(_CELL, 20), 101, 2)},
        {"page_size": Whole(1, 100), "row_header_column_index": Whole(0, 19)},
    ),
    "data_visualization": _block({"title": Chars(50, shown=True), "chart": kinds("pie bar area line")}),
    "divider": _block({}),
    "file": _block({"external_id": Chars(255), "source": choice("remote")}),
    "header": _block({"text": Words(150)}),
    "image": Shape(
        _IMAGE.required, {"block_id": _ID, "title": Words(2000), **_IMAGE.optional}, exactly_one=_IMAGE.exactly_one
    ),
    "input": _block(
        {"label": Words(2000), "element": kinds(_INPUTS)},
        {"hint": Words(2000), "optional": Flag(), "dispatch_action": Flag()},
    ),
    "markdown": _block({"text": Chars(12_000, shown=True)}),
    "plan": _block({"title": Chars(150, shown=True)}, {"tasks": Many(kinds("task_card"), 50)}),
    "rich_text": _block(
        {"elements": Many(kinds("rich_text_section rich_text_list rich_text_preformatted rich_text_quote"), 100)}
    ),
    "section": _block(
        {},
        {
            "text": Words(3000, plain=False),
            "fields": Many(Words(2000, plain=False), 10),
            "accessory": kinds(f"image {_PRESSED} {_SELECTS} {_SEVERAL}"),
            "expand": Flag(),
        },
        any_of=("text", "fields"),
    ),
    "table": _block(
        {"rows": Many(Many(_CELL, 20), 100)}, {"column_settings": Many(Part("column_setting"), 20)}
    ),
    "task_card": _block(
        {"task_id": Chars(255), "title": Chars(150, shown=True)},
        {
            "status": choice("pending in_progress complete error"),
            "details": kinds("rich_text"),
            "output": kinds("rich_text"),
            "sources": Many(kinds("url"), 20),
        },
    ),
    "video": _block(
        {"alt_text": Chars(2000, shown=True), "title": Words(199), "thumbnail_url": _URL, "video_url": _URL},
        {
            "author_name": Chars(49, shown=True),
            "description": Words(200),
            "provider_icon_url": _URL,
            "provider_name": Chars(200, shown=True),
            "title_url": _URL,
        },
    ),
}  # fmt: skip

_CONFIRM: Final[Mapping[str, Rule]] = {"confirm": Part("confirm")}
_ACTS: Final[Mapping[str, Rule]] = {"action_id": _ID, **_CONFIRM}
_ENTERED: Final[Mapping[str, Rule]] = {**_ACTS, "focus_on_load": Flag(), "placeholder": Words(150)}
_TYPED: Final[Mapping[str, Rule]] = {**_ENTERED, "dispatch_action_config": Free()}
_OPTION: Final = Part("option")
_CONVERSATIONS: Final[Mapping[str, Rule]] = {"filter": Free(), "default_to_current_conversation": Flag()}
_PICKED: Final[Mapping[str, Rule]] = {"max_selected_items": Whole(1, 100)}


def _select(optional: Mapping[str, Rule]) -> dict[str, Shape]:
    """A select and its form for several choices."""
    return {"": Shape({}, {**_ENTERED, **optional}), "multi_": Shape({}, {**_ENTERED, **optional, **_PICKED})}


def _selects() -> dict[str, Shape]:
    initial: dict[str, Rule] = {"initial_option": _OPTION, "initial_options": Many(_OPTION, 100)}
    options: dict[str, Mapping[str, Rule]] = {
        "external_select": {"min_query_length": Whole(0, 1000), **initial},
        "users_select": {"initial_user": _ID, "initial_users": Many(_ID, 100)},
        "conversations_select": {
            "initial_conversation": _ID,
            "initial_conversations": Many(_ID, 100),
            "response_url_enabled": Flag(),
            **_CONVERSATIONS,
        },
        "channels_select": {
            "initial_channel": _ID,
            "initial_channels": Many(_ID, 100),
            "response_url_enabled": Flag(),
        },
    }
    found = {prefix + name: shape for name, own in options.items() for prefix, shape in _select(own).items()}
    listed: dict[str, Rule] = {"options": Many(_OPTION, 100), "option_groups": Many(Part("option_group"), 100)}
    prefixes: tuple[tuple[str, Mapping[str, Rule]], ...] = (("", {}), ("multi_", _PICKED))
    for prefix, more in prefixes:
        found[f"{prefix}static_select"] = Shape(
            {}, {**_ENTERED, **initial, **listed, **more}, exactly_one=("options", "option_groups")
        )
    return found


ELEMENTS: Final[Mapping[str, Shape]] = {
    **_selects(),
    "button": Shape(
        {"text": Words(75)},
        {
            **_ACTS,
            "value": Chars(2000),
            "url": _URL,
            "style": choice("primary danger"),
            "accessibility_label": Chars(75, shown=True),
        },
    ),
    "workflow_button": Shape(
        {"text": Words(75), "workflow": Free(), "action_id": _ID},
        {"style": choice("primary danger"), "accessibility_label": Chars(75, shown=True)},
    ),
    "icon_button": Shape(
        {"icon": Chars(75), "text": Words(75)},
        {
            **_ACTS,
            "value": Chars(2000),
            "accessibility_label": Chars(75, shown=True),
            "visible_to_user_ids": Many(_ID, 100),
        },
    ),
    "feedback_buttons": Shape(
        {"positive_button": Part("feedback"), "negative_button": Part("feedback")}, {"action_id": _ID}
    ),
    "overflow": Shape({"options": Many(Part("overflow_option"), 5)}, _ACTS),
    "checkboxes": Shape({"options": Many(_OPTION, 10)}, {**_ENTERED, "initial_options": Many(_OPTION, 10)}),
    "radio_buttons": Shape({"options": Many(_OPTION, 10)}, {**_ENTERED, "initial_option": _OPTION}),
    "datepicker": Shape({}, {**_ENTERED, "initial_date": Chars(10, pattern=r"\d{4}-\d\d-\d\d")}),
    "timepicker": Shape({}, {**_ENTERED, "initial_time": Chars(5, pattern=r"\d\d:\d\d"), "timezone": Chars(100)}),
    "datetimepicker": Shape({}, {**_ACTS, "focus_on_load": Flag(), "initial_date_time": Whole(10**9, 10**10 - 1)}),
    "plain_text_input": Shape(
        {},
        {
            **_TYPED,
            "initial_value": Chars(3000, 0),
            "multiline": Flag(),
            "min_length": Whole(0, 3000),
            "max_length": Whole(1, 3000),
        },
    ),
    "number_input": Shape(
        {"is_decimal_allowed": Flag()},
        {**_TYPED, "initial_value": Chars(100), "min_value": Chars(100), "max_value": Chars(100)},
    ),
    "email_text_input": Shape({}, {**_TYPED, "initial_value": Chars(3000, 0)}),
    "url_text_input": Shape({}, {**_TYPED, "initial_value": Chars(3000, 0)}),
    "rich_text_input": Shape({}, {**_TYPED, "initial_value": kinds("rich_text")}),
    "file_input": Shape({}, {**_ACTS, "filetypes": Many(Chars(20), 100), "max_files": Whole(1, 10)}),
    "image": _IMAGE,
    "url": Shape({"url": _URL, "text": Chars(150, shown=True)}),
    "raw_text": Shape({"text": Chars(3000, shown=True)}),
    "raw_number": Shape({"value": Amount()}, {"text": Chars(3000, shown=True)}),
    "plain_text": Shape({"text": Chars(3000, shown=True)}, {"emoji": Flag()}),
    "mrkdwn": Shape({"text": Chars(3000, shown=True)}, {"verbatim": Flag()}),
    "pie": Shape({"segments": Many(Part("segment"), 6)}),
    **dict.fromkeys(
        ("bar", "area", "line"), Shape({"series": Many(Part("series"), 6), "axis_config": Part("axis_config")})
    ),
}

_STYLE: Final[Mapping[str, Rule]] = {"style": Part("style")}
_SPANS: Final = kinds("text link user usergroup channel team emoji date color")
RICH_TEXT: Final[Mapping[str, Shape]] = {
    "rich_text_section": Shape({"elements": Many(_SPANS, 500, 0)}),
    "rich_text_preformatted": Shape({"elements": Many(kinds("text link"), 500)}, {"border": Whole(0, 1)}),
    "rich_text_quote": Shape({"elements": Many(_SPANS, 500)}, {"border": Whole(0, 1)}),
    "rich_text_list": Shape(
        {"elements": Many(kinds("rich_text_section"), 500), "style": choice("bullet ordered")},
        {"indent": Whole(0, 8), "offset": Whole(0, 10_000), "border": Whole(0, 1)},
    ),
    "text": Shape({"text": Chars(12_000, shown=True, blank=True)}, _STYLE),
    "link": Shape({"url": Chars(3000, pattern=r"https://\S+")}, {"text": Chars(3000, shown=True), **_STYLE}),
    "user": Shape({"user_id": Chars(30, pattern=r"[UW][A-Z0-9]+")}, _STYLE),
    "usergroup": Shape({"usergroup_id": Chars(30, pattern=r"S[A-Z0-9]+")}, _STYLE),
    "channel": Shape({"channel_id": Chars(30, pattern=r"[CGD][A-Z0-9]+")}, _STYLE),
    "team": Shape({"team_id": Chars(30, pattern=r"[TE][A-Z0-9]+")}, _STYLE),
    "emoji": Shape({"name": Chars(100, pattern=r"[a-z0-9_+'-]+")}, {"unicode": Chars(100), **_STYLE}),
    "date": Shape(
        {"timestamp": Whole(0, 10**11), "format": Chars(500, shown=True)},
        {"url": _URL, "fallback": Chars(500, shown=True)},
    ),
    "color": Shape({"value": Chars(9, pattern=r"#[0-9a-fA-F]{6}")}),
}  # fmt: skip
"""`broadcast`, which calls a whole channel, is not among them on purpose."""

PARTS: Final[Mapping[str, Shape]] = {
    "slack_file": Shape({}, {"id": Chars(30, pattern=_FILE_ID), "url": _URL}, exactly_one=("id", "url")),
    "confirm": Shape(
        {"title": Words(100), "text": Words(300), "confirm": Words(30), "deny": Words(30)},
        {"style": choice("primary danger")},
    ),
    "option": Shape({"text": Words(75, plain=False), "value": Chars(150)}, {"description": Words(75, plain=False)}),
    "overflow_option": Shape({"text": Words(75), "value": Chars(150)}, {"description": Words(75), "url": _URL}),
    "option_group": Shape({"label": Words(75), "options": Many(_OPTION, 100)}),
    "feedback": Shape({"text": Words(75), "value": Chars(2000)}, {"accessibility_label": Chars(75, shown=True)}),
    "column_setting": Shape({}, {"align": choice("left center right"), "is_wrapped": Flag()}),
    "style": Shape({}, {name: Flag() for name in ("bold", "italic", "strike", "code", "underline", "highlight")}),
    "segment": Shape({"label": Chars(20, shown=True), "value": Amount()}),
    "series": Shape({"name": Chars(20, shown=True), "data": Many(Part("segment"), 20)}),
    "axis_config": Shape(
        {"categories": Many(Chars(20, shown=True), 20)},
        {"x_label": Chars(50, shown=True), "y_label": Chars(50, shown=True)},
    ),
}  # fmt: skip

_VIEW: Final[Mapping[str, Rule]] = {
    "callback_id": Chars(255),
    "private_metadata": Chars(3000, 0),
    "external_id": Chars(255),
}
VIEWS: Final[Mapping[str, Shape]] = {
    "modal": Shape(
        {"type": Choice(frozenset({"modal"})), "title": Words(24), "blocks": Free()},
        {
            **_VIEW,
            "submit": Words(24),
            "close": Words(24),
            "clear_on_close": Flag(),
            "notify_on_close": Flag(),
            "submit_disabled": Flag(),
        },
    ),
    "home": Shape({"type": Choice(frozenset({"home"})), "blocks": Free()}, _VIEW),
}
