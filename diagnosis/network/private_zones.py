"""Private hosted zones of Route 53: names that only the VPCs with which a zone is associated resolve as it says.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zones-private.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from diagnosis.network.described import Described
from diagnosis.network.shape import Item, flag, items, member, needed_text, text
from diagnosis.traffic.addresses import parse_address

ZONES = "route53.list_hosted_zones"
ZONE = "route53.get_hosted_zone"
RECORDS = "route53.list_resource_record_sets"
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Record:
    """What a name leads to: addresses, or another name."""

    addresses: tuple[int, ...] = ()
    target: str | None = None


@dataclass(frozen=True, slots=True)
class PrivateZone:
    """A zone, its name in lower case without the dot at its end, as all names here."""

    id: str
    name: str
    vpcs: frozenset[str] | None
    """The VPCs with which it is associated; None where that was not seen."""
    records: Mapping[str, tuple[Record, ...]] | None
    """Records of addresses and of other names; None where they were not seen."""

    def covers(self, host: str) -> bool:
        """Whether a name is the zone's to resolve, where it is associated."""
        return host == self.name or host.endswith(f".{self.name}")

    def lookup(self, host: str) -> tuple[Record, ...]:
        """The records of a name, else those of the closest `*` above it; none where it has none, or none were seen."""
        records = self.records or {}
        if host in records:
            return records[host]
        labels = host.split(".")
        above = (".".join(("*", *labels[n:])) for n in range(1, len(labels)))
        return next((records[name] for name in above if name in records), ())


Parse = Callable[..., Any]


def private_zones(described: Described, parsed: Parse) -> tuple[PrivateZone, ...]:
    """The private zones that were seen. `parsed` reads one entity, or names it as malformed and gives None."""
    names, vpcs, records = _names(described, parsed), _associated(described, parsed), _records(described, parsed)
    return tuple(PrivateZone(zone, name, vpcs.get(zone), records.get(zone)) for zone, name in sorted(names.items()))


def host_name(name: str) -> str:
    """A name as Route 53 writes it, `Orders.example.com.`, in lower case, without octal escapes and the last dot."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), name).rstrip(".").lower()


def _answers(described: Described, call: str) -> Iterator[tuple[str | None, Mapping[str, Any]]]:
    found = [(name, answer) for name, answer in described.answers.items() if name.name == call]
    for name, answer in sorted(found, key=lambda pair: (pair[0][:3], pair[0].argument or "")):
        yield name.argument, answer


def _names(described: Described, parsed: Parse) -> dict[str, str]:
    listed: list[Item] = []
    for _, answer in _answers(described, ZONES):
        listed += parsed("HostedZones", ZONES, items, answer, "HostedZones") or ()
    for _, answer in _answers(described, ZONE):
        listed.append(parsed("HostedZone", ZONE, member, answer, "HostedZone") or {})
    found = (parsed(f"HostedZones {item.get('Id')}", str(item.get("Id")), _named, item) for item in listed if item)
    return dict(pair for pair in found if pair is not None and pair[1])


def _named(item: Item) -> tuple[str, str]:
    """The id and the name of a private zone; an empty name where it is public."""
    private = flag(member(item, "Config"), "PrivateZone")
    return needed_text(item, "Id").rsplit("/", 1)[-1], host_name(needed_text(item, "Name")) if private else ""


def _associated(described: Described, parsed: Parse) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for argument, answer in _answers(described, ZONE):
        zone = argument or str(member(answer, "HostedZone").get("Id")).rsplit("/", 1)[-1]
        vpcs = parsed(f"HostedZone {zone}", zone, _vpcs, answer) if "VPCs" in answer else None
        if vpcs is not None:
            found[zone] = found.get(zone, frozenset()) | vpcs
    return found


def _vpcs(answer: Item) -> frozenset[str]:
    return frozenset(needed_text(item, "VPCId") for item in items(answer, "VPCs"))


def _records(described: Described, parsed: Parse) -> dict[str, Mapping[str, tuple[Record, ...]]]:
    found: dict[str, Mapping[str, tuple[Record, ...]]] = {}
    for zone, answer in _answers(described, RECORDS):
        read = parsed(f"ResourceRecordSets of {zone}", str(zone), _by_name, answer)
        if zone is not None and read is not None:
            found[zone] = read
    return found


def _by_name(answer: Item) -> Mapping[str, tuple[Record, ...]]:
    """Where a name has IPv4 and IPv6 addresses, those of IPv4 count: they are what most clients take."""
    by_kind: defaultdict[tuple[str, bool], list[Record]] = defaultdict(list)
    for item in items(answer, "ResourceRecordSets"):
        kind = text(item, "Type")
        if kind in ("A", "AAAA", "CNAME"):
            by_kind[host_name(needed_text(item, "Name")), kind == "AAAA"].append(_record(item, kind))
    return {
        name: tuple(records)
        for (name, six), records in sorted(by_kind.items())
        if not six or (name, False) not in by_kind
    }


def _record(item: Item, kind: str) -> Record:
    alias = text(member(item, "AliasTarget"), "DNSName")
    values = [needed_text(value, "Value") for value in items(item, "ResourceRecords")]
    if alias is not None or kind == "CNAME":
        return Record(target=host_name(alias or next(iter(values), "")))
    return Record(addresses=tuple(parse_address(value) for value in values))
