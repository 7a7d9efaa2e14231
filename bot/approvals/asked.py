"""What was asked, as sets: the headers of the question, and the packets of it that each group and ACL meets.

Found by tracing the question in the network as it would be after the fix, where all of it gets through: then nothing of
it is missing behind a drop. Addresses are those that a component meets, after any translation on the way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from diagnosis.fix.change import AclEntryChange, GroupRuleChange
from diagnosis.network.network import Network
from diagnosis.network.shape import protocols_of, rule_ports
from diagnosis.trace.places import Held, Place
from diagnosis.trace.step import Hop, Leg, Step
from diagnosis.trace.trace import Trace
from diagnosis.traffic.addresses import ALL_ADDRESSES, IPV4, IPV6, PUBLIC, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, covers, has, join, meet, minus, size
from diagnosis.traffic.ports import ALL_PORTS, reply_cells
from diagnosis.traffic.protocols import ICMP, ICMPV6, protocol_number
from diagnosis.traffic.traffic import NOTHING, Box, Traffic

Direction = Literal["egress", "ingress"]
GROUPS: Final = "security-group"
ACLS: Final = "network-acl"
_ICMPS: Final[IntervalSet] = (ICMP, ICMP + 1, ICMPV6, ICMPV6 + 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for. A *met* packet is kept as rules see it: its peer as the source, its port, no more."""

    headers: Traffic
    """Of the connections, from client to server, with any source port."""
    ends: tuple[frozenset[str], frozenset[str]]
    """Interfaces that were asked about, and those that stand for them on the way: sending, and receiving."""
    by_group: dict[tuple[str, Direction], Traffic]
    """What the groups of an interface meet."""
    by_acl: dict[tuple[str, Direction], Traffic]

    def met_by(self, network: Network, change: GroupRuleChange | AclEntryChange) -> Traffic:
        """All that the edited component meets in the direction of the change."""
        if isinstance(change, AclEntryChange):
            return self.by_acl.get((change.component, change.direction), NOTHING)
        found = NOTHING
        for eni in network.members.get(change.component, ()):
            found = found.union(self.by_group.get((eni, change.direction), NOTHING))
        return found


def asked_for(network: Network, traces: tuple[Trace, ...]) -> Asked:
    """What these traces of one question ask for; `network` is the one in which they were made."""
    headers = NOTHING
    sending, receiving = set[str](), set[str]()
    by_group: defaultdict[tuple[str, Direction], Traffic] = defaultdict(Traffic.nothing)
    by_acl: defaultdict[tuple[str, Direction], Traffic] = defaultdict(Traffic.nothing)
    for one in traces:
        sending |= set(_held(network, one.flow.source))
        receiving |= set(_held(network, one.flow.destination))
        for path in one.paths:
            headers = headers.union(_any_source_port(path.question))
            for leg, hop, step in _steps(path.forward_hops, path.return_hops):
                if step.direction is None or step.kind not in ((GROUPS, ACLS) if leg == "forward" else (ACLS,)):
                    continue  # Groups keep state: whatever their rules, the replies pass.
                entered = step.passed.union(step.dropped).union(step.unknown)
                seen = _as_met(entered, leg, step.direction)
                if step.kind == ACLS:
                    by_acl[step.component, step.direction] = by_acl[step.component, step.direction].union(seen)
                    continue
                by_group[hop.component, step.direction] = by_group[hop.component, step.direction].union(seen)
                headers = headers.union(_any_source_port(entered))
                # A load balancer's node receives, and then sends in the client's place.
                (sending if step.direction == "egress" else receiving).add(hop.component)
    return Asked(headers, (frozenset(sending), frozenset(receiving)), dict(by_group), dict(by_acl))


def opened_by(change: GroupRuleChange | AclEntryChange, peers: IntervalSet) -> Traffic:
    """What the rule or entry lets pass of these peers, in the form of met packets."""
    protocol = protocol_number(change.protocol)
    ports = rule_ports(protocol, change.from_port, change.to_port)
    return Traffic.of(Box(peers, ALL_ADDRESSES, protocols_of(protocol), ALL_PORTS, ports))


def peers_of(change: GroupRuleChange | AclEntryChange) -> IntervalSet:
    """The addresses that it names; none where it names a group."""
    return parse_cidr(change.cidr) if change.cidr is not None else ()


def with_whole_families(met: Traffic) -> Traffic:
    """The same, where a family's whole internet was asked for with all of that family.

    "The internet" as a destination can only be written 0.0.0.0/0. What of it is not public is judged by what it opens.
    """
    boxes = []
    for box in met.boxes:
        peers = box.source
        for family in (IPV4, IPV6):
            public = meet(PUBLIC, family)
            # Public addresses that a VPC uses itself, and those of seen interfaces, are no part of "the internet".
            if size(meet(peers, public)) * 100 > size(public) * 99 and not covers(peers, family):
                peers = join(peers, family)
        boxes.append(box._replace(source=peers))
    return Traffic.of(*boxes)


def _held(network: Network, place: Place) -> Iterator[str]:
    """The interfaces that a place stands for: those of its subnet that hold one of its addresses."""
    if not isinstance(place, Held):
        return
    yield place.interface.id
    if place.alike:
        for eni in network.interfaces_of_subnet.get(place.interface.subnet or "", ()):
            if meet(network.interfaces[eni].own_addresses, place.alike):
                yield eni


def _steps(forward: Iterable[Hop], back: Iterable[Hop]) -> Iterator[tuple[Leg, Hop, Step]]:
    for hop in forward:
        yield from (("forward", hop, step) for step in hop.steps)
    for hop in back:
        yield from (("return", hop, step) for step in hop.steps)


def _as_met(traffic: Traffic, leg: Leg, direction: Direction) -> Traffic:
    """Connections as the packets that a component sees of them: a reply's destination port is the source port."""
    reply = leg == "return"
    peer_sends = (direction == "ingress") != reply
    boxes = []
    for box in traffic.boxes:
        peer = box.source if peer_sends else box.destination
        if not reply:
            boxes.append(Box(peer, ALL_ADDRESSES, box.protocol, ALL_PORTS, box.port))
            continue
        for protocol in (n for n in (ICMP, ICMPV6) if has(box.protocol, n)):
            cells = reply_cells(box.port, protocol)
            boxes.append(Box(peer, ALL_ADDRESSES, (protocol, protocol + 1), ALL_PORTS, cells))
        others = minus(box.protocol, _ICMPS)
        if others:
            boxes.append(Box(peer, ALL_ADDRESSES, others, ALL_PORTS, box.source_port))
    return Traffic.of(*boxes) if boxes else NOTHING


def _any_source_port(traffic: Traffic) -> Traffic:
    return Traffic.of(*(box._replace(source_port=ALL_PORTS) for box in traffic.boxes)) if traffic.boxes else traffic
