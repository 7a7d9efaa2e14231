"""What Reachability Analyzer is asked, and where it cannot judge and so is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnosis.explanation.path_request import CannotJudge, PathRequest, path_request
from tests.diagnosis.explanation.opinions import network_of, traces

WEB, API, PUBLIC_GATEWAY = "eni-0279c59a66d9fc655", "eni-0ece9c996bef27ec5", "igw-0e70feb23c57f5e63"


def request_of(case: str, question: str | None = None) -> PathRequest | CannotJudge:
    return path_request(network_of(case), traces(case, question))


def asked_of(case: str, question: str | None = None) -> PathRequest:
    found = request_of(case, question)
    assert isinstance(found, PathRequest), found
    return found


def test_two_interfaces_are_asked_about_by_their_ids_with_protocol_and_port() -> None:
    found = asked_of("group-is-stateful")

    assert (found.source, found.destination, found.protocol, found.port) == (WEB, API, "tcp", 443)
    assert (found.source_address, found.destination_address, found.region) == (None, None, "us-east-1")
    assert found.caveats == ()


def test_a_bare_address_is_a_destination_and_a_source_needs_a_resource() -> None:
    out = asked_of("nat-gateway-works")
    nobody = request_of("address-outside-every-subnet", "can 10.0.77.5 reach 10.0.1.10 on 22")

    assert (out.destination, out.destination_address) == (None, "203.0.113.80")
    assert isinstance(nobody, CannotJudge)
    assert "no source" in nobody.reason


def test_the_internet_is_the_internet_gateway_with_the_address_that_was_named() -> None:
    whole = asked_of("internet-to-a-closed-group")
    one = asked_of("edge-table-to-an-appliance")

    assert (whole.source, whole.source_address) == (PUBLIC_GATEWAY, None)
    assert one.source.startswith("igw-")
    assert one.source_address == "203.0.113.9"
    assert asked_of("egress-443-without-a-rule").destination == PUBLIC_GATEWAY


def test_from_on_premises_it_starts_at_the_gateway_that_lets_it_in() -> None:
    found = asked_of("vpn-from-on-premises-and-home-again")

    assert found.source.startswith("vgw-")
    assert found.source_address == "192.168.7.7"


def test_behind_a_load_balancer_a_target_is_asked_about_through_it() -> None:
    found = asked_of("alb-target-port-is-closed")

    assert found.destination == "eni-045a041389324f2bb"
    assert [arn.split(":")[2] for arn in found.through] == ["elasticloadbalancing"]
    assert found.port == 80


def test_what_another_account_owns_is_named_by_its_arn() -> None:
    found = asked_of("dns-name-of-a-peers-instance-gives-its-public-address")

    assert found.destination == "arn:aws:ec2:us-east-1:210987654321:network-interface/eni-065d69a1a24aec811"
    assert found.accounts == ("210987654321",)


def test_over_a_transit_gateway_the_way_there_is_asked_about_with_a_caveat() -> None:
    found = asked_of("group-reference-inbound-over-a-transit-gateway")

    assert found.caveats == ("Over a transit gateway AWS judges the way there alone.",)


@pytest.mark.parametrize(
    ("case", "question", "reason"),
    [
        ("ping-allowed-by-type", None, "tcp and udp only"),
        ("esp-is-not-opened-by-ports", None, "tcp and udp only"),
        ("no-port-means-every-port", None, "name it with a port"),
        ("group-is-stateful", "can 10.0.1.10 reach 10.0.2.30 over tcp", "Without a port"),
        ("ipv6-acl-denies", None, "IPv4 only"),
        ("transit-gateway-peering-across-regions", None, "within one Region"),
        ("transit-gateway-return-route-missing", None, "the way there alone"),
        ("group-reference-does-not-match-a-public-address", None, "two questions"),
        ("gateway-endpoint-with-a-narrow-policy", None, "no range"),
        ("address-held-twice", None, "needs a resource"),
    ],
)
def test_where_it_cannot_judge_it_says_so(case: str, question: str | None, reason: str) -> None:
    found = request_of(case, question)

    assert isinstance(found, CannotJudge)
    assert reason in found.reason


def test_the_key_is_of_the_request_alone() -> None:
    one = asked_of("group-is-stateful")

    assert one.key == asked_of("group-is-stateful").key
    others = [
        replace(one, port=22),
        replace(one, protocol="udp"),
        replace(one, source_port=5),
        replace(one, source="e"),
    ]
    assert len({one.key, *(other.key for other in others)}) == 5
    assert len(one.key) <= 256
