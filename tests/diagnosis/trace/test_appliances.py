"""Appliances: routes to an interface, in a subnet's table and in a gateway's; what drops before them is certain."""

from __future__ import annotations

import pytest

from tests.accounts import EVERYTHING, Account, Json, entry, open_entries, route, rule, two_subnets, with_internet
from tests.diagnosis.trace.asking import ask, calls, causes

SERVER = "10.0.2.20"


def with_appliance(
    *, checked: bool = False, ingress: tuple[Json, ...] = EVERYTHING, public: str | None = None
) -> Account:
    """The account of two subnets with an appliance 10.0.3.5 between them, by a route that beats the local one."""
    made = two_subnets()
    made.subnet("subnet-3", "vpc-a", "10.0.3.0/24")
    made.acl("acl-3", "vpc-a", ["subnet-3"])
    made.group("sg-appliance", "vpc-a", ingress)
    made.table("rtb-3", "vpc-a", subnets=["subnet-3"])
    made.interface(
        "eni-box",
        "subnet-3",
        "10.0.3.5",
        groups=["sg-appliance"],
        instance="i-box",
        SourceDestCheck=checked,
        public=public,
    )
    made.instance("i-box", "eni-box")
    made.items["ec2.describe_route_tables"][0]["Routes"].append(route("10.0.2.0/24", "eni-box"))
    return made


def test_an_appliance_that_forwards_is_unknown_by_its_name() -> None:
    found = ask(with_appliance(), "10.0.1.10", SERVER)

    assert found.verdict == "unknown"
    assert causes(found) == []
    assert any("appliance eni-box" in gap.reason for gap in found.gaps())


def test_an_instance_as_target_is_its_first_interface() -> None:
    made = with_appliance()
    made.items["ec2.describe_route_tables"][0]["Routes"][-1] = {
        "DestinationCidrBlock": "10.0.2.0/24", "InstanceId": "i-box", "State": "active", "Origin": "CreateRoute"
    }  # fmt: skip

    found = ask(made, "10.0.1.10", SERVER)

    assert found.verdict == "unknown"
    assert any("i-box (eni-box)" in gap.reason for gap in found.gaps())


def test_an_interface_with_its_check_on_drops_what_is_not_its_own() -> None:
    found = ask(with_appliance(checked=True), "10.0.1.10", SERVER)

    assert found.verdict == "blocked"
    assert causes(found)[0] == ("ENI_SOURCE_DEST_CHECK_RESTRICTION", "eni-box", "forward")


def test_the_path_is_judged_on_past_the_check() -> None:
    made = with_appliance(checked=True)
    made.items["ec2.describe_security_groups"][0]["IpPermissions"] = []

    assert ("SG_HAS_NO_RULES", "sg-open", "forward") in causes(ask(made, "10.0.1.10", SERVER))


def test_the_appliances_own_group_drops_for_certain() -> None:
    found = ask(with_appliance(ingress=(rule("tcp", (443, 443), "0.0.0.0/0"),)), "10.0.1.10", SERVER)

    assert found.verdict == "blocked"
    assert causes(found) == [("ENI_SG_RULES_MISMATCH", "sg-appliance", "forward")]


def test_the_acl_into_the_appliances_subnet_drops_for_certain() -> None:
    made = with_appliance()
    acl = next(a for a in made.items["ec2.describe_network_acls"] if a["NetworkAclId"] == "acl-3")
    acl["Entries"] = [*open_entries(), entry(10, "deny", "10.0.1.0/24")]

    assert ask(made, "10.0.1.10", SERVER).verdict == "blocked"


def test_what_drops_behind_an_appliance_is_told_and_not_certain() -> None:
    made = with_appliance()
    made.group("sg-closed", "vpc-a", ())
    made.items["ec2.describe_network_interfaces"][1]["Groups"] = [{"GroupId": "sg-closed"}]

    found = ask(made, "10.0.1.10", SERVER)

    assert found.verdict == "unknown"
    assert causes(found) == [("SG_HAS_NO_RULES", "sg-closed", "forward")]


