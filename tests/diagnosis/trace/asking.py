"""Asking the trace as a flows file does: two party texts, a protocol and ports."""

from __future__ import annotations

from diagnosis.network.network import Network
from diagnosis.trace.placing import anchor, place_both
from diagnosis.trace.trace import Flow, Trace, trace
from diagnosis.traffic.protocols import protocol_number
from tests.accounts import Account


def ask(
    network: Network | Account,
    source: str,
    destination: str,
    protocol: str | None = "tcp",
    port: int | None = 3306,
    source_port: int | None = None,
) -> Trace:
    """The trace of one flow."""
    known = network.network() if isinstance(network, Account) else network
    ours, theirs = place_both(known, anchor(known, source), anchor(known, destination))
    number = None if protocol is None else protocol_number(protocol)
    return trace(known, Flow(ours, theirs, number, port, source_port))


def verdicts(found: Trace) -> tuple[str, str, str | None]:
    """Overall, forward and return."""
    return found.verdict, found.forward, found.returning


def causes(found: Trace) -> list[tuple[str, str, str]]:
    """Each blocker as (code, component, leg)."""
    return [(blocker.code.value, blocker.component, leg) for leg, blocker in found.blockers()]


def calls(found: Trace) -> set[str]:
    """The calls that would show what was not seen."""
    return {gap.call for gap in found.gaps()}
