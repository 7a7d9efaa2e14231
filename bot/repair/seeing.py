"""What repair needs to see: the network as it is now, where a fix touches it, and whether the path is open there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from diagnosis.fix.change import Change, NotApplicable
from diagnosis.investigate import tracer
from diagnosis.network.network import Network
from diagnosis.network.network_acls import NetworkAcl
from diagnosis.network.route_tables import RouteTable
from diagnosis.question.parties import NotFound
from diagnosis.question.question import Question
from diagnosis.trace.trace import Trace, Verdict, over


class Reader(Protocol):
    """The network of an account, as the composition root hands it out."""

    def known(self) -> Network:
        """The network as it was read last; it may be some minutes old. Raises SourceUnavailable."""
        ...

    def again(self, network: Network, components: Collection[str]) -> Network:
        """The network with these groups, ACLs and route tables read again, by id.

        One that does not exist any more is not in it. Raises SourceUnavailable.
        """
        ...


def fresh(reader: Reader, question: Question, changes: Collection[Change]) -> Network:
    """The network with everything read again that the fix edits or the path goes through. Raises SourceUnavailable."""
    network = reader.known()
    return reader.again(network, {change.component for change in changes} | _on_the_path(network, question))


def verdict(network: Network, question: Question) -> Verdict:
    """Whether the path of the question is open; `unknown` where a party is not there any more."""
    traces = _traces(network, question)
    return over(trace.verdict for trace in traces) if traces else "unknown"


def _traces(network: Network, question: Question) -> tuple[Trace, ...]:
    retrace = tracer(network, question)
    return () if isinstance(retrace, NotFound) else retrace(network)


def _on_the_path(network: Network, question: Question) -> set[str]:
    """The groups of the interfaces on the path, and the ACLs and route tables of their subnets."""
    found: set[str] = set()
    for trace in _traces(network, question):
        for path in trace.paths:
            for hop in (*path.forward_hops, *path.return_hops):
                found |= {step.component for step in hop.steps}
                interface = network.interfaces.get(hop.component)
                if interface is None:
                    continue
                found.update(interface.groups or ())
                acl = network.acl_of(interface.subnet, interface.vpc, interface.origins)
                table = network.table_of(interface.subnet, interface.vpc, interface.origins)
                found |= {acl.id} if isinstance(acl, NetworkAcl) else set()
                found |= {table.id} if isinstance(table, RouteTable) else set()
    return found & {*network.groups, *network.acls, *network.route_tables}


def is_there(network: Network, change: Change) -> bool:
    """Whether the network is already as the change would make it."""
    try:
        change.inverse().apply(network)
    except NotApplicable:
        return False
    return True
