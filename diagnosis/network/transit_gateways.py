"""Transit gateways: the gateways, what is attached to them, and the route tables by which they forward.

A gateway is often shared: its owner's account shows route tables and associations, the account of an attached VPC shows
subnets and options. A peering attachment joins two gateways and has one record at each, under one id or two
(https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from diagnosis.network.security_groups import canonical
from diagnosis.network.shape import Item, flag, items, member, name_tag, region_of, text, texts, word
from diagnosis.network.vpcs import Origins

WORKING = frozenset({"available", "modifying"})
"""States in which a gateway or an attachment carries traffic."""
PEERINGS = frozenset({"peering", "tgw-peering"})
"""Kinds of attachments whose resource is another transit gateway."""
OVER = frozenset({"deleted", "deleting", "failed", "rejected"})
"""States of attachments that AWS still lists for a while and that will not work again."""


@dataclass(frozen=True, slots=True)
class TransitGateway:
    """A transit gateway."""

    id: str
    account: str
    region: str
    state: str
    references: bool | None
    """`SecurityGroupReferencingSupport`; None where the answer does not say: it has no default to rely on."""
    name: str | None
    origins: Origins


@dataclass(frozen=True, slots=True)
class TransitGatewayAttachment:
    """What is attached to a transit gateway, seen from that gateway."""

    id: str
    gateway: str
    kind: str
    """`ResourceType`: vpc, vpn, direct-connect-gateway, connect, peering, ..."""
    resource: str
    """The VPC, the VPN connection, the gateway across a peering."""
    owner: str
    """The account of the resource."""
    gateway_owner: str
    state: str
    table: str | None
    """The associated route table, where the attachment itself says it."""
    association: str | None
    """The state of that association."""
    subnets: tuple[str, ...] | None
    """One subnet for each zone in which a VPC is attached; None where that was not seen."""
    appliance_mode: bool | None
    references: bool | None
    ipv6: bool | None
    across: str
    """The id of the same peering at the other gateway; empty for everything else."""
    says_table: bool
    """Whether the gateway's own account was asked, so that no association means that there is none."""
    name: str | None
    origins: Origins


@dataclass(frozen=True, slots=True, order=True)
class TransitGatewayRoute:
    """One route of a transit gateway route table."""

    destination: str
    """A CIDR in canonical text, or a prefix list id where the answer gives no CIDR."""
    is_prefix_list: bool
    from_prefix_list: bool
    propagated: bool
    state: str
    targets: tuple[tuple[str, str, str], ...]
    """Attachment id, resource id and resource type of each target; several share the traffic."""


@dataclass(frozen=True, slots=True)
class TransitGatewayRouteTable:
    """A route table of a transit gateway."""

    id: str
    gateway: str | None
    routes: tuple[TransitGatewayRoute, ...] | None
    """None where they were not seen, or not all of them."""
    associated: Mapping[str, str] | None
    """State of the association by attachment id; None where the associations were not seen."""
    name: str | None
    origins: Origins


