"""An account as describe answers and nothing more: what the engine and the lab are both made from, independently."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

Item = dict[str, Any]


class Asked(NamedTuple):
    """A read call, and whose answer it is; `argument` for the calls that take an id."""

    name: str
    account: str
    region: str
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Describe answers, and the addresses outside that have a host in the lab: the internet of a case."""

    answers: Mapping[Asked, Mapping[str, Any]]
    outside: tuple[str, ...]

    def items(self, operation: str, key: str) -> Iterator[Item]:
        """Every object under `key` in the answers of `ec2.<operation>`, of all accounts and Regions."""
        for asked, answer in self.answers.items():
            if asked.name == f"ec2.{operation}":
                yield from answer.get(key, ())

    def vpcs(self) -> Iterator[Item]:
        """Every VPC."""
        return self.items("describe_vpcs", "Vpcs")

    def subnets(self) -> Iterator[Item]:
        """Every subnet."""
        return self.items("describe_subnets", "Subnets")

    def interfaces(self) -> Iterator[Item]:
        """Every network interface, those of NAT gateways too."""
        return self.items("describe_network_interfaces", "NetworkInterfaces")

    def peerings(self) -> Iterator[Item]:
        """Every peering connection, by each Region that sees it."""
        return self.items("describe_vpc_peering_connections", "VpcPeeringConnections")

    def prefix_list(self, identity: str) -> list[str]:
        """The ranges of a prefix list."""
        return [
            entry["Cidr"]
            for asked, answer in self.answers.items()
            if asked.name == "ec2.get_managed_prefix_list_entries" and asked.argument == identity
            for entry in answer["Entries"]
        ]

    def write(self, folder: Path) -> None:
        """Writes the snapshot folder that whynot reads, in its collected form."""
        for asked, answer in self.answers.items():
            place = folder / asked.account / asked.region
            path = (
                place / f"{asked.name}.json"
                if asked.argument is None
                else place / asked.name / f"{asked.argument}.json"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
        about = {
            "taken_at": "2026-01-01T00:00:00Z",
            "accounts": sorted({asked.account for asked in self.answers}),
            "regions": sorted({asked.region for asked in self.answers}),
            "tool": "tests.kernel",
            "calls": sorted({asked.name for asked in self.answers}),
            "unseen": [],
        }
        (folder / "snapshot.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, outside: tuple[str, ...]) -> Account:
        """The account that `write` wrote."""
        answers: dict[Asked, Mapping[str, Any]] = {}
        for path in sorted(folder.glob("*/*/**/*.json")):
            account, region, *rest = path.relative_to(folder).parts
            name, argument = (rest[0].removesuffix(".json"), None) if len(rest) == 1 else (rest[0], path.stem)
            answers[Asked(name, account, region, argument)] = json.loads(path.read_text(encoding="utf-8"))
        return cls(answers, outside)


@dataclass(frozen=True, slots=True)
class Probe:
    """One connection to try: what the engine is asked, and the literal addresses that the lab uses for it."""

    id: str
    source: str
    destination: str
    protocol: int
    port: int | None
    source_port: int | None
    from_address: str
    to_address: str

    def question(self) -> Item:
        """The line of a flows file that asks the same."""
        names = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
        return {
            "id": self.id,
            "source": self.source,
            "destination": self.destination,
            "protocol": names.get(self.protocol, str(self.protocol)),
            "port": self.port,
            "source_port": self.source_port,
        }
