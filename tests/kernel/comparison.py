"""The engine and the kernel asked the same; where they disagree the question is asked again before it counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address

from diagnosis.batch import judged
from diagnosis.network.build import build
from diagnosis.network.described import Call, Described
from tests.kernel.account import Account, Item, Probe
from tests.kernel.firewall import addresses_of
from tests.kernel.lab import Lab
from tests.kernel.probing import Drop, Listeners, Round
from tests.kernel.random_rules import OTHER
from tests.kernel.routing import routes_of, table_of

WAYS = {
    "GatewayId": "VPC",
    "NatGatewayId": "NAT",
    "VpcPeeringConnectionId": "peering",
    "EgressOnlyInternetGatewayId": "egress-only",
}
IMPLICIT_DENY = 32767
EGRESS_ONLY, PEERING = "EgressOnlyInternetGatewayId", "VpcPeeringConnectionId"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A connection about which engine and kernel differ."""

    probe: Probe
    engine: Item
    answered: bool
    arrived: bool
    about: str
    """In what they differ."""

    def __str__(self) -> str:
        kernel = "answered" if self.answered else "no answer" + (", though the packet arrived" if self.arrived else "")
        causes = "; ".join(_cause(cause) for cause in self.engine["causes"]) or "no cause"
        return f"{self.probe.question()}: {self.about}: kernel: {kernel}; engine: {self.engine['verdict']} ({causes})"


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
) -> tuple[list[Disagreement], Round]:
    """Loads an account and compares all probes: the confirmed disagreements, and what happened at the first try.

    With `told` the engine is given that account in place of the lab's: the control that shows what a comparison finds.
    """
    network = build(describe(told or account))
    verdicts = {probe.id: judged(network, probe.question()) for probe in probes}
    lab.load(account)
    first = seen = listeners.round(probes)
    doubtful = [probe for probe in probes if difference(account, probe, verdicts[probe.id], seen)]
    if doubtful:
        # Once more, with patience for a packet that is sent again: a busy machine is no finding.
        lab.forget()
        patient = any(verdicts[probe.id]["verdict"] == "reachable" for probe in doubtful)
        seen = listeners.round(doubtful, quiet=1.5 if patient else 0.2)
    found = []
    for probe in probes:
        engine = verdicts[probe.id]
        about = difference(account, probe, engine, seen) if probe in doubtful else None
        reason = explained(account, probe, engine, seen) if about is not None else None
        if reason is not None:
            tally.explained[reason] += 1
            continue
        if about is not None:
            found.append(Disagreement(probe, engine, probe.id in seen.answered, probe.id in seen.arrived, about))
        tally.flows += 1
        tally.reachable += engine["verdict"] == "reachable"
        tally.kinds[kind_of(account, probe, engine["verdict"])] += 1
    tally.disagreements += found
    return found, first


def difference(account: Account, probe: Probe, engine: Item, seen: Round) -> str | None:
    """In what engine and kernel differ: the verdict, how far the packet came, or where it was dropped."""
    answered, arrived = probe.id in seen.answered, probe.id in seen.arrived
    if engine["verdict"] != ("reachable" if answered else "blocked"):
        return "the verdict"
    if answered:
        return None
    # A host outside has no groups that would tell of a packet, and it is the kernel that answers TCP and ICMP there.
    if probe.to_address not in account.outside or probe.protocol in (17, OTHER):
        legs = (engine["forward"], engine["return"])
        if legs != (("reachable", "blocked") if arrived else ("blocked", None)):
            return f"how far it came ({engine['forward']} there, {engine['return']} back)"
    return _misplaced(engine["causes"], seen.drops.get(probe.id, set()))


def _misplaced(causes: list[Item], drops: set[Drop]) -> str | None:
    """How the first cause differs from what dropped the packet. The causes after it no packet gets to meet."""
    if len(drops) > 1:
        return f"several drops of one packet: {sorted(drops)}"
    first = next(iter(causes), None)
    if first is None:
        return "no cause"
    if not drops:
        if first["direction"] is None or any(_is_stopped(cause) for cause in causes):
            return None
        return f"the first cause is {_cause(first)}, and no group or network ACL dropped anything"
    [(leg, words)] = drops
    related = first["related"][:1]
    if words[0] == "acl":
        _, acl, direction, _, subnet, rule = words
        same = (first["code"], first["component"]) == ("SUBNET_ACL_RESTRICTION", acl)
        same = same and related == [subnet] and first["rule"] == str(min(int(rule), IMPLICIT_DENY))
    else:
        _, eni, direction, _ = words
        same = first["code"] != "SUBNET_ACL_RESTRICTION" and related == [eni]
    if same and (first["leg"], first["direction"]) == (leg, direction):
        return None
    return f"the first cause is {_cause(first)}, and it was {' '.join(words)} ({leg})"