@dataclass(frozen=True)
class Transit:
    """All transit gateways, and how attachments are found."""

    gateways: Mapping[str, TransitGateway] = field(default_factory=dict)
    attachments: tuple[TransitGatewayAttachment, ...] = ()
    tables: Mapping[str, TransitGatewayRouteTable] = field(default_factory=dict)
    names: Mapping[str, str | None] = field(default_factory=dict)
    """Names of attachments by id."""

    @cached_property
    def _by_id(self) -> Mapping[tuple[str, str], TransitGatewayAttachment]:
        return {(a.gateway, a.id): a for a in self.attachments}

    @cached_property
    def of_vpc(self) -> Mapping[str, tuple[TransitGatewayAttachment, ...]]:
        """Attachments by VPC, those that work first."""
        found: defaultdict[str, list[TransitGatewayAttachment]] = defaultdict(list)
        for attachment in self.attachments:
            if attachment.kind == "vpc":
                found[attachment.resource].append(attachment)
        return {
            vpc: tuple(sorted(some, key=lambda a: (a.state not in WORKING, a.state in OVER, a.gateway, a.id)))
            for vpc, some in found.items()
        }

    def at(self, gateway: str, attachment: str) -> TransitGatewayAttachment | None:
        """The attachment of this id at this gateway."""
        return self._by_id.get((gateway, attachment))

    def joining(self, vpc: str | None, gateway: str) -> TransitGatewayAttachment | None:
        """The attachment of a VPC to a gateway: the one that works, where AWS lists old ones too."""
        return next((a for a in self.of_vpc.get(vpc or "", ()) if a.gateway == gateway), None)

    def joining_both(self, one: str | None, other: str | None) -> tuple[str, ...]:
        """The gateways to which two VPCs are attached by attachments that work."""
        ours = {a.gateway for a in self.of_vpc.get(one or "", ()) if a.state in WORKING}
        theirs = {a.gateway for a in self.of_vpc.get(other or "", ()) if a.state in WORKING}
        return tuple(sorted(ours & theirs))

    def other_side(self, peering: TransitGatewayAttachment) -> TransitGatewayAttachment | None:
        """The record of a peering attachment at the gateway across."""
        for identity in (peering.across, peering.id):
            found = self._by_id.get((peering.resource, identity)) if identity else None
            if found is not None:
                return found
        back = [
            a
            for a in self.attachments
            if a.gateway == peering.resource and a.kind in PEERINGS and a.resource == peering.gateway
        ]
        return back[0] if len(back) == 1 else None

    @cached_property
    def _associated(self) -> Mapping[str, tuple[tuple[str, str, str | None], ...]]:
        """Route tables that list an attachment as associated: (table, state, its gateway)."""
        found: defaultdict[str, list[tuple[str, str, str | None]]] = defaultdict(list)
        for table in self.tables.values():
            for attachment, state in (table.associated or {}).items():
                found[attachment].append((table.id, state, table.gateway))
        return {attachment: tuple(listed) for attachment, listed in found.items()}

    def tables_of(self, attachment: TransitGatewayAttachment) -> frozenset[str]:
        """The route tables with which an attachment is associated; AWS allows one, two answers may differ."""
        said = {attachment.table} if attachment.table and attachment.association == "associated" else set()
        for table, state, gateway in self._associated.get(attachment.id, ()):
            if state == "associated" and gateway in (None, attachment.gateway):
                said.add(table)
        return frozenset(said)

    def lists_all_associations(self, gateway: str) -> bool:
        """Whether the associations of every route table of a gateway were seen."""
        own = [t for t in self.tables.values() if t.gateway == gateway]
        return bool(own) and all(t.associated is not None for t in own)

    def linked(self, one: str | None, other: str | None) -> bool:
        """Whether two VPCs are attached to one gateway, or to two that are peered."""
        ours = {a.gateway for a in self.of_vpc.get(one or "", ())}
        theirs = {a.gateway for a in self.of_vpc.get(other or "", ())}
        if ours & theirs:
            return True
        return any(a.kind in PEERINGS and a.gateway in ours and a.resource in theirs for a in self.attachments)


def parse_transit_gateway(item: Item, origins: Origins) -> TransitGateway:
    """An entry of `TransitGateways`."""
    return TransitGateway(
        id=text(item, "TransitGatewayId") or "",
        account=text(item, "OwnerId") or "",
        region=region_of(item),
        state=word(item, "State") or "available",
        references=_switch(member(item, "Options"), "SecurityGroupReferencingSupport"),
        name=name_tag(item),
        origins=origins,
    )


