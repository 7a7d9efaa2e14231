"""A small account in the double, with a question that a rule and an ACL entry are missing for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import boto3

from diagnosis.network.build import build
from diagnosis.network.described import Call, Described
from diagnosis.network.network import Network
from tests.moto_server import post

ACCOUNT, REGION = "123456789012", "us-east-1"
QUESTION = "why can't 10.0.1.10 reach 10.0.2.20 on 3306"
SESSION = boto3.Session("AKIAIOSFODNN7EXAMPLE", "unchecked")
KEYS = {
    "describe_vpcs": "Vpcs",
    "describe_subnets": "Subnets",
    "describe_network_interfaces": "NetworkInterfaces",
    "describe_security_groups": "SecurityGroups",
    "describe_security_group_rules": "SecurityGroupRules",
    "describe_network_acls": "NetworkAcls",
    "describe_route_tables": "RouteTables",
}


@functools.cache
def client(url: str, service: str = "ec2") -> Any:
    """A client of the double that sends everything once."""
    make: Callable[..., Any] = SESSION.client
    return make(service, region_name=REGION, endpoint_url=url)


@dataclass(frozen=True)
class SmallAccount:
    """Ids of what a fix edits."""

    url: str
    web: str
    db: str
    acl: str

    @property
    def ec2(self) -> Any:
        return client(self.url)

    def rules(self, group: str = "") -> list[dict[str, Any]]:
        """The ingress rules of the database's group."""
        filters = [{"Name": "group-id", "Values": [group or self.db]}]
        found = self.ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        return [rule for rule in found if not rule["IsEgress"]]

    def entries(self) -> dict[tuple[int, bool], dict[str, Any]]:
        """The entries of the ACL, by number and direction."""
        [acl] = self.ec2.describe_network_acls(NetworkAclIds=[self.acl])["NetworkAcls"]
        return {(entry["RuleNumber"], entry["Egress"]): entry for entry in acl["Entries"]}

    def described(self) -> Described:
        """Everything that AWS describes of it."""
        answers = {
            Call(f"ec2.{method}", ACCOUNT, REGION): {key: getattr(self.ec2, method)()[key]}
            for method, key in KEYS.items()
        }
        return Described(answers, accounts=(ACCOUNT,), regions=(REGION,))

    def network(self) -> Network:
        """The account as it is."""
        return build(self.described())


@dataclass
class Eyes:
    """A Sight of the double that reads everything."""

    account: SmallAccount

    def known(self) -> Network:
        return self.account.network()

    def again(self, network: Network, components: Collection[str]) -> Network:
        return self.account.network()


def small_account(url: str, *, acl_denies: bool = False) -> SmallAccount:
    """A client and a database in subnets of their own; the database's group lets nobody in."""
    account = _emptied(_MADE[url]) if url in _MADE else None
    if account is None:
        account = _MADE[url] = _new_account(url)
    if acl_denies:
        account.ec2.create_network_acl_entry(
            NetworkAclId=account.acl,
            RuleNumber=90,
            Egress=False,
            Protocol="6",
            RuleAction="deny",
            CidrBlock="10.0.1.0/24",
            PortRange={"From": 3306, "To": 3306},
        )
    return account


_MADE: dict[str, SmallAccount] = {}
"""By URL: making one takes ten times as long as emptying it."""


def _emptied(account: SmallAccount) -> SmallAccount | None:
    """The account without what a test left in its rules; None where the test took more of it away."""
    groups = {group["GroupId"] for group in account.ec2.describe_security_groups()["SecurityGroups"]}
    if not {account.web, account.db} <= groups:
        return None
    for rule in account.rules():
        account.ec2.revoke_security_group_ingress(
            GroupId=account.db, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
        )
    for number, egress in account.entries():
        if number not in (100, 32767):
            account.ec2.delete_network_acl_entry(NetworkAclId=account.acl, RuleNumber=number, Egress=egress)
    return account


def _new_account(url: str) -> SmallAccount:
    post(url, "reset")
    ec2 = client(url)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ids = {}
    for name, cidr in (("web", "10.0.1.0/24"), ("db", "10.0.2.0/24")):
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        address = "10.0.1.10" if name == "web" else "10.0.2.20"
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address, Groups=[group])
        ids[name] = group
    [acl] = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"]
    return SmallAccount(url, ids["web"], ids["db"], acl["NetworkAclId"])
