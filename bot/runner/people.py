"""Who somebody is and whether others read along, as Slack says it, asked again after a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from bot.access.people import Asker
from bot.runner.courier import Courier

T = TypeVar("T")
KEPT_SECONDS = 600.0


class People:
    """What Slack knows of people and channels. Methods may be called from any thread, and may wait for Slack."""

    def __init__(self, courier: Courier, clock: Callable[[], float]) -> None:
        self._courier = courier
        self._clock = clock
        self._lock = threading.Lock()
        self._askers: dict[str, tuple[float, Asker]] = {}
        self._shared: dict[str, tuple[float, bool]] = {}

    def asker(self, person: str) -> Asker | None:
        """Somebody, or None where Slack does not say who that is."""
        known = self._fresh(self._askers, person)
        if known is not None:
            return known
        found = self._courier.person(person)
        if found is None:
            return None
        asker = asker_of(person, found)
        with self._lock:
            self._askers[person] = (self._clock(), asker)
        return asker

    def saw(self, channel: str, *, shared: bool) -> None:
        """Remember what an event said of a channel: events carry it, commands do not."""
        with self._lock:
            self._shared[channel] = (self._clock(), shared)

    def shared(self, channel: str) -> bool | None:
        """Whether a channel is shared with another organisation; None where that cannot be known."""
        known = self._fresh(self._shared, channel)
        if known is None:
            known = self._courier.shared(channel)
            if known is not None:
                self.saw(channel, shared=known)
        return known

    def _fresh(self, known: dict[str, tuple[float, T]], key: str) -> T | None:
        with self._lock:
            found = known.get(key)
        return found[1] if found is not None and self._clock() - found[0] < KEPT_SECONDS else None


def asker_of(person: str, found: Mapping[str, Any]) -> Asker:
    """Somebody as `users.info` describes them. What it leaves out stands against them where it could."""
    return Asker(
        id=str(found.get("id") or person),
        team=str(found.get("team_id") or ""),
        guest=bool(found.get("is_restricted") or found.get("is_ultra_restricted")),
        bot=bool(found.get("is_bot")),
        gone=bool(found.get("deleted")),
    )
