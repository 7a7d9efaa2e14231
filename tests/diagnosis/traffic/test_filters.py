"""Filters on the situations that people meet: groups, ACL order, sliced reply ranges, pings, IPv6."""

from __future__ import annotations

import pytest

from diagnosis.traffic.addresses import ALL_ADDRESSES, IPV4, IPV6, parse_cidr
from diagnosis.traffic.filters import EGRESS, INGRESS, REPLY_EGRESS, REPLY_INGRESS, Filter, Rule, Side, View
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.ports import ALL_PORTS, icmp_cell, port, port_range
from diagnosis.traffic.protocols import ALL_PROTOCOLS, ICMP, TCP
from diagnosis.traffic.traffic import Box, Traffic

ONLY_TCP = (TCP, TCP + 1)
ONLY_ICMP = (ICMP, ICMP + 1)
CLIENT, SERVER = parse_cidr("10.0.1.10"), parse_cidr("10.0.2.15")
LINUX = port_range(32768, 60999)
QUESTION = Traffic.of(Box(CLIENT, SERVER, ONLY_TCP, LINUX, port(3306)))
PING = Traffic.of(Box(CLIENT, SERVER, ONLY_ICMP, ALL_PORTS, icmp_cell(8, 0)))
OPEN = Traffic.of(
    Box(IPV4, IPV4, ALL_PROTOCOLS, ALL_PORTS, ALL_PORTS), Box(IPV6, IPV6, ALL_PROTOCOLS, ALL_PORTS, ALL_PORTS)
)


def allow(
    addresses: str | IntervalSet, ports: IntervalSet, ref: str | None = None, protocols: IntervalSet = ONLY_TCP
) -> Rule:
    return Rule(True, parse_cidr(addresses) if isinstance(addresses, str) else addresses, protocols, ports, ref)


def deny(addresses: str, ports: IntervalSet, ref: str | None = None, protocols: IntervalSet = ONLY_TCP) -> Rule:
    return Rule(False, parse_cidr(addresses), protocols, ports, ref)


def test_the_four_views_look_at_the_peer_of_whom_the_filter_guards() -> None:
    assert tuple(EGRESS) == (Side.DESTINATION, False)
    assert tuple(INGRESS) == (Side.SOURCE, False)
    assert tuple(REPLY_EGRESS) == (Side.SOURCE, True)
    assert tuple(REPLY_INGRESS) == (Side.DESTINATION, True)
    assert EGRESS.address == "destination"


def test_a_filter_without_rules_drops_everything_and_blames_the_default() -> None:
    nobody = Filter([], default_ref="32767")

    assert nobody.split(OPEN, INGRESS) == (Traffic.nothing(), OPEN)
    assert nobody.blame(OPEN, INGRESS) == [("32767", OPEN)]
    assert nobody.credit(OPEN, INGRESS) == []


def test_nothing_splits_into_nothing() -> None:
    group = Filter([allow("10.0.0.0/8", port(3306))])

    assert group.split(Traffic.nothing(), INGRESS) == (Traffic.nothing(), Traffic.nothing())
    assert group.blame(Traffic.nothing(), INGRESS) == []


def test_a_fixed_question_passes_or_is_dropped_as_it_came() -> None:
    group = Filter([allow("10.0.1.0/24", port(3306), "sgr-1")])

    assert group.split(QUESTION, INGRESS) == (QUESTION, Traffic.nothing())
    assert group.split(QUESTION, EGRESS) == (Traffic.nothing(), QUESTION)
    assert group.credit(QUESTION, INGRESS) == ["sgr-1"]
    assert group.at(TCP, 3306) == parse_cidr("10.0.1.0/24")
    assert group.at(TCP, 3307) == ()


def test_the_first_matching_rule_of_an_acl_decides() -> None:
    deny_first = Filter([deny("10.0.1.0/24", ALL_PORTS, "90"), allow("10.0.0.0/8", ALL_PORTS, "100")], "32767")
    allow_first = Filter([allow("10.0.0.0/8", ALL_PORTS, "100"), deny("10.0.1.0/24", ALL_PORTS, "110")], "32767")

    assert deny_first.blame(QUESTION, INGRESS) == [("90", QUESTION)]
    assert allow_first.split(QUESTION, INGRESS)[1].empty
    assert allow_first.credit(QUESTION, INGRESS) == ["100"]


def test_a_denied_slice_of_the_reply_range_drops_a_part_of_the_connections() -> None:
    acl = Filter(
        [deny("0.0.0.0/0", port_range(40000, 49999), "90"), allow("0.0.0.0/0", port_range(1024, 65535), "100")]
    )

    passed, dropped = acl.split(QUESTION, REPLY_EGRESS)

    assert dropped.project("source_port") == port_range(40000, 49999)
    assert passed.size() + dropped.size() == QUESTION.size()
    assert len(passed.boxes) == 1
    assert acl.blame(dropped, REPLY_EGRESS) == [("90", dropped)]
    assert acl.credit(passed, REPLY_EGRESS) == ["100"]


def test_the_reply_range_half_open_is_partly_the_fault_of_the_implicit_deny() -> None:
    acl = Filter([allow("0.0.0.0/0", port_range(32768, 49999), "100")], default_ref="32767")

    passed, dropped = acl.split(QUESTION, REPLY_EGRESS)

    assert passed.project("source_port") == port_range(32768, 49999)
    assert [ref for ref, _ in acl.blame(dropped, REPLY_EGRESS)] == ["32767"]


