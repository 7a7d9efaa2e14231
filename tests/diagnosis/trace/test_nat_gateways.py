"""NAT gateways: public and private, their subnet's ACL and routes, their ports, what they do not carry."""

from __future__ import annotations

import pytest

from tests.accounts import Account, Json, entry, open_entries, route, two_subnets, two_vpcs, with_internet
from tests.diagnosis.trace.asking import ask, calls, causes, verdicts

OUTSIDE = "203.0.113.9"


def behind_nat() -> Account:
    """The server in subnet-2 goes out by a NAT gateway in subnet-1, whose default route is an internet gateway."""
    account = with_internet(two_subnets())
    account.nat("nat-1", "subnet-1", "10.0.1.200", "198.51.100.200")
    account.items["ec2.describe_route_tables"][1]["Routes"].append(route("0.0.0.0/0", "nat-1"))
    return account


def entries_of_nat(account: Account, *more: Json) -> Account:
    account.items["ec2.describe_network_acls"][0]["Entries"] = [*open_entries(), *more]
    return account


def test_an_instance_without_a_public_address_goes_out_by_nat() -> None:
    assert verdicts(ask(behind_nat(), "10.0.2.20", OUTSIDE, "tcp", 443)) == ("reachable", "reachable", "reachable")


@pytest.mark.parametrize(
    ("protocol", "expected"), [("udp", "reachable"), ("icmp", "reachable"), ("50", "blocked"), ("132", "blocked")]
)
def test_nat_carries_tcp_udp_and_icmp_only(protocol: str, expected: str) -> None:
    found = ask(behind_nat(), "10.0.2.20", OUTSIDE, protocol, None)

    if protocol == "udp":
        found = ask(behind_nat(), "10.0.2.20", OUTSIDE, protocol, 53)
    assert found.verdict == expected
    if expected == "blocked":
        assert causes(found) == [("PROTOCOL_RESTRICTION", "nat-1", "forward")]


@pytest.mark.parametrize("state", ["failed", "pending", "deleting", "deleted"])
def test_a_nat_gateway_that_is_not_available_carries_nothing(state: str) -> None:
    account = behind_nat()
    account.items["ec2.describe_nat_gateways"][0]["State"] = state

    assert causes(ask(account, "10.0.2.20", OUTSIDE)) == [("BAD_STATE", "nat-1", "forward")]


@pytest.mark.parametrize("kind", ["nat_gateway", "natGateway"])
def test_the_interface_type_of_nat_is_spelt_two_ways(kind: str) -> None:
    account = behind_nat()
    account.items["ec2.describe_network_interfaces"][-1]["InterfaceType"] = kind

    assert ask(account, "10.0.2.20", OUTSIDE).verdict == "reachable"
    assert ask(account, OUTSIDE, "198.51.100.200").verdict == "blocked"


def test_the_subnet_of_nat_needs_a_way_out_of_its_own() -> None:
    account = behind_nat()
    table = account.items["ec2.describe_route_tables"][0]
    table["Routes"] = [r for r in table["Routes"] if r.get("GatewayId") == "local"]

    assert causes(ask(account, "10.0.2.20", OUTSIDE)) == [("NO_ROUTE_TO_DESTINATION", "rtb-1", "forward")]


def test_a_nat_gateway_whose_own_table_leads_back_to_it_is_no_way_out() -> None:
    account = behind_nat()
    account.items["ec2.describe_route_tables"][0]["Routes"] = [
        route("10.0.0.0/16", "local"),
        route("0.0.0.0/0", "nat-1"),
    ]

    assert ask(account, "10.0.2.20", OUTSIDE).verdict == "blocked"


def test_two_nat_gateways_that_point_at_each_other_end_nowhere() -> None:
    account = behind_nat()
    account.nat("nat-2", "subnet-2", "10.0.2.200", "198.51.100.201")
    account.items["ec2.describe_route_tables"][0]["Routes"] = [
        route("10.0.0.0/16", "local"),
        route("0.0.0.0/0", "nat-2"),
    ]

    assert ask(account, "10.0.2.20", OUTSIDE).verdict in ("blocked", "unknown")


