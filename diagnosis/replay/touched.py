"""Which recorded connections a change can make any difference to: the rest is cut off by set arithmetic on columns.

A connection that is cut off is judged alike before and after. Where that is not certain it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, assert_never

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange
from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.shape import rule_ports
from diagnosis.replay.borders import addresses_of, passes_on, readdressed, relayed, through
from diagnosis.replay.columns import among, inside
from diagnosis.replay.packets import Packets
from diagnosis.trace.nat_gateways import PORTS
from diagnosis.traffic.addresses import format_address, parse_cidr
from diagnosis.traffic.intervals import meet
from diagnosis.traffic.protocols import ICMP, ICMPV6, TCP, UDP, protocol_number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def touched(network: Network, changes: Iterable[Change], packets: Packets) -> NDArray[np.bool_]:
    """For each connection whether one of the changes may alter what becomes of it."""
    import numpy as np

    found = np.zeros(len(packets), np.bool_)
    for change in changes:
        match change:
            case GroupRuleChange():
                found |= _by_group(network, change, packets)
            case AclEntryChange():
                found |= _by_acl(network, change, packets)
            case RouteChange():
                found |= _by_route(network, change, packets)
            case _:
                assert_never(change)
    return found


def _by_group(network: Network, change: GroupRuleChange, packets: Packets) -> NDArray[np.bool_]:
    """Groups judge a connection at its two ends, at the targets of a load balancer, and at appliances on its way."""
    members = [network.interfaces[eni] for eni in network.members.get(change.component, ())]
    protocol = protocol_number(change.protocol)
    alike = _of_protocol(packets, protocol)
    if any(passes_on(network, one) for one in members):
        return alike
    own = among(packets.ranks, addresses_of(members))
    mine = own[packets.client if change.direction == "egress" else packets.server]
    if protocol in (TCP, UDP):
        ports = rule_ports(protocol, change.from_port, change.to_port)
        mine &= inside(ports, packets.port) | (packets.port < 0)
    if any(_may_be_sent_on_to(network, one) for one in members):
        mine |= relayed(network, packets)
    found: NDArray[np.bool_] = alike & mine
    return found


def _may_be_sent_on_to(network: Network, interface: NetworkInterface) -> bool:
    """Whether a load balancer or endpoint may pass on to it what was sent to them, or it is one of their own."""
    if interface.id in network.balancer_of_interface or interface.id in network.endpoint_of_interface:
        return True
    if not network.load_balancers and not network.endpoints:
        return False
    groups = network.target_groups.values()
    if any(group.targets is None for group in groups):
        return True
    named = {target.id for group in groups for target in group.targets or ()}
    named |= {instance for balancer in network.load_balancers for instance in balancer.instances}
    own = {format_address(number) for number in (*(a.private for a in interface.ipv4), *interface.ipv6)}
    return bool(named & own) or network.instance_of_interface.get(interface.id) in named or bool(interface.prefixes)


def _by_acl(network: Network, change: AclEntryChange, packets: Packets) -> NDArray[np.bool_]:
    """An ACL judges what crosses the border of its subnets, either way: there, and on the way back."""
    subnets = []
    for subnet in network.subnets.values():
        acl = network.acl_of(subnet.id, subnet.vpc, subnet.origins)
        if not isinstance(acl, Missing) and acl.id == change.component:
            subnets.append(subnet.id)
    found: NDArray[np.bool_] = _of_protocol(packets, protocol_number(change.protocol)) & through(
        network, subnets, packets
    )
    return found & _about(network, change, packets)


def _about(network: Network, change: AclEntryChange, packets: Packets) -> NDArray[np.bool_]:
    """Of which one leg may have headers that an ACL's entry is about: the sender of what comes in, or the receiver.

    Requests go to the port of the server, replies to the client's, which a NAT gateway picks anew.
    """
    entry = change.entry
    peers = among(packets.ranks, parse_cidr(change.cidr))
    any_peer = readdressed(network, packets)
    client, server = peers[packets.client] | any_peer, peers[packets.server] | any_peer
    asks, answers = (server, client) if entry.egress else (client, server)
    if entry.protocol in (TCP, UDP):
        asks = asks & (inside(entry.ports, packets.port) | (packets.port < 0))
        to_client = inside(entry.ports, packets.client_port) | (packets.client_port < 0)
        answers = answers & (to_client | any_peer if meet(entry.ports, PORTS) else to_client)
    found: NDArray[np.bool_] = asks | answers | relayed(network, packets)
    return found


def _by_route(network: Network, change: RouteChange, packets: Packets) -> NDArray[np.bool_]:
    """A route matters to whatever leaves the subnets of its table, requests and replies."""
    import numpy as np

    if network.route_tables[change.component].gateways:
        return np.ones(len(packets), np.bool_)
    subnets = []
    for subnet in network.subnets.values():
        table = network.table_of(subnet.id, subnet.vpc, subnet.origins)
        if not isinstance(table, Missing) and table.id == change.component:
            subnets.append(subnet.id)
    return through(network, subnets, packets)


def _of_protocol(packets: Packets, protocol: int | None) -> NDArray[np.bool_]:
    import numpy as np

    if protocol is None:
        return np.ones(len(packets), np.bool_)
    # Between IPv6 addresses either number means ICMPv6.
    numbers = [ICMP, ICMPV6] if protocol in (ICMP, ICMPV6) else [protocol]
    return np.isin(packets.protocol, numbers)
