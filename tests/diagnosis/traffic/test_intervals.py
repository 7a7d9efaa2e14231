"""Interval sets by example; the exhaustive checks are among the properties."""

from __future__ import annotations

import pytest

from diagnosis.traffic.intervals import EMPTY, covers, has, join, join_all, meet, minus, pieces, size, span


def test_touching_intervals_become_one() -> None:
    assert join((0, 5), (5, 9)) == (0, 9)
    assert join_all([(0, 5), (7, 9), (5, 7)]) == (0, 9)
    assert join_all([]) == EMPTY


def test_a_span_is_half_open_and_never_empty() -> None:
    assert has(span(3, 5), 3)
    assert not has(span(3, 5), 5)
    with pytest.raises(ValueError, match="lo < hi"):
        span(5, 5)


def test_a_hole_is_cut_and_filled() -> None:
    holed = minus((0, 10), (4, 6))

    assert holed == (0, 4, 6, 10)
    assert list(pieces(holed)) == [(0, 4), (6, 10)]
    assert size(holed) == 8
    assert join(holed, (4, 6)) == (0, 10)
    assert covers((0, 10), holed)
    assert not covers(holed, (3, 5))


def test_a_set_inside_a_wide_interval_is_returned_unchanged() -> None:
    inside = (10, 20, 30, 40)

    assert meet(inside, (0, 100)) == inside
    assert meet((12, 15), inside) == (12, 15)


def test_counts_beyond_floating_point_are_exact() -> None:
    assert size((0, 2**128 + 1)) == 2**128 + 1
