"""One question put to the network as its channel sees it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from bot.access.parties import outside
from bot.access.scope import Scope
from bot.runner.networks import Sight
from diagnosis.answer import Answer
from diagnosis.asking import window_of
from diagnosis.investigate import Asked, investigate
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Party, Question
from diagnosis.sources import FlowLogSource, SourceUnavailable
from diagnosis.who import who
from diagnosis.who_answer import WhoAnswer

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class OutOfScope:
    """A party that this channel may not ask about."""

    party: Party


Outcome = Answer | WhoAnswer | NotFound | OutOfScope


@dataclass(frozen=True, slots=True)
class Logs:
    """Flow logs, and the Unix second that "since 14:00" counts from: now, or when old files end."""

    source: FlowLogSource | None
    now: int
    local: bool = True
    """Whether reading them keeps this machine busy, rather than others."""
    version: Hashable = None
    """Another where there are newer records; None where that is not known."""


def find_out(question: Question, sight: Sight, scope: Scope, logs: Logs, say: Say) -> Outcome:
    """The answer to a question that is clear, or what stands in its way.

    `say` gets what is being done, and may raise to end it. Flow logs that cannot be read are a caveat: what the
    configuration says holds without them. Raises SourceUnavailable where a time in the question is none.
    """
    refused = outside(question, sight.network, sight.whole)
    if refused is not None:
        return OutOfScope(refused)
    partial = sight.network is not sight.whole
    notes = [f"This channel may ask about {scope.words}; nothing outside was looked at."] if partial else []
    if question.intent == "who":
        say("finding everything that can get there")
        found = who(sight.network, question)
        return found.model_copy(update={"caveats": (*notes, *found.caveats)}) if isinstance(found, WhoAnswer) else found
    asked = Asked(question, window_of(question, None, None, logs.now))
    try:
        answer = investigate(sight.network, asked, logs.source, say)
    except SourceUnavailable as error:
        notes.append(f"The flow logs could not be read, so the configuration is the only witness: {error}")
        answer = investigate(sight.network, asked, None, say)
    return answer.model_copy(update={"caveats": (*notes, *answer.caveats)}) if isinstance(answer, Answer) else answer


def without_raw_logs(answer: Answer) -> Answer:
    """The answer without raw log lines and the query, for a channel that may not see them."""
    logs = answer.evidence.flow_logs
    if logs is None:
        return answer
    bare = logs.model_copy(update={"lines": (), "line_origins": (), "query": ""})
    return answer.model_copy(update={"evidence": answer.evidence.model_copy(update={"flow_logs": bare})})
