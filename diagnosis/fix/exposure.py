"""Exposure: everything that a fix makes reachable, by tracing all that it can touch before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from diagnosis.answer import Exposure, NewlyReachable
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, RouteChange
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name
from diagnosis.trace.placing import Anchor, AtInterface, InRange, place_both
from diagnosis.trace.trace import Flow, Trace, trace
from diagnosis.traffic.addresses import NOT_PUBLIC, PUBLIC, format_cidrs, parse_cidr
from diagnosis.traffic.intervals import IntervalSet, has, meet, minus
from diagnosis.traffic.ports import format_ports
from diagnosis.traffic.protocols import protocol_name, protocol_number
from diagnosis.traffic.traffic import Traffic

BUDGET = 1500
"""How many pairs of parties are traced before the enumeration stops and says so."""
SHOWN = 4

Pair = tuple[Anchor, Anchor, int | None]


@dataclass(frozen=True, slots=True)
class Opened:
    """What became reachable between two parties."""

    source: str
    destination: str
    traffic: Traffic


def exposure(before: Network, after: Network, changes: tuple[Change, ...], asked: tuple[Trace, ...]) -> Exposure:
    """All that is reachable after the changes and was not before, the asked flow among it."""
    pairs = dict.fromkeys(pair for change in changes for pair in _touched(before, change))
    opened: list[Opened] = []
    for source, destination, protocol in list(pairs)[:BUDGET]:
        now = _works(after, source, destination, protocol)
        if now.empty:
            continue
        new = now.minus(_works(before, source, destination, protocol))
        if not new.empty:
            opened.append(Opened(_key(source), _key(destination), new))
    at_least = len(pairs) > BUDGET
    return Exposure(
        text=_text(before, opened, asked, at_least=at_least),
        newly_reachable=tuple(_rows(before, opened)),
        at_least=at_least,
    )


def _works(network: Network, source: Anchor, destination: Anchor, protocol: int | None) -> Traffic:
    """The connections between two parties that may work there and back."""
    ours, theirs = place_both(network, source, destination)
    found = Traffic.nothing()
    for path in trace(network, Flow(ours, theirs, protocol, None), explain=False).paths:
        found = found.union(path.total[1].traffic)
    return found


def _touched(network: Network, change: Change) -> Iterator[Pair]:
    """Every pair of parties whose traffic the change can let pass."""
    match change:
        case GroupRuleChange():
            own = [AtInterface(eni) for eni in network.members.get(change.component, ())]
            group = network.groups.get(change.component)
            vpc = group.vpc if group is not None else None
            peers = list(_peers(network, change.cidr, change.group, vpc))
            protocol = protocol_number(change.protocol)
            for mine in own:
                for peer in peers:
                    if mine != peer:
                        yield (mine, peer, protocol) if change.direction == "egress" else (peer, mine, protocol)
        case AclEntryChange():
            acl = network.acls[change.component]
            own = [AtInterface(eni) for subnet in acl.subnets for eni in network.interfaces_of_subnet.get(subnet, ())]
            protocol = protocol_number(change.protocol)
            for mine in own:
                for peer in _peers(network, change.cidr, None, acl.vpc):
                    if mine != peer:
                        # An entry lets new connections pass one way and replies of connections the other way.
                        yield (mine, peer, protocol)
                        yield (peer, mine, protocol)
        case RouteChange():
            table = network.route_tables[change.component]
            inside = [i for i in network.interfaces.values() if _uses(network, i, table.id)]
            for interface in inside:
                for peer in _peers(network, change.destination, None, None):
                    if peer != AtInterface(interface.id):
                        yield (AtInterface(interface.id), peer, None)
                        yield (peer, AtInterface(interface.id), None)


def _uses(network: Network, interface: NetworkInterface, table: str) -> bool:
    found = network.table_of(interface.subnet, interface.vpc, interface.origins)
    return getattr(found, "id", None) == table


def _peers(network: Network, cidr: str | None, group: str | None, vpc: str | None) -> Iterator[Anchor]:
    """Interfaces that a rule's peer names, and the outside part of a range."""
    if group is not None:
        yield from (AtInterface(eni) for eni in network.members.get(group, ()))
        return
    wanted = parse_cidr(cidr or "")
    near = {vpc} | {
        other
        for p in network.peerings.values()
        for here, other in ((p.requester.vpc, p.accepter.vpc), (p.accepter.vpc, p.requester.vpc))
        if here == vpc
    }
    for interface in network.interfaces.values():
        if vpc is not None and interface.vpc not in near:
            continue
        if any(has(wanted, a.private) for a in interface.ipv4) or any(has(wanted, n) for n in interface.ipv6):
            yield AtInterface(interface.id)
    outside: IntervalSet = minus(wanted, network.all_vpc_addresses)
    for part in (meet(outside, PUBLIC), meet(outside, NOT_PUBLIC)):
        if part:
            yield InRange(part)


