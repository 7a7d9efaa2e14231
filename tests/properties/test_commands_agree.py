"""`ask`, `trace`, `who` and a question about a range say the same of the same pair, over random accounts."""

from __future__ import annotations

import random
from typing import Any

import pytest

from diagnosis.answer import Answer
from diagnosis.batch import judged
from diagnosis.investigate import Asked, investigate
from diagnosis.network.network import Network
from diagnosis.question.question import Party, Question
from diagnosis.trace.trace import over
from diagnosis.traffic.addresses import format_address, parse_cidr
from diagnosis.traffic.intervals import has, meet
from diagnosis.who import who
from diagnosis.who_answer import WhoAnswer
from tests.random_accounts import random_account
from tests.random_hubs import random_hub

PORTS = (22, 80, 443, 3306)


def asked(network: Network, source: Party, destination: Party, port: int) -> Answer:
    question = Question(intent="why", source=source, destination=destination, protocol="tcp", port=port)
    answer = investigate(network, Asked(question), None)
    assert isinstance(answer, Answer)
    return answer


def said_by_who(network: Network, destination: str, port: int) -> dict[str, str]:
    question = Question(
        intent="who", destination=Party(kind="id", value=destination), source=None, protocol="tcp", port=port
    )
    answer = who(network, question)
    assert isinstance(answer, WhoAnswer)
    return {member.id: group.verdict for group in answer.groups for member in group.members}


def named(causes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return sorted((cause["code"], cause["component"], cause["leg"]) for cause in causes)


@pytest.mark.parametrize("hub", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_every_command_says_the_same_of_a_pair(seed: int, *, hub: bool) -> None:
    network = (random_hub(seed) if hub else random_account(seed)).network()
    chance = random.Random(seed)
    hosts = sorted(eni for eni in network.interfaces if not eni.startswith("eni-of-"))
    target, port = chance.choice(hosts), chance.choice(PORTS)
    reverse = said_by_who(network, target, port)

    verdicts = {}
    for eni in hosts:
        if eni == target:
            continue
        flow = judged(network, {"id": eni, "source": eni, "destination": target, "protocol": "tcp", "port": port})
        answer = asked(network, Party(kind="id", value=eni), Party(kind="id", value=target), port)
        assert answer.verdict == flow["verdict"], eni
        assert named([cause.model_dump() for cause in answer.causes]) == named(flow["causes"]), eni
        assert reverse[eni] == flow["verdict"], eni
        verdicts[eni] = flow["verdict"]
    assert set(reverse) >= set(verdicts)


@pytest.mark.parametrize("seed", range(8))
def test_a_range_fares_as_its_addresses_do_around_a_hub(seed: int) -> None:
    network = random_hub(seed).network()
    chance = random.Random(seed)
    target, port = chance.choice(["eni-0110", "eni-1220", "eni-2310"]), chance.choice(PORTS)
    own = network.interfaces[target].own_addresses
    ranges = [c for c in ("10.0.1.0/24", "10.1.0.0/16", "100.64.2.0/24") if not meet(parse_cidr(c), own)]
    cidr = chance.choice(ranges)
    hosts = (n for n, enis in network.by_private_address.items() if network.interfaces[enis[0]].kind == "interface")
    inside = [n for n in hosts if has(parse_cidr(cidr), n)]

    flows = [
        judged(network, {"source": format_address(n), "destination": target, "protocol": "tcp", "port": port})
        for n in inside
    ]

    answer = asked(network, Party(kind="cidr", value=cidr), Party(kind="id", value=target), port)
    assert answer.verdict == over(flow["verdict"] for flow in flows)
