"""Ports, ICMP types and codes, and protocol numbers, by example."""

from __future__ import annotations

import pytest

from diagnosis.traffic.intervals import IntervalSet, has, join
from diagnosis.traffic.ports import ALL_PORTS, format_ports, icmp_cell, port, port_range, reply_cells, without_reply
from diagnosis.traffic.protocols import (
    ALL_PROTOCOLS,
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    has_ports,
    protocol_name,
    protocol_number,
)

ECHO, ECHO_REPLY = icmp_cell(8, 0), icmp_cell(0, 0)


def test_port_ranges_include_both_ends_as_in_a_rule() -> None:
    assert port_range(0, 65535) == ALL_PORTS
    assert has(port_range(1024, 65535), 65535)
    assert port(3306) == port_range(3306, 3306)


@pytest.mark.parametrize(("lo", "hi"), [(-1, 5), (5, 4), (0, 65536)])
def test_what_is_no_port_range_is_refused(lo: int, hi: int) -> None:
    with pytest.raises(ValueError, match="not a port range"):
        port_range(lo, hi)


def test_minus_one_is_a_wildcard_for_icmp_type_and_code() -> None:
    assert icmp_cell(-1, -1) == icmp_cell(-1, 3) == ALL_PORTS
    assert icmp_cell(3, -1) == (3 << 8, 4 << 8)
    assert icmp_cell(3, 4) == (3 << 8 | 4, (3 << 8 | 4) + 1)


@pytest.mark.parametrize(("icmp_type", "code"), [(256, 0), (0, 256), (-2, 0), (8, -2)])
def test_icmp_types_and_codes_that_do_not_exist_are_refused(icmp_type: int, code: int) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        icmp_cell(icmp_type, code)


def test_a_ping_is_answered_by_an_echo_reply() -> None:
    assert reply_cells(ECHO, ICMP) == ECHO_REPLY
    assert reply_cells(icmp_cell(128, 0), ICMPV6) == icmp_cell(129, 0)


def test_errors_and_replies_are_never_answered() -> None:
    silent = join(icmp_cell(3, 4), ECHO_REPLY)

    assert reply_cells(silent, ICMP) == ()
    assert without_reply(join(silent, ECHO), ICMP) == silent
    assert without_reply(ALL_PORTS, TCP) == ALL_PORTS


@pytest.mark.parametrize(
    ("ports", "protocol", "words"),
    [
        (port(3306), TCP, "3306"),
        (port_range(32768, 60999), UDP, "32768-60999"),
        (join(port(80), port_range(443, 444)), TCP, "80, 443-444"),
        (ALL_PORTS, TCP, "all ports"),
        (ALL_PORTS, None, "all ports"),
        ((), TCP, "no ports"),
        (ALL_PORTS, 47, "all traffic"),
        (ECHO, ICMP, "echo request (type 8 code 0)"),
        (icmp_cell(8, -1), ICMP, "echo request (type 8 all codes)"),
        (ECHO_REPLY, ICMP, "echo reply (type 0 code 0)"),
        (icmp_cell(3, 4), ICMP, "type 3 code 4"),
        ((3 << 8, (3 << 8) + 5), ICMP, "type 3 codes 0-4"),
        ((3 << 8 | 255, 5 << 8 | 1), ICMP, "type 3 code 255, type 4 all codes, type 5 code 0"),
        ((3 << 8, 8 << 8), ICMP, "types 3-7"),
        (icmp_cell(128, 0), ICMPV6, "echo request (type 128 code 0)"),
        (ECHO, ICMPV6, "type 8 code 0"),
        (ALL_PORTS, ICMPV6, "all types"),
        ((), ICMP, "no types"),
    ],
)
def test_port_sets_in_words(ports: IntervalSet, protocol: int | None, words: str) -> None:
    assert format_ports(ports, protocol) == words


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("tcp", 6),
        ("UDP", 17),
        ("icmp", 1),
        ("icmpv6", 58),
        ("icmp6", 58),
        ("58", 58),
        ("47", 47),
        ("0", 0),
        ("-1", None),
        ("all", None),
    ],
)
def test_protocols_are_read_by_name_or_number(text: str, number: int | None) -> None:
    assert protocol_number(text) == number


@pytest.mark.parametrize("text", ["", "256", "-2", "tcpp", "6.0", "٦", "1e1", " tcp"])
def test_other_words_are_no_protocol(text: str) -> None:
    with pytest.raises(ValueError, match="is not a protocol: write tcp"):
        protocol_number(text)


def test_protocols_have_the_names_that_aws_gives_them() -> None:
    assert [protocol_name(n) for n in (TCP, UDP, ICMP, ICMPV6, 47)] == ["tcp", "udp", "icmp", "icmpv6", "47"]
    assert [n for n in range(*ALL_PROTOCOLS) if has_ports(n)] == [TCP, UDP]
