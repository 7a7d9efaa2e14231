"""What is said of one question while it is worked on, and how it ends: one message in the thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bot.runner.courier import Courier, Unreachable
from bot.store.rows import StoredQuestion
from bot.views.message import Message
from bot.views.progress import queued, received, working

SECONDS_WITHOUT_WORD = 3.0
"""A question that takes longer gets a message that says what is being done, with a button to stop it."""


class Pace:
    """Progress of all questions together, no faster than Slack takes updates: one each `seconds`.

    https://docs.slack.dev/apis/web-api/rate-limits: chat.update takes about 50 a minute.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._next = 0.0
        self._lock = threading.Lock()

    def may(self) -> bool:
        """Whether an update may be sent now; if so, it is counted as sent."""
        with self._lock:
            now = self._clock()
            if now < self._next:
                return False
            self._next = now + self._seconds
            return True


class Telling:
    """One question's thread. The status line is shown where the workspace has it, else a message says as much.

    The answer is a message of its own, since only a new message notifies; the one that showed progress is then removed.
    """

    def __init__(
        self,
        row: StoredQuestion,
        courier: Courier,
        pace: Pace,
        clock: Callable[[], float],
        posted: Callable[[str], None],
    ) -> None:
        self.row = row
        self._courier = courier
        self._pace = pace
        self._clock = clock
        self._posted = posted
        self._lock = threading.RLock()
        self._ended = False
        self._begun = clock()
        self._progress = row.progress
        self._has_status = False
        self._has_session = False
        self._done: list[str] = []
        self._doing = ""

    def begin(self, before: int) -> None:
        """The first sign of life; `before` is how many questions begin before this one."""
        row = self.row
        with self._lock:
            if self._ended:
                return
            self._has_status = self._courier.status(row.channel, row.thread, "is looking into it…")
            if before > 0:
                self._show(queued(row.text, before, ref=row.id))
            elif not self._has_status:
                self._show(received(row.text))
            self._has_session = self._courier.session(row.channel, row.thread, at_work=True)

    def waits(self, before: int) -> None:
        """Its place in the queue, as it becomes less."""
        with self._lock:
            if not self._ended and self._progress is not None and self._pace.may():
                self._show(queued(self.row.text, max(1, before), ref=self.row.id))

    def doing(self, what: str) -> None:
        """What is being done now. Said only as often as Slack takes it; the answer waits for none of it."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if what != self._doing:
                self._done += [self._doing] if self._doing and not self._counts_on(what) else []
                self._doing = what
            if self._ended or self._clock() - self._begun < SECONDS_WITHOUT_WORD or not self._pace.may():
                return
            self._show(working(self.row.text, doing=what, done=self._done, ref=self.row.id))
        finally:
            self._lock.release()

    @property
    def at(self) -> str:
        """What is being done now; "" before the first step."""
        return self._doing

    def _counts_on(self, what: str) -> bool:
        """Whether one line only moves on another: "12 of 60 calls answered"."""
        return what.partition(":")[0] == self._doing.partition(":")[0] or not self._doing

    def end(self, message: Message, *, marked: str = "") -> str:
        """The last word: posts it and takes the progress away; its `ts`. Raises Unreachable."""
        row = self.row
        with self._lock:
            self._ended = True
            try:
                return self._courier.post(row.channel, message, thread=row.thread, marked=marked)
            finally:
                self.clear()

    def clear(self) -> None:
        """Take away what showed progress."""
        row = self.row
        with self._lock:
            self._ended = True
            if self._progress is not None:
                self._courier.delete(row.channel, self._progress)
                self._progress = None
            if self._has_session:
                self._courier.session(row.channel, row.thread, at_work=False)
                self._has_session = False

    def _show(self, message: Message) -> None:
        row = self.row
        try:
            if self._progress is not None:
                self._courier.update(row.channel, self._progress, message)
                return
            self._progress = self._courier.post(row.channel, message, thread=row.thread)
        except Unreachable:
            return  # the last word will find out, and tell
        self._posted(self._progress)
