"""Outcomes kept for a short time: in an outage many people ask the same thing within a minute."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from bot.runner.answering import Outcome

MOST = 128
SECONDS = 60.0
LOOK_SECONDS = 0.2
PATIENCE = 20.0


@dataclass(slots=True)
class _Entry:
    working: threading.Lock = field(default_factory=threading.Lock)
    found: tuple[float, Outcome] | None = None


class Remembered:
    """What was found out for a key, at most `SECONDS` ago. Of those who ask for one key at once, one finds it out."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()

    def outcome(self, key: Hashable, find: Callable[[], Outcome], check: Callable[[], None]) -> Outcome:
        """What is kept for a key, or else what `find` returns. `check` is called while waiting, and may raise."""
        entry = self._entry(key)
        until = self._clock() + PATIENCE
        while not entry.working.acquire(timeout=LOOK_SECONDS):
            check()
            if self._clock() >= until:
                return find()  # whoever is finding it out may never come back
        try:
            if entry.found is not None and self._clock() - entry.found[0] < SECONDS:
                return entry.found[1]
            outcome = find()
            entry.found = (self._clock(), outcome)
            return outcome
        finally:
            entry.working.release()

    def _entry(self, key: Hashable) -> _Entry:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > MOST:
                self._entries.popitem(last=False)
            return entry
