"""Refused groups to the rule that caused them: which flow to judge, and what its verdict says of the records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from diagnosis.evidence.rejects import Refused, private
from diagnosis.network.network import Network
from diagnosis.trace.codes import Code
from diagnosis.trace.crowds import Asked, Outcome, alone, outcomes
from diagnosis.trace.step import Blocker, Leg
from diagnosis.traffic.addresses import format_address, parse_address
from diagnosis.traffic.intervals import has, join_all
from diagnosis.traffic.protocols import has_ports

State = Literal["new", "standing", "fixed"]
BLOCK_PUBLIC_ACCESS = "BPA"
"""The `reject-reason` of VPC Block Public Access."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """A refused group with what the configuration says of it."""

    refused: Refused
    outcome: Outcome
    works: bool = False
    """Late packets of a connection that the configuration lets through both ways."""

    @property
    def blocker(self) -> tuple[Leg, Blocker] | None:
        """What refuses it: the first that drops its packets, but Block Public Access where the records name that."""
        if self.works or not self.outcome.blockers:
            return None
        named = (each for each in self.outcome.blockers if each[1].code is Code.VPC_BLOCK_PUBLIC_ACCESS_ENABLED)
        first = self.outcome.blockers[0]
        return next(named, first) if self.refused.reason == BLOCK_PUBLIC_ACCESS else first


def ours(network: Network | None) -> Callable[[str], bool]:
    """The test whether an address is one of ours: not public, or held in a VPC that was seen."""
    if network is None:
        return private
    ranges = join_all(vpc.addresses for vpc in network.vpcs.values())

    def held(address: str) -> bool:
        if private(address):
            return True
        try:
            number = parse_address(address)
        except ValueError:
            return False
        return has(ranges, number) or number in network.by_public_address or bool(network.holders(number))

    return held


def attributed(network: Network, groups: Sequence[Refused]) -> list[Attributed]:
    """What the configuration says of each group, in order; a group that turns out to be replies is turned round.

    Where the log cannot tell a reply from a request (ICMP; a port below 1024 towards a high one), the group is one of
    replies where the configuration lets the other side's requests arrive and drops the replies to them. Between two of
    ours, packets from a port below 1024 are replies too where it lets those through: late ones, of no connection.
    """
    flows = _Flows(network)
    judged = outcomes(network, [flows.of(each) for each in groups])
    found = [
        Attributed(refused, outcome, works=refused.reply and outcome.verdict == "reachable")
        for refused, outcome in zip(groups, judged, strict=True)
    ]
    unsure = [place for place, each in enumerate(found) if _may_be_replies(each)]
    turned = [_turned(groups[place]) for place in unsure]
    others = outcomes(network, [flows.of(each) for each in turned])
    for place, refused, other in zip(unsure, turned, others, strict=True):
        if _is_replies(groups[place], other):
            found[place] = Attributed(refused, other, works=other.verdict == "reachable")
    return found


def judged_alone(network: Network, refused: Refused) -> Outcome:
    """The outcome of a group by itself, whose blockers tell of its own two parties."""
    return alone(network, _Flows(network).of(refused))


def _may_be_replies(found: Attributed) -> bool:
    refused = found.refused
    if refused.reply:
        return False
    return refused.from_port is not None or (refused.both_ways and found.outcome.forward == "reachable")


def _is_replies(refused: Refused, other: Outcome) -> bool:
    """Whether a group is replies, by the outcome of the conversation that they would be of."""
    if other.forward not in ("reachable", "partly") or other.returning is None:
        return False
    return not (other.returning == "reachable" and (refused.both_ways or refused.kind != "internal"))


def _turned(refused: Refused) -> Refused:
    return replace(
        refused,
        source=refused.destination,
        destination=refused.source,
        port=refused.from_port if has_ports(refused.protocol) else None,
        reply=True,
        from_port=None,
    )


@dataclass(slots=True)
class _Flows:
    """The flows of groups as the engine takes them; what was found of an address before is kept."""

    network: Network
    parties: dict[tuple[str, str | None, bool], str] = field(default_factory=dict)
    inside: dict[str, bool] = field(default_factory=dict)

    def of(self, refused: Refused) -> Asked:
        """The flow of a group."""
        source, destination, interface = refused.source, refused.destination, refused.interface
        return Asked(
            self._party(source, interface, private=True),
            self._party(destination, interface, private=self._inside(source) or source == destination),
            refused.protocol,
            refused.port,
        )

    def _inside(self, address: str) -> bool:
        known = self.inside.get(address)
        if known is None:
            known = self.inside[address] = private(address)
        return known

    def _party(self, address: str, interface: str | None, *, private: bool) -> str:
        key = (address, interface, private)
        known = self.parties.get(key)
        if known is None:
            known = self.parties[key] = party_of(self.network, address, interface, private=private)
        return known


def party_of(network: Network, address: str, logged_by: str | None, *, private: bool) -> str:
    """An address as the engine takes it: with its VPC where that must be said, and public where the peer is outside.

    Records show the private address of what the internet reaches by a public one.
    """
    interface = network.interfaces.get(logged_by or "")
    try:
        number = parse_address(address)
    except ValueError:
        return address
    if interface is None or not has(interface.own_addresses, number):
        return address
    if private or ":" in address:
        alone = len(network.holders(number)) == 1 == len(network.vpc_holding(number))
        return address if alone or interface.vpc is None else f"{interface.vpc}/{address}"
    public = interface.public_of(number)
    return address if public is None else format_address(public)


def state_of(found: Attributed | None, refused: Refused, *, new: bool) -> State | None:
    """The state of a group. Noise has none, and neither has a connection that works but for late packets."""
    if refused.kind == "noise" or (found is not None and found.works):
        return None
    if found is not None and found.outcome.verdict == "reachable":
        return "fixed"
    return "new" if new else "standing"
