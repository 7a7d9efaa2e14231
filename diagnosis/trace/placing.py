"""Placing the two parties of a flow: which interface holds an address, or where outside it lies.

The two sides are placed together, since an address that several interfaces hold is decided by the other side.
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.trace import link_local, resolver
from diagnosis.trace.headings import vpc_headed_for
from diagnosis.trace.places import Held, Internet, Nobody, OnPremises, Place, Undecided
from diagnosis.traffic.addresses import (
    IPV4,
    IPV6,
    PUBLIC,
    format_address,
    is_ipv6,
    is_public,
    parse_address,
    parse_cidr,
)
from diagnosis.traffic.intervals import IntervalSet, has, join, join_all, meet, minus
from diagnosis.traffic.protocols import ICMPV6

INTERFACES = "ec2.describe_network_interfaces"
UNROUTABLE = join(
    *(
        parse_cidr(c)
        for c in (
            "0.0.0.0/8",
            "127.0.0.0/8",
            "169.254.168.0/22",
            "::/128",
            "::1/128",
            "fd00:ec2::/32",
            "fe80::/10",
        )
    )
)
"""Addresses that hosts and AWS's own services keep to themselves: no route carries traffic to them, and what answers
there, such as 169.254.169.254, is not modelled
(https://docs.aws.amazon.com/vpc/latest/userguide/RouteTables.html, RFC 6890)."""
LATTICE = join(parse_cidr("169.254.171.0/24"), parse_cidr("fd00:ec2:80::/64"))
"""The addresses of VPC Lattice (https://docs.aws.amazon.com/vpc-lattice/latest/ug/vpc-lattice-network.html)."""


@dataclass(frozen=True, slots=True)
class AtAddress:
    """A literal address, with the VPC that was named with it."""

    address: int
    vpc: str | None = None


@dataclass(frozen=True, slots=True)
class AtAddresses:
    """Private addresses of one family whose interfaces are treated alike: they are traced as one set."""

    addresses: tuple[int, ...]

    def singly(self) -> tuple[AtAddress, ...]:
        """Each address for itself."""
        return tuple(AtAddress(address) for address in self.addresses)


@dataclass(frozen=True, slots=True)
class AtInterface:
    """An interface, by an id or name that stands for it; which of its addresses is meant, the other side decides."""

    interface: str


@dataclass(frozen=True, slots=True)
class AtInternet:
    """The internet as such."""


@dataclass(frozen=True, slots=True)
class InRange:
    """Every address of a range that lies outside everything seen."""

    addresses: IntervalSet


@dataclass(frozen=True, slots=True)
class Nowhere:
    """A party that was named and not found, with what was not seen."""

    gap: Missing


Anchor = AtAddress | AtAddresses | AtInterface | AtInternet | InRange | Nowhere


def anchor(network: Network, text: str) -> Anchor:
    """What a flow's party text stands for: an address, `vpc-…/address`, or the id of an interface or instance.

    Ids are opaque, but one that nothing shows is told by the form that AWS gives it, or an anonymised account.
    Raises ValueError where it is none of them.
    """
    if ":" in text or text[:1].isdigit():
        try:
            return AtAddress(parse_address(text))
        except ValueError:
            pass
    if text in network.interfaces:
        return AtInterface(text)
    found = interface_of_instance(network, text)
    if found is not None:
        return AtInterface(found)
    vpc, slash, rest = text.rpartition("/")
    if slash and rest.isdigit():
        raise ValueError(f"{text!r:.80} is a range: a flow is between single addresses; whynot ask takes ranges")
    if slash and vpc:
        return AtAddress(parse_address(rest), vpc)
    if text.lower() == "internet":
        return AtInternet()
    if text.startswith(("eni-", "NetworkInterfaceId:")) or text in network.malformed:
        return Nowhere(network.gap(INTERFACES, (), f"network interface {text}"))
    if (
        text.startswith(("i-", "InstanceId:"))
        or text in network.instances
        or text in network.instance_of_interface.values()
    ):
        call = INTERFACES if text in network.instances else "ec2.describe_instances"
        return Nowhere(network.gap(call, (), f"the first interface of instance {text}"))
    raise ValueError(f"{text!r:.80} is no address and no id of an interface or instance")


def interface_of_instance(network: Network, instance: str) -> str | None:
    """The first interface of an instance; None where it was not seen, though others of the instance may be."""
    known = network.instances.get(instance)
    if known is not None and known.interfaces:
        return known.interfaces[0] if known.interfaces[0] in network.interfaces else None
    attached = [network.interfaces[eni] for eni in network.attached_to.get(instance, ())]
    first = min(attached, key=lambda i: (i.device_index, i.id), default=None)
    return first.id if first is not None and first.device_index == 0 else None


def place_both(
    network: Network, source: Anchor, destination: Anchor, protocol: int | None = None
) -> tuple[Place, Place]:
    """Both parties placed, each in the light of the other; ICMPv6 is between IPv6 addresses where both have any."""
    ours, theirs = _candidates(network, source), _candidates(network, destination)
    picked = _decide(network, (source, ours), (destination, theirs))
    if isinstance(picked, Missing):
        return Undecided(picked), Undecided(picked)
    mine, other = picked
    source_vpc = mine.vpc if mine is not None else None
    if mine is not None and isinstance(destination, AtAddress) and destination.vpc is None:
        other = _local_first(network, source_vpc, destination.address, theirs, other)
    placed_source = _placed(network, source, mine, other)
    placed_destination = _placed(network, destination, other, mine)
    if isinstance(source, AtAddress) and isinstance(destination, AtAddress):
        return placed_source, placed_destination
    six = protocol == ICMPV6 and _both_ipv6(placed_source, placed_destination)
    return _with_addresses(source, destination, placed_source, placed_destination, six=six)


def place_alone(network: Network, text: str) -> Held | Internet | Nobody | None:
    """Where a literal address is that one interface holds, or none does; None for every other party.

    A flow's other side has no say in it, unless this is a destination inside a range of the source's VPC: see
    `kept_home`.
    """
    try:
        found = anchor(network, text)
    except ValueError:
        return None
    if not isinstance(found, AtAddress) or found.vpc is not None:
        return None
    return place_at(network, found)


def place_at(network: Network, found: AtAddress) -> Held | Internet | Nobody | None:
    """The same for an address that was read."""
    holders = _candidates(network, found)
    if len(holders) > 1 or (not holders and len(network.vpc_holding(found.address)) > 1):
        return None
    place = _placed(network, found, holders[0] if holders else None, None)
    return place if isinstance(place, Held | Internet | Nobody) else None


def kept_home(network: Network, source: Place, destination: Place) -> bool:
    """Whether the local route of the source's VPC keeps what is sent to an address that is another VPC's too."""
    if not isinstance(source, Held) or not isinstance(destination, Held):
        return False
    if source.interface.vpc == destination.interface.vpc:
        return False
    home = network.vpcs.get(source.interface.vpc or "")
    return home is not None and has(home.addresses, destination.address)


def _candidates(network: Network, party: Anchor) -> list[NetworkInterface]:
    match party:
        case AtInterface(interface=identity):
            return [network.interfaces[identity]]
        case AtAddresses(addresses=addresses):
            return [network.interfaces[eni] for eni in network.holders(addresses[0])]
        case AtAddress(address=address, vpc=vpc):
            holders = network.holders(address) or network.by_public_address.get(address, ())
            found = [network.interfaces[eni] for eni in holders]
            return [i for i in found if vpc is None or i.vpc == vpc]
        case _:
            return []


Pair = tuple[NetworkInterface | None, NetworkInterface | None]


def _decide(
    network: Network, source: tuple[Anchor, list[NetworkInterface]], destination: tuple[Anchor, list[NetworkInterface]]
) -> Pair | Missing:
    """One interface for each side, decided by the other one where several hold the address."""
    ours, theirs = source[1], destination[1]
    if len(ours) <= 1 and len(theirs) <= 1:
        return (ours[0] if ours else None), (theirs[0] if theirs else None)
    pairs = [(a, b) for a in ours for b in theirs]
    within = [(a, b) for a, b in pairs if a.vpc == b.vpc]
    if len(within) == 1:
        return within[0]
    linked = [(a, b) for a, b in pairs if _linked(network, a.vpc, b.vpc)]
    if not within and len(linked) == 1:
        return linked[0]
    if not within and len(ours) == 1 and isinstance(destination[0], AtAddress):
        headed = _headed(network, ours[0], destination[0].address, theirs)
        if headed is not None:
            return ours[0], headed
    elif not within and len(theirs) == 1 and isinstance(source[0], AtAddress):
        headed = _headed(network, theirs[0], source[0].address, ours)
        if headed is not None:
            return headed, theirs[0]
    several = ours if len(ours) > 1 else theirs
    names = ", ".join(sorted(f"{i.id} in {i.vpc or 'an unknown VPC'}" for i in several))
    account, region = (several[0].origins or (("", ""),))[0]
    return Missing(INTERFACES, account, region, f"several interfaces hold the address: {names}")


def _linked(network: Network, one: str | None, other: str | None) -> bool:
    """Whether two VPCs are peered, or attached to transit gateways that may join them."""
    return bool(network.active_peerings(one, other) or network.transit.linked(one, other))


def _headed(
    network: Network, interface: NetworkInterface, address: int, holders: list[NetworkInterface]
) -> NetworkInterface | None:
    """The holder of an address to which the routes of an interface's subnet lead."""
    vpc = vpc_headed_for(network, interface, address)
    found = [holder for holder in holders if vpc is not None and holder.vpc == vpc]
    return found[0] if len(found) == 1 else None


def _local_first(
    network: Network, vpc: str | None, address: int, theirs: list[NetworkInterface], chosen: NetworkInterface | None
) -> NetworkInterface | None:
    """An address inside the source's own VPC is there or nowhere: the local route keeps it."""
    home = network.vpcs.get(vpc or "")
    if home is None or not has(home.addresses, address):
        return chosen
    return next((i for i in theirs if i.vpc == vpc), None)


def _placed(network: Network, party: Anchor, chosen: NetworkInterface | None, other: NetworkInterface | None) -> Place:
    match party:
        case Nowhere(gap=gap):
            return Undecided(gap)
        case AtInternet():
            # An IPv6 range of a VPC is public by its numbers, and yet no part of the internet.
            return Internet(minus(PUBLIC, network.all_vpc_addresses), whole=True)
        case InRange(addresses=addresses):
            public = meet(addresses, PUBLIC)
            return Internet(addresses) if public else OnPremises(addresses)
        case AtInterface(interface=identity):
            interface = network.interfaces[identity]
            first = interface.ipv4[0].private if interface.ipv4 else (interface.ipv6[0] if interface.ipv6 else 0)
            return Held(interface, first, first, implied=True)
        case AtAddresses(addresses=addresses):
            assert chosen is not None
            alike = join_all((address, address + 1) for address in addresses)
            return Held(chosen, addresses[0], addresses[0], alike=alike)
        case AtAddress(address=address, vpc=vpc):
            if chosen is not None:
                private = address
                if address not in {a.private for a in chosen.ipv4}:
                    private = chosen.private_of(address) or address
                return Held(chosen, address, private)
            return _unheld(network, address, vpc, other)


def _unheld(network: Network, address: int, vpc: str | None, other: NetworkInterface | None) -> Place:
    """An address that no seen interface holds, in the VPC that was named with it or where the other side finds it."""
    text = format_address(address)
    if has(UNROUTABLE, address):
        what = f"VPC Lattice, at {text}," if has(LATTICE, address) else text
        gap = Missing("", "", "", f"{what} is answered outside the VPC's routing, which is not modelled")
        return Undecided(gap, address if address in resolver.EVERYWHERE | link_local.ADDRESSES else None)
    holding = {v.id: v for v in network.vpc_holding(address)}
    if vpc and vpc not in holding:
        if vpc not in network.vpcs:
            return Undecided(network.gap("ec2.describe_vpcs", (), f"VPC {vpc}"))
        return Nobody(address, vpc, None)
    if holding:
        home = holding[vpc or _home_of(network, address, tuple(sorted(holding)), other)]
        if resolver.is_one(network, address, home.id):
            reason = f"{text} is the DNS resolver of {home.id}, which is modelled for its VPC's own questions only"
            return Undecided(Missing("", "", "", reason), address)
        if not network.coverage.seen(INTERFACES, home.origins) or not network.whole("NetworkInterfaces"):
            return Undecided(network.gap(INTERFACES, home.origins, f"the interface with {text}"))
        subnet = network.subnet_holding(home.id, address)
        return Nobody(address, home.id, subnet.id if subnet is not None else None)
    for call in (INTERFACES, "ec2.describe_vpcs"):
        if call not in network.coverage.answered and not is_public(address):
            return Undecided(network.gap(call, (), f"whether {text} lies in a VPC"))
    unsure = network.coverage.unanswered(INTERFACES)
    if unsure is not None:
        return Undecided(network.coverage.missing(INTERFACES, (unsure,), f"whether {text} is an interface's"))
    if address in network.elastic:
        held = network.elastic[address]
        what = f"associated with {held}, which was not seen to hold it" if held else "not associated with anything"
        return Undecided(Missing("", "", "", f"{text} is an Elastic IP address that is {what}"))
    single = (address, address + 1)
    return Internet(single) if is_public(address) else OnPremises(single)


def _home_of(network: Network, address: int, holding: tuple[str, ...], other: NetworkInterface | None) -> str:
    """Of several VPCs whose ranges hold an address the one that the other side reaches by it; else the first."""
    if other is None or len(holding) == 1 or other.vpc in holding:
        return other.vpc if other is not None and other.vpc in holding and other.vpc else holding[0]
    headed = vpc_headed_for(network, other, address)
    if headed in holding and headed:
        return headed
    return next((vpc for vpc in holding if _linked(network, other.vpc, vpc)), holding[0])


def _with_addresses(
    source: Anchor, destination: Anchor, ours: Place, theirs: Place, *, six: bool
) -> tuple[Place, Place]:
    """Ids and names get the address that the other side can talk to: same family, public towards the internet."""
    six = six or _wants_ipv6(ours, theirs)
    if isinstance(ours, Held) and isinstance(source, AtInterface):
        ours = _in_family(ours, six=six, outside=isinstance(theirs, Internet))
    if isinstance(theirs, Held) and isinstance(destination, AtInterface):
        theirs = (
            _public(theirs, six=six, whole=ours.whole) if isinstance(ours, Internet) else _in_family(theirs, six=six)
        )
    elif isinstance(theirs, Internet) and theirs.whole:
        theirs = Internet(meet(theirs.addresses, IPV6 if six else IPV4), whole=True)
    if isinstance(ours, Internet) and ours.whole and isinstance(theirs, Held):
        ours = Internet(meet(ours.addresses, IPV6 if theirs.is_ipv6 else IPV4), whole=True)
    return ours, theirs


def _both_ipv6(ours: Place, theirs: Place) -> bool:
    """Whether interfaces that are meant by id or name have IPv6 addresses, and the internet or nothing else is met."""
    held = [p for p in (ours, theirs) if isinstance(p, Held) and p.implied and p.interface.ipv6]
    whole = [p for p in (ours, theirs) if isinstance(p, Internet) and p.whole]
    return len(held) + len(whole) == len((ours, theirs))


def _wants_ipv6(ours: Place, theirs: Place) -> bool:
    """IPv6 when a literal side is IPv6, or when a side has nothing else."""
    for place in (ours, theirs):
        match place:
            case Held(implied=False, address=address) | Nobody(address=address):
                return is_ipv6(address)
            case Undecided(local=int() as address):
                return is_ipv6(address)
            case Internet(addresses=addresses, whole=False) | OnPremises(addresses=addresses):
                return bool(addresses) and is_ipv6(addresses[0])
            case _:
                continue
    return any(isinstance(p, Held) and not p.interface.ipv4 and bool(p.interface.ipv6) for p in (ours, theirs))


def _in_family(place: Held, *, six: bool, outside: bool = False) -> Place:
    """The address by which an interface speaks in one family; with `outside` one that the internet knows."""
    interface = place.interface
    if six and interface.ipv6:
        first = next((a for a in interface.ipv6 if outside and is_public(a)), interface.ipv6[0])
        return Held(interface, first, first, implied=True)
    if not six and interface.ipv4:
        return Held(interface, interface.ipv4[0].private, interface.ipv4[0].private, implied=True)
    family = "IPv6" if six else "IPv4"
    return Undecided(
        Missing("", *((interface.origins or (("", ""),))[0]), f"interface {interface.id} has no {family} address")
    )


def _public(place: Held, *, six: bool, whole: bool) -> Place:
    """The address at which the internet reaches an interface: a public IPv4 one, else IPv6, else none works."""
    interface = place.interface
    if not six:
        for address in interface.ipv4:
            if address.public is not None:
                return Held(interface, address.public, address.private, implied=True)
    return _in_family(place, six=six or (whole and bool(interface.ipv6)), outside=True)
