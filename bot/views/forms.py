"""Modals: the question as a form, and "this is wrong"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.views.blocks import line, option, plain, rich, shown
from bot.views.controls import Callback, Field
from bot.views.message import Block, View
from bot.views.text import clip
from diagnosis.question.question import Question

PROTOCOLS: Final[Mapping[str, str]] = {"tcp": "TCP", "udp": "UDP", "icmp": "ping (ICMP)", "all": "any protocol"}
"""The value of each choice and what it says."""
TYPED: Final = 300


def ask_form(*, metadata: str = "", asked: Question | None = None) -> View:
    """The question as a form, filled in as far as it was understood.

    `metadata` (at most 3,000 characters) comes back with the submission, as `private_metadata`. Each field's `block_id`
    and `action_id` is a `Field`.
    """
    source = asked.source.value if asked and asked.source else ""
    destination = asked.destination.value if asked and asked.destination else ""
    port = str(asked.port) if asked and asked.port is not None else ""
    protocol = (asked and asked.protocol) or "tcp"
    side = "An address, an id, a name tag, a host name, an AWS service, or the internet"
    return View(
        "modal",
        (
            _typed(Field.SOURCE, "From", "web-1", source, hint=side),
            _typed(Field.DESTINATION, "To", "orders-db", destination, hint=side),
            _protocol(protocol if protocol in PROTOCOLS else "tcp"),
            _typed(Field.PORT, "Port", "3306", port, hint="1 to 65535; empty for every port", optional=True, most=5),
        ),
        title="Why can't it connect?",
        submit="Ask",
        close="Cancel",
        callback_id=Callback.ASK,
        private_metadata=metadata,
    )


def _typed(
    field: Field, label: str, example: str, value: str, *, hint: str = "", optional: bool = False, most: int = TYPED
) -> Block:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": field.value,
        "max_length": most,
        "placeholder": plain(example, 150),
    }
    if value:
        element["initial_value"] = plain(value, most)["text"]
    block: Block = {"type": "input", "block_id": field.value, "label": plain(label, 2000), "element": element}
    return {**block, **({"hint": plain(hint, 2000)} if hint else {}), **({"optional": True} if optional else {})}


def _protocol(chosen: str) -> Block:
    options = {value: option(text, value) for value, text in PROTOCOLS.items()}
    return {
        "type": "input",
        "block_id": Field.PROTOCOL.value,
        "label": plain("Protocol", 2000),
        "element": {
            "type": "static_select",
            "action_id": Field.PROTOCOL.value,
            "options": list(options.values()),
            "initial_option": options[chosen],
        },
    }


def form_faults(source: str, destination: str, protocol: str, port: str) -> dict[str, str]:
    """What is wrong with a filled-in form, by field, as `response_action: errors` takes it; empty where all is well."""
    found: dict[str, str] = {}
    for field, typed in ((Field.SOURCE, source), (Field.DESTINATION, destination)):
        if not typed.strip():
            found[field.value] = "Name it by an address, an id, a name tag or a host name, like web-1 or 10.0.1.10."
    number = port.strip()
    if number and not (number.isascii() and number.isdecimal() and 1 <= int(number) <= 65535):
        found[Field.PORT.value] = "A port is a whole number from 1 to 65535, like 3306."
    elif number and protocol not in ("tcp", "udp"):
        found[Field.PORT.value] = f"{PROTOCOLS.get(protocol, protocol)} has no ports: leave this empty or choose TCP."
    return found


def form_question(source: str, destination: str, protocol: str, port: str) -> str:
    """The question that a form without faults asks, in words that are understood."""
    number = port.strip()
    what = "" if protocol == "all" else f" on {protocol} {number}".rstrip()
    return f"why can't {source.strip()} reach {destination.strip()}{what}"


def wrong_form(*, metadata: str) -> View:
    """What is wrong with an answer, in the words of whoever knows better."""
    element = {
        "type": "plain_text_input",
        "action_id": Field.COMMENT.value,
        "multiline": True,
        "max_length": 3000,
        "placeholder": plain("It connects from web-1: nc -vz orders-db 3306 succeeds", 150),
    }
    return View(
        "modal",
        (
            rich(
                line(
                    "The question, the versions, and the part of the configuration that lies on the path are packed "
                    "into one file for whoever runs whynot. Secrets are taken out first."
                )
            ),
            {
                "type": "input",
                "block_id": Field.COMMENT.value,
                "label": plain("What is wrong, and how do you know?", 2000),
                "element": element,
                "optional": True,
            },
        ),
        title="This is wrong",
        submit="Send",
        close="Cancel",
        callback_id=Callback.WRONG,
        private_metadata=metadata,
    )


MUTE_DAYS: Final = (1, 7, 14, 30, 90)


def mute_form(*, metadata: str, told: str) -> View:
    """For how many days a cause is not to be shown, and why."""
    options = [option(f"{days} day{'s' * (days > 1)}", str(days)) for days in MUTE_DAYS]
    days = {
        "type": "static_select",
        "action_id": Field.DAYS.value,
        "options": options,
        "initial_option": options[1],
    }
    reason = {
        "type": "plain_text_input",
        "action_id": Field.COMMENT.value,
        "max_length": 500,
        "placeholder": plain("Known: the migration of orders-db ends on Friday", 150),
    }
    fields = ((Field.DAYS, "For how long?", days), (Field.COMMENT, "Why?", reason))
    return View(
        "modal",
        (
            rich(line(clip(told, 700))),
            *(
                {"type": "input", "block_id": name.value, "label": plain(asked, 2000), "element": element}
                for name, asked, element in fields
            ),
        ),
        title="Mute a cause",
        submit="Mute",
        close="Cancel",
        callback_id=Callback.MUTE,
        private_metadata=metadata,
    )


def notice(title: str, told: str) -> View:
    """A modal that only says something: an expired press, a refusal."""
    return View("modal", (rich(line(clip(told, 2_800))),), title=shown(title, 24), close="Close")
