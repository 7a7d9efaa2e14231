"""A flow-log record pasted into a question: found, and decoded field by field.

Fields and their meaning: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from diagnosis.question.addresses import address
from diagnosis.question.question import Party
from diagnosis.question.well_known_ports import PROTOCOL_NUMBERS

DEFAULT_FIELDS: Final = (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "action", "log-status",
)  # fmt: skip
"""The default format, version 2."""

_FIELDS: Final = frozenset(DEFAULT_FIELDS) | frozenset(
    """vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service
    flow-direction traffic-path ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id
    ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason resource-id encryption-status""".split()
)
_INTEGERS: Final = frozenset("version srcport dstport protocol packets bytes start end tcp-flags traffic-path".split())
_DEFAULT: Final = re.compile(
    r"(?<![\w.:-])(\d{1,2}) (\d{12}|unknown|-) (eni-\w+|-) (\S{1,45}) (\S{1,45}) (\d{1,5}|-) (\d{1,5}|-) (\d{1,3}|-) (\d{1,15}|-) (\d{1,18}|-) (\d{9,11}|-) (\d{9,11}|-)"
    r" (ACCEPT|REJECT|-) (OK|NODATA|SKIPDATA)(?!\w)"
)
_PAIR: Final = re.compile(
    r"[\"']?\b(srcaddr|dstaddr|srcport|dstport|protocol|action|interface-?id|log-?status|packets|bytes|start|end|tcp-?flags|flow-?direction)[\"']?\s{0,3}[=:]\s{0,3}[\"']?([\w.:-]{1,64})",
    re.IGNORECASE,
)
_FIELD_OF: Final = {
    "interfaceid": "interface-id",
    "logstatus": "log-status",
    "tcpflags": "tcp-flags",
    "flowdirection": "flow-direction",
}
_PROTOCOL_NAMES: Final = {
    1: "ICMP",
    2: "IGMP",
    4: "IP-in-IP",
    6: "TCP",
    17: "UDP",
    41: "IPv6",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    89: "OSPF",
    112: "VRRP",
    132: "SCTP",
}
_FLAGS: Final = ((1, "FIN"), (2, "SYN"), (4, "RST"), (8, "PSH"), (16, "ACK"), (32, "URG"))
_TRAFFIC_PATHS: Final = {
    1: "through another resource in the same VPC",
    2: "through an internet gateway or a gateway VPC endpoint",
    3: "through a virtual private gateway",
    4: "through a VPC peering connection inside the Region",
    5: "through a VPC peering connection between Regions",
    6: "through a local gateway",
    7: "through a gateway VPC endpoint (Nitro-based instances)",
    8: "through an internet gateway (Nitro-based instances)",
}
_ACTIONS: Final = {
    "ACCEPT": "the security groups and network ACLs allowed it",
    "REJECT": "a security group or a network ACL refused it",
}


@dataclass(frozen=True, slots=True)
class Record:
    """A pasted record: its fields by AWS's names with decoded members beside them, and what it says about the question."""

    fields: dict[str, Any]
    source: Party | None
    destination: Party | None
    protocol: str | None
    port: int | None
    source_port: int | None
    status: str
    span: tuple[int, int]
    """Where the record (and its header) stands in the text."""


def find_record(text: str) -> Record | None:
    """Return the first flow-log record in the text: by its header line, in the default format, or as names and values."""
    named = "srcaddr" in text.lower()
    return (_with_header(text) if named else None) or _default_format(text) or (_named_values(text) if named else None)


def _default_format(text: str) -> Record | None:
    if "eni-" not in text:
        return None
    found = _DEFAULT.search(re.sub(r"[ \t]", " ", text))
    if not found:
        return None
    return _record(dict(zip(DEFAULT_FIELDS, found.groups(), strict=True)), found.span())


