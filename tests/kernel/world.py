"""The fixed part of a random account: VPCs, subnets, interfaces, gateways and their addresses.

A lab of namespaces takes a second to settle, so many accounts are made over one world: their groups, network ACLs,
routes, peering states, public addresses and the like differ, their cables do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from random import Random

ACCOUNT = "123456789012"
REGIONS = ("us-east-1", "us-east-1", "eu-west-1")
"""The Region of each VPC: the third lies across a Region, where peering carries packets and no group references."""
OUTSIDE = ("203.0.113.9", "198.51.100.77", "2001:db8:ffff::9", "2001:db8:fffe::77")


@dataclass(frozen=True, slots=True)
class Host:
    """A network interface with a host behind it."""

    eni: str
    instance: str
    vpc: int
    subnet: str
    addresses: tuple[str, ...]
    """Its private IPv4 addresses, the primary one first."""
    six: str | None
    prefix: str | None
    """A delegated /28."""


@dataclass(frozen=True, slots=True)
class Place:
    """A subnet."""

    id: str
    vpc: int
    cidr: str
    six: str | None
    nat: str | None
    """The id of a NAT gateway in it."""
    nat_address: str | None


@dataclass(frozen=True, slots=True)
class World:
    """Everything with cables."""

    blocks: tuple[tuple[str, ...], ...]
    """The IPv4 ranges of each VPC."""
    six_blocks: tuple[str, ...]
    places: tuple[Place, ...]
    hosts: tuple[Host, ...]
    peerings: tuple[tuple[str, int, int], ...]
    """Ids with requester and accepter, one for each pair of VPCs that may peer."""

    def vpc_name(self, vpc: int) -> str:
        """The id of a VPC."""
        return f"vpc-{vpc}"


def random_world(random: Random) -> World:
    """A world of three VPCs with two to four subnets each and one to three hosts in a subnet."""
    blocks: list[tuple[str, ...]] = []
    six_blocks: list[str] = []
    places: list[Place] = []
    hosts: list[Host] = []
    for vpc in range(3):
        ranges = [f"10.{vpc * 16 + random.randrange(16)}.0.0/16"]
        if random.random() < 0.4:
            ranges.append(f"172.{16 + vpc}.{random.randrange(16) * 16}.0/20")
        six = f"2001:db8:{vpc:x}{random.randrange(16):x}00::/56"
        blocks.append(tuple(ranges))
        six_blocks.append(six)
        for place in _places(random, vpc, ranges, IPv6Network(six)):
            places.append(place)
            hosts += [_host(random, place, number) for number in range(random.randint(1, 3))]
    pairs = [("pcx-01", 0, 1), ("pcx-12", 2, 1), ("pcx-02", 0, 2)]
    return World(
        tuple(blocks),
        tuple(six_blocks),
        tuple(places),
        tuple(hosts),
        tuple(pairs if random.random() < 0.5 else pairs[:2]),
    )


def _places(random: Random, vpc: int, ranges: list[str], six: IPv6Network) -> list[Place]:
    found = []
    count = random.randint(2, 4)
    nat = random.randrange(count) if random.random() < 0.8 else None
    spare = six.subnets(new_prefix=64)
    for number in range(count):
        block = IPv4Network(random.choice(ranges))
        size = random.choice((24, 25, 27))
        # Subnets start at different multiples of 256 of their VPC, so they never overlap.
        base = int(block.network_address) + 256 * (number * 3 + random.randrange(3))
        cidr = ip_network((base, size))
        inner = str(next(spare)) if random.random() < 0.75 else None
        gateway = f"nat-{vpc}" if number == nat else None
        found.append(Place(f"subnet-{vpc}{number}", vpc, str(cidr), inner, gateway, str(cidr[9]) if gateway else None))
    return found


def _host(random: Random, place: Place, number: int) -> Host:
    block = IPv4Network(place.cidr)
    addresses = [str(block[10 + number])]
    if random.random() < 0.2:
        addresses.append(str(block[13 + number]))
    name = f"{place.id.removeprefix('subnet-')}{number}"
    # The second half of a subnet holds the delegated prefixes; a /27 has room for one of them.
    prefix = f"{block[block.num_addresses // 2]}/28" if number == 0 and random.random() < 0.2 else None
    six = str(IPv6Network(place.six)[10 + number]) if place.six and random.random() < 0.85 else None
    return Host(f"eni-{name}", f"i-{name}", place.vpc, place.id, tuple(addresses), six, prefix)
