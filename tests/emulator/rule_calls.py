"""Rules of security groups and entries of network ACLs as EC2 keeps them, where moto does it otherwise.

DryRun for entries, duplicates whatever their description, the errors of what is not there, both quotas, the characters
of a description, ICMP entries. Sources: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html,
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.serialize import SerializationContext
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.ec2.responses import EC2Response

from tests.emulator.operations import install_actions

RULES, ENTRIES = 60, 20
"""AWS's quotas: rules of a group in one direction, entries of an ACL in one direction with the last `*` among them."""
_DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_revoked = {"ingress": EC2Response.revoke_security_group_ingress, "egress": EC2Response.revoke_security_group_egress}


def install_rules() -> None:
    """Put the operations in place of moto's own."""
    for name, value in (("description", property(_description)), ("__eq__", _same), ("__hash__", _hashed)):
        setattr(SecurityGroupRule, name, value)
    setattr(SecurityGroupBackend, "_verify_group_will_respect_rule_count_limit", lambda *_, **__: None)  # noqa: B010
    setattr(SerializationContext, "__init__", _named)  # noqa: B010
    install_actions(
        EC2Response,
        {
            "authorize_security_group_ingress": lambda response: _authorize(response, egress=False),
            "authorize_security_group_egress": lambda response: _authorize(response, egress=True),
            "revoke_security_group_ingress": lambda response: _revoke(response, "ingress"),
            "revoke_security_group_egress": lambda response: _revoke(response, "egress"),
            "create_network_acl_entry": _create_entry,
            "delete_network_acl_entry": _delete_entry,
            "describe_network_acls": _describe_acls,
        },
    )


def _named(context: Any, request_id: str | None = None) -> None:
    """Every request has an id of its own, by which CloudTrail would know it."""
    context.request_id = request_id or str(uuid.uuid4())


def _error(code: str, message: str) -> EC2ClientError:
    return EC2ClientError(code, message)


def _description(rule: Any) -> str | None:
    found = {**rule.ip_range, **rule.source_group}.get("Description") or getattr(rule, "told", None)
    return str(found) if found is not None else None


def _identity(rule: Any) -> tuple[Any, ...]:
    """What makes two rules the same to EC2: all but id, description and tags."""
    ports = None if rule.ip_protocol == "-1" else (rule.from_port, rule.to_port)
    ranges = (rule.ip_range.get("CidrIp"), rule.ip_range.get("CidrIpv6"))
    return rule.ip_protocol, ports, ranges, rule.source_group.get("GroupId"), rule.prefix_list_id


def _same(rule: Any, other: Any) -> bool:
    return _identity(rule) == _identity(other)


def _hashed(rule: Any) -> int:
    return hash(rule.id)


def _families(rule: Any) -> set[str]:
    """A rule counts for the family of its range, one that refers to a group or list for both."""
    return {"4"} if "CidrIp" in rule.ip_range else {"6"} if "CidrIpv6" in rule.ip_range else {"4", "6"}


def _authorize(response: Any, *, egress: bool) -> ActionResult:
    response.error_on_dryrun()
    backend = response.ec2_backend
    made: list[Any] = []
    for asked in response._process_rules_from_querystring():
        asked.pop("security_rule_ids")
        if asked["ip_protocol"] not in ("tcp", "udp") and asked["from_port"] is None:
            asked["from_port"] = asked["to_port"] = -1
        group = backend.get_security_group_from_id(asked["group_name_or_id"])
        if group is None:
            raise _error("InvalidGroup.NotFound", f"The security group '{asked['group_name_or_id']}' does not exist")
        _check_descriptions([*asked["ip_ranges"], *asked["source_groups"], *asked["prefix_list_ids"]])
        known = group.egress_rules if egress else group.ingress_rules
        before = list(known)
        try:
            method = "egress" if egress else "ingress"
            rules, _ = getattr(backend, f"authorize_security_group_{method}")(**asked)
            for family in ("4", "6"):
                if sum(family in _families(rule) for rule in known) > RULES:
                    raise _error(
                        "RulesPerSecurityGroupLimitExceeded",
                        "The maximum number of rules per security group has been reached.",
                    )
        except EC2ClientError:
            known[:] = before  # all of a call is done, or nothing
            raise
        for rule, item in zip(rules, asked["prefix_list_ids"], strict=False):
            rule.told = item.get("Description")
        made += rules
    return ActionResult({"Return": True, "SecurityGroupRules": made})


