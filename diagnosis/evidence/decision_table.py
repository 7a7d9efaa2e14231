"""What a conversation's records mean: the decision table, first row that holds.

A record says ACCEPT or REJECT at one interface and never why, but groups keep state and network ACLs do not, so the
place and the leg of a REJECT tell much. Source: "Flow log record examples" and "security group and network ACL
interaction", https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html; rows beyond those
follow from statefulness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from diagnosis.evidence.query import Leg
from diagnosis.evidence.view import RST, SYN_ACK, View


class Kind(StrEnum):
    """What the records show."""

    BLOCK_PUBLIC_ACCESS = "VPC Block Public Access"
    REJECT_AT_SOURCE = "REJECT leaving the source"
    REJECT_BETWEEN = "REJECT between the parties"
    REJECT_AT_DESTINATION = "REJECT arriving at the destination"
    ACL_OUTBOUND_OF_DESTINATION = "ACCEPT in, REJECT out"
    ACL_INBOUND_OF_SOURCE = "ACCEPT out, REJECT of the reply"
    CONNECTION_TAIL = "REJECT after the connection"
    PORT_CLOSED = "port closed"
    LOST_AT_GATEWAY = "lost at the transit gateway"
    REPLY_LOST = "reply dropped between"
    ACCEPT_ONLY = "ACCEPT both ways"
    HOST_SILENT = "host silent"
    DROPPED_BETWEEN = "dropped between"
    NO_REPLY = "no reply"
    SKIPDATA = "SKIPDATA"
    NO_FLOW_LOG = "no flow log"
    NOT_DELIVERED = "not delivered yet"
    NODATA = "NODATA"
    NO_RECORDS = "no records"


REJECTING = frozenset(
    {
        Kind.BLOCK_PUBLIC_ACCESS,
        Kind.REJECT_AT_SOURCE,
        Kind.REJECT_BETWEEN,
        Kind.REJECT_AT_DESTINATION,
        Kind.ACL_OUTBOUND_OF_DESTINATION,
        Kind.ACL_INBOUND_OF_SOURCE,
    }
)
"""A rule, or Block Public Access, refuses packets."""
PASSING = frozenset({Kind.CONNECTION_TAIL, Kind.PORT_CLOSED, Kind.ACCEPT_ONLY, Kind.HOST_SILENT})
"""The network let the packets through to the destination."""
LOST = frozenset({Kind.LOST_AT_GATEWAY, Kind.DROPPED_BETWEEN, Kind.REPLY_LOST, Kind.NO_REPLY})
"""Packets left and were not seen again: no record says REJECT for a route, a gateway or a firewall."""
SILENT = frozenset({Kind.SKIPDATA, Kind.NO_FLOW_LOG, Kind.NOT_DELIVERED, Kind.NODATA, Kind.NO_RECORDS})
"""Nothing of the conversation is recorded, or nothing can be concluded from what is absent."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: when it holds, and what it means; `{source}`, `{destination}` and `{where}` are names,
    `{lost}` is what gateways lost.
    """

    kind: Kind
    evidence: str
    holds: Callable[[View], bool]
    text: str
    leg: Leg | None = None


def _refused(side: str, leg: Leg) -> Callable[[View], bool]:
    return lambda view: any(view.rejecting(place) for place in view.places if place.leg == leg and place.side == side)


def _by_public_access(view: View) -> bool:
    return any(place.reject is not None and "BPA" in place.reject.reasons for place in view.places)


def _only_tails(view: View) -> bool:
    return any(place.is_tail(flags_known=view.flags_known) and not place.accepted_since for place in view.places)


def _port_closed(view: View) -> bool:
    flags = view.flags("reply")
    return view.flags_known and bool(flags & RST) and flags & SYN_ACK != SYN_ACK


def _reply_lost(view: View) -> bool:
    """The reply left the destination, and the source's log, which has the way there, does not have it."""
    seen_out = view.left.accept is not None and view.answered.accept is not None
    return seen_out and view.returned.accept is None and view.returned.reject is None and not view.lost(view.source)


def _gap_in_the_log(view: View) -> bool:
    """Records were lost just where the absence of one would mean something."""
    if view.arrived.accept is not None:
        return not view.accepted("reply") and view.lost(view.destination) > 0
    if view.left.accept is not None:
        return view.lost(view.destination) > 0
    return not view.places_now and view.lost((*view.source, *view.destination)) > 0


def _nowhere_logged(view: View) -> bool:
    sides = [side for side in (view.source, view.destination) if side]
    if view.left.accept is not None:
        return bool(view.destination) and view.has_log(view.destination) is False
    return not view.places_now and bool(sides) and all(view.has_log(side) is False for side in sides)


def _dropped_between(view: View) -> bool:
    arrived = view.arrived.accept is not None
    return view.left.accept is not None and not arrived and view.has_log(view.destination) is True


def _idle_source(view: View) -> bool:
    return not view.places_now and view.idle(view.source)


def _idle_destination(view: View) -> bool:
    return not view.places_now and view.has_log(view.source) is not True and view.idle(view.destination)


