"""Traffic against the set of all its headers, over a universe of three values a side."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from diagnosis.traffic.intervals import IntervalSet, has, join_all
from diagnosis.traffic.traffic import Box, Header, SideName, Traffic

SIDES: tuple[SideName, ...] = ("source", "destination", "protocol", "source_port", "port")
VALUES = range(3)
UNIVERSE = [Header._make(values) for values in product(VALUES, repeat=5)]

sides = st.sets(st.sampled_from(VALUES)).map(lambda values: join_all((v, v + 1) for v in values))
some = st.sets(st.sampled_from(VALUES), min_size=1).map(lambda values: join_all((v, v + 1) for v in values))
boxes = st.builds(Box, some, some, some, some, some)
traffics = st.lists(boxes, max_size=4).map(lambda drawn: Traffic.of(*drawn))


def inside(box: Box, header: Header) -> bool:
    return all(has(side, value) for side, value in zip(box, header, strict=True))


def headers(traffic: Traffic) -> set[Header]:
    return {header for header in UNIVERSE if any(inside(box, header) for box in traffic.boxes)}


def assert_well_formed(traffic: Traffic) -> None:
    """No empty box, and no header in two boxes."""
    assert all(all(box) for box in traffic.boxes)
    for a, b in combinations(traffic.boxes, 2):
        assert not any(inside(a, header) and inside(b, header) for header in UNIVERSE)


@given(st.lists(st.builds(Box, sides, sides, sides, sides, sides), max_size=4))
def test_traffic_of_overlapping_and_empty_boxes_holds_each_header_once(drawn: list[Box]) -> None:
    traffic = Traffic.of(*drawn)

    assert headers(traffic) == {header for header in UNIVERSE if any(inside(box, header) for box in drawn)}
    assert_well_formed(traffic)


@given(traffics, traffics)
def test_union_meet_and_minus_are_exact(a: Traffic, b: Traffic) -> None:
    for result, expected in (
        (a.union(b), headers(a) | headers(b)),
        (a.meet(b), headers(a) & headers(b)),
        (a.minus(b), headers(a) - headers(b)),
    ):
        assert headers(result) == expected
        assert_well_formed(result)


@given(traffics, traffics)
def test_comparisons_are_those_of_sets(a: Traffic, b: Traffic) -> None:
    assert a.covers(b) == (headers(b) <= headers(a))
    assert a.same_as(b) == (headers(a) == headers(b))
    assert a.same_as(a.minus(b).union(a.meet(b)))
    assert a.empty == (not headers(a))
    assert a.size() == len(headers(a))


@given(traffics)
def test_the_sample_is_the_lowest_header(traffic: Traffic) -> None:
    assert traffic.sample() == min(headers(traffic), default=None)


@given(traffics)
def test_contains_and_project_agree_with_the_headers(traffic: Traffic) -> None:
    held = headers(traffic)

    assert {header for header in UNIVERSE if traffic.contains(header)} == held
    for i, side in enumerate(SIDES):
        assert traffic.project(side) == join_all((header[i], header[i] + 1) for header in held)


@given(traffics, st.fixed_dictionaries({}, optional=dict.fromkeys(SIDES, sides)))
def test_only_restricts_each_given_side(traffic: Traffic, wanted: dict[SideName, IntervalSet]) -> None:
    kept = traffic.only(**wanted)

    assert headers(kept) == {h for h in headers(traffic) if all(has(s, getattr(h, name)) for name, s in wanted.items())}
    assert_well_formed(kept)


@given(traffics, st.fixed_dictionaries({}, optional={"source": sides, "destination": sides, "source_port": sides}))
def test_rewriting_replaces_the_given_sides_and_keeps_the_others_related(
    traffic: Traffic, new: dict[str, IntervalSet]
) -> None:
    after = traffic.rewritten(**new)

    expected = {
        Header._make(values)
        for header in headers(traffic)
        for values in product(
            *(
                [v for v in VALUES if has(new[side], v)] if side in new else [value]
                for side, value in zip(SIDES, header, strict=True)
            )
        )
    }
    assert headers(after) == expected
    assert_well_formed(after)
