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
from tests.kernel.firewall import addresses_of
from tests.kernel.lab import Lab
from tests.kernel.probing import Listeners, Round
from tests.kernel.random_rules import OTHER
from tests.kernel.routing import routes_of, table_of

WAYS = {
    "GatewayId": "VPC",
    "NatGatewayId": "NAT",
    "VpcPeeringConnectionId": "peering",
    "EgressOnlyInternetGatewayId": "egress-only",
}
EGRESS_ONLY, PEERING = "EgressOnlyInternetGatewayId", "VpcPeeringConnectionId"


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
    explained: Counter[str] = field(default_factory=Counter)
    """Connections that the lab cannot decide, by the reason; counted in nothing else."""
    kinds: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)


def describe(account: Account) -> Described:
    """The account as the engine takes it."""
    asked = frozenset(call.name for call in account.answers)
    return Described({Call(*call): answer for call, answer in account.answers.items()}, asked=asked)


def compare(
    lab: Lab, listeners: Listeners, account: Account, probes: list[Probe], tally: Tally, *, told: Account | None = None
) -> list[Disagreement]:
    """Loads an account and compares all probes; returns the confirmed disagreements, which are in the tally too.

    With `told` the engine is given that account in place of the lab's: the control that shows what a comparison finds.
    """
    network = build(describe(told or account))
    verdicts = {probe.id: judged(network, probe.question()) for probe in probes}
    lab.load(account)
    seen = listeners.round(probes)
    doubtful = [probe for probe in probes if not agree(verdicts[probe.id], probe, seen)]
    if doubtful:
        # Once more, with patience for a packet that is sent again: a busy machine is no finding.
        lab.forget()
        patient = any(verdicts[probe.id]["verdict"] == "reachable" for probe in doubtful)
        again = listeners.round(doubtful, quiet=1.5 if patient else 0.2)
        doubtful = [probe for probe in doubtful if not agree(verdicts[probe.id], probe, again)]
        seen = again
    found = []
    for probe in probes:
        engine = verdicts[probe.id]
        if probe in doubtful:
            answered = probe.id in seen.answered
            reason = explained(account, probe, engine["verdict"], answered=answered)
            if reason is not None:
                tally.explained[reason] += 1
                continue
            found.append(Disagreement(probe, engine, answered, _arrived(probe, seen)))
        tally.flows += 1
        tally.reachable += engine["verdict"] == "reachable"
        tally.kinds[kind_of(account, probe, engine["verdict"])] += 1
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


def explained(account: Account, probe: Probe, verdict: str, *, answered: bool) -> str | None:
    """Why engine and kernel differ where neither is wrong: what the lab cannot do as AWS does, and what AWS leaves open."""
    if verdict == "partly" and target_of(account, probe) == "NatGatewayId":
        # The kernel keeps the client's port through a NAT gateway, AWS picks one of 1024-65535: the engine asks for all.
        return "an ACL cuts the ports that a NAT gateway picks from"
    if verdict == "blocked" and answered and ":" in probe.from_address:
        there, back = target_of(account, probe), target_of(account, probe, back=True)
        if back == EGRESS_ONLY and probe.protocol in (17, OTHER):
            # Such a gateway sees an answer to what it never saw; protocols without connections do not tell it apart.
            return "an IPv6 answer without a connection leaves by an egress-only gateway"
        if PEERING in (there, back) and there != back and None not in (there, back):
            # IPv6 addresses stay the same on every way, so the answer may get home by another one. AWS does not say.
            return "IPv6 goes over a peering connection one way and by the internet the other"
    return None


def target_of(account: Account, probe: Probe, *, back: bool = False) -> str | None:
    """The kind of target to which the sender's own route table sends the packet (or, `back`, the answer)."""
    here, there = (probe.to_address, probe.from_address) if back else (probe.from_address, probe.to_address)
    for interface in account.items("describe_network_interfaces", "NetworkInterfaces"):
        if here in addresses_of(interface):
            ranges = routes_of(account, table_of(account, interface["VpcId"], interface["SubnetId"]))
            fitting = [(r.prefixlen, not listed, route) for r, listed, route in ranges if ip_address(there) in r]
            best = max(fitting, key=lambda f: f[:2], default=None)
            return next((key for key in best[2] if key.endswith("Id") and "Prefix" not in key), None) if best else None
    return None


def kind_of(account: Account, probe: Probe, verdict: str) -> str:
    """A few words under which a connection is counted: its protocol, which way it goes, and the verdict."""
    name = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}.get(probe.protocol, "other")
    way = "from outside" if probe.from_address in account.outside else WAYS.get(target_of(account, probe) or "", "no route")
    if way == "VPC" and probe.to_address in account.outside:
        way = "internet"
    return f"{way} {name} {verdict}"


def total(kinds: Iterable[tuple[str, int]]) -> str:
    """Counts as one line."""
    return ", ".join(f"{name} {count}" for name, count in sorted(kinds))
