"""Streamed messages: text, tasks and plans that appear bit by bit, in a thread."""

from __future__ import annotations

from tests.slack_double.calls import Call, Refused, method
from tests.slack_double.methods.chat import own_message
from tests.slack_double.payload_checks import checked_blocks
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import BOT_USER, Json, Message

LONGEST_MARKDOWN = 12_000
CHUNKS = {"markdown_text": "text", "task_update": "id", "plan_update": "title", "blocks": "blocks"}
TASK_STATES = {"pending", "in_progress", "complete", "error"}


@method("chat.startStream", "chat:write", per_minute=20)
def start_stream(api: WebApi, call: Call) -> Json:
    channel = api.open_channel(call)
    if channel.kind != "im":
        if not call.text("recipient_team_id"):
            raise Refused("missing_recipient_team_id")
        if not call.text("recipient_user_id"):
            raise Refused("missing_recipient_user_id")
    message = Message(
        channel.id, api.workspace.clock.stamp(), BOT_USER, thread_ts=call.required("thread_ts"), is_streaming=True
    )
    _append(call, message)
    api.workspace.add(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.appendStream", "chat:write", per_minute=100)
def append_stream(api: WebApi, call: Call) -> Json:
    message = _streaming(api, call)
    _append(call, message)
    message.kept()
    return {"channel": message.channel, "ts": message.ts}


@method("chat.stopStream", "chat:write", per_minute=20)
def stop_stream(api: WebApi, call: Call) -> Json:
    message = _streaming(api, call)
    _append(call, message)
    blocks = checked_blocks(api, call, message.text) if call.items("blocks") else []
    message.blocks = blocks
    message.is_streaming = False
    message.metadata = call.structured("metadata")
    message.kept()
    thread = api.workspace.threads.get((message.channel, message.root))
    if thread and call.text("session_status"):
        thread.session = call.text("session_status")
    api.happened(message, "posted")
    return {"channel": message.channel, "ts": message.ts, "message": message.wire(api.workspace)}


def _streaming(api: WebApi, call: Call) -> Message:
    message = own_message(api, call)
    if not message.is_streaming:
        raise Refused("message_not_in_streaming_state")
    return message


def _append(call: Call, message: Message) -> None:
    chunks = list(call.items("chunks"))
    if call.text("markdown_text"):
        chunks.append({"type": "markdown_text", "text": call.text("markdown_text")})
    for chunk in chunks:
        kind = str(chunk.get("type"))
        if kind not in CHUNKS or not chunk.get(CHUNKS[kind]):
            raise Refused("invalid_chunks")
        if kind == "task_update" and (chunk.get("status") not in TASK_STATES or not chunk.get("title")):
            raise Refused("invalid_chunks")
        if kind == "markdown_text":
            message.text += str(chunk["text"])
    if len(message.text) > LONGEST_MARKDOWN:
        raise Refused("msg_too_long")
    message.streamed += chunks
