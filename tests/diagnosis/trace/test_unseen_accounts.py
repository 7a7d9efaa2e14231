"""The other side in a VPC of an account that was not seen: unknown, and never blocked because nobody looked there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.accounts import Account, rule, two_vpcs
from tests.diagnosis.trace.asking import ask, calls, causes, verdicts
from tests.diagnosis.trace.hubs import Hub, two_spokes

GROUPS, PEERINGS = "ec2.describe_security_groups", "ec2.describe_vpc_peering_connections"


def without_vpc(account: Account, vpc: str) -> None:
    """Takes away everything that only the owner of the VPC sees."""
    for call, listed in account.items.items():
        account.items[call] = [item for item in listed if item.get("VpcId") != vpc]


def one_of_two() -> Account:
    """vpc-a, peered with a VPC of an account that was not seen."""
    account = two_vpcs()
    without_vpc(account, "vpc-b")
    return account


def one_spoke(switch: str = "disable") -> Hub:
    """vpc-a, on a transit gateway with a VPC of an account that was not seen."""
    account = two_spokes(gateway=switch, a={"references": switch}, b={"references": switch})
    without_vpc(account, "vpc-b")
    return account


def only(account: Account, direction: str, group: str) -> Account:
    """The first group allows tcp 3306 by reference to this one alone."""
    account.items[GROUPS][0][direction] = [rule("tcp", (3306, 3306), group)]
    return account


@pytest.mark.parametrize(("made", "theirs"), [(one_of_two, "10.9.1.30"), (one_spoke, "10.9.1.10")])
def test_to_and_from_an_unseen_vpc_is_unknown_and_names_the_call(made: Callable[[], Account], theirs: str) -> None:
    for flow in ((theirs, "10.0.1.10"), ("10.0.1.10", theirs)):
        found = ask(made(), *flow)

        assert found.verdict == "unknown", flow
        assert "ec2.describe_vpcs" in calls(found), flow


def test_what_is_seen_on_this_side_blocks_all_the_same() -> None:
    account = one_of_two()
    account.items[GROUPS][0]["IpPermissions"] = [rule("tcp", (22, 22), "0.0.0.0/0")]

    assert verdicts(ask(account, "10.9.1.30", "10.0.1.10")) == ("blocked", "blocked", None)


def test_a_peering_that_is_not_active_blocks_what_comes_from_an_unseen_vpc() -> None:
    account = one_of_two()
    account.items[PEERINGS][0]["Status"]["Code"] = "pending-acceptance"

    assert causes(ask(account, "10.9.1.30", "10.0.1.10")) == [("BAD_STATE", "pcx-1", "forward")]


def test_a_peering_carries_nothing_from_outside_the_ranges_of_the_unseen_vpc() -> None:
    account = one_of_two()
    account.items["ec2.describe_route_tables"][0]["Routes"][-2]["DestinationCidrBlock"] = "10.0.0.0/8"

    found = ask(account, "10.77.1.1", "10.0.1.10")

    assert ("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "rtb-1", "forward") in causes(found)


def test_a_peering_that_was_not_seen_leaves_what_comes_over_it_unknown() -> None:
    found = ask(one_of_two().network([PEERINGS]), "10.9.1.30", "10.0.1.10")

    assert found.verdict == "unknown"
    assert PEERINGS in calls(found)


@pytest.mark.parametrize(("source", "destination"), [("10.9.1.30", "10.0.1.10"), ("10.0.1.10", "10.9.1.30")])
def test_a_reference_to_a_group_of_an_unseen_peer_may_match(source: str, destination: str) -> None:
    direction = "IpPermissions" if destination == "10.0.1.10" else "IpPermissionsEgress"

    assert ask(only(one_of_two(), direction, "sg-peer"), source, destination).forward == "unknown"


def test_a_reference_to_a_seen_group_does_not_match_an_unseen_peer() -> None:
    account = only(one_of_two(), "IpPermissions", "sg-mine")
    account.group("sg-mine", "vpc-a")
    account.interface("eni-mine", "subnet-2", "10.0.2.9", groups=["sg-mine"])

    assert ask(account, "10.9.1.30", "10.0.1.10").verdict == "blocked"


def test_no_reference_matches_on_premises() -> None:
    assert ask(only(one_of_two(), "IpPermissions", "sg-peer"), "192.168.1.1", "10.0.1.10").verdict == "blocked"


@pytest.mark.parametrize(("switch", "verdict"), [("enable", "unknown"), ("disable", "blocked")])
def test_over_a_transit_gateway_the_switches_decide_whether_a_reference_to_an_unseen_group_may_match(
    switch: str, verdict: str
) -> None:
    assert ask(only(one_spoke(switch), "IpPermissions", "sg-b"), "10.9.1.10", "10.0.1.10").verdict == verdict


@pytest.mark.parametrize(
    ("more", "egress", "verdict"),
    [
        ({}, [rule("-1", None, "0.0.0.0/0")], "reachable"),
        ({"Description": "EFS mount target for fs-1 (fsmt-1)"}, [rule("-1", None, "0.0.0.0/0")], "reachable"),
        ({"Description": "EFS mount target for fs-1 (fsmt-1)"}, [rule("tcp", (443, 443), "0.0.0.0/0")], "blocked"),
        ({"InterfaceType": "vpc_endpoint"}, [rule("-1", None, "0.0.0.0/0")], "blocked"),
    ],
)
def test_references_over_a_transit_gateway_match_at_no_endpoint_and_at_efs_with_all_egress_only(
    more: dict[str, str], egress: list[dict[str, object]], verdict: str
) -> None:
    account = two_spokes(gateway="enable", a={"references": "enable"}, b={"references": "enable"})
    account.items[GROUPS][1]["IpPermissions"] = [rule("tcp", (3306, 3306), "sg-a")]
    account.items[GROUPS][1]["IpPermissionsEgress"] = egress
    account.items["ec2.describe_network_interfaces"][1] |= more

    assert ask(account, "10.0.1.10", "10.9.1.10").forward == verdict
