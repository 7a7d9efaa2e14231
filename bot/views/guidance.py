"""`help`: what can be asked, by examples that work, and what the answer rests on."""

from __future__ import annotations

from typing import Final

from bot.views.blocks import actions, bold, bullets, button, code, context, header, line, rich
from bot.views.controls import Action
from bot.views.message import Message
from bot.views.text import clip, spoken

EXAMPLES: Final = (
    "why can't 10.0.1.10 reach 10.0.2.20 on 3306",
    "why can't web-1 reach RDS on 3306",
    "what can reach orders-db on 3306",
)
"""Questions that are understood as they stand; the third names one party and gets a list."""
_ALSO: Final = (
    "can i-0abc123 ping the internet",
    "web-1 gets a timeout calling https://partner.example",
    "2 123456789012 eni-0a1 10.0.1.10 10.0.2.20 52000 3306 6 3 180 1700000000 1700000060 REJECT OK",
)


def help_message(*, mention: str, command: str = "/whynot", scope: str = "", ref: str = "help") -> Message:
    """What can be asked here. `mention` is how the bot is called, `scope` what this channel may ask about."""
    mention, scope = clip(mention, 40), clip(scope, 600)
    text = spoken(f"Ask {mention} why one thing cannot reach another: {EXAMPLES[0]}")
    told = [
        line("Name two parties and a port. A party is an address, an id, a name tag, a host name or an AWS service."),
        bullets([[code(f"{mention} {example}")] for example in (*EXAMPLES, *_ALSO)]),
        line(bold("In a thread")),
        bullets(['"and from web-2?", "what about 5432?", "who else can reach it?"']),
        line(bold("Elsewhere")),
        bullets(
            [
                [code(f"{command} why web-1 RDS 3306"), ", ", code(f"{command} who orders-db 3306")],
                "the shortcut “Diagnose this” on a message that holds an error or a flow-log line",
                "a direct message, and the Home tab",
            ]
        ),
    ]
    return Message(
        text,
        (
            header("What stands between two things on the network"),
            rich(*told),
            actions(
                *(button(f"Ask: {text}", f"{Action.EXAMPLE}:{place}", text) for place, text in enumerate(EXAMPLES)),
                button("Fill in a form", Action.OPEN_FORM, ref),
            ),
            context(*([f"This channel may ask about {scope}."] if scope else []), "whynot reads. It changes nothing."),
        ),
    )
