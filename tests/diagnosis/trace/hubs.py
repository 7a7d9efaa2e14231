"""Accounts around a transit gateway, for tests: the builder of `tests.accounts` with what hangs on a hub."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from diagnosis.network.described import Call
from tests.accounts import Account, Json, route

ATTACHMENTS = "ec2.describe_transit_gateway_attachments"
VPC_ATTACHMENTS = "ec2.describe_transit_gateway_vpc_attachments"
PEERING_ATTACHMENTS = "ec2.describe_transit_gateway_peering_attachments"
GATEWAYS = "ec2.describe_transit_gateways"
TABLES = "ec2.describe_transit_gateway_route_tables"
ROUTES = "ec2.search_transit_gateway_routes"
ASSOCIATIONS = "ec2.get_transit_gateway_route_table_associations"
VPN_GATEWAYS = "ec2.describe_vpn_gateways"
VPN_CONNECTIONS = "ec2.describe_vpn_connections"

KEYS = {
    GATEWAYS: "TransitGateways",
    ATTACHMENTS: "TransitGatewayAttachments",
    VPC_ATTACHMENTS: "TransitGatewayVpcAttachments",
    PEERING_ATTACHMENTS: "TransitGatewayPeeringAttachments",
    TABLES: "TransitGatewayRouteTables",
    VPN_GATEWAYS: "VpnGateways",
    VPN_CONNECTIONS: "VpnConnections",
}


class Hub(Account):
    """An account with transit gateways and virtual private gateways."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.hub: dict[str, list[Json]] = {call: [] for call in KEYS}
        self.routes: dict[str, list[Json]] = {}
        self.more_routes: set[str] = set()
        self.also_associated: dict[str, list[str]] = {}
        """Attachments that only the table's own list of associations knows."""

    def gateway(self, identity: str = "tgw-1", *, references: str | None = "disable", state: str = "available") -> Json:
        """A transit gateway with the switch of group references."""
        options = {} if references is None else {"SecurityGroupReferencingSupport": references}
        item: Json = {"TransitGatewayId": identity, "OwnerId": self.account, "State": state, "Options": options}
        item["TransitGatewayArn"] = f"arn:aws:ec2:{self.region}:{self.account}:transit-gateway/{identity}"
        self.hub[GATEWAYS].append(item)
        return item

    def hub_table(self, identity: str, *routes: Json, gateway: str = "tgw-1") -> None:
        """A transit gateway route table with its routes."""
        self.hub[TABLES].append({"TransitGatewayRouteTableId": identity, "TransitGatewayId": gateway})
        self.routes[identity] = list(routes)

    def attached(
        self, identity: str, kind: str, resource: str, table: str | None, gateway: str = "tgw-1", **more: Any
    ) -> Json:
        """An attachment of any kind, associated with a route table."""
        item: Json = {
            "TransitGatewayAttachmentId": identity,
            "TransitGatewayId": gateway,
            "TransitGatewayOwnerId": self.account,
            "ResourceOwnerId": self.account,
            "ResourceType": kind,
            "ResourceId": resource,
            "State": "available",
        }
        if table is not None:
            item["Association"] = {"TransitGatewayRouteTableId": table, "State": "associated"}
        self.hub[ATTACHMENTS].append(item | more)
        return self.hub[ATTACHMENTS][-1]

    def attached_vpc(
        self,
        identity: str,
        vpc: str,
        subnets: Iterable[str],
        table: str | None = "tgw-rtb-1",
        gateway: str = "tgw-1",
        **options: str,
    ) -> Json:
        """The attachment of a VPC, in both calls that show it; options by the first letters of their names."""
        names = {
            "references": "SecurityGroupReferencingSupport",
            "appliance": "ApplianceModeSupport",
            "ipv6": "Ipv6Support",
        }
        chosen = {"references": "disable", "appliance": "disable", "ipv6": "enable"} | options
        self.hub[VPC_ATTACHMENTS].append(
            {
                "TransitGatewayAttachmentId": identity,
                "TransitGatewayId": gateway,
                "VpcId": vpc,
                "VpcOwnerId": self.account,
                "State": "available",
                "SubnetIds": list(subnets),
                "Options": {names[k]: v for k, v in chosen.items() if v},
            }
        )
        return self.attached(identity, "vpc", vpc, table, gateway)

    def state(self, identity: str, state: str) -> None:
        """Puts an attachment into a state, in every call that shows it."""
        for call in (ATTACHMENTS, VPC_ATTACHMENTS, PEERING_ATTACHMENTS):
            for item in self.hub[call]:
                if item["TransitGatewayAttachmentId"] == identity:
                    item["State"] = state

    def vpn_gateway(self, identity: str = "vgw-1", vpc: str = "vpc-a", state: str = "attached") -> Json:
        """A virtual private gateway attached to a VPC."""
        item = {"VpnGatewayId": identity, "State": "available", "VpcAttachments": [{"VpcId": vpc, "State": state}]}
        self.hub[VPN_GATEWAYS].append(item)
        return item

    def vpn(self, identity: str = "vpn-1", state: str = "available", tunnels: str = "UP", **more: Any) -> Json:
        """A VPN connection."""
        item: Json = {"VpnConnectionId": identity, "State": state, "VgwTelemetry": [{"Status": tunnels}] * 2}
        self.hub[VPN_CONNECTIONS].append(item | more)
        return item

    def answers(self, without: Iterable[str] = ()) -> dict[Call, Json]:
        """Every answer but those of the calls named; `call/argument` names one answer of a by-id call."""
        gone = set(without)
        found = super().answers(gone)
        for call, listed in self.hub.items():
            if call not in gone:
                found[Call(call, self.account, self.region)] = {KEYS[call]: listed}
        for table, routes in self.routes.items():
            if ROUTES not in gone and f"{ROUTES}/{table}" not in gone:
                body = {"Routes": routes, "AdditionalRoutesAvailable": table in self.more_routes}
                found[Call(ROUTES, self.account, self.region, table)] = body
            if ASSOCIATIONS not in gone:
                listed = [
                    {"TransitGatewayAttachmentId": a["TransitGatewayAttachmentId"], "State": a["Association"]["State"]}
                    for a in self.hub[ATTACHMENTS]
                    if a.get("Association", {}).get("TransitGatewayRouteTableId") == table
                ]
                also = self.also_associated.get(table, [])
                listed += [{"TransitGatewayAttachmentId": a, "State": "associated"} for a in also]
                found[Call(ASSOCIATIONS, self.account, self.region, table)] = {"Associations": listed}
        return found


