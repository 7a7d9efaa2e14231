"""Virtual private gateways and VPN connections on the path: the edge of what is seen.

"A virtual private gateway is the VPN endpoint on the Amazon side of your Site-to-Site VPN connection that can be
attached to a single VPC" (https://docs.aws.amazon.com/vpn/latest/s2svpn/how_it_works.html). Towards a destination
beyond it the outcome is not known; what certainly stops traffic at the gateway is judged. Tunnels that reported to be
down when the account was described say nothing of now: that is told as an assumption, never as a verdict.
"""

from __future__ import annotations

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.transit_gateways import TransitGatewayAttachment
from diagnosis.network.vpcs import Origins
from diagnosis.network.vpn_gateways import GONE, VpnConnection
from diagnosis.trace.codes import Code
from diagnosis.trace.places import Held
from diagnosis.trace.step import NOTHING, Blocker, Step, cannot_tell, drops, passes
from diagnosis.trace.walk import Device, Unmodelled
from diagnosis.traffic.addresses import IPV6
from diagnosis.traffic.traffic import Traffic

KIND = "virtual-private-gateway"
CONNECTION = "vpn-connection"
GATEWAYS = "ec2.describe_vpn_gateways"
CONNECTIONS = "ec2.describe_vpn_connections"
DIRECT = "directconnect.describe_virtual_interfaces"


def leaving(network: Network, target: str, table: str, rule: str, device: Device, traffic: Traffic) -> list[Step]:
    """Out of a VPC by a virtual private gateway: attached to it, connected, and taking only the VPC's own sources."""
    steps = [attachment_step(network, target, table, device, traffic)]
    vpc = network.vpcs.get(device.vpc or "")
    if vpc is not None and vpc.addresses:
        foreign = traffic.minus(traffic.only(source=vpc.addresses))
        if not foreign.empty:
            blocker = Blocker(Code.VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS, table, (target,), None, rule, foreign)
            steps.append(Step(KIND, target, None, traffic.minus(foreign), foreign, NOTHING, rule, "", (blocker,)))
    return [*steps, *_connected(network, target, device.origins, traffic), *_ipv6(network, target, device, traffic)]


def entering(network: Network, target: str, device: Device, place: Held, traffic: Traffic) -> list[Step]:
    """Into a VPC by a virtual private gateway: connected, attached, and only to private addresses of interfaces."""
    steps = [*_connected(network, target, device.origins, traffic), *_ipv6(network, target, device, traffic)]
    steps.append(attachment_step(network, target, "", device, traffic))
    if place.by_public_address:
        blocker = Blocker(
            Code.VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS, place.interface.id, (target,), None, None, traffic
        )
        steps.append(drops(KIND, target, traffic, blocker))
    return steps


def edge(target: str, device: Device) -> Unmodelled:
    """What nothing shows: the network behind the gateway."""
    account, region = (device.origins or (("", ""),))[0]
    gap = Missing("", account, region, f"what lies beyond virtual private gateway {target} is not seen")
    return Unmodelled(target, KIND, gap)


def attachment_step(network: Network, target: str, table: str, device: Device, traffic: Traffic) -> Step:
    """Whether the gateway works and is attached to the VPC that the traffic is in."""
    gateway = network.vpn_gateways.get(target)
    if gateway is None:
        gap = network.gap(GATEWAYS, device.origins, f"virtual private gateway {target}")
        return cannot_tell(KIND, target, traffic, gap)
    if gateway.state in GONE:
        return drops(KIND, target, traffic, Blocker(Code.BAD_STATE, target, (), None, None, traffic, gateway.state))
    state = gateway.state_for(device.vpc)
    if state in ("attached", "available"):
        unsaid = (f"{GATEWAYS}: {target} is available",) if gateway.state is None else ()
        return passes(KIND, target, traffic, assumed=unsaid)
    others = [vpc for vpc, other in gateway.attachments if other == "attached"]
    if state is None and others and table:
        detail = f"attached to {others[0]}"
        blocker = Blocker(Code.BAD_STATE_ATTACHMENT, table, (target,), None, None, traffic, detail)
    else:
        related = (device.vpc,) if device.vpc else ()
        blocker = Blocker(Code.BAD_STATE_ATTACHMENT, target, related, None, None, traffic, state or "detached")
    return drops(KIND, target, traffic, blocker)


