"""Flows that share a trace have the outcome that each has by itself."""

from __future__ import annotations

import random
from typing import Any

import pytest

from diagnosis.batch import judged
from diagnosis.explanation.causes import members
from diagnosis.explanation.unseen import unseen_items
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.snapshots.read import read_snapshot
from diagnosis.trace import crowds
from diagnosis.trace.crowds import Asked, Outcome, outcomes
from diagnosis.traffic.protocols import protocol_name
from tests import depth
from tests.accounts import entry
from tests.case_folder import Case, all_cases
from tests.properties.test_trace_by_stencils import own_addresses, random_hub
from tests.random_accounts import random_account

STRANGERS = [f"203.0.113.{n}" for n in range(1, 12)] + ["198.51.100.7", "2001:db9::5", "2001:db9::6", "2001:db9::7"]
ELSEWHERE = ["192.168.7.7", "10.0.1.99", "10.0.1.98", "169.254.169.254"]


def told(network: Network, outcome: Outcome) -> dict[str, Any]:
    """Everything but what is said of single interfaces and addresses."""
    causes = [members(network, leg, blocker) for leg, blocker in outcome.blockers]
    return {
        "verdicts": (outcome.verdict, outcome.forward, outcome.returning),
        "causes": [{**cause, "related": None, "text": None} for cause in causes],
        "unseen": {item.call for item in unseen_items(network, outcome.gaps)},
    }


def alone(network: Network, flow: Asked) -> dict[str, Any]:
    asked = {"source": flow.source, "destination": flow.destination, "port": flow.port}
    found = judged(network, {**asked, "protocol": protocol_name(flow.protocol)})
    return {
        "verdicts": (found["verdict"], found["forward"], found["return"]),
        "causes": [{"any_of": None, **cause, "related": None, "text": None} for cause in found["causes"]],
        "unseen": {item["call"] for item in found["unseen"]},
    }


def check(network: Network, flows: list[Asked]) -> None:
    for flow, outcome in zip(flows, outcomes(network, flows), strict=True):
        assert told(network, outcome) == alone(network, flow), flow


def some_flows(chance: random.Random, parties: list[str], count: int) -> list[Asked]:
    """Few ports and protocols, so that there are crowds."""
    kinds = [(6, 443), (6, 3306), (17, 443), (1, None), (50, None)]
    return [Asked(chance.choice(parties), chance.choice(parties), *chance.choice(kinds)) for _ in range(count)]


@pytest.mark.parametrize("seed", range(depth.of(8, 20)))
def test_flows_of_random_accounts_fare_in_a_crowd_as_alone(seed: int) -> None:
    chance = random.Random(seed)
    made = random_account(seed) if seed % 2 else random_hub(chance)
    for n, item in enumerate(list(made.items["ec2.describe_network_interfaces"])[:4]):
        block = item["PrivateIpAddress"].rpartition(".")[0]
        groups = [group["GroupId"] for group in item["Groups"]]
        for host in range(100, 108):
            made.interface(f"eni-more{n}{host}", item["SubnetId"], f"{block}.{host + 10 * n}", groups=groups)
    for acl in made.items["ec2.describe_network_acls"][:2]:
        acl["Entries"].append(entry(3, "deny", "10.0.1.104/29", "6", (443, 443), egress=chance.random() < 0.5))
    network = made.network()
    own = own_addresses(network)

    check(network, some_flows(chance, [*own, *STRANGERS, *ELSEWHERE], 1500))
    check(network, [Asked(one, other, 6, 3306) for one in own[::2] for other in own[1::2]])


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_flows_of_golden_cases_fare_in_a_crowd_as_alone(case: Case) -> None:
    network = build(read_snapshot(case.account))
    public = [interface.id for interface in network.interfaces.values()]
    parties = [*own_addresses(network), *STRANGERS[:6], *ELSEWHERE, *public]

    check(network, some_flows(random.Random(case.name), parties, depth.of(50, 120)))


def test_a_crowd_needs_no_trace_of_any_flow_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty clients and sixty servers of one group each."""
    made = random_hub(random.Random(1))
    for host in range(100, 160):
        made.interface(f"eni-one{host}", "work-a", f"10.0.1.{host}", groups=["sg-a0"])
        made.interface(f"eni-two{host}", "work-b", f"10.9.1.{host}", groups=["sg-b0"])
    network = made.network()
    flows = [Asked(f"10.0.1.{a}", f"10.9.1.{b}", 6, 5432) for a in range(100, 160) for b in range(100, 160)]
    made_alone = []
    monkeypatch.setattr(crowds, "alone", lambda _, flow: made_alone.append(flow))

    assert {outcome.verdict for outcome in outcomes(network, flows)} <= {"reachable", "blocked", "partly", "unknown"}
    assert not made_alone
