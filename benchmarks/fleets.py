"""The large account with its interfaces in fleets: those of one fleet share subnet and groups, as instances of one
launch template do.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from benchmarks import large_account

FLEETS = 4
"""In each subnet."""


def write(folder: Path, *, interfaces: int = 10_000, seed: int = 7) -> None:
    """Writes the account into `folder`."""
    large_account.write(folder, interfaces=interfaces, seed=seed)
    path = folder / large_account.ACCOUNT / large_account.REGION / "ec2.describe_network_interfaces.json"
    answer = json.loads(path.read_text("utf-8"))
    chance = random.Random(seed)
    groups: dict[tuple[str, int], list[dict[str, str]]] = {}
    for number, item in enumerate(answer["NetworkInterfaces"]):
        if item["InterfaceType"] == "interface":
            fleet = (item["SubnetId"], number % FLEETS)
            v = int(item["VpcId"][4:], 16)
            few = chance.sample(range(100), chance.choice((1, 2, 3)))
            chosen = [{"GroupId": f"sg-{v * 1000 + n:017x}"} for n in few]
            item["Groups"] = groups.setdefault(fleet, chosen)
    path.write_text(json.dumps(answer), "utf-8")
