"""Turns at computing: Python computes one thing at a time, and an acknowledgement must not wait behind fifty."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from diagnosis.evidence.query import FlowLogQuery, Sightings
from diagnosis.sources import FlowLogSource

LOOK_SECONDS: Final = 0.2
PATIENCE: Final = 15.0
"""Nobody waits longer for a turn: it is a courtesy, and what somebody never gives back must not stop everybody."""


class Turns:
    """At most `most` questions compute at once; those that wait for others, such as flow logs, give up their turn."""

    def __init__(self, most: int, patience: float = PATIENCE) -> None:
        self._free = threading.Semaphore(most)
        self._patience = patience

    @contextmanager
    def one(self, check: Callable[[], None]) -> Iterator[Turn]:
        """Wait for a turn and take it. `check` is called while waiting, and may raise to end that."""
        turn = Turn(self)
        turn.take(check)
        try:
            yield turn
        finally:
            turn.give_back()

    def take(self, check: Callable[[], None]) -> bool:
        """Whether there was a turn to be had in time."""
        until = time.monotonic() + self._patience
        while not self._free.acquire(timeout=min(LOOK_SECONDS, self._patience)):
            check()
            if time.monotonic() >= until:
                return False
        return True

    def give_back(self) -> None:
        """Let another have it."""
        self._free.release()


class Turn:
    """One question's turn, or its going ahead without one."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._has = False

    def take(self, check: Callable[[], None]) -> None:
        """Wait for it; goes ahead without where that takes too long."""
        self._has = self._turns.take(check)

    def give_back(self) -> None:
        """Let another have it."""
        if self._has:
            self._has = False
            self._turns.give_back()


class Aside:
    """A FlowLogSource that is read without holding the turn of whoever asks; `readers` bounds how many read at once."""

    def __init__(self, source: FlowLogSource, turn: Turn, readers: Turns | None, check: Callable[[], None]) -> None:
        self._source = source
        self._turn = turn
        self._readers = readers
        self._check = check

    def read(self, query: FlowLogQuery) -> Sightings:
        """Read it; raises what the source raises, and what `check` does."""
        self._turn.give_back()
        if self._readers is None:
            found = self._source.read(query)
        else:
            with self._readers.one(self._check):
                found = self._source.read(query)
        self._turn.take(self._check)
        return found
