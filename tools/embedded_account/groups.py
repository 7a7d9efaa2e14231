"""What EC2 says of the security groups, as groups and as single rules."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tools.embedded_account import shop
from tools.embedded_account.shop import arn, identifier, tags

_ANYWHERE = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `peer` is an address range, a group of the shop or a prefix list; port None means every protocol."""

    port: int | None
    peer: str
    description: str = ""
    egress: bool = False

    def id(self, group: str) -> str:
        """`sgr-…`."""
        text = f"{group}/{self.egress}/{self.port}/{self.peer}"
        return f"sgr-0{sha256(text.encode()).hexdigest()[:16]}"

    @property
    def ports(self) -> tuple[str, int, int]:
        """Protocol, first and last port, as DescribeSecurityGroupRules gives them: -1 is every one."""
        return ("-1", -1, -1) if self.port is None else ("tcp", self.port, self.port)


def _everywhere(*families: str) -> tuple[Rule, ...]:
    return tuple(Rule(None, anywhere, egress=True) for anywhere in families)


_IPV4_ONLY = _ANYWHERE[:1]
_GROUPS: dict[str, tuple[str, tuple[Rule, ...]]] = {
    "default": ("default VPC security group", (Rule(None, "default"), *_everywhere(*_ANYWHERE))),
    "web-tier": (
        "The shop's web servers",
        (
            Rule(8080, "shop-alb-sg", "the load balancer and its health checks"),
            Rule(22, "bastion-sg", "administration"),
            *_everywhere(*_ANYWHERE),
        ),
    ),
    # The rule for tcp 3306 from web-tier is the one that somebody took away at 09:30.
    "orders-db-sg": (
        "MySQL of the orders",
        (
            Rule(3306, "reporting", "nightly and five-minute reports"),
            Rule(3306, "bastion-sg", "administration"),
            *_everywhere(*_IPV4_ONLY),
        ),
    ),
    "reports-db-sg": (
        "PostgreSQL of the reports",
        (
            Rule(5432, "web-tier", "report pages"),
            Rule(5432, "reporting", "loads"),
            Rule(5432, "price-sync-sg", "price history"),
            *_everywhere(*_IPV4_ONLY),
        ),
    ),
    "sessions-sg": (
        "Redis of the sessions",
        (Rule(6379, "web-tier", "sessions"), *_everywhere(*_IPV4_ONLY)),
    ),
    "reporting": (
        "Batch workers that build reports",
        (Rule(22, "bastion-sg", "administration"), *_everywhere(*_ANYWHERE)),
    ),
    "price-sync-sg": ("The price-sync function", _everywhere(*_ANYWHERE)),
    "shop-alb-sg": (
        "The public load balancer",
        (
            Rule(80, "0.0.0.0/0", "redirected to https"),
            Rule(443, "0.0.0.0/0", "customers"),
            Rule(8080, "web-tier", "to the web servers", egress=True),
        ),
    ),
    "bastion-sg": (
        "The way in for administrators",
        (Rule(22, shop.OFFICE_PREFIX_LIST, "office"), *_everywhere(*_ANYWHERE)),
    ),
}


def answers() -> dict[str, dict[str, Any]]:
    """File name → answer, for the two calls that describe security groups."""
    return {
        "ec2.describe_security_groups": {"SecurityGroups": [_group(name) for name in _GROUPS]},
        "ec2.describe_security_group_rules": {
            "SecurityGroupRules": [_rule(name, rule) for name, (_, rules) in _GROUPS.items() for rule in rules]
        },
    }


def _group(name: str) -> dict[str, Any]:
    description, rules = _GROUPS[name]
    group = identifier("sg", name)
    return {
        "GroupId": group,
        "IpPermissionsEgress": _permissions([rule for rule in rules if rule.egress]),
        "Tags": [] if name == "default" else tags(name),
        "VpcId": shop.VPC,
        "SecurityGroupArn": arn("ec2", f"security-group/{group}"),
        "OwnerId": shop.ACCOUNT,
        "GroupName": name,
        "Description": description,
        "IpPermissions": _permissions([rule for rule in rules if not rule.egress]),
    }


def _permissions(rules: list[Rule]) -> list[dict[str, Any]]:
    """One permission for each protocol and port, holding every peer, as EC2 groups them."""
    permissions = []
    for ports in dict.fromkeys(rule.ports for rule in rules):
        protocol, first, last = ports
        peers: dict[str, list[dict[str, str]]] = {
            "UserIdGroupPairs": [],
            "IpRanges": [],
            "Ipv6Ranges": [],
            "PrefixListIds": [],
        }
        for rule in (rule for rule in rules if rule.ports == ports):
            key, peer = _peer(rule)
            peers[key].append({**({"Description": rule.description} if rule.description else {}), **peer})
        span = {} if protocol == "-1" else {"FromPort": first, "ToPort": last}
        permissions.append({"IpProtocol": protocol, **span, **peers})
    return permissions


def _peer(rule: Rule) -> tuple[str, dict[str, str]]:
    if rule.peer in _GROUPS:
        return "UserIdGroupPairs", {"UserId": shop.ACCOUNT, "GroupId": identifier("sg", rule.peer)}
    if rule.peer.startswith("pl-"):
        return "PrefixListIds", {"PrefixListId": rule.peer}
    return ("Ipv6Ranges", {"CidrIpv6": rule.peer}) if ":" in rule.peer else ("IpRanges", {"CidrIp": rule.peer})


def _rule(name: str, rule: Rule) -> dict[str, Any]:
    protocol, first, last = rule.ports
    group = identifier("sg", name)
    key, peer = _peer(rule)
    sources: dict[str, dict[str, Any]] = {
        "UserIdGroupPairs": {"ReferencedGroupInfo": {"GroupId": peer.get("GroupId"), "UserId": shop.ACCOUNT}},
        "PrefixListIds": {"PrefixListId": rule.peer},
        "Ipv6Ranges": {"CidrIpv6": rule.peer},
        "IpRanges": {"CidrIpv4": rule.peer},
    }
    return {
        "SecurityGroupRuleId": rule.id(name),
        "GroupId": group,
        "GroupOwnerId": shop.ACCOUNT,
        "IsEgress": rule.egress,
        "IpProtocol": protocol,
        "FromPort": first,
        "ToPort": last,
        **sources[key],
        **({"Description": rule.description} if rule.description else {}),
        "Tags": [],
        "SecurityGroupRuleArn": arn("ec2", f"security-group-rule/{rule.id(name)}"),
    }
