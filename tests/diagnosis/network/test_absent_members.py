"""A member that is absent was not seen: it makes an answer unknown or changes nothing, and never turns it round."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from diagnosis.network.build import build
from tests.accounts import Account, Json, route, rule, together, two_subnets, two_vpcs, with_internet
from tests.diagnosis.trace.asking import ask, calls
from tests.diagnosis.trace.hubs import Hub, add_vpc, item_of, two_spokes

GROUPS, ACLS, TABLES = (f"ec2.describe_{kind}" for kind in ("security_groups", "network_acls", "route_tables"))


@pytest.mark.parametrize(
    ("call", "member"),
    [
        (GROUPS, "IpPermissions"),
        (GROUPS, "IpPermissionsEgress"),
        (ACLS, "Entries"),
        (ACLS, "Associations"),
        (TABLES, "Routes"),
        (TABLES, "Associations"),
    ],
)
@pytest.mark.parametrize("value", ["absent", None])
def test_an_entity_without_the_list_that_decides_is_unseen_and_not_empty(call: str, member: str, value: object) -> None:
    account = two_subnets()
    for item in account.items[call]:
        if value is None:
            item[member] = None
        else:
            del item[member]

    found = ask(account, "10.0.1.10", "10.0.2.20")

    assert found.verdict == "unknown"
    assert call in calls(found)


def test_an_empty_list_is_seen_and_empty() -> None:
    account = two_subnets()
    account.items[GROUPS][0]["IpPermissions"] = []

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "blocked"


def test_a_rule_without_its_protocol_is_not_one_for_all_protocols() -> None:
    account = two_subnets()
    only = rule("tcp", (22, 22), "0.0.0.0/0")
    del only["IpProtocol"]
    account.items[GROUPS][0]["IpPermissions"] = [only]

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "unknown"


@pytest.mark.parametrize("lost", ["Egress", "Protocol", "RuleNumber", "RuleAction"])
def test_an_acl_entry_that_lacks_what_decides_makes_its_acl_unseen(lost: str) -> None:
    account = two_subnets()
    del account.items[ACLS][0]["Entries"][0][lost]

    found = ask(account, "10.0.1.10", "10.0.2.20")

    assert found.verdict == "unknown"
    assert ACLS in calls(found)


def test_a_default_acl_need_not_name_its_subnets() -> None:
    account = two_subnets()
    account.items[ACLS] = account.items[ACLS][:1]
    account.items[ACLS][0]["IsDefault"] = True
    del account.items[ACLS][0]["Associations"]

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"


def test_an_interface_and_a_nat_gateway_are_in_the_vpc_of_their_subnet() -> None:
    account = with_internet(two_subnets())
    account.subnet("subnet-3", "vpc-a", "10.0.3.0/24")
    account.acl("acl-3", "vpc-a", ["subnet-3"])
    account.table("rtb-3", "vpc-a", [route("0.0.0.0/0", "nat-1")], ["subnet-3"])
    account.interface("eni-3", "subnet-3", "10.0.3.10")
    account.nat("nat-1", "subnet-1", "10.0.1.200", "198.51.100.77")
    for call in ("ec2.describe_network_interfaces", "ec2.describe_nat_gateways"):
        for item in account.items[call]:
            del item["VpcId"]

    assert ask(account, "10.0.3.10", "10.0.2.20").verdict == "reachable"
    assert ask(account, "10.0.3.10", "203.0.113.9").verdict == "reachable"
    assert ask(account, "203.0.113.9", "198.51.100.10").verdict == "reachable"


def _internet() -> Account:
    account = with_internet(two_subnets())
    del account.items["ec2.describe_internet_gateways"][0]["Attachments"]
    return account


def _egress_only() -> Account:
    account = two_subnets()
    account.egress_only("eigw-1", "vpc-a")
    account.items[TABLES][0]["Routes"].append(route("::/0", "eigw-1"))
    del account.items["ec2.describe_egress_only_internet_gateways"][0]["Attachments"]
    return account


def _vpn() -> Account:
    account = Hub()
    add_vpc(account, "a", 0, [route("192.168.0.0/16", "vgw-1")])
    account.vpn_gateway()
    account.vpn(VpnGatewayId="vgw-1")
    del item_of(account, "ec2.describe_vpn_gateways", "VpnGatewayId", "vgw-1")["VpcAttachments"]
    return account


@pytest.mark.parametrize(
    ("made", "source", "destination"),
    [
        (_internet, "10.0.1.10", "203.0.113.9"),
        (_internet, "203.0.113.9", "198.51.100.10"),
        (_egress_only, "2001:db8:0:1::10", "2600::1"),
        (_vpn, "192.168.7.7", "10.0.1.10"),
    ],
)
def test_a_gateway_that_does_not_say_what_it_is_attached_to_is_no_detached_one(
    made: Callable[[], Account], source: str, destination: str
) -> None:
    assert ask(made(), source, destination).verdict == "unknown"


def test_an_attachment_without_an_owner_of_its_gateway_may_have_an_association_that_was_not_seen() -> None:
    account = two_spokes()
    for item in account.hub["ec2.describe_transit_gateway_attachments"]:
        item.pop("Association", None)
        item.pop("TransitGatewayOwnerId", None)
    without = ["ec2.get_transit_gateway_route_table_associations"]

    assert ask(account.network(without), "10.0.1.10", "10.9.1.10").verdict == "unknown"


def test_a_prefix_list_entry_without_a_range_makes_the_list_unseen() -> None:
    account = two_subnets()
    account.prefix_list("pl-1", "10.0.1.0/24", "192.0.2.0/24")
    account.items[GROUPS][0]["IpPermissions"] = [rule("tcp", (3306, 3306), "pl-1")]
    del account.entries["pl-1"][0]["Cidr"]

    found = ask(account, "10.0.1.10", "10.0.2.20")

    assert found.verdict == "unknown"
    assert "ec2.get_managed_prefix_list_entries" in calls(found)


def test_what_the_owner_sees_as_empty_is_not_filled_by_what_another_account_saw() -> None:
    """The other account's answer may be the older one: the owner's wins, empty lists too."""
    mine, other = two_subnets(), two_subnets()
    mine.items[GROUPS][0]["IpPermissions"] = []
    other.account = "222222222222"

    assert ask(build(together(mine, other)), "10.0.1.10", "10.0.2.20").verdict == "blocked"


def test_a_peering_whose_accepter_names_no_ranges_yet_is_filled_by_the_other_view() -> None:
    account = two_vpcs()
    other = two_vpcs()
    other.account = "222222222222"
    account.items["ec2.describe_vpc_peering_connections"][0]["AccepterVpcInfo"]["CidrBlockSet"] = []

    network = build(together(account, other))

    assert network.peerings["pcx-1"].accepter.addresses


@pytest.mark.parametrize(
    "less",
    [
        {"ToPort": None},
        {"FromPort": None},
        {"UserIdGroupPairs": [{"GroupName": "web"}]},
        {"IpRanges": None, "Ipv6Ranges": None, "PrefixListIds": None, "UserIdGroupPairs": None},
    ],
)
def test_a_rule_that_says_half_of_what_it_allows_makes_its_group_unseen(less: Json) -> None:
    account = two_subnets()
    account.items[GROUPS][0]["IpPermissions"] = [rule("tcp", (3306, 3306), "0.0.0.0/0") | less]

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "unknown"


def test_a_rule_without_any_port_is_one_for_all_ports() -> None:
    account = two_subnets()
    account.items[GROUPS][0]["IpPermissions"] = [rule("tcp", None, "0.0.0.0/0")]

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "reachable"


def test_an_interface_with_a_group_that_has_no_id_is_not_one_without_groups() -> None:
    account = two_subnets()
    account.items["ec2.describe_network_interfaces"][1]["Groups"] = [{"GroupName": "web"}]

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "unknown"


@pytest.mark.parametrize("call", [ACLS, TABLES])
def test_an_association_with_nothing_may_be_one_with_this_subnet(call: str) -> None:
    account = two_subnets()
    for item in account.items[call]:
        item["Associations"] = [{"Main": False}]

    assert ask(account, "10.0.1.10", "10.0.2.20").verdict == "unknown"


@pytest.mark.parametrize(("source", "destination"), [("10.0.1.10", "10.9.1.30"), ("192.168.7.7", "10.0.1.10")])
def test_a_route_of_a_target_that_is_not_named_leads_nobody_knows_where(source: str, destination: str) -> None:
    account = two_vpcs()
    nowhere = {"DestinationCidrBlock": "0.0.0.0/0", "State": "active", "Origin": "CreateRoute"}
    for table in account.items[TABLES]:
        table["Routes"] = [r for r in table["Routes"] if r.get("GatewayId") == "local"] + [nowhere]

    assert ask(account, source, destination).verdict == "unknown"


def test_a_subnets_vpc_is_that_of_its_acl_and_route_table_and_else_not_known() -> None:
    account = two_vpcs()
    for call in ("ec2.describe_network_interfaces", "ec2.describe_subnets"):
        for item in account.items[call]:
            del item["VpcId"]
    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "reachable"

    for call in (ACLS, TABLES):
        for item in account.items[call]:
            del item["VpcId"]
    assert ask(account, "10.0.1.10", "10.9.1.30").verdict == "unknown"
