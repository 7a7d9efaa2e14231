"""`response_url`: five answers to one interaction, for half an hour.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

import json

from tests.slack_double.calls import Call, Refused
from tests.slack_double.methods.chat import new_message
from tests.slack_double.payload_checks import checked_blocks
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import Json, Ticket

USES = 5
LASTS = 30 * 60.0


def new_response_url(api: WebApi, ticket: Ticket) -> str:
    """An address for answers to an interaction; it needs no token and no membership of the channel."""
    name = api.workspace.new_id("R")
    api.workspace.response_urls[name] = ticket
    return f"{api.upload_url.removesuffix('/upload')}/respond/{name}"


def respond(api: WebApi, name: str, body: bytes) -> tuple[int, str]:
    """What an app posts to a `response_url`: HTTP status and the text of the answer."""
    with api.workspace.changed:
        ticket = api.workspace.response_urls.get(name)
        if ticket is None:
            return 404, "not_found"
        if ticket.uses_left == 0 or api.workspace.clock.now() > ticket.expires:
            return 404, "used_url" if ticket.uses_left == 0 else "expired_url"
        ticket.uses_left -= 1
        try:
            _respond(api, ticket, json.loads(body))
        except Refused as refused:
            return 404 if refused.error == "message_not_found" else 400, refused.error
        finally:
            api.workspace.changed.notify_all()
    return 200, "ok"


def _respond(api: WebApi, ticket: Ticket, body: Json) -> None:
    call = Call("response_url", body, "")
    if body.get("delete_original") or body.get("replace_original"):
        original = api.workspace.messages.get((ticket.channel, ticket.message or ""))
        if original is None or original.is_deleted:
            raise Refused("message_not_found")
        if body.get("delete_original"):
            original.is_deleted = True
            api.happened(original, "deleted")
            return
        original.text = call.text("text")
        original.blocks = checked_blocks(api, call, original.text)
        original.is_edited = True
        original.kept()
        api.happened(original, "changed")
        return
    message = new_message(api, call, ticket.channel)
    message.thread_ts = message.thread_ts or ticket.thread_ts
    if body.get("response_type") != "in_channel":
        message.only_for = ticket.person
    api.workspace.add(message)
    if message.only_for is None:
        api.happened(message, "posted")
