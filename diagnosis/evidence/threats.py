"""What AWS's detectives say of addresses: findings of GuardDuty, indicators of Detective's investigations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from diagnosis.traffic.addresses import parse_address


@dataclass(frozen=True, slots=True)
class ThreatQuery:
    """Whom to ask about: addresses of both families in canonical text, and the Regions that are asked."""

    addresses: tuple[str, ...]
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of GuardDuty that names one of the addresses, by AWS's words."""

    id: str
    type: str
    title: str
    severity: float
    addresses: tuple[str, ...]
    region: str
    first: str | None
    last: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """What an investigation of Detective (of a role or a user; it has none of addresses) says of an address."""

    kind: str
    address: str
    told: str
    investigation: str
    severity: str
    entity: str
    region: str


@dataclass(frozen=True, slots=True)
class Heard:
    """All that was said; `troubles` are sentences on what was not, each with who must act."""

    findings: tuple[Finding, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    troubles: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    """The Regions in which GuardDuty answered."""


def addresses_in(value: Any) -> Iterator[str]:
    """Every text of a finding's members that may be an address, wherever it stands: not all have a key of their own."""
    match value:
        case str():
            yield value
        case Mapping():
            for member in value.values():
                yield from addresses_in(member)
        case list() | tuple():
            for item in value:
                yield from addresses_in(item)
        case _:
            return


def named(value: Any, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the addresses that stand in a value, whatever their spelling."""
    found = {number for text in addresses_in(value) if (number := _number(text)) is not None}
    return tuple(address for address in wanted if _number(address) in found)


def _number(text: str) -> int | None:
    if not 2 <= len(text) <= 45 or ("." not in text and ":" not in text):
        return None
    try:
        return parse_address(text)
    except ValueError:
        return None
