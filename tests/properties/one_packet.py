"""An independent judge: one packet at a time through describe answers, in plain Python, from AWS's documentation.

It knows traffic inside a VPC and over one peering connection, and says None where a route leads anywhere else. Written
from the rules of security groups, network ACLs and route tables, without a look at how the engine does it.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

from tests.accounts import Account, Json

LINUX, WINDOWS, OTHERS = (32768, 60999), (49152, 65535), (1024, 65535)


class Packet(NamedTuple):
    """For ICMP the ports are type (`to_port`) and code (`from_port`)."""

    source: str
    destination: str
    protocol: int
    from_port: int
    to_port: int


class World:
    """The describe answers, by id."""

    def __init__(self, account: Account) -> None:
        items = account.items
        self.interfaces: dict[str, Json] = {
            i["NetworkInterfaceId"]: i for i in items["ec2.describe_network_interfaces"]
        }
        self.groups: dict[str, Json] = {g["GroupId"]: g for g in items["ec2.describe_security_groups"]}
        self.vpcs: dict[str, Json] = {v["VpcId"]: v for v in items["ec2.describe_vpcs"]}
        self.peerings: dict[str, Json] = {
            p["VpcPeeringConnectionId"]: p for p in items["ec2.describe_vpc_peering_connections"]
        }
        self.acls: list[Json] = items["ec2.describe_network_acls"]
        self.tables: list[Json] = items["ec2.describe_route_tables"]
        self.lists = {pl: [e["Cidr"] for e in entries] for pl, entries in account.entries.items()}
        self.instances: dict[str, Json] = {
            i["InstanceId"]: i for r in items["ec2.describe_instances"] for i in r["Instances"]
        }

    def client_ports(self, eni: str) -> tuple[int, int]:
        """The ephemeral range of whoever owns the interface."""
        owner = self.interfaces[eni]["Attachment"].get("InstanceId")
        if owner is None:
            return OTHERS
        return WINDOWS if self.instances.get(owner, {}).get("Platform") == "windows" else LINUX

    def up(self, eni: str) -> bool:
        """Whether the interface can send and receive."""
        interface = self.interfaces[eni]
        owner = interface["Attachment"].get("InstanceId")
        running = owner is None or self.instances[owner]["State"]["Name"] == "running"
        return bool(interface["Status"] == "in-use" and running)

    def ranges_of(self, vpc: str) -> list[str]:
        """A VPC's own address ranges."""
        known = self.vpcs[vpc]
        found = [a["CidrBlock"] for a in known["CidrBlockAssociationSet"]]
        return found + [a["Ipv6CidrBlock"] for a in known["Ipv6CidrBlockAssociationSet"]]

    def addresses_of(self, eni: str) -> set[str]:
        """Private IPv4 and IPv6 addresses."""
        interface = self.interfaces[eni]
        found = {a["PrivateIpAddress"] for a in interface["PrivateIpAddresses"]}
        return found | {a["Ipv6Address"] for a in interface["Ipv6Addresses"]}


def inside(address: str, cidr: str) -> bool:
    """Whether the range holds the address; never across families."""
    one, net = ip_address(address), ip_network(cidr)
    return one.version == net.version and one in net


NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}


def rule_matches(protocol: str, low: int | None, high: int | None, packet: Packet) -> bool:
    """The protocol and port side of a group rule or ACL entry."""
    if protocol == "-1":
        return True
    if NUMBERS.get(protocol) != packet.protocol and protocol != str(packet.protocol):
        return False
    if packet.protocol in (1, 58):
        kind, code = (-1 if low is None else low), (-1 if high is None else high)
        return kind == -1 or (kind == packet.to_port and code in (-1, packet.from_port))
    if packet.protocol not in (6, 17) or low is None or high is None:
        return True
    return low <= packet.to_port <= high


