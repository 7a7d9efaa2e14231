"""What is not seen may make an answer unknown; it never turns blocked into reachable or back."""

from __future__ import annotations

import random

import pytest

from tests.accounts import RESULT_KEYS, interface_ids
from tests.diagnosis.trace.asking import ask, calls
from tests.random_accounts import random_account

NEEDED = sorted(set(RESULT_KEYS) - {"ec2.describe_instances"} | {"ec2.get_managed_prefix_list_entries"})


@pytest.mark.parametrize("call", NEEDED)
@pytest.mark.parametrize("seed", range(12))
def test_without_one_answer_a_verdict_stays_or_becomes_unknown_naming_the_call(seed: int, call: str) -> None:
    chance = random.Random(seed)
    account = random_account(seed)
    whole, less = account.network(), account.network(without=[call])
    enis = interface_ids(account)
    for _ in range(30):
        client, server = chance.sample(enis, 2)
        sides = [whole.interfaces[server], whole.interfaces[client]]
        near, far = (str_address(s.ipv4[0].private) for s in reversed(sides))
        source, destination = chance.choice(
            [(near, far), (client, server), (near, "203.0.113.80"), ("203.0.113.80", server), (client, "10.0.1.77")]
        )
        protocol, port = chance.choice([("tcp", 22), ("tcp", 443), ("tcp", 40000), ("icmp", None)])
        before = ask(whole, source, destination, protocol, port)

        after = ask(less, source, destination, protocol, port)

        assert after.verdict in (before.verdict, "unknown"), (source, destination, protocol, port, before.verdict)
        if before.verdict != "unknown" and after.verdict == "unknown":
            assert call in calls(after), (source, destination, calls(after))


def str_address(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
