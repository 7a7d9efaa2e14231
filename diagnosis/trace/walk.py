"""A walk: traffic on its way along one path, with what passes for certain, what may pass, and every step taken.

Each component judges all the traffic that could reach it, as if everything before had let it pass, so that every
blocker of the path is found; what really arrives is the common part of what all of them pass.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.network.vpcs import Origins
from diagnosis.trace.places import Held
from diagnosis.trace.security_groups import GroupFilter
from diagnosis.trace.step import Hop, Leg, Step
from diagnosis.traffic.addresses import ALL_ADDRESSES
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.ports import ALL_PORTS
from diagnosis.traffic.traffic import NOTHING, Box, Traffic


@dataclass(frozen=True, slots=True)
class Device:
    """What sends into a subnet's route table: an instance's interface, or a gateway that has an address there."""

    id: str
    interface: NetworkInterface | None
    vpc: str | None
    subnet: str | None
    origins: Origins
    public: int | None
    """Its public IPv4 address at an internet gateway."""
    more_public: IntervalSet = ()
    """Further public addresses that it may have there: a NAT gateway sends from any of its own."""
    public_unseen: bool = False
    through_nat: bool = False
    table: str | None = None
    """The route table of a gateway that is in no subnet."""
    arrived: FromTransit | None = None
    """For a transit gateway's interface in a subnet: how the traffic came there."""


@dataclass(frozen=True, slots=True)
class LeftSubnet:
    """The forward packet left this device's subnet; the reply enters it there."""

    device: Device


@dataclass(frozen=True, slots=True)
class StayedInSubnet:
    """The packet went to a neighbour in the same subnet: no ACL, no route, either way."""


@dataclass(frozen=True, slots=True)
class EnteredSubnet:
    """The packet entered this device's subnet; the reply leaves it there and must route to where it came from."""

    device: Device
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Translated:
    """A gateway rewrote addresses or ports; the reply is rewritten back to the traffic as it was before."""

    gateway: str
    kind: str
    before: Traffic
    keeps_source: bool
    keeps_port: bool = True
    """False where the destination port was rewritten too: a load balancer's listener and its target differ."""


@dataclass(frozen=True, slots=True)
class Crossed:
    """A connection between two VPCs."""

    gateway: str
    kind: str


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """A component that is recognised but not judged."""

    component: str
    kind: str
    gap: Missing


@dataclass(frozen=True, slots=True)
class LeftByTransit:
    """The packet left what is seen by a transit gateway; the reply comes out of it into the device's VPC."""

    device: Device
    gateway: str


Crossing = LeftSubnet | StayedInSubnet | EnteredSubnet | Translated | Crossed | LeftByTransit | Unmodelled


@dataclass(frozen=True, slots=True)
class FromVpc:
    """It came along the local route."""


@dataclass(frozen=True, slots=True)
class FromInternet:
    """It came in by an internet gateway."""

    gateway: str


@dataclass(frozen=True, slots=True)
class FromPeer:
    """It came over a peering connection from this VPC."""

    peering: str
    vpc: str


@dataclass(frozen=True, slots=True)
class FromGateway:
    """It came from a gateway that ends what is seen, or from one that is not judged."""

    gateway: str
    kind: str
    certain: bool


@dataclass(frozen=True, slots=True)
class FromTransit:
    """It came out of a transit gateway."""

    gateway: str
    subnet: str | None
    """The subnet of the attachment's interface that it came out of; None where that does not matter any more."""
    home: Device | None
    """What had sent it into the gateway; None for what came from beyond what is seen."""
    entered: str = ""
    """The attachment by which it entered the gateway."""
    left: str = ""
    """The attachment by which it came out."""
    unsure: Missing | None = None
    """What was not seen where the subnet is not known: it may be the receiver's own, whose ACL then judges nothing."""


@dataclass(frozen=True, slots=True)
class FromRelay:
    """It came through a load balancer that keeps the client's address; replies go back to it whatever routes say."""


@dataclass(frozen=True, slots=True)
class Relay:
    """The load balancer's node through which the traffic now comes."""

    interface: NetworkInterface
    keeps_client: bool
    """Whether the target sees the client's address, and not the node's."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One of several ways on, of which a device picks one, or of which one is real and was not seen."""

    node: str
    """Where the ways part; those of one node are alternatives of each other."""
    option: str
    """This way, in words."""
    gap: Missing | None = None
    """What was not seen, where that and not the device decides."""


Arrival = FromVpc | FromInternet | FromPeer | FromGateway | FromTransit | FromRelay


class Chain(NamedTuple):
    """What is left of the traffic after the steps so far, and whether none of them took anything."""

    traffic: Traffic
    whole: bool

    def after(self, passed: Traffic) -> Chain:
        """What is left after a step that passes only this."""
        if not self.traffic.boxes or not passed.boxes:
            return Chain(NOTHING, self.whole and not self.traffic.boxes)
        left = self.traffic.meet(passed)
        return Chain(left, self.whole and (left is self.traffic or left.size() == self.traffic.size()))


