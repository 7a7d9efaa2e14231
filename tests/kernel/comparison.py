"""The engine and the kernel asked the same; where they disagree the question is asked again before it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from diagnosis.batch import judged
from diagnosis.network.build import build
from diagnosis.network.described import Call, Described
from tests.kernel.account import Account, Item, Probe
from tests.kernel.lab import Lab
from tests.kernel.probing import Listeners, Round
from tests.kernel.routing import routes_of, table_of


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A connection about which engine and kernel differ."""

    probe: Probe
    engine: dict[str, Any]
    answered: bool
    arrived: bool | None

    def __str__(self) -> str:
        kernel = "answered" if self.answered else "no answer" + (", though the packet arrived" if self.arrived else "")
        causes = "; ".join(f"{c['leg']} {c['code']} {c['component']}" for c in self.engine["causes"]) or "no cause"
        return f"{self.probe.question()}: kernel: {kernel}; engine: {self.engine['verdict']} ({causes})"


@dataclass(slots=True)
class Tally:
    """Figures of a comparison."""

    flows: int = 0
    reachable: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)


def describe(account: Account) -> Described:
    """The account as the engine takes it."""
    asked = frozenset(call.name for call in account.answers)
    return Described({Call(*call): answer for call, answer in account.answers.items()}, asked=asked)


def compare(lab: Lab, listeners: Listeners, account: Account, probes: list[Probe], tally: Tally) -> list[Disagreement]:
    """Loads an account and compares all probes; returns the confirmed disagreements, which are in the tally too."""
    network = build(describe(account))
    verdicts = {probe.id: judged(network, probe.question()) for probe in probes}
    lab.load(account)
    seen = listeners.round(probes)
    found = []
    for probe in probes:
        engine = verdicts[probe.id]
        reason = set_aside(account, probe, engine["verdict"])
        if reason is not None:
            tally.set_aside[reason] += 1
            continue
        tally.flows += 1
        tally.reachable += engine["verdict"] == "reachable"
        tally.kinds[kind_of(probe, engine["verdict"])] += 1
        if not agree(engine, probe, seen):
            # Once more, alone and with patience for a packet that is sent again: a busy machine is no finding.
            lab.forget()
            again = listeners.round([probe], quiet=1.5)
            if not agree(engine, probe, again):
                found.append(Disagreement(probe, engine, probe.id in again.answered, _arrived(probe, again)))
    tally.disagreements += found
    return found


def _arrived(probe: Probe, seen: Round) -> bool | None:
    """Whether the first packet arrived; None where nobody can tell (TCP and ICMP, answered by the kernel itself)."""
    if probe.id in seen.answered:
        return True
    return probe.id in seen.arrived if probe.protocol not in (1, 6, 58) else None


def agree(engine: Item, probe: Probe, seen: Round) -> bool:
    """Whether the verdict, and where it can be seen that of the way there, is what happened."""
    if engine["verdict"] != ("reachable" if probe.id in seen.answered else "blocked"):
        return False
    arrived = _arrived(probe, seen)
    return arrived is None or engine["forward"] == ("reachable" if arrived else "blocked")


def set_aside(account: Account, probe: Probe, verdict: str) -> str | None:
    """Why a connection cannot be compared, read off the account alone but for the engine's word `partly`."""
    if verdict == "partly" and target_of(account, probe) == "NatGatewayId":
        # The kernel keeps the client's port through a NAT gateway, AWS picks one of 1024-65535: the engine asks for all.
        return "ports picked by a NAT gateway are cut by an ACL"
    source = ip_address(probe.from_address)
    if probe.from_address in account.outside and source.version == 6 and probe.protocol in (17, 253):
        # What an egress-only gateway does with an unasked answer of a protocol without connections is documented nowhere.
        if target_of(account, probe, back=True) == "EgressOnlyInternetGatewayId":
            return "an answer without a connection leaves by an egress-only gateway"
    return None


def target_of(account: Account, probe: Probe, *, back: bool = False) -> str | None:
    """The kind of target to which the sender's own route table sends the packet (or, `back`, the answer)."""
    here, there = (probe.to_address, probe.from_address) if back else (probe.from_address, probe.to_address)
    for interface in account.items("describe_network_interfaces", "NetworkInterfaces"):
        held = [entry["PrivateIpAddress"] for entry in interface["PrivateIpAddresses"]]
        held += [entry["Ipv6Address"] for entry in interface["Ipv6Addresses"]]
        if here in held:
            ranges = routes_of(account, table_of(account, interface["VpcId"], interface["SubnetId"]))
            fitting = [(r.prefixlen, not listed, route) for r, listed, route in ranges if ip_address(there) in r]
            best = max(fitting, key=lambda f: f[:2], default=None)
            return next((key for key in best[2] if key.endswith("Id") and "Prefix" not in key), None) if best else None
    return None


def kind_of(probe: Probe, verdict: str) -> str:
    """A few words under which a connection is counted."""
    name = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}.get(probe.protocol, "other")
    return f"{name} {'IPv6' if ':' in probe.from_address else 'IPv4'} {verdict}"


def total(kinds: Iterable[tuple[str, int]]) -> str:
    """Counts as one line."""
    return ", ".join(f"{name} {count}" for name, count in sorted(kinds))
