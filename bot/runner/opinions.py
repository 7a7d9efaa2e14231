"""Second opinions in the thread of an answer that is there already: when AWS is asked, and what is said of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

import structlog

from bot.access.people import Place, scope_of, terms
from bot.access.scope import Scope
from bot.runner.courier import Courier, Unreachable
from bot.runner.crew import Crew
from bot.runner.networks import Networks, Sight
from bot.runner.outcomes import answer_of
from bot.runner.stopping import Stopped
from bot.settings.values import Settings
from bot.settings.witnesses import Witness
from bot.store.rows import StoredQuestion
from bot.store.store import Store
from bot.views.message import Message
from bot.views.opinion import asking_opinion, budget_used, opinion_fault, opinion_interrupted, opinion_reply
from diagnosis.answer import Answer
from diagnosis.bug_report import Write, pack
from diagnosis.explanation.opinion import not_asked, with_opinion
from diagnosis.explanation.path_request import PRICE, CannotJudge, PathRequest
from diagnosis.investigate import Asked
from diagnosis.second_opinion import second_opinion, to_be_asked, witnesses_differ
from diagnosis.sources import SecondOpinion, SourceUnavailable
from diagnosis.testimony import Opinion

log = structlog.get_logger("whynot.opinions")

OPINION: Final[Witness] = "opinion"
AT_ONCE: Final = 2
CENTS: Final = round(PRICE * 100)
UPDATE_SECONDS: Final = 5.0
NARROWED: Final = (
    "This channel may ask about a part of the account only, and AWS would look at, and could name, what lies outside."
)
LAST_CALLS_SECONDS: Final = 10.0
MARGIN_SECONDS: Final = 180.0
"""Beyond its own time, what one needs to read the network, to begin and to tidy up."""


@dataclass(frozen=True, slots=True)
class Wherewithal:
    """What witnesses who are asked after an answer need of the app."""

    settings: Settings
    store: Store
    courier: Courier
    networks: Networks
    write: Write
    alarm: Callable[[], None]
    """Called for each fault that nobody foresaw."""
    now: Callable[[], float] = time.time
    """Unix seconds."""
    clock: Callable[[], float] = time.monotonic


class Opinions:
    """Asks AWS on threads of its own. `source` is None where there is nobody to ask: a snapshot folder is judged.

    `ended` is set when the app stops; the source's pauses end with it.
    """

    def __init__(self, given: Wherewithal, source: SecondOpinion | None, ended: threading.Event) -> None:
        self._given = given
        self._source = source
        self._ended = ended
        self._crew = Crew("opinion", AT_ONCE, given.alarm)

    @property
    def offered(self) -> bool:
        """Whether an answer may offer one."""
        return self._source is not None and self._given.settings.second_opinion.when != "off"

    def start(self) -> None:
        """Delete what an earlier process left in the account."""
        if self.offered:
            self._crew.give(self._clear)

    def stop(self) -> None:
        """End what is under way: each deletes what it made, and says that it was interrupted."""
        self._ended.set()
        self._crew.finish(LAST_CALLS_SECONDS)

    def consider(self, row: StoredQuestion, answer: Answer) -> None:
        """After an answer: ask by ourselves where our witnesses contradict each other and the settings say so."""
        if self.offered and self._given.settings.second_opinion.when == "disagreement" and witnesses_differ(answer):
            self.ask(row)

    def ask(self, row: StoredQuestion) -> bool:
        """Begin a second opinion on an answer; False where one is being asked for. Its thread is told all else."""
        given = self._given
        # It may have to wait for others first.
        if not self.offered or not given.store.witnesses.begin(
            row.id, OPINION, row.channel, given.now(), self._until(2)
        ):
            return False
        progress = _Progress(given, row)
        broken = partial(self._broken, row, progress)
        if not self._crew.give(partial(self._run, row, progress), broken, question=row.id):  # shutting down
            given.store.witnesses.end(row.id, OPINION, "interrupted")
            return False
        return True

    def _until(self, turns: int = 1) -> float:
        """When so many of them, one after the other, must be over, in Unix seconds."""
        return self._given.now() + turns * (self._given.settings.second_opinion.seconds + MARGIN_SECONDS)

    def interrupted(self) -> None:
        """Tell the threads whose opinions a process took with it. Raises Unreachable."""
        given = self._given
        for one in given.store.witnesses.overdue((OPINION,), given.now()):
            if given.store.witnesses.end(one.question, OPINION, "interrupted") and one.message is not None:
                given.courier.update(one.channel, one.message, opinion_interrupted())

    def _clear(self) -> None:
        assert self._source is not None
        try:
            for region in self._given.networks.sight(Scope(), lambda _: None).network.regions:
                gone = self._source.clear_leftovers(region)
                if gone:
                    log.info("deleted what an earlier run left", region=region, ids=list(gone))
        except SourceUnavailable as error:
            log.warning("what an earlier run left could not be looked for", error=str(error))

    def _run(self, row: StoredQuestion, progress: _Progress) -> None:
        runs = self._given.store.witnesses
        if not runs.goes_on(row.id, OPINION, self._until()):
            return  # it waited so long that it was given up
        try:
            said = self._said(row, progress)
            if runs.end(row.id, OPINION, "ended"):
                progress.end(said)
        except Stopped:
            runs.end(row.id, OPINION, "interrupted")
            progress.end((opinion_interrupted(),))
        except SourceUnavailable as error:
            runs.end(row.id, OPINION, "ended")
            log.warning("a source is not available", error=str(error))
            progress.end(opinion_reply(not_asked(str(error))).messages)
        except Unreachable as error:  # nobody would see what it costs
            runs.end(row.id, OPINION, "ended")
            log.warning("a second opinion could not be announced", error=error.code)

    def _broken(self, row: StoredQuestion, progress: _Progress) -> None:
        """What is said where a fault of ours ended it."""
        self._given.store.witnesses.end(row.id, OPINION, "interrupted")
        progress.end((opinion_fault(row.id),))

    def _said(self, row: StoredQuestion, progress: _Progress) -> tuple[Message, ...]:
        """What is said in the end. Raises Stopped, Unreachable."""
        given, answer = self._given, answer_of(row)
        allowed = terms(Place(row.channel, direct=row.channel.startswith("D")), given.settings)
        if answer is None or allowed is None or self._source is None:  # the settings changed since it was asked
            return opinion_reply(not_asked("The answer is not kept any more.")).messages
        progress.begin()
        say = partial(self._say, progress)
        sight = given.networks.sight(scope_of(allowed), say)
        if sight.network is not sight.whole:
            return opinion_reply(not_asked(NARROWED)).messages
        asked = Asked(answer.question)
        request = to_be_asked(sight.network, asked)
        if isinstance(request, CannotJudge):
            return opinion_reply(not_asked(request.reason)).messages
        day, most = f"{self._moment():%Y-%m-%d}", given.settings.second_opinion.dollars_per_day
        if not given.store.opinions.spend(day, CENTS, round(most * 100)):
            return (budget_used(dollars=most),)
        progress.about(request)
        opinion = second_opinion(sight.network, asked, self._source, say, answer.verdict)
        if not opinion.cost_usd:
            given.store.opinions.spend(day, -CENTS, 0)
        self._remember(row, answer, opinion, sight)
        return opinion_reply(opinion).messages

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self._given.now(), UTC)

    def _remember(self, row: StoredQuestion, answer: Answer, opinion: Opinion, sight: Sight) -> None:
        """The answer with the opinion in it; a disagreement as a report besides."""
        given = self._given
        whole = with_opinion(answer, opinion)
        given.store.amend(
            row.id, lambda kept: with_opinion(Answer.model_validate_json(kept), opinion).model_dump_json()
        )
        if opinion.agrees is not False:
            return
        log.warning("AWS disagrees", verdict=answer.verdict, reachable=opinion.reachable)
        packed = pack(row.text, whole, "AWS disagrees.", sight.described, given.write)
        name = f"{self._moment():%Y%m%dT%H%M%SZ}-{row.id[:6]}"
        given.store.opinions.keep(name, given.now(), row.text, opinion.text, packed.content)

    def _say(self, progress: _Progress, what: str) -> None:
        self._check()
        progress.doing(what)

    def _check(self) -> None:
        if self._ended.is_set():
            raise Stopped("shutting down")


class _Progress:
    """The message that shows how far a second opinion is; in the end it goes, and what AWS says is a message anew."""

    def __init__(self, given: Wherewithal, row: StoredQuestion) -> None:
        self._given = given
        self._row = row
        self._message: str | None = None
        self._words = "this path"
        self._next = 0.0

    def begin(self) -> None:
        """The first sign of life, with the price, before anything is spent. Raises Unreachable."""
        shown = asking_opinion(self._words, "reading the network", dollars=PRICE)
        self._message = self._given.courier.post(self._row.channel, shown, thread=self._row.thread)
        self._given.store.witnesses.shows(self._row.id, OPINION, self._message)
        self._next = self._given.clock() + UPDATE_SECONDS

    def about(self, request: PathRequest) -> None:
        """What exactly AWS is asked."""
        self._words, self._next = request.words, 0.0
        self.doing("it mostly takes less than two minutes")

    def doing(self, what: str) -> None:
        """How far it is, as often as Slack takes it."""
        if self._message is None or self._given.clock() < self._next:
            return
        self._next = self._given.clock() + UPDATE_SECONDS
        try:
            self._given.courier.update(
                self._row.channel, self._message, asking_opinion(self._words, what, dollars=PRICE)
            )
        except Unreachable as error:
            log.warning("progress could not be shown", error=error.code)

    def end(self, said: tuple[Message, ...]) -> None:
        """Take the progress away and say the last word."""
        if self._message is not None:
            self._given.courier.delete(self._row.channel, self._message)
        try:
            for message in said:
                self._given.courier.post(self._row.channel, message, thread=self._row.thread)
        except Unreachable as error:
            log.warning("a second opinion could not be said", error=error.code)
