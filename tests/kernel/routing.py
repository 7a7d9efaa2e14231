"""The lab's reading of route tables: describe answers → Linux routes, longest prefix first as both have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from tests.kernel.account import Account, Item
from tests.kernel.gateways import egress_only_gateway, internet_gateway, nat_gateways

Range = IPv4Network | IPv6Network
LOCAL_ONLY = 50
"""The table for what comes in from outside a VPC: to its subnets, and nowhere else."""
FIRST_SUBNET = 100


@dataclass(frozen=True, slots=True)
class Cable:
    """A device of a VPC's router, and the addresses at its other end."""

    device: str
    four: str
    six: str

    def to(self, destination: Range) -> str:
        """A route over this cable."""
        return f"{destination} via {self.four if destination.version == 4 else self.six} dev {self.device}"


@dataclass(frozen=True, slots=True)
class Cables:
    """The cables of one VPC's router, by what is at the other end."""

    subnets: Mapping[str, Cable]
    peerings: Mapping[str, Cable]
    internet: Cable
    egress_only: Cable


def subnet_ranges(item: Item) -> list[Range]:
    """The ranges of a subnet, or of a VPC."""
    found = [ip_network(item["CidrBlock"])]
    found += [ip_network(entry["CidrBlock"]) for entry in item.get("CidrBlockAssociationSet", ())]
    found += [ip_network(entry["Ipv6CidrBlock"]) for entry in item["Ipv6CidrBlockAssociationSet"]]
    return list(dict.fromkeys(found))


def local_routes(account: Account, vpc: str, cables: Cables) -> dict[Range, str]:
    """From a VPC's router to its subnets; the rest of the VPC's ranges leads nowhere."""
    found: dict[Range, str] = {}
    for item in account.vpcs():
        if item["VpcId"] == vpc:
            found |= {block: f"blackhole {block}" for block in subnet_ranges(item)}
    for item in account.subnets():
        if item["VpcId"] == vpc:
            found |= {block: cables.subnets[item["SubnetId"]].to(block) for block in subnet_ranges(item)}
    return found


def table_of(account: Account, vpc: str, subnet: str) -> Item:
    """The route table of a subnet: the one it is associated with, else the main one of its VPC."""
    main: Item | None = None
    for table in account.items("describe_route_tables", "RouteTables"):
        for association in table["Associations"]:
            if association.get("SubnetId") == subnet:
                return table
            if association["Main"] and table["VpcId"] == vpc:
                main = table
    if main is None:
        raise LookupError(f"{vpc} has no main route table")
    return main


def subnet_routes(account: Account, vpc: str, subnet: str, cables: Cables) -> dict[Range, str]:
    """The routes for what leaves a subnet. Of two for one range a route that names the range beats a prefix list's."""
    found: dict[Range, str] = {}
    for destination, _, route in sorted(routes_of(account, table_of(account, vpc, subnet)), key=lambda r: r[1]):
        if destination in found:
            continue
        if route.get("GatewayId") == "local":
            continue
        found[destination] = f"blackhole {destination}"
        cable = None if route["State"] == "blackhole" else _target(account, vpc, route, cables)
        # From a subnet to the NAT gateway in it: the gateway's own way out leads back to it, and packets go in circles.
        if cable is not None and not ("NatGatewayId" in route and cable is cables.subnets[subnet]):
            found[destination] = cable.to(destination)
    # No route of these accounts is more specific than the local one, so that may be spelt out as what it leads to.
    return found | local_routes(account, vpc, cables)


def routes_of(account: Account, table: Item) -> Iterator[tuple[Range, bool, Item]]:
    """Each range of each route, whether it comes from a prefix list, and the route."""
    for route in table["Routes"]:
        if "DestinationPrefixListId" in route:
            for cidr in account.prefix_list(route["DestinationPrefixListId"]):
                yield ip_network(cidr), True, route
        else:
            yield ip_network(route.get("DestinationCidrBlock") or route["DestinationIpv6CidrBlock"]), False, route


def _target(account: Account, vpc: str, route: Item, cables: Cables) -> Cable | None:
    """The cable to a route's target; None where the target is not there for this VPC."""
    if "GatewayId" in route:
        return cables.internet if route["GatewayId"] == internet_gateway(account, vpc) else None
    if "EgressOnlyInternetGatewayId" in route:
        return cables.egress_only if route["EgressOnlyInternetGatewayId"] == egress_only_gateway(account, vpc) else None
    if "NatGatewayId" in route:
        subnets = [
            nat["SubnetId"] for nat in nat_gateways(account, vpc) if nat["NatGatewayId"] == route["NatGatewayId"]
        ]
        return cables.subnets[subnets[0]] if subnets else None
    for connection in account.peerings():
        if connection["VpcPeeringConnectionId"] == route["VpcPeeringConnectionId"]:
            return (
                cables.peerings[route["VpcPeeringConnectionId"]] if connection["Status"]["Code"] == "active" else None
            )
    return None


def as_batch(tables: Mapping[int, Mapping[Range, str]], version: int) -> list[str]:
    """Lines of `ip -batch` that make these tables be just so. What no route takes is dropped without a word."""
    lines = []
    for number, routes in tables.items():
        lines.append(f"route flush table {number}")
        lines += [f"route add {line} table {number}" for block, line in routes.items() if block.version == version]
        if not any(block.version == version and block.prefixlen == 0 for block in routes):
            lines.append(f"route add blackhole {'0.0.0.0/0' if version == 4 else '::/0'} table {number}")
    return lines
