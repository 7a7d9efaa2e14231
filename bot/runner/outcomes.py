"""An outcome as what is said and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

from bot.runner.answering import Outcome, OutOfScope, without_raw_logs
from bot.runner.pictures import Pictures
from bot.runner.replies import AskedBack, not_found
from bot.settings.values import ChannelSettings
from bot.settings.witnesses import Witness
from bot.store.rows import State, StoredQuestion
from bot.views.answers import answer_message
from bot.views.message import Reply
from bot.views.refusals import Refusal, refused
from bot.views.who import who_reply
from diagnosis.answer import Answer
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Question
from diagnosis.who_answer import WhoAnswer

# Somebody may press a button of a message before Slack's answer to its posting has arrived.
_SAID: Final = ("delivering", "answered", "asked back")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said of a question in its thread, the state that it then has, and what is kept for the buttons."""

    reply: Reply
    state: State
    verdict: str | None = None
    headline: str | None = None
    kept: str | None = None
    outcome: str = field(default="", compare=False)
    """For the metrics."""
    picture: str | None = None
    """A picture that Slack is not done with yet, to be added when it is."""
    offers: frozenset[Witness] = frozenset()
    """Who can be asked besides, as it says."""


def spoken_of(
    outcome: Outcome,
    row: StoredQuestion,
    question: Question,
    allowed: ChannelSettings,
    pictures: Pictures,
    *,
    offers: frozenset[Witness] = frozenset(),
    proposable: bool = False,
) -> Spoken:
    """What is said of an outcome in a channel with these settings. Draws the picture, where there is to be one.

    `offers` are those who can be asked besides.
    """
    match outcome:
        case Answer():
            shown = outcome if allowed.raw_logs else without_raw_logs(outcome)
            picture = pictures.path(shown) if allowed.pictures else None
            ready = picture.file if picture is not None and picture.ready else None
            message = answer_message(shown, ref=row.id, picture=ready, offers=offers, proposable=proposable)
            kept = shown.model_dump_json()
            later = picture.file if picture is not None and not picture.ready else None
            told = shown.verdict, shown.headline, kept, shown.verdict, later, offers
            return Spoken(Reply((message,)), "answered", *told)
        case WhoAnswer():
            return Spoken(
                _within(who_reply(outcome), allowed),
                "answered",
                headline=outcome.headline,
                kept=outcome.model_dump_json(),
                outcome="who",
            )
        case NotFound():
            return spoken_back(not_found(question, outcome, row.id))
        case OutOfScope():
            return Spoken(Reply((refused(Refusal.OUT_OF_SCOPE),)), "refused", outcome="out of scope")
        case _:
            assert_never(outcome)


def spoken_back(back: AskedBack) -> Spoken:
    """What is asked back, its options kept for whoever presses one."""
    kept = kept_options(back.options)
    return Spoken(Reply((back.message,)), "asked back", headline=back.message.text, kept=kept, outcome="asked back")


def kept_options(options: Sequence[Question]) -> str:
    """Questions as they are kept."""
    return json.dumps([option.model_dump(mode="json") for option in options])


def _within(reply: Reply, allowed: ChannelSettings) -> Reply:
    """A reply without files where none may be shared, saying so."""
    if not reply.files or allowed.files:
        return reply
    return Reply((*reply.messages, refused(Refusal.RAW_NOT_ALLOWED)))


def options_of(row: StoredQuestion) -> tuple[Question, ...]:
    """The questions behind the buttons of something that was asked back."""
    return kept_questions(row) if row.state in _SAID and row.verdict is None else ()


def kept_questions(row: StoredQuestion) -> tuple[Question, ...]:
    """The questions that are kept with one that is not answered."""
    kept = json.loads(row.answer or "[]")
    return tuple(Question.model_validate(option) for option in kept) if isinstance(kept, list) else ()


def answer_of(row: StoredQuestion) -> Answer | None:
    """The answer to a `why` question, where one is kept."""
    said = row.state in _SAID and row.verdict is not None
    return Answer.model_validate_json(row.answer) if said and row.answer else None
