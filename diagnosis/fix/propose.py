"""Causes to the narrowest changes that work: each is applied to the model and traced again before it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, NotApplicable, apply_all
from diagnosis.fix.quotas import has_room
from diagnosis.fix.routes import route_changes
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.network_acls import IMPLICIT_DENY
from diagnosis.trace.codes import Code
from diagnosis.trace.peerings import reference_scope
from diagnosis.trace.step import Blocker, Leg
from diagnosis.trace.trace import Trace
from diagnosis.traffic.addresses import IPV4, IPV6, format_cidrs
from diagnosis.traffic.intervals import IntervalSet, meet, pieces, size
from diagnosis.traffic.ports import ALL_PORTS, reply_cells
from diagnosis.traffic.protocols import ICMP, ICMPV6, has_ports, protocol_name
from diagnosis.traffic.traffic import Traffic

GROUP_CODES = frozenset(
    {
        Code.ENI_SG_RULES_MISMATCH,
        Code.SG_HAS_NO_RULES,
        Code.SG_REFERENCES_NOT_PRESERVED,
        Code.SG_REFERENCING_SUPPORT,
    }
)
MOST_RULES = 12
"""A fix of more rules than this is no narrow one; words are better."""

Peers = Literal["group", "address"]
Retrace = Callable[[Network], tuple[Trace, ...]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Changes that open the path on the model."""

    changes: tuple[Change, ...]
    by: Peers
    network: Network
    """The network with the changes made."""


@dataclass(frozen=True, slots=True)
class NoFix:
    """Why there is no proven fix."""

    blockers: tuple[tuple[Leg, Blocker], ...]
    """The causes that no change of ours can repair."""


def propose(network: Network, traces: tuple[Trace, ...], retrace: Retrace) -> tuple[Proposal, ...] | NoFix:
    """Proven proposals, the one by group reference first; or the causes that stand in the way."""
    found: list[Proposal] = []
    stuck: tuple[tuple[Leg, Blocker], ...] = ()
    for by in ("group", "address"):
        outcome = _repaired(network, traces, retrace, by)
        if isinstance(outcome, NoFix):
            stuck = stuck or outcome.blockers
        elif all(set(outcome.changes) != set(known.changes) for known in found):
            found.append(outcome)
    return tuple(found) if found else NoFix(stuck)


def _repaired(network: Network, traces: tuple[Trace, ...], retrace: Retrace, by: Peers) -> Proposal | NoFix:
    """One cause after the other: after each change the model is traced again, since a change may repair several."""
    changes: tuple[Change, ...] = ()
    changed = network
    while len(changes) < MOST_RULES:
        blockers = _all_blockers(traces)
        more = _next_changes(changed, blockers, by)
        if not more:
            return NoFix(_stuck(changed, blockers, by))
        try:
            changed = apply_all(more, changed)
        except NotApplicable:
            return NoFix(_stuck(changed, blockers, by))
        changes += more
        traces = retrace(changed)
        if all(t.verdict == "reachable" for t in traces):
            return Proposal(changes, by, changed)
    return NoFix(tuple((leg, blocker) for _, leg, blocker in _all_blockers(traces)))


Found = tuple[Trace, Leg, Blocker]


def _all_blockers(traces: Iterable[Trace]) -> list[Found]:
    return [(trace, leg, blocker) for trace in traces for leg, blocker in trace.blockers()]


def _next_changes(network: Network, blockers: list[Found], by: Peers) -> tuple[Change, ...]:
    """The changes for the first cause that any change repairs."""
    for trace, leg, blocker in blockers:
        found = tuple(_changes(network, trace, leg, blocker, by, blockers))
        if found:
            return found
    return ()


def _stuck(network: Network, blockers: list[Found], by: Peers) -> tuple[tuple[Leg, Blocker], ...]:
    """The causes that no change of ours repairs; one group of an interface speaks for the others."""
    return tuple(
        (leg, blocker)
        for trace, leg, blocker in blockers
        if not tuple(_changes(network, trace, leg, blocker, by, blockers))
        and not (blocker.code in GROUP_CODES and _to_edit(network, blocker, blockers) != blocker.component)
    )


def _changes(
    network: Network, trace: Trace, leg: Leg, blocker: Blocker, by: Peers, blockers: list[Found]
) -> Iterator[Change]:
    if blocker.code in GROUP_CODES:
        if _to_edit(network, blocker, blockers) == blocker.component:
            yield from _group_changes(network, trace, blocker, by)
    elif blocker.code is Code.SUBNET_ACL_RESTRICTION:
        yield from _acl_changes(network, leg, blocker)
    elif blocker.code is Code.NO_ROUTE_TO_DESTINATION:
        yield from route_changes(network, trace, leg, blocker)


def _to_edit(network: Network, blocker: Blocker, blockers: list[Found]) -> str:
    """Of the groups that share a blocker the one that the fewest interfaces hold: its rule opens least.

    A group that is full by AWS's quota comes after those with room.
    """
    siblings = {
        b.component
        for _, _, b in blockers
        if b.code in GROUP_CODES and b.related == blocker.related and b.direction == blocker.direction
    }
    seen = [g for g in siblings if g in network.groups]
    if len(seen) > 1:
        egress = blocker.direction == "egress"
        seen = [g for g in seen if has_room(network, g, egress=egress)] or seen
    return min(seen, key=lambda g: (len(network.members.get(g, ())), g), default=blocker.component)


