"""Recorded connections judged in columns have the verdicts of their own traces, whatever ACLs and gateways do."""

from __future__ import annotations

import random
from typing import Any

import pytest

from diagnosis.fix.change import AclEntryChange, NotApplicable
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.replay.judging import SINGLY, Allowance, Judge
from diagnosis.replay.packets import connections
from diagnosis.replay.sorts import sorts_of
from diagnosis.replay.spots import spots_of
from diagnosis.replay.verdicts import BLOCKED, REACHABLE, UNKNOWN
from diagnosis.replay.ways import Ways
from diagnosis.snapshots.read import read_snapshot
from diagnosis.traffic.addresses import format_address
from tests import depth
from tests.case_folder import all_cases
from tests.properties.test_replay import CLIENTS, PORTS, drawn, recorded, verdicts
from tests.properties.test_trace_by_stencils import random_hub
from tests.random_accounts import random_account

NUMBERS = {"blocked": BLOCKED, "reachable": REACHABLE, "unknown": UNKNOWN, "partly": UNKNOWN}


def with_slices(chance: random.Random, network: Network) -> Network:
    """The network in which ACLs deny slices of ports and ranges, either way."""
    for _ in range(3 * len(network.acls)):
        low = chance.choice([22, 443, 1024, 3306, 40001, 45000, 60000])
        change = AclEntryChange(
            component=chance.choice(sorted(network.acls)),
            direction=chance.choice(["ingress", "egress", "egress"]),
            number=chance.randrange(1, 60),
            protocol=chance.choice(["tcp", "tcp", "udp"]),
            from_port=low,
            to_port=chance.choice([low, 50000 if low < 50000 else 65535]),
            cidr=chance.choice(["0.0.0.0/0", "10.0.0.0/9", "10.0.0.0/16", "10.1.2.0/24", "203.0.113.0/25"]),
            rule_action=chance.choice(["deny", "deny", "allow"]),
        )
        try:
            network = change.apply(network)
        except NotApplicable:
            continue
    return network


def to_the_internet(chance: random.Random, network: Network, count: int) -> list[dict[str, Any]]:
    """Recorded tuples from private addresses to public ones, which gateways rewrite."""
    own = [(i.id, format_address(a.private)) for i in network.interfaces.values() for a in i.ipv4]
    found = []
    for _ in range(count):
        interface, source = chance.choice(own)
        ports = {"source_port": chance.choice(CLIENTS), "port": chance.choice(PORTS)}
        to = {"source": source, "destination": chance.choice(["203.0.113.9", "203.0.113.200", "52.9.9.9"])}
        found.append({**to, **ports, "interface": interface, "protocol": 6, "reply": False, "both_ways": False})
    return found


def check(chance: random.Random, network: Network, rows: list[dict[str, Any]]) -> tuple[int, int]:
    """Compares, and returns how many were judged by their ways, and how many of these work one way only."""
    seen = recorded(rows)
    packets, _ = connections(network, seen)
    spots = spots_of(network, packets)
    judge = Judge(network, seen, spots, lambda: sorts_of(network, packets.ranks), Allowance(SINGLY), lambda: None)
    whole, forward = judge.verdicts(packets), judge.verdicts(packets, forward=True)
    for place, number in enumerate(packets.tuples.tolist()):
        row = rows[number]
        wanted = verdicts(network, row, turned=row["reply"])
        assert (whole[place], forward[place]) == (NUMBERS[wanted[0]], NUMBERS[wanted[1]]), row
    told = Ways(spots, packets, lambda: None).verdicts(forward=False)[1]
    return int(told.sum()), int((told & (whole == BLOCKED) & (forward == REACHABLE)).sum())


@pytest.mark.parametrize("block", range(3))
def test_connections_of_random_accounts_have_the_verdicts_of_their_traces(block: int) -> None:
    told = lost = 0
    for seed in range(7 * block, 7 * block + 7):
        chance = random.Random(seed)
        account = random_hub(chance) if seed % 3 == 0 else random_account(seed)
        network = with_slices(chance, account.network())
        some = check(chance, network, drawn(chance, network, (), depth.of(150, 250)))
        told, lost = told + some[0], lost + some[1]
    assert told > 7 * 100, "most take a way that is found for many"
    assert lost > 7, "and many replies are dropped on theirs"


@pytest.mark.parametrize("block", range(2))
def test_connections_of_golden_cases_have_the_verdicts_of_their_traces(block: int) -> None:
    for case in all_cases()[block::2]:
        network, chance = build(read_snapshot(case.account)), random.Random(case.name)
        if network.acls and len(network.by_private_address) > 1:
            sliced = with_slices(chance, network)
            check(chance, sliced, drawn(chance, sliced, (), depth.of(12, 30)))


def test_connections_through_gateways_that_rewrite_headers_have_the_verdicts_of_their_traces() -> None:
    told = lost = 0
    networks = (random_account(seed).network() for seed in range(100, 130))
    for seed, network in enumerate(network for network in networks if network.nat_gateways):
        chance = random.Random(seed)
        sliced = with_slices(chance, network)
        some = check(chance, sliced, to_the_internet(chance, sliced, 100))
        told, lost = told + some[0], lost + some[1]
    assert told
    assert lost, "replies are dropped beyond the gateway or behind it"
