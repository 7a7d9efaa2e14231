"""VPCs and subnets."""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.network.shape import Item, items, member, name_tag, region_of, tags, text, word
from diagnosis.traffic.addresses import parse_cidr
from diagnosis.traffic.intervals import IntervalSet, join_all

Origins = tuple[tuple[str, str], ...]
"""The (account, Region) pairs whose answers held an entity, sorted; ("", "") for a loose folder."""

GONE = frozenset({"disassociated", "disassociating", "failed", "failing"})


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC and its address ranges, IPv4 and IPv6."""

    id: str
    account: str
    region: str
    cidrs: tuple[str, ...]
    addresses: IntervalSet
    name: str | None
    resolver: int | None
    """The address of its DNS resolver: the primary IPv4 range's first, plus two
    (https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html)."""
    block_mode: str | None
    """Block Public Access as this VPC reports it: off, block-bidirectional, block-ingress; None where it does not."""
    origins: Origins
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet and its address ranges."""

    id: str
    vpc: str | None
    account: str
    region: str
    zone: str | None
    zone_id: str | None
    cidrs: tuple[str, ...]
    addresses: IntervalSet
    name: str | None
    block_mode: str | None
    origins: Origins


def _associated(item: Item, key: str, cidr_key: str, state_key: str) -> list[str]:
    found = []
    for association in items(item, key):
        cidr = text(association, cidr_key)
        if cidr and (word(member(association, state_key), "State") or "associated") not in GONE:
            found.append(cidr)
    return found


def parse_vpc(item: Item, origins: Origins) -> Vpc:
    """An entry of `Vpcs`."""
    cidrs = _associated(item, "CidrBlockAssociationSet", "CidrBlock", "CidrBlockState")
    primary = text(item, "CidrBlock")
    if primary and not item.get("CidrBlockAssociationSet"):
        cidrs.append(primary)
    cidrs += _associated(item, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState")
    unique = tuple(sorted(set(cidrs)))
    four = [cidr for cidr in unique if ":" not in cidr]
    first = primary or (four[0] if len(four) == 1 else None)
    return Vpc(
        id=text(item, "VpcId") or "",
        account=text(item, "OwnerId") or "",
        region=region_of(item),
        cidrs=unique,
        addresses=join_all(parse_cidr(cidr) for cidr in unique),
        name=name_tag(item),
        resolver=parse_cidr(first)[0] + 2 if first else None,
        block_mode=word(member(item, "BlockPublicAccessStates"), "InternetGatewayBlockMode"),
        origins=origins,
        tags=tags(item),
    )


def parse_subnet(item: Item, origins: Origins) -> Subnet:
    """An entry of `Subnets`."""
    cidrs = _associated(item, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState")
    primary = text(item, "CidrBlock")
    if primary:
        cidrs.append(primary)
    unique = tuple(sorted(set(cidrs)))
    return Subnet(
        id=text(item, "SubnetId") or "",
        vpc=text(item, "VpcId"),
        account=text(item, "OwnerId") or "",
        region=region_of(item),
        zone=text(item, "AvailabilityZone"),
        zone_id=text(item, "AvailabilityZoneId"),
        cidrs=unique,
        addresses=join_all(parse_cidr(cidr) for cidr in unique),
        name=name_tag(item),
        block_mode=word(member(item, "BlockPublicAccessStates"), "InternetGatewayBlockMode"),
        origins=origins,
    )
