"""The desk: takes questions in, sees whether they may be asked, and hands them to the pool."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from bot.access.people import Place, denial, terms
from bot.runner.courier import Unreachable
from bot.runner.crew import Crew
from bot.runner.outcomes import kept_options, kept_questions, options_of, spoken_back
from bot.runner.people import People
from bot.runner.pool import FairPool, Full, Task
from bot.runner.replies import AskedBack, denied, either_side, not_understood, too_many, unreachable
from bot.runner.stopping import Stop
from bot.runner.telling import Pace, Telling
from bot.runner.work import Tools, Work
from bot.store.rows import State, StoredQuestion, Surface
from bot.views.message import Message
from bot.views.progress import failed, interrupted, received, stopped
from bot.views.refusals import rate_limited
from diagnosis.question.follow_up import EitherSide
from diagnosis.question.question import Question

log = structlog.get_logger("whynot.desk")

LEASE_SECONDS = 20.0
"""After so long without a sign of life of its process, a question is an orphan."""
PACE_SECONDS = 1.2
SPEAKERS = 8
FINISHERS = 16
LAST_WORDS_SECONDS = 5.0
MINUTE = 60.0
TEXT_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Ask:
    """A question as it came in. `thread` is "" where it gets a message of its own to be answered under."""

    team: str
    channel: str
    thread: str
    person: str
    surface: Surface
    text: str
    asked: Question | EitherSide
    keys: tuple[str, ...]
    """Names of the delivery: of all deliveries that share one, the first counts."""
    shared: bool | None = None
    """Whether people of other organisations read along; None where the delivery does not say."""

    @property
    def direct(self) -> bool:
        """Whether it was asked of us alone."""
        return self.channel[:1] in ("D", "U", "W")


class Desk:
    """Where questions come in. `ask` returns at once; all that may wait is done by other threads."""

    def __init__(self, tools: Tools, team: str, clock: Callable[[], float] = time.monotonic) -> None:
        settings = tools.settings.runner
        self.tools = tools
        self.people = People(tools.courier, clock)
        self._team = team
        self._clock = clock
        self._pace = Pace(PACE_SECONDS, clock)
        self._work = Work(tools, self._answered)
        self._lock = threading.Lock()
        self._tellings: dict[str, Telling] = {}
        self._followers: list[Callable[[StoredQuestion], object]] = []
        alarm = tools.metrics.fault
        self._speakers = Crew("speaker", SPEAKERS, alarm)
        self._finishers = Crew("finisher", FINISHERS, alarm)
        self.pool = FairPool(settings.workers, settings.waiting, alarm, self._unforeseen, clock)

    def follow(self, follower: Callable[[StoredQuestion], object]) -> None:
        """Have somebody told of each question whose answer stands in its thread. To be called before any is asked."""
        self._followers.append(follower)

    def _answered(self, row: StoredQuestion) -> None:
        for follower in self._followers:
            self.later(partial(follower, row))

    def ask(self, ask: Ask) -> bool:
        """Take a question in; False where it was taken in before."""
        now = self.tools.now()
        question = ask.asked.as_source if isinstance(ask.asked, EitherSide) else ask.asked
        row = StoredQuestion(
            id=uuid.uuid4().hex,
            team=ask.team,
            channel=ask.channel,
            thread=ask.thread,
            person=ask.person,
            surface=ask.surface,
            text=ask.text[:TEXT_KEPT],
            question=question.model_dump_json(),
            answer=kept_options(either_side(ask.asked, "").options) if isinstance(ask.asked, EitherSide) else None,
            asked_at=now,
            holder=self.tools.holder,
            held_until=now + LEASE_SECONDS,
        )
        if not self.tools.store.add(row, ask.keys):
            self.tools.metrics.duplicate()
            return False
        self.later(lambda: self._admit(row, ask))
        return True

    def again(self, row: StoredQuestion) -> None:
        """Take in a question that another process took in and left. Raises Unreachable."""
        kept = kept_questions(row)
        asked = EitherSide(*kept) if len(kept) == 2 else Question.model_validate_json(row.question)
        self._admit(
            row, Ask(row.team, row.channel, row.thread, row.person, row.surface, row.text, asked, keys=(), shared=None)
        )

    def later(self, say: Callable[[], object]) -> None:
        """Do something that waits for Slack on a thread that is for that."""
        if not self._speakers.give(say):
            log.info("shutting down: nothing more is said")

    def _admit(self, row: StoredQuestion, ask: Ask) -> None:
        """See whether it may be asked, and give it to the pool."""
        refusal = self._refusal(row, ask)
        if refusal is not None:
            self.tools.store.move(row.id, ("waiting",), "refused", ended_at=self.tools.now())
            self.tools.metrics.refused(refusal[0])
            where = None if ask.thread == "" or ask.surface in ("command", "home", "modal") else ask.thread
            if ask.channel[:1] in ("U", "W"):
                self.tools.courier.tell(row.person, refusal[1])
            elif ask.direct:
                self.tools.courier.post(ask.channel, refusal[1], thread=where)
            else:
                self.tools.courier.whisper(ask.channel, row.person, refusal[1], thread=where)
            return
        placed = self._placed(row)
        if placed is None:
            return
        back = self._asked_back(placed, ask.asked)
        if back is not None:
            self._work.deliver(placed, self._telling(placed), ("waiting",), spoken_back(back))
            return
        self.submit(placed)

    def _refusal(self, row: StoredQuestion, ask: Ask) -> tuple[str, Message] | None:
        """Why it may not be asked: a word for the metrics, and what is said; None where it may."""
        tools = self.tools
        asker = self.people.asker(row.person)
        if asker is None:
            return "unknown person", failed(
                row.text,
                what="Slack does not say who you are, so I cannot tell whether you may ask.",
                to_do="Whoever runs whynot can look for users.info in its log; the scope users:read is needed.",
                correlation_id=row.id,
                ref=row.id,
            )
        shared = False if ask.direct else (ask.shared if ask.shared is not None else self.people.shared(ask.channel))
        place = Place(ask.channel, ask.direct, shared=bool(shared))
        why = denial(asker, place, self._team, tools.settings)
        if why is not None:
            return why, denied(why, ask.channel)
        allowed = terms(place, tools.settings)
        if shared is None and not (allowed and allowed.shared):
            return "sharing unknown", failed(
                row.text,
                what="Slack does not say here whether this channel is shared with another organisation.",
                to_do="Mention me in the channel instead.",
                correlation_id=row.id,
                ref=row.id,
            )
        most = tools.settings.people.per_minute
        if tools.store.asked_since(row.person, row.asked_at - MINUTE) > most:
            return "too often", rate_limited(most=most, seconds=60, wait=60)
        return None

    def _placed(self, row: StoredQuestion) -> StoredQuestion | None:
        """The question with the thread that its answer belongs in; posts the thread's first message where needed."""
        if row.thread:
            return row
        try:
            channel, thread = self.tools.courier.post_root(row.channel, received(row.text), marked=row.id)
        except Unreachable as error:
            self.tools.store.move(row.id, ("waiting",), "failed", ended_at=self.tools.now())
            self.tools.courier.tell(row.person, unreachable(row, error.code, row.id))
            return None
        self.tools.store.note(row.id, channel=channel, thread=thread)
        return row.model_copy(update={"channel": channel, "thread": thread})

    def _asked_back(self, row: StoredQuestion, asked: Question | EitherSide) -> AskedBack | None:
        if isinstance(asked, EitherSide):
            return either_side(asked, row.id)
        return None if asked.clear else not_understood(asked, row.id)

    def submit(self, row: StoredQuestion) -> None:
        """Give a question that waits to the pool, and say so. Raises Unreachable."""
        telling = self._telling(row)
        stop = self.pool.stop_for(self.tools.settings.runner.seconds)
        try:
            before = self.pool.submit(Task(row.id, row.channel, lambda s: self._run(row.id, telling, s), stop))
        except Full:
            if self.pool.closed:
                self.release(row)
                return
            self._work.end(row, telling, ("waiting",), "failed", too_many(row))
            self._forget(row.id)
            return
        telling.begin(before)

    def _run(self, identity: str, telling: Telling, stop: Stop) -> None:
        rest = self._work.run(identity, telling, stop)
        if rest is None:
            self._forget(identity)
            return

        def finish() -> None:
            rest()
            self._forget(identity)

        if not self._finishers.give(finish, partial(self._fault, identity), question=identity):
            # Shutting down: it is answered after the next start.
            row = self.tools.store.get(identity)
            if row is not None:
                self.release(row)

    def _unforeseen(self, task: Task) -> None:
        self._fault(task.id)

    def _fault(self, identity: str) -> None:
        row = self.tools.store.get(identity)
        if row is not None:
            self._work.unforeseen(row, self._telling(row))
        self._forget(identity)

    def _telling(self, row: StoredQuestion) -> Telling:
        """The one who speaks in this question's thread."""
        with self._lock:
            known = self._tellings.get(row.id)
            if known is None:
                note = self.tools.store.note
                known = self._tellings[row.id] = Telling(
                    row, self.tools.courier, self._pace, self._clock, lambda ts: note(row.id, progress=ts)
                )
            return known

    def _forget(self, identity: str) -> None:
        with self._lock:
            self._tellings.pop(identity, None)

    def stop(self, identity: str, person: str) -> bool:
        """Stop a question that waits or is worked on; False where it has ended."""
        row = self.tools.store.get(identity)
        if row is None:
            return False
        by = "" if person == row.person else person
        ended = self._work.end(
            row, self._telling(row), ("waiting", "running"), "stopped", stopped(row.text, ref=row.id, by=by)
        )
        self.pool.stop(identity, "asked")
        self._forget(identity)
        return ended

    def retry(self, identity: str, states: tuple[State, ...] = ("interrupted", "stopped", "failed")) -> bool:
        """Ask a question again that ended without an answer; False where it did not, or is being asked already."""
        row = self.tools.store.get(identity)
        if row is None:
            return False
        now = self.tools.now()
        again = self.tools.store.move(
            identity,
            states,
            "waiting",
            attempt=row.attempt + 1,
            asked_at=now,
            holder=self.tools.holder,
            held_until=now + LEASE_SECONDS,
            progress=None,
            reply=None,
            answer=None,
        )
        if again is None:
            return False
        if row.reply is not None:
            self.tools.courier.delete(row.channel, row.reply)
        self._forget(identity)
        self.submit(again)
        return True

    def first_time(self, keys: tuple[str, ...]) -> bool:
        """Whether a delivery that is no question comes for the first time."""
        first = self.tools.store.first_time(keys, self.tools.now())
        if not first:
            self.tools.metrics.duplicate()
        return first

    def may(self, person: str, channel: str) -> bool:
        """Whether somebody may ask in a channel, and so press what stands there. Waits for Slack."""
        asker = self.people.asker(person)
        direct = channel.startswith("D")
        shared = False if direct else self.people.shared(channel)
        place = Place(channel, direct, shared=bool(shared))
        return asker is not None and denial(asker, place, self._team, self.tools.settings) is None

    def stop_thread(self, channel: str, thread: str, person: str) -> None:
        """Stop all that is under way in a thread. Raises Unreachable."""
        if self.may(person, channel):
            for row in self.tools.store.open_in_thread(channel, thread):
                self.stop(row.id, person)

    def chosen(self, identity: str, number: int) -> tuple[StoredQuestion, Question] | None:
        """What was asked back, and the question behind one of its buttons; None where it is no longer kept."""
        row = self.tools.store.get(identity)
        options = options_of(row) if row is not None else ()
        return (row, options[number]) if row is not None and number < len(options) else None

    def interrupted(self, row: StoredQuestion) -> None:
        """A question whose process died over it: its thread says so, if no answer got there. Raises Unreachable."""
        if row.state == "delivering":
            reply = self.tools.courier.find(row.channel, row.thread, f"{row.id}.{row.attempt}")
            if reply is not None:
                now = self.tools.now()
                ended = self.tools.store.move(row.id, ("delivering",), "answered", reply=reply, ended_at=now)
                if ended is not None:
                    self._answered(ended)
                return
        self._work.end(
            row, self._telling(row), ("running", "delivering"), "interrupted", interrupted(row.text, ref=row.id)
        )
        self._forget(row.id)

    def overdue(self) -> None:
        """Tell the threads of questions whose time is up."""
        for task in self.pool.replace_overdue():
            row = self.tools.store.get(task.id)
            if row is not None:
                self.later(partial(self._work.too_long, row, self._telling(row)))

    def tell_places(self) -> None:
        """Tell those that wait how many begin before them."""
        with self._lock:
            tellings = list(self._tellings.items())
        for identity, telling in tellings:
            before = self.pool.before(identity)
            if before is not None:
                telling.waits(before)

    def release(self, row: StoredQuestion) -> None:
        """Let another process, or the next start, have a question."""
        self.tools.store.move(row.id, ("waiting", "running"), "waiting", holder=None, held_until=None)
        self._forget(row.id)

    def close(self, seconds: float) -> None:
        """Take nothing more in, let what runs end, and leave the rest in the store for the next start."""
        self.pool.close(seconds)
        self.tools.pictures.wait_no_more()
        ending = threading.Thread(target=self._end_threads, daemon=True)
        ending.start()
        ending.join(max(LAST_WORDS_SECONDS, seconds / 2))
        self.tools.pictures.close()
        self.tools.store.let_go(self.tools.holder)

    def _end_threads(self) -> None:
        """Let those who speak finish what they are saying."""
        self._finishers.close(waiting=True, given=True)
        self._speakers.close(waiting=True, given=True)
