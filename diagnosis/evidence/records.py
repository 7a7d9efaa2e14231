"""Flow-log records: the fields of versions 2 to 10 by AWS's names, what a well-formed line is, and what it means.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html (versions 2 to 5 and 7 to 10) and
https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html (version 6). A custom format holds any of the fields in
any order, so nothing is ever read by position: the file's own header line, or the flow log's `LogFormat`, decides.

One pattern per field is the only definition of "well formed". The engines join them into one regular expression per
format (RE2 and `re` read it alike), and `why_malformed` walks the same patterns to name the field that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache
from types import MappingProxyType

_TEXT = "[!-~]+"  # printable ASCII: no escape sequence of a hostile line reaches a terminal as "well formed"
_COUNT = "[0-9]{1,18}"
_TIME = "[0-9]{1,12}"
_PORT = "(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[0-5]?[0-9]{1,4})"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
# IPv6 loosely: the exact grammar makes the automaton of a whole line so large that a scan takes twice as long.
_ADDRESS = rf"(?:{_OCTET}(?:\.{_OCTET}){{3}}|[0-9a-f]{{0,4}}(?::[0-9a-f]{{0,4}}){{2,7}})"
_ACTION = "(?:ACCEPT|REJECT)"
_STATUS = "(?:OK|NODATA|SKIPDATA)"
_VERSION = "[0-9]{1,3}"
_WAY = "[0-9]{1,2}"
_HIGHEST = {_COUNT: 10**18 - 1, _TIME: 10**12 - 1, _PORT: 65535, _BYTE: 255, _VERSION: 999, _WAY: 99}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: AWS's name, the record version that brought it, the pattern of its value, and what it says."""

    name: str
    version: int
    pattern: str
    meaning: str

    @property
    def column(self) -> str:
        """The name in SQL: AWS's Parquet files and Athena tables write underscores."""
        return self.name.replace("-", "_")

    @property
    def highest(self) -> int | None:
        """The highest value of a number; None for a field that holds text."""
        return _HIGHEST.get(self.pattern)

    @property
    def address(self) -> bool:
        """Whether it holds an IP address."""
        return self.pattern == _ADDRESS

    @property
    def free_text(self) -> bool:
        """Whether any printable text is a value of it."""
        return self.pattern == _TEXT

    @property
    def words(self) -> tuple[str, ...]:
        """The values there are, of a field that has only a few."""
        return tuple(self.pattern.removeprefix("(?:").removesuffix(")").split("|"))

    @property
    def required(self) -> bool:
        """Whether a record with status OK always has a value: the fields of version 2, all but the interface.

        A regional NAT gateway writes "-" there and names itself in `resource-id`.
        """
        return self.version == 2 and self.name != "interface-id"


def _fields(version: int, *rows: tuple[str, str, str]) -> tuple[Field, ...]:
    return tuple(Field(name, version, pattern, meaning) for name, pattern, meaning in rows)