def _is_stopped(cause: Item) -> bool:
    """Whether the cause is a stopped instance: the lab's one is silent, its groups tell of nothing."""
    return cause["code"] == "BAD_STATE" and str(cause["component"]).startswith("eni-")


def _cause(cause: Item) -> str:
    about = [cause[key] for key in ("leg", "direction", "code", "component", "rule") if cause[key]]
    return " ".join(str(word) for word in about)


def explained(account: Account, probe: Probe, engine: Item, seen: Round) -> str | None:
    """Why engine and kernel differ where neither is wrong: the lab is not AWS there, or AWS leaves it open."""
    verdict, answered, drops = engine["verdict"], probe.id in seen.answered, seen.drops.get(probe.id, set())
    if verdict == "partly" and target_of(account, probe) == "NatGatewayId":
        # The kernel keeps the client's port through a NAT gateway; AWS picks one of 1024-65535, so the engine asks all.
        return "an ACL cuts the ports that a NAT gateway picks from"
    if verdict == "blocked" and answered and ":" in probe.from_address:
        back = target_of(account, probe, back=True)
        if back == EGRESS_ONLY and probe.protocol in (17, OTHER):
            # Such a gateway sees an answer to what it never saw; protocols without connections do not tell it apart.
            return "an IPv6 answer without a connection leaves by an egress-only gateway"
    if _goes_by_two_ways(account, probe, engine):
        # IPv6 addresses stay the same on every way, so the answer may get home by another one. AWS does not say.
        return "IPv6 goes over a peering connection one way and by the internet the other"
    if verdict == "blocked" and not answered:
        return _elsewhere(engine["causes"], drops)
    return None


def _goes_by_two_ways(account: Account, probe: Probe, engine: Item) -> bool:
    """Whether the answer takes a way whose end nobody documents, and the verdict or its first cause tells of it."""
    if engine["verdict"] == "unknown":
        return any("is not documented" in gap["error"] for gap in engine["unseen"])
    ways = {target_of(account, probe), target_of(account, probe, back=True)}
    on_the_way_back = [cause["leg"] for cause in engine["causes"][:1]] == ["return"]
    return ":" in probe.from_address and PEERING in ways and len(ways) > 1 and on_the_way_back


def _elsewhere(causes: list[Item], drops: set[Drop]) -> str | None:
    """Why a packet that is lost for the reason that the engine gives can have been dropped somewhere else."""
    first = causes[0] if causes else {}
    if any(cause["code"] == "NO_INTERFACE_WITH_ADDRESS" for cause in causes):
        return "nobody holds the address: which filters stand before nobody is not asked"
    if first.get("code") == "NO_ROUTE_TO_DESTINATION" and first["leg"] == "return" and first["rule"] is not None:
        # The route leads somewhere, only not home: there the answer meets filters that are on nobody's path.
        return "an answer goes astray and is dropped there" if all(leg == "return" for leg, _ in drops) else None
    return None


def target_of(account: Account, probe: Probe, *, back: bool = False) -> str | None:
    """The kind of target to which the sender's own route table sends the packet (or, `back`, the answer)."""
    here, there = (probe.to_address, probe.from_address) if back else (probe.from_address, probe.to_address)
    for interface in account.interfaces():
        if here in addresses_of(interface):
            ranges = routes_of(account, table_of(account, interface["VpcId"], interface["SubnetId"]))
            fitting = [(r.prefixlen, not listed, route) for r, listed, route in ranges if ip_address(there) in r]
            best = max(fitting, key=lambda f: f[:2], default=None)
            return next((key for key in best[2] if key.endswith("Id") and "Prefix" not in key), None) if best else None
    return None


def kind_of(account: Account, probe: Probe, verdict: str) -> str:
    """A few words under which a connection is counted: its protocol, which way it goes, and the verdict."""
    name = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}.get(probe.protocol, "other")
    way = (
        "from outside"
        if probe.from_address in account.outside
        else WAYS.get(target_of(account, probe) or "", "no route")
    )
    if way == "VPC" and probe.to_address in account.outside:
        way = "internet"
    return f"{way} {name} {verdict}"


def total(kinds: Iterable[tuple[str, int]]) -> str:
    """Counts as one line."""
    return ", ".join(f"{name} {count}" for name, count in sorted(kinds))
