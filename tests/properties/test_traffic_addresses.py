"""The address line against Python's ipaddress module, for both families."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, collapse_addresses, ip_address, ip_network

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from diagnosis.traffic.addresses import (
    ALL_ADDRESSES,
    IPV6,
    format_address,
    format_cidrs,
    is_ipv6,
    is_public,
    parse_address,
    parse_cidr,
)
from diagnosis.traffic.intervals import IntervalSet, join_all, size

ipv4 = st.ip_addresses(v=4)
ipv6 = st.ip_addresses(v=6)
# Half of the networks crowd into two small blocks, so that they nest and touch.
crowded4 = st.builds(
    lambda n, p: IPv4Network((0x0A000000 + n, p), strict=False), st.integers(0, 255), st.integers(22, 32)
)
crowded6 = st.builds(lambda n, p: IPv6Network((n, p), strict=False), st.integers(0, 63), st.integers(120, 128))
wide4 = st.builds(lambda a, p: IPv4Network((a, p), strict=False), ipv4, st.integers(0, 32))
wide6 = st.builds(lambda a, p: IPv6Network((a, p), strict=False), ipv6, st.integers(0, 128))

NOT_PUBLIC_BLOCKS: list[IPv4Network | IPv6Network] = [
    *map(IPv4Network, ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16")),
    *map(IPv4Network, ("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3")),
    *map(IPv6Network, ("::/128", "::1/128", "fc00::/7", "fe80::/10", "ff00::/8")),
]


def on_line(address: IPv4Address | IPv6Address) -> int:
    return int(address) + (IPV6[0] if address.version == 6 else 0)


@given(ipv4 | ipv6)
def test_addresses_survive_the_round_trip_and_read_as_the_standard_library_reads_them(
    address: IPv4Address | IPv6Address,
) -> None:
    number = parse_address(str(address))

    assert number == on_line(address)
    assert is_ipv6(number) == (address.version == 6)
    assert parse_address(format_address(number)) == number
    assert parse_address(address.exploded) == number


@given(ipv6)
def test_ipv6_text_is_the_canonical_one(address: IPv6Address) -> None:
    assume(address.ipv4_mapped is None)

    assert format_address(on_line(address)) == str(address)


@given(ipv4)
def test_ipv4_mapped_addresses_are_ipv6_in_mixed_notation(address: IPv4Address) -> None:
    number = parse_address(f"::ffff:{address}")

    assert number == IPV6[0] + (0xFFFF << 32) + int(address)
    assert format_address(number) == f"::ffff:{address}"


def read_by_the_standard_library(text: str) -> int | None:
    """A zone id is fine for the standard library; here it is not."""
    try:
        return None if "%" in text else on_line(ip_address(text))
    except ValueError:
        return None


@given(st.text(alphabet="0123456789.:abcf%/٣ -", max_size=20) | st.text(max_size=8))
@example("10.0.0.01")
@example("10.0.0.1\n")
@example("fe80::1%eth0")
@example("::ffff:10.0.0.1")
@example("١.0.0.1")
def test_text_is_an_address_exactly_when_the_standard_library_says_so(text: str) -> None:
    expected = read_by_the_standard_library(text)

    if expected is None:
        with pytest.raises(ValueError, match=" is not an IP"):
            parse_address(text)
    else:
        assert parse_address(text) == expected


@given(ipv4 | ipv6, st.data())
def test_host_bits_of_a_block_are_cleared(address: IPv4Address | IPv6Address, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, address.max_prefixlen))
    network = ip_network(f"{address}/{length}", strict=False)

    block = parse_cidr(f"{address}/{length}")

    assert block == (on_line(network[0]), on_line(network[-1]) + 1)
    assert [ip_network(text) for text in format_cidrs(block)] == [network]


@given(st.lists(crowded4 | wide4, max_size=12), st.lists(crowded6 | wide6, max_size=12))
def test_the_cidr_cover_is_the_shortest_one(four: list[IPv4Network], six: list[IPv6Network]) -> None:
    addresses = join_all(parse_cidr(str(network)) for network in (*four, *six))

    cover = format_cidrs(addresses)

    assert [ip_network(text) for text in cover] == [*collapse_addresses(four), *collapse_addresses(six)]
    assert join_all(map(parse_cidr, cover)) == addresses


@given(st.sets(st.integers(0, 40)))
def test_the_cidr_cover_of_any_set_is_exact(hosts: set[int]) -> None:
    addresses: IntervalSet = join_all((host, host + 1) for host in hosts)

    cover = format_cidrs(addresses)

    assert sum(size(parse_cidr(text)) for text in cover) == len(hosts)
    assert join_all(map(parse_cidr, cover)) == addresses
    assert [ip_network(text) for text in cover] == [*collapse_addresses(IPv4Network(host) for host in hosts)]


@given(ipv4 | ipv6 | st.sampled_from([edge for block in NOT_PUBLIC_BLOCKS for edge in (block[0], block[-1])]))
def test_public_is_whatever_the_list_of_blocks_does_not_hold(address: IPv4Address | IPv6Address) -> None:
    for candidate in (address, address + 1 if int(address) + 1 < 2**address.max_prefixlen else address):
        expected = not any(candidate in block for block in NOT_PUBLIC_BLOCKS if block.version == candidate.version)
        assert is_public(on_line(candidate)) == expected


@pytest.mark.parametrize("number", [-1, ALL_ADDRESSES[1]])
def test_a_number_off_the_line_has_no_text(number: int) -> None:
    with pytest.raises(ValueError, match="not on the address line"):
        format_address(number)
