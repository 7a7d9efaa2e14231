"""Help: how to ask here, with what this channel may ask about."""

from __future__ import annotations

from bot.access.people import Place, scope_of, terms
from bot.runner.desk import Desk
from bot.views.guidance import help_message


def help_for(desk: Desk, channel: str, person: str, thread: str | None) -> None:
    """Show somebody how to ask. Waits for Slack. What the channel may ask about is told to those who may ask."""
    direct = channel.startswith("D")
    words = ""
    if desk.may(person, channel):
        allowed = terms(Place(channel, direct), desk.tools.settings)
        words = scope_of(allowed).words or "all that whynot can see" if allowed is not None else ""
    message = help_message(mention="@whynot", scope=words)
    if direct:
        desk.tools.courier.post(channel, message, thread=thread)
    else:
        desk.tools.courier.whisper(channel, person, message, thread=thread)
