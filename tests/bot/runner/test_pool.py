"""A bounded pool in which no channel waits for another one's many questions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from bot.runner.pool import FairPool, Full, Task
from bot.runner.stopping import Stop, Stopped

WAIT = 10


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Bench:
    """A pool, and what its tasks did."""

    def __init__(self, workers: int = 1, waiting: int = 50) -> None:
        self.clock = Clock()
        self.done: list[str] = []
        self.alarms = threading.Semaphore(0)
        self.errors: list[str] = []
        self.gate = threading.Event()
        self.begun = threading.Semaphore(0)
        self.pool = FairPool(
            workers, waiting, self.alarms.release, lambda task: self.errors.append(task.id), self.clock
        )

    def give(self, identity: str, channel: str = "C1", work: Callable[[Stop], None] | None = None) -> int:
        def run(stop: Stop) -> None:
            self.begun.release()
            (work or self._wait)(stop)
            self.done.append(identity)

        return self.pool.submit(Task(identity, channel, run, self.pool.stop_for(60)))

    def _wait(self, _stop: Stop) -> None:
        assert self.gate.wait(WAIT)

    def until(self, condition: Callable[[], bool]) -> None:
        with self.pool._changed:
            assert self.pool._changed.wait_for(condition, WAIT)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.gate.set()
    made.pool.close(WAIT)


def test_channels_are_served_in_turn_and_each_is_told_how_many_are_before_it(bench: Bench) -> None:
    bench.give("first", "C0")
    assert bench.begun.acquire(timeout=WAIT)
    places = [bench.give(f"busy {n}", "C1") for n in range(3)] + [bench.give("quiet", "C2")]

    assert places == [1, 2, 3, 2]
    assert bench.pool.before("busy 2") == 4
    bench.gate.set()
    bench.until(lambda: len(bench.done) == 5)
    assert bench.done == ["first", "busy 0", "quiet", "busy 1", "busy 2"]


def test_beyond_the_bound_no_question_is_taken(bench: Bench) -> None:
    small = Bench(waiting=2)
    small.give("runs")
    assert small.begun.acquire(timeout=WAIT)
    small.give("waits 1")
    small.give("waits 2")

    with pytest.raises(Full):
        small.give("too many")

    small.gate.set()
    small.pool.close(WAIT)


def test_one_that_waits_is_stopped_at_once_and_one_that_runs_at_its_next_step(bench: Bench) -> None:
    def steps(stop: Stop) -> None:
        assert bench.gate.wait(WAIT)
        with pytest.raises(Stopped, match="asked"):
            stop.check()

    bench.give("runs", work=steps)
    assert bench.begun.acquire(timeout=WAIT)
    bench.give("waits")

    assert bench.pool.stop("runs", "asked") is None
    stopped = bench.pool.stop("waits", "asked")
    assert stopped is not None
    assert stopped.id == "waits"
    bench.gate.set()
    bench.until(lambda: not bench.pool._running)
    assert bench.done == ["runs"]
    assert bench.errors == []


def test_a_call_that_never_returns_blocks_nobody_else(bench: Bench) -> None:
    bench.give("stuck")
    assert bench.begun.acquire(timeout=WAIT)
    bench.give("next", work=lambda _: None)
    assert bench.pool.replace_overdue() == ()

    bench.clock.seconds = 61

    assert [task.id for task in bench.pool.replace_overdue()] == ["stuck"]
    assert bench.pool.replace_overdue() == ()
    bench.until(lambda: bench.done == ["next"])
    assert bench.pool.load().lost == 1
    bench.gate.set()
    bench.until(lambda: not bench.pool._lost)


def test_what_a_task_raises_ends_no_thread(bench: Bench) -> None:
    def fails(_stop: Stop) -> None:
        raise ValueError("no")

    bench.give("bad", work=fails)
    bench.give("good", work=lambda _: None)

    bench.until(lambda: bench.done == ["good"])
    assert bench.errors == ["bad"]
    assert bench.alarms.acquire(blocking=False)


def test_at_the_end_running_ones_finish_and_waiting_ones_are_handed_back(bench: Bench) -> None:
    bench.give("runs", work=lambda _: None)
    bench.until(lambda: bench.done == ["runs"])
    bench.give("slow")
    for _ in range(2):
        assert bench.begun.acquire(timeout=WAIT)
    bench.give("waits")
    threading.Timer(0.05, bench.gate.set).start()

    left = bench.pool.close(WAIT)

    assert [task.id for task in left] == ["waits"]
    assert bench.done == ["runs", "slow"]
    with pytest.raises(Full):
        bench.give("late")
