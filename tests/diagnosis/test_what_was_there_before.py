"""What a change's own record leaves out: told by an earlier one, judged and taken back; or said not to be known."""

from __future__ import annotations

from typing import Any

import pytest

from diagnosis.answer import Answer
from diagnosis.aws.trail import Budget
from diagnosis.testimony import WhatChanged
from tests.diagnosis.turning import BEFORE, Event, entry, permission, recorded, source_at, turned
from tests.emulator.faults import FAULTS
from tests.emulator.trail_calls import event
from tests.moto_server import post

WEEKS_AGO = BEFORE - 3 * 7 * 86_400
NO_REPLIES = "acl-lacks-the-ephemeral-ports-outbound"
ACL, OTHER_ACL = "acl-0de645e1b73dc4e5d", "acl-04d14def55e137d9a"
GROUP, RULE = "sg-09ccf567a1be81289", "sgr-0a1b2c3d4e5f60718"
BLACKHOLE = "blackhole-beats-the-default-route"
TABLE, OTHER_TABLE = "rtb-00525a84d2f5661b8", "rtb-0efca7c4f689ad8fa"
SUBNET, OTHER_SUBNET = "subnet-0cbb7d410c87877e5", "subnet-0b453c0c73be15f87"
REPLIES: dict[str, Any] = {"cidrBlock": "10.0.0.0/16", "aclProtocol": "6", "portRange": {"from": 1024, "to": 65535}}


@pytest.fixture
def url(emulator_url: str) -> str:
    post(emulator_url, "reset")
    FAULTS.clear()
    return emulator_url


def told(case: str, url: str, *events: Event, budget: Budget | None = None) -> tuple[Answer, WhatChanged]:
    recorded(list(events), len(events))
    answer = turned(case).told(source_at(url, budget))
    said = answer.evidence.what_changed
    assert said is not None
    return answer, said


def entry_deleted() -> Event:
    asked = {"networkAclId": ACL, "egress": True, "ruleNumber": 120}
    return event("DeleteNetworkAclEntry", BEFORE, [ACL], asked, {"_return": True})


def test_a_deleted_entry_is_put_back_as_the_call_that_made_it_says(url: str) -> None:
    made = entry(ACL, 120, WEEKS_AGO, "allow", egress=True, **REPLIES)

    answer, said = told(NO_REPLIES, url, entry_deleted(), made)

    assert said.change is not None
    assert said.change.certain
    assert f"deleted outbound rule 120 in data ({ACL}): allow tcp 1024-65535 to 10.0.0.0/16" in said.text
    assert said.limits == ()
    back = next(fix for fix in answer.fixes if fix.id == said.fix)
    [command] = back.commands
    assert command.startswith(f"aws ec2 create-network-acl-entry --network-acl-id {ACL} --egress --rule-number 120 ")
    assert command.endswith("--port-range From=1024,To=65535 --cidr-block 10.0.0.0/16 --rule-action allow")


def test_a_deleted_entry_that_let_nothing_of_this_pass_is_no_culprit(url: str) -> None:
    made = entry(ACL, 120, WEEKS_AGO, "allow", egress=True, **{**REPLIES, "cidrBlock": "192.0.2.0/24"})

    _, said = told(NO_REPLIES, url, entry_deleted(), made)

    assert (said.state, said.change, said.fix) == ("nothing found", None, None)


def test_what_no_event_tells_is_not_known_and_nothing_is_put_back(url: str) -> None:
    refused = entry(ACL, 120, WEEKS_AGO, "allow", egress=True, **REPLIES)
    refused["CloudTrailEvent"] = refused["CloudTrailEvent"].replace('"eventType"', '"errorCode": "x", "eventType"')
    others = [entry(ACL, 121, WEEKS_AGO, "allow", egress=True), entry(ACL, 120, WEEKS_AGO, "allow")]

    _, said = told(NO_REPLIES, url, entry_deleted(), refused, *others)

    assert said.change is not None
    assert (said.change.certain, said.fix) == (False, None)
    assert "does not say what was there before, and no earlier one that was read does" in said.text
    [limit] = said.limits
    assert limit.startswith(f"What was there before DeleteNetworkAclEntry at {said.change.at} is not known: ")
    assert limit.endswith("CloudTrail's 90 days hold no event that tells it.")


def test_an_entry_that_was_gone_before_says_nothing_of_the_one_that_was_deleted(url: str) -> None:
    made = entry(ACL, 120, WEEKS_AGO, "allow", egress=True, **REPLIES)
    asked = {"networkAclId": ACL, "egress": True, "ruleNumber": 120}
    gone = event("DeleteNetworkAclEntry", WEEKS_AGO + 60, [ACL], asked, {"_return": True})

    _, said = told(NO_REPLIES, url, entry_deleted(), made, gone)

    assert said.change is not None
    assert (said.change.certain, said.fix) == (False, None)


