"""Refused groups to the rule that caused them: which flow to judge, and what its verdict says of the records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from diagnosis.evidence.rejects import Refused, private
from diagnosis.network.network import Network
from diagnosis.traffic.addresses import format_address, parse_address
from diagnosis.traffic.intervals import has, join_all
from diagnosis.traffic.protocols import has_ports, protocol_name

State = Literal["new", "standing", "fixed"]
Judge = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""The verdict on one flow, both as `whynot trace` has them."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """A refused group with what the configuration says of it."""

    refused: Refused
    verdict: Mapping[str, Any]
    works: bool = False
    """Late packets of a connection that the configuration lets through both ways."""


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


def attributed(network: Network, refused: Refused, judge: Judge) -> Attributed:
    """What the configuration says of a group; a group that turns out to be replies is turned round.

    Where the log cannot tell a reply from a request (ICMP; a port below 1024 towards a high one), the group is one of
    replies where the configuration lets the other side's requests arrive and drops the replies to them. Between two of
    ours, packets from a port below 1024 are replies too where it lets those through: late ones, of no connection.
    """
    verdict = judge(flow_fields(network, refused))
    if refused.reply:
        return Attributed(refused, verdict, works=verdict["verdict"] == "reachable")
    if refused.from_port is None and not (refused.both_ways and verdict["forward"] == "reachable"):
        return Attributed(refused, verdict)
    turned = _turned(refused)
    other = judge(flow_fields(network, turned))
    if other["forward"] not in ("reachable", "partly") or other["return"] is None:
        return Attributed(refused, verdict)
    if other["return"] == "reachable" and (refused.both_ways or refused.kind != "internal"):
        return Attributed(refused, verdict)
    return Attributed(turned, other, works=other["verdict"] == "reachable")


def _turned(refused: Refused) -> Refused:
    return replace(
        refused,
        source=refused.destination,
        destination=refused.source,
        port=refused.from_port if has_ports(refused.protocol) else None,
        reply=True,
        from_port=None,
    )


def flow_fields(network: Network, refused: Refused) -> dict[str, Any]:
    """The flow of a group as a line of `whynot trace`."""
    return {
        "source": _party(network, refused.source, refused, refused.destination),
        "destination": _party(network, refused.destination, refused, refused.source),
        "protocol": protocol_name(refused.protocol),
        "port": refused.port,
    }


def _party(network: Network, address: str, refused: Refused, other: str) -> str:
    """An address as the engine takes it: with its VPC where the interface holds it, public where the peer is outside.

    Records show the private address of what the internet reaches by a public one.
    """
    interface = network.interfaces.get(refused.interface or "")
    try:
        number, peer_inside = parse_address(address), private(other)
    except ValueError:
        return address
    if interface is None or not has(interface.own_addresses, number):
        return address
    if peer_inside or ":" in address or address == refused.source:
        return f"{interface.vpc}/{address}" if interface.vpc else address
    public = interface.public_of(number)
    return address if public is None else format_address(public)


def state_of(found: Attributed | None, refused: Refused, *, new: bool) -> State | None:
    """The state of a group. Noise has none, and neither has a connection that works but for late packets."""
    if refused.kind == "noise" or (found is not None and found.works):
        return None
    if found is not None and found.verdict["verdict"] == "reachable":
        return "fixed"
    return "new" if new else "standing"