def _group_changes(network: Network, trace: Trace, blocker: Blocker, by: Peers) -> Iterator[Change]:
    egress = blocker.direction == "egress"
    addresses = blocker.dropped.project("destination" if egress else "source")
    reference = _reference(network, trace, blocker, addresses) if by == "group" else None
    peers = [(None, reference)] if reference else [(cidr, None) for cidr in _cidrs(addresses)]
    for protocol, low, high in spans(blocker.dropped, reply=False):
        for cidr, group in peers:
            yield GroupRuleChange(
                component=blocker.component,
                direction="egress" if egress else "ingress",
                protocol=protocol,
                from_port=low,
                to_port=high,
                cidr=cidr,
                group=group,
                group_owner=_owner(network, blocker.component, group),
            )


def _owner(network: Network, group: str, referenced: str | None) -> str | None:
    """The account of a referenced group, where it is not that of the group that refers to it."""
    own, other = network.groups.get(group), network.groups.get(referenced or "")
    return other.account if own is not None and other is not None and other.account != own.account else None


def _cidrs(addresses: IntervalSet) -> list[str]:
    """Ranges for rules: the listed addresses, or everything of a family where most of it is meant."""
    found: list[str] = []
    for family, everything in ((IPV4, "0.0.0.0/0"), (IPV6, "::/0")):
        part = meet(addresses, family)
        found += [everything] if 2 * size(part) > size(family) else format_cidrs(part)
    return found


def _reference(network: Network, trace: Trace, blocker: Blocker, addresses: IntervalSet) -> str | None:
    """The group of the peer that a rule can name: it holds the very address, in a VPC where references work."""
    own = network.interfaces.get(blocker.related[0]) if blocker.related else None
    if own is None or size(addresses) != 1 or blocker.detail == "by reference":
        return None
    peer = _peer_interface(network, trace, own, addresses[0])
    if peer is None or addresses[0] not in {a.private for a in peer.ipv4} | set(peer.ipv6):
        return None
    if (peer.vpc or "") not in reference_scope(network, own.vpc, peer.vpc):
        return None
    groups = [g for g in peer.groups or () if g in network.groups]
    return min(groups, key=lambda g: (len(network.members.get(g, ())), g), default=None)


def _peer_interface(network: Network, trace: Trace, own: NetworkInterface, address: int) -> NetworkInterface | None:
    """The other party, or the load balancer's node that stands in its place before a target."""
    nodes = [network.interfaces[eni] for eni in network.holders(address) if eni in network.balancer_of_interface]
    for node in nodes:
        if node.vpc == own.vpc and node.id != own.id:
            return node
    for place in (trace.flow.source, trace.flow.destination):
        interface = getattr(place, "interface", None)
        if isinstance(interface, NetworkInterface) and interface.id != own.id:
            return interface
    return None


def spans(dropped: Traffic, *, reply: bool) -> Iterator[tuple[str, int | None, int | None]]:
    """Protocol, first and last port (ICMP type and code) of each rule that the traffic needs."""
    protocols = dropped.project("protocol")
    if size(protocols) > 4:
        yield "-1", None, None
        return
    for low, high in pieces(protocols):
        for number in range(low, high):
            part = dropped.only(protocol=(number, number + 1))
            name = protocol_name(number)
            if number in (ICMP, ICMPV6):
                yield from _icmp_spans(part, number, name, reply=reply)
            elif not has_ports(number):
                yield name, None, None
            else:
                ports = part.project("source_port" if reply else "port")
                for first, end in pieces(ports):
                    yield name, first, end - 1


def _icmp_spans(part: Traffic, number: int, name: str, *, reply: bool) -> Iterator[tuple[str, int | None, int | None]]:
    cells = part.project("port")
    cells = reply_cells(cells, number) if reply else cells
    if cells == ALL_PORTS:
        yield name, -1, -1
        return
    for first, end in pieces(cells):
        for kind in range(first >> 8, ((end - 1) >> 8) + 1):
            low, high = max(first, kind << 8), min(end, (kind + 1) << 8)
            whole = high - low == 256
            for cell in (low,) if whole else range(low, high):
                yield name, kind, -1 if whole else cell & 255


def _acl_changes(network: Network, leg: Leg, blocker: Blocker) -> Iterator[Change]:
    acl = network.acls.get(blocker.component)
    if acl is None or blocker.rule is None:
        return
    egress = blocker.direction == "egress"
    reply = leg == "return"
    side: Literal["source", "destination"] = "source" if egress == reply else "destination"
    taken = {e.number for e in acl.entries if e.egress is egress}
    for protocol, low, high in spans(blocker.dropped, reply=reply):
        for cidr in _cidrs(blocker.dropped.project(side)):
            number = free_number(taken, int(blocker.rule))
            if number is None:
                return
            change = AclEntryChange(
                component=acl.id,
                direction="egress" if egress else "ingress",
                number=number,
                protocol=protocol,
                from_port=low,
                to_port=high,
                cidr=cidr,
            )
            taken.add(number)
            yield change


def free_number(taken: set[int], denies: int) -> int | None:
    """A free rule number before the one that denies; where that is the end, the next multiple of ten after the last."""
    if denies >= int(IMPLICIT_DENY):
        last = max((n for n in taken if n < int(IMPLICIT_DENY)), default=90)
        number = (last // 10 + 1) * 10
        if number < int(IMPLICIT_DENY):
            return number
    for step in (10, 5, 1):
        number = denies - step
        if number > 0 and number not in taken and not any(number < n < denies for n in taken):
            return number
    return next((n for n in range(denies - 1, 0, -1) if n not in taken), None)