_VERSION_2 = _fields(
    2,
    ("version", _VERSION, "highest version among the chosen fields"),
    ("account-id", _TEXT, "owner of the network interface"),
    ("interface-id", _TEXT, "network interface that recorded it"),
    ("srcaddr", _ADDRESS, "source address; the primary private address of the interface when that is the sender"),
    ("dstaddr", _ADDRESS, "destination address; the primary private address of the interface when that receives"),
    ("srcport", _PORT, "source port"),
    ("dstport", _PORT, "destination port"),
    ("protocol", _BYTE, "IANA protocol number"),
    ("packets", _COUNT, "packets in the window"),
    ("bytes", _COUNT, "bytes in the window"),
    ("start", _TIME, "first packet of the window, Unix seconds"),
    ("end", _TIME, "last packet of the window, Unix seconds"),
    ("action", _ACTION, "ACCEPT: group and network ACL both allowed it; REJECT: one of them refused"),
    ("log-status", _STATUS, "OK, NODATA (no traffic) or SKIPDATA (records were lost)"),
)
_VERSION_3 = _fields(
    3,
    ("vpc-id", _TEXT, "VPC of the interface"),
    ("subnet-id", _TEXT, "subnet of the interface"),
    ("instance-id", _TEXT, "instance of the interface; empty for interfaces that AWS manages"),
    ("tcp-flags", _BYTE, "TCP flags, OR-ed over the window"),
    ("type", _TEXT, "IPv4, IPv6 or EFA"),
    ("pkt-srcaddr", _ADDRESS, "source address in the packet itself"),
    ("pkt-dstaddr", _ADDRESS, "destination address in the packet itself"),
)
_VERSION_4 = _fields(
    4,
    ("region", _TEXT, "Region of the interface"),
    ("az-id", _TEXT, "Availability Zone of the interface"),
    ("sublocation-type", _TEXT, "wavelength, outpost or localzone"),
    ("sublocation-id", _TEXT, "id of the sublocation"),
)
_VERSION_5 = _fields(
    5,
    ("pkt-src-aws-service", _TEXT, "AWS service that owns the packet's source address"),
    ("pkt-dst-aws-service", _TEXT, "AWS service that owns the packet's destination address"),
    ("flow-direction", "(?:ingress|egress)", "direction, as the interface sees it"),
    ("traffic-path", _WAY, "way that the traffic leaves by"),
)
_VERSION_6 = _fields(
    6,
    ("resource-type", _TEXT, "TransitGateway"),
    ("tgw-id", _TEXT, "transit gateway"),
    ("tgw-attachment-id", _TEXT, "attachment"),
    ("tgw-src-vpc-account-id", _TEXT, "account of the source VPC"),
    ("tgw-dst-vpc-account-id", _TEXT, "account of the destination VPC"),
    ("tgw-src-vpc-id", _TEXT, "source VPC"),
    ("tgw-dst-vpc-id", _TEXT, "destination VPC"),
    ("tgw-src-subnet-id", _TEXT, "source subnet"),
    ("tgw-dst-subnet-id", _TEXT, "destination subnet"),
    ("tgw-src-eni", _TEXT, "source attachment's interface"),
    ("tgw-dst-eni", _TEXT, "destination attachment's interface"),
    ("tgw-src-az-id", _TEXT, "source Availability Zone"),
    ("tgw-dst-az-id", _TEXT, "destination Availability Zone"),
    ("tgw-pair-attachment-id", _TEXT, "the other attachment"),
    ("packets-lost-no-route", _COUNT, "packets lost for want of a route"),
    ("packets-lost-blackhole", _COUNT, "packets lost in a blackhole route"),
    ("packets-lost-mtu-exceeded", _COUNT, "packets lost for their size"),
    ("packets-lost-ttl-expired", _COUNT, "packets lost for their time to live"),
)
_VERSION_7 = _fields(
    7,
    ("ecs-cluster-arn", _TEXT, "ECS cluster"),
    ("ecs-cluster-name", _TEXT, "ECS cluster"),
    ("ecs-container-instance-arn", _TEXT, "ECS container instance"),
    ("ecs-container-instance-id", _TEXT, "ECS container instance"),
    ("ecs-container-id", _TEXT, "first container"),
    ("ecs-second-container-id", _TEXT, "second container"),
    ("ecs-service-name", _TEXT, "ECS service"),
    ("ecs-task-definition-arn", _TEXT, "ECS task definition"),
    ("ecs-task-arn", _TEXT, "ECS task"),
    ("ecs-task-id", _TEXT, "ECS task"),
)
_LATER = (
    *_fields(8, ("reject-reason", _TEXT, "BPA: VPC Block Public Access refused it")),
    *_fields(9, ("resource-id", _TEXT, "regional NAT gateway")),
    *_fields(10, ("encryption-status", _TEXT, "0 none, 1 by Nitro, 2 by the application, 3 both")),
)

FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        field.name: field
        for field in (*_VERSION_2, *_VERSION_3, *_VERSION_4, *_VERSION_5, *_VERSION_6, *_VERSION_7, *_LATER)
    }
)
"""Every field of versions 2 to 10 by AWS's name."""

DEFAULT_FORMAT: tuple[str, ...] = tuple(field.name for field in _VERSION_2)
"""The default format: the fields of version 2 in AWS's order."""

MAX_FIELDS = 128
_NAME = re.compile(r"[a-z][a-z0-9-]{1,40}")


class Kind(StrEnum):
    """What a line of a flow-log file is."""

    OK = "OK"
    NODATA = "NODATA"
    SKIPDATA = "SKIPDATA"
    MALFORMED = "malformed"
    HEADER = "header"


