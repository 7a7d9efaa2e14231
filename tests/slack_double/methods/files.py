"""Files: uploaded in three steps, and not ready for a while after the last."""

from __future__ import annotations

from tests.slack_double.calls import Call, Refused, method
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import BOT_USER, File, Json, Message


@method("files.getUploadURLExternal", "files:write", per_minute=100)
def get_upload_url(api: WebApi, call: Call) -> Json:
    length = call.required("length")
    if not length.isdigit() or int(length) == 0:
        raise Refused("invalid_arguments")
    file = File(
        api.workspace.new_id("F"),
        call.required("filename"),
        int(length),
        alt_text=call.text("alt_txt") or call.text("alt_text"),
    )
    file.is_ready = lambda: file.ready_at is not None and api.workspace.clock.now() >= file.ready_at
    api.workspace.files[file.id] = file
    return {"upload_url": f"{api.upload_url}/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal", "files:write", per_minute=100)
def complete_upload(api: WebApi, call: Call) -> Json:
    if call.text("blocks"):
        # slackapi/python-slack-sdk#1756
        raise Refused("internal_error")
    files = [_uploaded(api, one) for one in call.items("files")]
    if not files:
        raise Refused("invalid_arguments")
    for file in files:
        file.completed_at = api.workspace.clock.now()
        file.ready_at = file.completed_at + api.files_take
    if call.text("channel_id"):
        channel = api.open_channel(call, "channel_id")
        message = Message(
            channel.id,
            api.workspace.clock.stamp(),
            BOT_USER,
            text=call.text("initial_comment"),
            thread_ts=call.text("thread_ts") or None,
            files=[file.id for file in files],
        )
        api.workspace.add(message)
        for file in files:
            file.shared_in.append((channel.id, message.ts))
        api.happened(message, "posted")
    return {"files": [{"id": file.id, "title": file.title or file.name} for file in files]}


@method("files.info", "files:read", per_minute=100)
def files_info(api: WebApi, call: Call) -> Json:
    return {"file": _completed(api, call).wire(), "comments": []}


@method("files.delete", "files:write")
def files_delete(api: WebApi, call: Call) -> Json:
    del api.workspace.files[_completed(api, call).id]
    return {}


def _uploaded(api: WebApi, named: Json) -> File:
    file = api.workspace.files.get(str(named.get("id")))
    if file is None or file.content is None or file.completed_at is not None:
        raise Refused("file_not_found" if file is None else "file_update_failed")
    if len(file.content) != file.length:
        raise Refused("file_upload_size_mismatch")
    file.title = str(named.get("title") or "")
    return file


def _completed(api: WebApi, call: Call) -> File:
    file = api.workspace.files.get(call.required("file"))
    if file is None or file.completed_at is None:
        raise Refused("file_not_found")
    return file
