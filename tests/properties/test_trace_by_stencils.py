"""A flow that is cut out of a stencil is judged as one that is traced: verdicts, causes, what was assumed, not seen."""

from __future__ import annotations

import random
from typing import Any

import pytest

from diagnosis.batch import flow_of, judged, verdict_of
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.snapshots.read import read_snapshot
from diagnosis.trace import stencils
from diagnosis.trace.trace import trace
from diagnosis.traffic.addresses import format_address
from tests.accounts import interface_ids
from tests.case_folder import Case, all_cases
from tests.random_accounts import random_account

PARTIES = ["203.0.113.9", "10.9.9.9", "10.0.1.99"]


def traced(network: Network, flow: dict[str, Any]) -> dict[str, Any]:
    """The verdict of the trace itself, in which no stencil has a part."""
    return {"id": flow.get("id"), **verdict_of(network, trace(network, flow_of(network, flow), explain=False))}


def check(network: Network, flows: list[dict[str, Any]]) -> None:
    """Again with other ports of the client: a stencil is made when it is wanted again, and verdicts are kept."""
    for others in ({}, {"source_port": 50000}, {"source_port": 1023}, {"source_port": None}):
        for flow in flows:
            asked = flow | others
            assert judged(network, asked) == traced(network, asked), asked


def made(network: Network) -> int:
    return sum(isinstance(known, stencils.Stencil) for known in network.memo["stencils"].values())


def some_flows(chance: random.Random, parties: list[str], count: int) -> list[dict[str, Any]]:
    return [
        {
            "source": chance.choice(parties),
            "destination": chance.choice(parties),
            "protocol": chance.choice(["tcp", "tcp", "udp", "icmp", "50", None]),
            "port": chance.choice([22, 80, 443, 3306, 40000, None]),
            "source_port": chance.choice([None, None, 1023, 40000, 50000]),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(30))
def test_flows_of_random_accounts_are_judged_as_they_are_traced(seed: int) -> None:
    account = random_account(seed)
    network = account.network()
    check(network, some_flows(random.Random(seed), interface_ids(account) + PARTIES, 200))
    assert made(network)


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_flows_of_golden_cases_are_judged_as_they_are_traced(case: Case) -> None:
    network = build(read_snapshot(case.account))
    own = [format_address(a.private) for i in network.interfaces.values() for a in i.ipv4]
    parties = [*network.interfaces, *own, *PARTIES]
    check(network, [case.flow, *some_flows(random.Random(case.name), parties, 40)])
