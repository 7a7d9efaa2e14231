"""Random accounts from a seed, as AWS describes them, and the same answers in another order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from tests.accounts import EVERYTHING, Account, Json, entry, open_entries, route, rule

T = TypeVar("T")

PORTS = (22, 80, 443, 3306, 40000)
PROTOCOLS = ("tcp", "udp", "icmp", "-1", "6", "50")


def random_account(seed: int, *, vpcs: int = 3, outside: bool = True, made: Account | None = None) -> Account:
    """An account drawn from a seed: peered VPCs of two subnets each, and rules that allow about as often as not.

    Without `outside` there is no gateway: all traffic stays inside the VPCs and their peerings. `made` is an empty
    account to fill.
    """
    chance = random.Random(seed)
    made = Account() if made is None else made
    for k in range(vpcs):
        made.vpc(f"vpc-{k}", f"10.{k}.0.0/16", f"2001:db8:{k}::/56")
        for n in (1, 2):
            made.subnet(f"subnet-{k}{n}", f"vpc-{k}", f"10.{k}.{n}.0/24", f"2001:db8:{k}:{n}::/64")
    made.prefix_list("pl-few", "10.0.1.0/24", "10.1.2.0/24", "2001:db8:1:1::/64")
    made.prefix_list("pl-all", "10.0.0.0/8", "2001:db8::/32")
    for k in range(vpcs):
        made.prefix_list(f"pl-{k}", f"10.{k}.1.0/24", f"2001:db8:{k}:1::/64")
    for k in range(vpcs - 1):
        made.peering(f"pcx-{k}", f"vpc-{k}", f"vpc-{k + 1}", chance.choice(["active"] * 4 + ["pending-acceptance"]))
    for k in range(vpcs):
        _random_groups(made, chance, k, vpcs)
        _random_interfaces(made, chance, k)
        _random_acls(made, chance, k)
        _random_tables(made, chance, k, vpcs, outside=outside)
    return made


def _random_groups(made: Account, chance: random.Random, k: int, vpcs: int) -> None:
    groups = [f"sg-{v}{n}" for v in range(vpcs) for n in (1, 2)]
    ranges = [*(f"10.{v}.0.0/16" for v in range(vpcs)), "10.0.1.10/32", "0.0.0.0/0", "::/0"]
    peers = [*groups, *ranges, "pl-few", "pl-all"]

    def some() -> list[Json]:
        found = [_random_rule(chance, peers) for _ in range(chance.randint(1, 4))]
        return [*found, *EVERYTHING] if chance.random() < 0.4 else found

    for n in (1, 2):
        made.group(f"sg-{k}{n}", f"vpc-{k}", some(), some())


def _random_rule(chance: random.Random, peers: Sequence[str]) -> Json:
    protocol = chance.choice(PROTOCOLS)
    several = chance.sample(peers, chance.randint(1, 2))
    if protocol == "icmp":
        return rule("icmp", chance.choice([(-1, -1), (8, -1), (8, 0), (0, 0)]), *several)
    if protocol in ("-1", "50"):
        return rule(protocol, None, *several)
    low = chance.choice(PORTS)
    return rule(protocol, (low, max(low, chance.choice([low, 443, 65535]))), *several)


def _random_interfaces(made: Account, chance: random.Random, k: int) -> None:
    for n in (1, 2):
        for host in (10, 20):
            identity = f"{k}{n}{host}"
            owned = chance.random() < 0.6
            if owned:
                windows = {"Platform": "windows"} if chance.random() < 0.3 else {}
                made.instance(
                    f"i-{identity}", f"eni-{identity}", state=chance.choice(["running"] * 9 + ["stopped"]), **windows
                )
            made.interface(
                f"eni-{identity}",
                f"subnet-{k}{n}",
                f"10.{k}.{n}.{host}",
                f"2001:db8:{k}:{n}::{host}",
                groups=sorted(chance.sample([f"sg-{k}1", f"sg-{k}2"], chance.randint(1, 2))),
                public=f"198.51.{k}.{n}{host}" if chance.random() < 0.4 else None,
                instance=f"i-{identity}" if owned else None,
                SourceDestCheck=chance.random() < 0.8,
            )


def _random_acls(made: Account, chance: random.Random, k: int) -> None:
    subnets = [f"subnet-{k}1", f"subnet-{k}2"]
    split = chance.random() < 0.6
    for number, mine in enumerate(([subnets[:1], subnets[1:]] if split else [subnets]), 1):
        entries = open_entries() if chance.random() < 0.8 else open_entries()[:2] + open_entries()[4:]
        for egress in (False, True):
            used = sorted(chance.sample(range(1, 99), chance.choice([0, 0, 1, 2])))
            entries += [_random_entry(chance, n, egress=egress) for n in used]
        made.acl(f"acl-{k}{number}", f"vpc-{k}", mine, entries)


def _random_entry(chance: random.Random, number: int, *, egress: bool) -> Json:
    cidr = chance.choice(["0.0.0.0/0", "10.0.1.0/24", "10.1.0.0/16", "10.2.2.20/32", "::/0", "2001:db8:1::/56"])
    protocol = chance.choice(["-1", "6", "6", "17", "1" if ":" not in cidr else "58"])
    action = chance.choice(["deny", "allow"])
    if protocol in ("1", "58"):
        return entry(
            number, action, cidr, protocol, chance.choice([(-1, -1), (8, 0), (0, -1), (129, 0)]), egress=egress
        )
    low = chance.choice([0, 80, 1024, 3306, 32768, 40000, 50000])
    ports = (low, max(low, chance.choice([low, 443, 45000, 65535]))) if protocol != "-1" else None
    return entry(number, action, cidr, protocol, ports, egress=egress)


def _random_tables(made: Account, chance: random.Random, k: int, vpcs: int, *, outside: bool) -> None:
    routes: list[list[Json]] = [[], []]
    for other, pcx in ((k - 1, f"pcx-{k - 1}"), (k + 1, f"pcx-{k}")):
        if not 0 <= other < vpcs:
            continue
        for mine in routes:
            way = chance.random()
            if way < 0.6:
                mine += [route(f"10.{other}.0.0/16", pcx), route(f"2001:db8:{other}::/56", pcx)]
            elif way < 0.75:
                mine.append(route(f"10.{other}.{chance.choice([1, 2])}.0/24", pcx))
            elif way < 0.85:
                mine += [route(f"10.{other}.0.0/16", pcx), route(f"10.{other}.1.0/24", "pcx-gone", "blackhole")]
            elif way < 0.95 and not any("DestinationPrefixListId" in r for r in mine):
                mine.append(route(f"pl-{other}", pcx))
    if outside:
        made.internet_gateway(f"igw-{k}", f"vpc-{k}")
        routes[0] += [route("0.0.0.0/0", f"igw-{k}"), route("::/0", f"igw-{k}")]
        if chance.random() < 0.6:
            made.nat(f"nat-{k}", f"subnet-{k}1", f"10.{k}.1.200", f"198.51.{k}.200")
            routes[1].append(route("0.0.0.0/0", f"nat-{k}"))
            made.egress_only(f"eigw-{k}", f"vpc-{k}")
            routes[1].append(route("::/0", f"eigw-{k}"))
    made.table(f"rtb-{k}1", f"vpc-{k}", routes[0], [f"subnet-{k}1"], main=chance.random() < 0.5)
    alone = made.items["ec2.describe_route_tables"][-1]["Associations"][-1].get("Main") is not True
    made.table(f"rtb-{k}2", f"vpc-{k}", routes[1], [] if alone else [f"subnet-{k}2"], main=alone)


def shuffled(value: T, chance: random.Random) -> T:
    """The same JSON with every list in another order and every object's keys too."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}  # type: ignore[return-value]
    if isinstance(value, list):
        made = [shuffled(part, chance) for part in value]
        chance.shuffle(made)
        return made  # type: ignore[return-value]
    return value