@dataclass(frozen=True, slots=True)
class GroupsJudge:
    """How security groups are judged at one end of a path: those of the interface there, or of others beside it."""

    key: Hashable
    """Two with equal keys judge the groups of one VPC alike."""
    network: Network
    peer: NetworkInterface | None
    """The interface at the other end."""
    judged: Callable[[Network, NetworkInterface, NetworkInterface | None, Traffic, bool], Step | None]
    """What the groups of an interface do to traffic with a peer, told with the rule or not; None where it has none."""
    rules: Callable[[Network, NetworkInterface, tuple[str, ...]], GroupFilter | None]
    """The compiled rules of some groups of an interface, where they alone decide; None where more than they does."""

    def step(self, own: NetworkInterface, traffic: Traffic, explain: bool) -> Step | None:
        """What the groups of an interface do to traffic with the peer."""
        return self.judged(self.network, own, self.peer, traffic, explain)


@dataclass(slots=True)
class Walk:
    """One path, as far as it has been walked. `steps` is never shared: `fork` copies."""

    network: Network
    leg: Leg
    traffic: Traffic
    """All the traffic of the current stretch, as if everything had passed so far."""
    certain: Chain
    possible: Chain
    surely: Chain
    """On the return leg: what gets back of what arrived for certain (`certain` is of what may have arrived)."""
    explain: bool = True
    hops: list[Hop] = field(default_factory=list)
    crossings: list[Crossing] = field(default_factory=list)
    trusted: bool = True
    """False beyond a device that may rewrite headers: what is dropped there is not certain to be dropped."""
    whole_internet: bool = False
    origin: NetworkInterface | None = None
    """The interface that started the traffic, where one did."""
    stranger: str | None = None
    """The VPC that started the traffic, where it is one that was not seen."""
    asked: Traffic = NOTHING
    """The part of the question that takes this path, with the headers that its source sends."""
    nats: frozenset[str] = frozenset()
    """The NAT gateways on the way so far: one that comes again is a loop."""
    relay: Relay | None = None
    appliance: str | None = None
    """The last appliance on the way, which may have rewritten anything."""
    end: Held | None = None
    """Where the walk ends, where that is not the address that was asked for: a target of a load balancer."""
    arrived: bool = False
    """Whether it got to the interface of its destination, dropped on the way or not."""
    branches: tuple[Branch, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know of this path; no part of the verdict."""
    senders: tuple[Device, ...] = ()
    """On the return leg: the devices whose subnets the forward packet left and the reply has not come back to."""
    leaving: GroupsJudge | None = None
    """How the groups of its source were judged, so that those of others in the same place can be."""
    entering: GroupsJudge | None = None
    """The same for the interface where it arrived."""
    beside: Traffic = NOTHING
    """On the return leg: what the next subnet's ACL has judged already, or does not judge at all."""

    @classmethod
    def start(cls, network: Network, leg: Leg, traffic: Traffic, *, explain: bool) -> Walk:
        """A walk with all its traffic before it."""
        everything = Chain(traffic, whole=True)
        return cls(network, leg, traffic, everything, everything, everything, explain, asked=traffic)

    def take(self, step: Step | None, component: str | None = None, kind: str | None = None) -> None:
        """Takes one step at a hop; the hop is the step's own component where none is named."""
        if step is None:
            return
        passed = not step.dropped.boxes and not step.unknown.boxes
        if passed and not self.explain and not step.assumed:
            return  # Nobody asked for what let it pass.
        component, kind = component or step.component, kind or step.kind
        if self.hops and self.hops[-1].component == component:
            last = self.hops[-1]
            self.hops[-1] = Hop(last.component, last.kind, (*last.steps, step))
        else:
            self.hops.append(Hop(component, kind, (step,)))
        if passed:
            return
        before = self.certain
        self.certain = before.after(step.passed)
        self.surely = self.certain if self.surely is before else self.surely.after(step.passed)
        if self.trusted:
            open_part = step.passed.union(step.unknown)
            alike = self.possible is before and open_part is step.passed
            self.possible = self.certain if alike else self.possible.after(open_part)

    def rewrite(self, gateway: str, kind: str, after: Traffic, *, keeps_source: bool, keeps_port: bool = True) -> None:
        """A gateway translates: from here on the traffic is `after`; what was dropped before stays dropped."""
        crossing = Translated(gateway, kind, self.traffic, keeps_source, keeps_port)
        self.crossings.append(crossing)
        self._carry(after, crossing)

    def restore(self, crossing: Translated) -> None:
        """The reply passes the gateway the other way: back to the traffic as it was before."""
        self._carry(crossing.before, crossing)

    def _carry(self, across: Traffic, crossing: Translated) -> None:
        for name in ("certain", "possible", "surely"):
            chain: Chain = getattr(self, name)
            there = carried(chain.traffic, across, source=not crossing.keeps_source, port=not crossing.keeps_port)
            setattr(self, name, Chain(there, chain.whole))
        self.traffic = across

    @property
    def unchanged(self) -> bool:
        """Whether what arrives has the headers that were sent."""
        return self.trusted and not self.translations and self.relay is None and self.end is None

    @property
    def plain(self) -> bool:
        """Whether it has, by the only way there is."""
        return not self.branches and self.unchanged

    @property
    def translations(self) -> tuple[Translated, ...]:
        """Where headers were rewritten so far."""
        return tuple(crossing for crossing in self.crossings if isinstance(crossing, Translated))

    @property
    def alone(self) -> bool:
        """Whether it is the only way there is, and every device on it is known to leave headers as it should."""
        return self.trusted and not self.branches and self.relay is None and self.end is None and self.appliance is None

    def copy(self) -> Walk:
        """The same walk, to be walked on apart from this one."""
        return replace(self, hops=list(self.hops), crossings=list(self.crossings))

    def part(self, traffic: Traffic) -> Walk:
        """A copy for a part of the traffic of the current stretch; the steps so far stay as they are."""
        other = self.copy()
        same = not any(isinstance(c, Translated) for c in self.crossings)
        for name in ("certain", "possible", "surely"):
            chain: Chain = getattr(self, name)
            left = chain.traffic.meet(traffic)
            setattr(other, name, Chain(left, left.covers(traffic) if same else chain.whole))
        other.traffic = traffic
        protocols, ports = traffic.project("protocol"), traffic.project("port")
        if not any(isinstance(c, Translated) and not c.keeps_port for c in self.crossings):
            other.asked = self.asked.only(protocol=protocols, port=ports)
            narrowed = Traffic.of(Box(ALL_ADDRESSES, ALL_ADDRESSES, protocols, ALL_PORTS, ports))
            other.hops = [Hop(hop.component, hop.kind, tuple(s.only(narrowed) for s in hop.steps)) for hop in self.hops]
            other.crossings = [
                replace(c, before=c.before.meet(narrowed)) if isinstance(c, Translated) else c for c in self.crossings
            ]
        return other

    def fork(self, destinations: IntervalSet) -> Walk:
        """A copy of the walk for a part of its destinations, as if only that part had been asked."""
        part = self.traffic.only(destination=destinations)
        other = replace(self, hops=list(self.hops), crossings=list(self.crossings), traffic=part)
        other.asked = self.asked.only(destination=destinations)
        other.certain = Chain(self.certain.traffic.meet(part), self.certain.whole)
        other.possible = Chain(self.possible.traffic.meet(part), self.possible.whole)
        other.surely = other.certain
        narrowed = Traffic.of(Box(ALL_ADDRESSES, destinations, (0, 256), ALL_PORTS, ALL_PORTS))
        other.hops = [Hop(hop.component, hop.kind, tuple(s.only(narrowed) for s in hop.steps)) for hop in self.hops]
        other.crossings = [
            replace(c, before=c.before.meet(narrowed)) if isinstance(c, Translated) else c for c in self.crossings
        ]
        return other


def carried(traffic: Traffic, across: Traffic, *, source: bool, port: bool = False) -> Traffic:
    """The headers on the other side of a translation that belong to some header of `traffic`.

    With `source` the source side was rewritten and destination, protocol and port were kept; without it the destination
    was. With `port` destination and port were rewritten too, and a new source besides leaves only the protocol.
    A connection is carried when any of its translations is: a port picked by a gateway is its choice.
    """
    if not traffic.boxes:
        return traffic
    if port:
        parts = [
            Box(ALL_ADDRESSES, ALL_ADDRESSES, box.protocol, ALL_PORTS, ALL_PORTS)
            if source
            else Box(box.source, ALL_ADDRESSES, box.protocol, box.source_port, ALL_PORTS)
            for box in traffic.boxes
        ]
    elif source:
        parts = [Box(ALL_ADDRESSES, box.destination, box.protocol, ALL_PORTS, box.port) for box in traffic.boxes]
    else:
        parts = [Box(box.source, ALL_ADDRESSES, box.protocol, box.source_port, box.port) for box in traffic.boxes]
    return across.meet(Traffic.of(*parts))


def named(target: str, kind: str) -> str:
    """A route's target in words, whatever it is."""
    if not target:
        return "the target of a route, of a kind that is not known,"
    return f"{'a gateway of unknown kind' if kind in ('gateway', 'none') else kind.replace('-', ' ')} {target}"


def unmodelled(target: str, kind: str, device: Device, why: str = "on the path is not modelled") -> Unmodelled:
    """A component that is recognised and not judged, by name."""
    account, region = (device.origins or (("", ""),))[0]
    return Unmodelled(target or device.id, kind, Missing("", account, region, f"{named(target, kind)} {why}"))
