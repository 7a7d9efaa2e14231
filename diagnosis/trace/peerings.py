"""VPC peering connections: two VPCs, their own address ranges, nothing beyond.

"VPC peering does not support transitive peering" and edge-to-edge routing
(https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html).
"""

from __future__ import annotations

from diagnosis.network.gateways import PeeringConnection, PeeringSide
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.vpcs import Origins
from diagnosis.trace.codes import Code
from diagnosis.trace.step import NOTHING, Blocker, Step, drops, passes
from diagnosis.traffic.addresses import format_address
from diagnosis.traffic.intervals import IntervalSet, join, meet
from diagnosis.traffic.traffic import Traffic

KIND = "vpc-peering-connection"
CALL = "ec2.describe_vpc_peering_connections"


def side_addresses(network: Network, side: PeeringSide) -> IntervalSet:
    """A side's ranges: the VPC's own where it was seen, joined with what the connection says of it."""
    vpc = network.vpcs.get(side.vpc)
    return join(vpc.addresses, side.addresses) if vpc is not None else side.addresses


def crossing_step(
    network: Network,
    peering: PeeringConnection,
    other: PeeringSide | None,
    table: str,
    rule: str,
    traffic: Traffic,
) -> tuple[Step, bool]:
    """What the connection does, and whether anything can come out on the other side."""
    if other is None:
        blocker = Blocker(Code.PCX_REQUIRES_ADDRESS_IN_VPC_CIDR, table, (peering.id,), None, rule, traffic)
        return drops(KIND, peering.id, traffic, blocker), False
    if peering.state != "active":
        return drops(
            KIND, peering.id, traffic, Blocker(Code.BAD_STATE, peering.id, (), None, None, traffic, peering.state)
        ), True
    theirs = side_addresses(network, other)
    mine = side_addresses(network, peering.requester if other is peering.accepter else peering.accepter)
    inside = traffic
    if theirs:
        inside = inside.only(destination=theirs)
    if mine:
        inside = inside.only(source=mine)
    outside = traffic.minus(inside)
    if outside.empty:
        return passes(KIND, peering.id, traffic), True
    blocker = Blocker(Code.PCX_REQUIRES_ADDRESS_IN_VPC_CIDR, table, (peering.id,), None, rule, outside)
    return Step(KIND, peering.id, None, inside, outside, NOTHING, rule, "", (blocker,)), not inside.empty


def name_notes(peering: PeeringConnection, theirs: PeeringSide, interface: NetworkInterface) -> tuple[str, ...]:
    """What the public DNS name of an interface across a peering connection gives on this side.

    "If you query the public DNS hostname from the peer VPC" it "resolves to the public IP address", unless the
    connection allows DNS resolution
    (https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-dns.html).
    """
    public = next((address.public for address in interface.ipv4 if address.public is not None), None)
    if theirs.resolves is not False or public is None:
        return ()
    text = (
        f"A public DNS name of {interface.id} gives {format_address(public)} and not its private address here: "
        f"AllowDnsResolutionFromRemoteVpc is off for {theirs.vpc} on {peering.id}."
    )
    return (text,)


def reference_scope(network: Network, vpc: str | None, peer: str | None) -> frozenset[str]:
    """The VPCs whose interfaces a group reference in `vpc` can match when the other side is in `peer`.

    References work in the same VPC and over an active peering connection in the same Region
    (https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html).
    """
    own = frozenset({vpc or ""})
    if peer is None or peer == vpc:
        return own
    for peering in network.active_peerings(vpc, peer):
        requester, accepter = peering.requester.region, peering.accepter.region
        if requester == accepter or not requester or not accepter:
            return own | {peer}
    return own


def doubtful_scope(network: Network, vpc: str | None, peer: str | None, origins: Origins) -> frozenset[str]:
    """The other VPC, where it was not seen whether a peering connection lets references match there."""
    if peer is None or peer == vpc or peer in reference_scope(network, vpc, peer):
        return frozenset()
    seen = network.coverage.seen(CALL, origins)
    return frozenset() if seen and network.whole("VpcPeeringConnections") else frozenset({peer})


def unseen_across(network: Network, vpc: str | None, addresses: IntervalSet) -> frozenset[str]:
    """VPCs that were not seen, that are peered with this one, and in whose ranges some of the addresses may lie.

    What security groups interfaces there hold is not known, so a reference to one may match.
    """
    sides = (p.other_side(vpc) for p in network.peerings.values() if p.state == "active")
    return frozenset(
        side.vpc
        for side in sides
        if side is not None
        and side.vpc not in network.vpcs
        and (not side.addresses or meet(side.addresses, addresses))
        and reference_scope(network, vpc, side.vpc) != {vpc or ""}
    )
