"""Conversations: what they are, who is in them, what was said."""

from __future__ import annotations

from tests.slack_double.calls import Call, Refused, method
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import BOT_USER, Channel, Json

PREFIX = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}


def _seen(api: WebApi, call: Call, right: str) -> Channel:
    channel = api.channel(call)
    api.needs(f"{PREFIX[channel.kind]}:{right}")
    return channel


@method("conversations.info", per_minute=50)
def conversations_info(api: WebApi, call: Call) -> Json:
    return {"channel": _seen(api, call, "read").wire()}


@method("conversations.list", per_minute=20)
def conversations_list(api: WebApi, call: Call) -> Json:
    api.fault("conversations.list reads every channel of a workspace: take ids from the settings instead")
    api.needs("channels:read")
    channels = [one.wire() for one in api.workspace.channels.values() if one.kind == "public"]
    return {"channels": channels, "response_metadata": {"next_cursor": ""}}


@method("conversations.members", per_minute=100)
def conversations_members(api: WebApi, call: Call) -> Json:
    return {"members": sorted(_seen(api, call, "read").members), "response_metadata": {"next_cursor": ""}}


@method("conversations.open", "im:write")
def conversations_open(api: WebApi, call: Call) -> Json:
    user = api.workspace.users.get(call.required("users"))
    if user is None or user.id == BOT_USER:
        raise Refused("user_not_found")
    if user.is_deactivated:
        raise Refused("user_disabled")
    return {"channel": {"id": api.workspace.direct(user.id).id}}


@method("conversations.history")
def conversations_history(api: WebApi, call: Call) -> Json:
    channel = _said(api, call)
    roots = [one for one in api.workspace.visible(channel.id) if not one.thread_ts]
    newest = sorted(roots, key=lambda one: one.ts, reverse=True)
    return _page(api, call, [one.wire(api.workspace) for one in newest])


@method("conversations.replies")
def conversations_replies(api: WebApi, call: Call) -> Json:
    channel = _said(api, call)
    root = call.required("ts")
    thread = [one for one in api.workspace.visible(channel.id) if one.root == root]
    if not thread:
        raise Refused("thread_not_found")
    return _page(api, call, [one.wire(api.workspace) for one in thread])


def _said(api: WebApi, call: Call) -> Channel:
    channel = _seen(api, call, "history")
    if BOT_USER not in channel.members:
        raise Refused("not_in_channel")
    return channel


def _page(api: WebApi, call: Call, found: list[Json]) -> Json:
    found = [one for one in found if one["ts"] >= call.text("oldest") and one["ts"] <= (call.text("latest") or "9")]
    limit = int(call.text("limit") or 100)
    return {
        "messages": found[:limit],
        "has_more": len(found) > limit,
        "response_metadata": {"next_cursor": ""},
    }
