"""What a fix would have let through of what was recorded is what one trace for each recorded tuple says."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pytest

from diagnosis.batch import flow_of
from diagnosis.evidence.query import Between, Counts
from diagnosis.evidence.recorded import Recorded
from diagnosis.evidence.rejects import private
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, NotApplicable, RouteChange, apply_all
from diagnosis.fix.propose import NoFix, propose
from diagnosis.network.build import build
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.replay import judging
from diagnosis.replay.replay import passing
from diagnosis.snapshots.read import read_snapshot
from diagnosis.trace.trace import Flow, Trace, trace
from diagnosis.traffic.addresses import format_address, parse_address, parse_cidr
from diagnosis.traffic.intervals import has, join_all
from diagnosis.traffic.protocols import protocol_name
from tests import depth
from tests.accounts import Account, interface_ids
from tests.case_folder import all_cases
from tests.diagnosis.trace.asking import ask
from tests.random_accounts import random_account

STRANGERS = ["203.0.113.9", "203.0.113.77", "52.9.9.9", "2001:4860::8", "10.9.9.9", "10.0.1.99", "169.254.169.254"]
STRANGERS += ["172.16.0.9", "192.168.1.7"]
PROTOCOLS = [6, 6, 6, 6, 17, 1, 58, 50]
PORTS = [22, 80, 443, 3306, 40000, 53]
CLIENTS = [40000, 50000, 1023, 61000, 443]


Own = list[tuple[NetworkInterface, str]]


def near(network: Network, changes: tuple[Change, ...]) -> tuple[Own, Own]:
    """All addresses of interfaces, and those of the interfaces that the changes are about."""
    own = [(i, format_address(n)) for i in network.interfaces.values() for n in (*(a.private for a in i.ipv4), *i.ipv6)]
    names = {c.component for c in changes} | {c.group for c in changes if isinstance(c, GroupRuleChange) and c.group}
    subnets = {s for c in changes if c.component in network.acls for s in network.acls[c.component].subnets}
    cidrs = join_all(parse_cidr(c.cidr) for c in changes if not isinstance(c, RouteChange) and c.cidr)
    narrow = cidrs if len(cidrs) == 2 and cidrs[1] - cidrs[0] == 1 else ()
    return own, [
        (i, address)
        for i, address in own
        if names & set(i.groups or ()) or i.subnet in subnets or has(narrow, parse_address(address))
    ]


def drawn(chance: random.Random, network: Network, changes: tuple[Change, ...], count: int) -> list[dict[str, Any]]:
    """Recorded tuples: mostly between addresses of the account, and again with other ports, as they come in a log."""
    own, focus = near(network, changes)
    public = [format_address(number) for number in network.by_public_address]
    services = PORTS + [c.from_port or 3306 for c in changes if not isinstance(c, RouteChange)] * 6
    found: list[dict[str, Any]] = []
    while len(found) < count:
        some = focus if focus and chance.random() < 0.6 else own
        holder, address = chance.choice(some)
        other = chance.choice(some)[1] if chance.random() < 0.75 else chance.choice([*STRANGERS, *public])
        if (":" in other) is not (":" in address) or other == address:
            continue
        pair = (address, other) if chance.random() < 0.5 else (other, address)
        protocol = chance.choice(PROTOCOLS)
        for _ in range(chance.choice([1, 1, 6])):
            ports = (chance.choice(CLIENTS), chance.choice(services)) if protocol in (6, 17) else (-1, -1)
            reply = protocol in (6, 17) and chance.random() < 0.15
            found.append(
                {
                    "source": pair[0],
                    "destination": pair[1],
                    "interface": holder.id if chance.random() < 0.9 else "eni-elsewhere",
                    "protocol": protocol,
                    "source_port": ports[1] if reply else ports[0],
                    "port": ports[0] if reply else ports[1],
                    "reply": reply,
                    "both_ways": protocol in (1, 58) and chance.random() < 0.3,
                }
            )
    return found


def recorded(tuples: list[dict[str, Any]]) -> Recorded:
    addresses = sorted({row[side] for row in tuples for side in ("source", "destination")})
    interfaces = sorted({row["interface"] for row in tuples})

    def column(name: str, kind: type = np.int64) -> Any:
        return np.asarray([row[name] for row in tuples], kind)

    ones = np.ones(len(tuples), np.int64)
    return Recorded(
        "test",
        Counts(),
        Between(0, 1),
        (),
        tuple(addresses),
        tuple(interfaces),
        np.asarray([addresses.index(row["source"]) for row in tuples]),
        np.asarray([addresses.index(row["destination"]) for row in tuples]),
        np.asarray([interfaces.index(row["interface"]) for row in tuples]),
        column("protocol"),
        column("source_port"),
        column("port"),
        column("reply", np.bool_),
        column("both_ways", np.bool_),
        ones,
        ones,
        ones,
    )


def party(network: Network, row: Mapping[str, Any], address: str, other: str, *, receives: bool) -> str:
    """An address as the trace takes it, by the interface of the record."""
    interface = network.interfaces.get(row["interface"])
    if interface is None or not has(interface.own_addresses, parse_address(address)):
        return address
    if not receives or private(other) or ":" in address:
        return f"{interface.vpc}/{address}"
    public = interface.public_of(parse_address(address))
    return f"{interface.vpc}/{address}" if public is None else format_address(public)


def verdicts(network: Network, row: Mapping[str, Any], *, turned: bool) -> tuple[str, str]:
    """The verdict on the connection of a tuple by its own trace, and that on its forward leg."""
    client, server = row["source"], row["destination"]
    client_port, port = row["source_port"], row["port"]
    if turned:
        client, server, client_port, port = server, client, port, client_port
    flow = flow_of(
        network,
        {
            "source": party(network, row, client, server, receives=False),
            "destination": party(network, row, server, client, receives=True),
            "protocol": protocol_name(row["protocol"]),
            "port": port if port >= 0 else None,
            "source_port": client_port if client_port >= 0 else None,
        },
    )
    found = trace(network, flow, explain=False)
    return found.verdict, found.forward


def outcome(before: Network, after: Network, row: Mapping[str, Any]) -> tuple[bool, bool, bool]:
    """By traces alone: whether the tuple would pass now, whether the change matters to it, whether it is unjudged."""
    turned = row["reply"]
    low = 1 <= row["source_port"] < 1024 <= row["port"]
    if not turned and (row["both_ways"] or low):
        verdict, arrives = verdicts(before, row, turned=True)
        turned = arrives == "reachable" and verdict != "reachable"
        if turned and row["protocol"] in (1, 58):
            turned = verdicts(before, row, turned=False)[1] == "reachable"
    was, will = verdicts(before, row, turned=turned)[0], verdicts(after, row, turned=turned)[0]
    return will == "reachable" != was, will != was, will in ("unknown", "partly")


def again(flow: Flow, changed: Network) -> tuple[Trace, ...]:
    return (trace(changed, flow),)


def some_changes(chance: random.Random, account: Account, network: Network) -> tuple[Change, ...]:
    """A proven fix where one is found, else any edit."""
    for _ in range(6):
        client, server = chance.sample(interface_ids(account), 2)
        pair = chance.choice([(client, server), (client, server), ("203.0.113.9", server), (client, "203.0.113.9")])
        found = ask(network, *pair, *chance.choice([("tcp", 3306), ("tcp", 443), ("udp", 53), ("icmp", None)]))
        made = propose(network, (found,), partial(again, found.flow))
        if not isinstance(made, NoFix) and made:
            return chance.choice(made).changes
    return any_change(chance, network)


def any_change(chance: random.Random, network: Network) -> tuple[Change, ...]:
    """An edit of some component, whatever it is good for."""
    while True:
        change = drawn_change(chance, network)
        try:
            change.apply(network)
        except NotApplicable:
            continue
        return (change,)


def drawn_change(chance: random.Random, network: Network) -> Change:
    kind = chance.choice(["group", "group", "acl", "route"])
    if kind == "route":
        table = chance.choice(sorted(network.route_tables))
        return RouteChange(component=table, destination="10.64.0.0/10", target_kind="internet-gateway", target="igw-0")
    fields: dict[str, Any] = {
        "component": chance.choice(sorted(network.groups if kind == "group" else network.acls)),
        "direction": chance.choice(["ingress", "egress"]),
        "protocol": chance.choice(["tcp", "tcp", "udp", "-1"]),
        "cidr": chance.choice(["0.0.0.0/0", "10.0.0.0/8", "10.1.2.0/24", "203.0.113.0/24", "::/0"]),
    }
    if fields["protocol"] != "-1":
        fields |= {"from_port": 22, "to_port": 3306}
    return GroupRuleChange(**fields) if kind == "group" else AclEntryChange(**fields, number=1_000)


def check(chance: random.Random, network: Network, changes: tuple[Change, ...], count: int) -> int:
    """Compares, and returns how many would pass."""
    tuples = drawn(chance, network, changes, count)
    after = apply_all(changes, network)
    passes, unsure, unjudged = passing(network, after, changes, recorded(tuples))
    assert not len(unjudged)
    outcomes = [outcome(network, after, row) for row in tuples]
    wanted = [place for place, (would, _, _) in enumerate(outcomes) if would]
    assert sorted(passes.tuples.tolist()) == wanted, changes
    told = set(unsure.tolist())
    assert told <= {place for place, (_, _, unjudged) in enumerate(outcomes) if unjudged}
    assert told >= {place for place, (_, matters, unjudged) in enumerate(outcomes) if matters and unjudged}
    return len(wanted)


@pytest.fixture(autouse=True)
def _together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few are judged together here, as many are in a log."""
    monkeypatch.setattr(judging, "TOGETHER", 2)


