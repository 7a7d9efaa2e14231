"""The network that questions are asked of."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from bot.access.scope import Scope
from bot.runner.networks import Networks
from diagnosis.network.described import Described
from diagnosis.snapshots.embedded_account import snapshot_folder
from diagnosis.snapshots.read import read_snapshot


class Eyes:
    """Reads the embedded account again and again."""

    def described(self, say: Callable[[str], None]) -> Described:
        return read_snapshot(snapshot_folder())

    def version(self) -> Hashable:
        return 1


def unheard(_: str) -> None:
    """What is being done, said to nobody."""


def test_what_was_read_anew_is_told_apart_from_what_was_read_before() -> None:
    networks = Networks(Eyes(), 60, lambda: 0.0)
    first, again = networks.sight(Scope(), unheard), networks.sight(Scope(), unheard)
    networks.forget()
    anew = networks.sight(Scope(), unheard)

    assert first is again
    assert (first.reading, anew.reading) == (1, 2)
    assert networks.last(Scope()) is anew
