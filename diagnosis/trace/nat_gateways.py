"""NAT gateways: into their subnet, out again from their own address and ports, for TCP, UDP and ICMP over IPv4.

https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.network.coverage import Missing
from diagnosis.network.gateways import NatAddress, NatGateway
from diagnosis.network.network import Network
from diagnosis.network.route_tables import RouteTable
from diagnosis.trace import network_acls, route_tables
from diagnosis.trace.codes import Code
from diagnosis.trace.step import Blocker, Step, cannot_tell, drops, passes
from diagnosis.trace.walk import Crossed, Device, EnteredSubnet, FromVpc, StayedInSubnet, Unmodelled, Walk
from diagnosis.traffic.addresses import IPV4
from diagnosis.traffic.filters import INGRESS
from diagnosis.traffic.intervals import IntervalSet, join_all
from diagnosis.traffic.ports import port_range
from diagnosis.traffic.protocols import ICMP, TCP, UDP
from diagnosis.traffic.traffic import Traffic

KIND = "nat-gateway"
PORTS = port_range(1024, 65535)
"""The ports that a NAT gateway sends from."""


def through(walk: Walk, target: str, table: RouteTable, device: Device) -> Device | Unmodelled | None:
    """Into the gateway's subnet and through it: the gateway as the sender of what goes on; None where nothing can."""
    network = walk.network
    nat = network.nat_gateways.get(target)
    if nat is None or (nat.subnet is None and not nat.regional):
        what = f"NAT gateway {target}" if nat is None else f"the subnet of NAT gateway {target}"
        return Unmodelled(target, KIND, network.gap("ec2.describe_nat_gateways", device.origins, what))
    if device.id == target or target in walk.nats:
        blocker = Blocker(
            Code.NO_ROUTE_TO_DESTINATION, table.id, (target,), None, None, walk.traffic, "leads to itself"
        )
        walk.take(drops(route_tables.KIND, table.id, walk.traffic, blocker))
        return None
    outside = sender(network, nat)
    walk.nats |= {target}
    if nat.regional:
        walk.take(_zone(network, nat, device, walk.traffic))
        walk.crossings.append(Crossed(nat.id, KIND))
    elif nat.subnet != device.subnet:
        acl = network.acl_of(nat.subnet, nat.vpc, nat.origins)
        walk.take(network_acls.judge(network, acl, nat.subnet, walk.traffic, "ingress", INGRESS, explain=walk.explain))
        walk.crossings.append(EnteredSubnet(outside, device.arrived or FromVpc()))
    elif device.arrived is not None:
        walk.crossings.append(EnteredSubnet(outside, device.arrived))
    else:
        walk.crossings.append(StayedInSubnet())
    walk.take(_nat_state(nat, table, device, walk.traffic))
    walk.take(_nat_protocols(nat, walk.traffic))
    _translate_at_nat(walk, nat)
    return outside


def _zone(network: Network, nat: NatGateway, device: Device, traffic: Traffic) -> Step:
    """A regional NAT gateway serves the zones in which it is present; with automatic coverage that is all of them.

    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html
    """
    subnet = network.subnets.get(device.subnet or "")
    own = device.interface.zone if device.interface is not None else None
    zone, zone_id = (subnet.zone, subnet.zone_id) if subnet is not None else (own, None)
    present = nat.present_in(zone, zone_id)
    if present or nat.follows_zones:
        return passes(KIND, nat.id, traffic)
    where = zone or zone_id or f"the zone of {device.subnet}"
    if present is None:
        account, region = (nat.origins or (("", ""),))[0]
        gap = Missing("", account, region, f"whether regional NAT gateway {nat.id} is present in {where}")
        return cannot_tell(KIND, nat.id, traffic, gap)
    related = (device.subnet,) if device.subnet else ()
    code = Code.REGIONAL_NGW_ROUTE_AZ_RESTRICTION
    return drops(KIND, nat.id, traffic, Blocker(code, nat.id, related, None, None, traffic, where))


def own_table(network: Network, device: Device) -> RouteTable | Missing:
    """The route table of a regional NAT gateway, which has no subnet."""
    known = network.route_tables.get(device.table or "")
    what = f"the route table of {device.id}"
    return known if known is not None else network.gap("ec2.describe_route_tables", device.origins, what)


def sender(network: Network, nat: NatGateway) -> Device:
    """The NAT gateway as a sender in its subnet."""
    first = nat.addresses[0] if nat.addresses else None
    interface = network.interfaces.get(first.interface) if first and first.interface else None
    public = first.public if first is not None else None
    return Device(
        nat.id,
        interface,
        nat.vpc,
        nat.subnet,
        nat.origins,
        public if nat.public else None,
        more_public=_public(nat) if nat.public and public is not None else (),
        public_unseen=nat.public and public is None,
        through_nat=True,
        table=(nat.route_table or "") if nat.regional else None,
    )


def _nat_state(nat: NatGateway, table: RouteTable, device: Device, traffic: Traffic) -> Step:
    if nat.state != "available":
        return drops(KIND, nat.id, traffic, Blocker(Code.BAD_STATE, nat.id, (), None, None, traffic, nat.state))
    if nat.vpc and device.vpc and nat.vpc != device.vpc:
        blocker = Blocker(Code.NGW_REQUIRES_SOURCE_IN_VPC, table.id, (nat.id,), None, None, traffic)
        return drops(KIND, nat.id, traffic, blocker)
    return passes(KIND, nat.id, traffic)


def _nat_protocols(nat: NatGateway, traffic: Traffic) -> Step:
    """TCP, UDP and ICMP over IPv4 pass; IPv6 needs NAT64, which is not modelled."""
    six = traffic.minus(traffic.only(source=IPV4))
    four = traffic.only(source=IPV4)
    known = (ICMP, ICMP + 1, TCP, TCP + 1, UDP, UDP + 1)
    passed = four.only(protocol=known)
    dropped = four.minus(passed)
    blockers: tuple[Blocker, ...] = ()
    if not dropped.empty:
        blockers = (Blocker(Code.PROTOCOL_RESTRICTION, nat.id, (), None, None, dropped, "TCP, UDP and ICMP"),)
    gaps: tuple[Missing, ...] = ()
    if not six.empty:
        gaps = (
            Missing(
                "", *((nat.origins or (("", ""),))[0]), f"IPv6 through NAT gateway {nat.id} (NAT64) is not modelled"
            ),
        )
    return Step(KIND, nat.id, None, passed, dropped, six, None, "", blockers, gaps)


def _serving(nat: NatGateway) -> Iterator[NatAddress]:
    """The addresses that a connection may be made from; the primary one always is."""
    return (address for address in nat.addresses if address.serving or address.primary)


def _public(nat: NatGateway) -> IntervalSet:
    return join_all((a.public, a.public + 1) for a in _serving(nat) if a.public is not None)


def _translate_at_nat(walk: Walk, nat: NatGateway) -> None:
    # "Each IPv4 address can support up to 55,000 simultaneous connections": it sends from any of its addresses.
    source: IntervalSet | None = join_all((a.private, a.private + 1) for a in _serving(nat) if a.private is not None)
    if nat.regional and not source:
        # It translates to its public addresses at once; any of those of the zone.
        source = _public(nat)
    source = source or None
    ported = walk.traffic.only(protocol=(TCP, TCP + 1, UDP, UDP + 1))
    rest = walk.traffic.minus(ported)
    after = ported.rewritten(source=source, source_port=PORTS).union(rest.rewritten(source=source))
    walk.rewrite(nat.id, KIND, after, keeps_source=False)