def hub_route(
    destination: str,
    attachment: str,
    resource: str = "",
    kind: str = "vpc",
    *,
    static: bool = False,
    state: str = "active",
) -> Json:
    """A route of a transit gateway route table."""
    targets = [{"TransitGatewayAttachmentId": attachment, "ResourceId": resource, "ResourceType": kind}]
    found: Json = {"Type": "static" if static else "propagated", "State": state}
    found["PrefixListId" if destination.startswith("pl-") else "DestinationCidrBlock"] = destination
    return found if state == "blackhole" else found | {"TransitGatewayAttachments": targets}


def add_vpc(made: Account, letter: str, second: int, routes: Iterable[Json]) -> None:
    """VPC 10.<second>.0.0/16 with a workload subnet and one for the attachment in zone a, all open.

    The workload is 10.<second>.1.10; the subnets are `work-<letter>` and `hub-<letter>`, tables and ACLs likewise.
    """
    vpc, block = f"vpc-{letter}", f"10.{second}"
    made.vpc(vpc, f"{block}.0.0/16")
    for name, third in (("work", 1), ("hub", 255)):
        made.subnet(f"{name}-{letter}", vpc, f"{block}.{third}.0/24", AvailabilityZoneId="use1-az1")
        made.acl(f"acl-{name}-{letter}", vpc, [f"{name}-{letter}"])
    made.table(f"rtb-work-{letter}", vpc, routes, [f"work-{letter}"], main=True)
    made.table(f"rtb-hub-{letter}", vpc, (), [f"hub-{letter}"])
    made.group(f"sg-{letter}", vpc)
    made.interface(f"eni-{letter}", f"work-{letter}", f"{block}.1.10", groups=[f"sg-{letter}"])


def two_spokes(**named: Any) -> Hub:
    """VPC a (10.0.1.10) and VPC b (10.9.1.10) on one gateway and one route table, everything open.

    `a` and `b` in `named` are options of their attachments, `gateway` the switch of the gateway.
    """
    made = Hub()
    add_vpc(made, "a", 0, [route("10.9.0.0/16", "tgw-1")])
    add_vpc(made, "b", 9, [route("10.0.0.0/16", "tgw-1")])
    made.gateway(references=named.get("gateway", "disable"))
    made.attached_vpc("attach-a", "vpc-a", ["hub-a"], **named.get("a", {}))
    made.attached_vpc("attach-b", "vpc-b", ["hub-b"], **named.get("b", {}))
    made.hub_table(
        "tgw-rtb-1",
        hub_route("10.0.0.0/16", "attach-a", "vpc-a"),
        hub_route("10.9.0.0/16", "attach-b", "vpc-b"),
    )
    return made


def item_of(made: Account, call: str, key: str, identity: str) -> Json:
    """The entry of a call with this id."""
    listed = made.items[call] if call in made.items else getattr(made, "hub")[call]  # noqa: B009
    found: Json = next(item for item in listed if item[key] == identity)
    return found


def routes_of(made: Account, table: str) -> list[Json]:
    """The routes of a VPC's route table."""
    found: list[Json] = item_of(made, "ec2.describe_route_tables", "RouteTableId", table)["Routes"]
    return found


def entries_of(made: Account, acl: str) -> list[Json]:
    """The entries of a network ACL."""
    found: list[Json] = item_of(made, "ec2.describe_network_acls", "NetworkAclId", acl)["Entries"]
    return found
