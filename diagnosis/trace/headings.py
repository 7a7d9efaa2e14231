"""Where the traffic of an interface is headed: into which VPC its subnet's routes lead for an address.

Where several VPCs hold one address, routing decides which of them is meant, and nothing else does.
"""

from __future__ import annotations

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import peerings, route_tables, transit_attachments, transit_gateways
from diagnosis.trace.walk import Device
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.protocols import ALL_PROTOCOLS
from diagnosis.traffic.traffic import Box, Traffic


def vpc_headed_for(network: Network, interface: NetworkInterface, address: int) -> str | None:
    """The VPC into which an interface's subnet sends what is for an address; None where that cannot be told."""
    table = network.table_of(interface.subnet, interface.vpc, interface.origins)
    if isinstance(table, Missing):
        return None
    ways = route_tables.routing(network, table).split((address, address + 1))
    way = ways[0] if len(ways) == 1 else None
    if way is None or way.route is None or way.doubt is not None or way.route.state == "blackhole":
        return None
    match route_tables.target_kind(network, way.route):
        case "local":
            return interface.vpc
        case peerings.KIND:
            peering = network.peerings.get(way.route.target)
            other = peering.other_side(interface.vpc) if peering is not None else None
            return other.vpc if other is not None else None
        case transit_attachments.KIND:
            return _over_transit(network, interface, way.route.target, address)
        case _:
            return None


def _over_transit(network: Network, interface: NetworkInterface, gateway: str, address: int) -> str | None:
    """The VPC at the end of the transit gateways' own routes, whatever is dropped on the way."""
    device = Device(interface.id, interface, interface.vpc, interface.subnet, interface.origins, None)
    source = interface.own_addresses
    if not source:
        return None
    traffic = Traffic.of(Box(source, (address, address + 1), ALL_PROTOCOLS, ALL_PORTS, ALL_PORTS))
    forward = transit_attachments.FORWARD
    passages = transit_gateways.from_vpc(network, forward, gateway, "", "", device, traffic, explain=False)
    ends = [passage.end for passage in passages]
    into = ends[0] if len(ends) == 1 else None
    return into.attachment.resource if isinstance(into, transit_gateways.IntoVpc) else None
