"""Sets of integers as canonical flat tuples of half-open toggle points: ``(lo, hi, lo, hi, ...)``.

A canonical set is strictly increasing, so two sets are equal exactly when their tuples are, and a set can be a key.
Addresses, ports and protocol numbers are all such sets. Every function expects canonical sets and returns them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

IntervalSet = tuple[int, ...]
"""Half-open toggle points: membership flips at each of them. An even number of strictly increasing integers."""

EMPTY: IntervalSet = ()

# Below this ratio of lengths a bisection per interval of the short set beats one sweep over both (measured).
_BISECT_RATIO = 5


def span(lo: int, hi: int) -> IntervalSet:
    """The integers from ``lo`` up to, not including, ``hi``; ValueError unless ``lo < hi``."""
    if lo >= hi:
        raise ValueError(f"a span needs lo < hi, got {lo} and {hi}")
    return (lo, hi)


def join(*sets: IntervalSet) -> IntervalSet:
    """The union of the sets."""
    return join_all(sets)


def join_all(sets: Iterable[IntervalSet]) -> IntervalSet:
    """The union of any number of sets, in one sort: n log n over all their intervals."""
    parts = [part for part in sets if part]
    if len(parts) < 2:
        return parts[0] if parts else EMPTY
    if len(parts) == 2 and (parts[0] is parts[1] or parts[0] == parts[1]):
        return parts[0]
    points = list(chain.from_iterable(parts))  # Every set is of even length, so starts and ends take turns.
    starts, ends = sorted(points[::2]), sorted(points[1::2])
    # With both lists sorted, nothing covers x exactly when as many intervals ended as started up to x:
    # the gaps are ends[k] to starts[k + 1], wherever that is not empty.
    points = [starts[0]]
    for end, start in zip(ends, starts[1:], strict=False):
        if end < start:
            points += (end, start)
    points.append(ends[-1])
    return tuple(points)


def of_members(members: Iterable[int]) -> IntervalSet:
    """The set of these integers."""
    ordered = sorted(set(members))
    if not ordered:
        return EMPTY
    points = [ordered[0]]
    for one, following in pairwise(ordered):
        if following != one + 1:
            points += (one + 1, following)
    points.append(ordered[-1] + 1)
    return tuple(points)


def meet(a: IntervalSet, b: IntervalSet) -> IntervalSet:
    """The intersection of two sets."""
    if a is b:
        return a
    if not a or not b or a[-1] <= b[0] or b[-1] <= a[0]:
        return EMPTY
    if len(a) > len(b):
        a, b = b, a
    if len(a) == 2:
        lo, hi = a
        i = bisect_right(b, lo)
        j = bisect_left(b, hi, i)
        if i & 1:
            if i == j:
                return a
            return (lo, *b[i:j], hi) if j & 1 else (lo, *b[i:j])
        return (*b[i:j], hi) if j & 1 else b[i:j]
    if a == b:
        return a
    at = bisect_right(b, a[0])
    if at == len(b) or a[-1] <= b[at]:  # All of the one between two neighbouring points of the other.
        return a if at & 1 else EMPTY
    at = bisect_right(a, b[0])
    if at & 1 and b[-1] <= a[at]:
        return b
    if len(a) * _BISECT_RATIO < len(b):
        points: list[int] = []
        for i in range(0, len(a), 2):
            points += meet(a[i : i + 2], b)
        return tuple(points)
    starts = sorted(a[::2] + b[::2])
    ends = sorted(a[1::2] + b[1::2])
    # Two cover x exactly when one more than the next end has started: starts[k + 1] to ends[k].
    return tuple([p for s, e in zip(starts[1:], ends, strict=False) if s < e for p in (s, e)])


def minus(a: IntervalSet, b: IntervalSet) -> IntervalSet:
    """The members of ``a`` that are not in ``b``."""
    if a is b:
        return EMPTY
    if not a or not b or a[-1] <= b[0] or b[-1] <= a[0]:
        return a
    if len(a) == 2:
        lo, hi = a
        i = bisect_right(b, lo)
        j = bisect_left(b, hi, i)
        if i & 1:
            return b[i:j] if j & 1 else (*b[i:j], hi)
        if i == j:
            return a
        return (lo, *b[i:j]) if j & 1 else (lo, *b[i:j], hi)
    if len(b) == 2:
        lo, hi = b
        i = bisect_left(a, lo)
        j = bisect_right(a, hi, i)
        return a[:i] + ((lo,) if i & 1 else ()) + ((hi,) if j & 1 else ()) + a[j:]
    return meet(a, (min(a[0], b[0]) - 1, *b, max(a[-1], b[-1]) + 1))


def has(a: IntervalSet, x: int) -> bool:
    """Whether ``x`` is a member."""
    return bool(bisect_right(a, x) & 1)


def size(a: IntervalSet) -> int:
    """How many integers are in the set, exactly."""
    return sum(a[1::2]) - sum(a[::2])


def pieces(a: IntervalSet) -> Iterator[tuple[int, int]]:
    """The half-open intervals of the set, ascending; no two of them touch."""
    return zip(a[::2], a[1::2], strict=True)


def covers(a: IntervalSet, b: IntervalSet) -> bool:
    """Whether every member of ``b`` is in ``a``."""
    if a is b or not b:
        return True
    if len(b) == 2:
        i = bisect_right(a, b[0])
        return bool(i & 1) and b[1] <= a[i]
    return not minus(b, a)
