"""The replay of a fix: a million distinct refused tuples, grouped by DuckDB and judged before and after it."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from benchmarks import large_account
from benchmarks.figures import Figures, seconds, settled_memory
from diagnosis.evidence.query import Between
from diagnosis.evidence.recorded import Recorded
from diagnosis.fix.change import AclEntryChange, Change, GroupRuleChange, apply_all
from diagnosis.flowlogs.refused_tuples import RefusedTuples
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.replay.replay import replay
from diagnosis.snapshots.read import read_snapshot
from diagnosis.traffic.addresses import format_address

TUPLES, GOAL = 1_000_000, 10.0
HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
PORTS = (22, 80, 443, 3306, 5432, 6379, 8080, 9092)


def main() -> None:
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        large_account.write(place / "account")
        network = build(read_snapshot(place / "account"))
        settled_memory()
        for name, towards in (("anywhere", 0.0), ("a tenth to the group of the fix", 0.1)):
            _measure(figures, place / "logs", network, name, towards)


def _measure(figures: Figures, logs: Path, network: Network, name: str, towards: float) -> None:
    """Processor seconds, the two threads of DuckDB together; judging is on one."""
    logs.mkdir(exist_ok=True)
    file = logs / "123456789012_vpcflowlogs_us-east-1_fl-1_20261122T1400Z_1.log"
    _write(file, network, towards)
    source = RefusedTuples([file])
    found: list[Recorded] = []
    grouping = seconds(lambda: found.append(source.recorded(Between())))
    figures.plain(f"{name}: distinct tuples", len(found[0]), "")
    figures.plain(f"{name}: read and grouped by DuckDB", grouping, "s")
    for what, change in _fixes(network):
        after = apply_all((change,), network)
        judging = seconds(replay, network, after, (change,), (), found[0])
        figures.at_most(f"{name}: {what}", judging, "s", GOAL)


def _fixes(network: Network) -> list[tuple[str, Change]]:
    fleet = large_account.FLEET
    rule = GroupRuleChange(component=fleet, direction="ingress", protocol="tcp", from_port=3306, to_port=3306)
    acl = network.acl_of(network.interfaces[network.members[fleet][0]].subnet, None, ())
    entry = AclEntryChange(
        component=getattr(acl, "id", ""),
        direction="ingress",
        number=1,
        protocol="tcp",
        from_port=3306,
        to_port=3306,
        cidr="10.0.0.0/8",
    )
    return [
        ("a rule for one address", rule.model_copy(update={"cidr": "10.1.16.14/32"})),
        ("a rule for 10.0.0.0/8", rule.model_copy(update={"cidr": "10.0.0.0/8"})),
        ("a rule for the internet", rule.model_copy(update={"cidr": "0.0.0.0/0"})),
        ("an ACL entry for 10.0.0.0/8", entry),
    ]


def _write(file: Path, network: Network, towards: float) -> None:
    """So many distinct tuples, a tenth of them from the internet; `towards` is the part that goes to the fleet."""
    chance = random.Random(5)
    held = [(i.id, format_address(i.ipv4[0].private)) for i in network.interfaces.values() if i.ipv4]
    fleet = [
        (eni, format_address(network.interfaces[eni].ipv4[0].private)) for eni in network.members[large_account.FLEET]
    ]
    with file.open("w", encoding="ascii") as out:
        out.write(f"{HEADER}\n")
        for number in range(TUPLES):
            to = chance.choice(fleet if chance.random() < towards else held)
            outside = chance.random() < 0.1
            source = format_address(0x2D000000 + chance.randrange(1 << 22)) if outside else chance.choice(held)[1]
            port = 3306 if towards and chance.random() < 0.9 else chance.choice(PORTS)
            out.write(
                f"2 123456789012 {to[0]} {source} {to[1]} {1024 + number % 64000} {port} 6 1 40 "
                f"{1795000000 + number % 80000} {1795000060 + number % 80000} REJECT OK\n"
            )


if __name__ == "__main__":
    main()
