"""Few compute at once, and nobody waits forever for one who never ends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from bot.runner.answering import Outcome
from bot.runner.remembered import Remembered
from bot.runner.stopping import Stopped
from bot.runner.turns import Aside, Turns
from diagnosis.evidence.query import FlowLogQuery, Sightings

WAIT = 10


def go_on() -> None:
    """Nobody has stopped it."""


def test_no_more_than_so_many_have_a_turn_at_once() -> None:
    turns, now, most = Turns(2), [0], [0]
    lock = threading.Lock()

    def compute(_: int) -> None:
        with turns.one(go_on):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            threading.Event().wait(0.01)
            with lock:
                now[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(compute, range(24)))

    assert most == [2]


def test_a_turn_that_is_never_given_back_is_not_waited_for_in_vain() -> None:
    turns = Turns(1, patience=0.05)
    turns.take(go_on)

    with turns.one(go_on):
        pass
    turns.give_back()

    assert turns.take(go_on)


def test_who_is_stopped_waits_no_longer_for_a_turn() -> None:
    turns = Turns(1)
    turns.take(go_on)

    def stopped() -> None:
        raise Stopped("asked")

    with pytest.raises(Stopped), turns.one(stopped):
        pass


def test_while_flow_logs_are_read_another_has_the_turn() -> None:
    turns = Turns(1)

    class Logs:
        def read(self, query: FlowLogQuery) -> Sightings:
            with turns.one(go_on):
                return cast("Sightings", "read")

    with turns.one(go_on) as turn:
        found: Any = Aside(Logs(), turn, Turns(1), go_on).read(cast("FlowLogQuery", None))
        assert found == "read"
    assert turns.take(go_on)


def test_what_many_ask_at_once_is_found_out_once_and_anew_after_a_while() -> None:
    seconds, found = [0.0], []
    remembered = Remembered(lambda: seconds[0])

    def find() -> Any:
        threading.Event().wait(0.02)
        found.append(1)
        return len(found)

    with ThreadPoolExecutor(8) as pool:
        outcomes: set[Any] = set(pool.map(lambda _: remembered.outcome("key", find, go_on), range(16)))
    assert outcomes == {1}

    seconds[0] = 61.0
    later: list[Any] = [remembered.outcome(key, find, go_on) for key in ("key", "other")]
    assert later == [2, 3]


def test_what_failed_is_not_remembered() -> None:
    remembered = Remembered(lambda: 0.0)

    def fails() -> Outcome:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        remembered.outcome("key", fails, go_on)
    again: Any = remembered.outcome("key", lambda: cast("Any", 1), go_on)
    assert again == 1
