"""VPC Block Public Access: the switch over internet gateways of a Region.

https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from diagnosis.network.coverage import Coverage, Missing
from diagnosis.network.shape import Item, Malformed, text, word
from diagnosis.network.vpcs import Origins, Subnet, Vpc

OPTIONS = "ec2.describe_vpc_block_public_access_options"
EXCLUSIONS = "ec2.describe_vpc_block_public_access_exclusions"
HALF_DONE = frozenset({"create-in-progress", "update-in-progress", "delete-in-progress", "disable-in-progress"})
"""States of an exclusion in which it may or may not have effect."""
UNSETTLED = "unsettled"
"""The mode of an exclusion that does not say one, or that may or may not have effect yet."""
MODES = ("off", "block-bidirectional", "block-ingress")


@dataclass(frozen=True, slots=True)
class PublicAccess:
    """The mode per (account, Region), and the exclusions by the id of their VPC or subnet."""

    modes: Mapping[tuple[str, str], str]
    """Only where the answer says one."""
    exclusions: Mapping[str, str]
    """`allow-bidirectional`, `allow-egress` or `UNSETTLED`, by VPC or subnet id."""
    no_exclusions: frozenset[tuple[str, str]] = frozenset()
    """Where a declarative policy allows none: those that exist then have no effect."""
    exclusions_unread: bool = False
    """Whether an exclusion could not be read, so that there may be more."""


@dataclass(frozen=True, slots=True)
class BlockState:
    """What Block Public Access does to the traffic of a subnet."""

    mode: str
    assumed: bool = False
    missing: Missing | None = None


def parse_public_access(options: Iterable[tuple[tuple[str, str], Item]], exclusions: Iterable[Item]) -> PublicAccess:
    """The answers of both calls."""
    modes = {}
    no_exclusions = set()
    for where, item in options:
        try:
            mode = word(item, "InternetGatewayBlockMode")
            if word(item, "ExclusionsAllowed") == "not-allowed":
                no_exclusions.add(where)
        except Malformed:
            mode = None
        if mode:
            modes[where] = mode
    excluded = {}
    unread = False
    for item in exclusions:
        try:
            state, arn = word(item, "State") or "create-complete", text(item, "ResourceArn")
            mode = word(item, "InternetGatewayExclusionMode") or ""
        except Malformed:
            unread = True
            continue
        if state not in HALF_DONE and state not in ("create-complete", "update-complete"):
            continue
        if arn:
            excluded[arn.rsplit("/", 1)[-1]] = UNSETTLED if state in HALF_DONE or not mode else mode
        else:
            unread = True
    return PublicAccess(modes, excluded, frozenset(no_exclusions), unread)


def block_state(
    access: PublicAccess, coverage: Coverage, vpc: Vpc | None, subnet: Subnet | None, near: Origins
) -> BlockState:
    """The mode that applies to a subnet: as it says itself, else its VPC, else the Region's option and exclusions."""
    for reported in (subnet, vpc):
        if reported is not None and reported.block_mode is not None:
            return BlockState(reported.block_mode)
    origins: Origins = (subnet.origins if subnet else ()) or (vpc.origins if vpc else ()) or near
    if not coverage.seen(OPTIONS, origins):
        if coverage.named(OPTIONS) and not coverage.lacking(OPTIONS, origins):
            return BlockState("unknown", missing=coverage.missing(OPTIONS, origins, "Block Public Access was not seen"))
        return BlockState("off", assumed=True)
    mode = next((access.modes[o] for o in (*origins, ("", "")) if o in access.modes), None)
    if mode is None:
        known = set(access.modes.values())
        if len(known) != 1:
            return BlockState("unknown", missing=coverage.missing(OPTIONS, origins, "the mode of Block Public Access"))
        [mode] = known
    if mode == "off":
        return BlockState("off")
    if any(origin in access.no_exclusions for origin in (*origins, ("", ""))):
        return BlockState(mode)
    for place in (subnet, vpc):
        exclusion = access.exclusions.get(place.id) if place is not None else None
        if exclusion == "allow-bidirectional":
            return BlockState("off")
        if exclusion == "allow-egress":
            return BlockState("block-ingress")
        if exclusion == UNSETTLED and place is not None:
            gap = coverage.missing(EXCLUSIONS, origins, f"whether the exclusion of {place.id} has effect")
            return BlockState("unknown", missing=gap)
    if access.exclusions_unread or (not coverage.seen(EXCLUSIONS, origins) and coverage.named(EXCLUSIONS)):
        gap = coverage.missing(EXCLUSIONS, origins, "exclusions from Block Public Access were not seen")
        return BlockState("unknown", missing=gap)
    return BlockState(mode, assumed=not coverage.seen(EXCLUSIONS, origins))
