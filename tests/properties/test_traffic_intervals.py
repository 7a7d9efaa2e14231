"""Interval sets against Python's own sets, over a small line of integers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from diagnosis.traffic.intervals import (
    EMPTY,
    IntervalSet,
    covers,
    has,
    join,
    join_all,
    meet,
    minus,
    pieces,
    size,
)

LINE = range(40)
points_of_line = st.integers(LINE.start, LINE.stop - 1)
# Scattered points seldom make a long stretch, and a stretch has branches of its own.
stretches = st.tuples(points_of_line, points_of_line).map(lambda ends: frozenset(range(min(ends), max(ends) + 1)))
point_sets = st.frozensets(points_of_line) | stretches


def canonical(points: frozenset[int]) -> IntervalSet:
    """The toggle points, by looking at every integer of the line."""
    return tuple(x for x in range(LINE.stop + 1) if (x in points) != (x - 1 in points))


def members(a: IntervalSet) -> frozenset[int]:
    return frozenset(x for lo, hi in pieces(a) for x in range(lo, hi))


@given(point_sets)
def test_membership_size_and_pieces_agree_with_a_set_of_integers(points: frozenset[int]) -> None:
    a = canonical(points)

    assert frozenset(x for x in LINE if has(a, x)) == points
    assert size(a) == len(points)
    assert members(a) == points


@given(point_sets, point_sets)
def test_operations_on_two_sets_are_exact_and_canonical(left: frozenset[int], right: frozenset[int]) -> None:
    a, b = canonical(left), canonical(right)

    assert join(a, b) == canonical(left | right)
    assert meet(a, b) == canonical(left & right)
    assert minus(a, b) == canonical(left - right)
    assert covers(a, b) == (right <= left)


@given(st.lists(point_sets, max_size=8))
def test_joining_any_number_of_sets_is_their_union(sets: list[frozenset[int]]) -> None:
    assert join_all(map(canonical, sets)) == canonical(frozenset().union(*sets))


@given(point_sets, st.lists(st.integers(0, 2), min_size=60, max_size=60))
def test_a_short_set_against_a_long_one_is_exact(points: frozenset[int], gaps: list[int]) -> None:
    """The bisecting branch, which only sets of very different length reach."""
    long_points = frozenset(2 * i for i, gap in enumerate(gaps) if gap)
    short = canonical(frozenset(x for x in points if x % 13 < 5))
    long = tuple(p for x in sorted(long_points) for p in (x, x + 1))

    assert members(meet(short, long)) == members(short) & long_points
    assert members(meet(long, short)) == members(short) & long_points
    assert members(minus(short, long)) == members(short) - long_points
    assert members(minus(long, short)) == long_points - members(short)


@given(point_sets)
def test_a_set_against_itself_and_against_nothing(points: frozenset[int]) -> None:
    a = canonical(points)
    twin = (*a,)

    assert meet(a, twin) == a == join(a, twin) == minus(a, EMPTY) == join(a, EMPTY)
    assert minus(a, twin) == EMPTY == meet(a, EMPTY) == minus(EMPTY, a)
    assert covers(a, twin)
    assert covers(a, EMPTY)
    assert covers(EMPTY, a) == (a == EMPTY)
