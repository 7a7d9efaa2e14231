"""How a question under way is stopped: work asks at every step whether it may go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

Reason = Literal["asked", "too long", "shutting down"]


class Stopped(Exception):
    """The work under way is to end, and why. Not a failure."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class Stop:
    """One question's permission to go on. `clock` counts seconds and never goes back."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seconds = seconds
        self._until: float | None = None
        self._lock = threading.Lock()
        self._reason: Reason | None = None

    def begin(self) -> None:
        """Start the time that the question has."""
        self._until = self._clock() + self._seconds

    def now(self, reason: Reason) -> None:
        """End the work at its next step; the first reason stays."""
        with self._lock:
            self._reason = self._reason or reason

    @property
    def overdue(self) -> bool:
        """Whether its time is up."""
        return self._until is not None and self._clock() > self._until

    @property
    def reason(self) -> Reason | None:
        """Why it is to end; None while it may go on."""
        return self._reason

    def check(self) -> None:
        """Raises Stopped where the work is to end."""
        if self._reason is None and self.overdue:
            self.now("too long")
        if self._reason is not None:
            raise Stopped(self._reason)
