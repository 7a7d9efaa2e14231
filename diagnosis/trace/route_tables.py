"""Route tables on the path: the longest prefix wins, a blackhole that wins drops, the local route stays.

https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.route_tables import Route, RouteTable
from diagnosis.network.security_groups import canonical
from diagnosis.traffic.addresses import ALL_ADDRESSES, NOT_PUBLIC, parse_cidr
from diagnosis.traffic.intervals import EMPTY, IntervalSet, join, meet, minus, size
from diagnosis.traffic.partition import Partition

KIND = "route-table"
DIVERTING = frozenset({"network-interface", "instance", "nat-gateway", "vpc-endpoint", "gateway", "none"})
"""Targets, those of an unknown kind too, that may take traffic out of the local route by a more specific one."""


@dataclass(frozen=True, slots=True)
class Way:
    """A route with the destinations that it really takes, after everything that wins over it."""

    route: Route | None
    """None for destinations without a route."""
    addresses: IntervalSet
    doubt: Missing | None = None
    """Why it is not certain that this route is taken."""


@dataclass(frozen=True, slots=True)
class Routing:
    """A route table as a partition of all destinations."""

    ways: tuple[Way, ...]
    unseen_lists: tuple[tuple[Route, Missing], ...]
    where: Partition
    """The ways by the addresses that they take."""

    def split(self, destinations: IntervalSet) -> list[Way]:
        """The ways that these destinations take, each with its part of them."""
        alone = self.where.holding(destinations)
        if alone is not None:
            return self._doubted(Way(self.ways[alone].route, destinations, self.ways[alone].doubt))
        found: dict[tuple[Route | None, Missing | None], IntervalSet] = {}
        for way in self.ways:
            part = meet(way.addresses, destinations)
            if not part:
                continue
            for doubted in self._doubted(Way(way.route, part, way.doubt)):
                key = (doubted.route, doubted.doubt)
                found[key] = join(found.get(key, EMPTY), doubted.addresses)
            destinations = minus(destinations, part)
            if not destinations:
                break
        return [Way(route, addresses, doubt) for (route, doubt), addresses in found.items()]

    def _doubted(self, way: Way) -> list[Way]:
        """The way, with doubt where a prefix list that was not seen may hold a better route to another target."""
        if way.doubt is not None:
            return [way]
        for route, gap in self.unseen_lists:
            if way.route is not None and (route.target_kind, route.target) == (way.route.target_kind, way.route.target):
                continue
            if way.route is not None and way.route.target_kind == "local" and route.target_kind not in DIVERTING:
                continue
            sure = meet(way.addresses, NOT_PUBLIC) if route.target_kind == "vpc-endpoint" else EMPTY
            doubtful = minus(way.addresses, sure)
            if doubtful:
                parts = [Way(way.route, doubtful, gap)]
                return [Way(way.route, sure), *parts] if sure else parts
        return [way]


def routing(network: Network, table: RouteTable) -> Routing:
    """The partition of a table, compiled once."""
    key = (KIND, table.id)
    found: Routing | None = network.memo.get(key)
    if found is None:
        found = network.memo.keep(key, _compile(network, table), (table.id,))
    return found


@dataclass(frozen=True, slots=True)
class _Entry:
    """One range of one route: prefix lists have many."""

    addresses: IntervalSet
    rank: int
    """0 a static route, 1 a route to a prefix list, 2 a propagated one."""
    route: Route
    width: int
    """How many addresses the range has as written: the fewer, the longer the prefix."""


def _compile(network: Network, table: RouteTable) -> Routing:
    entries: list[_Entry] = []
    unseen: list[tuple[Route, Missing]] = []
    routes = (*table.routes, *_implied(network, table))
    local = join(*(parse_cidr(r.destination) for r in routes if r.target_kind == "local" and not r.is_prefix_list))
    for route in routes:
        if route.state == "filtered":
            continue
        # Only to an appliance or a NAT gateway may a more specific route lead out of the local one.
        barred = EMPTY if target_kind(network, route) in (*DIVERTING, "local") and not route.propagated else local
        if not route.is_prefix_list:
            addresses = parse_cidr(route.destination)
            width, addresses = size(addresses), minus(addresses, barred)
            if addresses:
                entries.append(_Entry(addresses, 2 if route.propagated else 0, route, width))
            continue
        known = network.prefix_lists.get(route.destination)
        if known is None or known.cidrs is None:
            unseen.append((route, network.prefix_list_gap(route.destination, table.origins)))
            continue
        ranges = [parse_cidr(cidr) for cidr in known.cidrs]
        entries += [_Entry(left, 1, route, size(whole)) for whole in ranges if (left := minus(whole, barred))]
    entries.sort(key=lambda e: (e.width, e.rank, e.route, e.addresses))
    ways = _partition(table, entries)
    return Routing(tuple(ways), tuple(unseen), Partition([way.addresses for way in ways]))


def _implied(network: Network, table: RouteTable) -> list[Route]:
    """Local routes that an answer leaves out: "every route table contains a local route", and none can be removed.

    A route for exactly a range of the VPC is its local route with another target.
    """
    vpc = network.vpcs.get(table.vpc or "")
    stated = {route.destination for route in table.routes}
    missing = [cidr for cidr in map(canonical, vpc.cidrs if vpc is not None else ()) if cidr not in stated]
    return [Route(cidr, False, "local", "local", "active", False) for cidr in missing]


def _partition(table: RouteTable, entries: list[_Entry]) -> list[Way]:
    """Most specific first; each entry takes what is left. Equal prefix lists with different targets leave doubt."""
    taken: IntervalSet = EMPTY
    ways: list[Way] = []
    for index, entry in enumerate(entries):
        mine = minus(entry.addresses, taken)
        rivals = [
            e
            for e in entries[index + 1 :]
            if entry.rank == 1
            and e.rank == 1
            and e.width == entry.width
            and meet(e.addresses, mine)
            and (e.route.target_kind, e.route.target) != (entry.route.target_kind, entry.route.target)
        ]
        doubt = None
        if rivals:
            names = ", ".join(sorted({entry.route.destination, *(r.route.destination for r in rivals)}))
            reason = f"prefix lists {names} of {table.id} overlap; AWS picks one of their targets at random"
            doubt = Missing("", *(table.origins or (("", ""),))[0], reason)  # No call would tell it.
        if mine:
            ways.append(Way(entry.route, mine, doubt))
            taken = join(taken, entry.addresses)
    left = minus(ALL_ADDRESSES, taken)
    return [*ways, Way(None, left)] if left else ways


def target_kind(network: Network, route: Route) -> str:
    """The kind of a route's target; opaque gateway ids are looked up among the gateways that were seen."""
    if route.target_kind != "gateway":
        return route.target_kind
    gateway = network.internet_gateways.get(route.target)
    if gateway is not None:
        return "egress-only-internet-gateway" if gateway.egress_only else "internet-gateway"
    if route.target in network.nat_gateways:
        return "nat-gateway"
    if route.target in network.vpn_gateways:
        return "virtual-private-gateway"
    if route.target in network.endpoints:
        return "vpc-endpoint"
    return "gateway"
