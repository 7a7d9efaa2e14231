"""The embedded account is one that AWS could describe, and it fits together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, ServiceModel, Shape, StructureShape

from diagnosis.snapshots.embedded_account import flow_logs_folder, snapshot_folder

REGION_FOLDER = snapshot_folder() / "123456789012" / "us-east-1"
FILES = sorted(str(path.relative_to(REGION_FOLDER)) for path in REGION_FOLDER.rglob("*.json"))
KINDS = "vpc|subnet|sg|acl|rtb|igw|eigw|nat|vpce|eni|i|pl|eipalloc|fl"
OWN_ID = {
    "Vpcs": "VpcId",
    "Subnets": "SubnetId",
    "SecurityGroups": "GroupId",
    "NetworkAcls": "NetworkAclId",
    "RouteTables": "RouteTableId",
    "InternetGateways": "InternetGatewayId",
    "EgressOnlyInternetGateways": "EgressOnlyInternetGatewayId",
    "NatGateways": "NatGatewayId",
    "VpcEndpoints": "VpcEndpointId",
    "NetworkInterfaces": "NetworkInterfaceId",
    "PrefixLists": "PrefixListId",
    "Addresses": "AllocationId",
    "FlowLogs": "FlowLogId",
}


@cache
def read(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((REGION_FOLDER / name).read_text(encoding="utf-8"))
    return answer


def items(call: str) -> list[dict[str, Any]]:
    (found,) = read(f"{call}.json").values()
    assert isinstance(found, list)
    return found


def interfaces() -> dict[str, dict[str, Any]]:
    return {interface["PrivateIpAddress"]: interface for interface in items("ec2.describe_network_interfaces")}


def strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for member in value.values():
                yield from strings(member)
        case list():
            for member in value:
                yield from strings(member)


@cache
def service_model(client: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(client)


def output_shape(call: str) -> StructureShape:
    client, _, method = call.partition(".")
    service = service_model(client)
    (operation,) = [name for name in service.operation_names if botocore.xform_name(name) == method]
    shape = service.operation_model(operation).output_shape
    assert shape is not None
    return shape


def misshapen(value: Any, shape: Shape, where: str) -> Iterator[str]:
    """Where the value is not what boto3 returns for the shape."""
    expected = {"boolean": bool, "integer": int, "long": int, "string": str, "timestamp": str}
    if isinstance(shape, StructureShape):
        for name, member in value.items():
            if name in shape.members:
                yield from misshapen(member, shape.members[name], f"{where}.{name}")
            else:
                yield f"{where}.{name} is unknown to boto3"
    elif isinstance(shape, ListShape):
        for member in value:
            yield from misshapen(member, shape.member, where)
    elif type(value) is not expected[shape.type_name]:
        yield f"{where} is {value!r}, not a {shape.type_name}"
    elif shape.type_name == "timestamp" and datetime.fromisoformat(str(value)).utcoffset() is None:
        yield f"{where} has no zone"


@pytest.mark.parametrize("name", FILES)
def test_every_answer_has_only_members_that_boto3_returns_and_of_their_types(name: str) -> None:
    call = name.partition("/")[0].removesuffix(".json")

    assert list(misshapen(read(name), output_shape(call), call)) == []


def test_snapshot_json_says_when_and_what_was_asked_and_that_nothing_is_unseen() -> None:
    about = json.loads((snapshot_folder() / "snapshot.json").read_text(encoding="utf-8"))

    assert about == {
        "taken_at": "2026-11-22T14:05:10Z",
        "accounts": ["123456789012"],
        "regions": ["us-east-1"],
        "tool": about["tool"],
        "calls": sorted({name.partition("/")[0].removesuffix(".json") for name in FILES}),
        "unseen": [],
    }


def test_every_id_that_is_mentioned_belongs_to_something_that_is_described() -> None:
    described = {
        item[OWN_ID[key]] for name in FILES for key, listed in read(name).items() if key in OWN_ID for item in listed
    }
    machines = {machine["InstanceId"] for held in items("ec2.describe_instances") for machine in held["Instances"]}
    form = re.compile(rf"(?:{KINDS})-[0-9a-f]{{8,17}}")
    mentioned = {text for name in FILES for text in strings(read(name)) if form.fullmatch(text)}

    assert mentioned - described - machines == set()
    assert {name for name in mentioned if not name.startswith("pl-") and len(name.partition("-")[2]) != 17} == set()


def test_every_address_of_an_interface_lies_in_its_subnet_and_is_its_own() -> None:
    subnets = {subnet["SubnetId"]: subnet for subnet in items("ec2.describe_subnets")}
    found = items("ec2.describe_network_interfaces")

    for interface in found:
        subnet = subnets[interface["SubnetId"]]
        assert interface["AvailabilityZone"] == subnet["AvailabilityZone"]
        assert ip_address(interface["PrivateIpAddress"]) in ip_network(subnet["CidrBlock"])
        for held in interface["Ipv6Addresses"]:
            (block,) = subnet["Ipv6CidrBlockAssociationSet"]
            assert ip_address(held["Ipv6Address"]) in ip_network(block["Ipv6CidrBlock"])
    assert len({interface["PrivateIpAddress"] for interface in found}) == len(found) == 12


def test_every_subnet_lies_in_the_vpc_and_has_one_acl_and_one_route_table() -> None:
    (vpc,) = items("ec2.describe_vpcs")
    subnets = items("ec2.describe_subnets")
    acls = [link["SubnetId"] for acl in items("ec2.describe_network_acls") for link in acl["Associations"]]
    tables = [
        link["SubnetId"]
        for table in items("ec2.describe_route_tables")
        for link in table["Associations"]
        if not link["Main"]
    ]

    assert all(ip_network(subnet["CidrBlock"]).subnet_of(ip_network(vpc["CidrBlock"])) for subnet in subnets)  # type: ignore[arg-type]
    assert sorted(acls) == sorted(tables) == sorted(subnet["SubnetId"] for subnet in subnets)


def test_the_rules_say_the_same_one_by_one_and_in_their_groups() -> None:
    grouped = set()
    for group in items("ec2.describe_security_groups"):
        for egress, key in ((False, "IpPermissions"), (True, "IpPermissionsEgress")):
            for rule in group[key]:
                span = (rule["IpProtocol"], rule.get("FromPort", -1), rule.get("ToPort", -1))
                peers = [
                    *(peer["GroupId"] for peer in rule["UserIdGroupPairs"]),
                    *(peer["CidrIp"] for peer in rule["IpRanges"]),
                    *(peer["CidrIpv6"] for peer in rule["Ipv6Ranges"]),
                    *(peer["PrefixListId"] for peer in rule["PrefixListIds"]),
                ]
                grouped |= {(group["GroupId"], egress, *span, peer) for peer in peers}
    single = [
        (
            rule["GroupId"],
            rule["IsEgress"],
            rule["IpProtocol"],
            rule["FromPort"],
            rule["ToPort"],
            rule.get("CidrIpv4")
            or rule.get("CidrIpv6")
            or rule.get("PrefixListId")
            or rule["ReferencedGroupInfo"]["GroupId"],
        )
        for rule in items("ec2.describe_security_group_rules")
    ]

    assert sorted(grouped) == sorted(single)


def test_one_database_listens_on_3306_and_its_one_group_lets_the_web_servers_nowhere_in() -> None:
    (database,) = [found for found in items("rds.describe_db_instances") if found["Endpoint"]["Port"] == 3306]
    groups = {group["GroupId"]: group for group in items("ec2.describe_security_groups")}
    (own,) = interfaces()["10.0.2.20"]["Groups"]
    (web,) = interfaces()["10.0.1.10"]["Groups"]
    permissions = groups[own["GroupId"]]["IpPermissions"]

    assert database["DBInstanceIdentifier"] == "orders-db"
    assert database["Endpoint"]["Address"] == "orders-db.c9akciq32xyz.us-east-1.rds.amazonaws.com"
    assert [held["VpcSecurityGroupId"] for held in database["VpcSecurityGroups"]] == [own["GroupId"]]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in permissions] == [(3306, 3306)]
    assert web["GroupName"] == "web-tier"
    assert not any(rule["IpRanges"] or rule["PrefixListIds"] for rule in permissions)
    assert web["GroupId"] not in {pair["GroupId"] for rule in permissions for pair in rule["UserIdGroupPairs"]}


def test_instances_and_targets_are_the_interfaces_that_carry_them() -> None:
    held = {
        machine["InstanceId"]: machine["NetworkInterfaces"][0]["NetworkInterfaceId"]
        for reservation in items("ec2.describe_instances")
        for machine in reservation["Instances"]
    }
    attached = {
        interface["Attachment"]["InstanceId"]: interface["NetworkInterfaceId"]
        for interface in items("ec2.describe_network_interfaces")
        if "InstanceId" in interface["Attachment"]
    }
    targets = [target["Target"]["Id"] for target in items("elbv2.describe_target_health/shop-web")]

    assert held == attached
    assert set(targets) <= set(held)


def test_the_package_data_stays_small() -> None:
    root = snapshot_folder().parent

    assert root == flow_logs_folder().parent
    assert sum(path.stat().st_size for path in Path(root).rglob("*") if path.is_file()) < 4_500_000
