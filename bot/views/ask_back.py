"""Asking back: a question that lacks something, or a name that several things in the account have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.views.blocks import OPTIONS_MOST, actions, bold, button, context, line, option, rich, select
from bot.views.controls import Action
from bot.views.message import Message
from bot.views.text import clip, spoken, tame
from diagnosis.terminal.not_understood import Match

BUTTONS: Final = 5
_SENTENCE: Final = 1_500
EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that may have been meant, and the caller's opaque value for it (at most 150 characters)."""

    match: Match
    value: str

    def told(self) -> str:
        """`orders-db 10.0.2.20 (i-0abc, vpc-1)`."""
        named = " ".join(filter(None, (self.match.name, self.match.address)))
        ids = ", ".join(filter(None, (self.match.id, self.match.vpc)))
        return f"{named} ({ids})" if named else ids


def which_party(sentence: str, choices: Sequence[Choice]) -> Message:
    """Several things fit: up to five as buttons, else a menu. `sentence` says which party and how many fit."""
    blocks = [rich(line(bold(clip(sentence, _SENTENCE))))]
    if len(choices) <= BUTTONS:
        blocks += [rich(line(choice.told())) for choice in choices if len(choice.told()) > 75]
        pressed = [
            button(_short(choice), f"{Action.CHOOSE_PARTY}:{place}", choice.value)
            for place, choice in enumerate(choices)
        ]
        blocks += [actions(*pressed)] if pressed else []
    else:
        options = [option(_short(choice), choice.value, _where(choice)) for choice in choices]
        blocks.append(actions(select(Action.CHOOSE_PARTY, "Which one is meant?", options)))
        left = len(choices) - OPTIONS_MOST
        blocks += [context(f"and {left} more that do not fit the menu: ask with an id or address")] if left > 0 else []
    return Message(spoken(clip(sentence, _SENTENCE)), tuple(blocks))


def _short(choice: Choice) -> str:
    """A label of at most 75 characters that keeps the id or address, which tell one from another."""
    match = choice.match
    key = match.address or match.id
    name = match.name or (match.id if match.address else "")
    return f"{clip(name, 74 - min(len(key), 45))} {clip(key, 45)}".strip()


def _where(choice: Choice) -> str:
    return ", ".join(filter(None, (choice.match.id, choice.match.vpc)))


def unclear(sentence: str, closest: Sequence[str] = (), *, ref: str) -> Message:
    """What is missing, and the closest whole questions that would be understood, each to be asked with one press."""
    shown = [tame(text) for text in closest[:EXAMPLES] if text.strip()]
    blocks = [rich(line(bold(clip(sentence, _SENTENCE))))]
    if shown:
        blocks.append(rich(line("For example:"), *(line(f"    {clip(text, 200)}") for text in shown)))
    pressed = [
        button(f"Ask: {text}", f"{Action.EXAMPLE}:{place}", text)
        for place, text in enumerate(shown)
        if len(text) <= 2_000
    ]
    blocks.append(actions(*pressed, button("Fill in a form", Action.OPEN_FORM, ref)))
    told = f"{clip(sentence, _SENTENCE)} For example: {clip(shown[0], 200)}" if shown else clip(sentence, _SENTENCE)
    return Message(spoken(told), tuple(blocks))
