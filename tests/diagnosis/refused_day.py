"""A day of flow logs by seed, with refusals planted in it, what caused each, and everything that must not be a cause.

The truth is written down beside each record when it is made, and shares nothing with the program.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.accounts import EVERYTHING, Account, entry, open_entries, route, rule
from tests.diagnosis.flowlogs.corpus import NOON, V5, record

HOSTS = 12
"""Of each fleet."""
HOUR = 3600
Flow = tuple[str, str, str, int | None]
"""Client, server, protocol, port."""


@dataclass
class Day:
    """The lines, and by flow what it is: the component that refuses it, or `noise`, `late`, `fixed`, `works`."""

    lines: list[str] = field(default_factory=list)
    truth: dict[Flow, str] = field(default_factory=dict)

    def add(self, what: str, flow: Flow, lines: list[str]) -> None:
        """Records of one flow."""
        self.truth[flow] = what
        self.lines += lines


def account() -> Account:
    """Web, app, db and cache fleets in subnets of their own, a partner's and everybody's way in to the web fleet."""
    made = Account()
    made.vpc("vpc-a", "10.0.0.0/16")
    made.internet_gateway("igw-1", "vpc-a")
    fleets = ("web", "app", "db", "cache")
    for number, name in enumerate(fleets, 1):
        made.subnet(f"subnet-{name}", "vpc-a", f"10.0.{number}.0/24")
        made.table(f"rtb-{name}", "vpc-a", [route("0.0.0.0/0", "igw-1")] if name == "web" else [],
                   subnets=[f"subnet-{name}"], main=name == "web")  # fmt: skip
        entries = open_entries()
        if name == "cache":
            entries.append(entry(50, "deny", "10.0.1.0/24", "6", (6379, 6379)))
        if name == "db":
            entries.append(entry(60, "deny", "10.0.2.0/24", "6", (32768, 60999), egress=True))
        made.acl(f"acl-{name}", "vpc-a", [f"subnet-{name}"], entries)
        for host in range(10, 10 + HOSTS):
            public = f"198.51.100.{host}" if name == "web" else None
            made.interface(f"eni-{name}{host}", f"subnet-{name}", f"10.0.{number}.{host}", groups=[f"sg-{name}"],
                           public=public)  # fmt: skip
    inside = "10.0.0.0/16"
    made.group("sg-web", "vpc-a", ingress=[rule("tcp", (443, 443), "0.0.0.0/0")], egress=EVERYTHING)
    made.group("sg-app", "vpc-a", ingress=[rule("tcp", (8080, 8080), inside)],
               egress=[rule("tcp", (1, 9000), inside), rule("udp", (53, 53), inside)])  # fmt: skip
    made.group("sg-db", "vpc-a", ingress=[rule("tcp", (5432, 5432), inside)], egress=EVERYTHING)
    made.group("sg-cache", "vpc-a", ingress=[rule("tcp", (6379, 6379), inside)], egress=EVERYTHING)
    return made


def host(fleet: str, number: int) -> str:
    """The address of one of a fleet."""
    return f"10.0.{('web', 'app', 'db', 'cache').index(fleet) + 1}.{number}"


def generated(seed: int, *, strangers: int = 150) -> Day:
    """A day that ends at noon."""
    chance = random.Random(seed)
    day = Day()
    hosts = range(10, 10 + HOSTS)
    for one in hosts:
        for other in chance.sample(hosts, 5):
            _standing(day, chance, "sg-db", ("web", one), ("db", other), 3306)
            _standing(day, chance, "acl-cache", ("web", one), ("cache", other), 6379)
            _standing(day, chance, "sg-app", ("app", one), ("cache", other), 9200, at_client=True)
            _replies(day, chance, "acl-db", ("app", one), ("db", other), 5432)
            _late(day, chance, ("web", one), ("app", other), 8080)
    for one in chance.sample(hosts, 4):
        _fixed(day, chance, ("app", one), ("cache", 10), 6379)
        _partner(day, chance, "sg-web", one)
        _checks(day, chance, "sg-web", one)
    for number in range(strangers):
        _scanner(day, chance, f"203.0.{number // 200}.{number % 200 + 1}")
    chance.shuffle(day.lines)
    return day


Host = tuple[str, int]


def _at(chance: random.Random, *, before: float = 0.0) -> int:
    return NOON - int(chance.uniform(before * HOUR, 23.5 * HOUR))


def _line(eni: str, source: str, destination: str, ports: tuple[int, int], action: str, end: int, **more: Any) -> str:
    return record(eni, source, destination, *ports, action, end=end, header=V5, **more)


def _client_port(chance: random.Random) -> int:
    return chance.randrange(32768, 61000)


def _standing(
    day: Day, chance: random.Random, what: str, client: Host, server: Host, port: int, *, at_client: bool = False
) -> None:
    source, destination = host(*client), host(*server)
    eni = f"eni-{client[0]}{client[1]}" if at_client else f"eni-{server[0]}{server[1]}"
    lines = [
        _line(eni, source, destination, (_client_port(chance), port), "REJECT", _at(chance))
        for _ in range(chance.randint(3, 9))
    ]
    day.add(what, (source, destination, "tcp", port), lines)


def _replies(day: Day, chance: random.Random, what: str, client: Host, server: Host, port: int) -> None:
    """The server's interface accepts what comes in, and its subnet's ACL drops the answer."""
    source, destination = host(*client), host(*server)
    lines = []
    for _ in range(chance.randint(3, 9)):
        client_port, end = _client_port(chance), _at(chance)
        eni = f"eni-{server[0]}{server[1]}"
        lines.append(_line(eni, source, destination, (client_port, port), "ACCEPT", end))
        lines.append(_line(eni, destination, source, (port, client_port), "REJECT", end))
    day.add(what, (source, destination, "tcp", port), lines)


def _late(day: Day, chance: random.Random, client: Host, server: Host, port: int) -> None:
    """Connections that work, and packets of them that come after their end."""
    source, destination = host(*client), host(*server)
    lines = []
    for _ in range(chance.randint(2, 5)):
        client_port, end = _client_port(chance), _at(chance)
        eni = f"eni-{server[0]}{server[1]}"
        lines.append(_line(eni, source, destination, (client_port, port), "ACCEPT", end))
        lines.append(_line(eni, destination, source, (port, client_port), "ACCEPT", end))
        if chance.random() < 0.5:
            lines.append(_line(eni, destination, source, (port, client_port), "REJECT", end))
    day.add("late" if any("REJECT" in line for line in lines) else "works", (source, destination, "tcp", port), lines)


def _fixed(day: Day, chance: random.Random, client: Host, server: Host, port: int) -> None:
    """Refused until some hours ago; the configuration of now lets it through."""
    source, destination = host(*client), host(*server)
    eni = f"eni-{server[0]}{server[1]}"
    lines = [
        _line(eni, source, destination, (_client_port(chance), port), "REJECT", _at(chance, before=5)) for _ in range(5)
    ]
    day.add("fixed", (source, destination, "tcp", port), lines)


def _partner(day: Day, chance: random.Random, what: str, web: int) -> None:
    """A partner that tries the same port all day."""
    source, destination = f"192.0.2.{web}", host("web", web)
    lines = [
        _line(f"eni-web{web}", source, destination, (_client_port(chance), 8443), "REJECT", _at(chance))
        for _ in range(40)
    ]
    day.add(what, (source, destination, "tcp", 8443), lines)


def _checks(day: Day, chance: random.Random, what: str, web: int) -> None:
    """Health checks of AWS that try several ports: a service is no stranger."""
    for port in range(9000, 9008):
        source, destination = f"15.177.0.{web}", host("web", web)
        lines = [
            _line(f"eni-web{web}", source, destination, (_client_port(chance), port), "REJECT", _at(chance),
                  pkt_src_aws_service="ROUTE53_HEALTHCHECKS")
            for _ in range(2)
        ]  # fmt: skip
        day.add(what, (source, destination, "tcp", port), lines)


def _scanner(day: Day, chance: random.Random, stranger: str) -> None:
    """Many ports of one host, or one port of many; some belong to somebody's rented machine."""
    rented = {"pkt_src_aws_service": "EC2"} if chance.random() < 0.2 else {}
    if chance.random() < 0.5:
        tried = [(chance.randrange(10, 10 + HOSTS), port) for port in chance.sample(range(1, 20000), 9) if port != 443]
    else:
        port = chance.choice([22, 23, 3389, 8443, 6379])
        tried = [(web, port) for web in chance.sample(range(10, 10 + HOSTS), 7)]
    for web, port in tried:
        end = _at(chance)
        line = _line(f"eni-web{web}", stranger, host("web", web), (_client_port(chance), port), "REJECT", end, **rented)
        day.add("noise", (stranger, host("web", web), "tcp", port), [line])
