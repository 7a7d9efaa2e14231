"""Rules and entries in the double: what EC2 answers where moto answers something else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.diagnosis.flowlogs.remote.places import client_at
from tests.emulator.faults import FAULTS, Fault
from tests.emulator.role_calls import SESSIONS
from tests.moto_server import post


@dataclass(frozen=True)
class Account:
    """A group and an ACL without rules of its own."""

    url: str
    ec2: Any
    group: str
    other: str
    acl: str


@pytest.fixture
def account(emulator_url: str) -> Iterator[Account]:
    FAULTS.clear()
    post(emulator_url, "reset")
    ec2 = client_at(emulator_url, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    groups = [ec2.create_security_group(GroupName=n, Description=n, VpcId=vpc)["GroupId"] for n in ("db", "web")]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    yield Account(emulator_url, ec2, groups[0], groups[1], acl)
    FAULTS.clear()


def permission(peer: dict[str, Any], port: int = 3306) -> dict[str, Any]:
    key = "IpRanges" if "CidrIp" in peer else "Ipv6Ranges" if "CidrIpv6" in peer else "UserIdGroupPairs"
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, key: [peer]}


def authorize(account: Account, peer: dict[str, Any], port: int = 3306, **more: Any) -> Any:
    return account.ec2.authorize_security_group_ingress(
        GroupId=account.group, IpPermissions=[permission(peer, port)], **more
    )


def entry(account: Account, number: int = 100, **more: Any) -> dict[str, Any]:
    whole = {"NetworkAclId": account.acl, "RuleNumber": number, "Egress": False, "Protocol": "6", "RuleAction": "allow"}
    return {**whole, "CidrBlock": "10.0.1.0/24", "PortRange": {"From": 3306, "To": 3306}, **more}


def refused(code: str, call: Any, **sent: Any) -> None:
    with pytest.raises(ClientError) as raised:
        call(**sent)
    assert raised.value.response["Error"]["Code"] == code


@pytest.mark.parametrize("kind", ["range", "group"])
def test_a_rule_is_the_same_rule_whatever_its_description(account: Account, kind: str) -> None:
    peer = {"CidrIp": "10.0.1.10/32"} if kind == "range" else {"GroupId": account.other}
    made = authorize(account, {**peer, "Description": "first"})["SecurityGroupRules"][0]

    refused("InvalidPermission.Duplicate", lambda: authorize(account, {**peer, "Description": "second"}))

    [rule] = account.ec2.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])[
        "SecurityGroupRules"
    ]
    assert rule["Description"] == made["Description"] == "first"


def test_a_group_takes_sixty_rules_of_a_family_and_no_more(account: Account) -> None:
    ranges = [{"CidrIp": f"10.1.{n}.0/24"} for n in range(60)]
    whole = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": ranges}]
    account.ec2.authorize_security_group_ingress(GroupId=account.group, IpPermissions=whole)

    refused("RulesPerSecurityGroupLimitExceeded", lambda: authorize(account, {"CidrIp": "10.0.1.10/32"}))
    authorize(account, {"CidrIpv6": "2001:db8::1/128"})
    refused("RulesPerSecurityGroupLimitExceeded", lambda: authorize(account, {"GroupId": account.other}))


def test_a_description_of_other_characters_is_refused(account: Account) -> None:
    refused("InvalidParameterValue", lambda: authorize(account, {"CidrIp": "10.0.1.10/32", "Description": "<whynot>"}))


def test_a_rule_that_is_gone_cannot_be_revoked(account: Account) -> None:
    revoke = account.ec2.revoke_security_group_ingress

    refused(
        "InvalidSecurityGroupRuleId.NotFound", revoke, GroupId=account.group, SecurityGroupRuleIds=["sgr-0123456789abc"]
    )


def test_entries_know_dry_run_quota_taken_numbers_and_what_is_not_there(account: Account) -> None:
    create, delete = account.ec2.create_network_acl_entry, account.ec2.delete_network_acl_entry
    refused("DryRunOperation", create, **entry(account), DryRun=True)
    for number in range(1, 20):
        create(**entry(account, number))

    refused("NetworkAclEntryAlreadyExists", create, **entry(account, 7))
    refused("NetworkAclEntryLimitExceeded", create, **entry(account, 50))
    refused("InvalidNetworkAclEntry.NotFound", delete, NetworkAclId=account.acl, RuleNumber=50, Egress=False)
    refused("InvalidNetworkAclID.NotFound", delete, NetworkAclId="acl-0a1", RuleNumber=7, Egress=False)
    delete(NetworkAclId=account.acl, RuleNumber=7, Egress=False)


def test_an_entry_for_icmp_keeps_type_and_code(account: Account) -> None:
    account.ec2.create_network_acl_entry(**entry(account, Protocol="1", IcmpTypeCode={"Type": 8, "Code": -1}))

    [acl] = account.ec2.describe_network_acls(NetworkAclIds=[account.acl])["NetworkAcls"]
    assert [e["IcmpTypeCode"] for e in acl["Entries"] if e["RuleNumber"] == 100] == [{"Type": 8, "Code": -1}]


@pytest.mark.parametrize(("how", "done"), [("cut", False), ("lost", True)])
def test_a_connection_ends_without_an_answer_before_or_after_the_deed(account: Account, how: Any, done: bool) -> None:
    FAULTS.add(Fault("ec2.AuthorizeSecurityGroupIngress", "", how=how, times=2))

    with pytest.raises((ConnectionClosedError, ClientError)) as raised:
        authorize(account, {"CidrIp": "10.0.1.10/32"})

    assert isinstance(raised.value, ConnectionClosedError)
    [group] = account.ec2.describe_security_groups(GroupIds=[account.group])["SecurityGroups"]
    assert bool(group["IpPermissions"]) is done


def test_reads_after_a_write_may_see_what_was_before_it(account: Account) -> None:
    def rules() -> int:
        [group] = account.ec2.describe_security_groups(GroupIds=[account.group])["SecurityGroups"]
        return len(group["IpPermissions"])

    FAULTS.stale = 2
    assert rules() == 0
    authorize(account, {"CidrIp": "10.0.1.10/32"})

    assert [rules() for _ in range(3)] == [0, 0, 1]


def test_a_role_is_assumed_as_its_trust_policy_says(account: Account) -> None:
    iam, sts = client_at(account.url, "iam"), client_at(account.url, "sts")
    trust = {
        "Statement": [
            {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": {"AWS": "*"}}
            | {"Condition": {"StringEquals": {"sts:ExternalId": "agreed"}}}
        ]
    }
    arn = iam.create_role(RoleName="write", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    sent = {"RoleArn": arn, "RoleSessionName": "whynot-fx1-U1", "Tags": [{"Key": "approver", "Value": "U1"}]}

    refused("AccessDenied", sts.assume_role, **sent)
    refused("AccessDenied", sts.assume_role, **sent, ExternalId="guessed")
    refused("ValidationError", sts.assume_role, **sent | {"RoleSessionName": "not a name"}, ExternalId="agreed")
    key = sts.assume_role(**sent, ExternalId="agreed")["Credentials"]["AccessKeyId"]

    assert (SESSIONS[key].name, SESSIONS[key].tags) == ("whynot-fx1-U1", {"approver": "U1"})
