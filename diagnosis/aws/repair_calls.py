"""The calls with which a fix that was approved is made and taken back, and the IAM actions that they need.

The only code that makes them is the app's (`bot/repair`), with a role that is assumed for that alone.
"""

from __future__ import annotations

from diagnosis.aws.listed_call import ListedCall

_WRITER = ("bot/repair/aws_writer.py",)
_SESSION = ("bot/repair/aws_session.py",)

LOOKS: tuple[ListedCall, ...] = (
    ListedCall(
        "ec2.describe_network_acls", "ec2:DescribeNetworkAcls", _WRITER, "finds an entry that is to be made or was"
    ),
    ListedCall(
        "ec2.describe_security_group_rules",
        "ec2:DescribeSecurityGroupRules",
        _WRITER,
        "finds a rule that is to be made or was",
    ),
    ListedCall(
        "ec2.describe_security_groups",
        "ec2:DescribeSecurityGroups",
        _WRITER,
        "tells a group without rules from one that is gone",
    ),
)
GROUP_RULES: tuple[ListedCall, ...] = tuple(
    ListedCall(
        f"ec2.{verb}_security_group_{way}", f"ec2:{verb.title()}SecurityGroup{way.title()}", _WRITER, why, "write"
    )
    for verb, why in (("authorize", "adds a rule to a security group"), ("revoke", "takes back a rule of ours"))
    for way in ("egress", "ingress")
)
ACL_ENTRIES: tuple[ListedCall, ...] = (
    ListedCall(
        "ec2.create_network_acl_entry", "ec2:CreateNetworkAclEntry", _WRITER, "adds an entry to a network ACL", "write"
    ),
    ListedCall(
        "ec2.delete_network_acl_entry", "ec2:DeleteNetworkAclEntry", _WRITER, "takes back an entry of ours", "write"
    ),
)
ASSUMED: tuple[ListedCall, ...] = (
    ListedCall("sts.assume_role", "sts:AssumeRole", _SESSION, "takes the write role on, for one fix", "own"),
)
NAMED = "sts:TagSession"
"""Permits the session's tags, which say who approved what; no call of its own."""