def test_no_further_page_is_read_once_it_is_told_and_the_budget_holds_for_this_too(url: str) -> None:
    made = entry(ACL, 120, WEEKS_AGO, "allow", egress=True, **REPLIES)
    later = [event("CreateTags", WEEKS_AGO + 1 + n, [ACL], {"n": n}) for n in range(60)]
    older = [event("CreateTags", WEEKS_AGO - 1 - n, [ACL], {"n": n}) for n in range(300)]
    _, said = told(NO_REPLIES, url, entry_deleted(), made, *later, *older)
    assert said.fix is not None
    calls = FAULTS.calls.count("cloudtrail.LookupEvents")

    _, short = told(NO_REPLIES, url, entry_deleted(), made, *later, *older, budget=Budget(calls=calls - 1))

    assert short.fix is None
    assert f"is not known: the budget of {calls - 1} calls is used up." in short.limits[-1]


def rule_made(at: int, cidr: str = "10.0.1.0/24") -> Event:
    asked = {"groupId": GROUP, "ipPermissions": permission(3306, cidr)}
    rule = {
        "groupId": GROUP,
        "securityGroupRuleId": RULE,
        "isEgress": False,
        "ipProtocol": "tcp",
        "fromPort": 3306,
        "toPort": 3306,
        "cidrIpv4": cidr,
    }
    answered = {"_return": True, "securityGroupRuleSet": {"items": [rule]}}
    return event("AuthorizeSecurityGroupIngress", at, [GROUP, RULE], asked, answered)


def rule_revoked() -> Event:
    asked = {"groupId": GROUP, "securityGroupRuleIds": {"items": [{"securityGroupRuleId": RULE}]}}
    return event("RevokeSecurityGroupIngress", BEFORE, [GROUP, RULE], asked, {"_return": True})