def _connected(network: Network, target: str, origins: Origins, traffic: Traffic) -> list[Step]:
    """The VPN connections of a virtual private gateway: nothing passes where all of them are gone."""
    connections = sorted((c for c in network.vpn_connections.values() if c.vpn_gateway == target), key=lambda c: c.id)
    alive = [c for c in connections if c.state not in GONE]
    if alive:
        assumed = _assumed(alive)
        return [passes(KIND, target, traffic, assumed=assumed)] if assumed else []
    if not connections:
        if not network.coverage.seen(CONNECTIONS, origins) or not network.whole("VpnConnections"):
            gap = network.gap(CONNECTIONS, origins, f"the VPN connections of {target}")
            return [cannot_tell(KIND, target, traffic, gap)]
        return [passes(KIND, target, traffic, assumed=(f"{DIRECT}: a virtual interface leads to {target}",))]
    gone = connections[0]
    assert gone.state is not None, "what is gone says so"
    if network.coverage.named(DIRECT) or DIRECT in network.coverage.answered:
        gap = network.gap(DIRECT, origins, f"whether Direct Connect reaches {target}, whose VPN connections are gone,")
        return [cannot_tell(CONNECTION, gone.id, traffic, gap)]
    blocker = Blocker(Code.BAD_STATE_VPN, gone.id, (target,), None, None, traffic, gone.state)
    step = drops(CONNECTION, gone.id, traffic, blocker)
    return [
        Step(
            step.kind,
            step.component,
            None,
            NOTHING,
            traffic,
            NOTHING,
            None,
            gone.state,
            (blocker,),
            (),
            (f"{DIRECT}: no virtual interface leads to {target}",),
        )
    ]


def _ipv6(network: Network, target: str, device: Device, traffic: Traffic) -> list[Step]:
    """IPv6: "not supported for VPN connections on a virtual private gateway"; only Direct Connect carries it there."""
    six = traffic.only(source=IPV6)
    if six.empty:
        return []
    gap = network.gap(DIRECT, device.origins, f"whether Direct Connect carries IPv6 by {target}")
    return [Step(KIND, target, None, traffic.minus(six), NOTHING, six, None, gap.reason, gaps=(gap,))]


def connection_step(network: Network, identity: str, attachment: TransitGatewayAttachment, traffic: Traffic) -> Step:
    """The VPN connection of a transit gateway attachment."""
    connection = network.vpn_connections.get(identity)
    if connection is None:
        gap = network.gap(CONNECTIONS, attachment.origins, f"VPN connection {identity}")
        return cannot_tell(CONNECTION, identity or attachment.id, traffic, gap)
    if connection.state in GONE:
        assert connection.state is not None, "what is gone says so"
        blocker = Blocker(Code.TGW_BAD_STATE_VPN, identity, (attachment.id,), None, None, traffic, connection.state)
        return drops(CONNECTION, identity, traffic, blocker)
    return passes(CONNECTION, identity, traffic, assumed=_assumed([connection]))


def _assumed(connections: list[VpnConnection]) -> tuple[str, ...]:
    """What is assumed of connections of which each stands for all: nothing where one is known to carry traffic."""
    if any(c.state is not None and not c.tunnels_down for c in connections):
        return ()
    return tuple(
        f"{CONNECTIONS}: {c.id} carries traffic, though its tunnels reported to be down"
        if c.tunnels_down
        else f"{CONNECTIONS}: {c.id} is available"
        for c in connections
    )
