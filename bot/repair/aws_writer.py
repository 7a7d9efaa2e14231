"""Rules and entries of the live account: one typed call each, built from the change itself.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.repair.aws_errors import OF_AWS, as_ours, is_gone, is_rehearsed
from bot.repair.shapes import content, permission, place
from bot.repair.writing import Absent, Clash, Done, Found, Gone, NotThere, Present, Refused, Writable
from diagnosis.fix.change import AclEntryChange, GroupRuleChange
from diagnosis.network.network_acls import parse_acl
from diagnosis.network.security_groups import rules_of


class AwsWriter:
    """A Writer by EC2. The client sends each request once: whether to send it again is not botocore's to decide."""

    def __init__(self, client: Any) -> None:
        """`client` is EC2's, and does not retry."""
        self._ec2 = client

    def look(self, change: Writable, rule: str | None = None) -> Found:
        """What stands there, by id, read now."""
        try:
            if isinstance(change, AclEntryChange):
                return self._entry(change)
            return self._rule(change, rule)
        except OF_AWS as error:
            if is_gone(error):
                return Gone()
            reading = "DescribeNetworkAcls" if isinstance(change, AclEntryChange) else "DescribeSecurityGroupRules"
            raise as_ours(error, f"ec2:{reading}") from error
        except ValueError as error:
            raise Refused(f"AWS describes {change.component} in a way that cannot be read: {error}.") from error

    def rehearse(self, change: Writable, stamp: str, *, take: bool) -> None:
        """AWS's dry run, which judges the permission: granted, too, where it says that something is there or is not."""
        try:
            if take:
                self._take(change, None, DryRun=True)
            else:
                self._put(change, stamp, DryRun=True)
        except OF_AWS as error:
            ours = as_ours(error, _action(change, take=take))
            if is_rehearsed(error) or isinstance(ours, Clash | NotThere):
                return
            raise ours from error
        raise Refused(f"AWS did not take {_action(change, take=take)} as the dry run that it was. Look at the account.")

    def put(self, change: Writable, stamp: str) -> Done:
        """Make the rule or entry."""
        try:
            answer = self._put(change, stamp)
        except OF_AWS as error:
            raise as_ours(error, _action(change, take=False)) from error
        made = answer.get("SecurityGroupRules") or [{}]
        return Done(made[0].get("SecurityGroupRuleId"), _request(answer))

    def take(self, change: Writable, rule: str | None) -> Done:
        """Take the rule or entry away."""
        try:
            return Done(rule, _request(self._take(change, rule)))
        except OF_AWS as error:
            raise as_ours(error, _action(change, take=True)) from error

    def _entry(self, change: AclEntryChange) -> Found:
        wanted = change.entry
        for acl in self._ec2.describe_network_acls(NetworkAclIds=[change.component])["NetworkAcls"]:
            for entry in parse_acl(acl, ()).in_direction(egress=wanted.egress):
                if entry.number == wanted.number:
                    return Present(None, None, exact=entry == wanted)
        return Absent()

    def _rule(self, change: GroupRuleChange, rule: str | None) -> Found:
        pages = self._ec2.get_paginator("describe_security_group_rules").paginate(
            Filters=[{"Name": "group-id", "Values": [change.component]}]
        )
        known = list(rules_of(item for page in pages for item in page["SecurityGroupRules"]))
        wanted = change.rule.identity
        for one in known:
            if one.rule_id == rule if rule is not None else one.identity == wanted:
                return Present(one.rule_id, one.description, exact=one.identity == wanted)
        if not known:
            # The filter finds no rules of a group that is gone, and none of one that has none.
            self._ec2.describe_security_groups(GroupIds=[change.component])
        return Absent()

    def _put(self, change: Writable, stamp: str, **more: Any) -> Mapping[str, Any]:
        answer: Mapping[str, Any]
        match change:
            case GroupRuleChange(direction="ingress"):
                answer = self._ec2.authorize_security_group_ingress(
                    GroupId=change.component, IpPermissions=[permission(change, stamp)], **more
                )
            case GroupRuleChange():
                answer = self._ec2.authorize_security_group_egress(
                    GroupId=change.component, IpPermissions=[permission(change, stamp)], **more
                )
            case AclEntryChange():
                answer = self._ec2.create_network_acl_entry(**place(change), **content(change), **more)
        return answer

    def _take(self, change: Writable, rule: str | None, **more: Any) -> Mapping[str, Any]:
        # Without an id (only to rehearse it) the rule is named by its content.
        named: dict[str, Any] = {"SecurityGroupRuleIds": [rule]} if rule is not None else {}
        if isinstance(change, GroupRuleChange) and rule is None:
            if not more.get("DryRun"):
                raise Refused(f"The rule in {change.component} is known by no id, so it is not taken away.")
            named = {"IpPermissions": [permission(change, None)]}
        answer: Mapping[str, Any]
        match change:
            case GroupRuleChange(direction="ingress"):
                answer = self._ec2.revoke_security_group_ingress(GroupId=change.component, **named, **more)
            case GroupRuleChange():
                answer = self._ec2.revoke_security_group_egress(GroupId=change.component, **named, **more)
            case AclEntryChange():
                answer = self._ec2.delete_network_acl_entry(**place(change), **more)
        return answer


ACTIONS: Mapping[tuple[str, bool], str] = {
    ("ingress", False): "ec2:AuthorizeSecurityGroupIngress",
    ("egress", False): "ec2:AuthorizeSecurityGroupEgress",
    ("ingress", True): "ec2:RevokeSecurityGroupIngress",
    ("egress", True): "ec2:RevokeSecurityGroupEgress",
}
"""The IAM action of a group's rule, by direction and whether it is taken away."""


def actions_for(change: Writable) -> tuple[str, str]:
    """The two IAM actions that make a change and take it back."""
    return _action(change, take=False), _action(change, take=True)


def _action(change: Writable, *, take: bool) -> str:
    if isinstance(change, GroupRuleChange):
        return ACTIONS[change.direction, take]
    return "ec2:DeleteNetworkAclEntry" if take else "ec2:CreateNetworkAclEntry"


def _request(answer: Mapping[str, Any]) -> str | None:
    found = answer.get("ResponseMetadata", {}).get("RequestId")
    return str(found) if found else None
