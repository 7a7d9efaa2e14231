"""A host name in the private zones of Route 53, as the resolver of one VPC answers it."""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.private_zones import RECORDS, ZONE, PrivateZone, Record

LONGEST_CHAIN = 8
"""So many names may lead to one another; what is longer is a circle."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A zone that resolves the name, and its records of it; none where it says that there is no such name."""

    zone: PrivateZone
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class NotTold:
    """What a private zone makes of the name cannot be said."""

    gap: Missing


def by_private_zone(network: Network, host: str, near: str | None) -> Answered | NotTold | None:
    """What the resolver of the VPC `near` makes of a name by a private zone; None where none of them has a say.

    Of the zones that are associated with a VPC the one with the longest name answers, also where it has no such record
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html).
    """
    covering = sorted((z for z in network.private_zones if z.covers(host)), key=lambda z: (-len(z.name), z.id))
    applying = [z for z in covering if near is None or z.vpcs is None or near in z.vpcs]
    if near is None:
        applying = [z for z in applying if z.records is None or z.lookup(host)]
    if not applying:
        return _elsewhere(covering, host, near)
    zone = applying[0]
    if zone.records is None:
        return NotTold(network.gap(RECORDS, (), f"what private zone {_called(zone)} makes of {host}"))
    if zone.vpcs is None and near is not None:
        return NotTold(network.gap(ZONE, (), f"whether private zone {_called(zone)} is associated with {near}"))
    return Answered(zone, zone.lookup(host))


def _elsewhere(covering: list[PrivateZone], host: str, near: str | None) -> NotTold | None:
    """A name that is held by a zone of other VPCs alone: there it leads somewhere, and here to what nobody saw."""
    for zone in covering:
        if zone.lookup(host):
            reason = (
                f"private zone {_called(zone)} holds {host} and is not associated with {near}: from there the name leads "
                "elsewhere, or nowhere"
            )
            return NotTold(Missing("", "", "", reason))
    return None


def no_record(zone: PrivateZone, host: str) -> str:
    """That a zone which answers for a name has no record of it."""
    return f"Private zone {_called(zone)} has no record of {host}."


def _called(zone: PrivateZone) -> str:
    return f"{zone.name} ({zone.id})"
