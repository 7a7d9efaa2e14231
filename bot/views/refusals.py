"""Who may not ask, what may not be shown here, and who asks too often: each with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from bot.views.blocks import bold, line, rich
from bot.views.message import Message
from bot.views.text import spoken


class Refusal(Enum):
    """Why something is refused: what is so, and what can be done about it."""

    GUEST = ("Guests of this workspace cannot ask whynot.", "A member can ask for you.")
    SHARED_CHANNEL = (
        "This channel is shared with another organisation, so whynot says nothing of the network here.",
        "Ask in a channel of your own organisation.",
    )
    UNCONFIGURED_CHANNEL = (
        "whynot has not been told which accounts this channel may ask about.",
        "Whoever runs whynot can add the channel to its settings.",
    )
    DIRECT_MESSAGE = (
        "whynot does not answer in direct messages here.",
        "Ask in a channel that it answers in, or have whoever runs whynot allow direct messages.",
    )
    OUT_OF_SCOPE = (
        "This lies in an account, region or VPC that this channel may not ask about.",
        "Ask in that team's channel, or have whoever runs whynot widen this channel's scope.",
    )
    RAW_NOT_ALLOWED = (
        "Raw log lines and files are not shown in this channel.",
        "Whoever runs whynot can allow them in its settings.",
    )
    NO_OPINIONS = (
        "Second opinions of AWS are switched off here.",
        "Whoever runs whynot can allow them: second_opinion.when in its settings.",
    )
    OPINION_UNDER_WAY = (
        "AWS is being asked about this already.",
        "Its opinion comes into the thread when it is there, mostly within two minutes.",
    )
    NO_WITNESS = (
        "Nobody is asked about that here.",
        "Whoever runs whynot can allow it: what_changed.when and threats.when in its settings.",
    )
    WITNESS_UNDER_WAY = ("That is being asked already.", "What is said comes into the thread when it is there.")
    NOT_YOURS = ("Only whoever asked this can do that.", "Ask the question yourself.")
    TOO_LATE = ("Slack opened no form: it lets an app do that for three seconds after a press.", "Press it again.")
    UNKNOWN = ("This belongs to another version of whynot.", "Ask the question again.")
    NO_STORE = ("The store does not answer, so nothing was done.", "Press it again in a minute.")
    GONE = (
        "This answer is no longer kept: questions are deleted after a set time.",
        "Ask again.",
    )
    NO_SUMMARY = (
        "This summary is no longer kept: summaries are deleted after a set time.",
        "/whynot summary now makes a new one.",
    )
    CAUSE_GONE = (
        "This cause is no longer in the summary: records came late, and what was refused is told otherwise by now.",
        "The post shows how it stands.",
    )


def refused(why: Refusal, *, whom: Sequence[str] = ()) -> Message:
    """Why it is refused and what to do. `whom` are Slack user ids of those who can change it."""
    said, to_do = why.value
    told = [line(bold(said)), line(to_do)]
    if whom:
        told.append(_asking(whom))
    return Message(spoken(f"{said} {to_do}"), (rich(*told),))


def _asking(whom: Sequence[str]) -> dict[str, Any]:
    people = line("You can ask ")
    for place, user in enumerate(whom[:10]):
        people["elements"] += [*line(", ")["elements"]] if place else []
        people["elements"].append({"type": "user", "user_id": user})
    return people


def rate_limited(*, most: int, seconds: int, wait: int) -> Message:
    """Asked too often: each person may ask `most` questions in `seconds`. `wait` is in seconds, from now."""
    span = f"{seconds // 60} minutes" if seconds >= 120 else f"{seconds} seconds"
    told = f"You have asked {most} questions in {span}, which is the most. Ask again in {wait} seconds."
    return Message(spoken(told), (rich(line(told)),))
