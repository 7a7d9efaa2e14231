"""A person at a keyboard: asks, waits for the answer, presses, fills in. Every wait has an end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tests.slack_double.composer import composed, rich_text
from tests.slack_double.deliveries import Delivery, Reply
from tests.slack_double.methods.views import open_views
from tests.slack_double.payloads import channel_of, event_callback, interaction, message_event, slash_command
from tests.slack_double.screens import Home, Modal, Seen
from tests.slack_double.workspace import BOT_USER, Channel, Json, Message, Ticket, User

if TYPE_CHECKING:
    from tests.slack_double.double import SlackDouble

T = TypeVar("T")


class NotSeen(AssertionError):
    """What a person waited for did not come."""


class Person:
    """One member of the workspace, as a test drives them."""

    def __init__(self, slack: SlackDouble, user: User) -> None:
        self.slack = slack
        self.user = user

    @property
    def id(self) -> str:
        """The user's id."""
        return self.user.id

    # Asking

    def mentions(self, channel: str, text: str, *, thread: Seen | None = None, smart_quotes: bool = False) -> Seen:
        """Write `@whynot text` in a channel; with `thread`, in the thread of that message."""
        return self.says(channel, f"<@{BOT_USER}> {text}", thread=thread, smart_quotes=smart_quotes)

    def says(self, channel: str, text: str, *, thread: Seen | None = None, smart_quotes: bool = False) -> Seen:
        """Write in a channel."""
        message = Message(
            channel,
            self.slack.clock.stamp(),
            self.id,
            text=composed(text, smart_quotes=smart_quotes),
            blocks=rich_text(text),
            thread_ts=thread.message.root if thread else None,
        )
        self.slack.workspace.add(message)
        self.slack.announce(message)
        return Seen(self, message)

    def writes(self, text: str, *, thread: Seen | None = None) -> Seen:
        """Write to the app directly."""
        return self.says(self.slack.workspace.direct(self.id).id, text, thread=thread)

    def commands(self, command: str, text: str = "", *, channel: str = "") -> Reply:
        """Use a slash command. What it answers at once is shown to this person only, as are answers that come later."""
        if (known := self.slack.installation.commands) is not None and command not in known:
            raise NotSeen(f"{command} is not a valid command: the manifest declares {sorted(known)}")
        place = self.slack.workspace.channels[channel] if channel else self.slack.workspace.direct(self.id)
        address = self.slack.response_url(Ticket(self.id, 0, 0, place.id))
        body = slash_command(command, text, self.user, place, self.slack.trigger(self.id), address)
        reply = self._acknowledged(self.slack.deliveries.send("slash_commands", body))
        answer = {"text": reply.body} if isinstance(reply.body, str) else reply.body
        if isinstance(answer, dict) and (answer.get("text") or answer.get("blocks")):
            self.slack.shown(place.id, answer, None if answer.get("response_type") == "in_channel" else self.id)
        return reply

    def uses_shortcut(self, callback_id: str, on: Seen | None = None) -> Reply:
        """Choose a shortcut from the menu of a message, or with none, from the search bar."""
        if (known := self.slack.installation.shortcuts) is not None and callback_id not in known:
            raise NotSeen(f"there is no shortcut {callback_id}: the manifest declares {sorted(known)}")
        body = interaction("message_action" if on else "shortcut", self.user, self.slack.trigger(self.id))
        body |= {"callback_id": callback_id, "action_ts": self.slack.clock.stamp()}
        if on:
            message = on.message
            channel = self.slack.workspace.channels[message.channel]
            body |= {
                "channel": channel_of(channel),
                "message_ts": message.ts,
                "message": message.wire(self.slack.workspace),
                "response_url": self.slack.response_url(Ticket(self.id, 0, 0, channel.id, None, message.root)),
            }
        return self.interacts(body)

    def stops(self, thread: Seen) -> None:
        """Press the Stop button of an agent's session."""
        channel, root = thread.message.channel, thread.message.root
        session = self.slack.workspace.threads.get((channel, root))
        if session is None or session.session != "processing":
            raise NotSeen(f"there is no Stop button: the session is {session.session if session else 'not there'}")
        stamp = self.slack.clock.stamp()
        streams = [one.ts for one in self.slack.workspace.visible(channel) if one.root == root and one.is_streaming]
        event = {
            "type": "agent_session_stopped",
            "channel": channel,
            "thread_ts": root,
            "user": self.id,
            "streaming_message_ts": streams,
            "event_ts": stamp,
        }
        if self.slack.tell("agent_session_stopped", event, self.slack.workspace.channels[channel]) is None:
            raise NotSeen("there is no Stop button: the app does not subscribe to agent_session_stopped")

    def edits(self, seen: Seen, text: str) -> None:
        """Edit one's own message."""
        seen.message.text, seen.message.blocks, seen.message.is_edited = composed(text), rich_text(text), True
        seen.message.kept()
        self.slack.happened(seen.message, "changed")

    def deletes(self, seen: Seen) -> None:
        """Delete one's own message."""
        seen.message.is_deleted = True
        self.slack.happened(seen.message, "deleted")

    # Looking

    def opens_home(self) -> Home:
        """Open the App Home."""
        return self._opens("home")

    def opens_messages(self) -> Home:
        """Open the app's Messages tab: the agent's pane."""
        return self._opens("messages")

    def _opens(self, tab: str) -> Home:
        workspace, given = self.slack.workspace, self.slack.installation
        if not (given.home_tab if tab == "home" else given.messages_tab):
            raise NotSeen(f"the app has no {tab} tab: the manifest does not switch it on")
        place = workspace.direct(self.id)
        event: Json = {
            "type": "app_home_opened",
            "user": self.id,
            "channel": place.id,
            "tab": tab,
            "event_ts": self.slack.clock.stamp(),
        }
        home = workspace.homes.get(self.id)
        if tab == "home" and home:
            event["view"] = home.wire()
        self.slack.tell("app_home_opened", event, place)
        return Home(self)

    def modal(self, containing: str = "", *, within: float | None = None) -> Modal:
        """Wait for a modal to open."""
        api = self.slack.api

        def opened() -> Modal | None:
            views = [Modal(self, one) for one in open_views(api, self.id)]
            return next((one for one in reversed(views) if containing in f"{one.title}\n{one.text}"), None)

        return self.waits_for(opened, f"a modal {containing!r}", within)

    def sees(self, channel: str, containing: str = "", *, within: float | None = None) -> Seen:
        """Wait for a message of the app in a channel, one for this person's eyes only included."""

        def there() -> Seen | None:
            shown = [
                Seen(self, one) for one in self.slack.workspace.visible(channel, self.id) if one.author == BOT_USER
            ]
            return next((one for one in reversed(shown) if containing in one.everything), None)

        return self.waits_for(there, f"a message {containing!r} in {channel}", within)

    def sees_direct(self, containing: str = "", *, within: float | None = None) -> Seen:
        """Wait for a direct message of the app."""
        return self.sees(self.slack.workspace.direct(self.id).id, containing, within=within)

    def waits_for(self, look: Callable[[], T | None], what: str, within: float | None = None) -> T:
        """Wait until something is there; raises NotSeen with the transcript."""
        return self.slack.waits_for(look, f"{self.user.name} waited for {what}", within)

    # Acting

    def interacts(self, body: Json) -> Reply:
        """Send an interaction, and wait until the app has acknowledged it."""
        if not self.slack.installation.is_interactive:
            raise NotSeen("the manifest does not switch interactivity on")
        return self._acknowledged(self.slack.deliveries.send("interactive", body))

    def _acknowledged(self, delivery: Delivery) -> Reply:
        if not delivery.settled.wait(self.slack.deliveries.ack_within + 5):
            raise NotSeen(f"the delivery never ended\n{self.slack.transcript()}")
        reply = delivery.acknowledged
        if reply is None:
            why = delivery.replies[-1].reason
            raise NotSeen(f"{self.user.name} saw 'This app did not respond' ({why})\n{self.slack.transcript()}")
        return reply

    def home_channel(self) -> Channel:
        """The direct messages with the app."""
        return self.slack.workspace.direct(self.id)


def mention_events(slack: SlackDouble, message: Message) -> list[tuple[str, Json]]:
    """The events of a message: a mention in a channel whose messages the app hears as well comes as two."""
    workspace = slack.workspace
    channel = workspace.channels[message.channel]
    events: list[tuple[str, Json]] = []
    if f"<@{BOT_USER}>" in message.text and channel.kind != "im":
        events.append(("app_mention", message_event(workspace, message, "app_mention")))
    name = {"public": "message.channels", "private": "message.groups", "im": "message.im", "mpim": "message.mpim"}[
        channel.kind
    ]
    events.append((name, message_event(workspace, message, "message")))
    return [(kind, event_callback(workspace, event, channel)) for kind, event in events]