TABLE: tuple[Row, ...] = (
    Row(
        Kind.BLOCK_PUBLIC_ACCESS,
        "REJECT with reject-reason BPA",
        _by_public_access,
        "VPC Block Public Access refuses it: the record says so (reject-reason BPA).",
    ),
    Row(
        Kind.REJECT_AT_SOURCE,
        "source: REJECT egress",
        _refused("source", "forward"),
        "REJECT as it leaves {source}: its security group, or the network ACL of its subnet, refuses it on the way "
        "out; the record never says which.",
        "forward",
    ),
    Row(
        Kind.REJECT_BETWEEN,
        "another interface: REJECT",
        lambda view: _refused("between", "forward")(view) or _refused("between", "reply")(view),
        "REJECT at {where}, which belongs to neither party: its security group, or the network ACL of its subnet, "
        "refuses it.",
    ),
    Row(
        Kind.REJECT_AT_DESTINATION,
        "destination: REJECT ingress",
        _refused("destination", "forward"),
        "REJECT as it arrives at {destination}: its security group, or the network ACL of its subnet, refuses it on "
        "the way in; the record never says which.",
        "forward",
    ),
    Row(
        Kind.ACL_OUTBOUND_OF_DESTINATION,
        "destination: ACCEPT ingress and REJECT egress of the swapped tuple",
        _refused("destination", "reply"),
        "ACCEPT in, REJECT out at {destination}: the network ACL of its subnet refuses the reply on the client's "
        "ephemeral ports; a security group cannot do that.",
        "reply",
    ),
    Row(
        Kind.ACL_INBOUND_OF_SOURCE,
        "source: ACCEPT egress and REJECT ingress of the swapped tuple",
        _refused("source", "reply"),
        "ACCEPT out, REJECT of the reply as it comes back to {source}: the network ACL of its subnet refuses it on the "
        "client's ephemeral ports; a security group cannot do that.",
        "reply",
    ),
    Row(
        Kind.LOST_AT_GATEWAY,
        "transit gateway: packets lost",
        lambda view: bool(view.losing),
        "A transit gateway drops it: {lost}.",
    ),
    Row(
        Kind.CONNECTION_TAIL,
        "ACCEPT, then REJECT without SYN",
        _only_tails,
        "ACCEPT, and then REJECT of packets without SYN: the rest of connections that had ended or been idle too long, "
        "or that return another way; no rule against new ones.",
    ),
    Row(
        Kind.PORT_CLOSED,
        "ACCEPT, and RST back",
        _port_closed,
        "ACCEPT, and a RST came back: nothing listens on that port at {destination}; the network is fine.",
    ),
    Row(
        Kind.REPLY_LOST,
        "destination: ACCEPT egress of the reply; source: no record of it",
        _reply_lost,
        "The reply left {destination} and never reached {source}, without a REJECT: it is dropped on the way back, by "
        "a route or a gateway, or it takes another way.",
        "reply",
    ),
    Row(
        Kind.ACCEPT_ONLY,
        "ACCEPT both ways",
        lambda view: view.accepted("reply"),
        "Only ACCEPT, both ways: the network lets it through.",
    ),
    Row(
        Kind.SKIPDATA,
        "SKIPDATA where a record is missing",
        _gap_in_the_log,
        "SKIPDATA: records were lost in this window, so that none is there proves nothing; recreate the flow log, or "
        "shorten its aggregation interval to 60 seconds, and ask again.",
    ),
    Row(
        Kind.HOST_SILENT,
        "destination: ACCEPT ingress, and no reply",
        lambda view: view.arrived.accept is not None,
        "ACCEPT on the way in at {destination} and nothing came back from it: the host does not answer. Its own "
        "firewall drops it, nothing listens, or it replies by another interface.",
    ),
    Row(
        Kind.NO_FLOW_LOG,
        "no flow log where it would be recorded",
        _nowhere_logged,
        "No flow log covers {unlogged}, so the logs cannot say what happens there.",
    ),
    Row(
        Kind.DROPPED_BETWEEN,
        "source: ACCEPT egress; destination: no record, and its log is on",
        _dropped_between,
        "ACCEPT as it leaves {source}, and no record of it at {destination}, whose log is on: it is dropped in "
        "between, where nothing says REJECT: a route, a gateway, a peering, a firewall.",
        "forward",
    ),
    Row(
        Kind.NO_REPLY,
        "ACCEPT forward, no reply, and the destination is not in the logs",
        lambda view: view.accepted("forward"),
        "ACCEPT on the way out, and no reply came back; what happened beyond is not in these logs.",
    ),
    Row(
        Kind.NOT_DELIVERED,
        "no record, and the window is younger than the delivery",
        lambda view: not view.places_now and view.sightings.not_delivered_yet,
        "The records of this window may not have been delivered yet, so their absence proves nothing: ask again in a "
        "quarter of an hour.",
    ),
    Row(
        Kind.NODATA,
        "source: NODATA only",
        _idle_source,
        "NODATA at {source}: no packet used its interface in this window, so nothing was sent, or it never left the "
        "host.",
    ),
    Row(
        Kind.NODATA,
        "destination: NODATA only, and the source is not in the logs",
        _idle_destination,
        "NODATA at {destination}: no packet reached its interface in this window.",
    ),
    Row(
        Kind.NO_RECORDS,
        "no record of the conversation",
        lambda _: True,
        "No record of this conversation in the window: it was not tried, or it was dropped before an interface "
        "that is logged.",
    ),
)
"""The decision table, in order: the first row that holds is the pattern."""