@lru_cache(maxsize=256)
def read_header(line: str) -> tuple[str, ...] | None:
    """Return the field names of a header line in AWS's spelling, or None when the line is no header.

    Fields may come in any order; unknown names (of versions to come) are kept as long as most are known. The form of
    `LogFormat` in DescribeFlowLogs, `${version} ${account-id} ...`, and underscores for hyphens are understood.
    """
    tokens = [token.removeprefix("${").removesuffix("}").replace("_", "-").lower() for token in line.split(" ")]
    if not 3 <= len(tokens) <= MAX_FIELDS or len(set(tokens)) != len(tokens):
        return None
    if not all(_NAME.fullmatch(token) for token in tokens):
        return None
    known = sum(token in FIELDS for token in tokens)
    return tuple(tokens) if known >= 3 and known * 2 > len(tokens) else None


def field_of(name: str) -> Field:
    """Return the field of that name; one that AWS added since is any printable text."""
    return FIELDS.get(name) or Field(name, 99, _TEXT, "a field newer than this program")


@dataclass(frozen=True, slots=True)
class LinePatterns:
    """The two regular expressions, for whole lines, that make up the well-formed lines of one format."""

    ok: str
    """A record of traffic."""
    idle: str
    """A record that says that there was no traffic (NODATA) or that records were lost (SKIPDATA)."""


@cache
def line_patterns(fields: tuple[str, ...], time: str | None = None) -> LinePatterns:
    """Return the patterns of a format's lines, with `time` as the narrower pattern of their start and end, if given."""
    narrowed = {} if time is None else dict.fromkeys(("start", "end"), time)
    return LinePatterns(
        ok=" ".join(narrowed.get(name) or _ok_pattern(name) for name in fields),
        idle=" ".join(narrowed.get(name) or _idle_pattern(name) for name in fields),
    )


def _ok_pattern(name: str) -> str:
    field = field_of(name)
    if name == "log-status":
        return "OK"
    return field.pattern if field.required or field.pattern == _TEXT else f"(?:{field.pattern}|-)"


def _idle_pattern(name: str) -> str:
    field = field_of(name)
    if name == "log-status":
        return "(?:NODATA|SKIPDATA)"
    if name == "action":
        return "-"
    fixed = field.pattern == _TEXT or name in {"start", "end", "version"}
    return field.pattern if fixed else f"(?:{field.pattern}|-)"


@cache
def _compiled(fields: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    patterns = line_patterns(fields)
    return re.compile(patterns.ok), re.compile(patterns.idle)


def classify(fields: tuple[str, ...], line: str) -> Kind:
    """Say what one line (without its line end) of a file with these fields is."""
    ok, idle = _compiled(fields)
    if ok.fullmatch(line):
        return Kind.MALFORMED if _ends_before_start(fields, line.split(" ")) else Kind.OK
    if idle.fullmatch(line):
        tokens = line.split(" ")
        if _ends_before_start(fields, tokens):
            return Kind.MALFORMED
        lost = "log-status" in fields and tokens[fields.index("log-status")] == "SKIPDATA"
        return Kind.SKIPDATA if lost else Kind.NODATA
    return Kind.HEADER if read_header(line) == fields else Kind.MALFORMED


def _ends_before_start(fields: tuple[str, ...], tokens: Sequence[str]) -> bool:
    if "start" not in fields or "end" not in fields:
        return False
    start, end = tokens[fields.index("start")], tokens[fields.index("end")]
    return start != "-" and end != "-" and int(end) < int(start)


def why_malformed(fields: tuple[str, ...], line: str) -> str:
    """Say in a few words what is wrong with a line that `classify` calls malformed; values are shown escaped."""
    if not line.strip():
        return "blank line"
    if read_header(line) is not None:
        return "a second header line"
    tokens = line.split(" ")
    if len(tokens) != len(fields):
        return f"{len(tokens)} fields where the header names {len(fields)}"
    idle = "log-status" in fields and tokens[fields.index("log-status")] in {"NODATA", "SKIPDATA"}
    for name, token in zip(fields, tokens, strict=True):
        pattern = _idle_pattern(name) if idle else _ok_pattern(name)
        if not re.fullmatch(pattern, token):
            return f"{name} is {shown(token)}"
    if _ends_before_start(fields, tokens):
        return "end is before start"
    return "not a flow-log record"


def shown(text: str, limit: int = 40) -> str:
    """Return text of unknown origin in quotes, escaped to printable ASCII and cut to `limit` characters."""
    return ascii(text if len(text) <= limit else text[:limit] + "...")


def iso(seconds: int) -> str:
    """Return Unix seconds as ISO 8601 in UTC, for example 2026-11-22T09:31:02Z."""
    return datetime.fromtimestamp(min(max(seconds, 0), 253402300799), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
