"""VPC Block Public Access: the switch over internet gateways of a Region.

https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from diagnosis.network.coverage import Coverage, Missing
from diagnosis.network.shape import Item, text, word
from diagnosis.network.vpcs import Origins, Subnet, Vpc

OPTIONS = "ec2.describe_vpc_block_public_access_options"
EXCLUSIONS = "ec2.describe_vpc_block_public_access_exclusions"
MODES = ("off", "block-bidirectional", "block-ingress")


@dataclass(frozen=True, slots=True)
class PublicAccess:
    """The mode per (account, Region), and the exclusions by the id of their VPC or subnet."""

    modes: Mapping[tuple[str, str], str]
    exclusions: Mapping[str, str]
    """`allow-bidirectional` or `allow-egress`, by VPC or subnet id."""


@dataclass(frozen=True, slots=True)
class BlockState:
    """What Block Public Access does to the traffic of a subnet."""

    mode: str
    assumed: bool = False
    missing: Missing | None = None


def parse_public_access(options: Iterable[tuple[tuple[str, str], Item]], exclusions: Iterable[Item]) -> PublicAccess:
    """The answers of both calls."""
    modes = {}
    for where, item in options:
        mode = word(item, "InternetGatewayBlockMode")
        if mode:
            modes[where] = mode
    excluded = {}
    for item in exclusions:
        if (word(item, "State") or "create-complete") not in ("create-complete", "update-complete"):
            continue
        for arn in (text(item, "ResourceArn"),):
            if arn:
                excluded[arn.rsplit("/", 1)[-1]] = word(item, "InternetGatewayExclusionMode") or ""
    return PublicAccess(modes, excluded)


def block_state(
    access: PublicAccess, coverage: Coverage, vpc: Vpc | None, subnet: Subnet | None, near: Origins
) -> BlockState:
    """The mode that applies to a subnet: as it says itself, else its VPC, else the Region's option and exclusions."""
    for reported in (subnet, vpc):
        if reported is not None and reported.block_mode is not None:
            return BlockState(reported.block_mode)
    origins: Origins = (subnet.origins if subnet else ()) or (vpc.origins if vpc else ()) or near
    if not coverage.seen(OPTIONS, origins):
        if coverage.named(OPTIONS):
            return BlockState("unknown", missing=coverage.missing(OPTIONS, origins, "Block Public Access was not seen"))
        return BlockState("off", assumed=True)
    mode = next((access.modes[o] for o in (*origins, ("", "")) if o in access.modes), None)
    if mode is None:
        mode = next(iter(access.modes.values()), "off") if len(set(access.modes.values())) == 1 else "off"
    if mode == "off":
        return BlockState("off")
    for place in (subnet, vpc):
        exclusion = access.exclusions.get(place.id) if place is not None else None
        if exclusion == "allow-bidirectional":
            return BlockState("off")
        if exclusion == "allow-egress":
            return BlockState("block-ingress")
    return BlockState(mode)
