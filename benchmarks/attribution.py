"""Refused flows to their causes: half a million groups of a large account, on one core.

Most are a fleet that tries a fleet, as half a million distinct refusals are in fact made of; beside them a scanner of
one's own that tries every host, and partners from outside. What flows between hosts drawn at random cost, which share
nothing, is shown beside it. Run: python -m benchmarks attribution.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks import fleets
from benchmarks.figures import Figures, seconds, settled_memory
from diagnosis.evidence.rejects import Refused, RejectClass
from diagnosis.explanation.attribution import attributed, state_of
from diagnosis.explanation.totals import totals
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.snapshots.read import read_snapshot
from diagnosis.traffic.addresses import format_address

GROUPS = 500_000
SCANNED = 50_000
OUTSIDE = 50_000
ALONE = 20_000
PORTS = (22, 80, 443, 3306, 5432, 6379, 8080, 9092, 9200, 27017)
WHOLE = """
import resource, sys
from pathlib import Path
from benchmarks.attribution import attribute, groups_of, network_of
network = network_of(Path(sys.argv[1]))
groups = groups_of(network)
attribute(network, groups)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def main() -> int:
    """Print every figure; 1 when a goal is missed."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="whynot-bench-") as place:
        folder = Path(place)
        fleets.write(folder)
        network = network_of(folder)
        groups = groups_of(network)
        settled_memory()
        taken = seconds(attribute, network, groups)
        figures.at_most(f"{len(groups):,} distinct refused groups to their causes", taken, "s", 30)
        figures.plain("each of them", taken / len(groups) * 1e6, "us")
        some = alone_of(network)
        figures.plain("each of flows that share nothing", seconds(attribute, network, some) / len(some) * 1e6, "us")
        done = subprocess.run(
            [sys.executable, "-c", WHOLE, str(folder)], check=True, capture_output=True, text=True, timeout=900
        )
        figures.at_most("peak memory, account, groups and all", float(done.stdout), "MB", 600)
    for miss in figures.misses:
        print(f"goal missed: {miss}", file=sys.stderr)
    return 1 if figures.misses else 0


def network_of(folder: Path) -> Network:
    network = build(read_snapshot(folder))
    settled_memory()
    return network


def attribute(network: Network, groups: list[Refused]) -> int:
    """As a summary does it; how many causes there are."""
    found = attributed(network, groups)
    states = [state_of(why, why.refused, new=False) for why in found]
    return len(totals(zip(found, states, strict=True)))


def groups_of(network: Network) -> list[Refused]:
    """The groups, each another flow, by seed."""
    chance = random.Random(11)
    fleet_of: dict[tuple[str | None, tuple[str, ...] | None], list[str]] = defaultdict(list)
    public = []
    for interface in network.interfaces.values():
        if interface.kind == "interface":
            address = format_address(interface.ipv4[0].private)
            fleet_of[interface.subnet, interface.groups].append(address)
            if interface.ipv4[0].public is not None:
                public.append((interface.id, address))
    members = sorted(fleet_of.values())
    flows: dict[tuple[str, str, int], str | None] = {}
    every = [address for fleet in members for address in fleet]
    for scanner in chance.sample(every, 5):
        for address in chance.sample(every, SCANNED // 5):
            flows[scanner, address, 22] = None
    while len(flows) < GROUPS - OUTSIDE:
        one, other, port = chance.choice(members), chance.choice(members), chance.choice(PORTS)
        flows |= {(a, b, port): None for a in one for b in other if a != b}
    while len(flows) < GROUPS:
        stranger = f"192.{chance.randrange(1, 100)}.{chance.randrange(256)}.{chance.randrange(256)}"
        interface_id, address = chance.choice(public[:40])
        flows[stranger, address, 8443] = interface_id
    return [_refused(*flow, interface) for flow, interface in list(flows.items())[:GROUPS]]


def alone_of(network: Network) -> list[Refused]:
    """Flows between hosts drawn at random."""
    chance = random.Random(12)
    every = [format_address(i.ipv4[0].private) for i in network.interfaces.values() if i.kind == "interface"]
    pairs = (chance.sample(every, 2) for _ in range(ALONE))
    return [_refused(one, other, chance.choice(PORTS), None) for one, other in pairs]


def _refused(source: str, destination: str, port: int, interface: str | None) -> Refused:
    kind: RejectClass = "internal" if interface is None else "external"
    return Refused(source, destination, 6, port, interface, 3, 3, 0, 1, 0, kind)


if __name__ == "__main__":
    sys.exit(main())