@pytest.mark.parametrize("block", range(3))
def test_a_replay_is_one_trace_for_each_tuple(block: int) -> None:
    opened = 0
    for seed in range(6 * block, 6 * block + 6):
        chance = random.Random(seed)
        account = random_account(seed)
        network = account.network()
        for changes in (some_changes(chance, account, network), any_change(chance, network)):
            opened += check(chance, network, changes, depth.of(60, 150))
    assert opened


@pytest.mark.parametrize("block", range(4))
def test_so_it_is_where_devices_stand_between(block: int) -> None:
    for case in all_cases()[block::4]:
        network, chance = build(read_snapshot(case.account)), random.Random(case.name)
        if network.groups and network.acls and network.route_tables and len(network.by_private_address) > 1:
            check(chance, network, any_change(chance, network), depth.of(16, 40))


@pytest.mark.parametrize("block", range(2))
def test_so_it_is_for_acl_entries_beside_gateways_that_rewrite_addresses(block: int) -> None:
    """An entry may be about the ports that a NAT gateway sends from, and about its address, on either leg."""
    for seed in range(100 + 6 * block, 106 + 6 * block):
        chance = random.Random(seed)
        network = random_account(seed).network()
        check(chance, network, (entry_beside_gateways(chance, network),), depth.of(50, 120))


def entry_beside_gateways(chance: random.Random, network: Network) -> Change:
    """An entry before or after all others in an ACL, of a NAT gateway's or an attachment's subnet where there are."""
    special = {nat.subnet for nat in network.nat_gateways.values()}
    special |= {subnet for one in network.transit.attachments for subnet in one.subnets or ()}
    acls = [acl.id for acl in network.acls.values() if special & set(acl.subnets)] or sorted(network.acls)
    nats = [f"{format_address(a.private)}/32" for n in network.nat_gateways.values() for a in n.addresses if a.private]
    while True:
        low, high = chance.choice([(3306, 3306), (443, 3306), (1024, 65535), (1024, 65535), (22, 22)])
        change = AclEntryChange(
            component=chance.choice(acls),
            direction=chance.choice(["ingress", "egress"]),
            number=chance.choice([1, 1_000]),
            protocol=chance.choice(["tcp", "tcp", "udp"]),
            from_port=low,
            to_port=high,
            cidr=chance.choice(["0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/8", "203.0.113.0/24", *nats]),
            rule_action=chance.choice(["allow", "allow", "allow", "deny"]),
        )
        try:
            change.apply(network)
        except NotApplicable:
            continue
        return change
