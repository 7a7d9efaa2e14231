"""Filters against a rule-by-rule judge of single headers, over every header of a small universe, in all four views.

Ports and ICMP cells are cut at a few chosen places that are closed under "type 8 is answered by type 0" and "type 128
by type 129"; one header for each stretch between two cuts stands for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnosis.traffic.addresses import ALL_ADDRESSES, IPV6
from diagnosis.traffic.filters import EGRESS, INGRESS, REPLY_EGRESS, REPLY_INGRESS, Filter, Rule, View
from diagnosis.traffic.intervals import IntervalSet, has, join_all
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ALL_PROTOCOLS
from diagnosis.traffic.traffic import Box, Header, Traffic
from tests import depth

ADDRESS_CUTS = (0, 20, IPV6[0], IPV6[1])
PORT_CUTS = (0, 1, 256, 2048, 2049, 2304, 32768, 33024, 33280, 65536)
PROTOCOLS = (1, 6, 17, 47, 58)
# 50 stands for the protocols that only "all protocols" names, and ICMP type 13 for those between 9 and 127 that are
# answered: its reply lies in the same stretch.
UNIVERSE_PORTS = (*PORT_CUTS[:-1], 13 << 8)
UNIVERSE = [
    Header._make(values)
    for values in product(ADDRESS_CUTS[:-1], ADDRESS_CUTS[:-1], (*PROTOCOLS, 50), PORT_CUTS[:-1], UNIVERSE_PORTS)
]


def stretches(cuts: Sequence[int]) -> st.SearchStrategy[IntervalSet]:
    chosen = st.sets(st.sampled_from(range(len(cuts) - 1)), min_size=1)
    return chosen.map(lambda indexes: join_all((cuts[i], cuts[i + 1]) for i in indexes))


addresses = st.just(ALL_ADDRESSES) | stretches(ADDRESS_CUTS)
ports = st.just(ALL_PORTS) | stretches(PORT_CUTS)
protocols = st.just(ALL_PROTOCOLS) | st.sets(st.sampled_from(PROTOCOLS), min_size=1).map(
    lambda numbers: join_all((n, n + 1) for n in numbers)
)
# Refs repeat: one rule of an account can become several rules of a filter.
refs = st.sampled_from(["a", "b", "c", None])
mixed_rules = st.lists(st.builds(Rule, st.booleans(), addresses, protocols, ports, refs), max_size=7)
group_rules = st.lists(st.builds(Rule, st.just(True), addresses, protocols, ports, refs), max_size=7)
rule_lists = mixed_rules | group_rules
traffics = st.lists(st.builds(Box, addresses, addresses, protocols, ports, ports), max_size=3).map(
    lambda boxes: Traffic.of(*boxes)
)

views = pytest.mark.parametrize("view", [EGRESS, INGRESS, REPLY_EGRESS, REPLY_INGRESS])

REPLIES = {(1, 8): 0, (1, 13): 14, (1, 15): 16, (1, 17): 18, (58, 128): 129}


def matching(rules: Sequence[Rule], header: Header, view: View) -> int | None:
    """The first rule that matches; -1 where no packet is looked at, because no reply exists; None for no rule."""
    peer = header.source if view.address == "source" else header.destination
    port: int | None = header.source_port if view.reply else header.port
    if header.protocol in (1, 58):
        port = header.port
        if view.reply:
            reply = REPLIES.get((header.protocol, header.port >> 8))
            if reply is None:
                return -1
            port = reply << 8 | header.port & 255
    elif header.protocol not in (6, 17):
        port = None
    for number, rule in enumerate(rules):
        named = has(rule.addresses, peer) and has(rule.protocols, header.protocol)
        if named and (port is None or has(rule.ports, port)):
            return number
    return None


def passes(rules: Sequence[Rule], header: Header, view: View) -> bool:
    number = matching(rules, header, view)
    return number == -1 or (number is not None and rules[number].allow)


def judge(rules: Sequence[Rule], view: View) -> Callable[[Header], bool]:
    """`passes`, once for all headers that differ only in what no rule of this view looks at."""
    known: dict[tuple[int, int, int], bool] = {}

    def passing(header: Header) -> bool:
        peer = header.source if view.address == "source" else header.destination
        looks_at_source = view.reply and header.protocol not in (1, 58)
        key = (peer, header.protocol, header.source_port if looks_at_source else header.port)
        if key not in known:
            known[key] = passes(rules, header, view)
        return known[key]

    return passing


@views
@given(rules=rule_lists, traffic=traffics)
@settings(max_examples=depth.of(25, 60))
def test_split_is_exact(view: View, rules: list[Rule], traffic: Traffic) -> None:
    passed, dropped = Filter(rules).split(traffic, view)
    passing = judge(rules, view)

    for header in UNIVERSE:
        if traffic.contains(header):
            assert passed.contains(header) == passing(header)
            assert dropped.contains(header) != passed.contains(header)
        else:
            assert not passed.contains(header)
            assert not dropped.contains(header)
    assert passed.size() + dropped.size() == traffic.size()


@views
@given(rules=rule_lists, traffic=traffics)
@settings(max_examples=depth.of(16, 40))
def test_blame_shares_out_exactly_what_is_dropped_to_the_first_matching_rules(
    view: View, rules: list[Rule], traffic: Traffic
) -> None:
    component = Filter(rules, default_ref="implicit")
    _, dropped = component.split(traffic, view)
    blamed = component.blame(dropped, view)

    assert len({ref for ref, _ in blamed}) == len(blamed)
    assert not any(share.empty for _, share in blamed)
    assert sum(share.size() for _, share in blamed) == dropped.size()
    shares = dict(blamed)
    for header in UNIVERSE:
        if dropped.contains(header):
            number = matching(rules, header, view)
            assert shares["implicit" if number is None else rules[number].ref].contains(header)
    of_all = component.blame(traffic, view)
    assert [ref for ref, _ in of_all] == [ref for ref, _ in blamed]
    assert all(share.same_as(shares[ref]) for ref, share in of_all)


@views
@given(rules=rule_lists, traffic=traffics)
@settings(max_examples=depth.of(16, 40))
def test_credit_names_the_rules_that_first_match_what_passes(view: View, rules: list[Rule], traffic: Traffic) -> None:
    component = Filter(rules)
    passed, _ = component.split(traffic, view)

    numbers = {matching(rules, header, view) for header in UNIVERSE if passed.contains(header)}
    expected = dict.fromkeys(rules[n].ref for n in sorted(n for n in numbers if n is not None and n >= 0))
    assert component.credit(passed, view) == list(expected)


@given(rule_lists, st.sampled_from(UNIVERSE))
def test_at_gives_the_peers_that_pass_in_a_cell(rules: list[Rule], header: Header) -> None:
    allowed = Filter(rules).at(header.protocol, header.port)

    for peer in ADDRESS_CUTS[:-1]:
        probe = header._replace(destination=peer)
        assert has(allowed, peer) == passes(rules, probe, EGRESS)


@given(rule_lists, st.lists(st.tuples(traffics, st.sampled_from([EGRESS, INGRESS, REPLY_EGRESS, REPLY_INGRESS]))))
@settings(max_examples=depth.of(16, 40))
def test_what_a_filter_remembers_changes_no_answer(rules: list[Rule], asked: list[tuple[Traffic, View]]) -> None:
    used = Filter(rules)

    for traffic, view in asked:
        assert used.split(traffic, view) == Filter(rules).split(traffic, view)
        assert used.blame(traffic, view) == Filter(rules).blame(traffic, view)
        assert used.credit(traffic, view) == Filter(rules).credit(traffic, view)
