"""The reverse question: everything that can reach a party, or that it can reach."""

from __future__ import annotations

from diagnosis.explanation.who import merged, who_answer
from diagnosis.network.network import Network
from diagnosis.question.parties import NotFound, find
from diagnosis.question.question import Question
from diagnosis.trace.placing import Anchor, AtAddress, AtAddresses, AtInterface
from diagnosis.trace.reach import reach
from diagnosis.traffic.protocols import protocol_number
from diagnosis.who_answer import WhoAnswer


def who(network: Network, question: Question) -> WhoAnswer | NotFound:
    """The answer to a `who` question: everything that can reach a party, or that it can reach."""
    towards = question.destination is not None
    party = question.destination or question.source
    assert party is not None
    target = find(network, party, "destination" if towards else "source", question.port, None)
    if isinstance(target, NotFound):
        return target
    protocol = protocol_number(question.protocol) if question.protocol is not None else None
    port = question.port
    notes = [note for note in (target.note, question.left_out) if note]
    if towards and port is None and protocol is None and target.port is not None:
        port, protocol = target.port, 6
        notes.append(f"No port was asked; tcp {port} is judged, on which {target.name} listens.")
    named = frozenset(anchor.interface for anchor in target.anchors if isinstance(anchor, AtInterface))
    found = [
        (alike, own)
        for anchor in (one for some in target.anchors for one in _each(some))
        for own in (named | _holders(network, anchor),)
        for alike in reach(network, anchor, towards=towards, protocol=protocol, port=port)
    ]
    return who_answer(network, question, target.name, merged(found), towards=towards, notes=tuple(notes))


def _holders(network: Network, anchor: Anchor) -> frozenset[str]:
    """The interfaces that an address stands for."""
    if not isinstance(anchor, AtAddress):
        return frozenset()
    return frozenset(network.holders(anchor.address) or network.by_public_address.get(anchor.address, ()))


def _each(party: Anchor) -> tuple[Anchor, ...]:
    return party.singly() if isinstance(party, AtAddresses) else (party,)
