"""Which protocol and port a question means: explicit words first, then what its words and parties imply."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from diagnosis.question.mentions import Item, Mention
from diagnosis.question.ports import PortMark
from diagnosis.question.question import Party
from diagnosis.question.services import API_SERVICES
from diagnosis.question.well_known_ports import PORTLESS, TRANSPORTS, implied_by

_WORKS: Final = frozenset("works work working fine ok okay succeeds good".split())


@dataclass(frozen=True, slots=True)
class Wire:
    """Protocol, destination port and source port as the question fixes them; None leaves a dimension open."""

    protocol: str | None
    port: int | None
    source_port: int | None = None
    further_ports: tuple[str, ...] = ()
    """The other ports that were named, single ("443") or from one to another ("8201-8210")."""


@dataclass(frozen=True, slots=True)
class _Words:
    """The protocol words of a text, in order: what was said of the transport, and what is implied."""

    transport: str | None
    portless: str | None
    implied: tuple[str, int] | None


def wire(
    items: Sequence[Item], source: Mention | None, destination: Mention | None, source_ports: Sequence[PortMark]
) -> Wire:
    """Return the protocol and ports of the question. `source_ports` are the ports written right after the source."""
    said = _but_not(items)
    marks = [i.mark for i in said if i.mark is not None]
    words = _protocol_words(said, source)
    source_port = next((m.port for m in marks if m.is_source), None)
    marks = [m for m in marks if not m.is_source]
    port: int | None
    if destination is not None and destination.port is not None:
        port, protocol, implied = destination.port, destination.protocol, destination.implied
        source_port = source_port or (source.port if source else None)
    else:
        chosen, source_port = _chosen(marks, source, source_ports, source_port)
        port, protocol = (chosen.port, chosen.protocol) if chosen else (None, None)
        implied = chosen.implied if chosen else None
        protocol = protocol or (destination.protocol if destination else None)
    implied = implied or (destination.implied if destination else None)
    protocol = protocol or words.transport or next((m.protocol for m in marks if m.protocol), None)
    if port is not None:
        guess = implied or words.implied
        others = tuple(dict.fromkeys(_named_too(marks, {port, source_port})))
        return Wire(protocol or (guess[0] if guess else "tcp"), port, source_port, others)
    if implied is None:
        implied = words.implied
    if protocol is not None:
        matching = implied if implied and protocol in ("tcp", "udp") else None
        return Wire(protocol, matching[1] if matching else None, source_port)
    if words.portless is not None and (implied is None or destination is None):
        return Wire(words.portless, None, source_port)
    implied = implied or _of_parties(items, source, destination)
    return Wire(implied[0], implied[1], source_port) if implied else Wire(words.portless, None, source_port)


def _named_too(marks: Sequence[PortMark], taken: Collection[int | None]) -> Iterator[str]:
    """The ports that stand in the text beside those that the question is about."""
    for mark in marks:
        if mark.port is not None and mark.port not in taken and mark.rank > 1:
            yield str(mark.port)
        yield from mark.further


def _but_not(items: Sequence[Item]) -> Sequence[Item]:
    """Leave out what works: "reaches it on 22 but not on 3306" asks about 3306."""
    for i, item in enumerate(items[:-1]):
        later = items[i:]
        says_another = any(word.mark is not None or word.implies is not None for word in later)
        if item.lower == "but" and items[i + 1].role == "not" and says_another:
            return [*(word for word in items[:i] if word.mark is not None and word.mark.is_source), *later]
    return items


def _chosen(
    marks: Sequence[PortMark], source: Mention | None, source_ports: Sequence[PortMark], source_port: int | None
) -> tuple[PortMark | None, int | None]:
    """Pick the port mark that was said most clearly; one that stands right after the source, with another for the
    destination, is the source port, and so is a port attached to the source ("10.0.1.10:49152").
    """
    if len(marks) > 1 and source_ports and source_ports[0] in marks and marks[0] is source_ports[0]:
        source_port, marks = source_port or source_ports[0].port, marks[1:]
    best = max(marks, key=lambda m: (m.port is not None or m.protocol is not None, m.rank), default=None)
    if source is not None and source.port is not None:
        source_port = source_port or source.port
    return best, source_port


def _protocol_words(items: Sequence[Item], source: Mention | None) -> _Words:
    transport: str | None = None
    portless: str | None = None
    implied: tuple[str, int] | None = None
    for i, item in enumerate(items):
        if item.implies is None or _is_contrast(items, i):
            continue
        word = item.implies
        if (
            source is not None
            and source.party is not None
            and source.protocol_word == word
            and source.party.value == item.text
        ):
            continue
        if word in TRANSPORTS:
            transport = transport or TRANSPORTS[word]
        elif word in PORTLESS:
            portless = portless or PORTLESS[word]
        else:
            implied = implied or implied_by(word)
    if transport in ("icmp", "icmpv6"):
        portless, transport = portless or transport, None
    return _Words(transport, portless, implied)


def _is_contrast(items: Sequence[Item], i: int) -> bool:
    """Return whether "X works" was said of the protocol word, so that the question is about another."""
    following = items[i + 1] if i + 1 < len(items) else None
    if following is not None and following.role == "be":
        following = items[i + 2] if i + 2 < len(items) else None
    before = items[i - 1] if i else None
    asked = before is not None and before.role in ("can", "not")
    return following is not None and following.lower in _WORKS and not asked


def _of_parties(items: Sequence[Item], source: Mention | None, destination: Mention | None) -> tuple[str, int] | None:
    """What the parties imply: an AWS API and the internet are HTTPS; mounting EFS is NFS."""
    target = destination.party if destination else None
    origin = source.party if source else None
    if target is not None and target.kind == "service":
        if target.value in API_SERVICES:
            return ("tcp", 443)
        if target.value == "efs" and any(i.lower.startswith(("mount", "umount")) for i in items):
            return ("tcp", 2049)
    if any(p is not None and p.kind == "internet" for p in (target, origin)):
        return ("tcp", 443)
    return None


def with_address_family(protocol: str | None, source: Party | None, destination: Party | None) -> str | None:
    """Return icmpv6 for icmp between two IPv6 parties."""
    both_v6 = all(p is not None and p.kind in ("ip", "cidr") and ":" in p.value for p in (source, destination))
    return "icmpv6" if protocol == "icmp" and both_v6 else protocol
