"""A question as VPC Reachability Analyzer takes it, or why it cannot judge this one.

It analyses TCP and UDP over IPv4 within a Region, between resources; only a destination may be a bare address. What it
considers and what not: https://docs.aws.amazon.com/vpc/latest/reachability/how-reachability-analyzer-works.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, assert_never

from diagnosis.explanation.path import shown_path
from diagnosis.network.network import Network
from diagnosis.trace import internet_gateways, target_zones, vpn_gateways
from diagnosis.trace.places import Held, Internet, Nobody, OnPremises, Place, Undecided
from diagnosis.trace.step import Hop
from diagnosis.trace.trace import Path, Trace
from diagnosis.trace.transit_attachments import ATTACHMENT, KIND
from diagnosis.traffic.addresses import format_address, is_ipv6
from diagnosis.traffic.intervals import IntervalSet, size
from diagnosis.traffic.protocols import TCP, UDP

PRICE = 0.10
"""Dollars for one analysis: https://aws.amazon.com/vpc/pricing/, under Reachability Analyzer. AWS may change it."""
_OVER_TRANSIT = frozenset({ATTACHMENT, KIND})
_GATEWAYS_OUT = frozenset({ATTACHMENT, vpn_gateways.KIND})


@dataclass(frozen=True, slots=True)
class PathRequest:
    """A path to be analysed: resources by id, or by ARN where another account owns them."""

    region: str
    source: str
    destination: str | None
    """None where the destination is a bare address."""
    protocol: Literal["tcp", "udp"]
    port: int
    source_address: str | None = None
    destination_address: str | None = None
    source_port: int | None = None
    through: tuple[str, ...] = ()
    """ARNs that the path leads through: of load balancers."""
    accounts: tuple[str, ...] = ()
    """Other accounts than the one that asks."""
    caveats: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The same for the same request, another for any other; fit for a tag's value."""
        asked = (self.source, self.destination, self.protocol, self.port, self.source_address)
        told = repr((*asked, self.destination_address, self.source_port, self.through))
        return hashlib.sha256(told.encode()).hexdigest()[:24]

    @property
    def words(self) -> str:
        """For a line of progress: `eni-0a1 → eni-0b2 tcp 3306`."""
        return f"{self.source} → {self.destination or self.destination_address} {self.protocol} {self.port}"


@dataclass(frozen=True, slots=True)
class CannotJudge:
    """Why Reachability Analyzer is not asked."""

    reason: str


class _No(Exception):
    """Why it is not asked, from wherever that shows."""


def path_request(network: Network, traces: tuple[Trace, ...]) -> PathRequest | CannotJudge:
    """What to ask of the path that an answer shows; of several pairs of parties, the one that it shows."""
    shown = shown_path(traces)
    trace = next((t for t in traces if shown is not None and any(p is shown for p in t.paths)), traces[0])
    try:
        return _request(network, trace, shown, several=len(traces) > 1)
    except _No as no:
        return CannotJudge(str(no))


def _request(network: Network, trace: Trace, path: Path | None, *, several: bool) -> PathRequest:
    flow = trace.flow
    _check_addresses(flow.source, flow.destination)
    protocol, port = _protocol(trace, path), flow.port
    if port is None:
        raise _No("Without a port Reachability Analyzer looks for any port that passes: name one.")
    hops = path.forward_hops if path is not None else ()
    if path is not None and path.forward == "reachable" and path.returning != "reachable" and _by_transit(path):
        raise _No(
            "Only the way back is in question, and over a transit gateway Reachability Analyzer judges the way there "
            "alone."
        )
    source, source_address = _source(network, flow.source, flow.destination, hops)
    destination, destination_address = _destination(network, flow.source, flow.destination, hops)
    through = tuple(dict.fromkeys(h.component for h in hops if h.kind == target_zones.KIND and "arn:" in h.component))
    if through and hops[-1].component in network.interfaces:
        destination = hops[-1].component  # a target: of a load balancer AWS judges both sides only with one
    own = network.accounts[0] if network.accounts else ""
    region = _region(network, source, destination)
    owners = {n: _owner(network, n) for n in (source, destination) if n is not None}
    return PathRequest(
        region=region,
        source=_named(source, owners[source], own, region),
        destination=None if destination is None else _named(destination, owners[destination], own, region),
        protocol=protocol,
        port=port,
        source_address=source_address,
        destination_address=destination_address,
        source_port=flow.source_port,
        through=through,
        accounts=tuple(sorted({account for account in owners.values() if account and own and account != own})),
        caveats=tuple(_caveats(path, several=several)),
    )


def _check_addresses(source: Place, destination: Place) -> None:
    for place in (source, destination):
        match place:
            case Undecided(gap=gap):
                raise _No(f"A party is not known ({gap.reason}), and Reachability Analyzer needs a resource.")
            case Held(alike=alike) if alike and size(alike) > 1:
                raise _No("Reachability Analyzer judges one address at a time: ask about one of them.")
            case Held():
                six = place.is_ipv6
            case Nobody(address=address):
                six = is_ipv6(address)
            case Internet(whole=True):
                six = False
            case Internet(addresses=addresses) | OnPremises(addresses=addresses):
                six = is_ipv6(addresses[0])
            case _:
                assert_never(place)
        if six:
            raise _No("Reachability Analyzer judges IPv4 only.")


