"""Where a range lies among sets that do not overlap."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from diagnosis.traffic.intervals import IntervalSet, covers, join, minus
from diagnosis.traffic.partition import Partition


def test_a_range_is_found_in_the_set_that_holds_it_and_nowhere_across_two() -> None:
    found = Partition([(10, 20, 40, 50), (20, 30), ()])

    assert found.holding((10, 20)) == 0
    assert found.holding((41, 42)) == 0
    assert found.holding((20, 30)) == 1
    assert found.holding((19, 21)) is None
    assert found.holding((30, 31)) is None
    assert found.holding((5, 6)) is None
    assert found.holding((50, 51)) is None
    assert found.holding(()) is None


@given(st.lists(st.lists(st.integers(0, 60), unique=True, max_size=12)), st.integers(0, 60), st.integers(1, 9))
def test_a_single_value_is_found_wherever_it_is(drawn: list[list[int]], at: int, width: int) -> None:
    taken: IntervalSet = ()
    sets: list[IntervalSet] = []
    for points in drawn:
        sets.append(minus(tuple(sorted(points[: len(points) // 2 * 2])), taken))
        taken = join(taken, sets[-1])
    found = Partition(sets).holding((at, at + width))
    holding = [number for number, members in enumerate(sets) if covers(members, (at, at + width))]

    if found is not None:
        assert holding == [found]
    if width == 1:
        assert ([] if found is None else [found]) == holding
