"""Arrival: into the destination's subnet and at its interface, or at an address that nothing answers from."""

from __future__ import annotations

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.trace import (
    appliances,
    group_references,
    interfaces,
    network_acls,
    security_groups,
    targets,
    transit_walks,
    vpc_endpoints,
)
from diagnosis.trace.codes import Code
from diagnosis.trace.peerings import doubtful_scope, reference_scope
from diagnosis.trace.places import Destination, Held, Nobody
from diagnosis.trace.step import Blocker, cannot_tell, drops
from diagnosis.trace.walk import (
    Arrival,
    Device,
    EnteredSubnet,
    FromGateway,
    FromRelay,
    FromTransit,
    GroupsJudge,
    LeftSubnet,
    Unmodelled,
    Walk,
)
from diagnosis.traffic.filters import INGRESS

INTERFACE = "network-interface"


def interface_device(place: Held) -> Device:
    """The sending side of an interface's address."""
    interface = place.interface
    return Device(
        interface.id, interface, interface.vpc, interface.subnet, interface.origins, interface.public_of(place.private)
    )


def nobody(walk: Walk, vpc: str, subnet: str | None) -> Walk:
    """At an address of a VPC that no interface holds, or none that was seen."""
    hidden = walk.network.hidden_gap(vpc)
    if hidden is not None:
        walk.take(cannot_tell("address", subnet or vpc, walk.traffic, hidden))
        walk.crossings.append(Unmodelled(subnet or vpc, "address", hidden))
        return walk
    blocker = Blocker(
        Code.NO_INTERFACE_WITH_ADDRESS, subnet or vpc, (vpc,) if subnet and vpc else (), "ingress", None, walk.traffic
    )
    walk.take(drops("address", subnet or vpc, walk.traffic, blocker))
    return walk


def enter(walk: Walk, destination: Held, arrival: Arrival) -> Walk:
    """Into the destination's subnet and to its interface."""
    interface, network = destination.interface, walk.network
    # What comes out of a transit gateway in the very subnet of its receiver meets no ACL.
    if not isinstance(arrival, FromTransit) or arrival.subnet != interface.subnet:
        acl = network.acl_of(interface.subnet, interface.vpc, interface.origins)
        step = network_acls.judge(
            network, acl, interface.subnet, walk.traffic, "ingress", INGRESS, explain=walk.explain
        )
        walk.take(transit_walks.unless_beside(walk, step, arrival, destination))
    if walk.appliance is not None:
        arrival = FromGateway(walk.appliance, appliances.KIND, certain=False)
    elif walk.relay is not None and walk.relay.keeps_client:
        arrival = FromRelay()
    walk.crossings.append(EnteredSubnet(interface_device(destination), arrival))
    return arrive(walk, destination)


def arrive(walk: Walk, destination: Held) -> Walk:
    """At the destination's interface: its groups, and whether it is up."""
    interface = destination.interface
    if interface.kind == "natgateway":
        nats = walk.network.nat_gateways.values()
        nat = next((nat.id for nat in nats if any(a.interface == interface.id for a in nat.addresses)), None)
        related = (interface.id,) if nat is not None else ()
        blocker = Blocker(Code.NGW_UNSOLICITED_INBOUND, nat or interface.id, related, None, None, walk.traffic)
        walk.take(drops(INTERFACE, interface.id, walk.traffic, blocker))
        return walk
    if walk.relay is not None and walk.relay.keeps_client:
        step = targets.judge_kept(walk, interface, walk.relay)
    else:
        walk.entering = _entering(walk, destination)
        step = None if destination.groups_apart else walk.entering.step(interface, walk.traffic, walk.explain)
    walk.take(step, interface.id, INTERFACE)
    walk.take(interfaces.judge(walk.network, interface, walk.traffic), interface.id, INTERFACE)
    vpc_endpoints.arrive(walk, interface)
    walk.arrived = True
    return walk


def _entering(walk: Walk, destination: Held) -> GroupsJudge:
    """How the groups of an interface where the destination is judge what reaches it."""
    network, interface, stranger = walk.network, destination.interface, walk.stranger
    scope, peer = _peer_of(walk, destination)
    last = walk.crossings[-1] if walk.crossings else None
    through = transit_walks.perhaps_by(walk, last.arrival, destination) if isinstance(last, EnteredSubnet) else None
    if through is not None:
        home = group_references.home_of(network, through)
        return GroupsJudge(
            ("ingress", through.gateway, through.entered, through.left, home, peer.vpc if peer else None, stranger),
            network,
            peer,
            lambda network, one, other, traffic, explain: group_references.judge(
                network, one, traffic, through, other, stranger, explain=explain
            ),
            lambda network, one, groups: group_references.rules(network, one, groups, peer, egress=False),
        )
    doubt = doubtful_scope(network, interface.vpc, peer.vpc if peer else None, interface.origins)
    if peer is None and stranger is not None:
        doubt = frozenset({stranger})
    return GroupsJudge(
        ("ingress", scope, doubt),
        network,
        peer,
        lambda network, one, other, traffic, explain: security_groups.judge(
            network, one, traffic, scope, other, egress=False, doubt=doubt, explain=explain
        ),
        lambda network, one, groups: security_groups.group_filter(network, groups, one, scope, doubt, egress=False),
    )


def _peer_of(walk: Walk, destination: Held) -> tuple[security_groups.Scope, NetworkInterface | None]:
    """Which VPCs' interfaces a group reference can match here, and the interface that started the traffic."""
    first = next((c.device for c in walk.crossings if isinstance(c, LeftSubnet)), None)
    peer = first.interface if first is not None else walk.origin
    if walk.relay is not None:
        peer = walk.relay.interface
    if walk.appliance is not None:
        # "If you reference the security group of the other instance as the source, this does not allow traffic."
        return frozenset(), peer
    if peer is None:
        return frozenset({destination.interface.vpc or ""}), None
    return reference_scope(walk.network, destination.interface.vpc, peer.vpc), peer


def beyond(walk: Walk, crossing: Unmodelled, destination: Destination) -> Walk:
    """Past a component that is not judged: unknown there, and the destination's own rules as if it had passed."""
    walk.take(cannot_tell(crossing.kind, crossing.component, walk.traffic, crossing.gap))
    walk.crossings.append(crossing)
    match destination:
        case Held() if not destination.by_public_address:
            return enter(walk, destination, FromGateway(crossing.component, crossing.kind, certain=False))
        case Nobody():
            return nobody(walk, destination.vpc, destination.subnet)
        case _:
            return walk