def rule_modified(at: int = BEFORE) -> Event:
    changed = {"SecurityGroupRuleId": RULE, "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}}
    asked = {"ModifySecurityGroupRulesRequest": {"GroupId": GROUP, "SecurityGroupRule": {**changed, "tag": 1}}}
    return event("ModifySecurityGroupRules", at, [GROUP, RULE], asked)


@pytest.mark.parametrize("made", [rule_revoked, rule_modified])
def test_a_rule_that_only_its_id_names_is_the_one_that_was_made_under_it(made: Any, url: str) -> None:
    answer, said = told("rds-inbound-missing", url, made(), rule_made(WEEKS_AGO))

    assert said.change is not None
    assert said.change.certain
    assert "tcp 3306 from 10.0.1.0/24" in said.text
    back = next(fix for fix in answer.fixes if fix.id == said.fix)
    assert back.commands == (
        f"aws ec2 authorize-security-group-ingress --group-id {GROUP} --protocol tcp --port 3306 --cidr 10.0.1.0/24",
    )


def test_a_rule_that_was_modified_in_between_is_not_the_one_that_was_made(url: str) -> None:
    _, said = told("rds-inbound-missing", url, rule_revoked(), rule_modified(WEEKS_AGO + 60), rule_made(WEEKS_AGO))

    assert said.change is not None
    assert (said.change.certain, said.fix) == (False, None)


def test_a_rule_that_would_not_have_let_this_pass_is_no_culprit_by_its_id_either(url: str) -> None:
    _, said = told("rds-inbound-missing", url, rule_modified(), rule_made(WEEKS_AGO, "192.0.2.0/24"))

    assert said.state == "nothing found"


def test_a_deleted_route_is_put_back_to_where_it_led(url: str) -> None:
    asked = {"routeTableId": TABLE, "destinationCidrBlock": "203.0.113.0/24"}
    made = event("CreateRoute", WEEKS_AGO, [TABLE], {**asked, "natGatewayId": "nat-0ce04fb18db425d79"})
    replaced = event("ReplaceRoute", BEFORE, [TABLE], {**asked, "networkInterfaceId": "eni-07739ff9f7426c8ba"})

    answer, said = told(BLACKHOLE, url, replaced, made)

    assert "(before: to nat-0ce04fb18db425d79)" in said.text
    back = next(fix for fix in answer.fixes if fix.id == said.fix)
    at = f"--route-table-id {TABLE} --destination-cidr-block 203.0.113.0/24"
    assert back.commands == (
        f"aws ec2 delete-route {at}",
        f"aws ec2 create-route {at} --nat-gateway-id nat-0ce04fb18db425d79",
    )


def table_replaced(table: str = TABLE) -> Event:
    asked = {"ReplaceRouteTableAssociationRequest": {"AssociationId": "rtbassoc-1", "RouteTableId": table}}
    answered = {"ReplaceRouteTableAssociationResponse": {"newAssociationId": "rtbassoc-2"}}
    return event("ReplaceRouteTableAssociation", BEFORE, [table, "rtbassoc-1"], asked, answered)


def table_associated(table: str = OTHER_TABLE, subnet: str = SUBNET) -> Event:
    asked = {"AssociateRouteTableRequest": {"RouteTableId": table, "SubnetId": subnet}}
    answered = {"AssociateRouteTableResponse": {"associationId": "rtbassoc-1"}}
    return event("AssociateRouteTable", WEEKS_AGO, [table, subnet, "rtbassoc-1"], asked, answered)


@pytest.mark.parametrize(
    ("events", "certain"),
    [
        ((table_replaced(), table_associated()), True),
        ((table_replaced(),), False),
        ((table_replaced(), table_associated(subnet=OTHER_SUBNET)), None),
        ((table_replaced(), table_associated(table=TABLE)), None),
        ((table_replaced(OTHER_TABLE), table_associated(table=TABLE)), None),
    ],
    ids=["led there", "not known", "another subnet's", "the same table", "away from it"],
)
def test_another_route_table_is_judged_by_where_the_one_before_led(
    events: tuple[Event, ...], certain: bool | None, url: str
) -> None:
    _, said = told(BLACKHOLE, url, *events)

    assert (said.change.certain if said.change is not None else None) is certain
    assert said.fix is None
    if certain:
        assert f"gave app ({SUBNET}) another route table, " in said.text
        assert f"({TABLE}) (before: public ({OTHER_TABLE}))" in said.text
        assert "No fix of ours takes that back." in said.text


def acl_replaced(acl: str, before: int, old: str, new: str) -> Event:
    asked = {"associationId": old, "networkAclId": acl}
    return event("ReplaceNetworkAclAssociation", before, [acl, old], asked, {"newAssociationId": new})


@pytest.mark.parametrize(("former", "certain"), [(OTHER_ACL, True), (ACL, None), ("acl-0gone", False)])
def test_another_acl_is_judged_by_what_the_one_before_lets_pass(former: str, certain: bool | None, url: str) -> None:
    now = acl_replaced(ACL, BEFORE, "aclassoc-1", "aclassoc-2")
    then = acl_replaced(former, WEEKS_AGO, "aclassoc-0", "aclassoc-1")

    _, said = told(NO_REPLIES, url, now, {**then, "Resources": [{"ResourceName": "aclassoc-1"}]})

    assert (said.change.certain if said.change is not None else None) is certain


WEB, INTERFACE = "sg-0706d0729e0f6bbd4", "eni-0279c59a66d9fc655"


def groups_set(at: int, *groups: str) -> Event:
    asked = {"networkInterfaceId": INTERFACE, "groupSet": {"items": [{"groupId": group} for group in groups]}}
    return event("ModifyNetworkInterfaceAttribute", at, [INTERFACE, *groups], asked)


@pytest.mark.parametrize(
    ("before", "certain"),
    [((WEB, GROUP), True), ((WEB,), None), ((WEB, "sg-0unseen"), False), ((), False)],
    ids=["one that lets it out", "none", "one that was not seen", "not known"],
)
def test_groups_are_judged_by_those_that_were_taken_away(
    before: tuple[str, ...], certain: bool | None, url: str
) -> None:
    earlier = [groups_set(WEEKS_AGO, *before)] if before else []

    _, said = told("rds-outbound-missing", url, groups_set(BEFORE, WEB), *earlier)

    assert (said.change.certain if said.change is not None else None) is certain
    if certain:
        assert f"took orders-db ({GROUP}) from network interface" in said.text


def test_groups_that_were_asked_for_in_vain_were_never_held(url: str) -> None:
    refused = groups_set(WEEKS_AGO, WEB, GROUP)
    refused["CloudTrailEvent"] = refused["CloudTrailEvent"].replace('"eventType"', '"errorCode": "x", "eventType"')

    _, said = told("rds-outbound-missing", url, groups_set(BEFORE, WEB), refused)

    assert said.change is not None
    assert not said.change.certain


def test_the_groups_that_an_interface_was_made_with_are_those_that_it_had(url: str) -> None:
    held = {"networkInterfaceId": INTERFACE, "groupSet": {"items": [{"groupId": WEB}, {"groupId": GROUP}]}}
    answered = {"instancesSet": {"items": [{"instanceId": "i-1", "networkInterfaceSet": {"items": [held]}}]}}
    launched = event("RunInstances", WEEKS_AGO, [INTERFACE], {}, answered)

    _, said = told("rds-outbound-missing", url, groups_set(BEFORE, WEB), launched)

    assert said.change is not None
    assert said.change.certain
