"""One press, as Slack delivers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.views.controls import Field


class Press:
    """One press: who pressed what, where."""

    def __init__(self, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        container = body.get("container") or {}
        message = body.get("message") or {}
        self.action_id = str(action.get("action_id") or "")
        selected = action.get("selected_option") or {}
        self.value = str(selected.get("value") or action.get("value") or "")
        self.person = str((body.get("user") or {}).get("id") or "")
        self.team = str((body.get("team") or {}).get("id") or (body.get("user") or {}).get("team_id") or "")
        self.channel = str((body.get("channel") or {}).get("id") or container.get("channel_id") or "")
        self.message = str(message.get("ts") or container.get("message_ts") or "")
        self.thread = str(message.get("thread_ts") or container.get("thread_ts") or self.message)
        self.trigger = str(body.get("trigger_id") or "")
        self.key = f"press:{self.message}:{self.person}:{self.action_id}:{action.get('action_ts') or self.trigger}"


def typed(view: Mapping[str, Any], field: Field) -> str:
    """What was typed or chosen in a field of a submitted form."""
    values = ((view.get("state") or {}).get("values") or {}).get(field.value) or {}
    given = values.get(field.value) or {}
    selected = given.get("selected_option") or {}
    return str(selected.get("value") or given.get("value") or "")
