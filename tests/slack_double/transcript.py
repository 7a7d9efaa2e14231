"""A conversation as text, for whoever reads why a test failed."""

from __future__ import annotations

from tests.slack_double.reading import elements, words
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import BOT_USER, Message, Workspace

LAST_MESSAGES = 12
LAST_CALLS = 25


def transcript(api: WebApi) -> str:
    """The last messages with their channels and threads, the newest view, and the last calls."""
    workspace = api.workspace
    with workspace.changed:
        lines = ["", "Slack, as it stands:"]
        newest = sorted(workspace.messages.values(), key=lambda one: one.ts)[-LAST_MESSAGES:]
        channel = ""
        for one in sorted(newest, key=lambda one: (one.channel, one.root, one.ts)):
            if one.channel != channel:
                channel = one.channel
                lines.append(f"  {channel} #{workspace.channels[channel].name}")
            lines += _message(workspace, one)
        for view in [one for one in workspace.views.values() if one.is_open][-1:]:
            lines.append(f"  view {view.id} of {view.person}: {words(view.payload['blocks'])[:400]!r}")
        lines.append("Last calls:")
        for call in list(api.calls)[-LAST_CALLS:]:
            outcome = "ok" if call.answer.get("ok") else str(call.answer.get("error"))
            lines.append(f"  {call.method} -> {outcome}")
        lines += ["Faults:", *(f"  {one}" for one in api.faults)] if api.faults else []
    return "\n".join(lines)


def _message(workspace: Workspace, message: Message) -> list[str]:
    who = "whynot" if message.author == BOT_USER else workspace.users[message.author].name
    marks = "".join(
        mark
        for mark, is_so in (
            (" (edited)", message.is_edited),
            (" (deleted)", message.is_deleted),
            (f" (only for {message.only_for})", message.only_for),
            (" (streaming)", message.is_streaming),
        )
        if is_so
    )
    indent = "      " if message.thread_ts else "    "
    buttons = [one.label for one in elements(message.blocks)]
    said = " | ".join(words(message.blocks).splitlines())[:600] if message.author == BOT_USER else ""
    return [
        f"{indent}{message.ts} {who}{marks}: {message.text[:200]}",
        *([f"{indent}  {said}"] if said else []),
        *([f"{indent}  buttons: {buttons}"] if buttons else []),
    ]
