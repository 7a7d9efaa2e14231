"""Random security groups, network ACLs and prefix lists over a world, as AWS describes them.

Most are nearly open, so that a connection meets a few obstacles and not all of them; a lab in which nothing gets
through compares nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.kernel.account import Item
from tests.kernel.world import ACCOUNT, OUTSIDE, World

TCP_PORTS = (22, 53, 80, 443, 3306, 5432, 8080)
UDP_PORTS = (53, 123, 443, 5000)
OTHER = 253
"""A protocol without ports that no kernel knows (RFC 3692, for experiments)."""
ANY_FOUR, ANY_SIX = "0.0.0.0/0", "::/0"
EVERY_PORT = (0, 65535)
SLICES = ((1024, 65535), (32768, 60999), (49152, 65535), (1024, 40000), (40000, 50000), (33000, 33999))
"""Parts of the ephemeral range, where stateless rules let some replies home and not others."""
WIDE = ((0, 65535), (1, 1023), (1, 10000), (3000, 9000), (80, 443), (5000, 5500))


@dataclass(frozen=True, slots=True)
class Palette:
    """What rules of one VPC can name."""

    four: tuple[str, ...]
    six: tuple[str, ...]
    lists: tuple[str, ...]


def palette(random: Random, world: World, lists: tuple[str, ...]) -> Palette:
    """Ranges of every size: everything, a VPC, half of it, a subnet, one host, one host outside."""
    four = [ANY_FOUR] * 8 + ["10.0.0.0/8"] * 4 + [b for blocks in world.blocks for b in blocks] * 2
    four += [place.cidr for place in world.places]
    four += [f"{address}/32" for host in world.hosts for address in host.addresses]
    four += [f"{a}/32" for a in OUTSIDE if ":" not in a] * 2 + ["52.0.0.0/8", "203.0.113.0/24", "128.0.0.0/1"]
    six = [ANY_SIX] * 8 + [*world.six_blocks] * 2 + [place.six for place in world.places if place.six]
    six += [f"{host.six}/128" for host in world.hosts if host.six] + [f"{a}/128" for a in OUTSIDE if ":" in a] * 2
    return Palette(tuple(random.sample(four, len(four))), tuple(six), lists)


def permission(random: Random, colours: Palette, groups: tuple[Item, ...]) -> Item:
    """One entry of `IpPermissions`."""
    item: Item = {
        **_protocol_of_group(random),
        "IpRanges": [],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
        "UserIdGroupPairs": [],
    }
    for _ in range(random.choice((1, 1, 2))):
        match random.choices(("four", "six", "group", "list"), (45, 20, 30, 8))[0]:
            case "four":
                item["IpRanges"].append({"CidrIp": random.choice(colours.four)})
            case "six":
                item["Ipv6Ranges"].append({"CidrIpv6": random.choice(colours.six)})
            case "group":
                item["UserIdGroupPairs"].append(dict(random.choice(groups)))
            case _:
                item["PrefixListIds"].append({"PrefixListId": random.choice(colours.lists)})
    return item


def _protocol_of_group(random: Random) -> Item:
    kind = random.choices(("all", "tcp", "udp", "icmp", "icmpv6", "other"), (22, 45, 13, 12, 8, 4))[0]
    match kind:
        case "all":
            # AWS ignores the ports of a rule for all protocols, and sometimes sends some.
            return {
                "IpProtocol": "-1",
                **random.choice(({}, {}, {"FromPort": -1, "ToPort": -1}, {"FromPort": 80, "ToPort": 80})),
            }
        case "tcp" | "udp":
            low, high = _ports(random, TCP_PORTS if kind == "tcp" else UDP_PORTS)
            return {"IpProtocol": kind, "FromPort": low, "ToPort": high}
        case "icmp":
            low, high = random.choice(((-1, -1), (-1, -1), (8, -1), (8, 0), (0, -1), (3, -1), (8, 1)))
            return {"IpProtocol": "icmp", "FromPort": low, "ToPort": high}
        case "icmpv6":
            span = random.choice(
                ({}, {"FromPort": -1, "ToPort": -1}, {"FromPort": 128, "ToPort": 0}, {"FromPort": 129, "ToPort": -1})
            )
            return {"IpProtocol": random.choice(("icmpv6", "58")), **span}
        case _:
            return {"IpProtocol": str(OTHER), **random.choice(({}, {"FromPort": 443, "ToPort": 443}))}


def _ports(random: Random, services: tuple[int, ...]) -> tuple[int, int]:
    if random.random() < 0.45:
        port = random.choice(services)
        return port, port
    return random.choice(WIDE)


def group(random: Random, identity: str, vpc: str, colours: Palette, groups: tuple[Item, ...]) -> Item:
    """An entry of `SecurityGroups`: often open, often a list of what is allowed, now and then without any rule."""
    everything: Item = {
        "IpProtocol": "-1",
        "IpRanges": [{"CidrIp": ANY_FOUR}],
        "Ipv6Ranges": [{"CidrIpv6": ANY_SIX}],
        "PrefixListIds": [],
        "UserIdGroupPairs": [],
    }
    rules = {}
    for key, open_share in (("IpPermissions", 0.5), ("IpPermissionsEgress", 0.75)):
        dice = random.random()
        if dice < open_share:
            rules[key] = [everything]
        elif dice < 0.96:
            rules[key] = [permission(random, colours, groups) for _ in range(random.randint(1, 6))]
        else:
            rules[key] = []
    return {"GroupId": identity, "GroupName": identity, "VpcId": vpc, "OwnerId": ACCOUNT, "Description": "", **rules}


def network_acl(random: Random, identity: str, vpc: str, colours: Palette, *, default: bool, whole: bool) -> Item:
    """An entry of `NetworkAcls`. With `whole` no inbound entry cuts the ports from which a NAT gateway starts."""
    entries = []
    for egress in (False, True):
        allow_list = random.random() < 0.2
        numbers = sorted(
            random.sample(range(1, 900), random.randint(2, 7) if allow_list else random.choice((0, 0, 0, 1, 3)))
        )
        for number in numbers:
            allow = random.random() < (0.8 if allow_list else 0.35)
            entries.append(_entry(random, number, colours, egress=egress, allow=allow, whole=whole and not egress))
        if not allow_list or random.random() < 0.35:
            entries += [
                _everything(900, egress=egress, action="allow"),
                _everything(901, egress=egress, action="allow", six=True),
            ]
        entries += [_everything(32767, egress=egress), _everything(32768, egress=egress, six=True)]
    random.shuffle(entries)
    return {
        "NetworkAclId": identity,
        "VpcId": vpc,
        "OwnerId": ACCOUNT,
        "IsDefault": default,
        "Entries": entries,
        "Associations": [],
    }


def _everything(number: int, *, egress: bool, action: str = "deny", six: bool = False) -> Item:
    side = {"Ipv6CidrBlock": ANY_SIX} if six else {"CidrBlock": ANY_FOUR}
    return {"RuleNumber": number, "Egress": egress, "RuleAction": action, "Protocol": "-1", **side}


def _entry(random: Random, number: int, colours: Palette, *, egress: bool, allow: bool, whole: bool) -> Item:
    six = random.random() < 0.3
    side = {"Ipv6CidrBlock": random.choice(colours.six)} if six else {"CidrBlock": random.choice(colours.four)}
    protocol = random.choices(("-1", "6", "17", "icmp", str(OTHER)), (24, 38, 16, 20, 2))[0]
    details: dict[str, Any] = {}
    match protocol:
        case "6" | "17":
            low, high = _acl_ports(random, TCP_PORTS if protocol == "6" else UDP_PORTS, whole=whole)
            if (low, high) != EVERY_PORT or random.random() < 0.5:
                details["PortRange"] = {"From": low, "To": high}
        case "icmp":
            protocol = "58" if six else "1"
            echo = random.choice((128, 129) if six else (8, 0))
            kind = random.choice((-1, echo, echo, 3))
            details["IcmpTypeCode"] = {"Type": kind, "Code": -1 if kind == -1 else random.choice((-1, -1, 0))}
        case _:
            pass
    action = "allow" if allow else "deny"
    return {"RuleNumber": number, "Egress": egress, "RuleAction": action, "Protocol": protocol, **side, **details}


def _acl_ports(random: Random, services: tuple[int, ...], *, whole: bool) -> tuple[int, int]:
    if whole:
        low = random.choice([port for port in services if port < 1024])
        return random.choice(((low, low), EVERY_PORT, (1024, 65535), (1, 1023)))
    if random.random() < 0.4:
        port = random.choice(services)
        return port, port
    return random.choice(SLICES + SLICES + WIDE)
