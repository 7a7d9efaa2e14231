"""What may cross the borders of some subnets, there or on the way back, and what may get other headers on its way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from diagnosis.network.gateways import NatGateway
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.transit_gateways import TransitGatewayAttachment
from diagnosis.replay.columns import among
from diagnosis.replay.packets import Packets
from diagnosis.trace.route_tables import routing
from diagnosis.trace.spots import singled_out
from diagnosis.traffic.addresses import ALL_ADDRESSES, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, has, join_all, minus

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_ENDS: Final = frozenset({"interface", "lambda"})
"""Kinds of interfaces at which traffic ends."""
_NATS: Final = frozenset({"natgateway"})
"""Kinds that pass on what others send through them, and nothing that is sent to them."""


def through(network: Network, subnets: list[str], packets: Packets) -> NDArray[np.bool_]:
    """What may cross the border of these subnets: all, where something unknown in one of them passes traffic on.

    A NAT gateway passes on what some route leads to it, an attachment of a transit gateway what comes from its VPC, is
    for it, or is led there by a route of a transit gateway.
    """
    import numpy as np

    ids = set(subnets)
    strays = [i for i in network.interfaces.values() if i.subnet is None or i.subnet not in network.subnets]
    held = [network.interfaces[eni] for subnet in subnets for eni in network.interfaces_of_subnet.get(subnet, ())]
    attached = [one for one in network.transit.attachments if one.subnets is None or ids & set(one.subnets)]
    if any(_passes_on(network, one) for one in held):
        return np.ones(len(packets), np.bool_)
    ranges = join_all(network.subnets[subnet].addresses for subnet in subnets)
    nats = [nat for nat in network.nat_gateways.values() if nat.subnet in ids or nat.subnet is None]
    sets = [ranges, addresses_of([*held, *strays])]
    for attachment in attached:
        near = _carried(network, attachment)
        if near is None:
            return np.ones(len(packets), np.bool_)
        sets.append(near)
    own = among(packets.ranks, join_all(sets))
    found: NDArray[np.bool_] = own[packets.client] | own[packets.server] | relayed(network, packets)
    return found | _led_to(network, nats, packets)


def readdressed(network: Network, packets: Packets) -> NDArray[np.bool_]:
    """What may come by some subnet from another address than the client's, or for another than the server's.

    What is sent to a device that sends on is not among it: see `relayed`.
    """
    publics = among(packets.ranks, join_all((number, number + 1) for number in network.by_public_address))
    found: NDArray[np.bool_] = publics[packets.client] | publics[packets.server]
    return found | _led_to(network, network.nat_gateways.values(), packets)


def relayed(network: Network, packets: Packets) -> NDArray[np.bool_]:
    """What is sent to something that sends on from there, to another address or another port."""
    devices = [i for i in network.interfaces.values() if i.kind not in _NATS and is_device(network, i)]
    found: NDArray[np.bool_] = among(packets.ranks, addresses_of(devices))[packets.server]
    return found


def passes_on(network: Network, interface: NetworkInterface) -> bool:
    """Whether traffic between others may pass this interface."""
    return is_device(network, interface) or singled_out(network, interface)


def is_device(network: Network, interface: NetworkInterface) -> bool:
    """Whether it belongs to something that passes traffic on."""
    owned = interface.id in network.balancer_of_interface or interface.id in network.endpoint_of_interface
    return interface.kind not in _ENDS or owned


def addresses_of(members: Iterable[NetworkInterface]) -> IntervalSet:
    """All addresses of these, their public ones too."""
    members = list(members)
    publics = [(a.public, a.public + 1) for one in members for a in one.ipv4 if a.public is not None]
    return join_all([*(one.own_addresses for one in members), *publics])


def _passes_on(network: Network, interface: NetworkInterface) -> bool:
    """The same, without NAT gateways that are known and that are asked for what is led to them."""
    gateways = (address.interface for nat in network.nat_gateways.values() for address in nat.addresses)
    return passes_on(network, interface) and not (interface.kind in _NATS and interface.id in gateways)


def _led_to(network: Network, nats: Iterable[NatGateway], packets: Packets) -> NDArray[np.bool_]:
    """What some route may lead to one of these NAT gateways."""
    import numpy as np

    ids = {nat.id for nat in nats}
    sets: list[IntervalSet] = []
    for table in network.route_tables.values() if ids else ():
        ways = routing(network, table)
        if any(route.target in ids for route, _ in ways.unseen_lists):
            return np.ones(len(packets), np.bool_)
        sets += [way.addresses for way in ways.ways if way.route is not None and way.route.target in ids]
    led = join_all(sets)
    # A public address of ours becomes the private one behind it on the way.
    privates = [
        (public, public + 1)
        for one in network.interfaces.values()
        for public, private in ((a.public, a.private) for a in one.ipv4)
        if public is not None and has(led, private)
    ]
    found: NDArray[np.bool_] = among(packets.ranks, join_all([led, *privates]))[packets.server]
    return found


def _carried(network: Network, attachment: TransitGatewayAttachment) -> IntervalSet | None:
    """The addresses of which one is an end of whatever comes by an attachment; None where it may be any.

    Between two other VPCs traffic passes through this one only where a route of a transit gateway leads it there.
    What is in no VPC is always among them.
    """
    vpc = network.vpcs.get(attachment.resource)
    tables = network.transit.tables.values()
    if attachment.kind != "vpc" or vpc is None or not tables:
        return None
    members = [i for i in network.interfaces.values() if i.vpc == vpc.id]
    if any(_passes_on(network, one) for one in members):
        return None
    outside = minus(ALL_ADDRESSES, join_all((network.all_vpc_addresses, addresses_of(network.interfaces.values()))))
    sets = [outside, vpc.addresses, addresses_of(members)]
    for table in tables:
        if table.routes is None:
            return None
        for route in table.routes:
            if any(target[0] == attachment.id or target[1] == vpc.id for target in route.targets):
                if route.is_prefix_list:
                    return None
                sets.append(parse_cidr(route.destination))
    return join_all(sets)