def test_a_ping_needs_the_echo_reply_on_its_way_back() -> None:
    requests = Filter([allow("0.0.0.0/0", icmp_cell(8, -1), protocols=ONLY_ICMP)], "32767")
    replies = Filter([allow("0.0.0.0/0", icmp_cell(0, 0), "100", protocols=ONLY_ICMP)])

    assert requests.split(PING, INGRESS) == (PING, Traffic.nothing())
    assert requests.blame(PING, REPLY_EGRESS) == [("32767", PING)]
    assert replies.split(PING, REPLY_EGRESS) == (PING, Traffic.nothing())
    assert replies.credit(PING, REPLY_INGRESS) == ["100"]


def test_an_icmp_error_expects_no_reply_so_no_filter_can_drop_it() -> None:
    too_big = Traffic.of(Box(CLIENT, SERVER, ONLY_ICMP, ALL_PORTS, icmp_cell(3, 4)))
    nobody = Filter([], "32767")

    assert nobody.split(too_big, REPLY_EGRESS) == (too_big, Traffic.nothing())
    assert nobody.blame(too_big, REPLY_EGRESS) == []
    assert nobody.split(too_big, INGRESS)[1].same_as(too_big)


def test_rules_with_ports_never_match_protocols_that_have_none() -> None:
    gre = Traffic.of(Box(CLIENT, SERVER, (47, 48), ALL_PORTS, ALL_PORTS))

    assert Filter([allow(ALL_ADDRESSES, ALL_PORTS)]).split(gre, INGRESS)[0].empty
    assert Filter([allow(ALL_ADDRESSES, ALL_PORTS, protocols=(47, 48))]).split(gre, REPLY_EGRESS)[1].empty
    assert Filter([allow(ALL_ADDRESSES, ALL_PORTS, protocols=ALL_PROTOCOLS)]).split(gre, INGRESS)[1].empty


def test_an_ipv4_rule_never_matches_ipv6() -> None:
    passed, dropped = Filter([allow("0.0.0.0/0", ALL_PORTS, protocols=ALL_PROTOCOLS)]).split(OPEN, INGRESS)

    assert passed.project("source") == IPV4
    assert dropped.project("source") == IPV6
    assert len(passed.boxes) == len(dropped.boxes) == 1


def test_rules_that_share_a_ref_are_named_once() -> None:
    group = Filter([allow("10.0.0.0/16", port(22), "sgr-1"), allow("10.1.0.0/16", port(22), "sgr-1")])

    passed, _ = group.split(OPEN, INGRESS)

    assert group.credit(passed, INGRESS) == ["sgr-1"]


@pytest.mark.parametrize("view", [EGRESS, INGRESS])
def test_long_address_lists_make_no_more_boxes(view: View) -> None:
    wide = tuple(point for i in range(500) for point in ((10 << 24) + (i << 9), (10 << 24) + (i << 9) + 256))
    group = Filter([allow(wide, port(n)) for n in (22, 80, 443)])

    passed, dropped = group.split(OPEN, view)

    assert len(passed.boxes) == 1
    assert len(dropped.boxes) <= 4


def test_hundreds_of_overlapping_rules_on_a_path_stay_under_a_thousand_boxes() -> None:
    """Rule-by-rule subtraction makes hundreds of thousands of boxes of this path; port cells make hundreds."""

    def group(step: int) -> Filter:
        return Filter(
            [allow((i << 12, (i << 12) + (5 << 12)), port_range(i * step, i * step + 3000), str(i)) for i in range(200)]
        )

    alternating = [
        Rule(i % 2 == 1, (0, 1 << (10 + i % 12)), ONLY_TCP, port_range(i * 900, i * 900 + 9000), str(i))
        for i in range(40)
    ]
    path = [
        (group(211), EGRESS),
        (Filter([*alternating, allow(IPV4, ALL_PORTS)]), EGRESS),
        (group(307), INGRESS),
        (
            Filter([Rule(i % 2 == 1, IPV4, ONLY_TCP, port_range(i << 10, (i << 10) + 1023)) for i in range(64)]),
            REPLY_EGRESS,
        ),
    ]
    traffic, volume = OPEN, OPEN.size()
    for component, view in path:
        before = traffic.size()
        traffic, dropped = component.split(traffic, view)
        assert traffic.size() + dropped.size() == before
        assert max(len(traffic.boxes), len(dropped.boxes)) < 1000

    assert 0 < traffic.size() < volume


def test_thousands_of_distinct_port_ranges_are_all_judged_right() -> None:
    """What a filter remembers is bounded; forgetting changes no answer."""
    group = Filter([allow("10.0.0.0/8", port_range(0, 999)), allow("10.0.1.0/24", port_range(1000, 65535))])

    for low in range(1000):
        question = Traffic.of(Box(CLIENT, SERVER, ONLY_TCP, LINUX, (low, low + 1000)))
        assert group.split(question, INGRESS)[1].empty
        outside = question.rewritten(source=parse_cidr("10.9.9.9"))
        assert group.split(outside, INGRESS)[0].project("port") == port_range(low, 999)
