"""Whether a rule, as somebody changed it, meets the traffic at the place where that is dropped or was judged."""

from __future__ import annotations

from typing import assert_never

from diagnosis.explanation.suspects import Spot
from diagnosis.network.network import Network
from diagnosis.network.security_groups import CidrPeer, GroupPeer, GroupRule, PrefixListPeer
from diagnosis.network.shape import protocols_of
from diagnosis.traffic.intervals import IntervalSet, join_all, meet
from diagnosis.traffic.protocols import ICMP, ICMPV6


def meets_rule(network: Network, rule: GroupRule, spot: Spot) -> bool | None:
    """Whether a rule of a group would let some of the traffic pass; None where its prefix list was not seen."""
    if rule.egress is not (spot.direction == "egress"):
        return False
    match rule.peer:
        case CidrPeer():
            peers = rule.peer.addresses
        case GroupPeer(group=group):
            holders = [network.interfaces[eni] for eni in network.members.get(group, ())]
            peers = join_all(interface.own_addresses for interface in holders)
        case PrefixListPeer(prefix_list=name):
            known = network.prefix_lists.get(name)
            if known is None or known.addresses is None:
                return None
            peers = known.addresses
        case _:
            assert_never(rule.peer)
    return meets(spot, protocols_of(rule.protocol), peers, rule.ports)


def meets(spot: Spot, protocols: IntervalSet, peers: IntervalSet, ports: IntervalSet) -> bool:
    """Whether a rule meets the traffic; replies are judged on the header of their connection, sides swapped."""
    reply = spot.leg == "return"
    for box in spot.traffic.boxes:
        common = meet(box.protocol, protocols)
        side = box.source if (spot.direction == "egress") is reply else box.destination
        asked = box.source_port if reply else box.port
        echoes = reply and bool(meet(common, (ICMP, ICMP + 1, ICMPV6, ICMPV6 + 1)))
        if common and meet(side, peers) and (echoes or meet(asked, ports)):
            return True
    return False


def towards(spot: Spot) -> IntervalSet:
    """The addresses that the traffic is routed to."""
    return spot.traffic.project("source" if spot.leg == "return" else "destination")