def _protocol(trace: Trace, path: Path | None) -> Literal["tcp", "udp"]:
    boxes = path.question.boxes if path is not None else ()
    asked = {number for box in boxes for number in (box.protocol[0], box.protocol[-1] - 1)}
    asked = asked or {trace.flow.protocol if trace.flow.protocol is not None else -1}
    if asked == {TCP}:
        return "tcp"
    if asked == {UDP}:
        return "udp"
    if -1 in asked or len(asked) > 1:
        raise _No("Reachability Analyzer judges one protocol at a time, tcp or udp: name it with a port.")
    raise _No("Reachability Analyzer judges tcp and udp only.")


def _source(network: Network, source: Place, destination: Place, hops: tuple[Hop, ...]) -> tuple[str, str | None]:
    """The resource where the traffic starts, and the address to name with it."""
    match source:
        case Held():
            return source.interface.id, _unless_primary(source, source.private)
        case Internet():
            gateway = _gateway(network, destination)
            if gateway is None:
                raise _No("The destination's VPC has no internet gateway, where Reachability Analyzer would start.")
            return gateway, None if source.whole else _one(source.addresses)
        case OnPremises(addresses=addresses):
            entered = next((hop.component for hop in hops if hop.kind in _GATEWAYS_OUT), None)
            if entered is None:
                raise _No("No gateway is known by which the source comes in, and a bare address is no source for AWS.")
            return entered, _one(addresses)
        case Nobody():
            raise _No("No interface holds the source address, and a bare address is no source for AWS.")
        case _:
            raise _No("The source is not known.")


def _destination(
    network: Network, source: Place, destination: Place, hops: tuple[Hop, ...]
) -> tuple[str | None, str | None]:
    """The resource where the traffic is to arrive, and the address to name with it or in its place."""
    match destination:
        case Held():
            if destination.by_public_address and isinstance(source, Held):
                raise _No(
                    "The traffic goes out by the internet gateway and in again, which Reachability Analyzer takes as "
                    "two questions."
                )
            return destination.interface.id, _unless_primary(destination, destination.private)
        case Internet(whole=True):
            left = next((h.component for h in reversed(hops) if h.kind == internet_gateways.KIND), None)
            gateway = left or _gateway(network, source)
            if gateway is None:
                raise _No("The source's VPC has no internet gateway, where Reachability Analyzer would end.")
            return gateway, None
        case Internet(addresses=addresses) | OnPremises(addresses=addresses):
            return None, _one(addresses)
        case Nobody(address=address):
            return None, format_address(address)
        case _:
            raise _No("The destination is not known.")


def _unless_primary(held: Held, private: int) -> str | None:
    ipv4 = held.interface.ipv4
    return None if ipv4 and ipv4[0].private == private else format_address(private)


def _one(addresses: IntervalSet) -> str:
    if size(addresses) != 1:
        raise _No("Reachability Analyzer judges one address at a time, no range: name one.")
    return format_address(addresses[0])


def _gateway(network: Network, place: Place) -> str | None:
    if not isinstance(place, Held):
        return None
    found = network.internet_gateway_of(place.interface.vpc)
    return found.id if found is not None else None


def _by_transit(path: Path) -> bool:
    return any(hop.kind in _OVER_TRANSIT for hop in path.forward_hops)


def _caveats(path: Path | None, *, several: bool) -> Iterator[str]:
    if several:
        yield "AWS was asked about the pair that is shown; the other pairs were not asked about."
    if path is not None and _by_transit(path):
        yield "Over a transit gateway AWS judges the way there alone."


def _region(network: Network, source: str, destination: str | None) -> str:
    """The Region that both are in."""
    regions = {_region_of(network, name) for name in (source, destination) if name is not None} - {""}
    if len(regions) > 1:
        raise _No(
            f"The parties are in {' and '.join(sorted(regions))}; Reachability Analyzer judges within one Region."
        )
    found = next(iter(regions), network.regions[0] if network.regions else "")
    if not found:
        raise _No("The Region of the parties is not known.")
    return found


def _region_of(network: Network, name: str) -> str:
    interface = network.interfaces.get(name)
    if interface is not None:
        return interface.region
    gateway = network.internet_gateways.get(name)
    return next((region for _, region in gateway.origins if region), "") if gateway is not None else ""


def _owner(network: Network, name: str) -> str:
    interface = network.interfaces.get(name)
    return interface.account if interface is not None else ""


def _named(name: str, owner: str, own: str, region: str) -> str:
    """An id, or the ARN where another account owns it (only interfaces are known to be owned by others)."""
    if not owner or not own or owner == own:
        return name
    return f"arn:aws:ec2:{region}:{owner}:network-interface/{name}"
