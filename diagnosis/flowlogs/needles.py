"""A quick test on a line's text that every record of a conversation passes: what fails it needs no closer look."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

from diagnosis.evidence.query import FlowLogQuery, spellings

_MOST = 64
"""More alternatives than this cost more than they save."""


@dataclass(frozen=True, slots=True)
class Needles:
    """A line may belong to the conversation only if it holds at least one text of each of these sets."""

    required: tuple[tuple[str, ...], ...]

    def in_line(self, line: str) -> bool:
        """Whether the line may belong to the conversation."""
        return all(any(text in line for text in texts) for texts in self.required)


def needles(query: FlowLogQuery) -> Needles:
    """Return the needles of a query: exact addresses, the full octets that a network fixes, the port."""
    sides = [_texts(side) for side in (query.sources, query.destinations)]
    if query.ports_matter:
        sides += [(str(port),) for port in (query.port, query.source_port) if port is not None]
    return Needles(tuple(side for side in sides if side))


def needles_of_service(query: FlowLogQuery) -> Needles:
    """Return the needles of a query and of other clients of the same service, where it asks for them."""
    return needles(replace(query, sources=frozenset()) if query.asks_for_others else query)


def _texts(side: frozenset[str]) -> tuple[str, ...]:
    found: set[str] = set()
    for value in side:
        if "/" not in value:
            found |= spellings(value)
            continue
        network = ipaddress.ip_network(value)
        octets = network.prefixlen // 8
        if network.version == 6:
            found.add(":")
        elif octets == 0:
            return ()
        else:
            found.add(".".join(str(network.network_address).split(".")[:octets]) + ".")
    return tuple(sorted(found)) if len(found) <= _MOST else ()
