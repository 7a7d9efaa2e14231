"""CloudTrail's records in all the spellings that it has, and what each call can have stopped traffic by."""

from __future__ import annotations

import json
from typing import Any

import pytest

from diagnosis.evidence.trail import TrailEvent, parse_event
from diagnosis.evidence.trail_effects import (
    EntryPut,
    Rewired,
    RoutePut,
    RulesModified,
    RulesRevoked,
    effect_of,
)
from diagnosis.network.security_groups import GroupPeer, PrefixListPeer
from tests.emulator.trail_calls import event

AT = 1_790_000_000


def read(name: str, request: dict[str, Any] | None, **record: Any) -> TrailEvent:
    found = parse_event(event(name, AT, [], request, record.pop("response", None), **record))
    assert found is not None
    return found


def test_a_revoked_permission_is_a_rule_for_each_peer() -> None:
    peers = {
        "groups": {"items": [{"groupId": "sg-2", "userId": "1"}]},
        "ipRanges": {"items": [{"cidrIp": "10.0.0.0/8", "description": "x"}]},
        "ipv6Ranges": {},
        "prefixListIds": {"items": [{"prefixListId": "pl-1"}]},
    }
    asked = {"groupId": "sg-1", "ipPermissions": {"items": [{"ipProtocol": "-1", **peers}]}}

    effect = effect_of(read("RevokeSecurityGroupEgress", asked))

    assert isinstance(effect, RulesRevoked)
    assert (effect.group, effect.unread) == ("sg-1", ())
    assert [rule.egress for rule in effect.rules] == [True] * 3
    assert {PrefixListPeer("pl-1"), GroupPeer("sg-2", "1")} < {rule.peer for rule in effect.rules}


def test_a_rule_that_is_named_by_id_alone_stays_unread() -> None:
    asked = {"groupId": "sg-1", "securityGroupRuleIds": {"items": [{"securityGroupRuleId": "sgr-1"}]}}

    assert effect_of(read("RevokeSecurityGroupIngress", asked)) == RulesRevoked("sg-1", (), ("sgr-1",))


def test_newer_calls_hold_their_parameters_in_an_object_of_the_requests_name() -> None:
    changed = {"SecurityGroupRuleId": "sgr-1", "SecurityGroupRule": {"IpProtocol": "tcp"}, "tag": 1}
    asked = {"ModifySecurityGroupRulesRequest": {"GroupId": "sg-1", "SecurityGroupRule": changed}}

    assert effect_of(read("ModifySecurityGroupRules", asked)) == RulesModified("sg-1", ("sgr-1",))


def test_an_entry_and_a_route_are_read_as_the_network_holds_them() -> None:
    asked = {
        "networkAclId": "acl-1",
        "ruleNumber": 90,
        "egress": False,
        "ruleAction": "deny",
        "aclProtocol": "6",
        "portRange": {"from": 1, "to": 2},
        "cidrBlock": "10.0.1.7/24",
    }
    entry = effect_of(read("CreateNetworkAclEntry", asked))
    route = effect_of(
        read("ReplaceRoute", {"routeTableId": "rtb-1", "destinationIpv6CidrBlock": "::/0", "gatewayId": "igw-1"})
    )

    assert isinstance(entry, EntryPut)
    assert (entry.entry.cidr, entry.entry.ports, entry.entry.allow) == ("10.0.1.0/24", (1, 3), False)
    assert isinstance(route, RoutePut)
    assert (route.route.target_kind, route.route.target, route.replaced) == ("internet-gateway", "igw-1", True)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("AuthorizeSecurityGroupIngress", {"groupId": "sg-1"}),
        ("ModifyNetworkInterfaceAttribute", {"networkInterfaceId": "eni-1", "description": {"value": "x"}}),
        ("ModifyNetworkInterfaceAttribute", {"networkInterfaceId": "eni-1", "sourceDestCheck": {"value": False}}),
        ("ModifyDBInstance", {"dBInstanceIdentifier": "orders", "backupRetentionPeriod": 7}),
        ("CreateRoute", {"routeTableId": "rtb-1", "destinationCidrBlock": "nonsense"}),
        ("CreateNetworkAclEntry", {"networkAclId": "acl-1", "ruleNumber": "x"}),
        ("RevokeSecurityGroupIngress", {"groupId": 7}),
        ("DeleteRoute", None),
    ],
)
def test_what_stops_nothing_or_cannot_be_read_has_no_effect(name: str, asked: dict[str, Any] | None) -> None:
    assert effect_of(read(name, asked)) is None


def test_a_call_that_aws_refused_changed_nothing() -> None:
    asked = {"NatGatewayId": "nat-1"}

    assert isinstance(effect_of(read("DeleteNatGateway", asked)), Rewired)
    assert effect_of(read("DeleteNatGateway", asked, errorCode="Client.DependencyViolation")) is None


@pytest.mark.parametrize(
    ("identity", "who"),
    [
        ({"type": "IAMUser", "userName": "bob"}, "user bob"),
        ({"type": "Root"}, "the root user"),
        ({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}, "AWS service autoscaling.amazonaws.com"),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/deploy/ci"}, "role deploy (session ci)"),
        ({"type": "AWSAccount", "accountId": "222222222222"}, "account 222222222222"),
        ({"type": "IAMUser", "userName": "a b\u202e"}, 'user "a b"'),
        ({"type": ["odd"]}, "user ci-42"),
        ("odd", "user ci-42"),
    ],
)
def test_who_made_a_call_is_told_in_words(identity: Any, who: str) -> None:
    assert read("DeleteRoute", {}, userIdentity=identity).who == who


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "7", json.dumps({"eventName": "X"}), '{"a":' * 5000, '{"a":' * 50 + "1" + "}" * 50]
)
def test_what_is_no_record_of_a_call_is_none(text: str | None) -> None:
    assert parse_event({"EventId": "1", "EventName": "X", "CloudTrailEvent": text}) is None


def test_a_record_may_be_wide_and_no_deeper_than_anything_that_aws_records() -> None:
    deep: dict[str, Any] = {}
    for _ in range(40):
        deep = {"a": deep}
    wide: dict[str, Any] = {str(number): {} for number in range(200)}

    assert parse_event(event("CreateTags", AT, [], {"tags": deep})) is None
    assert parse_event(event("CreateTags", AT, [], wide)) is not None
