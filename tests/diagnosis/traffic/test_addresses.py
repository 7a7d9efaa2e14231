"""Addresses, blocks and what counts as public, by example."""

from __future__ import annotations

import pytest

from diagnosis.traffic.addresses import (
    ALL_ADDRESSES,
    IPV4,
    IPV6,
    NOT_PUBLIC,
    PUBLIC,
    RFC1918,
    RFC6598,
    format_address,
    format_cidrs,
    is_ipv6,
    is_public,
    parse_address,
    parse_cidr,
)
from diagnosis.traffic.intervals import covers, join, meet


def test_both_families_share_one_line_and_never_meet() -> None:
    assert parse_cidr("0.0.0.0/0") == IPV4
    assert parse_cidr("::/0") == IPV6
    assert meet(IPV4, IPV6) == ()
    assert join(IPV4, IPV6) == ALL_ADDRESSES
    assert not is_ipv6(parse_address("255.255.255.255"))
    assert is_ipv6(parse_address("::"))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("100.68.0.18/18", "100.68.0.0/18"),
        ("10.0.1.10", "10.0.1.10/32"),
        ("2001:DB8:0:0::1", "2001:db8::1/128"),
        ("2001:db8::1/64", "2001:db8::/64"),
    ],
)
def test_a_block_is_canonicalised_as_aws_does(text: str, canonical: str) -> None:
    assert format_cidrs(parse_cidr(text)) == [canonical]


@pytest.mark.parametrize(
    "text",
    [
        *("", "10.0.0", "10.0.0.0.1", "10.0.0.256", "10.0.0.01", "010.0.0.1", " 10.0.0.1", "1_0.0.0.1", "+1.0.0.1"),
        *("١.0.0.1", "fe80::1%eth0", ":::", "2001:db8::1::2", "12345::", "10.0.0.0/8", "\x1b[31m10.0.0.1", "a" * 500),
    ],
)
def test_what_is_no_address_is_refused_in_one_short_printable_line(text: str) -> None:
    with pytest.raises(ValueError, match="such as") as refused:
        parse_address(text)

    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/255.0.0.0", "::/129", "::/٣"])
def test_a_bad_prefix_length_is_refused_with_the_lengths_that_exist(text: str) -> None:
    with pytest.raises(ValueError, match=r"a whole number from 0 to (32|128)"):
        parse_cidr(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("::ffff:c000:0280", "::ffff:192.0.2.128"),
        ("::", "::"),
    ],
)
def test_ipv6_text_follows_rfc_5952(text: str, canonical: str) -> None:
    assert format_address(parse_address(text)) == canonical


def test_a_set_over_the_border_of_the_families_is_two_lists_of_blocks() -> None:
    assert format_cidrs(ALL_ADDRESSES) == ["0.0.0.0/0", "::/0"]
    assert format_cidrs((IPV4[1] - 1, IPV6[0] + 1)) == ["255.255.255.255/32", "::/128"]
    assert format_cidrs(()) == []


def test_the_cover_of_a_ragged_range_is_minimal() -> None:
    first, last = parse_address("10.0.0.1"), parse_address("10.0.0.6")

    assert format_cidrs((first, last + 1)) == ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"]


@pytest.mark.parametrize(
    "text",
    ["203.0.113.9", "192.0.2.1", "198.18.0.1", "192.0.0.1", "8.8.8.8", "223.255.255.255", "2001:db8::1", "64:ff9b::1"],
)
def test_documentation_and_other_reserved_ranges_count_as_public(text: str) -> None:
    assert is_public(parse_address(text))


@pytest.mark.parametrize(
    "text", ["10.1.2.3", "100.127.255.255", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::1", "fd00::1"]
)
def test_what_the_internet_does_not_carry_is_not_public(text: str) -> None:
    assert not is_public(parse_address(text))


def test_public_and_not_public_divide_the_line() -> None:
    assert meet(PUBLIC, NOT_PUBLIC) == ()
    assert join(PUBLIC, NOT_PUBLIC) == ALL_ADDRESSES
    assert covers(NOT_PUBLIC, join(RFC1918, RFC6598))
    assert format_cidrs(RFC1918) == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
    assert format_cidrs(RFC6598) == ["100.64.0.0/10"]