def test_a_private_nat_gateway_cannot_use_an_internet_gateway() -> None:
    account = with_internet(two_subnets())
    account.nat("nat-1", "subnet-1", "10.0.1.200", None)
    account.items["ec2.describe_route_tables"][1]["Routes"].append(route("0.0.0.0/0", "nat-1"))

    assert ask(account, "10.0.2.20", OUTSIDE).verdict == "blocked"


def test_a_private_nat_gateway_speaks_with_its_own_address() -> None:
    """Behind it a neighbour sees the gateway's address, so neither a rule for the client nor a reference matches."""
    account = two_vpcs()
    account.nat("nat-1", "subnet-1", "10.0.1.200", None)
    routes = account.items["ec2.describe_route_tables"][1]["Routes"]
    routes[:] = [r for r in routes if "VpcPeeringConnectionId" not in r] + [route("10.9.0.0/16", "nat-1")]
    peer = next(g for g in account.items["ec2.describe_security_groups"] if g["GroupId"] == "sg-peer")
    permission = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "IpRanges": [{"CidrIp": "10.0.2.20/32"}]}

    peer["IpPermissions"] = [permission]
    assert ask(account, "10.0.2.20", "10.9.1.30").verdict == "blocked"
    peer["IpPermissions"] = [permission | {"IpRanges": [{"CidrIp": "10.0.1.200/32"}]}]
    assert ask(account, "10.0.2.20", "10.9.1.30").verdict == "reachable"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (entry(50, "deny", "10.0.2.0/24"), ("blocked", "blocked", None)),
        (entry(50, "deny", OUTSIDE + "/32", egress=True), ("blocked", "blocked", None)),
        (entry(50, "deny", OUTSIDE + "/32"), ("blocked", "reachable", "blocked")),
        (entry(50, "deny", "10.0.2.20/32", egress=True), ("blocked", "reachable", "blocked")),
        (entry(50, "deny", OUTSIDE + "/32", "6", (40000, 41000)), ("partly", "reachable", "partly")),
        (entry(50, "deny", "10.0.2.20/32", "6", (1024, 1100), egress=True), ("partly", "reachable", "partly")),
    ],
)
def test_the_acl_of_its_subnet_applies_on_both_sides_of_nat(extra: Json, expected: tuple[str, str, str | None]) -> None:
    found = ask(entries_of_nat(behind_nat(), extra), "10.0.2.20", OUTSIDE, "tcp", 443)

    assert verdicts(found) == expected


def test_a_given_source_port_holds_until_nat_rewrites_it() -> None:
    denied = entry(50, "deny", OUTSIDE + "/32", "6", (40000, 41000))
    account = entries_of_nat(behind_nat(), denied)

    assert ask(account, "10.0.2.20", OUTSIDE, "tcp", 443, 50000).verdict == "partly"
    assert ask(account, "10.0.1.10", OUTSIDE, "tcp", 443, 50000).verdict == "reachable"


def test_inside_its_own_subnet_no_acl_stands_before_nat() -> None:
    account = entries_of_nat(behind_nat(), entry(50, "deny", "10.0.1.0/24"))
    account.interface("eni-near", "subnet-1", "10.0.1.55")
    account.items["ec2.describe_route_tables"][0]["Routes"].append(route(OUTSIDE + "/32", "nat-1"))

    assert ("SUBNET_ACL_RESTRICTION", "acl-1", "forward") not in causes(ask(account, "10.0.1.55", OUTSIDE))


def test_nobody_connects_to_a_nat_gateway_from_outside() -> None:
    assert causes(ask(behind_nat(), OUTSIDE, "198.51.100.200"))[0] == ("NGW_UNSOLICITED_INBOUND", "nat-1", "forward")


