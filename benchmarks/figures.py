"""Figures beside their goals: each row says what was measured, what is wanted, and the ratio of the two.

A ratio is the part of the goal's allowance that was used: up to 1 the goal is met, whichever way it points.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figures:
    """Prints rows as they come, and remembers what missed its goal."""

    misses: list[str] = field(default_factory=list)

    def at_most(self, what: str, value: float, unit: str, goal: float) -> None:
        """A figure that should be low."""
        self._row(what, value, unit, f"<= {goal:,g}", value / goal)

    def at_least(self, what: str, value: float, unit: str, goal: float) -> None:
        """A figure that should be high."""
        self._row(what, value, unit, f">= {goal:,g}", goal / value if value else float("inf"))

    @staticmethod
    def plain(what: str, value: float, unit: str) -> None:
        """A figure without a goal."""
        print(f"  {what:60}{_short(value):>10} {unit}", flush=True)

    def _row(self, what: str, value: float, unit: str, goal: str, ratio: float) -> None:
        missed = ratio > 1
        if missed:
            self.misses.append(what)
        row = f"  {what:60}{_short(value):>10} {unit:8}{goal:>10}   ratio {ratio:6.2f}"
        print(f"{row}{'   MISSED' if missed else ''}", flush=True)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.3g}"


def seconds(call: Callable[..., object], *arguments: object) -> float:
    """Processor seconds of one call: what else the machine does meanwhile does not count, waiting does not either."""
    started = time.process_time()
    call(*arguments)
    return time.process_time() - started


def best(call: Callable[..., object], *arguments: object, times: int = 3) -> float:
    """Processor seconds of the quickest of several calls."""
    return min(seconds(call, *arguments) for _ in range(times))


def percentile(values: list[float], part: float) -> float:
    """The value below which that part of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def settled_memory() -> None:
    """Collects garbage and sets what is left aside, so that the account itself is not walked while measuring."""
    gc.collect()
    gc.freeze()