def _check_descriptions(peers: Iterable[Mapping[str, Any]]) -> None:
    for peer in peers:
        if not _DESCRIPTION.fullmatch(str(peer.get("Description") or "")):
            raise _error(
                "InvalidParameterValue",
                "Invalid rule description. Valid descriptions are strings less than 256 characters from the following "
                "set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
            )


def _revoke(response: Any, direction: str) -> ActionResult:
    response.error_on_dryrun()
    group = response.ec2_backend.get_security_group_from_id(response._get_param("GroupId"))
    for rule in response._get_param("SecurityGroupRuleIds", []):
        if group is not None and rule not in {one.id for one in group.ingress_rules + group.egress_rules}:
            raise _error("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{rule}' does not exist")
    return _revoked[direction](response)


def _acl(response: Any) -> Any:
    response.error_on_dryrun()
    identity = response._get_param("NetworkAclId")
    found = response.ec2_backend.network_acls.get(identity)
    if found is None:
        raise _error("InvalidNetworkAclID.NotFound", f"The networkAcl ID '{identity}' does not exist")
    return found


def _place(response: Any) -> tuple[int, bool]:
    return response._get_param("RuleNumber"), response._get_param("Egress")


def _create_entry(response: Any) -> ActionResult:
    acl = _acl(response)
    number, egress = _place(response)
    if not 1 <= number <= 32766:
        raise _error("InvalidParameterValue", f"The rule number '{number}' is invalid")
    ipv6 = response._get_param("Ipv6CidrBlock")
    alike = [e for e in acl.network_acl_entries if e.egress is egress and bool(e.ipv6_cidr_block) is bool(ipv6)]
    own = [entry for entry in alike if entry.rule_number < 32767]
    free = all(e.rule_number != number for e in acl.network_acl_entries if e.egress is egress)
    if free and len(own) + 1 >= ENTRIES:
        raise _error("NetworkAclEntryLimitExceeded", "The maximum number of network acl entries has been reached.")
    icmp = response._get_param("IcmpTypeCode", {})
    ports = response._get_param("PortRange", {})
    response.ec2_backend.create_network_acl_entry(
        acl.id,
        number,
        response._get_param("Protocol"),
        response._get_param("RuleAction"),
        egress,
        response._get_param("CidrBlock"),
        icmp.get("Code"),
        icmp.get("Type"),
        ports.get("From"),
        ports.get("To"),
        ipv6,
    )
    return EmptyResult()


def _delete_entry(response: Any) -> ActionResult:
    acl = _acl(response)
    number, egress = _place(response)
    for entry in acl.network_acl_entries:
        if (entry.rule_number, entry.egress) == (number, egress):
            acl.network_acl_entries.remove(entry)
            return EmptyResult()
    raise _error("InvalidNetworkAclEntry.NotFound", f"The network acl entry identified by {number} does not exist")


def _describe_acls(response: Any) -> ActionResult:
    known = response.ec2_backend.network_acls
    wanted = response._get_param("NetworkAclIds", [])
    for identity in wanted:
        if identity not in known:
            raise _error("InvalidNetworkAclID.NotFound", f"The networkAcl ID '{identity}' does not exist")
    filters = response._filters_from_querystring()
    named = filters.pop("network-acl-id", None)
    found = response.ec2_backend.describe_network_acls(wanted, filters)
    found = [acl for acl in found if named is None or acl.id in named]
    return ActionResult({"NetworkAcls": found})