def test_nobody_connects_to_a_nat_gateway_from_inside_either() -> None:
    assert ask(behind_nat(), "10.0.2.20", "10.0.1.200").verdict in ("blocked", "unknown")


def test_a_nat_gateway_that_was_not_seen_is_unknown() -> None:
    found = ask(behind_nat().network(without=["ec2.describe_nat_gateways"]), "10.0.2.20", OUTSIDE)

    assert found.verdict == "unknown"
    assert "ec2.describe_nat_gateways" in calls(found)


def regional(*zones: str, table: str | None = "rtb-nat", **more: str) -> Account:
    """The server goes out by a regional NAT gateway that has an address in each of these zones."""
    account = with_internet(two_subnets())
    account.table("rtb-nat", "vpc-a", [route("0.0.0.0/0", "igw-1")])
    item: Json = {
        "NatGatewayId": "nat-1",
        "VpcId": "vpc-a",
        "State": "available",
        "ConnectivityType": "public",
        "AvailabilityMode": "regional",
        "NatGatewayAddresses": [{"PublicIp": f"198.51.100.20{n}", "AvailabilityZone": z} for n, z in enumerate(zones)],
    }
    account.items["ec2.describe_nat_gateways"].append(item | ({"RouteTableId": table} if table else {}) | more)
    account.items["ec2.describe_route_tables"][1]["Routes"].append(route("0.0.0.0/0", "nat-1"))
    return account


def test_a_regional_nat_gateway_goes_out_by_a_table_of_its_own() -> None:
    assert verdicts(ask(regional("us-east-1a"), "10.0.2.20", OUTSIDE)) == ("reachable", "reachable", "reachable")

    lost = regional("us-east-1a")
    lost.items["ec2.describe_route_tables"][-1]["Routes"].pop()
    assert causes(ask(lost, "10.0.2.20", OUTSIDE)) == [("NO_ROUTE_TO_DESTINATION", "rtb-nat", "forward")]


def test_a_regional_nat_gateway_serves_the_zones_where_it_is_present() -> None:
    found = ask(regional("us-east-1b"), "10.0.2.20", OUTSIDE)
    assert causes(found) == [("REGIONAL_NGW_ROUTE_AZ_RESTRICTION", "nat-1", "forward")]

    assert ask(regional("us-east-1b", AutoProvisionZones="enabled"), "10.0.2.20", OUTSIDE).verdict == "reachable"


def test_a_regional_nat_gateway_whose_zones_or_table_were_not_seen_is_unknown() -> None:
    assert ask(regional(), "10.0.2.20", OUTSIDE).verdict == "unknown"

    found = ask(regional("us-east-1a", table=None), "10.0.2.20", OUTSIDE)
    assert found.verdict == "unknown"
    assert calls(found) == {"ec2.describe_route_tables"}


def test_the_acl_of_the_source_judges_both_legs_of_a_regional_nat_gateway() -> None:
    account = regional("us-east-1a")
    account.items["ec2.describe_network_acls"][1]["Entries"] = [*open_entries(), entry(10, "deny", "203.0.113.0/24")]

    found = ask(account, "10.0.2.20", OUTSIDE)

    assert verdicts(found) == ("blocked", "reachable", "blocked")


def test_through_nat_to_a_neighbours_public_address() -> None:
    account = behind_nat()
    group: Json = account.group("sg-shy", "vpc-a", [], [])
    account.items["ec2.describe_network_interfaces"][0]["Groups"] = [{"GroupId": "sg-shy"}]
    group["IpPermissions"] = [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "198.51.100.200/32"}]}
    ]

    assert ask(account, "10.0.2.20", "198.51.100.10", "tcp", 443).verdict == "reachable"
    group["IpPermissions"][0]["IpRanges"] = [{"CidrIp": "10.0.2.20/32"}]
    assert ask(account, "10.0.2.20", "198.51.100.10", "tcp", 443).verdict == "blocked"
