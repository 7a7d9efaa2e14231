"""Flows between interfaces of which half pass: towards what some inbound rule of the destination allows."""

from __future__ import annotations

import random
from bisect import bisect_left

from diagnosis.batch import judged
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.security_groups import CidrPeer, GroupPeer, GroupRule
from diagnosis.traffic.addresses import format_address
from diagnosis.traffic.intervals import pieces


def half_passing(network: Network, count: int, seed: int) -> list[dict[str, object]]:
    """Flows of which one half is reachable and the other blocked, no two alike, half of them without a source port.

    The source of each lies in the range of an inbound rule of the destination, or holds the group that it names; three
    in four ask for a port of that rule.
    """
    chance = random.Random(seed)
    held = [i for i in network.interfaces.values() if i.kind == "interface"]
    by_address = sorted(held, key=lambda i: i.ipv4[0].private)
    wanted = {"reachable": count // 2, "blocked": count - count // 2}
    found: dict[object, dict[str, object]] = {}
    while any(wanted.values()):
        destination = chance.choice(held)
        rules = [r for g in destination.groups or () for r in network.groups[g].in_direction(egress=False)]
        rule = chance.choice(rules) if rules else None
        sources = _sources(network, rule, by_address) if rule is not None else []
        if rule is None or not sources:
            continue
        port = chance.randrange(rule.ports[0], rule.ports[1]) if chance.random() < 0.75 else chance.randrange(1, 65536)
        flow: dict[str, object] = {
            "id": str(len(found)),
            "source": format_address(chance.choice(sources).ipv4[0].private),
            "destination": format_address(destination.ipv4[0].private),
            "protocol": "tcp",
            "port": port,
            "source_port": chance.randrange(32768, 61000) if chance.random() < 0.5 else None,
        }
        verdict = judged(network, flow)["verdict"]
        key = (flow["source"], flow["destination"], port)
        if wanted.get(verdict) and flow["source"] != flow["destination"] and key not in found:
            wanted[verdict] -= 1
            found[key] = flow
    return list(found.values())


def _sources(network: Network, rule: GroupRule, by_address: list[NetworkInterface]) -> list[NetworkInterface]:
    match rule.peer:
        case CidrPeer():
            [(low, high)] = pieces(rule.peer.addresses)
            first, end = (bisect_left(by_address, at, key=lambda i: i.ipv4[0].private) for at in (low, high))
            return by_address[first:end]
        case GroupPeer(group=group):
            return [network.interfaces[eni] for eni in network.members.get(group, ())]
        case _:
            return []