def _key(anchor: Anchor) -> str:
    match anchor:
        case AtInterface(interface=identity):
            return identity
        case InRange(addresses=addresses):
            ranges = format_cidrs(addresses)
            return "the internet" if len(ranges) > 8 else ", ".join(ranges)
        case _:
            return str(anchor)


def _said(network: Network, key: str) -> str:
    """The name alone where no other interface has it."""
    name = display_name(network, key)
    if not name:
        return key
    same = [eni for eni in network.interfaces if display_name(network, eni) == name]
    return name if same == [key] else f"{name} ({key})"


def _ports(traffic: Traffic) -> Iterator[tuple[str, str]]:
    protocols = traffic.project("protocol")
    numbers = [n for low, high in zip(protocols[::2], protocols[1::2], strict=True) for n in range(low, high)]
    if len(numbers) > SHOWN:
        yield "all", "all traffic"
        return
    for number in numbers:
        part = traffic.only(protocol=(number, number + 1))
        yield protocol_name(number), format_ports(part.project("port"), number)


def _rows(network: Network, opened: list[Opened]) -> Iterator[NewlyReachable]:
    """One row for the same sources, protocol and ports; then for the same destinations."""
    by_destination: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in opened:
        for protocol, ports in _ports(one.traffic):
            by_destination[(one.destination, protocol, ports)].append(one.source)
    grouped: defaultdict[tuple[tuple[str, ...], str, str], list[str]] = defaultdict(list)
    for (destination, protocol, ports), sources in by_destination.items():
        grouped[(tuple(sorted(set(sources))), protocol, ports)].append(destination)
    for (sources_, protocol, ports), destinations in sorted(grouped.items()):
        unique = sorted(set(destinations))
        yield NewlyReachable(
            source=_several(network, sources_),
            destination=_several(network, tuple(unique)),
            protocol=protocol,
            ports=ports,
            count=len(sources_) * len(unique),
        )


def _several(network: Network, keys: tuple[str, ...]) -> str:
    """A few by name, many by the group or subnet that they share, with the count."""
    if len(keys) <= SHOWN:
        return ", ".join(_said(network, key) for key in keys)
    found = [network.interfaces[key] for key in keys if key in network.interfaces]
    groups = set.intersection(*(set(i.groups or ()) for i in found)) if found else set()
    subnets = {i.subnet for i in found}
    if len(found) == len(keys) and groups:
        shared = f"security group {_said(network, min(groups))}"
    elif len(found) == len(keys) and len(subnets) == 1:
        shared = f"subnet {_said(network, min(str(s) for s in subnets))}"
    else:
        shared = ", ".join(_said(network, key) for key in keys[:SHOWN]) + ", ..."
    return f"{len(keys)} of {shared}"


def _text(network: Network, opened: list[Opened], asked: tuple[Trace, ...], *, at_least: bool) -> str:
    """What else it opens, in one sentence."""
    wanted: defaultdict[tuple[str | None, str | None], Traffic] = defaultdict(Traffic.nothing)
    for one in asked:
        for path in one.paths:
            key = (_place_key(one.flow.source), _place_key(one.flow.destination))
            wanted[key] = wanted[key].union(path.question)
    others = [o for o in opened if not o.traffic.minus(_asked_of(wanted, o)).empty]
    more = " at least" if at_least else ""
    if not others:
        return f"opens{more} nothing else" if not at_least else "opens at least what was asked; not all was enumerated"
    sources = tuple(sorted({o.source for o in others}))
    destinations = tuple(sorted({o.destination for o in others}))
    what = sorted({f"{p} {ports}" for o in others for p, ports in _ports(o.traffic)})
    listed = ", ".join(what[:SHOWN]) + (", ..." if len(what) > SHOWN else "")
    pairs = f" ({len(others)} pairs)" if len(others) > 1 else ""
    return f"also opens{more} {listed} from {_several(network, sources)} to {_several(network, destinations)}{pairs}"


def _asked_of(wanted: dict[tuple[str | None, str | None], Traffic], opened: Opened) -> Traffic:
    found = Traffic.nothing()
    for (source, destination), traffic in wanted.items():
        if (source is None or source == opened.source) and (destination is None or destination == opened.destination):
            found = found.union(traffic)
    return found


def _place_key(place: object) -> str | None:
    interface = getattr(place, "interface", None)
    return interface.id if isinstance(interface, NetworkInterface) else None
