"""The bodies of what Slack sends: events, interactions and slash commands."""

from __future__ import annotations

from tests.slack_double.workspace import APP, BOT, BOT_USER, OTHER_TEAM, TEAM, Channel, Json, Message, User, Workspace

VERIFICATION = "verification-token-of-the-double"
CHANNEL_TYPE = {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}
EVENT_OF = {"public": "message.channels", "private": "message.groups", "im": "message.im", "mpim": "message.mpim"}


def event_callback(workspace: Workspace, event: Json, channel: Channel | None = None) -> Json:
    """An event in its envelope."""
    shared = bool(channel and channel.shared_with)
    return {
        "token": VERIFICATION,
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": workspace.new_id("Ev"),
        "event_time": int(workspace.clock.now()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": f"4-{workspace.new_id('e')}",
    }


def message_event(workspace: Workspace, message: Message, kind: str) -> Json:
    """An `app_mention` or a `message` event."""
    channel, author = workspace.channels[message.channel], workspace.users[message.author]
    bot = author.id == BOT_USER
    return {
        "type": kind,
        "user": author.id,
        "ts": message.ts,
        "client_msg_id": f"client-{message.ts}",
        "text": message.text,
        "team": author.team,
        **({"blocks": message.blocks} if message.blocks else {}),
        **({"bot_id": BOT, "app_id": APP} if bot else {"bot_id": f"B{author.id[1:]}"} if author.is_bot else {}),
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        **({"files": [workspace.files[one].wire() for one in message.files]} if message.files else {}),
        **({"user_team": author.team, "source_team": author.team} if author.team == OTHER_TEAM else {}),
        "channel": channel.id,
        **({"channel_type": CHANNEL_TYPE[channel.kind]} if kind == "message" else {}),
        "event_ts": message.ts,
    }


def changed_event(workspace: Workspace, message: Message, what: str) -> Json:
    """A `message` event that says that a message was edited or deleted."""
    channel = workspace.channels[message.channel]
    stamp = workspace.clock.stamp()
    common = {"type": "message", "channel": channel.id, "channel_type": CHANNEL_TYPE[channel.kind], "hidden": True}
    before = {**message.wire(workspace)}
    if what == "deleted":
        return {
            **common,
            "subtype": "message_deleted",
            "deleted_ts": message.ts,
            "previous_message": before,
            "ts": stamp,
            "event_ts": stamp,
        }
    return {
        **common,
        "subtype": "message_changed",
        "message": before,
        "previous_message": before,
        "ts": stamp,
        "event_ts": stamp,
    }


def interaction(kind: str, user: User, trigger: str) -> Json:
    """What every interaction carries."""
    return {
        "type": kind,
        "token": VERIFICATION,
        "team": {"id": TEAM, "domain": "acme"},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        "api_app_id": APP,
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": trigger,
    }


def channel_of(channel: Channel) -> Json:
    """A channel in an interaction."""
    return {"id": channel.id, "name": channel.name or "directmessage"}


def slash_command(command: str, text: str, user: User, channel: Channel, trigger: str, response_url: str) -> Json:
    """A slash command: every value is text, for it travels as a form."""
    return {
        "token": VERIFICATION,
        "team_id": TEAM,
        "team_domain": "acme",
        "channel_id": channel.id,
        "channel_name": channel.name or "directmessage",
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger,
    }
