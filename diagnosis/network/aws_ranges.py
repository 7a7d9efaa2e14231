"""AWS's own public ranges: the document `ip-ranges.json`, and whose an address is by it.

https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-syntax.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from diagnosis.traffic.addresses import format_cidrs, is_ipv6, parse_cidr
from diagnosis.traffic.intervals import IntervalSet

EVERYTHING = "AMAZON"
"""The service under which every range of AWS stands, whatever else it stands under."""


class NotAwsRanges(ValueError):
    """A text is not the document. Says what is wrong with it, as the rest of a sentence."""


@dataclass(frozen=True, slots=True)
class AwsRange:
    """One range, with all that it is used for where AWS says more than that it is AWS's."""

    cidr: str
    services: tuple[str, ...]
    """AWS's words, such as `EC2` or `S3`; `AMAZON` alone where there is no other."""
    region: str
    """Such as `eu-central-1`, or `GLOBAL`."""


@dataclass(frozen=True, slots=True)
class AwsRanges:
    """The document: when AWS made it (ISO 8601 UTC), and its ranges by their addresses."""

    made_at: str
    ranges: Mapping[IntervalSet, AwsRange]

    def holding(self, address: int) -> AwsRange | None:
        """The smallest range that holds an address."""
        return next((self.ranges[block] for block in blocks_of(address) if block in self.ranges), None)


def blocks_of(address: int) -> Iterator[IntervalSet]:
    """Every CIDR block that holds an address, the smallest first."""
    base, bits = (1 << 32, 128) if is_ipv6(address) else (0, 32)
    for host_bits in range(bits + 1):
        low = base + ((address - base) >> host_bits << host_bits)
        yield (low, low + (1 << host_bits))


def parse_ranges(text: str) -> AwsRanges:
    """The document as values. Raises NotAwsRanges."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise NotAwsRanges("it is no JSON document") from None
    if not isinstance(document, dict) or not isinstance(document.get("prefixes"), list):
        raise NotAwsRanges("it has no list `prefixes`")
    found: dict[IntervalSet, list[tuple[str, str]]] = {}
    for block, service, region in _rows(document):
        found.setdefault(block, []).append((service, region))
    if not found:
        raise NotAwsRanges("it lists no range")
    return AwsRanges(_made_at(document), {block: _range(block, rows) for block, rows in found.items()})


def _rows(document: Mapping[str, Any]) -> Iterator[tuple[IntervalSet, str, str]]:
    for key, member in (("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")):
        rows = document.get(key, [])
        if not isinstance(rows, list):
            raise NotAwsRanges(f"its `{key}` is no list")
        for place, row in enumerate(rows):
            of = f"entry {place} of `{key}`"
            told = [row.get(name) for name in (member, "service", "region")] if isinstance(row, dict) else [None]
            texts = [one for one in told if isinstance(one, str) and one]
            if len(texts) < 3:
                raise NotAwsRanges(f"{of} lacks {member}, service or region")
            try:
                yield parse_cidr(texts[0]), texts[1], texts[2]
            except ValueError as error:
                raise NotAwsRanges(f"{of}: {error}") from None


def _range(block: IntervalSet, rows: list[tuple[str, str]]) -> AwsRange:
    """The row of a service wins over the one that says AMAZON; a Region over GLOBAL."""
    special = [row for row in rows if row[0] != EVERYTHING] or rows
    regions = sorted({region for _, region in special}, key=lambda region: (region == "GLOBAL", region))
    return AwsRange(format_cidrs(block)[0], tuple(sorted({service for service, _ in special})), regions[0])


def _made_at(document: Mapping[str, Any]) -> str:
    """`createDate`, which AWS writes as 2026-11-20-01-23-45 in UTC."""
    try:
        made = datetime.strptime(str(document.get("createDate")), "%Y-%m-%d-%H-%M-%S").replace(tzinfo=UTC)
    except ValueError:
        raise NotAwsRanges("it has no `createDate` of the form YYYY-MM-DD-hh-mm-ss") from None
    return made.strftime("%Y-%m-%dT%H:%M:%SZ")