def test_a_stopped_appliance_forwards_nothing() -> None:
    made = with_appliance()
    made.items["ec2.describe_instances"][0]["Instances"][0]["State"]["Name"] = "stopped"

    assert causes(ask(made, "10.0.1.10", SERVER)) == [("BAD_STATE", "eni-box", "forward")]


def test_an_appliance_that_was_not_seen_is_unknown() -> None:
    made = with_appliance()
    made.items["ec2.describe_route_tables"][0]["Routes"][-1]["NetworkInterfaceId"] = "eni-nowhere"

    found = ask(made, "10.0.1.10", SERVER)

    assert found.verdict == "unknown"
    assert calls(found) == {"ec2.describe_network_interfaces"}


def test_a_route_to_the_destinations_own_interface_delivers() -> None:
    made = two_subnets()
    made.items["ec2.describe_route_tables"][0]["Routes"].append(route("10.0.2.0/24", "eni-server"))

    assert ask(made, "10.0.1.10", SERVER).verdict == "reachable"


def test_a_reply_that_leads_to_an_interface_with_its_check_on_is_lost() -> None:
    made = with_appliance(checked=True)
    tables = made.items["ec2.describe_route_tables"]
    tables[0]["Routes"].pop()
    tables[1]["Routes"].append(route("10.0.1.0/24", "eni-box"))

    found = ask(made, "10.0.1.10", SERVER)

    assert found.verdict == "blocked"
    assert causes(found) == [("ENI_SOURCE_DEST_CHECK_RESTRICTION", "eni-box", "return")]


def test_a_route_that_comes_back_to_the_same_appliance_ends_unknown() -> None:
    made = with_appliance()
    made.items["ec2.describe_route_tables"][2]["Routes"].append(route("10.0.2.0/24", "eni-box"))

    assert ask(made, "10.0.1.10", SERVER).verdict == "unknown"


def edge(made: Account, target: str) -> Account:
    """A route table of the internet gateway that steers what is for subnet-1."""
    made.table("rtb-edge", "vpc-a", [route("10.0.1.0/24", target)])
    made.items["ec2.describe_route_tables"][-1]["Associations"] = [{"Main": False, "GatewayId": "igw-1"}]
    return made


@pytest.mark.parametrize(
    ("public", "checked", "verdict", "code"),
    [
        (None, False, "blocked", "INGRESS_RTB_NO_PUBLIC_IP"),
        ("198.51.100.5", True, "blocked", "ENI_SOURCE_DEST_CHECK_RESTRICTION"),
        ("198.51.100.5", False, "unknown", None),
    ],
)
def test_a_gateways_route_needs_an_appliance_with_a_public_address(
    public: str | None, checked: bool, verdict: str, code: str | None
) -> None:
    made = edge(with_internet(with_appliance(checked=checked, public=public)), "eni-box")

    found = ask(made, "203.0.113.7", "198.51.100.10")

    assert found.verdict == verdict
    assert (code, "eni-box", "forward") in causes(found) or code is None


def test_a_gateways_table_with_local_routes_only_changes_nothing() -> None:
    made = with_internet(two_subnets())
    made.table("rtb-edge", "vpc-a")
    made.items["ec2.describe_route_tables"][-1]["Associations"] = [{"Main": False, "GatewayId": "igw-1"}]

    assert ask(made, "203.0.113.7", "198.51.100.10").verdict == "reachable"
    assert ask(made, "10.0.1.10", "203.0.113.7").verdict == "reachable"


def test_replies_that_are_steered_to_an_appliance_are_unknown() -> None:
    made = edge(with_internet(with_appliance(public="198.51.100.5")), "eni-box")

    found = ask(made, "10.0.1.10", "203.0.113.7")

    assert found.verdict == "unknown"
    assert causes(found) == [("INGRESS_RTB_TRAFFIC_REDIRECTION", "rtb-edge", "return")]


def test_a_nat_instance_is_an_appliance() -> None:
    made = with_internet(with_appliance(public="198.51.100.5"))
    tables = made.items["ec2.describe_route_tables"]
    tables[1]["Routes"].append(route("0.0.0.0/0", "eni-box"))
    tables[2]["Routes"].append(route("0.0.0.0/0", "igw-1"))

    found = ask(made, SERVER, "203.0.113.7", port=443)

    assert found.verdict == "unknown"
    assert causes(found) == []
