"""Partition: disjoint address sets, each with what it stands for, asked where a range lies by one bisection.

A route table is one: the destinations that each of its routes really takes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from diagnosis.traffic.intervals import IntervalSet, pieces


class Partition:
    """Sets that do not overlap, by number; to its callers it is a value."""

    __slots__ = ("_cuts", "_numbers")

    def __init__(self, sets: Sequence[IntervalSet]) -> None:
        found = sorted((lo, hi, number) for number, members in enumerate(sets) for lo, hi in pieces(members))
        self._cuts: list[int] = []
        self._numbers: list[int | None] = [None]
        for lo, hi, number in found:
            if not self._cuts or self._cuts[-1] != lo:
                self._cuts.append(lo)
                self._numbers.append(number)
            else:
                self._numbers[-1] = number
            self._cuts.append(hi)
            self._numbers.append(None)

    def holding(self, addresses: IntervalSet) -> int | None:
        """The number of the set of which one stretch holds all of these addresses; None where none does so.

        None says nothing against a set that holds them in several stretches.
        """
        if not addresses:
            return None
        at = bisect_right(self._cuts, addresses[0])
        if at == len(self._cuts) or addresses[-1] > self._cuts[at]:
            return None
        return self._numbers[at]
