"""What is said for each outcome of a question, and for each way in which it can end without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.access.people import Denial
from bot.store.rows import StoredQuestion
from bot.views.ask_back import Choice, unclear, which_party
from bot.views.message import Message
from bot.views.progress import failed
from bot.views.refusals import Refusal, refused
from diagnosis.asking import EXAMPLES
from diagnosis.question.follow_up import EitherSide
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Party, Question

MOST_CHOICES = 100
"""So many options a menu of Slack has."""

DENIALS: dict[Denial, Refusal] = {
    "guest": Refusal.GUEST,
    "stranger": Refusal.SHARED_CHANNEL,
    "nobody": Refusal.GUEST,
    "unconfigured": Refusal.UNCONFIGURED_CHANNEL,
    "direct message": Refusal.DIRECT_MESSAGE,
    "shared": Refusal.SHARED_CHANNEL,
}


@dataclass(frozen=True, slots=True)
class AskedBack:
    """What is asked back, and the questions that its buttons ask, in their order."""

    message: Message
    options: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class _Side:
    """A choice between the two sides of a question, as a `Match`."""

    name: str | None
    id: str
    address: str | None = None
    vpc: str | None = None


def not_found(question: Question, missing: NotFound, ref: str) -> AskedBack:
    """A party that matches several things, which become buttons; or nothing, with the names that come closest."""
    candidates = missing.candidates[:MOST_CHOICES]
    options = tuple(_with_party(question, missing.side, candidate.id) for candidate in candidates)
    if not options:
        return AskedBack(unclear(missing.ask_back, (), ref=ref))
    choices = [Choice(candidate, option_value(ref, number)) for number, candidate in enumerate(candidates)]
    return AskedBack(which_party(missing.ask_back, choices), options)


def _with_party(question: Question, side: str, identity: str) -> Question:
    member = "destination" if side == "destination" else "source"
    return question.model_copy(update={member: Party(kind="id", value=identity), "ask_back": None})


def either_side(choice: EitherSide, ref: str) -> AskedBack:
    """A party that may be the source or the destination."""
    party = choice.as_source.source
    named = party.value if party is not None else None
    sides = (_Side(named, "is the source"), _Side(named, "is the destination"))
    choices = [Choice(side, option_value(ref, number)) for number, side in enumerate(sides)]
    sentence = f"Is {named} the source or the destination?"
    return AskedBack(which_party(sentence, choices), (choice.as_source, choice.as_destination))


def not_understood(question: Question, ref: str) -> AskedBack:
    """What is missing, and whole questions that would be understood."""
    sentence = question.ask_back or "I did not understand that."
    return AskedBack(unclear(sentence.split(" Ask like:")[0], EXAMPLES["unclear"], ref=ref))


def option_value(ref: str, number: int) -> str:
    """What a button carries: which question was asked back, and which of its options this is."""
    return f"{ref}:{number}"


def option_of(value: str) -> tuple[str, int] | None:
    """The two parts of such a value; None where it is none of ours."""
    ref, _, number = value.partition(":")
    return (ref, int(number)) if ref and number.isascii() and number.isdecimal() and len(number) < 4 else None


def denied(why: Denial, channel: str) -> Message:
    """Why somebody may not ask here. Where a setting is missing, the message holds what to add to it."""
    message = refused(DENIALS[why])
    if why != "unconfigured":
        return message
    said, to_do = Refusal.UNCONFIGURED_CHANNEL.value
    lines = f"{said} {to_do} The channel's id is {channel}."
    return Message(lines, (*message.blocks, *_small_print(f"settings: channels: {{{channel}: {{}}}}")))


def _small_print(*texts: str) -> Sequence[dict[str, object]]:
    from bot.views.blocks import context

    return (context(*texts),)


def unreachable(row: StoredQuestion, code: str, reference: str) -> Message:
    """For the asker's direct messages: the answer could not be said where it was asked."""
    where = f"the channel {row.channel}"
    what, to_do = {
        "not_in_channel": (f"I am not in {where}.", "Invite me there with /invite @whynot, and ask again."),
        "channel_not_found": (f"I cannot see {where}.", "Invite me there with /invite @whynot, and ask again."),
        "is_archived": (f"{where.capitalize()} is archived.", "Ask in another one."),
        "restricted_action": (
            f"I may not post in {where}.",
            "Ask elsewhere, or ask its administrators to let apps post.",
        ),
        "thread_not_found": ("The message that you asked in is gone.", "Ask again in a new message."),
        "message_not_found": ("The message that you asked in is gone.", "Ask again in a new message."),
    }.get(code, (f"Slack took no message in {where} ({code}).", "Ask again later."))
    return failed(row.text, what=what, to_do=to_do, correlation_id=reference, ref=row.id)


def too_many(row: StoredQuestion) -> Message:
    """So many questions wait that this one cannot."""
    return failed(
        row.text,
        what="Too many questions are waiting at the moment.",
        to_do="Try again in a minute.",
        correlation_id=row.id,
        ref=row.id,
    )
