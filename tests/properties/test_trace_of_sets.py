"""The trace of a set agrees with the trace of each of its members."""

from __future__ import annotations

import random

import pytest

from diagnosis.trace.trace import Flow, Trace, header_space, trace
from diagnosis.traffic.intervals import IntervalSet, pieces
from diagnosis.traffic.traffic import Header, Traffic
from tests import depth
from tests.accounts import interface_ids
from tests.diagnosis.trace.asking import ask
from tests.random_accounts import random_account


def some_headers(traffic: Traffic, chance: random.Random, count: int) -> list[Header]:
    found = []
    for _ in range(count):
        box = chance.choice(traffic.boxes)
        found.append(Header._make(_some(side, chance) for side in box))
    return found


def _some(side: IntervalSet, chance: random.Random) -> int:
    low, high = chance.choice(list(pieces(side)))
    return chance.choice([low, high - 1, chance.randrange(low, high)])


def passing(found: Trace, *, sure: bool) -> list[Traffic]:
    return [path.total[0 if sure else 1].traffic for path in found.paths]


@pytest.mark.parametrize("seed", range(depth.of(16, 40)))
def test_a_member_fares_as_the_set_says(seed: int) -> None:
    chance = random.Random(seed)
    account = random_account(seed)
    network = account.network()
    enis = interface_ids(account)
    for _ in range(12):
        client, server = chance.sample(enis, 2)
        destination = chance.choice([server, "203.0.113.80", "2001:db8:ffff::1", "10.99.1.1"])
        protocol = chance.choice(["tcp", "udp", None])
        whole = ask(network, client, destination, protocol, None)
        asked = header_space(network, whole.flow).only(protocol=(6, 7, 17, 18))
        for header in some_headers(asked, chance, 8) if whole.paths else ():
            one = Flow(whole.flow.source, whole.flow.destination, header.protocol, header.port, header.source_port)

            verdict = trace(network, one).verdict

            may = any(part.contains(header) for part in passing(whole, sure=False))
            will = any(part.contains(header) for part in passing(whole, sure=True))
            # A NAT gateway picks a port of its own: one connection may then depend on its choice (partly).
            assert (verdict == "blocked") is not may, (client, destination, header, verdict, whole.verdict)
            if verdict == "reachable":
                assert will
            if whole.verdict in ("reachable", "blocked"):
                assert verdict == whole.verdict


@pytest.mark.parametrize("seed", range(15))
def test_explaining_changes_no_verdict(seed: int) -> None:
    chance = random.Random(seed)
    network = random_account(seed).network()
    enis = sorted(network.interfaces)
    for _ in range(20):
        source, destination = chance.sample([*enis, "203.0.113.80"], 2)
        told = ask(network, source, destination, "tcp", 443)

        silent = trace(network, told.flow, explain=False)

        assert (silent.verdict, silent.forward, silent.returning) == (told.verdict, told.forward, told.returning)
