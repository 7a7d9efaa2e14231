"""One question from the pool to its last word. Every step is a compare-and-set in the store: nothing is said twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.access.people import Place, scope_of, terms
from bot.health.metrics import Metrics
from bot.runner.answering import Logs, Outcome, Say, find_out
from bot.runner.courier import Courier, Unreachable
from bot.runner.late_witnesses import LateWitnesses
from bot.runner.networks import Networks, Sight
from bot.runner.opinions import Opinions
from bot.runner.outcomes import Spoken, spoken_of
from bot.runner.pictures import Pictures
from bot.runner.remembered import Remembered
from bot.runner.replies import denied, unreachable
from bot.runner.stopping import Stop, Stopped
from bot.runner.telling import Telling
from bot.runner.turns import Aside, Turn, Turns
from bot.settings.values import Settings
from bot.settings.witnesses import Witness
from bot.store.rows import State, StoredQuestion
from bot.store.store import Store
from bot.views.answers import answer_message
from bot.views.message import Message, Reply
from bot.views.progress import failed, stopped, timed_out
from diagnosis.answer import Answer
from diagnosis.explanation.strangers import Ranges, with_strangers
from diagnosis.network.network import Network
from diagnosis.question.question import Question
from diagnosis.sources import NotPermitted, SourceUnavailable

log = structlog.get_logger("whynot.runner")

COMPUTING = 2
"""Questions that compute at once. More would only take turns, and acknowledgements with them."""
READING = 2
"""Questions that read flow-log files at once: each keeps all cores busy."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the work on a question needs, handed out by the composition root."""

    settings: Settings
    store: Store
    courier: Courier
    networks: Networks
    logs: Callable[[Network, Stop, Say], Logs]
    """The flow logs for a network, to be read until whoever asks is stopped."""
    pictures: Pictures
    opinions: Opinions
    witnesses: LateWitnesses
    ranges: Ranges
    """AWS's public ranges, by which strangers are named."""
    metrics: Metrics
    now: Callable[[], float]
    """Unix seconds."""
    holder: str
    """This process, by a name that no other has."""

    def offers(self, *, whole: bool) -> frozenset[Witness]:
        """Who can be asked besides, in a channel that may ask about the whole account or a part of it only.

        Some look at all there is: what they say could name what lies outside a channel's scope.
        """
        opinion: frozenset[Witness] = frozenset({"opinion"} if self.opinions.offered and whole else ())
        return opinion | self.witnesses.offers(whole=whole)


