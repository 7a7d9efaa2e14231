"""The reverse question: everything that can reach a party, or that it can reach, in groups that behave alike.

Interfaces of one subnet with the same security groups meet the same rules, so they are traced together as one set of
addresses; a rule that singles out some of them splits the group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace.alike import classes, own_addresses
from diagnosis.trace.places import Held, Internet, OnPremises, Place, Undecided
from diagnosis.trace.placing import Anchor, AtAddress, AtInterface, AtInternet, InRange, place_both
from diagnosis.trace.step import Blocker, Leg, Step
from diagnosis.trace.trace import Flow, Trace, Verdict, trace
from diagnosis.traffic.addresses import NOT_PUBLIC, is_ipv6, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, join_all, meet, minus
from diagnosis.traffic.traffic import SideName, Traffic

Kind = Literal["interfaces", "internet", "on-premises"]


@dataclass(frozen=True, slots=True)
class Alike:
    """Parties that behave alike towards the target."""

    kind: Kind
    vpc: str | None
    subnet: str | None
    groups: tuple[str, ...]
    members: tuple[str, ...]
    """Interface ids; empty for the internet and on-premises ranges."""
    addresses: IntervalSet
    verdict: Verdict
    passes: Traffic
    """What gets through, there and back."""
    blockers: tuple[tuple[Leg, Blocker], ...]
    decided_by: Step | None
    """The last rule set on the way that lets it in, where something passes."""
    gaps: tuple[Missing, ...]


def reach(
    network: Network, target: Anchor, *, towards: bool, protocol: int | None, port: int | None
) -> tuple[Alike, ...]:
    """Who can reach the target (`towards`), or what the target can reach; groups that get through first."""
    found: list[Alike] = []
    for kind, other, members in _others(network, target):
        pair = (other, target) if towards else (target, other)
        ours, theirs = place_both(network, *pair)
        if members:
            ours, theirs = _together(ours, theirs, members, towards=towards)
        if isinstance(ours, Undecided) or isinstance(theirs, Undecided):
            continue
        result = trace(network, Flow(ours, theirs, protocol, port))
        if result.paths:
            found += _split(
                kind, result, ours if towards else theirs, members, side="source" if towards else "destination"
            )
    rank = ("reachable", "partly", "unknown", "blocked")
    return tuple(
        sorted(_joined(found), key=lambda a: (rank.index(a.verdict), a.kind, a.subnet or "", a.groups, a.members))
    )


def _others(network: Network, target: Anchor) -> Iterator[tuple[Kind, Anchor, tuple[NetworkInterface, ...]]]:
    """Each class of interfaces by its first one, the internet, and the ranges beyond gateways."""
    own: tuple[str, ...] = ()
    if isinstance(target, AtInterface):
        own = (target.interface,)
    elif isinstance(target, AtAddress):
        own = network.holders(target.address) or network.by_public_address.get(target.address, ())
    for members in classes(network, (i for i in network.interfaces.values() if i.id not in own)):
        yield "interfaces", AtInterface(members[0].id), members
    yield "internet", AtInternet(), ()
    beyond = _premises(network)
    if beyond:
        yield "on-premises", InRange(beyond), ()


def _premises(network: Network) -> IntervalSet:
    """Private ranges outside all seen VPCs that some route sends to a gateway which is not part of a VPC."""
    kinds = ("virtual-private-gateway", "transit-gateway", "local-gateway", "core-network")
    ranges = [
        parse_cidr(route.destination)
        for table in network.route_tables.values()
        for route in table.routes
        if route.target_kind in kinds and not route.is_prefix_list
    ]
    return minus(meet(join_all(ranges), NOT_PUBLIC), network.all_vpc_addresses)


def _together(
    ours: Place, theirs: Place, members: tuple[NetworkInterface, ...], *, towards: bool
) -> tuple[Place, Place]:
    """The placed class stands for all its members where it is seen by private addresses."""
    place = ours if towards else theirs
    if not isinstance(place, Held) or place.by_public_address or len(members) == 1:
        return ours, theirs
    six = place.is_ipv6
    whole = replace(place, alike=join_all(own_addresses(m, six=six) for m in members))
    return (whole, theirs) if towards else (ours, whole)


def _split(
    kind: Kind, result: Trace, place: Place, members: tuple[NetworkInterface, ...], *, side: SideName
) -> Iterator[Alike]:
    """The class by verdict: usually one part, several where a rule singles out addresses."""
    if not members:
        addresses = place.addresses if isinstance(place, Internet | OnPremises) else ()
        yield _alike(kind, result, (), addresses, result.verdict, Traffic.nothing(), whole=True, side=side)
        return
    if len(members) == 1 or not isinstance(place, Held) or not place.alike:
        addresses = place.addresses if isinstance(place, Held) else ()
        yield _alike(kind, result, members, addresses, result.verdict, Traffic.nothing(), whole=True, side=side)
        return
    parts: defaultdict[Verdict, list[NetworkInterface]] = defaultdict(list)
    six = is_ipv6(place.address)
    for member in members:
        parts[_verdict_for(result, own_addresses(member, six=six), side)].append(member)
    for verdict, some in parts.items():
        addresses = join_all(own_addresses(m, six=six) for m in some)
        yield _alike(kind, result, tuple(some), addresses, verdict, Traffic.nothing(), whole=False, side=side)


def _only(traffic: Traffic, addresses: IntervalSet, side: SideName) -> Traffic:
    return traffic.only(source=addresses) if side == "source" else traffic.only(destination=addresses)


def _verdict_for(result: Trace, addresses: IntervalSet, side: SideName) -> Verdict:
    """The verdict for some of the addresses that were traced together."""
    sure = maybe = asked = Traffic.nothing()
    whole = True
    for path in result.paths:
        sure = sure.union(_only(path.total[0].traffic, addresses, side))
        maybe = maybe.union(_only(path.total[1].traffic, addresses, side))
        asked = asked.union(_only(path.question, addresses, side))
        whole = whole and (path.total[0].whole or not path.question.minus(path.total[0].traffic).empty)
    if maybe.empty:
        return "blocked"
    if not maybe.minus(sure).empty:
        return "unknown"
    return "reachable" if whole and asked.minus(sure).empty else "partly"


def _alike(
    kind: Kind,
    result: Trace,
    members: Iterable[NetworkInterface],
    addresses: IntervalSet,
    verdict: Verdict,
    passes: Traffic,
    *,
    whole: bool,
    side: SideName,
) -> Alike:
    some = tuple(members)
    first = some[0] if some else None
    for path in result.paths:
        certain = path.total[0].traffic
        passes = passes.union(certain if whole else _only(certain, addresses, side))
    every = result.blockers()
    # Behind a gateway that rewrites addresses a blocker no longer shows whose traffic it drops.
    blockers = [b for b in every if whole or not _only(b[1].dropped, addresses, side).empty] or every
    return Alike(
        kind,
        first.vpc if first is not None else None,
        first.subnet if first is not None else None,
        (first.groups or ()) if first is not None else (),
        tuple(sorted(m.id for m in some)),
        addresses,
        verdict,
        passes,
        tuple(blockers) if verdict in ("blocked", "partly") else (),
        _decider(result) if verdict in ("reachable", "partly") else None,
        tuple(result.gaps()) if verdict == "unknown" else (),
    )


def _decider(result: Trace) -> Step | None:
    """The last security group or ACL that the traffic passed on its way there."""
    found = None
    for path in result.paths:
        for hop in path.forward_hops:
            for step in hop.steps:
                if step.kind in ("security-group", "network-acl") and not step.passed.empty:
                    found = step
    return found


def _joined(found: Iterable[Alike]) -> list[Alike]:
    """Classes that differ only in what does not show (platform, family) become one."""
    joined: dict[object, Alike] = {}
    for one in found:
        causes = tuple((leg, b.code, b.component, b.rule) for leg, b in one.blockers)
        key = (one.kind, one.vpc, one.subnet, one.groups, one.verdict, causes, one.gaps)
        known = joined.get(key)
        joined[key] = (
            one
            if known is None
            else replace(
                known,
                members=tuple(sorted((*known.members, *one.members))),
                addresses=join_all([known.addresses, one.addresses]),
                passes=known.passes.union(one.passes),
            )
        )
    return list(joined.values())
