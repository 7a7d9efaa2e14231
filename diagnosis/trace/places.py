"""Where the two parties of a flow are: at an interface, on the internet, on premises, or nowhere that was seen."""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.network.coverage import Missing
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.traffic.addresses import is_ipv6
from diagnosis.traffic.intervals import IntervalSet


@dataclass(frozen=True, slots=True)
class Held:
    """An address of a seen interface. `address` is as the packet carries it: private, IPv6, or public."""

    interface: NetworkInterface
    address: int
    private: int
    """The private address behind a public one; the address itself otherwise."""
    implied: bool = False
    """Whether the address was chosen by the other side (an id or name, not a literal address)."""
    alike: IntervalSet = ()
    """Private addresses of interfaces that share subnet and groups with this one, its own too; judged together."""
    clients: IntervalSet = ()
    """The ports from which any of them starts connections, where they differ; else those of this interface."""
    groups_apart: bool = False
    """Whether the groups are left out of the trace, because those of each interface are judged apart."""

    @property
    def addresses(self) -> IntervalSet:
        """Every address that is judged here."""
        return self.alike or (self.address, self.address + 1)

    @property
    def by_public_address(self) -> bool:
        """Whether it is addressed by a public IPv4 address that an internet gateway translates."""
        return self.address != self.private

    @property
    def is_ipv6(self) -> bool:
        """Whether the address is an IPv6 one."""
        return is_ipv6(self.address)


@dataclass(frozen=True, slots=True)
class Internet:
    """Public addresses that no seen interface holds. `whole` stands for the internet as such, not listed addresses."""

    addresses: IntervalSet
    whole: bool = False


@dataclass(frozen=True, slots=True)
class OnPremises:
    """Addresses that are not public and lie outside everything seen."""

    addresses: IntervalSet


@dataclass(frozen=True, slots=True)
class Nobody:
    """An address inside a seen VPC that no interface holds."""

    address: int
    vpc: str
    subnet: str | None
    account: str = ""


@dataclass(frozen=True, slots=True)
class Undecided:
    """A party that cannot be placed, and why."""

    gap: Missing
    local: int | None = None
    """Its address, where the DNS resolver of some VPC or the host of an instance answers there."""


Place = Held | Internet | OnPremises | Nobody | Undecided
Destination = Held | Internet | OnPremises | Nobody
