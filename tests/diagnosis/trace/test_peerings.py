"""Peering connections: active, two VPCs, their own address ranges, nothing beyond."""

from __future__ import annotations

import pytest

from tests.accounts import route, two_vpcs, with_internet
from tests.diagnosis.trace.asking import ask, calls, causes


def test_peered_vpcs_reach_each_other_both_ways_and_by_ipv6() -> None:
    account = two_vpcs()

    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "reachable"
    assert ask(account, "10.9.1.30", "10.0.1.10").verdict == "reachable"
    assert ask(account, "2001:db8:0:1::10", "2001:db8:9:1::30").verdict == "reachable"


@pytest.mark.parametrize("state", ["pending-acceptance", "deleted", "expired"])
def test_a_connection_that_is_not_active_carries_nothing(state: str) -> None:
    assert causes(ask(two_vpcs(state), "10.0.1.10", "10.9.1.30"))[0] == ("BAD_STATE", "pcx-1", "forward")


def test_there_is_no_transit_to_a_third_vpc() -> None:
    account = two_vpcs()
    account.vpc("vpc-c", "10.7.0.0/16")
    account.subnet("subnet-7", "vpc-c", "10.7.1.0/24")
    account.group("sg-c", "vpc-c")
    account.acl("acl-7", "vpc-c", ["subnet-7"])
    account.peering("pcx-2", "vpc-b", "vpc-c")
    account.table("rtb-7", "vpc-c", [route("10.0.0.0/16", "pcx-2")], main=True)
    account.interface("eni-third", "subnet-7", "10.7.1.40", groups=["sg-c"])
    account.items["ec2.describe_route_tables"][0]["Routes"].append(route("10.7.0.0/16", "pcx-1"))

    found = ask(account, "10.0.1.10", "10.7.1.40")

    assert found.verdict == "blocked"
    assert ("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "rtb-1", "forward") in causes(found)


def test_the_peers_internet_gateway_is_out_of_reach() -> None:
    account = with_internet(two_vpcs())
    account.items["ec2.describe_route_tables"][0]["Routes"].append(route("203.0.113.0/24", "pcx-1"))

    assert ask(account, "10.0.1.10", "203.0.113.9").verdict == "blocked"
    assert ask(account, "10.0.1.10", "192.0.2.9").verdict == "reachable"


def test_a_connection_that_was_not_seen_is_unknown() -> None:
    found = ask(two_vpcs().network(without=["ec2.describe_vpc_peering_connections"]), "10.0.1.10", "10.9.1.30")

    assert found.verdict == "unknown"
    assert calls(found) == {"ec2.describe_vpc_peering_connections"}


def test_an_address_of_the_peer_that_nobody_holds_is_blocked_there() -> None:
    assert causes(ask(two_vpcs(), "10.0.1.10", "10.9.1.99")) == [("NO_INTERFACE_WITH_ADDRESS", "subnet-9", "forward")]


@pytest.mark.parametrize(("option", "told"), [(False, True), (True, False), (None, False)])
def test_a_peers_public_name_gives_its_public_address_unless_the_connection_resolves_names(
    option: bool | None, told: bool
) -> None:
    account = two_vpcs()
    peer = account.items["ec2.describe_network_interfaces"][-1]
    peer["Association"] = {"PublicIp": "198.51.100.30"}
    side = account.items["ec2.describe_vpc_peering_connections"][0]["AccepterVpcInfo"]
    side["PeeringOptions"] = {} if option is None else {"AllowDnsResolutionFromRemoteVpc": option}

    found = ask(account, "10.0.1.10", "10.9.1.30")

    assert found.verdict == "reachable"
    assert any("AllowDnsResolutionFromRemoteVpc" in note for note in found.notes) is told
