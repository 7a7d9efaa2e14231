"""Replies of ICMP cells and the words for port sets, cell by cell."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnosis.traffic.intervals import IntervalSet, has, join_all, meet, pieces, size
from diagnosis.traffic.ports import ALL_PORTS, format_ports, icmp_cell, port_range, reply_cells, without_reply
from diagnosis.traffic.protocols import ICMP, ICMPV6, TCP

REPLIES = {ICMP: {8: 0, 13: 14, 15: 16, 17: 18}, ICMPV6: {128: 129}}
EDGES = sorted({t << 8 | c for t in (0, 3, 8, 9, 13, 14, 17, 128, 129, 255) for c in (0, 1, 4, 255)})

cells = st.lists(st.tuples(st.sampled_from(EDGES), st.sampled_from(EDGES)), max_size=5).map(
    lambda pairs: join_all((min(pair), max(pair) + 1) for pair in pairs)
)
port_sets = st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 65535)), min_size=1, max_size=5).map(
    lambda pairs: join_all(port_range(min(pair), max(pair)) for pair in pairs)
)
icmp = pytest.mark.parametrize("protocol", [ICMP, ICMPV6])


@icmp
@given(cells=cells)
@settings(max_examples=50)
def test_the_reply_to_a_cell_has_the_reply_type_and_the_same_code(protocol: int, cells: IntervalSet) -> None:
    replies = reply_cells(cells, protocol)

    expected = {
        reply << 8 | code
        for request, reply in REPLIES[protocol].items()
        for code in range(256)
        if has(cells, request << 8 | code)
    }
    assert {cell for lo, hi in pieces(replies) for cell in range(lo, hi)} == expected


@icmp
@given(cells=cells)
def test_cells_divide_into_those_with_a_reply_and_those_without(protocol: int, cells: IntervalSet) -> None:
    silent = without_reply(cells, protocol)
    answered = join_all(meet(cells, icmp_cell(request, -1)) for request in REPLIES[protocol])

    assert reply_cells(silent, protocol) == ()
    assert meet(silent, answered) == ()
    assert join_all((silent, answered)) == cells
    assert size(reply_cells(cells, protocol)) == size(answered)


@given(port_sets)
def test_the_words_for_ports_name_every_port_and_no_other(ports: IntervalSet) -> None:
    words = format_ports(ports, TCP)

    if words == "all ports":
        assert ports == ALL_PORTS
        return
    bounds = [part.split("-") for part in words.split(", ")]
    assert join_all(port_range(int(bound[0]), int(bound[-1])) for bound in bounds) == ports


@given(cells)
def test_the_words_for_icmp_name_every_cell_and_no_other(cells: IntervalSet) -> None:
    words = format_ports(cells, ICMP)

    if words in ("all types", "no types"):
        assert cells == (ALL_PORTS if words == "all types" else ())
        return
    named: list[IntervalSet] = []
    for part in words.split(", "):
        found = re.search(r"type (\d+) (?:codes? (\d+)(?:-(\d+))?|all codes)|types (\d+)-(\d+)", part)
        assert found, part
        one, low, high, first, last = (None if group is None else int(group) for group in found.groups())
        if first is not None and last is not None:
            named.append((first << 8, last + 1 << 8))
        elif one is not None and low is not None:
            named.append((one << 8 | low, (one << 8 | (low if high is None else high)) + 1))
        elif one is not None:
            named.append(icmp_cell(one, -1))
    assert join_all(named) == cells
