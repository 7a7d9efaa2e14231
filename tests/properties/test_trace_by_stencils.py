"""A flow that is cut out of a stencil is judged as one that is traced: verdicts, causes, what was assumed, not seen."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from diagnosis.batch import flow_of, judged, verdict_of
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.snapshots.read import read_snapshot
from diagnosis.trace import stencils, worth
from diagnosis.trace.points import Ports
from diagnosis.trace.points import judged as judged_as_point
from diagnosis.trace.trace import trace
from diagnosis.traffic.addresses import format_address
from tests import depth
from tests.accounts import Account, entry, interface_ids, open_entries, route, rule
from tests.case_folder import Case, all_cases
from tests.diagnosis.trace.hubs import Hub, entries_of, two_spokes
from tests.random_accounts import random_account

PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1}
PORTS = Ports(443, None)
PARTIES = ["203.0.113.9", "10.9.9.9", "10.0.1.99"]


@pytest.fixture(autouse=True)
def from_the_first_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worth, "FROM", 0)


def traced(network: Network, flow: dict[str, Any]) -> dict[str, Any]:
    """The verdict of the trace itself, in which no stencil has a part."""
    return {"id": flow.get("id"), **verdict_of(network, trace(network, flow_of(network, flow), explain=False))}


def check(network: Network, flows: list[dict[str, Any]]) -> None:
    """Every hop and step of a flow, then its verdict in a batch, again with other ports of the client."""
    for flow in flows:
        asked_for = flow_of(network, flow)
        assert stencils.traced(network, asked_for) == trace(network, asked_for), flow
    by_trace: dict[str, dict[str, Any]] = {}  # many ask the same, and one question has one truth
    for others in ({}, {"source_port": 50000}, {"source_port": 1023}, {"source_port": None}):
        for flow in flows:
            asked = flow | others
            key = json.dumps(asked, sort_keys=True)
            if key not in by_trace:
                by_trace[key] = traced(network, asked)
            assert judged(network, asked) == by_trace[key], asked


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


@pytest.mark.parametrize("seed", range(depth.of(12, 30)))
def test_flows_of_random_accounts_are_judged_as_they_are_traced(seed: int) -> None:
    account = random_account(seed)
    network = account.network()
    check(network, some_flows(random.Random(seed), [*interface_ids(account), *own_addresses(network), *PARTIES], 120))
    assert made(network)


@pytest.mark.parametrize("seed", range(depth.of(8, 16)))
def test_flows_between_addresses_of_random_accounts_are_judged_as_they_are_traced(seed: int) -> None:
    account = random_account(seed) if seed % 2 else random_hub(random.Random(seed))
    network = account.network()
    flows = some_flows(random.Random(seed), own_addresses(network), 100)
    check(network, flows)
    asked = [f for f in flows if f["protocol"] in PROTOCOLS]
    outcomes = [judged_as_point(network, f["source"], f["destination"], PROTOCOLS[f["protocol"]], PORTS) for f in asked]
    assert any(outcome is not None for outcome in outcomes)


def random_hub(chance: random.Random) -> Hub:
    """Two VPCs on a transit gateway: random groups that name each other, switches of references, ACL entries."""
    switches = ["enable", "disable", None]
    a, b = ({"references": chance.choice(switches)} for _ in range(2))
    made = two_spokes(gateway=chance.choice(switches), a=a, b=b)
    groups = [f"sg-{letter}{n}" for letter in "ab" for n in range(3)]
    peers = [*groups, "10.0.0.0/16", "10.9.1.0/24", "10.9.1.11/32", "0.0.0.0/0"]
    for group in groups:
        both = [
            [
                rule("tcp", (low := chance.choice([22, 443, 3306]), chance.choice([low, 40000])), chance.choice(peers))
                for _ in range(chance.randint(0, 4))
            ]
            for _ in range(2)
        ]
        made.group(group, f"vpc-{group[3]}", *both)
    for letter, block in (("a", "10.0.1"), ("b", "10.9.1")):
        for host in range(11, 16):
            held = chance.sample([g for g in groups if g[3] == letter], chance.randint(1, 2))
            made.interface(f"eni-{letter}{host}", f"work-{letter}", f"{block}.{host}", groups=held)
    if chance.random() < 0.5:
        entries = entries_of(made, f"acl-work-{chance.choice('ab')}")
        entries.append(entry(5, "deny", "10.0.0.0/16", "6", (443, 3306), egress=chance.random() < 0.5))
    return made


def own_addresses(network: Network) -> list[str]:
    """Every address of an interface."""
    found = [a.private for i in network.interfaces.values() for a in i.ipv4]
    found += [a.public for i in network.interfaces.values() for a in i.ipv4 if a.public is not None]
    return [format_address(a) for a in (*found, *(n for i in network.interfaces.values() for n in i.ipv6))]


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_flows_of_golden_cases_are_judged_as_they_are_traced(case: Case) -> None:
    network = build(read_snapshot(case.account))
    parties = [*network.interfaces, *own_addresses(network), *PARTIES]
    check(network, [case.flow, *some_flows(random.Random(case.name), parties, depth.of(12, 40))])


def many_subnets() -> Account:
    """Two peered VPCs of four subnets each, on one route table and one ACL but for one subnet."""
    made = Account()
    for k, other in ((0, 1), (1, 0)):
        made.vpc(f"vpc-{k}", f"10.{k}.0.0/16")
        made.table(f"rtb-{k}", f"vpc-{k}", [route(f"10.{other}.0.0/16", "pcx-1")], main=True)
        made.acl(f"acl-{k}", f"vpc-{k}", [f"subnet-{k}{n}" for n in range(3)])
        deny = entry(5, "deny", f"10.{other}.2.0/24", "6", (443, 443))
        made.acl(f"acl-shut-{k}", f"vpc-{k}", [f"subnet-{k}3"], [deny, *open_entries()])
        made.group(f"sg-{k}", f"vpc-{k}")
        for n in range(4):
            made.subnet(f"subnet-{k}{n}", f"vpc-{k}", f"10.{k}.{n}.0/24")
            made.interface(f"eni-{k}{n}", f"subnet-{k}{n}", f"10.{k}.{n}.10", groups=[f"sg-{k}"])
    made.peering("pcx-1", "vpc-0", "vpc-1")
    return made


def test_subnets_that_are_alike_share_their_ways_and_each_keeps_its_own_acl() -> None:
    network = many_subnets().network()
    addresses = own_addresses(network)
    flows = [{"source": a, "destination": b, "protocol": "tcp", "port": 443} for a in addresses for b in addresses]

    check(network, flows)

    assert made(network) < len(addresses)
    shut = judged(network, {"source": "10.0.2.10", "destination": "10.1.3.10", "protocol": "tcp", "port": 443})
    assert [(c["component"], c["related"]) for c in shut["causes"]] == [("acl-shut-1", ["subnet-13"])]


@pytest.mark.parametrize("held", [["sg-0", "sg-1"], ["sg-1", "sg-0"]])
def test_a_group_that_is_assumed_to_work_is_told_where_another_one_lets_all_pass(held: list[str]) -> None:
    account = many_subnets()
    account.interface("eni-of-both", "subnet-00", "10.0.0.11", groups=held)
    ends = ["10.0.0.11", "10.0.1.10"]

    check(
        account.network(), [{"source": a, "destination": b, "protocol": "tcp", "port": 443} for a in ends for b in ends]
    )
