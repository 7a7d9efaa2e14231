"""What a kept way says passes between two subnets is what the trace of the question itself says."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import large_account
from diagnosis.fix.ways import by_kept_way
from diagnosis.network.build import build
from diagnosis.network.interfaces import NetworkInterface
from diagnosis.network.network import Network
from diagnosis.snapshots.read import read_snapshot
from diagnosis.trace.places import Held
from diagnosis.trace.trace import Flow, header_space, trace
from diagnosis.traffic.addresses import IPV4
from diagnosis.traffic.intervals import meet
from tests.accounts import entry, open_entries
from tests.random_accounts import random_account


def place(network: Network, interface: NetworkInterface) -> Held:
    """All of the subnet of an interface, whatever its groups."""
    own = interface.ipv4[0].private
    subnet = network.subnets[interface.subnet or ""]
    return Held(interface, own, own, alike=meet(subnet.addresses, IPV4), groups_apart=True)


def pairs(network: Network) -> Iterator[tuple[NetworkInterface, NetworkInterface]]:
    """Interfaces of two subnets each, one for each subnet."""
    first = {one.subnet: one for one in network.interfaces.values() if one.ipv4 and one.kind == "interface"}
    return ((ours, theirs) for ours in first.values() for theirs in first.values() if ours is not theirs)


def compared(network: Network, chance: random.Random) -> tuple[int, int]:
    """How many ways were kept, and on how many of these an ACL drops something."""
    kept, dropping = 0, 0
    for ours, theirs in pairs(network):
        protocol, port = chance.choice([(6, 3306), (6, 22), (17, None), (6, None), (1, None), (None, None)])
        flow = Flow(place(network, ours), place(network, theirs), protocol, port)
        headers = header_space(network, flow)
        found = by_kept_way(network, flow, headers)
        if found is None:
            continue
        [path] = trace(network, flow, explain=False).paths
        assert path.plain or path.total[1].traffic.empty, flow
        assert found.traffic.same_as(path.total[1].traffic), flow
        kept += 1
        dropping += not found.traffic.same_as(headers)
    return kept, dropping


def test_between_peered_vpcs() -> None:
    kept, dropping = 0, 0
    for seed in range(8):
        chance = random.Random(seed)
        account = random_account(seed, vpcs=2)
        if seed % 2:
            for acl in account.items["ec2.describe_network_acls"]:
                ports, egress = chance.choice([(22, 443), (1024, 40000)]), chance.random() < 0.5
                acl["Entries"] = [*open_entries(), entry(95, "deny", "10.0.1.0/25", "6", ports, egress=egress)]
        some, dropped = compared(account.network(), chance)
        kept, dropping = kept + some, dropping + dropped

    assert kept > dropping > 0


def test_over_a_transit_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subnets with an attachment among them, where an ACL is met once less."""
    monkeypatch.setattr(large_account, "VPCS", 3)
    large_account.write(tmp_path, interfaces=120, groups=15, rules=60, seed=5)
    network = build(read_snapshot(tmp_path))

    kept, dropping = compared(network, random.Random(1))

    assert kept > 500
    assert dropping > 0
