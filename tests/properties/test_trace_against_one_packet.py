"""The trace of a set of packets says what an independent judge says of each packet, inside VPCs and over peering."""

from __future__ import annotations

import random

import pytest

from tests import depth
from tests.accounts import interface_ids
from tests.diagnosis.trace.asking import ask
from tests.properties import one_packet
from tests.random_accounts import random_account

ASKED = (("tcp", 6, 22), ("tcp", 6, 3306), ("tcp", 6, 40000), ("udp", 17, 80), ("icmp", 1, None), ("50", 50, None))


def addresses(world: one_packet.World, client: str, server: str, *, six: bool) -> tuple[str, str]:
    key, member = ("Ipv6Addresses", "Ipv6Address") if six else ("PrivateIpAddresses", "PrivateIpAddress")
    return world.interfaces[client][key][0][member], world.interfaces[server][key][0][member]


@pytest.mark.parametrize("seed", range(depth.of(24, 60)))
def test_the_engine_and_the_judge_agree_on_every_pair(seed: int) -> None:
    chance = random.Random(seed)
    account = random_account(seed, vpcs=2 + seed % 2, outside=seed % 3 == 0)
    world, network = one_packet.World(account), account.network()
    enis = interface_ids(account)
    pairs = [(a, b) for a in enis for b in enis if a != b]

    for client, server in chance.sample(pairs, 25):
        six = chance.random() < 0.3
        name, number, port = chance.choice(ASKED)
        source, destination = addresses(world, client, server, six=six)
        number = 58 if six and number == 1 else number
        cell = {1: 8, 58: 128}.get(number, port or 0)
        expected = one_packet.verdict(world, client, server, source, destination, number, cell)
        if expected is None:
            continue

        found = ask(network, source, destination, name, port)

        assert found.verdict == expected, (source, destination, name, port, found.blockers(), found.gaps())
