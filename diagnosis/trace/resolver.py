"""The DNS resolver of a VPC: it answers what the VPC's own interfaces ask, and no group and no ACL filters that.

"You cannot filter traffic to or from the Amazon DNS server with network ACLs or security groups"
(https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html). It is at the primary IPv4 range's first
address plus two, at 169.254.169.253 and, over IPv6, at fd00:ec2::253.
"""

from __future__ import annotations

from diagnosis.network.network import Network
from diagnosis.trace import interfaces
from diagnosis.trace.places import Held
from diagnosis.trace.step import cannot_tell, passes
from diagnosis.trace.walk import Walk
from diagnosis.traffic.addresses import parse_address
from diagnosis.traffic.ports import port
from diagnosis.traffic.protocols import TCP, UDP

KIND = "resolver"
ATTRIBUTES = "ec2.describe_vpc_attribute"
EVERYWHERE = frozenset(map(parse_address, ("169.254.169.253", "fd00:ec2::253")))
"""Where every VPC finds its own."""


def is_one(network: Network, address: int, vpc: str | None) -> bool:
    """Whether a resolver answers at an address in this VPC."""
    known = network.vpcs.get(vpc or "")
    return address in EVERYWHERE or (known is not None and known.resolver == address)


def answers(walk: Walk, source: Held, address: int) -> bool:
    """Takes a walk to the resolver of its source's VPC; False where it is another's, or more than DNS is asked."""
    network, interface = walk.network, source.interface
    questions = walk.traffic.only(protocol=(TCP, TCP + 1, UDP, UDP + 1), port=port(53))
    if not is_one(network, address, interface.vpc) or not questions.covers(walk.traffic):
        return False
    walk.take(interfaces.judge(network, interface, walk.traffic), interface.id, "network-interface")
    name = f"the resolver of {interface.vpc}"
    switches = network.dns_switches.get(interface.vpc or "")
    if switches is None and not network.coverage.named(ATTRIBUTES):
        assumed = (f"{ATTRIBUTES}: enableDnsSupport is on in {interface.vpc}",)
        walk.take(passes(KIND, name, walk.traffic, assumed=assumed))
    elif switches is None or "enableDnsSupport" in switches:
        gap = network.gap(ATTRIBUTES, interface.origins, f"enableDnsSupport of {interface.vpc}")
        if switches is not None:
            off = f"enableDnsSupport is off in {interface.vpc}, whose resolver then answers nothing"
            gap = network.coverage.missing(ATTRIBUTES, interface.origins, off)
        walk.take(cannot_tell(KIND, name, walk.traffic, gap))
    else:
        walk.take(passes(KIND, name, walk.traffic))
    return True
