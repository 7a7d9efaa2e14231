"""One record decoded for a person: every field with its meaning in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from diagnosis.evidence.records import DEFAULT_FORMAT, Kind, classify, field_of, iso, why_malformed

_PROTOCOLS = MappingProxyType(
    {1: "ICMP", 2: "IGMP", 4: "IPv4", 6: "TCP", 17: "UDP", 41: "IPv6", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6"}
)
_FLAGS = ((1, "FIN"), (2, "SYN"), (4, "RST"), (8, "PSH"), (16, "ACK"), (32, "URG"))
_PATHS = MappingProxyType(
    {
        1: "to a resource in the same VPC",
        2: "through an internet gateway or a gateway endpoint",
        3: "through a virtual private gateway",
        4: "through a peering connection in the Region",
        5: "through a peering connection between Regions",
        6: "through a local gateway",
        7: "through a gateway endpoint",
        8: "through an internet gateway",
    }
)


@dataclass(frozen=True, slots=True)
class Record:
    """One well-formed line: its raw values by AWS's field names."""

    values: Mapping[str, str]

    def meaning(self, name: str) -> str:
        """Say in words what the value of field `name` means; the value itself where there is nothing to add."""
        value = self.values[name]
        if value == "-":
            return "not applicable"
        match name:
            case "protocol":
                return _PROTOCOLS.get(int(value), f"protocol {value}")
            case "start" | "end":
                return iso(int(value))
            case "tcp-flags":
                return flag_names(int(value))
            case "action":
                return "allowed by group and network ACL" if value == "ACCEPT" else "refused by group or network ACL"
            case "log-status":
                return {
                    "OK": "logged normally",
                    "NODATA": "no traffic in the window",
                    "SKIPDATA": "records were lost in the window",
                }[value]
            case "traffic-path":
                return _PATHS.get(int(value), value)
            case _:
                return value

    def described(self) -> tuple[tuple[str, str, str], ...]:
        """Return every field as (name, value, meaning), in the line's own order."""
        return tuple((name, value, self.meaning(name)) for name, value in self.values.items())


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that is no record, and why."""

    reason: str


def flag_names(flags: int) -> str:
    """Name TCP flags: 18 is "SYN-ACK", 2 is "SYN", 0 is "none recorded" (a plain ACK is not recorded)."""
    names = [name for bit, name in _FLAGS if flags & bit]
    if flags & 18 == 18:
        names = ["SYN-ACK", *(name for name in names if name not in {"SYN", "ACK"})]
    return "+".join(names) if names else "none recorded"


def decode(line: str, fields: tuple[str, ...] = DEFAULT_FORMAT) -> Record | Malformed:
    """Read one line in the given format (the default format of version 2 unless told)."""
    if classify(fields, line) in {Kind.MALFORMED, Kind.HEADER}:
        return Malformed(why_malformed(fields, line))
    return Record(
        MappingProxyType({field_of(name).name: value for name, value in zip(fields, line.split(" "), strict=True)})
    )