def group_lets(world: World, eni: str, peer: str, packet: Packet, *, egress: bool) -> bool:
    """Whether any rule of any group of the interface allows the packet to or from the address `peer`."""
    interface = world.interfaces[eni]
    for held in interface["Groups"]:
        group = world.groups[held["GroupId"]]
        for permission in group["IpPermissionsEgress" if egress else "IpPermissions"]:
            if not rule_matches(permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort"), packet):
                continue
            ranges = [r["CidrIp"] for r in permission["IpRanges"]] + [r["CidrIpv6"] for r in permission["Ipv6Ranges"]]
            ranges += [cidr for pl in permission["PrefixListIds"] for cidr in world.lists[pl["PrefixListId"]]]
            if any(inside(peer, cidr) for cidr in ranges):
                return True
            for pair in permission["UserIdGroupPairs"]:
                if _referenced(world, pair["GroupId"], interface["VpcId"], peer):
                    return True
    return False


def _referenced(world: World, group: str, vpc: str, peer: str) -> bool:
    for eni, other in world.interfaces.items():
        if peer in world.addresses_of(eni) and group in {g["GroupId"] for g in other["Groups"]}:
            return bool(other["VpcId"] == vpc or _peered(world, vpc, other["VpcId"]))
    return False


def _peered(world: World, one: str, other: str) -> bool:
    return any(
        {p["RequesterVpcInfo"]["VpcId"], p["AccepterVpcInfo"]["VpcId"]} == {one, other}
        and p["Status"]["Code"] == "active"
        and p["RequesterVpcInfo"]["Region"] == p["AccepterVpcInfo"]["Region"]
        for p in world.peerings.values()
    )


def acl_lets(world: World, subnet: str, peer: str, packet: Packet, *, egress: bool) -> bool:
    """The first entry by number decides."""
    acl = next(a for a in world.acls if any(s["SubnetId"] == subnet for s in a["Associations"]))
    for entry in sorted((e for e in acl["Entries"] if e["Egress"] is egress), key=lambda e: e["RuleNumber"]):
        if not inside(peer, entry.get("CidrBlock") or entry["Ipv6CidrBlock"]):
            continue
        span: dict[str, Any] = entry.get("PortRange") or entry.get("IcmpTypeCode") or {}
        low, high = span.get("From", span.get("Type")), span.get("To", span.get("Code"))
        if rule_matches(entry["Protocol"], low, high, packet):
            return bool(entry["RuleAction"] == "allow")
    return False


def route_for(world: World, subnet: str, vpc: str, destination: str) -> Json | None:
    """Longest prefix; among equal ones a CIDR before a prefix list."""
    mine = [t for t in world.tables if any(a.get("SubnetId") == subnet for a in t["Associations"])]
    main = [t for t in world.tables if t["VpcId"] == vpc and any(a["Main"] for a in t["Associations"])]
    best: tuple[int, int] | None = None
    found = None
    for route in (mine or main)[0]["Routes"]:
        listed = route.get("DestinationPrefixListId")
        ranges = (
            world.lists[listed] if listed else [route.get("DestinationCidrBlock") or route["DestinationIpv6CidrBlock"]]
        )
        for cidr in ranges:
            rank = (ip_network(cidr).prefixlen, 0 if listed else 1)
            if inside(destination, cidr) and (best is None or rank > best):
                best, found = rank, route
    return found


def carried(world: World, vpc: str, to_vpc: str, route: Json | None, source: str, destination: str) -> bool | None:
    """Whether a route takes a packet from one VPC into the other; None where it leads out of what is judged here."""
    if route is None or route["State"] == "blackhole":
        return False
    if route.get("GatewayId") == "local":
        return vpc == to_vpc
    peering = world.peerings.get(route.get("VpcPeeringConnectionId", ""))
    if peering is None:
        return None
    sides = {peering["RequesterVpcInfo"]["VpcId"], peering["AccepterVpcInfo"]["VpcId"]}
    if peering["Status"]["Code"] != "active" or vpc not in sides:
        return False
    other = next(iter(sides - {vpc}))
    fits = any(inside(source, c) for c in world.ranges_of(vpc)) and any(
        inside(destination, c) for c in world.ranges_of(other)
    )
    return fits and other == to_vpc


ECHO = {1: (8, 0), 58: (128, 129)}


def lets(world: World, client: str, server: str, packet: Packet) -> bool | None:
    """Whether this packet gets from one interface to the other and its reply home; None where nobody here can say."""
    ours, theirs = world.interfaces[client], world.interfaces[server]
    if not (world.up(client) and world.up(server)):
        return False
    groups = group_lets(world, client, packet.destination, packet, egress=True) and group_lets(
        world, server, packet.source, packet, egress=False
    )
    if ours["SubnetId"] == theirs["SubnetId"]:
        return groups
    there = route_for(world, ours["SubnetId"], ours["VpcId"], packet.destination)
    back = route_for(world, theirs["SubnetId"], theirs["VpcId"], packet.source)
    ways = (
        carried(world, ours["VpcId"], theirs["VpcId"], there, packet.source, packet.destination),
        carried(world, theirs["VpcId"], ours["VpcId"], back, packet.destination, packet.source),
    )
    if None in ways:
        return None
    return groups and all(ways) and _acls_let(world, ours["SubnetId"], theirs["SubnetId"], packet)


def _acls_let(world: World, near: str, far: str, packet: Packet) -> bool:
    answer = Packet(packet.destination, packet.source, packet.protocol, packet.to_port, packet.from_port)
    if packet.protocol in ECHO:
        request, reply = (8, 0) if packet.protocol == 1 else (128, 129)
        assert packet.to_port == request
        answer = Packet(packet.destination, packet.source, packet.protocol, 0, reply)
    return (
        acl_lets(world, near, packet.destination, packet, egress=True)
        and acl_lets(world, far, packet.source, packet, egress=False)
        and acl_lets(world, far, packet.source, answer, egress=True)
        and acl_lets(world, near, packet.destination, answer, egress=False)
    )


def breakpoints(world: World, low: int, high: int) -> list[int]:
    """Client ports between which no entry of any ACL tells a difference."""
    cuts = {low, high}
    for acl in world.acls:
        for entry in acl["Entries"]:
            span = entry.get("PortRange") or {}
            cuts |= {span[k] + d for k in span for d in (-1, 0, 1)}
    return sorted(c for c in cuts if low <= c <= high)


def clients(world: World, eni: str, protocol: int) -> list[int]:
    """The client ports (ICMP: the code) to try."""
    return breakpoints(world, *world.client_ports(eni)) if protocol in (6, 17) else [0]


def verdict(
    world: World, client: str, server: str, source: str, destination: str, protocol: int, port: int
) -> str | None:
    """reachable, blocked or partly over all client ports; None where it is not judged here."""
    found = {
        lets(world, client, server, Packet(source, destination, protocol, p, port))
        for p in clients(world, client, protocol)
    }
    if None in found:
        return None
    if found == {True}:
        return "reachable"
    return "blocked" if found == {False} else "partly"
