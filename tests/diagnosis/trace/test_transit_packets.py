"""Random hubs, one packet at a time: a plain walk over the describe answers must agree with the trace of the set.

The walk below knows nothing of sets, filters or crossings. It follows AWS's rules for one packet there and one back, in
every way that AWS may choose, and gives up where something lies on the path that no describe call shows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import permutations
from typing import Literal, NamedTuple

import pytest

from tests.accounts import Json, entry, open_entries, route, rule
from tests.diagnosis.trace.asking import ask
from tests.diagnosis.trace.hubs import ATTACHMENTS, VPC_ATTACHMENTS, Hub, hub_route

Fate = Literal["home", "lost", "not told"]
ZONES = (("us-east-1a", "use1-az1"), ("us-east-1b", "use1-az2"))
SPOKES = {"a": 0, "b": 9, "c": 20}
PORT, CLIENT = 3306, 40000


class Packet(NamedTuple):
    source: str
    destination: str
    port: int


def random_hub(seed: int) -> Hub:
    """Three VPCs on two gateways that are peered, with about one fault."""
    chance = random.Random(seed)
    made = Hub()
    for letter, second in SPOKES.items():
        made.vpc(f"vpc-{letter}", f"10.{second}.0.0/16")
        for third in (1, 2, 3):
            zone, zone_id = ZONES[0] if chance.random() < 0.6 else ZONES[1]
            name = f"{letter}{third}"
            block = f"10.{second}.{third}.0/24"
            made.subnet(name, f"vpc-{letter}", block, AvailabilityZone=zone, AvailabilityZoneId=zone_id)
            entries = open_entries()
            if chance.random() < 0.2:
                peer = chance.choice(["10.0.0.0/16", "10.9.0.0/16", "10.0.1.10/32", "10.9.1.10/32", "10.0.0.0/8"])
                entries.insert(0, entry(50, "deny", peer, egress=chance.random() < 0.5))
            made.acl(f"acl-{name}", f"vpc-{letter}", [name], entries)
            routes = [] if chance.random() < 0.05 else [route("10.0.0.0/8", "tgw-2" if letter == "c" else "tgw-1")]
            made.table(f"rtb-{name}", f"vpc-{letter}", routes, [name], main=third == 1)
        made.group(f"sg-{letter}", f"vpc-{letter}", [rule("tcp", (PORT, PORT), "10.0.0.0/8")])
        made.interface(f"eni-{letter}", f"{letter}1", f"10.{second}.1.10", groups=[f"sg-{letter}"])
    made.gateway("tgw-1")
    made.gateway("tgw-2")
    _attach(made, chance)
    return made


def _attach(made: Hub, chance: random.Random) -> None:
    zone_of = {s["SubnetId"]: s["AvailabilityZoneId"] for s in made.items["ec2.describe_subnets"]}
    for letter in SPOKES:
        gateway = "tgw-2" if letter == "c" else "tgw-1"
        chosen: dict[str, str] = {}
        for subnet in chance.sample([f"{letter}{third}" for third in (1, 2, 3)], chance.randint(1, 3)):
            chosen.setdefault(zone_of[subnet], subnet)
        table = chance.choice(["rtb-x", "rtb-y"]) if gateway == "tgw-1" else "rtb-z"
        mode = "enable" if chance.random() < 0.5 else "disable"
        association = None if chance.random() < 0.03 else table
        made.attached_vpc(f"at-{letter}", f"vpc-{letter}", chosen.values(), association, gateway, appliance=mode)
        if chance.random() < 0.03:
            made.state(f"at-{letter}", "pendingAcceptance")
    made.attached("at-p", "peering", "tgw-2", chance.choice(["rtb-x", "rtb-y"]))
    made.attached("at-p", "peering", "tgw-1", "rtb-z", gateway="tgw-2")
    ways = {"a": ("at-a", "vpc-a", "vpc"), "b": ("at-b", "vpc-b", "vpc"), "c": ("at-c", "vpc-c", "vpc")}
    over = {"tgw-1": ("at-p", "tgw-2", "peering"), "tgw-2": ("at-p", "tgw-1", "peering")}
    for table in ("rtb-x", "rtb-y", "rtb-z"):
        gateway = "tgw-2" if table == "rtb-z" else "tgw-1"
        routes = []
        for letter, second in SPOKES.items():
            here = (letter == "c") == (gateway == "tgw-2")
            way = ways[letter] if here else over[gateway]
            if chance.random() < 0.06:
                way = chance.choice([ways["a"], ways["b"], over[gateway]] if gateway == "tgw-1" else [over[gateway]])
            static = way[2] == "peering" or chance.random() < 0.3
            if chance.random() < 0.95:
                routes.append(hub_route(f"10.{second}.0.0/16", *way, static=static))
            if chance.random() < 0.04:
                routes.append(hub_route(f"10.{second}.0.0/17", "", static=True, state="blackhole"))
        made.hub_table(table, *routes, gateway=gateway)


def longest(routes: list[Json], address: str) -> Json | None:
    """The route that wins for an address; no two of one range are alike here but for being static."""
    fitting = [r for r in routes if ip_address(address) in ip_network(r["DestinationCidrBlock"])]
    rank = lambda r: (-ip_network(r["DestinationCidrBlock"]).prefixlen, r.get("Type") == "propagated")  # noqa: E731
    return min(fitting, key=rank, default=None)


class World:
    """The describe answers, looked at as a packet meets them."""

    def __init__(self, made: Hub) -> None:
        self.made = made
        self.subnets: dict[str, Json] = {s["SubnetId"]: s for s in made.items["ec2.describe_subnets"]}
        self.vpc_attachments = {a["TransitGatewayAttachmentId"]: a for a in made.hub[VPC_ATTACHMENTS]}

    def acl(self, subnet: str, packet: Packet, *, egress: bool) -> bool:
        peer = ip_address(packet.destination if egress else packet.source)
        entries = next(
            a["Entries"]
            for a in self.made.items["ec2.describe_network_acls"]
            if subnet in [s["SubnetId"] for s in a["Associations"]]
        )
        for one in sorted(entries, key=lambda e: int(e["RuleNumber"])):
            if one["Egress"] is egress and "CidrBlock" in one and peer in ip_network(one["CidrBlock"]):
                return bool(one["RuleAction"] == "allow")
        return False

    def target(self, subnet: str, packet: Packet) -> str | None:
        tables = self.made.items["ec2.describe_route_tables"]
        routes = next(t for t in tables if subnet in [a.get("SubnetId") for a in t["Associations"]])["Routes"]
        won = longest(routes, packet.destination)
        return None if won is None else str(won.get("TransitGatewayId") or won["GatewayId"])

    def subnet_of(self, address: str) -> str:
        return next(i for i, s in self.subnets.items() if ip_address(address) in ip_network(s["CidrBlock"]))

    def attachment(self, gateway: str, identity: str) -> Json:
        return next(
            a
            for a in self.made.hub[ATTACHMENTS]
            if a["TransitGatewayId"] == gateway and a["TransitGatewayAttachmentId"] == identity
        )

    def fates(self, packet: Packet) -> Iterator[Fate]:
        """What becomes of a packet, in each way that AWS may choose."""
        start = self.subnet_of(packet.source)
        gateway = self.target(start, packet)
        if not self.acl(start, packet, egress=True) or gateway is None:
            yield "lost"
            return
        vpc = self.subnets[start]["VpcId"]
        mine = next((a for a in self.made.hub[ATTACHMENTS] if a["ResourceId"] == vpc), None)
        assert mine is not None
        zone = self.subnets[start]["AvailabilityZoneId"]
        listed = self.vpc_attachments[mine["TransitGatewayAttachmentId"]]["SubnetIds"]
        near = [s for s in listed if self.subnets[s]["AvailabilityZoneId"] == zone]
        if mine["State"] != "available" or not near or not self.acl(near[0], packet, egress=False):
            yield "lost"
            return
        yield from self.in_gateway(packet, mine, zone, 0)

    def in_gateway(self, packet: Packet, entered: Json, zone: str | None, peerings: int) -> Iterator[Fate]:
        table = entered.get("Association", {}).get("TransitGatewayRouteTableId")
        won = longest(self.made.routes[table], packet.destination) if table else None
        if won is None or won["State"] == "blackhole" or peerings > 4:
            yield "lost"
            return
        [way] = won["TransitGatewayAttachments"]
        left = self.attachment(entered["TransitGatewayId"], way["TransitGatewayAttachmentId"])
        if left["State"] != "available":
            yield "lost"
        elif left["ResourceType"] == "peering":
            other = self.attachment(left["ResourceId"], left["TransitGatewayAttachmentId"])
            yield from self.in_gateway(packet, other, None, peerings + 1)
        else:
            yield from self.out_of_gateway(packet, left, zone)

    def out_of_gateway(self, packet: Packet, left: Json, zone: str | None) -> Iterator[Fate]:
        details = self.vpc_attachments[left["TransitGatewayAttachmentId"]]
        subnets = details["SubnetIds"]
        near = [s for s in subnets if self.subnets[s]["AvailabilityZoneId"] == zone]
        if details["Options"]["ApplianceModeSupport"] == "disable" and near:
            subnets = near
        for subnet in subnets:
            goal = self.subnet_of(packet.destination)
            if self.subnets[goal]["VpcId"] != left["ResourceId"]:
                yield "lost" if self.target(subnet, packet) is None else "not told"
            elif subnet == goal:
                yield "home"
            else:
                through = self.acl(subnet, packet, egress=True) and self.acl(goal, packet, egress=False)
                yield "home" if through else "lost"

    def verdict(self, source: str, destination: str) -> str | None:
        """The verdict on a connection; None where the walk cannot tell."""
        there = set(self.fates(Packet(source, destination, PORT)))
        back = set(self.fates(Packet(destination, source, CLIENT)))
        if there == {"lost"} or ("not told" not in there and back == {"lost"}):
            return "blocked"
        if "not told" in there | back:
            return None
        return "reachable" if there == back == {"home"} else "unknown"


@pytest.mark.parametrize("first", range(0, 240, 20))
def test_a_packet_that_is_walked_by_hand_fares_as_the_trace_says(first: int) -> None:
    for seed in range(first, first + 20):
        made = random_hub(seed)
        network, world = made.network(), World(made)
        for one, other in permutations(SPOKES.values(), 2):
            ends = f"10.{one}.1.10", f"10.{other}.1.10"
            expected = world.verdict(*ends)
            if expected is not None:
                found = ask(network, *ends, "tcp", PORT, CLIENT).verdict

                assert (seed, *ends, found) == (seed, *ends, expected)


def test_the_random_hubs_show_every_verdict() -> None:
    seen: dict[str | None, int] = {}
    for seed in range(120):
        world = World(random_hub(seed))
        for source, destination in (("10.0.1.10", "10.9.1.10"), ("10.9.1.10", "10.20.1.10")):
            verdict = world.verdict(source, destination)
            seen[verdict] = seen.get(verdict, 0) + 1

    assert min(seen.get(verdict, 0) for verdict in ("reachable", "blocked", "unknown")) > 5, seen
