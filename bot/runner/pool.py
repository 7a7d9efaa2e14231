"""A bounded pool of threads that takes its tasks from each channel in turn, so that a busy one delays no other."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bot.runner.crew import outlive
from bot.runner.stopping import Reason, Stop


class Full(Exception):
    """So many tasks wait that no further one is taken."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do for a channel. `run` gets the permission to go on, which it checks at every step."""

    id: str
    channel: str
    run: Callable[[Stop], None]
    stop: Stop


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a pool is."""

    waiting: int
    running: int
    lost: int
    """Threads that a task has not given back in its time; others stand in for them."""


class FairPool:
    """`workers` tasks run at once and at most `waiting` wait; beyond that, `submit` raises Full.

    A task whose time is up is told to stop, and a new thread takes the place of the one that it still holds: a call
    that never returns blocks nobody else. `alarm` is called where a task fails, and `unforeseen`, which gets the task.
    """

    def __init__(
        self,
        workers: int,
        waiting: int,
        alarm: Callable[[], None],
        unforeseen: Callable[[Task], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = waiting
        self._workers = workers
        self._alarm = alarm
        self._unforeseen = unforeseen
        self._clock = clock
        self._changed = threading.Condition()
        self._queues: OrderedDict[str, deque[Task]] = OrderedDict()
        self._running: dict[str, Task] = {}
        self._lost: dict[str, Task] = {}
        self._closed = False
        self._started = 0
        for _ in range(workers):
            self._start_thread()

    def stop_for(self, seconds: float) -> Stop:
        """A permission for a task of this pool, by the pool's clock."""
        return Stop(seconds, self._clock)

    def submit(self, task: Task) -> int:
        """Take a task; how many are before it, 0 where a thread is free. Raises Full, also once it is closed."""
        with self._changed:
            waiting = sum(map(len, self._queues.values()))
            if self._closed or waiting >= self._most:
                raise Full
            self._queues.setdefault(task.channel, deque()).append(task)
            self._changed.notify()
            return self._before(task.id)

    @property
    def closed(self) -> bool:
        """Whether it takes no more tasks."""
        return self._closed

    def before(self, identity: str) -> int | None:
        """How many tasks begin before this one; None where it does not wait."""
        with self._changed:
            waits = any(task.id == identity for queue in self._queues.values() for task in queue)
            return self._before(identity) if waits else None

    def _before(self, identity: str) -> int:
        """How many begin before it, taking the channels in turn; the threads that are free begin at once."""
        queues = [list(queue) for queue in self._queues.values()]
        free = self._workers - len(self._running)
        order = [q[i].id for i in range(max(map(len, queues), default=0)) for q in queues if i < len(q)]
        return max(0, order.index(identity) + 1 - free)

    def stop(self, identity: str, reason: Reason) -> Task | None:
        """Stop a task: one that waits leaves the queue and is returned, one that runs ends at its next step."""
        with self._changed:
            for channel, queue in self._queues.items():
                for task in queue:
                    if task.id == identity:
                        queue.remove(task)
                        if not queue:
                            del self._queues[channel]
                        task.stop.now(reason)
                        return task
            running = self._running.get(identity)
            if running is not None:
                running.stop.now(reason)
            return None

    def load(self) -> Load:
        """How busy it is."""
        with self._changed:
            return Load(sum(map(len, self._queues.values())), len(self._running), len(self._lost))

    def replace_overdue(self) -> tuple[Task, ...]:
        """Tasks whose time has come to be up since the last call; each gets a stand-in for its thread."""
        with self._changed:
            overdue = tuple(task for task in self._running.values() if task.stop.overdue)
            for task in overdue:
                task.stop.now("too long")
                self._lost[task.id] = self._running.pop(task.id)
                self._start_thread()
            return overdue

    def close(self, seconds: float) -> tuple[Task, ...]:
        """Take no more tasks, let the running ones end within `seconds`, then stop them.

        Returns those that waited, which never began.
        """
        with self._changed:
            self._closed = True
            left = tuple(task for queue in self._queues.values() for task in queue)
            self._queues.clear()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._running, timeout=seconds)
            for task in (*self._running.values(), *self._lost.values()):
                task.stop.now("shutting down")
            self._changed.wait_for(lambda: not self._running, timeout=min(seconds, 2))
        return left

    def _start_thread(self) -> None:
        self._started += 1
        threading.Thread(target=self._work, name=f"question-{self._started}", daemon=True).start()

    def _next(self) -> Task | None:
        """The next task of the next channel; None when the pool is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._queues))
            if self._closed:
                return None
            channel, queue = self._queues.popitem(last=False)
            task = queue.popleft()
            if queue:
                self._queues[channel] = queue  # at the end: every other channel is served first
            self._running[task.id] = task
            task.stop.begin()
            return task

    def _work(self) -> None:
        while (task := self._next()) is not None:
            outlive(partial(task.run, task.stop), self._alarm, partial(self._unforeseen, task))
            if not self._give_back(task):
                return

    def _give_back(self, task: Task) -> bool:
        """Whether this thread goes on; not where another stands in for it."""
        with self._changed:
            stands_in = self._lost.pop(task.id, None) is not None
            self._running.pop(task.id, None)
            self._changed.notify_all()
            return not stands_in
