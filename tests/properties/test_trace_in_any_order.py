"""Lists and members of the answers come in any order, and nothing depends on it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from diagnosis.network.build import build
from diagnosis.network.described import Described
from tests.accounts import interface_ids
from tests.diagnosis.trace.asking import ask, causes
from tests.random_accounts import random_account, shuffled


def reordered(described: Described, chance: random.Random) -> Described:
    calls = list(described.answers)
    chance.shuffle(calls)
    return replace(described, answers={call: shuffled(described.answers[call], chance) for call in calls})


@pytest.mark.parametrize("seed", range(25))
def test_another_order_is_the_same_network_and_the_same_trace(seed: int) -> None:
    chance = random.Random(seed)
    account = random_account(seed)
    described = account.described()
    one, other = build(described), build(reordered(described, chance))

    assert one == other
    for _ in range(15):
        client, server = chance.sample(interface_ids(account), 2)
        destination = chance.choice([server, "203.0.113.80"])
        first, second = ask(one, client, destination, "tcp", 443), ask(other, client, destination, "tcp", 443)
        assert first.paths == second.paths
        assert causes(first) == causes(second)
        assert first.verdict == second.verdict
