"""The network that questions are asked of: read once, kept for a while, and narrowed for each channel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from bot.access.scope import Scope, narrowed
from diagnosis.network.build import build
from diagnosis.network.described import Described
from diagnosis.network.network import Network
from diagnosis.sources import SourceUnavailable

_POLL_SECONDS = 0.2


class Eyes(Protocol):
    """Where the network comes from, as the composition root hands it out."""

    def described(self, say: Callable[[str], None]) -> Described:
        """Read it; `say` gets what is being done, and may raise to end it. Raises SourceUnavailable."""
        ...

    def version(self) -> Hashable:
        """Something that is another when what was read is out of date, whatever its age."""
        ...


@dataclass(frozen=True, slots=True)
class Sight:
    """What one channel sees: its network, the whole one (for deciding what is outside), and the answers behind it."""

    network: Network
    whole: Network
    described: Described
    reading: int = 0
    """How often the account had been read by then: what is found out from one reading says nothing of another."""


@dataclass(frozen=True, slots=True)
class _Kept:
    described: Described
    whole: Network
    read_at: float
    version: Hashable
    reading: int


class Networks:
    """The network as each scope sees it. It is read by one thread at a time; the others wait and take the result.

    `clock` counts seconds and never goes back.
    """

    def __init__(self, eyes: Eyes, keep_seconds: float, clock: Callable[[], float]) -> None:
        self._eyes = eyes
        self._keep = keep_seconds
        self._clock = clock
        self._reading = threading.Lock()
        self._kept: _Kept | None = None
        self._sights: dict[Scope, Sight] = {}
        self._readings = 0
        self._problem = ""

    def sight(self, scope: Scope, say: Callable[[str], None]) -> Sight:
        """The network within a scope, read if what is kept is too old.

        `say` may raise to end the wait. Raises SourceUnavailable where nothing can be had.
        """
        while not self._reading.acquire(timeout=_POLL_SECONDS):
            say("waiting for the network to be read")
        try:
            kept = self._fresh(say)
            found = self._sights.get(scope)
            if found is None:
                within = narrowed(kept.described, scope)
                network = kept.whole if within is kept.described else build(within)
                found = self._sights[scope] = Sight(network, kept.whole, within, kept.reading)
            return found
        finally:
            self._reading.release()

    def last(self, scope: Scope) -> Sight | None:
        """What a scope sees of what was read last, however old; None where nothing was read. Waits for nobody."""
        kept = self._kept
        if kept is None:
            return None
        found = self._sights.get(scope)
        if found is not None:
            return found
        within = narrowed(kept.described, scope)
        return Sight(kept.whole if within is kept.described else build(within), kept.whole, within, kept.reading)

    @property
    def problem(self) -> str:
        """Why it could not be read the last time, in a sentence that says who must act; "" where it could."""
        return self._problem

    def forget(self) -> None:
        """Read anew for the next question."""
        with self._reading:
            self._kept = None

    def _fresh(self, say: Callable[[str], None]) -> _Kept:
        version = self._eyes.version()
        kept = self._kept
        if kept is not None and kept.version == version and self._clock() - kept.read_at <= self._keep:
            return kept
        try:
            described = self._eyes.described(say)
        except SourceUnavailable as error:
            self._problem = str(error)
            raise
        self._problem = ""
        self._sights = {}
        self._readings += 1
        self._kept = _Kept(described, build(described), self._clock(), version, self._readings)
        return self._kept