def parse_attachment(item: Item, origins: Origins) -> TransitGatewayAttachment:
    """An entry of `TransitGatewayAttachments`, with what `TransitGatewayVpcAttachments` adds to it."""
    association, options = member(item, "Association"), member(item, "Options")
    owner = text(item, "TransitGatewayOwnerId") or ""
    return TransitGatewayAttachment(
        id=text(item, "TransitGatewayAttachmentId") or "",
        gateway=text(item, "TransitGatewayId") or "",
        kind=word(item, "ResourceType") or "",
        resource=text(item, "ResourceId") or "",
        owner=text(item, "ResourceOwnerId") or "",
        gateway_owner=owner,
        state=word(item, "State") or "available",
        table=text(association, "TransitGatewayRouteTableId"),
        association=(word(association, "State") or "associated") if association else None,
        subnets=tuple(sorted(texts(item, "SubnetIds"))) if item.get("SubnetIds") is not None else None,
        appliance_mode=_switch(options, "ApplianceModeSupport"),
        references=_switch(options, "SecurityGroupReferencingSupport"),
        ipv6=_switch(options, "Ipv6Support"),
        across=text(item, "across") or "",
        says_table=bool(item.get("listed")),
        name=name_tag(item),
        origins=origins,
    )


def _switch(options: Item, key: str) -> bool | None:
    value = word(options, key)
    return None if value is None else value in ("enable", "enabled")


def as_attachment(item: Item) -> Item:
    """An entry of `TransitGatewayVpcAttachments` under the names that `TransitGatewayAttachments` uses."""
    return {
        **item,
        "ResourceType": "vpc",
        "ResourceId": item.get("VpcId"),
        "ResourceOwnerId": item.get("VpcOwnerId"),
        "OwnerId": item.get("VpcOwnerId"),
    }


def sides_of_peering(item: Item) -> Iterable[Item]:
    """An entry of `TransitGatewayPeeringAttachments` as the two records that the two gateways have of it."""
    requester, accepter = member(item, "RequesterTgwInfo"), member(item, "AccepterTgwInfo")
    first = text(item, "TransitGatewayAttachmentId")
    second = text(item, "AccepterTransitGatewayAttachmentId") or first
    for identity, own, other, across in ((first, requester, accepter, second), (second, accepter, requester, first)):
        if text(own, "TransitGatewayId"):
            yield {
                "TransitGatewayAttachmentId": identity,
                "TransitGatewayId": own.get("TransitGatewayId"),
                "TransitGatewayOwnerId": own.get("OwnerId"),
                "ResourceType": "peering",
                "ResourceId": other.get("TransitGatewayId"),
                "ResourceOwnerId": other.get("OwnerId"),
                "State": item.get("State"),
                "Tags": item.get("Tags"),
                "across": across,
            }


def parse_transit_gateway_table(
    item: Item, answer: Item | None, listed: Item | None, origins: Origins
) -> TransitGatewayRouteTable:
    """An entry of `TransitGatewayRouteTables` with the answers on its routes and associations."""
    routes = None
    whole = answer is not None and flag(answer, "AdditionalRoutesAvailable") is not True
    if answer is not None and whole and isinstance(answer.get("Routes"), list):
        routes = tuple(sorted(_route(route) for route in items(answer, "Routes")))
    associated = None
    if listed is not None and isinstance(listed.get("Associations"), list):
        associated = {
            text(a, "TransitGatewayAttachmentId") or "": word(a, "State") or "associated"
            for a in items(listed, "Associations")
        }
    return TransitGatewayRouteTable(
        id=text(item, "TransitGatewayRouteTableId") or "",
        gateway=text(item, "TransitGatewayId"),
        routes=routes,
        associated=associated,
        name=name_tag(item),
        origins=origins,
    )


def _route(item: Item) -> TransitGatewayRoute:
    cidr, prefix_list = text(item, "DestinationCidrBlock"), text(item, "PrefixListId")
    targets = {
        (
            text(t, "TransitGatewayAttachmentId") or "",
            text(t, "ResourceId") or "",
            word(t, "ResourceType") or "",
        )
        for t in items(item, "TransitGatewayAttachments")
    }
    return TransitGatewayRoute(
        destination=canonical(cidr) if cidr else prefix_list or "",
        is_prefix_list=not cidr,
        from_prefix_list=prefix_list is not None,
        propagated=word(item, "Type") == "propagated",
        state=word(item, "State") or "active",
        targets=tuple(sorted(targets)),
    )
