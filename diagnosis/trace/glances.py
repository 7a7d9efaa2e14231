"""Glances: what can be told of a security group by a look at its rules, without compiling them.

Of most groups a look tells enough: they let everything out to anywhere, or have no rule about the asked port at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.security_groups import CidrPeer, GroupPeer, GroupRule, SecurityGroup
from diagnosis.network.shape import protocols_of
from diagnosis.trace.security_groups import member_addresses, peer_addresses, silent, works_in
from diagnosis.traffic.intervals import IntervalSet, covers, has, join_all, meet
from diagnosis.traffic.traffic import Box, Traffic


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A look at what groups do to some traffic in one direction.

    It is so on every path: whether a path carries the groups of peers decides only over rules that name groups, for the
    traffic that they are about.
    """

    network: Network
    boxes: tuple[Box, ...]
    far: IntervalSet
    """The addresses of the peers in it."""
    egress: bool
    there: Callable[[IntervalSet], IntervalSet] | None = None
    """Which of some addresses peers have. Without it only its ports tell what a rule that names a group is about."""

    @classmethod
    def of(
        cls,
        network: Network,
        traffic: Traffic,
        there: Callable[[IntervalSet], IntervalSet] | None = None,
        *,
        egress: bool,
    ) -> Glance:
        """A look at this traffic."""
        return cls(network, traffic.boxes, traffic.project("destination" if egress else "source"), egress, there)

    def at(self, identity: str, interface: NetworkInterface) -> bool | None:
        """Whether a group of an interface lets all of it pass (True), or has no rule about any of it (False).

        None where it takes more to tell.
        """
        group = self.network.groups.get(identity)
        if group is None or works_in(self.network, group, interface) != ():
            return None
        if covers(open_to(self.network, group, egress=self.egress), self.far):
            return True
        about = False
        for rule in group.rules:
            if rule.egress is self.egress and self._is_about(rule):
                about = True
                if isinstance(rule.peer, CidrPeer) and self._holds_all(rule, rule.peer):
                    return True
        return None if about else False

    def _is_about(self, rule: GroupRule) -> bool:
        protocol, ports = rule.protocol, rule.ports
        for box in self.boxes:
            if (protocol is None or has(box.protocol, protocol)) and meet(ports, box.port):
                break
        else:
            return False
        if self.there is None:
            return not isinstance(rule.peer, CidrPeer) or bool(meet(rule.peer.addresses, self.far))
        known = self._at_most(rule)
        return known is None or bool(self.there(known))

    def _holds_all(self, rule: GroupRule, peer: CidrPeer) -> bool:
        protocols = protocols_of(rule.protocol)
        return covers(peer.addresses, self.far) and all(
            covers(protocols, box.protocol) and covers(rule.ports, box.port) for box in self.boxes
        )

    def _at_most(self, rule: GroupRule) -> IntervalSet | None:
        """Addresses beside which the peer of a rule has none on any path; None where that is not known."""
        if not isinstance(rule.peer, GroupPeer):
            return peer_addresses(self.network, rule, frozenset())
        if not self.network.members.get(rule.peer.group) or silent(self.network, None):
            return None
        return member_addresses(self.network, rule.peer.group, None)


def open_to(network: Network, group: SecurityGroup, *, egress: bool) -> IntervalSet:
    """The ranges to or from which rules of a group let everything pass."""
    key = ("open to", group.id, egress)
    found: IntervalSet | None = network.memo.get(key)
    if found is None:
        ranges = [
            rule.peer.addresses
            for rule in group.rules
            if rule.egress is egress and rule.protocol is None and isinstance(rule.peer, CidrPeer)
        ]
        found = network.memo.keep(key, join_all(ranges), (group.id,))
    return found
