"""Changes as AWS CLI commands: one line each, nothing that a shell would interpret.

https://docs.aws.amazon.com/cli/latest/reference/ec2/
"""

from __future__ import annotations

import re
from typing import assert_never

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange

SAFE = re.compile(r"[A-Za-z0-9:/._=,\[\]{}@+-]+")
"""Every word of a command consists of these; an id that does not is never printed as part of one."""

OPTIONS = frozenset(
    {
        "--cidr",
        "--cidr-block",
        "--destination-cidr-block",
        "--destination-ipv6-cidr-block",
        "--egress",
        "--egress-only-internet-gateway-id",
        "--gateway-id",
        "--group-id",
        "--group-owner",
        "--icmp-type-code",
        "--ingress",
        "--ip-permissions",
        "--ipv6-cidr-block",
        "--nat-gateway-id",
        "--network-acl-id",
        "--network-interface-id",
        "--port",
        "--port-range",
        "--protocol",
        "--route-table-id",
        "--rule-action",
        "--rule-number",
        "--source-group",
        "--transit-gateway-id",
        "--vpc-peering-connection-id",
        "-1",
    }
)
"""The only words of a command that begin with a hyphen: an id that does would be read as an option."""

ROUTE_OPTIONS = {
    "internet-gateway": "--gateway-id",
    "virtual-private-gateway": "--gateway-id",
    "nat-gateway": "--nat-gateway-id",
    "vpc-peering-connection": "--vpc-peering-connection-id",
    "transit-gateway": "--transit-gateway-id",
    "egress-only-internet-gateway": "--egress-only-internet-gateway-id",
    "network-interface": "--network-interface-id",
}


class NotPrintable(ValueError):
    """An id or value holds characters that do not belong into a command."""


def command(change: Change) -> str:
    """The command that makes the change; NotPrintable where a value of the account could be misread by a shell."""
    match change:
        case GroupRuleChange():
            words = _group_rule(change)
        case AclEntryChange():
            words = _acl_entry(change)
        case RouteChange():
            words = _route(change)
        case _:
            assert_never(change)
    for word in words:
        if not SAFE.fullmatch(word) or (word.startswith("-") and word not in OPTIONS):
            raise NotPrintable(f"{word!r:.60} cannot be part of a command")
    return " ".join(words)


def _group_rule(change: GroupRuleChange) -> list[str]:
    verb = "authorize" if change.action == "add" else "revoke"
    words = ["aws", "ec2", f"{verb}-security-group-{change.direction}", "--group-id", change.component]
    foreign = change.group is not None and change.group_owner is not None
    simple = change.protocol in ("tcp", "udp") and ":" not in (change.cidr or "")
    if not (simple or foreign):
        return [*words, "--ip-permissions", _permission(change)]
    words += ["--protocol", {"-1": "all", "icmpv6": "58"}.get(change.protocol, change.protocol)]
    if change.protocol in ("tcp", "udp"):
        words += ["--port", _span(change.from_port, change.to_port)]
    elif change.protocol in ("icmp", "icmpv6"):
        kind, code = wild(change.from_port), wild(change.to_port)
        words += ["--port", "all" if kind < 0 else f"{kind}-{code}"]
    if change.group is None:
        return [*words, "--cidr", change.cidr or ""]
    # In the form of --ip-permissions a group and its owner are {GroupId=...,UserId=...}: a shell would take it apart.
    owner = ["--group-owner", change.group_owner] if change.group_owner is not None else []
    return [*words, "--source-group", change.group, *owner]


def _permission(change: GroupRuleChange) -> str:
    parts = [f"IpProtocol={change.protocol}"]
    if change.protocol in ("tcp", "udp"):
        low, high = bounds(change.from_port, change.to_port)
        parts += [f"FromPort={low}", f"ToPort={high}"]
    elif change.protocol in ("icmp", "icmpv6"):
        parts += [f"FromPort={wild(change.from_port)}", f"ToPort={wild(change.to_port)}"]
    if change.group is not None:
        parts.append(f"UserIdGroupPairs=[{{GroupId={change.group}}}]")
    elif ":" in (change.cidr or ""):
        parts.append(f"Ipv6Ranges=[{{CidrIpv6={change.cidr}}}]")
    else:
        parts.append(f"IpRanges=[{{CidrIp={change.cidr}}}]")
    return ",".join(parts)


def wild(value: int | None) -> int:
    """An ICMP type or code as AWS takes it: -1 for all."""
    return -1 if value is None else value


def bounds(low: int | None, high: int | None) -> tuple[int, int]:
    """The first and last port of a rule: all of them where it names none."""
    return (0, 65535) if low is None or high is None else (low, high)


def _span(low: int | None, high: int | None) -> str:
    first, last = bounds(low, high)
    return str(first) if first == last else f"{first}-{last}"


def _acl_entry(change: AclEntryChange) -> list[str]:
    words = ["aws", "ec2", "create-network-acl-entry" if change.action == "add" else "delete-network-acl-entry"]
    words += ["--network-acl-id", change.component, f"--{change.direction}", "--rule-number", str(change.number)]
    if change.action == "remove":
        return words
    words += [
        "--protocol",
        {"icmp": "1", "icmpv6": "58", "tcp": "6", "udp": "17"}.get(change.protocol, change.protocol),
    ]
    if change.protocol in ("tcp", "udp"):
        low, high = bounds(change.from_port, change.to_port)
        words += ["--port-range", f"From={low},To={high}"]
    elif change.protocol in ("icmp", "icmpv6"):
        words += ["--icmp-type-code", f"Type={wild(change.from_port)},Code={wild(change.to_port)}"]
    words += ["--ipv6-cidr-block" if ":" in change.cidr else "--cidr-block", change.cidr]
    return [*words, "--rule-action", change.rule_action]


def _route(change: RouteChange) -> list[str]:
    words = ["aws", "ec2", "create-route" if change.action == "add" else "delete-route"]
    words += ["--route-table-id", change.component]
    words += [
        "--destination-ipv6-cidr-block" if ":" in change.destination else "--destination-cidr-block",
        change.destination,
    ]
    if change.action == "add":
        words += [ROUTE_OPTIONS.get(change.target_kind, "--gateway-id"), change.target]
    return words
