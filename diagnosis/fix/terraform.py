"""Changes as Terraform text: resources that add the same rule or entry.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_security_group_ingress_rule
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/network_acl_rule
Names, ids and descriptions of an account may have been written by anybody: inside a quoted string HCL would run
`${...}` and `%{...}`, so every value goes through `quoted`.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, assert_never

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.traffic.protocols import ICMPV6, protocol_number

_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9_]+")
_MOST: Final = 40
_TARGETS: Final = {
    "internet-gateway": "gateway_id",
    "virtual-private-gateway": "gateway_id",
    "nat-gateway": "nat_gateway_id",
    "vpc-peering-connection": "vpc_peering_connection_id",
    "transit-gateway": "transit_gateway_id",
    "egress-only-internet-gateway": "egress_only_gateway_id",
    "network-interface": "network_interface_id",
}
Fields = list[tuple[str, str]]


def terraform(network: Network, changes: tuple[Change, ...]) -> str:
    """The resources that make these changes, in order; "" where one takes something away, which no resource does."""
    if any(change.action == "remove" for change in changes):
        return ""
    return "\n\n".join(_resource(network, change) for change in changes)


def quoted(text: str) -> str:
    """A string of HCL that stands for exactly this text: nothing in it is run, ends the string, or hides.

    https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
    """
    told = []
    for letter in text:
        if letter in '"\\':
            told.append(f"\\{letter}")
        elif letter in "\n\r\t":
            told.append({"\n": "\\n", "\r": "\\r", "\t": "\\t"}[letter])
        elif letter.isprintable():
            told.append(letter)
        else:
            number = ord(letter)
            told.append(f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")
    return '"' + re.sub(r"([$%])(?=\{)", r"\1\1", "".join(told)) + '"'


def _resource(network: Network, change: Change) -> str:
    match change:
        case GroupRuleChange():
            kind, fields = f"aws_vpc_security_group_{change.direction}_rule", _group_rule(change)
        case AclEntryChange():
            kind, fields = "aws_network_acl_rule", _acl_entry(change)
        case RouteChange():
            kind, fields = "aws_route", _route(change)
        case _:
            assert_never(change)
    width = max(len(name) for name, _ in fields)
    body = "\n".join(f"  {name:{width}} = {value}" for name, value in fields)
    return f'resource "{kind}" "{_name(network, change)}" {{\n{body}\n}}'


def _name(network: Network, change: Change) -> str:
    """A name for the resource: readable, of letters that HCL takes, and another for every other change."""
    named = display_name(network, change.component) or change.component
    words = _NOT_IN_A_NAME.sub("_", named.lower()).strip("_")[:_MOST]
    digest = hashlib.sha256(change.model_dump_json().encode()).hexdigest()[:8]
    return f"whynot_{words}_{digest}" if words else f"whynot_{digest}"


def _group_rule(change: GroupRuleChange) -> Fields:
    """A rule of a group. A rule for all traffic has no ports; one for ICMP has type and code in their place."""
    fields: Fields = [("security_group_id", quoted(change.component))]
    if change.group is not None:
        owner = f"{change.group_owner}/" if change.group_owner else ""
        fields.append(("referenced_security_group_id", quoted(owner + change.group)))
    else:
        cidr = change.cidr or ""
        fields.append(("cidr_ipv6" if ":" in cidr else "cidr_ipv4", quoted(cidr)))
    fields.append(("ip_protocol", quoted(change.protocol)))
    if change.protocol in ("tcp", "udp"):
        fields += _ports(change)
    elif change.protocol in ("icmp", "icmpv6"):
        fields += [("from_port", _wild(change.from_port)), ("to_port", _wild(change.to_port))]
    return fields


def _acl_entry(change: AclEntryChange) -> Fields:
    number = protocol_number(change.protocol)
    fields: Fields = [
        ("network_acl_id", quoted(change.component)),
        ("rule_number", str(change.number)),
        ("egress", "true" if change.direction == "egress" else "false"),
        ("protocol", quoted("-1" if number is None else str(number))),
        ("rule_action", quoted(change.rule_action)),
        ("ipv6_cidr_block" if ":" in change.cidr else "cidr_block", quoted(change.cidr)),
    ]
    if number in (6, 17):
        fields += _ports(change)
    elif number in (1, ICMPV6):
        fields += [("icmp_type", _wild(change.from_port)), ("icmp_code", _wild(change.to_port))]
    return fields


def _route(change: RouteChange) -> Fields:
    six = ":" in change.destination
    return [
        ("route_table_id", quoted(change.component)),
        ("destination_ipv6_cidr_block" if six else "destination_cidr_block", quoted(change.destination)),
        (_TARGETS.get(change.target_kind, "gateway_id"), quoted(change.target)),
    ]


def _ports(change: GroupRuleChange | AclEntryChange) -> Fields:
    low, high = change.from_port, change.to_port
    return [("from_port", str(low or 0)), ("to_port", str(65535 if low is None or high is None else high))]


def _wild(value: int | None) -> str:
    return "-1" if value is None else str(value)
