"""What a Slack workspace holds: people, conversations, messages, files and views; and who waits for a change of it."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.slack_double.clock import Clock

Json = dict[str, Any]
Kind = Literal["public", "private", "im", "mpim"]

TEAM = "T0ACME"
OTHER_TEAM = "T0OTHER"
BOT_USER = "U0WHYNOT"
BOT = "B0WHYNOT"
APP = "A0WHYNOT"


@dataclass
class User:
    """A member of the workspace, a bot, or a stranger from a workspace that a channel is shared with."""

    id: str
    name: str
    team: str = TEAM
    is_bot: bool = False
    is_guest: bool = False
    is_single_channel_guest: bool = False
    is_deactivated: bool = False

    def wire(self) -> Json:
        """As `users.info` gives it."""
        return {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "real_name": self.name.title(),
            "deleted": self.is_deactivated,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_admin": False,
            "is_owner": False,
            "is_restricted": self.is_guest or self.is_single_channel_guest,
            "is_ultra_restricted": self.is_single_channel_guest,
            "is_stranger": self.team != TEAM,
            "tz": "Europe/Amsterdam",
            "profile": {"real_name": self.name.title(), "display_name": self.name, "team": self.team},
        }


@dataclass
class Channel:
    """A conversation: a channel, a private one, or a direct message."""

    id: str
    name: str
    kind: Kind = "public"
    members: set[str] = field(default_factory=set)
    shared_with: tuple[str, ...] = ()
    is_archived: bool = False

    def wire(self) -> Json:
        """As `conversations.info` gives it."""
        return {
            "id": self.id,
            **({"user": next(iter(self.members - {BOT_USER}), "")} if self.kind == "im" else {"name": self.name}),
            "is_channel": self.kind == "public",
            "is_group": self.kind == "private",
            "is_im": self.kind == "im",
            "is_mpim": self.kind == "mpim",
            "is_private": self.kind != "public",
            "is_archived": self.is_archived,
            "is_shared": bool(self.shared_with),
            "is_ext_shared": bool(self.shared_with),
            "is_org_shared": False,
            "is_pending_ext_shared": False,
            "shared_team_ids": [TEAM, *self.shared_with],
            "is_member": BOT_USER in self.members,
            "num_members": len(self.members),
            "context_team_id": TEAM,
        }


@dataclass
class Message:
    """A message as it stands now, with how it stood before (`history`: seconds of `time.monotonic`, text, blocks).

    `events` are the bodies of what was sent to the app when it was posted.
    """

    channel: str
    ts: str
    author: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    only_for: str | None = None
    files: list[str] = field(default_factory=list)
    metadata: Json | None = None
    is_edited: bool = False
    is_deleted: bool = False
    is_streaming: bool = False
    streamed: list[Json] = field(default_factory=list)
    reactions: dict[str, set[str]] = field(default_factory=dict)
    history: list[tuple[float, str, list[Json]]] = field(default_factory=list)
    events: list[Json] = field(default_factory=list)

    def kept(self) -> None:
        """Note how the message stands now."""
        self.history.append((time.monotonic(), self.text, self.blocks))

    @property
    def root(self) -> str:
        """The `ts` of the thread that this message is in, or starts."""
        return self.thread_ts or self.ts

    def wire(self, workspace: Workspace) -> Json:
        """As the Web API and interaction payloads give it."""
        bot = self.author == BOT_USER
        replies = [one for one in workspace.visible(self.channel) if one.thread_ts == self.ts and one is not self]
        return {
            "type": "message",
            "user": self.author,
            "team": workspace.users[self.author].team if self.author in workspace.users else TEAM,
            "ts": self.ts,
            "text": self.text,
            **({"bot_id": BOT, "app_id": APP} if bot else {}),
            **({"blocks": self.blocks} if self.blocks else {}),
            **({"attachments": self.attachments} if self.attachments else {}),
            **({"metadata": self.metadata} if self.metadata else {}),
            **({"files": [workspace.files[name].wire() for name in self.files]} if self.files else {}),
            **({"thread_ts": self.thread_ts, "parent_user_id": self._parent(workspace)} if self.thread_ts else {}),
            **({"thread_ts": self.ts, "reply_count": len(replies)} if replies else {}),
            **({"edited": {"user": self.author, "ts": self.ts}} if self.is_edited else {}),
            **({"streaming_state": "in_progress"} if self.is_streaming else {}),
        }

    def _parent(self, workspace: Workspace) -> str:
        parent = workspace.messages.get((self.channel, self.thread_ts or ""))
        return parent.author if parent else ""


@dataclass
class File:
    """An upload. Slack works on it for a while after it was completed; until then no block may show it."""

    id: str
    name: str
    length: int
    alt_text: str = ""
    title: str = ""
    content: bytes | None = None
    completed_at: float | None = None
    ready_at: float | None = None
    shared_in: list[tuple[str, str]] = field(default_factory=list)
    is_ready: Callable[[], bool] = field(default=lambda: False, repr=False)

    def wire(self) -> Json:
        """As `files.info` gives it: no mimetype yet while Slack is at work on it."""
        ready = self.is_ready()
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "size": self.length,
            "user": BOT_USER,
            "mimetype": _mimetype(self.name) if ready else "",
            "filetype": self.name.rpartition(".")[2] if ready else "",
            "url_private": f"https://files.slack.com/files-pri/{TEAM}-{self.id}/{self.name}",
            "alt_txt": self.alt_text,
            "shares": {"public": {channel: [{"ts": ts}] for channel, ts in self.shared_in}},
        }


def _mimetype(name: str) -> str:
    return {
        "png": "image/png",
        "svg": "image/svg+xml",
        "json": "application/json",
        "txt": "text/plain",
        "log": "text/plain",
        "md": "text/markdown",
        "zip": "application/zip",
        "gz": "application/gzip",
    }.get(name.rpartition(".")[2], "application/octet-stream")


@dataclass
class View:
    """A modal on somebody's screen, or the App Home of a person."""

    id: str
    person: str
    payload: Json
    hash: str
    root: str = ""
    is_open: bool = True

    def wire(self) -> Json:
        """As the Web API and interaction payloads give it; what the person typed is added by who knows it."""
        return {
            **self.payload,
            "id": self.id,
            "team_id": TEAM,
            "app_id": APP,
            "bot_id": BOT,
            "app_installed_team_id": TEAM,
            "hash": self.hash,
            "root_view_id": self.root or self.id,
            "previous_view_id": None,
            "external_id": self.payload.get("external_id", ""),
            "callback_id": self.payload.get("callback_id", ""),
            "private_metadata": self.payload.get("private_metadata", ""),
            "notify_on_close": self.payload.get("notify_on_close", False),
            "clear_on_close": self.payload.get("clear_on_close", False),
        }


