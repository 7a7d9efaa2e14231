"""Messages: posted, updated, deleted, and shown to one person only."""

from __future__ import annotations

from tests.slack_double.calls import Call, Refused, method
from tests.slack_double.payload_checks import checked_blocks
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import BOT_USER, Json, Message

CUT_AT = 40_000
LONGEST_UPDATE = 4_000


@method("chat.postMessage", "chat:write", per_minute=600)
def post_message(api: WebApi, call: Call) -> Json:
    channel = api.open_channel(call)
    message = new_message(api, call, channel.id)
    api.workspace.add(message)
    api.happened(message, "posted")
    return {"channel": channel.id, "ts": message.ts, "message": message.wire(api.workspace)}


@method("chat.postEphemeral", "chat:write", per_minute=100)
def post_ephemeral(api: WebApi, call: Call) -> Json:
    channel = api.open_channel(call)
    person = call.required("user")
    if person not in channel.members:
        raise Refused("user_not_in_channel")
    message = new_message(api, call, channel.id)
    message.only_for = person
    api.workspace.add(message)
    return {"message_ts": message.ts}


def new_message(api: WebApi, call: Call, channel: str) -> Message:
    """The message that a call describes, refused where Slack would."""
    text = call.text("text") or call.text("markdown_text")
    blocks = checked_blocks(api, call, text)
    if call.text("markdown_text") and (call.text("text") or blocks):
        raise Refused("markdown_text_conflict")
    if len(text) > CUT_AT:
        api.fault(f"{call.method}: text of {len(text)} characters, which Slack cuts at {CUT_AT}")
    if call.flag("link_names") or call.text("parse") == "full":
        api.fault(f"{call.method}: link_names and parse=full make mentions of plain words")
    thread = call.text("thread_ts") or None
    parent = api.workspace.messages.get((channel, thread or ""))
    if parent is not None and parent.thread_ts:
        api.fault(f"{call.method}: thread_ts {thread} is a reply; a thread is named by its first message")
    return Message(
        channel=channel,
        ts=api.workspace.clock.stamp(),
        author=BOT_USER,
        text=text[:CUT_AT],
        blocks=blocks,
        attachments=call.items("attachments"),
        thread_ts=thread,
        metadata=call.structured("metadata"),
    )


def own_message(api: WebApi, call: Call) -> Message:
    """The app's own message that a call names."""
    channel = api.channel(call)
    message = api.workspace.messages.get((channel.id, call.required("ts")))
    if message is None or message.is_deleted or message.only_for:
        raise Refused("message_not_found")
    if message.author != BOT_USER:
        raise Refused("cant_delete_message" if call.method == "chat.delete" else "cant_update_message")
    return message


@method("chat.update", "chat:write")
def update(api: WebApi, call: Call) -> Json:
    message = own_message(api, call)
    if message.is_streaming:
        raise Refused("streaming_state_conflict")
    if not {"text", "blocks", "attachments", "markdown_text"} & set(call.arguments):
        raise Refused("no_text")
    text = call.text("text") or call.text("markdown_text")
    if len(text) > LONGEST_UPDATE:
        raise Refused("msg_too_long")
    if "blocks" in call.arguments:
        message.blocks = checked_blocks(api, call, text)
    elif message.blocks:
        api.fault("chat.update without blocks keeps the old ones, live buttons included; pass blocks=[] to remove them")
    message.text = text or message.text
    message.is_edited = True
    message.kept()
    api.happened(message, "changed")
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": message.wire(api.workspace)}


@method("chat.delete", "chat:write")
def delete(api: WebApi, call: Call) -> Json:
    message = own_message(api, call)
    message.is_deleted = True
    api.happened(message, "deleted")
    return {"channel": message.channel, "ts": message.ts}


@method("chat.getPermalink", per_minute=600)
def get_permalink(api: WebApi, call: Call) -> Json:
    channel = api.channel(call)
    message = api.workspace.messages.get((channel.id, call.required("message_ts")))
    if message is None or message.is_deleted:
        raise Refused("message_not_found")
    link = f"https://acme.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": f"{link}?thread_ts={message.root}" if message.thread_ts else link}
