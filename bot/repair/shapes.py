"""Changes in the shapes of EC2: parameters of its calls, and, for a snapshot folder, members of its answers.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkAclEntry.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from diagnosis.fix.change import AclEntryChange, GroupRuleChange
from diagnosis.fix.commands import bounds, wild
from diagnosis.network.network_acls import parse_entry
from diagnosis.network.security_groups import PEER_KEYS, GroupRule, rules_in
from diagnosis.traffic.protocols import protocol_number


def permission(change: GroupRuleChange, stamp: str | None) -> dict[str, Any]:
    """The rule as an entry of `IpPermissions`, with the stamp as its description where one is given."""
    whole: dict[str, Any] = {"IpProtocol": change.protocol}
    if change.protocol in ("tcp", "udp"):
        whole["FromPort"], whole["ToPort"] = bounds(change.from_port, change.to_port)
    elif change.protocol in ("icmp", "icmpv6"):
        whole["FromPort"], whole["ToPort"] = wild(change.from_port), wild(change.to_port)
    told = {} if stamp is None else {"Description": stamp}
    if change.group is not None:
        owner = {} if change.group_owner is None else {"UserId": change.group_owner}
        return {**whole, "UserIdGroupPairs": [{"GroupId": change.group, **owner, **told}]}
    cidr = change.cidr or ""
    if ":" in cidr:
        return {**whole, "Ipv6Ranges": [{"CidrIpv6": cidr, **told}]}
    return {**whole, "IpRanges": [{"CidrIp": cidr, **told}]}


def place(change: AclEntryChange) -> dict[str, Any]:
    """Where an entry stands: the parameters that every call on it takes."""
    return {
        "NetworkAclId": change.component,
        "RuleNumber": change.number,
        "Egress": change.direction == "egress",
    }


def content(change: AclEntryChange) -> dict[str, Any]:
    """What an entry says: the further parameters of the call that makes it, and members of its description."""
    number = protocol_number(change.protocol)
    whole: dict[str, Any] = {
        "Protocol": "-1" if number is None else str(number),
        "RuleAction": change.rule_action,
        "Ipv6CidrBlock" if ":" in change.cidr else "CidrBlock": change.cidr,
    }
    if change.protocol in ("tcp", "udp"):
        low, high = bounds(change.from_port, change.to_port)
        whole["PortRange"] = {"From": low, "To": high}
    elif change.protocol in ("icmp", "icmpv6"):
        whole["IcmpTypeCode"] = {"Type": wild(change.from_port), "Code": wild(change.to_port)}
    return whole


def permissions_key(change: GroupRuleChange) -> str:
    """The member of a described group that holds rules of the change's direction."""
    return "IpPermissionsEgress" if change.direction == "egress" else "IpPermissions"


def rules_of_group(group: Mapping[str, Any], change: GroupRuleChange) -> Iterator[GroupRule]:
    """The rules of a described group in the change's direction."""
    return rules_in(group.get(permissions_key(change)) or [], egress=change.direction == "egress")


def with_rule(group: Mapping[str, Any], change: GroupRuleChange, stamp: str) -> dict[str, Any]:
    """A described group with the rule: beside others of its protocol and ports where there are some, as EC2 does."""
    key = permissions_key(change)
    added = permission(change, stamp)
    for pair in added.get("UserIdGroupPairs", []):
        pair.setdefault("UserId", group.get("OwnerId", ""))
    whole: list[dict[str, Any]] = []
    placed = False
    for known in group.get(key) or []:
        if placed or _meets(known) != _meets(added):
            whole.append(known)
            continue
        placed = True
        joined = {peers: [*(known.get(peers) or []), *added.get(peers, [])] for peers in PEER_KEYS}
        whole.append({**known, **joined})
    if not placed:
        whole.append({**{peers: [] for peers in PEER_KEYS}, **added})
    return {**group, key: whole}


def _meets(known: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(known.get(member) for member in ("IpProtocol", "FromPort", "ToPort"))


def without_rule(group: Mapping[str, Any], change: GroupRuleChange) -> dict[str, Any]:
    """A described group without the rule; a permission that names nobody any more goes with it."""
    key = permissions_key(change)
    egress = change.direction == "egress"
    whole = []
    for known in group.get(key) or []:
        alone = {member: value for member, value in known.items() if member not in PEER_KEYS}
        left = {
            peers: [
                one
                for one in known.get(peers) or []
                if [rule.identity for rule in rules_in([{**alone, peers: [one]}], egress=egress)]
                != [change.rule.identity]
            ]
            for peers in PEER_KEYS
            if known.get(peers) is not None
        }
        if any(left.values()):
            whole.append({**known, **left})
    return {**group, key: whole}


def rule_item(group: Mapping[str, Any], change: GroupRuleChange, stamp: str) -> dict[str, Any]:
    """The rule as an entry of `SecurityGroupRules`, with an id that is the same whenever it is made."""
    asked = permission(change, stamp)
    identity = hashlib.sha256(f"{stamp} {change.model_dump_json()}".encode()).hexdigest()[:17]
    item: dict[str, Any] = {
        "SecurityGroupRuleId": f"sgr-{identity}",
        "GroupId": change.component,
        "GroupOwnerId": group.get("OwnerId", ""),
        "IsEgress": change.direction == "egress",
        "IpProtocol": change.protocol,
        "FromPort": asked.get("FromPort", -1),
        "ToPort": asked.get("ToPort", -1),
        "Description": stamp,
        "Tags": [],
    }
    if change.group is not None:
        owner = change.group_owner or group.get("OwnerId", "")
        return {**item, "ReferencedGroupInfo": {"GroupId": change.group, "UserId": owner}}
    return {**item, "CidrIpv6" if ":" in (change.cidr or "") else "CidrIpv4": change.cidr}


def entry_at(acl: Mapping[str, Any], change: AclEntryChange) -> Mapping[str, Any] | None:
    """The entry of a described ACL that stands where the change belongs."""
    wanted = change.entry
    for item in acl.get("Entries") or []:
        entry = parse_entry(item)
        if (entry.egress, entry.number) == (wanted.egress, wanted.number):
            found: Mapping[str, Any] = item
            return found
    return None


def with_entry(acl: Mapping[str, Any], change: AclEntryChange) -> dict[str, Any]:
    """A described ACL with the entry."""
    where = {"RuleNumber": change.number, "Egress": change.direction == "egress"}
    return {**acl, "Entries": [*(acl.get("Entries") or []), {**where, **content(change)}]}


def without_entry(acl: Mapping[str, Any], change: AclEntryChange) -> dict[str, Any]:
    """A described ACL without the entry that stands there."""
    gone = entry_at(acl, change)
    return {**acl, "Entries": [item for item in acl.get("Entries") or [] if item is not gone]}
