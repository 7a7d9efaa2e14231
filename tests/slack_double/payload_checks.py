"""Every payload of the app is looked at: what Slack refuses is refused, what it should not send is a fault."""

from __future__ import annotations

from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View as ViewModel

from bot.views.lint import faults
from bot.views.rules import Surface
from tests.slack_double.block_rules import refusals, too_long
from tests.slack_double.calls import Call, Refused
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import Json

# Blocks that slack_sdk 3.48 has no model for.
UNMODELLED = {"data_visualization", "data_table", "container"}
VIEW_LIMITS = {"title": 24, "submit": 24, "close": 24}


def checked_blocks(api: WebApi, call: Call, text: str) -> list[Json]:
    """The blocks of a message with this text; raises Refused as Slack would. Blocks without an id are given one."""
    blocks = call.items("blocks")
    if not (text or blocks or call.items("attachments")):
        raise Refused("no_text")
    _refuse(api, blocks, "message")
    if too_long(blocks):
        raise Refused("msg_blocks_too_long")
    model_faults(api, call.method, blocks)
    lint_faults(api, call.method, {"text": text, "blocks": blocks}, "message")
    return with_ids(api, blocks)


def _refuse(api: WebApi, blocks: list[Json], surface: str) -> None:
    newer = [
        f"unsupported type: {block.get('type')} [json-pointer:/blocks/{index}/type]"
        for index, block in enumerate(blocks)
        if block.get("type") in api.refused_blocks
    ]
    wrong = refusals(blocks, surface, lambda named: _file_refused(api, named))
    if newer:
        raise Refused(
            "invalid_blocks", errors=newer, response_metadata={"messages": [f"[ERROR] {one}" for one in newer]}
        )
    if wrong:
        if not all("invalid slack file" in one for one in wrong):
            api.fault(f"blocks that Slack refuses: {'; '.join(wrong)}")
        raise Refused(
            "invalid_blocks", errors=wrong, response_metadata={"messages": [f"[ERROR] {one}" for one in wrong]}
        )


def _file_refused(api: WebApi, named: Json) -> bool:
    file = api.workspace.files.get(str(named.get("id")))
    return file is None or not file.is_ready()


def with_ids(api: WebApi, blocks: list[Json]) -> list[Json]:
    """The blocks, each with a `block_id`; Slack makes one up where the app gave none."""
    return [{"block_id": api.workspace.new_id("b"), **block} for block in blocks]


def lint_faults(api: WebApi, method: str, payload: Json, surface: Surface) -> None:
    """Note what the app's own lint has against a payload: it was to be asked before anything is sent."""
    for fault in faults(payload, surface):
        api.fault(f"{method}: the lint says {fault}")


def model_faults(api: WebApi, method: str, blocks: list[Json]) -> None:
    """Note what slack_sdk's own models have against these blocks."""
    for index, block in enumerate(blocks):
        if block.get("type") in UNMODELLED:
            continue
        try:
            model = Block.parse(block)
            if model is None:
                api.fault(f"{method}: slack_sdk has no block {block.get('type')}")
                continue
            again = model.to_dict()
        except (SlackObjectFormationError, TypeError) as error:
            api.fault(f"{method}: slack_sdk refuses block {index} ({block.get('type')}): {error}")
            continue
        for lost in _lost(block, again, ""):
            api.fault(f"{method}: slack_sdk knows no {lost} in block {index} ({block.get('type')})")


def _lost(sent: Any, kept: Any, where: str) -> list[str]:
    if isinstance(sent, dict) and isinstance(kept, dict):
        lost = [f"{where}/{key}" for key in sent if key not in kept and sent[key] not in (None, [], "")]
        return lost + [one for key in sent if key in kept for one in _lost(sent[key], kept[key], f"{where}/{key}")]
    if isinstance(sent, list) and isinstance(kept, list) and len(sent) == len(kept):
        return [
            one
            for index, (left, right) in enumerate(zip(sent, kept, strict=True))
            for one in _lost(left, right, f"{where}/{index}")
        ]
    return []


def checked_view(api: WebApi, call: Call, kinds: set[str]) -> Json:
    """The view of a call; raises Refused as Slack would."""
    view = call.structured("view")
    if not isinstance(view, dict):
        raise Refused("invalid_arguments")
    return view_payload(api, call.method, view, kinds)


def view_payload(api: WebApi, method: str, view: Json, kinds: set[str]) -> Json:
    """A view as it will be shown; raises Refused as Slack would."""
    wrong = [f"must be one of {sorted(kinds)} [json-pointer:/view/type]"] if view.get("type") not in kinds else []
    blocks = view.get("blocks")
    if not isinstance(blocks, list):
        wrong.append("missing required field: blocks [json-pointer:/view]")
    if view.get("type") == "modal":
        wrong += _modal(view)
    if len(str(view.get("private_metadata", ""))) > 3000:
        wrong.append("must be less than 3001 characters [json-pointer:/view/private_metadata]")
    if wrong or not isinstance(blocks, list):
        api.fault(f"{method}: a view that Slack refuses: {'; '.join(wrong)}")
        raise Refused("invalid_arguments", response_metadata={"messages": [f"[ERROR] {one}" for one in wrong]})
    surface: Surface = "home" if view["type"] == "home" else "modal"
    _refuse(api, blocks, surface)
    model_faults(api, method, blocks)
    lint_faults(api, method, view, surface)
    try:
        ViewModel(**view).to_dict()
    except (SlackObjectFormationError, TypeError) as error:
        api.fault(f"{method}: slack_sdk refuses the view: {error}")
    return {**view, "blocks": with_ids(api, blocks)}


def _modal(view: Json) -> list[str]:
    wrong = [] if view.get("title") else ["missing required field: title [json-pointer:/view]"]
    for name, most in VIEW_LIMITS.items():
        text = view.get(name)
        if isinstance(text, dict) and len(str(text.get("text", ""))) > most:
            wrong.append(f"must be less than {most + 1} characters [json-pointer:/view/{name}]")
    has_input = any(block.get("type") == "input" for block in view.get("blocks") or ())
    if has_input and not view.get("submit"):
        wrong.append("submit is required when there is an input block [json-pointer:/view/submit]")
    if len(str(view.get("callback_id", ""))) > 255:
        wrong.append("must be less than 256 characters [json-pointer:/view/callback_id]")
    return wrong
