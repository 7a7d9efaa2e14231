"""Interfaces that behave alike: same subnet, same groups, same state, so that the same rules meet their traffic.

They are traced together as one set of addresses; a rule that singles out some of them splits the set.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import interfaces
from diagnosis.traffic.intervals import IntervalSet


def classes(network: Network, members: Iterable[NetworkInterface]) -> list[tuple[NetworkInterface, ...]]:
    """The interfaces in classes that are treated alike; one with a public address is a class of its own."""
    found: defaultdict[object, list[NetworkInterface]] = defaultdict(list)
    for interface in members:
        found[class_of(network, interface)].append(interface)
    return [tuple(some) for some in found.values()]


def class_of(network: Network, interface: NetworkInterface) -> Hashable:
    """What decides how an interface's traffic is treated."""
    public = interface.id if any(a.public is not None for a in interface.ipv4) else ""
    state = (
        interface.status,
        interface.attachment_status,
        network.instance_of_interface.get(interface.id, "") and "owned",
    )
    owner = network.instances.get(network.instance_of_interface.get(interface.id, ""))
    return (
        interface.vpc,
        interface.subnet,
        interface.groups,
        interface.kind,
        public,
        state,
        owner.state if owner is not None else None,
        interfaces.client_ports(network, interface),
        bool(interface.ipv4),
        bool(interface.ipv6),
        interface.source_dest_check,
        getattr(network.balancer_of_interface.get(interface.id), "id", None),
        getattr(network.endpoint_of_interface.get(interface.id), "id", None),
    )


def own_addresses(interface: NetworkInterface, *, six: bool) -> IntervalSet:
    """The address by which an interface stands for itself in one family."""
    if six:
        return (interface.ipv6[0], interface.ipv6[0] + 1) if interface.ipv6 else ()
    return (interface.ipv4[0].private, interface.ipv4[0].private + 1) if interface.ipv4 else ()