class Work:
    """Answers one question at a time for each thread that calls it. `answered` is told what stands in its thread."""

    def __init__(self, tools: Tools, answered: Callable[[StoredQuestion], None]) -> None:
        self._tools = tools
        self._answered = answered
        self._turns = Turns(COMPUTING)
        self._readers = Turns(READING)
        self._remembered = Remembered(time.monotonic)

    @property
    def _proposable(self) -> bool:
        """Whether fixes are put to those who may decide."""
        return self._tools.settings.fix_mode != "off"

    def run(self, identity: str, telling: Telling, stop: Stop) -> Callable[[], None] | None:
        """Work on a question that waits; whatever happens, its thread is told. Raises what nobody foresaw.

        What is left to be done then mostly waits for Slack, and is returned: other threads do that.
        """
        tools = self._tools
        row = tools.store.move(identity, ("waiting",), "running", holder=tools.holder)
        if row is None:
            telling.clear()
            return None

        def say(what: str) -> None:
            stop.check()
            telling.doing(what)

        with structlog.contextvars.bound_contextvars(question=row.id):
            try:
                return self._answer(row, telling, stop, say)
            except Stopped as ended:
                self.stopped(row, telling, ended)
            except SourceUnavailable as error:
                log.warning("a source is not available", error=str(error))
                self.end(row, telling, ("running",), "failed", self._no_source(row, error))
        return None

    def _answer(
        self, row: StoredQuestion, telling: Telling, stop: Stop, say: Callable[[str], None]
    ) -> Callable[[], None] | None:
        tools = self._tools
        place = Place(row.channel, direct=row.channel.startswith("D"))
        allowed = terms(place, tools.settings)
        if allowed is None:  # the settings changed since it was asked
            message = denied("direct message" if place.direct else "unconfigured", row.channel)
            self.end(row, telling, ("running",), "refused", message)
            return None
        question = Question.model_validate_json(row.question)
        scope = scope_of(allowed)
        say("reading the network")
        sight = tools.networks.sight(scope, say)
        logs = tools.logs(sight.network, stop, say)

        def find() -> Outcome:
            with self._turns.one(stop.check) as turn:
                return self._named(find_out(question, sight, scope, self._aside(logs, turn, stop), say), sight)

        if logs.local:
            key = (row.question, scope, sight.reading, logs.version)
            outcome = self._remembered.outcome(key, find, stop.check)
        else:
            outcome = find()
        say("writing the answer")

        def say_it() -> None:
            whole = sight.network is sight.whole
            offers, proposable = tools.offers(whole=whole), self._proposable
            spoken = spoken_of(outcome, row, question, allowed, tools.pictures, offers=offers, proposable=proposable)
            self.deliver(row, telling, ("running",), spoken)

        return say_it

    def _named(self, outcome: Outcome, sight: Sight) -> Outcome:
        """The answer with names for the strangers that it speaks of, where the settings want them."""
        if isinstance(outcome, Answer) and self._tools.settings.strangers.named:
            return with_strangers(outcome, sight.network, self._tools.ranges)
        return outcome

    def _aside(self, logs: Logs, turn: Turn, stop: Stop) -> Logs:
        if logs.source is None:
            return logs
        readers = self._readers if logs.local else None
        return replace(logs, source=Aside(logs.source, turn, readers, stop.check))

    def deliver(self, row: StoredQuestion, telling: Telling, states: tuple[State, ...], spoken: Spoken) -> None:
        """Say the last word, if nobody else has: the state says who may."""
        tools = self._tools
        kept = {"verdict": spoken.verdict, "headline": spoken.headline, "answer": spoken.kept}
        moved = tools.store.move(row.id, states, "delivering", **kept)
        if moved is None:
            telling.clear()
            return
        try:
            first, *rest = spoken.reply.messages
            reply = telling.end(first, marked=f"{row.id}.{row.attempt}")
            ended = tools.store.move(row.id, ("delivering",), spoken.state, reply=reply, ended_at=tools.now())
            tools.metrics.ended(spoken.outcome or spoken.state, tools.now() - row.asked_at)
        except Unreachable as error:
            self._not_there(moved, error)
            return
        if ended is not None:
            self._answered(ended)
        answer = Answer.model_validate_json(moved.answer) if moved.verdict is not None and moved.answer else None
        try:
            self.say_rest(moved, Reply(tuple(rest), spoken.reply.files))
            if spoken.picture is not None and answer is not None and tools.pictures.ready(spoken.picture):
                shown = answer_message(
                    answer,
                    ref=row.id,
                    picture=spoken.picture,
                    offers=spoken.offers,
                    proposable=self._proposable,
                )
                tools.courier.update(row.channel, reply, shown)
        except Unreachable as error:
            log.warning("not all of an answer could be said", question=row.id, error=error.code)
        if answer is not None:
            if "opinion" in spoken.offers:
                tools.opinions.consider(moved, answer)
            tools.witnesses.consider(moved, answer)

    def say_rest(self, row: StoredQuestion, reply: Reply) -> None:
        """The further messages and files of a reply, in the question's thread. Raises Unreachable."""
        for message in reply.messages:
            self._tools.courier.post(row.channel, message, thread=row.thread)
        for file in reply.files:
            self._tools.courier.upload(file, channel=row.channel, thread=row.thread)

    def end(
        self, row: StoredQuestion, telling: Telling, states: tuple[State, ...], state: State, message: Message
    ) -> bool:
        """End a question without an answer; False where it had ended already."""
        tools = self._tools
        moved = tools.store.move(row.id, states, state, ended_at=tools.now(), headline=message.text)
        if moved is None:
            telling.clear()
            return False
        tools.metrics.ended(state, tools.now() - row.asked_at)
        try:
            tools.store.note(row.id, reply=telling.end(message))
        except Unreachable as error:
            self._not_there(moved, error)
        return True

    def stopped(self, row: StoredQuestion, telling: Telling, ended: Stopped) -> None:
        """A question that was stopped while it was worked on."""
        tools = self._tools
        match ended.reason:
            case "asked":
                self.end(row, telling, ("running",), "stopped", stopped(row.text, ref=row.id))
            case "too long":
                self.too_long(row, telling)
            case "shutting down":
                # It is answered after the next start.
                tools.store.move(row.id, ("running",), "waiting", holder=None, held_until=None)
                telling.clear()

    def too_long(self, row: StoredQuestion, telling: Telling) -> None:
        """A question whose time is up."""
        seconds = round(self._tools.settings.runner.seconds)
        log.warning("a question took too long", question=row.id)
        doing = telling.at or "reading the network"
        message = timed_out(row.text, seconds=seconds, doing=doing, correlation_id=row.id, ref=row.id)
        self.end(row, telling, ("running",), "failed", message)

    def unforeseen(self, row: StoredQuestion, telling: Telling) -> None:
        """A fault of ours: the asker is given the question's id, with which it was logged."""
        message = failed(
            row.text,
            what="This is a fault of whynot.",
            to_do="Try again; if it stays, give the number below to whoever runs whynot.",
            correlation_id=row.id,
            ref=row.id,
        )
        self.end(row, telling, ("waiting", "running", "delivering"), "failed", message)

    def _no_source(self, row: StoredQuestion, error: SourceUnavailable) -> Message:
        to_do = "Whoever administers the account must act." if isinstance(error, NotPermitted) else "Try again later."
        return failed(row.text, what=str(error), to_do=to_do, correlation_id=row.id, ref=row.id)

    def _not_there(self, row: StoredQuestion, error: Unreachable) -> None:
        """Nothing can be said where the question was asked: its asker is told so directly."""
        tools = self._tools
        log.warning("no message could be posted", question=row.id, error=error.code)
        values: dict[str, Any] = {"ended_at": tools.now()}
        tools.store.move(row.id, ("delivering",), "failed", **values)
        tools.courier.tell(row.person, unreachable(row, error.code, row.id))
