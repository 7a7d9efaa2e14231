"""What the engines that ask AWS share: clients, a clock, patience, and how a query is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from diagnosis.sources import SourceUnavailable

Clients = Callable[[str, str], Any]
"""A boto3 client of a service in a Region."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 3.0


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Remote:
    """How AWS is asked."""

    clients: Clients
    now: Callable[[], int]
    """Unix seconds."""
    sleep: Callable[[float], None] = time.sleep
    stopped: Callable[[], bool] = _never
    """Whether whoever asked has given up."""
    patience: float = 90.0
    """Seconds that a query may run before it is cancelled."""

    def pauses(self, what: str) -> Iterator[float]:
        """Sleep longer and longer, and yield the seconds slept so far after each.

        Raises SourceUnavailable when patience ends, or whoever asked has given up.
        """
        slept, pause = 0.0, FIRST_PAUSE
        while True:
            if self.stopped():
                raise SourceUnavailable(f"{what} was stopped, as asked.")
            if slept >= self.patience:
                raise SourceUnavailable(
                    f"{what} ran longer than {self.patience:.0f} seconds and was stopped: ask for a shorter time "
                    "(--since), or try again."
                )
            self.sleep(pause)
            slept += pause
            pause = min(pause * 1.6, LONGEST_PAUSE)
            yield slept


@contextmanager
def cancelled_on_the_way_out(cancel: Callable[[], object]) -> Iterator[None]:
    """Cancel a query when waiting for it ends in an exception, an interrupt by the keyboard among them."""
    try:
        yield
    except BaseException:
        cancel()
        raise


def of_bytes(count: int) -> str:
    """A number of bytes as a person reads it: 1.2 GB, 830 KB."""
    size, unit = float(count), "bytes"
    for larger in ("KB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "bytes" or size >= 100 else f"{size:.1f} {unit}"


def of_dollars(amount: float) -> str:
    """A price as a person reads it."""
    return "less than $0.01" if amount < 0.01 else f"about ${amount:.2f}"
