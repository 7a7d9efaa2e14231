"""Subjects: what the rules of all groups of one VPC are about, so that one look tells which have nothing to say.

Of most groups no rule is about the asked protocol, port and peers. What is looked at is not each group's rules but the
few protocols and ports that any rule of the VPC is about, with the groups as bits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.security_groups import GroupPeer
from diagnosis.trace.security_groups import member_addresses, peer_addresses, silent
from diagnosis.traffic.intervals import IntervalSet, has, meet
from diagnosis.traffic.traffic import Box


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One protocol (None for all) with some ports, and the groups of a VPC that have rules about it."""

    protocol: int | None
    ports: IntervalSet
    by_range: defaultdict[IntervalSet, int] = field(default_factory=lambda: defaultdict(int))
    """Groups as bits, by the ranges that their rules give as peers."""
    by_group: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """The same by the groups that their rules name. No name stands for a prefix list that was not seen."""

    def asked(self, boxes: Iterable[Box]) -> bool:
        """Whether some of the traffic has this protocol and one of these ports."""
        protocol = self.protocol
        return any((protocol is None or has(box.protocol, protocol)) and meet(self.ports, box.port) for box in boxes)


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """All that the groups of a VPC speak of in one direction."""

    groups: int
    """The groups as bits."""
    each: tuple[Subject, ...]

    def silent(
        self, network: Network, boxes: tuple[Box, ...], addresses: IntervalSet, peer: NetworkInterface | None
    ) -> int:
        """The groups without a rule about traffic with a peer that has these addresses."""
        speaking = 0
        for subject in self.each:
            if subject.asked(boxes):
                for ranges, groups in subject.by_range.items():
                    if groups & ~speaking and meet(ranges, addresses):
                        speaking |= groups
                for name, groups in subject.by_group.items():
                    if groups & ~speaking and _may_be_of(network, name, addresses, peer):
                        speaking |= groups
        return self.groups & ~speaking


def _may_be_of(network: Network, name: str, addresses: IntervalSet, peer: NetworkInterface | None) -> bool:
    """Whether a peer holds a group, or is not known not to: not every member may be seen."""
    if peer is not None and name in (peer.groups or ()):
        return True
    members = network.members.get(name)
    return not members or bool(silent(network, None)) or bool(meet(member_addresses(network, name, None), addresses))


def subjects_of(network: Network, vpc: str | None, numbers: Mapping[str, int], *, egress: bool) -> Subjects:
    """What those of some groups speak of that are of this VPC; as bits they have these numbers."""
    known: dict[tuple[str | None, bool], Subjects] | None = network.memo.get("subjects")
    if known is None:
        known = network.memo["subjects"] = {}
    found = known.get((vpc, egress))
    if found is None:
        found = known[vpc, egress] = _found(network, vpc, numbers, egress=egress)
    return found


def _found(network: Network, vpc: str | None, numbers: Mapping[str, int], *, egress: bool) -> Subjects:
    subjects: dict[tuple[int | None, IntervalSet], Subject] = {}
    groups = 0
    for identity, number in numbers.items():
        group = network.groups.get(identity)
        if group is None or group.vpc != vpc:
            continue
        groups |= 1 << number
        for rule in group.in_direction(egress=egress):
            subject = subjects.setdefault((rule.protocol, rule.ports), Subject(rule.protocol, rule.ports))
            if isinstance(rule.peer, GroupPeer):
                subject.by_group[rule.peer.group] |= 1 << number
                continue
            addresses = peer_addresses(network, rule, frozenset())
            if addresses is None:
                subject.by_group[""] |= 1 << number
            else:
                subject.by_range[addresses] |= 1 << number
    return Subjects(groups, tuple(subjects.values()))
