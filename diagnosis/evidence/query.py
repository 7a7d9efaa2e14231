"""One question to the flow logs, and one answer, whichever engine reads them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Leg = Literal["forward", "reply"]
Direction = Literal["ingress", "egress"]
Action = Literal["ACCEPT", "REJECT"]

PORTLESS = frozenset({1, 58})
"""ICMP and ICMPv6: their records carry 0 for both ports."""


@dataclass(frozen=True, slots=True)
class Between:
    """From `start` to `end`, Unix seconds, both inclusive; None leaves that side open."""

    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Last:
    """The last `seconds`, counted back from the newest record, or from `until` when that is given.

    With `widen`, everything there is is read when the conversation does not occur in that window.
    """

    seconds: int
    until: int | None = None
    widen: bool = False


Window = Between | Last
LAST_HOUR_FIRST = Last(3600, widen=True)
"""What a question without a time means."""


@dataclass(frozen=True, slots=True)
class FlowLogQuery:
    """A conversation, the interfaces that may have logged it, and the time asked about.

    Both legs are meant: source to destination with `port` as destination port, and the swapped tuple with `port` as
    source port. Addresses are compared with `srcaddr`/`dstaddr` and, where the format has them, with
    `pkt-srcaddr`/`pkt-dstaddr`; give every address that a party is known by (private, public, and the primary
    private address of its interface, which is what version 2 shows for secondary ones).
    """

    sources: frozenset[str]
    """Addresses and CIDRs in text; empty for any. Raises ValueError for anything else."""
    destinations: frozenset[str]
    protocol: int | None = None
    """IANA number; None for all."""
    port: int | None = None
    source_port: int | None = None
    interfaces: frozenset[str] = frozenset()
    """Ids of the interfaces whose log status matters: those of both parties and on the path."""
    window: Window = LAST_HOUR_FIRST

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", _canonical(self.sources))
        object.__setattr__(self, "destinations", _canonical(self.destinations))

    @property
    def ports_matter(self) -> bool:
        """Whether records of this protocol tell ports apart."""
        return self.protocol not in PORTLESS

    @property
    def asks_for_others(self) -> bool:
        """Whether other clients of the same service can be told: it has addresses and a port, and so has who asks."""
        return bool(self.sources and self.destinations) and self.ports_matter and self.port is not None

    def within(self, window: Window) -> FlowLogQuery:
        """Return the same question for another time."""
        return replace(self, window=window)


def _canonical(texts: Iterable[str]) -> frozenset[str]:
    """Addresses as flow logs write them (a /32 or /128 is an address), networks as CIDRs, everything as nothing."""
    found = set()
    for text in texts:
        network = ipaddress.ip_network(text, strict=False)
        found.add(str(network.network_address) if network.num_addresses == 1 else str(network))
    return frozenset() if {"0.0.0.0/0", "::/0"} <= found else frozenset(found)


def spellings(address: str) -> frozenset[str]:
    """Return the ways in which a log may write an address: itself, and an IPv6 one without or with all its zeros."""
    parsed = ipaddress.ip_address(address)
    if parsed.version == 4:
        return frozenset({address})
    groups = parsed.exploded.split(":")
    return frozenset({address, parsed.exploded, ":".join(group.lstrip("0") or "0" for group in groups)})


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines of the files that were read: `read` are well formed, NODATA and SKIPDATA among them."""

    read: int = 0
    malformed: int = 0
    nodata: int = 0
    skipdata: int = 0
    unreadable_files: int = 0


@dataclass(frozen=True, slots=True)
class RawLine:
    """A record as it stands in the log, and where: `file:line`, or the log group and stream."""

    text: str
    origin: str
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """All records of the conversation that one interface logged on one leg with one action."""

    interface: str | None
    """None where the format has no `interface-id`."""
    leg: Leg
    direction: Direction | None
    """`flow-direction`, as the interface sees it; None where the format lacks it."""
    action: Action
    records: int
    packets: int
    first: int | None
    """Start of the first record, Unix seconds; None where the format lacks it."""
    last: int | None
    """End of the last record, Unix seconds."""
    tcp_flags: int | None = None
    """TCP flags OR-ed over the records; None where the format lacks them."""
    reject_reason: str | None = None
    lines: tuple[RawLine, ...] = ()
    """The newest few."""


