"""What is read of CloudTrail's records is what AWS's own models have: the calls, their members, and their spelling."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from botocore.session import Session

from diagnosis.evidence.trail_effects import _GROUP_LISTS, _REWIRED

SERVICES = ("ec2", "elb", "elbv2", "rds")


@cache
def model(service: str) -> Any:
    return Session().get_service_model(service)


def spelt(shape: Any, name: str) -> str:
    """A member as it goes over the wire, which is how CloudTrail writes it, its first letter apart."""
    member = shape.members[name]
    wire = str(member.serialization.get("name", name))
    return wire[:1].upper() + wire[1:]


def test_the_entry_of_an_event_has_the_members_that_are_read() -> None:
    event = model("cloudtrail").shape_for("Event")
    assert {"EventId", "EventName", "Username", "Resources", "CloudTrailEvent"} <= set(event.members)
    assert "ResourceName" in model("cloudtrail").shape_for("Resource").members
    asked = model("cloudtrail").operation_model("LookupEvents").input_shape
    assert {"LookupAttributes", "StartTime", "EndTime", "MaxResults", "NextToken"} <= set(asked.members)
    assert "ResourceName" in model("cloudtrail").shape_for("LookupAttributeKey").enum


@pytest.mark.parametrize("call", [*_REWIRED, *_GROUP_LISTS])
def test_every_call_that_can_stop_traffic_is_one_of_aws_s(call: str) -> None:
    assert any(call in model(service).operation_names for service in SERVICES)


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        ("RevokeSecurityGroupIngress", ["GroupId", "IpPermissions"]),
        ("RevokeSecurityGroupEgress", ["GroupId", "IpPermissions"]),
        ("ModifySecurityGroupRules", ["GroupId"]),
        ("CreateNetworkAclEntry", ["NetworkAclId", "RuleNumber", "RuleAction", "Egress", "CidrBlock", "PortRange"]),
        ("ReplaceNetworkAclEntry", ["NetworkAclId", "RuleNumber", "RuleAction", "Egress", "Ipv6CidrBlock"]),
        ("DeleteNetworkAclEntry", ["NetworkAclId", "RuleNumber", "Egress"]),
        ("CreateRoute", ["RouteTableId", "DestinationCidrBlock", "GatewayId", "NatGatewayId"]),
        ("ReplaceRoute", ["RouteTableId", "DestinationIpv6CidrBlock", "TransitGatewayId"]),
        ("DeleteRoute", ["RouteTableId", "DestinationCidrBlock", "DestinationPrefixListId"]),
        ("AssociateRouteTable", ["RouteTableId", "SubnetId", "GatewayId"]),
        ("ReplaceRouteTableAssociation", ["RouteTableId", "AssociationId"]),
        ("DisassociateRouteTable", ["AssociationId"]),
        ("ReplaceNetworkAclAssociation", ["NetworkAclId", "AssociationId"]),
        ("ModifyNetworkInterfaceAttribute", ["NetworkInterfaceId", "SourceDestCheck"]),
        ("ModifyInstanceAttribute", ["InstanceId", "SourceDestCheck"]),
    ],
)
def test_what_a_call_was_asked_is_read_by_the_names_of_its_model(call: str, asked: list[str]) -> None:
    shape = model("ec2").operation_model(call).input_shape

    assert [spelt(shape, name) for name in asked] == asked


@pytest.mark.parametrize(
    ("call", "member", "wire"),
    [
        ("AuthorizeSecurityGroupIngress", "SecurityGroupRules", "SecurityGroupRuleSet"),
        ("AuthorizeSecurityGroupEgress", "SecurityGroupRules", "SecurityGroupRuleSet"),
        ("RevokeSecurityGroupIngress", "RevokedSecurityGroupRules", "RevokedSecurityGroupRuleSet"),
        ("RevokeSecurityGroupEgress", "RevokedSecurityGroupRules", "RevokedSecurityGroupRuleSet"),
        ("AssociateRouteTable", "AssociationId", "AssociationId"),
        ("ReplaceRouteTableAssociation", "NewAssociationId", "NewAssociationId"),
        ("ReplaceNetworkAclAssociation", "NewAssociationId", "NewAssociationId"),
    ],
)
def test_what_aws_answered_is_read_by_the_names_of_its_model(call: str, member: str, wire: str) -> None:
    assert spelt(model("ec2").operation_model(call).output_shape, member) == wire


def test_the_rule_that_was_revoked_names_the_group_it_refers_to_in_a_member_of_its_own() -> None:
    revoked, rule = model("ec2").shape_for("RevokedSecurityGroupRule"), model("ec2").shape_for("SecurityGroupRule")

    assert "ReferencedGroupId" in revoked.members
    assert "ReferencedGroupInfo" in rule.members
    assert {"SecurityGroupRuleId", "IsEgress", "IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6"} <= set(
        revoked.members
    ) & set(rule.members)
