"""What is on a person's screen: a message, a modal, the App Home; and what can be done with each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.slack_double.deliveries import Reply
from tests.slack_double.payload_checks import view_payload
from tests.slack_double.payloads import channel_of, interaction
from tests.slack_double.reading import Element, chosen, elements, filled, find, initial, words
from tests.slack_double.workspace import BOT_USER, Json, Message, Ticket, View

if TYPE_CHECKING:
    from tests.slack_double.person import Person


class Seen:
    """A message as a person sees it. What it says is read anew each time, for messages change."""

    def __init__(self, person: Person, message: Message) -> None:
        self.person = person
        self.message = message

    def __repr__(self) -> str:
        return f"<message {self.message.ts} in {self.message.channel}: {self.text[:80]!r}>"

    @property
    def text(self) -> str:
        """What a notification says."""
        return self.message.text

    @property
    def blocks(self) -> list[Json]:
        """The blocks as they stand."""
        return self.message.blocks

    @property
    def everything(self) -> str:
        """All that can be read in it: the text, the blocks, what was streamed, the names of its files."""
        files = [self.person.slack.workspace.files[one].name for one in self.message.files]
        return "\n".join([self.message.text, words(self.message.blocks), words(self.message.streamed), *files])

    @property
    def buttons(self) -> list[str]:
        """What can be pressed or chosen from, by label."""
        return [one.label for one in elements(self.message.blocks)]

    def replies(self) -> list[Seen]:
        """The app's messages in its thread that this person can see, oldest first."""
        workspace = self.person.slack.workspace
        return [
            Seen(self.person, one)
            for one in workspace.visible(self.message.channel, self.person.id)
            if one.root == self.message.root and one.author == BOT_USER and one is not self.message
        ]

    def reply(self, containing: str | re.Pattern[str] = "", *, within: float | None = None) -> Seen:
        """Wait for a message of the app in the thread that says so. The newest that does, if there are several."""

        def there() -> Seen | None:
            return next((one for one in reversed(self.replies()) if one.says(containing)), None)

        return self.person.waits_for(there, f"a reply {containing!r} to {self.text!r}", within)

    def says(self, containing: str | re.Pattern[str]) -> bool:
        """Whether it says so now."""
        if isinstance(containing, str):
            return containing.lower() in self.everything.lower()
        return containing.search(self.everything) is not None

    def until(self, containing: str | re.Pattern[str], *, within: float | None = None) -> Seen:
        """Wait until this message says so."""
        return self.person.waits_for(
            lambda: self if self.says(containing) else None, f"{self!r} to say {containing!r}", within
        )

    def has_button(self, label: str) -> bool:
        """Whether there is such a button now."""
        return any(label.lower() in one.lower() for one in self.buttons)

    def click(self, label: str) -> Reply:
        """Press a button."""
        element = self._element(label)
        return self.act(element, {"text": element.raw.get("text"), "value": element.raw.get("value")})

    def choose(self, label: str, option: str) -> Reply:
        """Choose from a select, an overflow menu or radio buttons."""
        element = self._element(label)
        return self.act(element, {"selected_option": chosen(element, option)})

    def act(self, element: Element, more: Json) -> Reply:
        """Send the interaction; `act` on an element of an old version of the message is a press on a stale button."""
        slack, message = self.person.slack, self.message
        channel = slack.workspace.channels[message.channel]
        ticket = Ticket(self.person.id, 0, 0, channel.id, message.ts, message.thread_ts)
        body = interaction("block_actions", self.person.user, slack.trigger(self.person.id))
        body |= {
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": channel.id,
                "is_ephemeral": message.only_for is not None,
                **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
            },
            "channel": channel_of(channel),
            **({} if message.only_for else {"message": message.wire(slack.workspace)}),
            "state": {"values": {}},
            "response_url": slack.response_url(ticket),
            "actions": [_action(element, more, slack.clock.stamp())],
        }
        return self.person.interacts(body)

    def _element(self, label: str) -> Element:
        def there() -> Element | None:
            try:
                return find(elements(self.message.blocks), label)
            except LookupError:
                return None

        return self.person.waits_for(there, f"{label!r} on {self!r}, which has {self.buttons}")


def _action(element: Element, more: Json, stamp: str) -> Json:
    known = {key: value for key, value in more.items() if value is not None}
    return {
        "type": element.kind,
        "action_id": element.action_id,
        "block_id": element.block_id,
        "action_ts": stamp,
        **known,
    }


