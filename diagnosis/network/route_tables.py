"""Route tables: where a packet that leaves a subnet goes next.

https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from diagnosis.network.security_groups import canonical
from diagnosis.network.shape import Item, Malformed, flag, member, name_tag, needed_items, text, word
from diagnosis.network.vpcs import Origins

TARGETS = (
    ("NatGatewayId", "nat-gateway"),
    ("TransitGatewayId", "transit-gateway"),
    ("VpcPeeringConnectionId", "vpc-peering-connection"),
    ("EgressOnlyInternetGatewayId", "egress-only-internet-gateway"),
    ("LocalGatewayId", "local-gateway"),
    ("CarrierGatewayId", "carrier-gateway"),
    ("CoreNetworkArn", "core-network"),
    ("OdbNetworkArn", "odb-network"),
    ("NetworkInterfaceId", "network-interface"),
    ("InstanceId", "instance"),
    ("GatewayId", "gateway"),
)
"""The members of a route that name its target, and the kind of thing that they name. `GatewayId` may be any gateway."""

GATEWAY_PREFIXES = (
    ("igw-", "internet-gateway"),
    ("vgw-", "virtual-private-gateway"),
    ("vpce-", "vpc-endpoint"),
    ("eigw-", "egress-only-internet-gateway"),
    ("nat-", "nat-gateway"),
    ("tgw-", "transit-gateway"),
    ("pcx-", "vpc-peering-connection"),
    ("lgw-", "local-gateway"),
    ("cagw-", "carrier-gateway"),
    ("eni-", "network-interface"),
)


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """One route: a destination range or prefix list, and a target."""

    destination: str
    """A CIDR in canonical text, or a prefix list id."""
    is_prefix_list: bool
    target_kind: str
    """`local`, `internet-gateway`, `nat-gateway`, ...; `gateway` where only the id is known; `none` for no target."""
    target: str
    state: str
    propagated: bool


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table, its routes in canonical order, and what it is associated with."""

    id: str
    vpc: str | None
    account: str
    routes: tuple[Route, ...]
    main: bool
    subnets: tuple[str, ...]
    gateways: tuple[str, ...]
    """Internet or virtual private gateways whose arriving traffic this table steers (an edge association)."""
    name: str | None
    origins: Origins

    def with_routes(self, routes: Iterable[Route]) -> RouteTable:
        """The same table with other routes."""
        return replace(self, routes=tuple(sorted(routes)))


def parse_route_table(item: Item, origins: Origins) -> RouteTable:
    """An entry of `RouteTables`."""
    associations = [
        a
        for a in needed_items(item, "Associations")
        if (word(member(a, "AssociationState"), "State") or "associated") not in ("disassociated", "failed")
    ]
    if any(not text(a, "SubnetId") and not text(a, "GatewayId") and not flag(a, "Main") for a in associations):
        raise Malformed("an association names neither a subnet nor a gateway, and is not the main one")
    return RouteTable(
        id=text(item, "RouteTableId") or "",
        vpc=text(item, "VpcId"),
        account=text(item, "OwnerId") or "",
        routes=tuple(sorted(parse_route(r) for r in needed_items(item, "Routes"))),
        main=any(flag(a, "Main") is True for a in associations),
        subnets=tuple(sorted({s for s in (text(a, "SubnetId") for a in associations) if s})),
        gateways=tuple(sorted({g for g in (text(a, "GatewayId") for a in associations) if g})),
        name=name_tag(item),
        origins=origins,
    )


def parse_route(item: Item) -> Route:
    """An entry of `Routes`, or what CreateRoute is asked for."""
    prefix_list = text(item, "DestinationPrefixListId")
    cidr = text(item, "DestinationCidrBlock") or text(item, "DestinationIpv6CidrBlock")
    destination = prefix_list or canonical(cidr or "")
    kind, target = _target(item)
    return Route(
        destination=destination,
        is_prefix_list=prefix_list is not None,
        target_kind=kind,
        target=target,
        state=word(item, "State") or "active",
        propagated=(word(item, "Origin") or "") in ("enablevgwroutepropagation", "advertisement"),
    )


def _target(item: Item) -> tuple[str, str]:
    for key, kind in TARGETS:
        value = text(item, key)
        if value is None:
            continue
        if kind != "gateway":
            return kind, value
        if value.lower() == "local":
            return "local", "local"
        for prefix, named in GATEWAY_PREFIXES:
            if value.startswith(prefix):
                return named, value
        return "gateway", value
    return "none", ""
