"""Transit gateway route tables on the path: the longest prefix wins, of equal ones a static route.

"The most specific route for the destination address. For routes with the same CIDR, but from different attachment
types, the route priority is as follows: static routes, prefix list referenced routes, VPC-propagated routes, Direct
Connect gateway-propagated routes, Transit Gateway Connect-propagated routes, VPN-propagated routes"
(https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html, route evaluation order). Propagation only
fills the table; which table is looked up is a matter of association.
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.transit import ROUTES
from diagnosis.network.transit_gateways import TransitGatewayRoute, TransitGatewayRouteTable
from diagnosis.network.vpcs import Origins
from diagnosis.traffic.addresses import ALL_ADDRESSES, parse_cidr
from diagnosis.traffic.intervals import EMPTY, IntervalSet, join, meet, minus, size
from diagnosis.traffic.partition import Partition

KIND = "transit-gateway-route-table"
NOT_YET = frozenset({"pending", "deleting", "deleted"})
PROPAGATED = (
    "vpc",
    "direct-connect-gateway",
    "connect",
    "vpn",
    "vpn-concentrator",
    "peering",
    "tgw-peering",
)
"""Kinds of attachments in the order in which their propagated routes win."""
SPREAD = frozenset({"vpn", "connect", "direct-connect-gateway", "vpn-concentrator"})
"""Kinds of attachments over which equal routes share the traffic."""


@dataclass(frozen=True, slots=True)
class TransitWay:
    """A route with the addresses that it really takes, after everything that wins over it."""

    route: TransitGatewayRoute | None
    addresses: IntervalSet
    doubt: Missing | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    addresses: IntervalSet
    width: int
    rank: int
    route: TransitGatewayRoute


def split(
    network: Network, table: TransitGatewayRouteTable, origins: Origins, addresses: IntervalSet
) -> list[TransitWay] | Missing:
    """The ways that these addresses take, each with its part of them; what is missing where they were not seen."""
    if table.routes is None:
        return network.coverage.missing(ROUTES, origins, f"the routes of {table.id} were not seen")
    key = (KIND, table.id)
    compiled: tuple[tuple[TransitWay, ...], Partition] | None = network.memo.get(key)
    if compiled is None:
        found = _partition(network, table, origins)
        compiled = network.memo.keep(key, (found, Partition([way.addresses for way in found])))
    ways, where = compiled
    alone = where.holding(addresses)
    if alone is not None:
        return [TransitWay(ways[alone].route, addresses, ways[alone].doubt)]
    parts = []
    for way in ways:
        part = meet(way.addresses, addresses)
        if part:
            parts.append(TransitWay(way.route, part, way.doubt))
    return parts


def _partition(network: Network, table: TransitGatewayRouteTable, origins: Origins) -> tuple[TransitWay, ...]:
    """Most specific first; each entry takes what is left."""
    entries, unseen = _entries(network, table)
    taken: IntervalSet = EMPTY
    ways: list[TransitWay] = []
    for index, entry in enumerate(entries):
        mine = minus(entry.addresses, taken)
        if not mine:
            continue
        taken = join(taken, entry.addresses)
        rivals = [e for e in entries[index + 1 :] if _tie(entry, e)]
        doubt = None
        if rivals:
            account, region = (origins or (("", ""),))[0]
            text = f"equal routes for {entry.route.destination} in {table.id} lead to different attachments"
            doubt = Missing("", account, region, text)
        for other in unseen:
            if doubt is None and other.targets != entry.route.targets:
                doubt = network.prefix_list_gap(other.destination, table.origins)
        ways.append(TransitWay(entry.route, mine, doubt))
    left = minus(ALL_ADDRESSES, taken)
    if left:
        gap = None
        if unseen:
            gap = network.prefix_list_gap(unseen[0].destination, table.origins)
        ways.append(TransitWay(None, left, gap))
    return tuple(ways)


def _entries(network: Network, table: TransitGatewayRouteTable) -> tuple[list[_Entry], list[TransitGatewayRoute]]:
    entries, unseen = [], []
    for route in table.routes or ():
        if route.state in NOT_YET:
            continue
        rank = _rank(route)
        if not route.is_prefix_list:
            ranges = [parse_cidr(route.destination)]
        else:
            known = network.prefix_lists.get(route.destination)
            if known is None or known.cidrs is None:
                unseen.append(route)
                continue
            ranges = [parse_cidr(cidr) for cidr in known.cidrs]
        entries += [_Entry(addresses, size(addresses), rank, route) for addresses in ranges]
    entries.sort(key=lambda e: (e.width, e.rank, e.route, e.addresses))
    return entries, unseen


def _rank(route: TransitGatewayRoute) -> int:
    """The lower the rank, the more it wins among routes of one CIDR."""
    if not route.propagated:
        return 1 if route.from_prefix_list else 0
    kind = route.targets[0][2] if route.targets else ""
    return 2 + (PROPAGATED.index(kind) if kind in PROPAGATED else len(PROPAGATED))


def _tie(entry: _Entry, other: _Entry) -> bool:
    """Whether two routes for one range lead to different things, and nothing says which one is taken."""
    return (
        entry.width == other.width
        and entry.rank == other.rank
        and bool(meet(entry.addresses, other.addresses))
        and entry.route.targets != other.route.targets
        and not {kind for _, _, kind in (*entry.route.targets, *other.route.targets)} <= SPREAD
    )
