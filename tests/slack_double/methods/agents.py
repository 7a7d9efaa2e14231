"""The thread of an agent: its status line, title and prompts, and the session with its Stop button."""

from __future__ import annotations

from tests.slack_double.calls import Call, Refused, method
from tests.slack_double.web_api import WebApi
from tests.slack_double.workspace import AgentThread, Json

STATUS_STAYS = 120.0
SESSION_STATES = {"active", "processing", "suspended", "closed"}


def thread_of(api: WebApi, call: Call) -> AgentThread:
    """What the thread that a call names shows beside its messages."""
    channel = api.open_channel(call, "channel_id")
    root = call.required("thread_ts")
    if (channel.id, root) not in api.workspace.messages and channel.kind != "im":
        raise Refused("thread_not_found")
    return api.workspace.threads.setdefault((channel.id, root), AgentThread())


@method("assistant.threads.setStatus", "chat:write", "assistant:write", per_minute=600)
def set_status(api: WebApi, call: Call) -> Json:
    thread = thread_of(api, call)
    loading = call.structured("loading_messages") or []
    if len(loading) > 10:
        raise Refused("invalid_arguments")
    thread.status = call.text("status")
    thread.loading_messages = list(loading)
    thread.status_until = api.workspace.clock.now() + STATUS_STAYS
    thread.statuses.append(thread.status)
    return {}


@method("assistant.threads.setTitle", "assistant:write")
def set_title(api: WebApi, call: Call) -> Json:
    thread_of(api, call).title = call.required("title")
    return {}


@method("assistant.threads.setSuggestedPrompts", "assistant:write")
def set_suggested_prompts(api: WebApi, call: Call) -> Json:
    prompts = call.items("prompts")
    if not 1 <= len(prompts) <= 4 or any(set(one) != {"title", "message"} for one in prompts):
        raise Refused("invalid_arguments")
    channel = api.open_channel(call, "channel_id")
    thread = api.workspace.threads.setdefault((channel.id, call.text("thread_ts")), AgentThread())
    thread.prompts = prompts
    return {}


@method("agents.sessions.setStatus", "chat:write")
def session_status(api: WebApi, call: Call) -> Json:
    api.needs("assistant:write")
    thread = thread_of(api, call)
    status = call.required("status")
    if status not in SESSION_STATES or len(call.text("title")) > 200:
        raise Refused("invalid_arguments")
    if not thread.session:
        thread.title = call.text("title") or thread.title
    thread.session = status
    thread.statuses.append(status)
    heard = api.installation.hears("agent_session_stopped")
    warning = {} if heard else {"warning": "missing_agent_session_stopped_event_subscription"}
    return {"status": status, "title": thread.title, **warning}


@method("agents.sessions.rename", "chat:write")
def session_rename(api: WebApi, call: Call) -> Json:
    thread = thread_of(api, call)
    if not thread.session:
        raise Refused("session_not_found")
    thread.title = call.required("title")
    return {"title": thread.title}
