"""The clock of the double: real seconds, and a hand that can push it on."""

from __future__ import annotations

import threading
import time


class Clock:
    """Seconds since 1970. `advance` makes what takes minutes at Slack (expiry, retries) take no time in a test."""

    def __init__(self) -> None:
        self._pushed = 0.0
        self._last = 0
        self._lock = threading.Lock()
        self.moved = threading.Condition()

    def now(self) -> float:
        """The time at Slack."""
        return time.time() + self._pushed

    def advance(self, seconds: float) -> None:
        """Let this much time pass at once."""
        with self.moved:
            self._pushed += seconds
            self.moved.notify_all()

    def stamp(self) -> str:
        """A message's `ts`: seconds and microseconds, never the same twice, in order."""
        with self._lock:
            self._last = max(self._last + 1, int(self.now() * 1_000_000))
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"
