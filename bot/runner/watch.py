"""What has to be seen to every so often: overdue questions, places in the queue, orphans, and what is old enough."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.runner.courier import Unreachable
from bot.runner.desk import LEASE_SECONDS, Desk
from bot.runner.fix_rounds import FixRounds
from bot.store.rows import StoredQuestion

log = structlog.get_logger("whynot.watch")

TICK_SECONDS = 1.0
HOLD_SECONDS = 5.0
ORPHANS_SECONDS = 10.0
FORGET_SECONDS = 3_600.0
DAY = 86_400.0


class Watch:
    """One thread that looks after the desk. `start` first finds what an earlier process left."""

    def __init__(self, desk: Desk, fixes: FixRounds | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._clock = clock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_round, name="watch", daemon=True)
        self._last = clock()
        self._jobs: list[tuple[float, Callable[[], object]]] = [
            (TICK_SECONDS, desk.overdue),
            (TICK_SECONDS, self._count),
            (2 * TICK_SECONDS, desk.tell_places),
            (HOLD_SECONDS, self._hold),
            (ORPHANS_SECONDS, self.orphans),
            (ORPHANS_SECONDS, desk.tools.opinions.interrupted),
            (ORPHANS_SECONDS, desk.tools.witnesses.interrupted),
            (FORGET_SECONDS, self._forget),
        ]
        if fixes is not None:
            self._jobs += [
                (TICK_SECONDS, fixes.expire),
                (TICK_SECONDS, fixes.undo_what_is_due),
                (TICK_SECONDS, fixes.traffic.look),
                (HOLD_SECONDS, fixes.hold),
                (HOLD_SECONDS, fixes.orphans),
                (FORGET_SECONDS, fixes.post_head),
            ]

    def start(self) -> None:
        """Begin to look round."""
        self._thread.start()

    def stop(self) -> None:
        """Look round no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5)

    @property
    def alive(self) -> bool:
        """Whether it looked round lately: if not, the process is stuck."""
        return self._thread.is_alive() and self._clock() - self._last < 30

    def _look_round(self) -> None:
        due = [0.0] * len(self._jobs)
        while True:
            for place, (every, job) in enumerate(self._jobs):
                if self._clock() < due[place]:
                    continue
                due[place] = self._clock() + every
                try:
                    job()
                except (SQLAlchemyError, Unreachable) as error:
                    log.warning("not seen to", job=job.__name__, error=str(error).splitlines()[0])
            self._last = self._clock()
            if self._ended.wait(TICK_SECONDS):
                return

    def _hold(self) -> None:
        tools = self._desk.tools
        tools.store.hold(tools.holder, tools.now() + LEASE_SECONDS)

    def _count(self) -> None:
        load, metrics = self._desk.pool.load(), self._desk.tools.metrics
        metrics.waiting.set(load.waiting)
        metrics.running.set(load.running)
        metrics.lost_threads.set(load.lost)

    def _forget(self) -> None:
        tools = self._desk.tools
        keep, store, now = tools.settings.store, tools.store, tools.now()
        gone = store.forget(now - keep.keep_days * DAY)
        gone += store.summaries.forget(now - keep.keep_days * DAY)
        store.opinions.forget(now - keep.keep_days * DAY)
        store.witnesses.forget(now - keep.keep_days * DAY)
        proposals = store.proposals.forget(now - keep.keep_proposals_days * DAY)
        records = store.audit.forget(now - keep.keep_audit_days * DAY) if keep.keep_audit_days is not None else 0
        if gone or proposals or records:
            log.info("deleted what is old enough", questions=gone, proposals=proposals, audit_records=records)

    def orphans(self) -> None:
        """Questions that a process left: those that waited are answered, the others told that they were interrupted."""
        tools = self._desk.tools
        now = tools.now()
        for row in tools.store.orphans(now):
            if not tools.store.adopt(row, tools.holder, now + LEASE_SECONDS):
                continue
            log.info("found an unanswered question", question=row.id, state=row.state)
            self._desk.later(self._seen_to(row))

    def _seen_to(self, row: StoredQuestion) -> Callable[[], object]:
        if row.state == "waiting":
            return lambda: self._desk.again(row)
        return lambda: self._desk.interrupted(row)
