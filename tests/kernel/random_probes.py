"""Random connections over an account: who tries to reach whom, by which address, on which port, from which port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from random import Random

from tests.kernel.account import Account, Probe
from tests.kernel.random_rules import OTHER, TCP_PORTS, UDP_PORTS

SERVICES = frozenset({*TCP_PORTS, *UDP_PORTS})
EDGES = (1024, 32767, 32768, 33999, 40000, 49151, 49152, 50000, 60999, 61000, 65535)
"""Source ports beside the borders of the slices that rules name."""


@dataclass(frozen=True, slots=True)
class Party:
    """An address that a connection can start from or go to."""

    address: str
    vpc: str | None = None
    """None for a host outside."""
    subnet: str | None = None
    eni: str | None = None
    names: tuple[str, ...] = ()
    """Ids that stand for the address, where it is the primary one of its interface."""
    public: bool = False

    @property
    def version(self) -> int:
        """4 or 6."""
        return ip_address(self.address).version


def prefix_address(prefix: str) -> str:
    """The one address of a delegated prefix that has a host in the lab."""
    return str(ip_network(prefix)[1])


def parties(account: Account) -> tuple[list[Party], list[Party], list[Party]]:
    """Private and IPv6 addresses of interfaces, their public IPv4 addresses, and the hosts outside."""
    inside, public = [], []
    for item in account.interfaces():
        if item["InterfaceType"] != "interface":
            continue
        vpc, subnet, eni = item["VpcId"], item["SubnetId"], item["NetworkInterfaceId"]
        for entry in item["PrivateIpAddresses"]:
            names = (eni, item["Attachment"]["InstanceId"]) if entry["Primary"] else ()
            inside.append(Party(entry["PrivateIpAddress"], vpc, subnet, eni, names))
            if "Association" in entry:
                public.append(Party(entry["Association"]["PublicIp"], vpc, subnet, eni, names, public=True))
        inside += [
            Party(prefix_address(entry["Ipv4Prefix"]), vpc, subnet, eni) for entry in item.get("Ipv4Prefixes", ())
        ]
        inside += [Party(entry["Ipv6Address"], vpc, subnet, eni, (eni,)) for entry in item["Ipv6Addresses"]]
    return inside, public, [Party(address) for address in account.outside]


def random_probes(random: Random, account: Account, count: int) -> list[Probe]:
    """That many connections, no two of which share a tracked connection: the answer to one must not open another."""
    inside, public, outside = parties(account)
    vacant = _vacant(account)
    found: list[Probe] = []
    used: set[tuple[object, ...]] = set()
    for _ in range(count * 20):
        if len(found) == count:
            break
        pair = _pair(random, inside, public, outside, vacant)
        if pair is None:
            continue
        probe = _probe(random, f"p{len(found)}", *pair)
        # A destination port never is a source port (SERVICES). Protocols without ports are told apart by addresses, the
        # others by their source port alone, so that a packet tells whose it is wherever addresses were rewritten.
        ends = frozenset((probe.from_address, probe.to_address))
        key = (probe.protocol, ends if probe.protocol == OTHER else probe.source_port)
        if key not in used:
            used.add(key)
            found.append(probe)
    return found


def _pair(
    random: Random, inside: list[Party], public: list[Party], outside: list[Party], vacant: list[Party]
) -> tuple[Party, Party] | None:
    kind = random.choices(
        ("subnet", "vpc", "peer", "out", "from", "public", "private", "vacant"), (7, 24, 26, 20, 13, 7, 1, 2)
    )[0]
    source = random.choice(inside)
    choices: list[Party]
    if kind == "from":
        source = random.choice(outside)
        choices = public if source.version == 4 else [p for p in inside if p.version == 6]
    elif kind == "private":
        source, choices = random.choice(outside), inside
    else:
        pools: dict[str, tuple[list[Party], Callable[[Party], bool]]] = {
            "subnet": (inside, lambda p: p.subnet == source.subnet),
            "vpc": (inside, lambda p: p.vpc == source.vpc and p.subnet != source.subnet),
            "peer": (inside, lambda p: p.vpc != source.vpc),
            "out": (outside, lambda _: True),
            "public": (public, lambda _: True),
            "vacant": (vacant, lambda _: True),
        }
        pool, fits = pools[kind]
        choices = [p for p in pool if fits(p)]
    # Nobody's connection to itself is asked.
    choices = [p for p in choices if p.version == source.version and (p.eni is None or p.eni != source.eni)]
    return (source, random.choice(choices)) if choices else None


def _vacant(account: Account) -> list[Party]:
    """One address in each subnet that nobody holds."""
    return [Party(str(ip_network(item["CidrBlock"])[8]), item["VpcId"], item["SubnetId"]) for item in account.subnets()]


def _probe(random: Random, identity: str, source: Party, destination: Party) -> Probe:
    six = source.version == 6
    protocol = random.choices((6, 17, 58 if six else 1, OTHER), (52, 20, 22, 6))[0]
    port: int | None = None
    source_port: int | None = None
    if protocol in (6, 17):
        port = random.choice(TCP_PORTS if protocol == 6 else UDP_PORTS)
        source_port = next(p for p in _ports(random) if p not in SERVICES)
    elif protocol != OTHER:
        # The identifier of an echo: it tells the probes of a lab apart, the engine is not asked about it.
        source_port = random.randrange(1, 65536)
    says = [source.address, destination.address]
    if source.names and random.random() < 0.15:
        says[0] = random.choice(source.names)
    elif destination.names and random.random() < 0.15 and _means(source, destination):
        says[1] = random.choice(destination.names)
    return Probe(identity, says[0], says[1], protocol, port, source_port, source.address, destination.address)


def _ports(random: Random) -> Iterator[int]:
    while True:
        yield random.choice(EDGES) if random.random() < 0.3 else random.randrange(1024, 65536)


def _means(source: Party, destination: Party) -> bool:
    """Whether an id of the destination stands for this very address: to a source outside it means the public one."""
    return destination.version == 6 or destination.public is (source.vpc is None)
