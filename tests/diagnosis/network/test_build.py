"""Describe answers → Network: liberal about absence and order, strict about type, one entity per id."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.network.build import build
from diagnosis.network.described import Call, Described
from diagnosis.traffic.addresses import format_address, parse_address
from tests.accounts import Account, Json, rule, together, two_subnets, two_vpcs
from tests.diagnosis.trace.asking import ask

OTHER = "222222222222"


def test_nothing_described_is_an_empty_network() -> None:
    network = build(Described({}))

    assert not network.interfaces
    assert not network.warnings


def test_ids_are_opaque() -> None:
    """Anonymised accounts hold ids such as `SubnetId:5`; nothing checks their form."""
    account = two_subnets()
    text = {
        "subnet-1": "SubnetId:5",
        "vpc-a": "VpcId:1",
        "eni-client": "NetworkInterfaceId:7",
        "acl-1": "NetworkAclId:2",
    }

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: renamed(part) for key, part in value.items()}
        if isinstance(value, list):
            return [renamed(part) for part in value]
        return text.get(value, value) if isinstance(value, str) else value

    network = build(Described({call: renamed(body) for call, body in account.answers().items()}))

    assert ask(network, "NetworkInterfaceId:7", "eni-server").verdict == "reachable"
    assert ask(network, "VpcId:1/10.0.1.10", "10.0.2.20").verdict == "reachable"


BROKEN: list[tuple[str, int, Json]] = [
    ("ec2.describe_security_groups", 0, {"IpPermissions": "all"}),
    ("ec2.describe_security_groups", 0, {"IpPermissions": [{"IpProtocol": "tcp", "FromPort": "many", "ToPort": 1}]}),
    ("ec2.describe_security_groups", 0, {"IpPermissions": [{"IpProtocol": 5.5}]}),
    ("ec2.describe_security_groups", 0, {"IpPermissions": [{"IpProtocol": "tcp", "FromPort": 9, "ToPort": 1}]}),
    (
        "ec2.describe_security_groups",
        0,
        {"IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/99"}]}]},
    ),
    ("ec2.describe_network_acls", 1, {"Entries": [{"RuleNumber": "first", "RuleAction": "deny"}]}),
    ("ec2.describe_network_acls", 1, {"Entries": {"RuleNumber": 100}}),
    (
        "ec2.describe_network_acls",
        1,
        {"Entries": [{"RuleNumber": 100, "RuleAction": "maybe", "CidrBlock": "0.0.0.0/0"}]},
    ),
    ("ec2.describe_route_tables", 0, {"Routes": [{"DestinationCidrBlock": "here", "GatewayId": "local"}]}),
    ("ec2.describe_route_tables", 0, {"Routes": [17]}),
    ("ec2.describe_route_tables", 0, {"Associations": "subnet-1"}),
    ("ec2.describe_network_interfaces", 1, {"Groups": {"GroupId": "sg-open"}}),
    ("ec2.describe_network_interfaces", 1, {"SourceDestCheck": "yes"}),
    ("ec2.describe_network_interfaces", 1, {"PrivateIpAddresses": [{"PrivateIpAddress": 167772692}]}),
]


@pytest.mark.parametrize(("call", "index", "member"), BROKEN)
def test_a_wrong_type_inside_an_entity_is_a_named_warning_and_unknown_not_blocked(
    call: str, index: int, member: Json
) -> None:
    account = two_subnets()
    account.items[call][index] |= member
    identity = next(
        v
        for k, v in account.items[call][index].items()
        if k.endswith("Id") and k not in ("VpcId", "OwnerId", "SubnetId")
    )

    network = account.network()

    assert [w for w in network.warnings if identity in w and "\n" not in w]
    assert ask(network, "10.0.1.10", "10.0.2.20").verdict == "unknown"


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("ec2.describe_vpc_endpoints", {"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "NetworkInterfaceIds": 5}]}),
        ("ec2.describe_vpc_endpoints", {"VpcEndpoints": [{"VpcEndpointId": "vpce-1", "RouteTableIds": True}]}),
        (
            "ec2.describe_vpc_block_public_access_options",
            {"VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": 5}},
        ),
        ("ec2.describe_vpc_block_public_access_options", {"VpcBlockPublicAccessOptions": "off"}),
        ("ec2.describe_vpc_block_public_access_exclusions", {"VpcBlockPublicAccessExclusions": [{"ResourceArn": 5}]}),
        (
            "ec2.describe_security_group_rules",
            {"SecurityGroupRules": [{"GroupId": "sg-open", "SecurityGroupRuleId": 7}]},
        ),
        ("ec2.describe_security_group_rules", {"SecurityGroupRules": [{"GroupId": ["sg-open"]}]}),
        (
            "ec2.describe_addresses",
            {"Addresses": [{"PublicIp": "x", "PrivateIpAddress": "10.0.1.10", "NetworkInterfaceId": "eni-client"}]},
        ),
        ("ec2.describe_flow_logs", {"FlowLogs": [{"FlowLogId": 5}, {"FlowLogId": "fl-1"}]}),
        ("rds.describe_db_instances", {"DBInstances": [{"DBInstanceIdentifier": "db", "Endpoint": "db.example"}]}),
        ("rds.describe_db_clusters", {"DBClusters": [{"DBClusterIdentifier": 5, "Endpoint": 6}]}),
        ("elbv2.describe_load_balancers", {"LoadBalancers": [{"LoadBalancerName": {}}]}),
        ("ec2.describe_subnets", {"Subnets": "none"}),
        ("ec2.describe_vpcs", {"Vpcs": None}),
        ("ec2.describe_network_interfaces", {"NetworkInterfaces": [[]]}),
        ("ec2.describe_instances", {"Reservations": [{"Instances": [5]}]}),
        ("ec2.describe_instances", {"Reservations": [{"Instances": {}}]}),
        ("ec2.describe_managed_prefix_lists", {"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": [5]}]}),
    ],
)
def test_no_content_of_an_answer_ends_in_a_failure(call: str, body: Json) -> None:
    account = two_subnets()
    answers = account.answers()
    answers[Call(call, account.account, account.region)] = body

    network = build(Described(answers))

    assert ask(network, "vpc-a/10.0.1.10", "10.0.2.20").verdict in ("reachable", "blocked", "partly", "unknown")


def test_prefix_list_entries_of_another_type_are_unseen_not_empty() -> None:
    account = two_subnets()
    account.group("sg-listed", "vpc-a", [rule("tcp", (3306, 3306), "pl-1")])
    account.items["ec2.describe_network_interfaces"][1]["Groups"] = [{"GroupId": "sg-listed"}]
    answers = account.answers()
    answers[Call("ec2.get_managed_prefix_list_entries", account.account, account.region, "pl-1")] = {
        "Entries": "10.0.1.0/24"
    }

    assert ask(build(Described(answers)), "10.0.1.10", "10.0.2.20").verdict == "unknown"


def test_prefix_list_entries_come_from_either_call() -> None:
    account = two_subnets()
    account.objects["ec2.describe_prefix_lists"] = {
        "PrefixLists": [
            {"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.us-east-1.s3", "Cidrs": ["192.0.2.0/24"]}
        ]
    }
    account.prefix_list("pl-own", "10.0.1.0/24")
    account.items["ec2.describe_managed_prefix_lists"].append(
        {"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.us-east-1.s3"}
    )

    found = account.network().prefix_lists

    assert found["pl-s3"].cidrs == ("192.0.2.0/24",)
    assert found["pl-own"].cidrs == ("10.0.1.0/24",)


def two_views() -> tuple[Account, Account]:
    """One peering and one interface as two accounts see them."""
    ours = two_vpcs()
    theirs = Account(OTHER)
    theirs.items["ec2.describe_vpc_peering_connections"].append(
        {"VpcPeeringConnectionId": "pcx-1", "Tags": [{"Key": "Name", "Value": "theirs"}]}
    )
    return ours, theirs


def test_one_entity_in_two_accounts_is_one_whose_gaps_are_filled() -> None:
    network = build(together(*two_views()))

    assert list(network.peerings) == ["pcx-1"]
    assert network.peerings["pcx-1"].name == "theirs"
    assert ask(network, "10.0.1.10", "10.9.1.30").verdict == "reachable"


def test_the_owners_answer_wins() -> None:
    ours, theirs = two_subnets(), Account(OTHER)
    theirs.items["ec2.describe_subnets"].append(
        ours.items["ec2.describe_subnets"][0] | {"CidrBlock": "192.168.0.0/24", "MapPublicIpOnLaunch": True}
    )

    for described in (together(ours, theirs), together(theirs, ours)):
        assert "10.0.1.0/24" in build(described).subnets["subnet-1"].cidrs


def test_what_both_sides_of_a_peering_tell_is_put_together() -> None:
    """Each side may know only its own ranges; the parts are one connection."""
    ours, theirs = two_vpcs(), Account(OTHER)
    whole = ours.items["ec2.describe_vpc_peering_connections"][0]
    there = dict(whole)
    whole["AccepterVpcInfo"] = {"VpcId": "vpc-b", "OwnerId": OTHER}
    there["RequesterVpcInfo"] = {"VpcId": "vpc-a", "OwnerId": ours.account}
    theirs.items["ec2.describe_vpc_peering_connections"].append(there)

    found = build(together(ours, theirs)).peerings["pcx-1"]

    assert found.requester.addresses
    assert found.accepter.addresses


def test_an_elastic_address_fills_the_gap_of_an_interface() -> None:
    account = two_subnets()
    account.objects["ec2.describe_addresses"] = {
        "Addresses": [
            {"PublicIp": "198.51.100.7", "PrivateIpAddress": "10.0.1.10", "NetworkInterfaceId": "eni-client"},
            {"PublicIp": "198.51.100.8"},
            {"PublicIp": "198.51.100.9", "PrivateIpAddress": "10.0.9.9", "NetworkInterfaceId": "eni-gone"},
        ]
    }
    interface = account.network().interfaces["eni-client"]

    assert interface.public_of(parse_address("10.0.1.10")) == parse_address("198.51.100.7")


def test_what_the_interface_itself_reports_beats_the_list_of_elastic_addresses() -> None:
    account = two_subnets(client={"public": "198.51.100.10"})
    account.objects["ec2.describe_addresses"] = {
        "Addresses": [{"PublicIp": "198.51.100.7", "PrivateIpAddress": "10.0.1.10", "NetworkInterfaceId": "eni-client"}]
    }
    public = account.network().interfaces["eni-client"].public_of(parse_address("10.0.1.10"))

    assert public is not None
    assert format_address(public) == "198.51.100.10"


def test_a_secondary_range_of_a_vpc_counts_unless_it_is_disassociated() -> None:
    account = two_subnets()
    ranges = account.items["ec2.describe_vpcs"][0]["CidrBlockAssociationSet"]
    ranges.append({"CidrBlock": "100.64.0.0/16", "CidrBlockState": {"State": "associated"}})
    ranges.append({"CidrBlock": "10.200.0.0/16", "CidrBlockState": {"State": "disassociated"}})

    assert account.network().vpcs["vpc-a"].cidrs == ("10.0.0.0/16", "100.64.0.0/16", "2001:db8::/56")


def test_rule_ids_come_from_the_call_that_lists_rules() -> None:
    account = two_subnets()
    account.group("sg-web", "vpc-a", [rule("tcp", (443, 443), "10.0.1.0/24")], [])
    account.objects["ec2.describe_security_group_rules"] = {
        "SecurityGroupRules": [
            {
                "SecurityGroupRuleId": "sgr-1",
                "GroupId": "sg-web",
                "IsEgress": False,
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "CidrIpv4": "10.0.1.0/24",
            }
        ]
    }

    assert [r.rule_id for r in account.network().groups["sg-web"].rules] == ["sgr-1"]


def test_a_rule_that_two_permissions_hold_is_one_in_whatever_order_they_come() -> None:
    account = two_subnets()
    twice = [rule("-1", (22, 22), "10.0.1.0/24"), rule("-1", None, "10.0.1.0/24")]
    account.group("sg-twice", "vpc-a", twice)
    one = account.network()
    account.items["ec2.describe_security_groups"][-1]["IpPermissions"].reverse()

    assert account.network() == one


def test_a_warning_does_not_depend_on_the_order_of_a_list() -> None:
    account = two_subnets()
    listed: list[Any] = account.items["ec2.describe_subnets"]
    listed.append("subnet-3")
    one = account.network()
    listed.insert(0, listed.pop())

    assert account.network().warnings == one.warnings