class Screen:
    """A view: a modal or the App Home."""

    def __init__(self, person: Person, view: View) -> None:
        self.person = person
        self.view = view

    @property
    def blocks(self) -> list[Json]:
        """The blocks as they stand."""
        blocks: list[Json] = self.view.payload["blocks"]
        return blocks

    @property
    def text(self) -> str:
        """All that can be read in it."""
        return words(self.blocks)

    @property
    def buttons(self) -> list[str]:
        """What can be pressed, chosen or filled in, by label."""
        return [one.label for one in elements(self.blocks)]

    def until(self, containing: str, *, within: float | None = None) -> None:
        """Wait until it says so."""
        self.person.waits_for(lambda: True if containing in self.text else None, f"{containing!r} in the view", within)

    def click(self, label: str) -> Reply:
        """Press a button in it."""
        element = find(elements(self.blocks), label)
        return self._act(element, {"text": element.raw.get("text"), "value": element.raw.get("value")})

    def _act(self, element: Element, more: Json) -> Reply:
        slack = self.person.slack
        body = interaction("block_actions", self.person.user, slack.trigger(self.person.id))
        body |= {
            "container": {"type": "view", "view_id": self.view.id},
            "view": {**self.view.wire(), "state": {"values": self._values()}},
            "actions": [_action(element, more, slack.clock.stamp())],
        }
        return self.person.interacts(body)

    def _values(self) -> dict[str, dict[str, Any]]:
        return {}


class Home(Screen):
    """The App Home of a person; made on the first look at it."""

    def __init__(self, person: Person) -> None:
        self.person = person

    @property
    def view(self) -> View:  # type: ignore[override]
        """What is published now; waits for the first."""
        homes = self.person.slack.workspace.homes
        return self.person.waits_for(lambda: homes.get(self.person.id), "an App Home")


class Modal(Screen):
    """A modal: filled in, submitted or closed."""

    def __init__(self, person: Person, view: View) -> None:
        super().__init__(person, view)
        self._state: dict[tuple[str, str], Json] = {}

    @property
    def title(self) -> str:
        """What stands above it."""
        return str(self.view.payload.get("title", {}).get("text", ""))

    @property
    def is_open(self) -> bool:
        """Whether it is still on the screen."""
        return self.view.is_open

    def fill(self, label: str, value: str | list[str]) -> Modal:
        """Type into an input, or choose from one."""
        element = find(elements(self.blocks), label)
        self._state[element.block_id, element.action_id] = filled(element, value)
        return self

    def _values(self) -> dict[str, dict[str, Any]]:
        values: dict[str, dict[str, Any]] = {}
        for one in elements(self.blocks):
            if one.kind != "button":
                state = self._state.get((one.block_id, one.action_id), initial(one))
                values.setdefault(one.block_id, {})[one.action_id] = state
        return values

    def submit(self) -> dict[str, str]:
        """Press the submit button. Returns what was wrong, by block; then it stays open. Inputs that are not filled
        in never reach the app: Slack asks for them itself.
        """
        missing = {
            str(block["block_id"]): "Please complete this required field."
            for block in self.blocks
            if block.get("type") == "input" and not block.get("optional") and not self._is_filled(block)
        }
        if missing:
            return missing
        slack = self.person.slack
        body = interaction("view_submission", self.person.user, slack.trigger(self.person.id))
        body |= {"view": {**self.view.wire(), "state": {"values": self._values()}}, "response_urls": []}
        reply = self.person.interacts(body)
        answer = reply.body if isinstance(reply.body, dict) else {}
        return self._answered(answer)

    def _is_filled(self, block: Json) -> bool:
        states = self._values().get(str(block["block_id"]), {}).values()
        return all(any(value for key, value in state.items() if key != "type") for state in states)

    def _answered(self, answer: Json) -> dict[str, str]:
        api = self.person.slack.api
        match answer.get("response_action"):
            case "errors":
                errors: dict[str, str] = answer["errors"]
                known = {str(block.get("block_id")) for block in self.blocks}
                for name in set(errors) - known:
                    api.fault(f"an error for block {name}, which the modal does not have")
                return errors
            case "update" | "push" as action:
                payload = view_payload(api, f"response_action {action}", answer["view"], {"modal"})
                if action == "update":
                    self.view.payload, self.view.hash = payload, self.person.slack.clock.stamp()
                else:
                    from tests.slack_double.methods.views import show

                    show(api, self.person.id, payload, root=self.view.root or self.view.id)
            case "clear":
                for one in api.workspace.views.values():
                    one.is_open = one.is_open and one.person != self.person.id
            case _:
                self.view.is_open = False
        api.workspace.touched()
        return {}

    def close(self) -> None:
        """Close it; the app hears of it only if it asked to."""
        self.view.is_open = False
        if self.view.payload.get("notify_on_close"):
            body = interaction("view_closed", self.person.user, "")
            body |= {"view": {**self.view.wire(), "state": {"values": self._values()}}, "is_cleared": False}
            self.person.interacts(body)
