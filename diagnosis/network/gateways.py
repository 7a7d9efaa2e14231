"""Gateways of a VPC: internet, egress-only internet, NAT, and peering connections."""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.network.shape import Item, flag, items, member, name_tag, needed_items, needed_text, text, texts, word
from diagnosis.network.vpcs import Origins
from diagnosis.traffic.addresses import parse_address, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, join_all

ATTACHED = frozenset({"attached", "available"})
"""AWS reports a working attachment as either (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InternetGatewayAttachment.html)."""


@dataclass(frozen=True, slots=True)
class InternetGateway:
    """An internet gateway or an egress-only internet gateway, with its attachments as (VPC, state)."""

    id: str
    attachments: tuple[tuple[str, str], ...]
    egress_only: bool
    name: str | None
    origins: Origins

    def state_for(self, vpc: str | None) -> str | None:
        """The state of the attachment to this VPC; None where it has none."""
        for attached, state in self.attachments:
            if attached == vpc:
                return state
        return None


@dataclass(frozen=True, slots=True)
class NatAddress:
    """One address of a NAT gateway."""

    private: int | None
    public: int | None
    interface: str | None
    primary: bool
    zone: str | None = None
    """Where a regional NAT gateway uses this address, by name, else by id; None where the answer does not say."""
    zone_id: str | None = None
    serving: bool = True
    """Whether connections may be made from it: a secondary one may be on its way in or out."""


@dataclass(frozen=True, slots=True)
class NatGateway:
    """A NAT gateway. A regional one has no subnet."""

    id: str
    vpc: str | None
    subnet: str | None
    state: str
    public: bool
    regional: bool
    addresses: tuple[NatAddress, ...]
    name: str | None
    origins: Origins
    route_table: str | None = None
    """The table of a regional one, which has no subnet to take one from."""
    follows_zones: bool = False
    """Whether a regional one spreads to new zones of the VPC by itself."""

    def present_in(self, zone: str | None, zone_id: str | None) -> bool | None:
        """Whether a regional one works in a zone; None where what was seen does not say."""
        known = [a for a in self.addresses if a.zone or a.zone_id]
        if any((a.zone and a.zone == zone) or (a.zone_id and a.zone_id == zone_id) for a in known):
            return True
        return False if known and len(known) == len(self.addresses) and (zone or zone_id) else None


@dataclass(frozen=True, slots=True)
class PeeringSide:
    """One VPC of a peering connection, as the connection describes it."""

    vpc: str
    account: str
    region: str
    addresses: IntervalSet
    resolves: bool | None = None
    """Whether public DNS names of its interfaces give the other side their private addresses; None where not seen."""


@dataclass(frozen=True, slots=True)
class PeeringConnection:
    """A VPC peering connection between two VPCs."""

    id: str
    state: str
    requester: PeeringSide
    accepter: PeeringSide
    name: str | None
    origins: Origins

    def other_side(self, vpc: str | None) -> PeeringSide | None:
        """The side across from this VPC; None where it is no side of the connection."""
        if vpc == self.requester.vpc:
            return self.accepter
        if vpc == self.accepter.vpc:
            return self.requester
        return None


def parse_internet_gateway(item: Item, origins: Origins, *, egress_only: bool) -> InternetGateway:
    """An entry of `InternetGateways` or `EgressOnlyInternetGateways`."""
    key = "EgressOnlyInternetGatewayId" if egress_only else "InternetGatewayId"
    attachments = {(needed_text(a, "VpcId"), word(a, "State") or "attached") for a in needed_items(item, "Attachments")}
    return InternetGateway(text(item, key) or "", tuple(sorted(attachments)), egress_only, name_tag(item), origins)


def parse_nat_gateway(item: Item, origins: Origins) -> NatGateway:
    """An entry of `NatGateways`."""
    addresses = []
    for entry in items(item, "NatGatewayAddresses"):
        private, public = text(entry, "PrivateIp"), text(entry, "PublicIp")
        addresses.append(
            NatAddress(
                parse_address(private) if private else None,
                parse_address(public) if public else None,
                text(entry, "NetworkInterfaceId"),
                entry.get("IsPrimary") is not False,
                text(entry, "AvailabilityZone"),
                text(entry, "AvailabilityZoneId"),
                (word(entry, "Status") or "succeeded") == "succeeded",
            )
        )
    return NatGateway(
        id=text(item, "NatGatewayId") or "",
        vpc=text(item, "VpcId"),
        subnet=text(item, "SubnetId"),
        state=word(item, "State") or "available",
        public=(word(item, "ConnectivityType") or "public") == "public",
        regional=word(item, "AvailabilityMode") == "regional",
        addresses=tuple(sorted(addresses, key=lambda a: (not a.primary, a.private or 0, a.zone or "", a.public or 0))),
        name=name_tag(item),
        origins=origins,
        route_table=text(item, "RouteTableId"),
        follows_zones=word(item, "AutoProvisionZones") == "enabled",
    )


def _side(info: Item) -> PeeringSide:
    cidrs = [text(c, "CidrBlock") for c in items(info, "CidrBlockSet")]
    cidrs += [text(c, "Ipv6CidrBlock") for c in items(info, "Ipv6CidrBlockSet")]
    cidrs.append(text(info, "CidrBlock"))
    cidrs += texts(info, "CidrBlocks")
    return PeeringSide(
        vpc=text(info, "VpcId") or "",
        account=text(info, "OwnerId") or "",
        region=text(info, "Region") or "",
        addresses=join_all(parse_cidr(cidr) for cidr in cidrs if cidr),
        resolves=flag(member(info, "PeeringOptions"), "AllowDnsResolutionFromRemoteVpc"),
    )


def parse_peering(item: Item, origins: Origins) -> PeeringConnection:
    """An entry of `VpcPeeringConnections`."""
    return PeeringConnection(
        id=text(item, "VpcPeeringConnectionId") or "",
        state=word(member(item, "Status"), "Code") or "active",
        requester=_side(member(item, "RequesterVpcInfo")),
        accepter=_side(member(item, "AccepterVpcInfo")),
        name=name_tag(item),
        origins=origins,
    )
