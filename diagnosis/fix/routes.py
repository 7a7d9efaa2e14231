"""Routes that would lead where a table has none: offered for judgement, since a route opens a whole subnet."""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.fix.change import Change, RouteChange
from diagnosis.network.gateways import ATTACHED
from diagnosis.network.network import Network
from diagnosis.network.route_tables import RouteTable
from diagnosis.trace.places import Held, Internet, Place
from diagnosis.trace.step import Blocker, Leg
from diagnosis.trace.trace import Trace
from diagnosis.traffic.addresses import format_cidrs, is_ipv6
from diagnosis.traffic.intervals import size


def route_changes(network: Network, trace: Trace, leg: Leg, blocker: Blocker) -> Iterator[Change]:
    """The route that is missing, where exactly one gateway that was seen can take it."""
    table = network.route_tables.get(blocker.component)
    if table is None or blocker.rule is not None:
        return
    target: Place = trace.flow.source if leg == "return" else trace.flow.destination
    addresses = blocker.dropped.project("source" if leg == "return" else "destination")
    if not addresses:
        return
    if isinstance(target, Held) and target.interface.vpc != table.vpc and not target.by_public_address:
        peerings = [p.id for p in network.active_peerings(table.vpc, target.interface.vpc)]
        gateways = network.transit.joining_both(table.vpc, target.interface.vpc)
        ways = [("vpc-peering-connection", p) for p in peerings] + [("transit-gateway", g) for g in gateways]
        if len(ways) == 1 and size(addresses) == 1:
            kind, way = ways[0]
            yield RouteChange(component=table.id, destination=format_cidrs(addresses)[0], target_kind=kind, target=way)
    elif isinstance(target, Internet) or (isinstance(target, Held) and target.by_public_address):
        yield from _to_internet(network, trace, leg, table, six=is_ipv6(addresses[0]))


def _to_internet(network: Network, trace: Trace, leg: Leg, table: RouteTable, *, six: bool) -> Iterator[Change]:
    """By the internet gateway where the interface has a public or IPv6 address, else by the only NAT gateway."""
    gateway = network.internet_gateway_of(table.vpc)
    near = trace.flow.destination if leg == "return" else trace.flow.source
    destination = "::/0" if six else "0.0.0.0/0"
    if any(r.destination == destination for r in table.routes) or not isinstance(near, Held):
        return
    public = six or near.interface.public_of(near.private) is not None
    if public and gateway is not None and gateway.state_for(table.vpc) in ATTACHED:
        yield RouteChange(
            component=table.id, destination=destination, target_kind="internet-gateway", target=gateway.id
        )
        return
    nats = [n for n in network.nat_gateways.values() if n.vpc == table.vpc and n.state == "available" and n.public]
    if not public and leg == "forward" and len(nats) == 1 and nats[0].subnet != near.interface.subnet:
        yield RouteChange(component=table.id, destination=destination, target_kind="nat-gateway", target=nats[0].id)
