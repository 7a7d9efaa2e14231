"""A small account to judge fixes on: web servers, a database beside another, and a network ACL before each."""

from __future__ import annotations

from typing import Any

from diagnosis.fix.change import AclEntryChange, GroupRuleChange
from diagnosis.network.network import Network
from diagnosis.question.parse import parse
from diagnosis.question.question import Question
from tests.accounts import ACCOUNT, REGION, Account, entry, rule, with_internet

PLACE = (ACCOUNT, REGION)
ASKED = parse("why can't 10.0.1.10 reach 10.0.2.20 on tcp 3306")


def shop() -> Account:
    """10.0.1.10 and .11 hold sg-web, 10.0.2.20 and .21 hold sg-db, which lets nobody in; 10.0.1.12 holds sg-other."""
    made = Account()
    made.vpc("vpc-a", "10.0.0.0/16", "2001:db8::/56", Tags=[{"Key": "env", "Value": "prod"}])
    made.subnet("subnet-1", "vpc-a", "10.0.1.0/24", "2001:db8:0:1::/64")
    made.subnet("subnet-2", "vpc-a", "10.0.2.0/24", "2001:db8:0:2::/64")
    made.acl("acl-1", "vpc-a", ["subnet-1"])
    made.acl("acl-2", "vpc-a", ["subnet-2"])
    made.table("rtb-1", "vpc-a", subnets=["subnet-1"], main=True)
    made.table("rtb-2", "vpc-a", subnets=["subnet-2"])
    made.group("sg-web", "vpc-a", ingress=[])
    made.group("sg-other", "vpc-a", ingress=[])
    made.group("sg-db", "vpc-a", ingress=[])["Tags"] = [{"Key": "team", "Value": "payments"}]
    made.interface("eni-client", "subnet-1", "10.0.1.10", "2001:db8:0:1::10", groups=["sg-web"])
    made.interface("eni-web-2", "subnet-1", "10.0.1.11", groups=["sg-web"])
    made.interface("eni-other", "subnet-1", "10.0.1.12", groups=["sg-other"])
    made.interface("eni-db", "subnet-2", "10.0.2.20", groups=["sg-db"])
    made.interface("eni-db-2", "subnet-2", "10.0.2.21", groups=["sg-db"])
    return with_internet(made)


def network() -> Network:
    return shop().network()


def in_db(**values: Any) -> GroupRuleChange:
    """The rule that opens what was asked, by address, or another one."""
    known: dict[str, Any] = {"component": "sg-db", "direction": "ingress", "protocol": "tcp"}
    return GroupRuleChange(**{**known, "from_port": 3306, "to_port": 3306, **({"cidr": "10.0.1.10/32"} | values)})


def by_group(group: str = "sg-web", **values: Any) -> GroupRuleChange:
    return in_db(cidr=None, group=group, **values)


def in_acl(**values: Any) -> AclEntryChange:
    known: dict[str, Any] = {"component": "acl-2", "direction": "ingress", "number": 90, "protocol": "tcp"}
    return AclEntryChange(**{**known, "from_port": 3306, "to_port": 3306, "cidr": "10.0.1.10/32", **values})


def behind_closed_acl() -> Account:
    """The same, sg-db open to the web servers, and acl-2 closed to all that comes in but for tcp 22."""
    made = shop()
    made.items["ec2.describe_security_groups"][2]["IpPermissions"] = [rule("-1", None, "10.0.0.0/16")]
    acl = made.items["ec2.describe_network_acls"][1]
    acl["Entries"] = [e for e in acl["Entries"] if e["Egress"]] + [entry(100, "allow", "10.0.0.0/16", "6", (22, 22))]
    return made


def question(text: str) -> Question:
    return parse(text)
