"""What REJECT records show, before any configuration is looked at: refused flows, replies, and strangers that scan.

A record tells two addresses and two ports, not who began. A REJECT whose swapped tuple was accepted is a packet of a
connection that the other side had opened: a reply that is not let through, or a late packet of one that has ended
(security groups forget idle connections; AWS, "Security group connection tracking"). It is told as that conversation,
under the port of its service, and never as a client's flow towards an ephemeral port. ICMP has no ports, so there
the log alone cannot tell a request from a reply.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from diagnosis.evidence.query import Between, Counts
from diagnosis.traffic.addresses import is_public, parse_address

RejectClass = Literal["internal", "external", "noise"]
Ours = Callable[[str], bool]
"""Whether an address, as text, is one of ours: not public, or held in a VPC that was seen."""

MANY = 5
"""A stranger that tries so many destinations, or so many ports, and is never accepted, scans."""
SEVERAL, REPEATS = 3, 12
"""So does one that tries several and goes on: on the average at most so many records for each that it tries. A partner
that cannot reach the three addresses of a load balancer tries again all day."""
RECENT = 4
"""What was first refused in the last so-manieth part of the time that was read, and not before, is new."""
SHARED_SERVICES = ("AMAZON", "EC2")
"""Values of `pkt-src-aws-service` that anyone's virtual machine may have; all others name a service of AWS."""


def private(address: str) -> bool:
    """Whether an address is one of ours as far as it tells itself: it is not public."""
    try:
        return not is_public(parse_address(address))
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Refused:
    """Records of one conversation that one interface refused. Times are Unix seconds."""

    source: str
    """The client: who opened the conversation, as far as the log tells."""
    destination: str
    protocol: int
    port: int | None
    """The service's port; None where the protocol has none, and where replies to many ports could not be told apart."""
    interface: str | None
    records: int
    packets: int
    first: int | None
    last: int | None
    since: int | None
    """The first refusal in all that was read, the time before the window too."""
    kind: RejectClass
    reply: bool = False
    """Whether the refused packets went from destination to source: the swapped tuple had been accepted."""
    from_port: int | None = None
    """A port below 1024 that refused packets come from without any record of what they would answer."""
    both_ways: bool = False
    """ICMP: whether the same two were accepted the other way round."""
    service: str | None = None
    """The AWS service that owns the source, by `pkt-src-aws-service`."""
    reason: str | None = None
    """`reject-reason`, where the records have one: BPA is VPC Block Public Access."""


@dataclass(frozen=True, slots=True)
class Hour:
    """REJECT records that began within one hour of UTC, by class."""

    start: int
    internal: int
    external: int
    noise: int


@dataclass(frozen=True, slots=True)
class Rejections:
    """All REJECT records of a window: whole counts, every group but noise, and as many of noise as were asked for."""

    engine: str
    counts: Counts
    window: Between
    oldest: int | None
    """Start of the oldest record that was read, of any kind."""
    records: int = 0
    flows: int = 0
    internal: int = 0
    """REJECT records between two addresses of ours."""
    noise: int = 0
    """REJECT records of strangers that scan."""
    scanners: int = 0
    """How many strangers that is."""
    groups: tuple[Refused, ...] = ()
    """Internal, external, noise; by records in each."""
    hours: tuple[Hour, ...] = ()
    """The hours in which anything was refused, in order."""
    logging: frozenset[str] = frozenset()
    """Interfaces with a REJECT record."""
    warnings: tuple[str, ...] = ()

    def is_new(self, since: int | None) -> bool:
        """Whether something first refused at that time is new.

        That is: in the last quarter of the window, or of what there is of it where records begin later.
        """
        starts = [each for each in (self.window.start, self.oldest) if each is not None]
        if since is None or self.window.end is None or not starts:
            return False
        return since > self.window.end - (self.window.end - max(starts)) / RECENT