def _with_header(text: str) -> Record | None:
    """Read a line of field names (as in files in S3, or `${...}` of a format) and the first line after it with as many values."""
    position = 0
    names: list[str] | None = None
    begin = 0
    for line in text.split("\n")[:200]:
        words = line.replace("${", " ").replace("}", " ").replace("\t", " ").split()
        if names is None:
            known = [w for w in words if w.lower() in _FIELDS]
            if len(known) >= 4 and "srcaddr" in known and len(known) >= len(words) - 3:
                first = words.index(known[0])
                names, begin = [w.lower() for w in words[first:]], position
        elif len(words) >= len(names) and set(words[-len(names) :]) - set(names):
            return _record(dict(zip(names, words[-len(names) :], strict=True)), (begin, position + len(line)))
        position += len(line) + 1
    return None


def _named_values(text: str) -> Record | None:
    """Read `srcaddr=10.0.1.10 dstaddr=... dstport=443` or the JSON of CloudWatch Logs Insights."""
    values: dict[str, str] = {}
    span = (len(text), 0)
    for found in _PAIR.finditer(text):
        name = found[1].lower()
        values.setdefault(_FIELD_OF.get(name, name), found[2])
        span = (min(span[0], found.start()), max(span[1], found.end()))
    if not {"srcaddr", "dstaddr"} <= values.keys() or not values.keys() & {
        "action",
        "interface-id",
        "dstport",
        "log-status",
    }:
        return None
    return _record(values, span)


def _record(raw: dict[str, str], span: tuple[int, int]) -> Record | None:
    source, destination = (address(raw.get(name, "-")) for name in ("srcaddr", "dstaddr"))
    status = raw.get("log-status", "OK").upper()
    if status == "OK" and (source is None or destination is None):
        return None
    number = _integer(raw.get("protocol"))
    protocol = None if number is None else PROTOCOL_NUMBERS.get(str(number), str(number))
    has_ports = protocol in ("tcp", "udp") or protocol is None
    port = _integer(raw.get("dstport")) if has_ports else None
    if protocol is None and raw.get("protocol", "").lower() in ("tcp", "udp", "icmp"):
        protocol = raw["protocol"].lower()
    if protocol is None and port:
        protocol = "tcp"
    return Record(
        _decoded(raw),
        source,
        destination,
        protocol,
        port or None,
        (_integer(raw.get("srcport")) or None) if has_ports else None,
        status,
        span,
    )


def _integer(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 19 else None


def _decoded(raw: dict[str, str]) -> dict[str, Any]:
    """Return the fields in their order with numbers as numbers and "-" as None, then what the coded ones mean."""
    fields: dict[str, Any] = {}
    for name, value in raw.items():
        fields[name] = None if value == "-" else _integer(value) if name in _INTEGERS and value.isdecimal() else value
    number, flags, path = fields.get("protocol"), fields.get("tcp-flags"), fields.get("traffic-path")
    if isinstance(number, int):
        fields["protocol-name"] = _PROTOCOL_NAMES.get(number, f"protocol {number}")
    for name in ("start", "end"):
        if isinstance(fields.get(name), int):
            fields[f"{name}-utc"] = _utc(fields[name])
    if isinstance(flags, int):
        fields["tcp-flags-decoded"] = flags_text(flags)
    if isinstance(path, int):
        fields["traffic-path-meaning"] = _TRAFFIC_PATHS.get(path, f"path {path}")
    if fields.get("action") in _ACTIONS:
        fields["action-meaning"] = _ACTIONS[str(fields["action"])]
    return fields


def flags_text(flags: int) -> str:
    """Return TCP flags in words, such as "SYN" or "SYN-ACK"; the log ORs them over its window and leaves plain ACK out."""
    names = [name for bit, name in _FLAGS if flags & bit]
    if flags & 18 == 18:
        names = ["SYN-ACK", *(n for n in names if n not in ("SYN", "ACK"))]
    return ", ".join(names) or "none"


def _utc(seconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return None
