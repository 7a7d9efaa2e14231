"""AWS's ip-ranges.json: the smallest range wins, a service wins over AMAZON, and what is malformed is said."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network

import pytest

from diagnosis.network.aws_ranges import NotAwsRanges, blocks_of, parse_ranges
from diagnosis.traffic.addresses import format_address, format_cidrs, parse_address


def document(*rows: tuple[str, str, str], made: str = "2026-11-20-01-23-45") -> str:
    four = [{"ip_prefix": c, "service": s, "region": r} for c, s, r in rows if ":" not in c]
    six = [{"ipv6_prefix": c, "service": s, "region": r} for c, s, r in rows if ":" in c]
    return json.dumps({"syncToken": "1", "createDate": made, "prefixes": four, "ipv6_prefixes": six})


RANGES = parse_ranges(
    document(
        ("52.94.0.0/16", "AMAZON", "GLOBAL"),
        ("52.94.76.0/22", "AMAZON", "us-west-2"),
        ("52.94.76.0/22", "EC2", "us-west-2"),
        ("52.94.76.8/32", "S3", "eu-central-1"),
        ("2600:1f14::/35", "AMAZON", "us-west-2"),
        ("2600:1f14::/36", "EC2", "us-west-2"),
    )
)


@pytest.mark.parametrize(
    ("address", "cidr", "services", "region"),
    [
        ("52.94.76.8", "52.94.76.8/32", ("S3",), "eu-central-1"),
        ("52.94.76.9", "52.94.76.0/22", ("EC2",), "us-west-2"),
        ("52.94.80.0", "52.94.0.0/16", ("AMAZON",), "GLOBAL"),
        ("2600:1f14::1", "2600:1f14::/36", ("EC2",), "us-west-2"),
        ("2600:1f14:1000::1", "2600:1f14::/35", ("AMAZON",), "us-west-2"),
    ],
)
def test_the_smallest_range_wins_and_a_service_wins_over_amazon(
    address: str, cidr: str, services: tuple[str, ...], region: str
) -> None:
    found = RANGES.holding(parse_address(address))

    assert found is not None
    assert (found.cidr, found.services, found.region) == (cidr, services, region)


@pytest.mark.parametrize("address", ["52.95.0.0", "52.93.255.255", "2600:1f15::", "0.52.94.76", "::3456:4c08"])
def test_an_address_in_no_range_is_nobodys(address: str) -> None:
    assert RANGES.holding(parse_address(address)) is None


@pytest.mark.parametrize("address", ["0.0.0.0", "203.0.113.77", "255.255.255.255", "2600:1f14::8"])
def test_the_blocks_of_an_address_are_those_that_python_knows(address: str) -> None:
    number, bits = parse_address(address), ip_address(address).max_prefixlen
    wanted = [str(ip_network((address, length), strict=False)) for length in range(bits, -1, -1)]

    assert [format_cidrs(block)[0] for block in blocks_of(number)] == wanted
    assert format_address(number) == address


def test_the_time_is_that_of_the_document() -> None:
    assert RANGES.made_at == "2026-11-20T01:23:45Z"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("<html>", "no JSON document"),
        ("[" * 100_000, "no JSON document"),
        ("[]", "no list `prefixes`"),
        ('{"prefixes": {}}', "no list `prefixes`"),
        ('{"prefixes": []}', "lists no range"),
        ('{"prefixes": [], "ipv6_prefixes": 3}', "`ipv6_prefixes` is no list"),
        ('{"prefixes": [5]}', "entry 0 of `prefixes` lacks"),
        ('{"prefixes": [{"ip_prefix": "10.0.0.0/8", "service": "EC2"}]}', "entry 0 of `prefixes` lacks"),
        (document(("52.94.0.0/33", "EC2", "x")), "entry 0 of `prefixes`"),
        (document(("52.94.0.0/16", "EC2", "x"), made="yesterday"), "createDate"),
    ],
)
def test_what_is_malformed_is_told(text: str, wrong: str) -> None:
    with pytest.raises(NotAwsRanges, match=wrong):
        parse_ranges(text)
