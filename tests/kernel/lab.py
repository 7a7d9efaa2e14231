"""The lab: an account rebuilt as network namespaces, from its describe answers and nothing else.

One namespace for each host (its security groups: nftables with connection tracking), one for the edge of each subnet
(its network ACL: stateless), one router for each VPC (a routing table for each subnet), one for its internet gateways,
one for each NAT gateway and each host outside, and one for the internet between them.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from ipaddress import ip_network
from types import TracebackType
from typing import Self

from tests.kernel.account import Account, Item
from tests.kernel.firewall import addresses_of, edge_rules, host_rules
from tests.kernel.gateways import gate_rules, nat_gateways, nat_rules, public_addresses
from tests.kernel.namespaces import Namespace, cable
from tests.kernel.routing import (
    FIRST_SUBNET,
    LOCAL_ONLY,
    Cable,
    Cables,
    Range,
    as_batch,
    local_routes,
    subnet_ranges,
    subnet_routes,
)

NEAR, FAR = "fe80::1", "fe80::2"
PUBLIC_TABLE = 70
SETTLED_WITHIN = 10.0
"""Seconds that fresh devices get to carry packets; they take about one."""


def shape(account: Account) -> object:
    """What of an account has cables: two accounts of one shape can use the same lab."""
    found: list[object] = [account.outside]
    for operation, key, members in (
        ("describe_vpcs", "Vpcs", ("VpcId", "CidrBlockAssociationSet", "Ipv6CidrBlockAssociationSet")),
        ("describe_subnets", "Subnets", ("SubnetId", "VpcId", "CidrBlock", "Ipv6CidrBlockAssociationSet")),
    ):
        found.append(sorted(repr([item[m] for m in members]) for item in account.items(operation, key)))
    found.append(
        sorted((item["NetworkInterfaceId"], item["SubnetId"], *addresses_of(item)) for item in account.interfaces())
    )
    found.append(sorted({c["VpcPeeringConnectionId"] for c in account.peerings()}))
    return found


class Lab:
    """A running lab. `load` gives it an account of its shape; `hosts` are the namespaces to talk from and to."""

    def __init__(self, account: Account) -> None:
        self.shape = shape(account)
        self._closing = ExitStack()
        self._links = 0
        self._routers: dict[str, Namespace] = {}
        self._gates: dict[str, Namespace] = {}
        self._edges: dict[str, Namespace] = {}
        self._nats: dict[str, Namespace] = {}
        self._enis: dict[str, Namespace] = {}
        self._cables: dict[str, Cables] = {}
        self._gate_cables: dict[str, Cable] = {}
        self.hosts: dict[str, Namespace] = {}
        """Namespaces by each address of theirs."""
        self._world = self._space("world", forwards=True)
        self._world.ip([f"rule add pref 100 lookup {PUBLIC_TABLE}"])
        try:
            for item in account.vpcs():
                self._vpc(account, item)
            self._peerings(account)
            for number, address in enumerate(account.outside):
                self._outside(f"o{number}", address)
            self._static_routes(account)
            self._settle()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives every namespace back."""
        self._closing.close()

    def load(self, account: Account) -> None:
        """Gives the lab an account's rules, routes and public addresses, and forgets all connections."""
        if shape(account) != self.shape:
            raise ValueError("the account has other interfaces or subnets than the lab")
        for interface in account.interfaces():
            eni = interface["NetworkInterfaceId"]
            if eni in self._enis:
                self._enis[eni].rules(host_rules(account, interface))
        for subnet, edge in self._edges.items():
            edge.rules(edge_rules(account, subnet))
        public: dict[Range, str] = {}
        for vpc, router in self._routers.items():
            cables = self._cables[vpc]
            tables = {
                FIRST_SUBNET + number: subnet_routes(account, vpc, subnet, cables)
                for number, subnet in enumerate(cables.subnets)
            }
            for version in (4, 6):
                router.ip(as_batch(tables, version), family=version)
            self._gates[vpc].rules(gate_rules(account, vpc))
            for gateway in nat_gateways(account, vpc):
                self._nats[gateway["NatGatewayId"]].rules(nat_rules(gateway))
            public |= {
                ip_network(a): self._gate_cables[vpc].to(ip_network(a)) for a in public_addresses(account, vpc).values()
            }
        self._world.ip(
            [
                f"route flush table {PUBLIC_TABLE}",
                *(f"route add {line} table {PUBLIC_TABLE}" for line in public.values()),
            ]
        )
        self.forget()

    @property
    def filters(self) -> list[Namespace]:
        """The namespaces whose groups and network ACLs say what they do with a packet."""
        return [*self._enis.values(), *self._edges.values()]

    def forget(self) -> None:
        """Forgets all connections."""
        for space in (*self._enis.values(), *self._nats.values(), *self._gates.values()):
            space.forget_connections()

    def _space(self, name: str, *, forwards: bool) -> Namespace:
        space = Namespace(name, forwards=forwards)
        self._closing.callback(space.close)
        return space

    def _link(self, one: Namespace, device: str, other: Namespace, other_device: str) -> tuple[Cable, Cable]:
        """A cable with addresses at both ends, as each end sees the other one."""
        block = ip_network(f"169.254.{self._links // 64}.{self._links % 64 * 4}/30")
        self._links += 1
        cable(one, device, other, other_device)
        for space, name, four, six in ((one, device, block[1], NEAR), (other, other_device, block[2], FAR)):
            space.ip([f"addr add {four}/30 dev {name}", f"addr add {six}/64 dev {name} nodad"])
        return Cable(device, str(block[2]), FAR), Cable(other_device, str(block[1]), NEAR)

    def _vpc(self, account: Account, item: Item) -> None:
        vpc = item["VpcId"]
        router, gate = self._space(f"router of {vpc}", forwards=True), self._space(f"gate of {vpc}", forwards=True)
        self._routers[vpc], self._gates[vpc] = router, gate
        internet, inwards = self._link(router, "igw", gate, "igw")
        egress_only, _ = self._link(router, "eigw", gate, "eigw")
        outwards, from_world = self._link(gate, "world", self._world, f"g{len(self._gates)}")
        self._gate_cables[vpc] = from_world
        for version in (4, 6):
            blocks = [block for block in subnet_ranges(item) if block.version == version]
            everything = ip_network("0.0.0.0/0" if version == 4 else "::/0")
            gate.ip(
                [f"route add {line}" for line in (outwards.to(everything), *(inwards.to(b) for b in blocks))],
                family=version,
            )
            for device in ("igw", "eigw"):
                router.ip([f"rule add pref 90 iif {device} lookup {LOCAL_ONLY}"], family=version)
        subnets = {}
        for number, subnet in enumerate(s for s in account.subnets() if s["VpcId"] == vpc):
            subnets[subnet["SubnetId"]] = self._subnet(account, router, number, subnet)
        self._cables[vpc] = Cables(subnets, {}, internet, egress_only)

    def _subnet(self, account: Account, router: Namespace, number: int, item: Item) -> Cable:
        """The edge of a subnet, with a bridge for everything in it."""
        subnet = item["SubnetId"]
        edge = self._edges[subnet] = self._space(f"edge of {subnet}", forwards=True)
        downwards, upwards = self._link(router, f"s{number}", edge, "uplink")
        for version in (4, 6):
            router.ip([f"rule add pref 100 iif s{number} lookup {FIRST_SUBNET + number}"], family=version)
            edge.ip([f"route add {upwards.to(ip_network('0.0.0.0/0' if version == 4 else '::/0'))}"], family=version)
        ranges = subnet_ranges(item)
        edge.ip(
            [
                "link add br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0",
                "link set br0 up",
                f"addr add {NEAR}/64 dev br0 nodad",
                *(
                    f"addr add {block[1]}/{block.prefixlen} dev br0 {'nodad' if block.version == 6 else ''}"
                    for block in ranges
                ),
            ]
        )
        for count, interface in enumerate(self._interfaces(account, subnet)):
            if interface["InterfaceType"] == "interface":
                host = self._enis[interface["NetworkInterfaceId"]] = self._host(edge, f"h{count}", interface, ranges)
                self.hosts.update(dict.fromkeys(addresses_of(interface), host))
        for gateway in nat_gateways(account, item["VpcId"]):
            if gateway["SubnetId"] == subnet:
                self._nat(edge, gateway, ranges)
        return downwards

    @staticmethod
    def _interfaces(account: Account, subnet: str) -> list[Item]:
        found = account.interfaces()
        return sorted((i for i in found if i["SubnetId"] == subnet), key=lambda i: str(i["NetworkInterfaceId"]))

    def _plug(self, edge: Namespace, port: str, space: Namespace) -> None:
        cable(space, "eth0", edge, port)
        edge.ip([f"link set {port} master br0"])

    def _host(self, edge: Namespace, port: str, interface: Item, ranges: list[Range]) -> Namespace:
        host = self._space(str(interface["NetworkInterfaceId"]), forwards=False)
        self._plug(edge, port, host)
        lines = ["link set lo up"]
        for address in addresses_of(interface):
            [block] = [block for block in ranges if ip_network(address).version == block.version]
            lines.append(f"addr add {address}/{block.prefixlen} dev eth0 {'nodad' if block.version == 6 else ''}")
        lines += [f"route add default via {block[1]} dev eth0" for block in ranges if block.version == 4]
        host.ip(lines)
        if any(":" in address for address in addresses_of(interface)):
            host.ip([f"route add default via {NEAR} dev eth0"], family=6)
        return host

    def _nat(self, edge: Namespace, gateway: Item, ranges: list[Range]) -> None:
        """A NAT gateway: one arm in its subnet. What the router sends to this edge for elsewhere is for the gateway."""
        space = self._nats[gateway["NatGatewayId"]] = self._space(gateway["NatGatewayId"], forwards=True)
        self._plug(edge, "nat", space)
        [block] = [block for block in ranges if block.version == 4]
        address = gateway["NatGatewayAddresses"][0]["PrivateIp"]
        space.ip([f"addr add {address}/{block.prefixlen} dev eth0", f"route add default via {block[1]} dev eth0"])
        edge.ip(
            [
                "rule add pref 100 iif uplink lookup 60",
                f"route add {block} dev br0 table 60",
                f"route add default via {address} dev br0 table 60",
            ]
        )

    def _peerings(self, account: Account) -> None:
        connections = {c["VpcPeeringConnectionId"]: c for c in account.peerings()}
        for number, (identity, connection) in enumerate(sorted(connections.items())):
            one, other = connection["RequesterVpcInfo"]["VpcId"], connection["AccepterVpcInfo"]["VpcId"]
            ends = self._link(self._routers[one], f"p{number}", self._routers[other], f"p{number}")
            for vpc, end in zip((one, other), ends, strict=True):
                cables = self._cables[vpc]
                self._cables[vpc] = Cables(
                    cables.subnets, {**cables.peerings, identity: end}, cables.internet, cables.egress_only
                )
                for version in (4, 6):
                    self._routers[vpc].ip([f"rule add pref 90 iif p{number} lookup {LOCAL_ONLY}"], family=version)

    def _outside(self, name: str, address: str) -> None:
        """A host on the internet, without any firewall."""
        host = self._space(f"outside {address}", forwards=False)
        towards_host, towards_world = self._link(self._world, name, host, "eth0")
        block = ip_network(address)
        self._world.ip([f"route add {towards_host.to(block)}"], family=block.version)
        everything = ip_network("0.0.0.0/0" if block.version == 4 else "::/0")
        host.ip(["link set lo up", f"addr add {block} dev eth0 {'nodad' if block.version == 6 else ''}"])
        host.ip([f"route add {towards_world.to(everything)}"], family=block.version)
        self.hosts[address] = host

    def _static_routes(self, account: Account) -> None:
        for item in account.vpcs():
            vpc = item["VpcId"]
            tables = {LOCAL_ONLY: local_routes(account, vpc, self._cables[vpc])}
            for version in (4, 6):
                self._routers[vpc].ip(as_batch(tables, version), family=version)
            blocks = [block for block in subnet_ranges(item) if block.version == 6]
            self._world.ip([f"route add {self._gate_cables[vpc].to(block)}" for block in blocks], family=6)

    def _settle(self) -> None:
        """Waits until every device carries packets: fresh ones drop them for a second, which looks like a rule."""
        until = time.monotonic() + SETTLED_WITHIN
        waiting = [
            self._world,
            *self._routers.values(),
            *self._gates.values(),
            *self._edges.values(),
            *self._nats.values(),
        ]
        waiting += list({space.name: space for space in self.hosts.values()}.values())
        while waiting and time.monotonic() < until:
            waiting = [space for space in waiting if not space.carries()]
            time.sleep(0.05)
        if waiting:
            raise RuntimeError(f"devices stay down: {', '.join(space.name for space in waiting)}")
