"""Turns at computing: Python computes one thing at a time, and an acknowledgement must not wait behind fifty."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from diagnosis.evidence.query import FlowLogQuery, Sightings
from diagnosis.sources import FlowLogSource

LOOK_SECONDS: Final = 0.2


class Turns:
    """At most `most` questions compute at once; those that wait for others, such as flow logs, give up their turn."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    @contextmanager
    def one(self, check: Callable[[], None]) -> Iterator[None]:
        """Wait for a turn and take it. `check` is called while waiting, and may raise to end that."""
        self._take(check)
        try:
            yield
        finally:
            self._free.release()

    def _take(self, check: Callable[[], None]) -> None:
        while not self._free.acquire(timeout=LOOK_SECONDS):
            check()

    @contextmanager
    def given_up(self, check: Callable[[], None]) -> Iterator[None]:
        """Let another have the turn meanwhile."""
        self._free.release()
        try:
            yield
        finally:
            # It is given back to `one` in any case, so it has to be taken again whatever the reason to end.
            self._free.acquire()
            check()


class Aside:
    """A FlowLogSource that is read without holding the turn of whoever asks; `readers` bounds how many read at once."""

    def __init__(self, source: FlowLogSource, turns: Turns, readers: Turns | None, check: Callable[[], None]) -> None:
        self._source = source
        self._turns = turns
        self._readers = readers
        self._check = check

    def read(self, query: FlowLogQuery) -> Sightings:
        """Read it; raises what the source raises, and what `check` does."""
        with self._turns.given_up(self._check):
            if self._readers is None:
                return self._source.read(query)
            with self._readers.one(self._check):
                return self._source.read(query)