@dataclass
class Ticket:
    """Something that may be used a few times, for a while: a `trigger_id`, or a `response_url`."""

    person: str
    expires: float
    uses_left: int
    channel: str = ""
    message: str | None = None
    thread_ts: str | None = None


@dataclass
class AgentThread:
    """What an agent's thread shows beside its messages: a status line, a title, prompts to press."""

    status: str = ""
    status_until: float = 0.0
    loading_messages: list[str] = field(default_factory=list)
    session: str = ""
    title: str = ""
    prompts: list[Json] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)


class Workspace:
    """Everything there is, behind one lock; `changed` is notified whenever something changes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.changed = threading.Condition(threading.RLock())
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[tuple[str, str], Message] = {}
        self.files: dict[str, File] = {}
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Ticket] = {}
        self.response_urls: dict[str, Ticket] = {}
        self.threads: dict[tuple[str, str], AgentThread] = {}
        self.usergroups: dict[str, list[str]] = {}
        self._numbers = itertools.count(1)
        self.users[BOT_USER] = User(BOT_USER, "whynot", is_bot=True)

    def new_id(self, prefix: str) -> str:
        """An id of Slack's form: a letter and at least eight more."""
        return f"{prefix}0{next(self._numbers):08d}"

    def visible(self, channel: str, person: str | None = None) -> list[Message]:
        """The messages of a conversation, oldest first; those for one person only are shown to nobody else."""
        with self.changed:
            return sorted(
                (
                    one
                    for one in self.messages.values()
                    if one.channel == channel and not one.is_deleted and (one.only_for in {None, person})
                ),
                key=lambda one: one.ts,
            )

    def add(self, message: Message) -> Message:
        """Put a message where it belongs."""
        with self.changed:
            message.kept()
            self.messages[message.channel, message.ts] = message
            thread = self.threads.get((message.channel, message.root))
            if thread and message.author == BOT_USER:
                thread.status = ""
            self.changed.notify_all()
        return message

    def touched(self) -> None:
        """Say that something has changed."""
        with self.changed:
            self.changed.notify_all()

    def direct(self, person: str) -> Channel:
        """The direct messages between a person and the app, begun if need be."""
        with self.changed:
            for channel in self.channels.values():
                if channel.kind == "im" and channel.members == {person, BOT_USER}:
                    return channel
            made = Channel(f"D{person[1:]}", "", "im", {person, BOT_USER})
            self.channels[made.id] = made
            return made
