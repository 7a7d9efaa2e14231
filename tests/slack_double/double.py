"""The Slack double: a workspace on loopback that a real Bolt app connects to, unchanged, over HTTP or Socket Mode."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self, TypeVar

import tests.slack_double.methods  # noqa: F401 - fills the table of methods
from tests.slack_double.calls import Call
from tests.slack_double.clock import Clock
from tests.slack_double.deliveries import Deliveries, Delivery, Transport
from tests.slack_double.http_delivery import HttpDelivery
from tests.slack_double.http_side import Server
from tests.slack_double.installation import Installation
from tests.slack_double.methods.chat import new_message
from tests.slack_double.payloads import EVENT_OF, changed_event, event_callback, message_event
from tests.slack_double.person import NotSeen, Person, mention_events
from tests.slack_double.response_urls import LASTS, USES, new_response_url
from tests.slack_double.screens import Seen
from tests.slack_double.socket_side import SocketSide
from tests.slack_double.transcript import transcript
from tests.slack_double.web_api import Called, Mishap, WebApi
from tests.slack_double.workspace import (
    BOT_USER,
    OTHER_TEAM,
    TEAM,
    Channel,
    Json,
    Kind,
    Message,
    Ticket,
    User,
    Workspace,
)

T = TypeVar("T")
TRIGGER_LASTS = 3.0
PATIENCE = 15.0


class SlackDouble:
    """A workspace with an app installed. As a context manager it serves, and at the end fails for every fault.

    `base_url`, `bot_token`, `app_token` and `signing_secret` are what the app is configured with. An app that opens a
    socket is reached there; one that serves HTTP says where by `serve_at`.
    """

    def __init__(self, installation: Installation | None = None, *, patience: float = PATIENCE) -> None:
        self.clock = Clock()
        self.installation = installation or Installation()
        self.workspace = Workspace(self.clock)
        self.api = WebApi(self.workspace, self.installation, self.happened)
        self.patience = patience
        self.http: HttpDelivery | None = None
        self.socket = SocketSide()
        self.deliveries = Deliveries(self._transport, self.clock)
        self._server = Server(self.api)
        self.api.upload_url = f"{self._server.url}/upload"
        self.api.socket_url = self.socket.ticket
        self.base_url = f"{self._server.url}/api/"
        self.bot_token = self.installation.bot_token
        self.app_token = self.installation.app_token
        self.signing_secret = self.installation.signing_secret
        self.fails_for_faults = True

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.close()
        if self.fails_for_faults and kind is None and self.api.faults:
            faults = "\n  ".join(dict.fromkeys(self.api.faults))
            raise AssertionError(f"the app sent what it should not:\n  {faults}")

    def close(self) -> None:
        """Serve no more."""
        self.deliveries.close()
        self.socket.stop()
        self._server.stop()

    def _transport(self) -> Transport:
        return self.http or self.socket

    def serve_at(self, request_url: str) -> HttpDelivery:
        """Send events and interactions to this address, signed, from now on."""
        self.http = HttpDelivery(request_url, self.signing_secret)
        return self.http

    def installs(self, installation: Installation) -> None:
        """Give the app other scopes, events and menus; its tokens stay."""
        self.installation = self.api.installation = installation

    # The workspace

    def user(self, name: str, **more: Any) -> User:
        """Add a user; the id is the first letter U and the name."""
        user = User(more.pop("id", f"U{name.upper()}"), name, **more)
        self.workspace.users[user.id] = user
        return user

    def stranger(self, name: str) -> User:
        """Add a user of another workspace."""
        return self.user(name, team=OTHER_TEAM)

    def channel(
        self, name: str, title: str = "", kind: Kind = "public", *, bot: bool = True, shared: bool = False
    ) -> Channel:
        """Add a channel, by its id, with everybody in it, and the app, if `bot`."""
        members = {one for one in self.workspace.users if one != BOT_USER or bot}
        channel = Channel(name, title or name.lower(), kind, members, (OTHER_TEAM,) if shared else ())
        self.workspace.channels[name] = channel
        return channel

    def person(self, name: str) -> Person:
        """Somebody to act as, by id; made up, if there is nobody of this id, and a member of every channel."""
        if name not in self.workspace.users:
            self.workspace.users[name] = User(name, name.lower())
            for channel in self.workspace.channels.values():
                if channel.kind != "im":
                    channel.members.add(name)
        return Person(self, self.workspace.users[name])

    # What goes wrong

    def fails(
        self, method: str, error: str, *, times: int = 1, only_if: Callable[[Call], bool] = lambda _: True
    ) -> None:
        """Let the next calls of a method fail with an error code."""
        self.api.mishaps.append(Mishap(method, "error", error, times, only_if=only_if))

    def rate_limits(self, method: str, *, retry_after: int = 1, times: int = 1) -> None:
        """Answer the next calls of a method with 429."""
        self.api.mishaps.append(Mishap(method, "ratelimited", times=times, retry_after=retry_after))

    def resets(self, method: str, *, times: int = 1, after: bool = False) -> None:
        """Reset the connection on the next calls of a method; `after` it was done, so that only the answer is lost."""
        self.api.mishaps.append(Mishap(method, "reset after" if after else "reset", times=times))

    def breaks(self, method: str, *, times: int = 1) -> None:
        """Answer the next calls of a method with status 500."""
        self.api.mishaps.append(Mishap(method, "server error", times=times))

    def refuses_blocks(self, *kinds: str) -> None:
        """Refuse blocks of these types, as a workspace that does not have them yet."""
        self.api.refused_blocks |= set(kinds)

    def removes_app_from(self, channel: str) -> None:
        """Take the app out of a channel."""
        self.workspace.channels[channel].members.discard(BOT_USER)
        kind = "channel_left" if self.workspace.channels[channel].kind == "public" else "group_left"
        self.tell(kind, {"type": kind, "channel": channel, "actor_id": "UADMIN", "event_ts": self.clock.stamp()}, None)

    # What is sent

    def announce(self, message: Message) -> list[Delivery]:
        """Send the events of a new message."""
        inside = BOT_USER in self.workspace.channels[message.channel].members
        message.events = [
            body for kind, body in mention_events(self, message) if self.installation.hears(kind) and inside
        ]
        return [self.deliveries.send("events_api", body) for body in message.events]

    def tell(self, name: str, event: Json, channel: Channel | None) -> Delivery | None:
        """Send an event, if the app subscribes to it."""
        if not self.installation.hears(name):
            return None
        return self.deliveries.send("events_api", event_callback(self.workspace, event, channel))

    def happened(self, message: Message, what: str) -> None:
        """Tell the app what it or somebody did to a message, if it listens."""
        channel = self.workspace.channels[message.channel]
        if message.only_for or BOT_USER not in channel.members:
            return
        self.workspace.touched()
        event = (
            message_event(self.workspace, message, "message")
            if what == "posted"
            else changed_event(self.workspace, message, what)
        )
        self.tell(EVENT_OF[channel.kind], event, channel)

    def trigger(self, person: str) -> str:
        """A fresh `trigger_id`."""
        name = f"{self.workspace.new_id('1')}.{TEAM}.{self.workspace.new_id('a')}"
        self.workspace.triggers[name] = Ticket(person, self.clock.now() + TRIGGER_LASTS, 1)
        return name

    def response_url(self, ticket: Ticket) -> str:
        """A fresh `response_url` for a ticket whose life starts now."""
        ticket.expires, ticket.uses_left = self.clock.now() + LASTS, USES
        return new_response_url(self.api, ticket)

    def shown(self, channel: str, answer: Json, only_for: str | None) -> Message:
        """Show what came back with an acknowledgement."""
        message = new_message(self.api, Call("acknowledgement", answer, ""), channel)
        message.only_for = only_for
        return self.workspace.add(message)

    # What is looked at

    def waits_for(self, look: Callable[[], T | None], what: str, within: float | None = None) -> T:
        """Wait until something is there; raises NotSeen with the transcript."""
        until = time.monotonic() + (self.patience if within is None else within)
        with self.workspace.changed:
            while (found := look()) is None:
                left = until - time.monotonic()
                if left <= 0:
                    raise NotSeen(f"{what}, and it did not come.{self.transcript()}")
                self.workspace.changed.wait(min(left, 0.25))
            return found

    def status(self, thread: Seen) -> str:
        """The status line that a thread shows now."""
        shown = self.workspace.threads.get((thread.message.channel, thread.message.root))
        return shown.status if shown and self.clock.now() < shown.status_until else ""

    def prompts(self, channel: str) -> list[Json] | None:
        """The prompts that the newest agent's thread of a conversation suggests."""
        with_prompts = [
            one.prompts for (place, _), one in self.workspace.threads.items() if place == channel and one.prompts
        ]
        return with_prompts[-1] if with_prompts else None

    def statuses(self, thread: Seen) -> list[str]:
        """Every status that a thread was given, in order, those of its session too."""
        shown = self.workspace.threads.get((thread.message.channel, thread.message.root))
        return list(shown.statuses) if shown else []

    def calls(self, method: str) -> list[Called]:
        """The calls of a method so far."""
        return [one for one in self.api.calls if one.method == method]

    def transcript(self) -> str:
        """Everything, as text."""
        return transcript(self.api)
