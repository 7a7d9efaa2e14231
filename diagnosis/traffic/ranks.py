"""Ranks: the members of one set numbered in order, so that every other set is told by which of them it holds.

Two sets that hold the same of them become equal, and what lies between them is gone: a list of 500 ranges of which one
holds a single member is the one number of that member.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from diagnosis.traffic.intervals import IntervalSet, pieces


class Ranks:
    """The members of a set, numbered from 0; to its callers it is a value."""

    __slots__ = ("_before", "_members", "count", "everything")

    def __init__(self, members: IntervalSet) -> None:
        self._members = members
        self._before: list[int] = []
        """How many members lie before each interval of the set."""
        self.count = 0
        for low, high in pieces(members):
            self._before.append(self.count)
            self.count += high - low
        self.everything: IntervalSet = (0, self.count) if members else ()

    def of(self, some: IntervalSet) -> IntervalSet:
        """The numbers of the members that are in a set, whatever else it holds."""
        members, before = self._members, self._before
        if not members or not some:
            return ()
        first = bisect_right(some, members[0])
        last = bisect_left(some, members[-1], first)
        if first == last:
            return self.everything if first & 1 else ()
        points = [0] if first & 1 else []
        for point in some[first:last]:
            at = bisect_right(members, point)
            number = before[at >> 1] if not at & 1 else before[at >> 1] + point - members[at - 1]
            if points and points[-1] == number:
                points.pop()
            else:
                points.append(number)
        if last & 1:
            points.append(self.count)
        return tuple(points)

    def number(self, member: int) -> int | None:
        """The number of one member; None where it is none."""
        found = self.of((member, member + 1))
        return found[0] if found else None

    def each(self) -> Iterator[int]:
        """The members in the order of their numbers."""
        for low, high in pieces(self._members):
            yield from range(low, high)

    def members(self, numbers: IntervalSet) -> IntervalSet:
        """The members with these numbers: the set back, of what is numbered."""
        members, before = self._members, self._before
        points: list[int] = []
        for low, high in pieces(numbers):
            at = bisect_right(before, low) - 1
            while at < len(before) and before[at] < high:
                start, end = members[2 * at], members[2 * at + 1]
                points.append(max(start, start + low - before[at]))
                points.append(min(end, start + high - before[at]))
                at += 1
        return tuple(points)