@dataclass(frozen=True, slots=True)
class InterfaceStatus:
    """How many records of each status an interface has in the window."""

    interface: str
    ok: int = 0
    nodata: int = 0
    skipdata: int = 0


@dataclass(frozen=True, slots=True)
class Others:
    """Other clients at the same addresses, protocol and port of the destination, in the window.

    A client is an address, the packet's own before the interface's. One may be among both.
    """

    refused: int = 0
    """So many have a REJECT record."""
    accepted: int = 0
    """So many have an ACCEPT record."""
    at_least: bool = False
    """Whether there may be more: a limit was reached, or several flow logs were read."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """All records of one leg that a transit gateway made between two of its attachments.

    They have no action: what the gateway loses is counted by its reason.
    """

    gateway: str | None
    attachment: str | None
    pair: str | None
    """The other attachment (`tgw-pair-attachment-id`)."""
    leg: Leg
    records: int
    packets: int
    no_route: int = 0
    """Packets lost for want of a route."""
    blackhole: int = 0
    """Packets lost in a blackhole route."""
    mtu_exceeded: int = 0
    ttl_expired: int = 0
    first: int | None = None
    last: int | None = None

    @property
    def lost(self) -> int:
        """Packets lost for any reason."""
        return self.no_route + self.blackhole + self.mtu_exceeded + self.ttl_expired


@dataclass(frozen=True, slots=True)
class Sightings:
    """What the flow logs hold of a conversation, and how far that can be trusted."""

    engine: str
    query: FlowLogQuery
    text: str
    """The query as a person can paste it into the engine."""
    counts: Counts
    window: Between
    """The time that was read in the end."""
    widened: bool = False
    """Whether the asked window held nothing of the conversation and everything was read instead."""
    seen: tuple[Seen, ...] = ()
    earlier: tuple[Seen, ...] = ()
    """The same before the window, as far back as was looked: it tells when things changed. No raw lines."""
    crossings: tuple[Crossing, ...] = ()
    """What transit gateways logged of the conversation in the window."""
    others: Others | None = None
    """None where the query does not ask for them (`asks_for_others`)."""
    statuses: tuple[InterfaceStatus, ...] = ()
    """One for each interface of interest, in the query's order of ids."""
    newest: int | None = None
    """End of the newest record read, Unix seconds."""
    fields: frozenset[str] = frozenset()
    """Fields that every file read has."""
    warnings: tuple[str, ...] = ()
    """Malformed lines and unreadable files by name, at most five of each, printable ASCII."""
    partial: tuple[str, ...] = ()
    """Why not all was read that was asked for, a sentence each; empty where all was."""
    delivered_until: int | None = None
    """Unix seconds up to which AWS has usually delivered every record; None for files, which are what they are."""
    scanned: int = 0
    """Bytes that the engine charges for, or that were fetched; 0 for files."""
    dollars: float = 0.0
    """What that costs at the prices that the engine was told."""

    @property
    def may_lack_the_newest(self) -> bool:
        """Whether records of the window may not have been delivered yet."""
        until, end = self.delivered_until, self.window.end
        return until is not None and (end is None or end > until)

    @property
    def not_delivered_yet(self) -> bool:
        """Whether that holds for the whole window."""
        start, until = self.window.start, self.delivered_until
        return until is not None and start is not None and start >= until

    @property
    def accepts(self) -> int:
        """ACCEPT records of the conversation in the window, both legs, all interfaces."""
        return sum(seen.records for seen in self.seen if seen.action == "ACCEPT")

    @property
    def rejects(self) -> int:
        """REJECT records of the conversation in the window, both legs, all interfaces."""
        return sum(seen.records for seen in self.seen if seen.action == "REJECT")

    def status(self, interface: str) -> InterfaceStatus:
        """Return the status counts of an interface; zeros for one that was not asked about."""
        return next((status for status in self.statuses if status.interface == interface), InterfaceStatus(interface))
