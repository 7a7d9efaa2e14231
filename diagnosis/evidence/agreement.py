"""Whether the configuration and the flow logs agree, and where they do not, the likely reason."""

from __future__ import annotations

from typing import Final, Literal

from diagnosis.evidence.patterns import LOST, PASSING, REJECTING, Kind, Pattern
from diagnosis.evidence.records import iso

Verdict = Literal["reachable", "blocked", "partly", "unknown"]

NO_LOGS: Final = "No flow logs were read, so the configuration is the only witness."
DIFFER: Final = "They differ: "
_ABSENT: Final = "The logs neither agree nor disagree: "


def agreement(verdict: Verdict, pattern: Pattern | None, *, refused_by_rule: bool = True) -> str:
    """Say in a sentence or two whether the two witnesses agree.

    `refused_by_rule` is whether a blocked verdict rests on a group or an ACL, whose refusals are logged as REJECT; a
    route or a gateway drops without a record. The configuration is of now, the logs are of their window.
    """
    if pattern is None:
        return NO_LOGS
    if pattern.kind in REJECTING:
        return _rejected(verdict, pattern)
    if pattern.kind in PASSING:
        return _passed(verdict, pattern)
    if pattern.kind in LOST:
        return _lost(verdict, pattern, refused_by_rule=refused_by_rule)
    return _nothing_seen(verdict, pattern)


def _rejected(verdict: Verdict, pattern: Pattern) -> str:
    began = f" ACCEPT until {iso(pattern.accepted_until)}: the rule changed then." if pattern.accepted_until else ""
    match verdict:
        case "blocked":
            return "Configuration and logs agree: both say it is refused." + began
        case "partly":
            return "Configuration and logs agree: some of it is refused." + began
        case "reachable":
            return (
                f"{DIFFER}the logs say REJECT, but the configuration lets it through now. The rules were changed "
                "since; ask again once newer records have arrived, about 15 minutes after the change."
            )
        case "unknown":
            return "The logs say REJECT; the configuration was not seen whole, so it cannot be compared." + began


def _passed(verdict: Verdict, pattern: Pattern) -> str:
    match verdict, pattern.kind:
        case "reachable", Kind.HOST_SILENT:
            return (
                "Configuration and logs agree that the network delivers it. The host does not answer: look at the "
                "firewall on the host, and whether anything listens on the port."
            )
        case "reachable", Kind.PORT_CLOSED:
            return "Configuration and logs agree that the network delivers it. The host refuses: nothing listens there."
        case "reachable", Kind.CONNECTION_TAIL:
            return (
                "Configuration and logs agree that new connections pass; the rejects are the rest of old ones. Look at "
                "idle time-outs and keep-alives on the host."
            )
        case "reachable", _:
            since = f" REJECT ended {iso(pattern.accepted_since)}: it was repaired." if pattern.accepted_since else ""
            return (
                "Configuration and logs agree: it gets through, both ways. If it still times out, look at the host, "
                "not the network." + since
            )
        case "partly", _:
            return "They agree as far as they can: the logs hold what got through, and only some of it is refused."
        case "blocked", _:
            return (
                f"{DIFFER}the logs say ACCEPT, but the configuration blocks it now. The configuration was changed "
                "since, or connections that were open before the change still pass."
            )
        case _:
            return "The logs say ACCEPT; the configuration was not seen whole, so it cannot be compared."


def _lost(verdict: Verdict, pattern: Pattern, *, refused_by_rule: bool) -> str:
    where = "on the way back" if pattern.kind is Kind.REPLY_LOST else "on the way"
    match verdict:
        case "blocked" | "partly" if not refused_by_rule:
            return f"Configuration and logs agree: it is dropped {where}, by something that leaves no REJECT."
        case "blocked" | "partly":
            return (
                "They do not contradict each other: the logs show it leaving and not arriving, and the interface that "
                "would record the REJECT is not in these logs, or its record has not arrived yet."
            )
        case "reachable":
            return (
                f"{DIFFER}the configuration lets it through, but the logs show it leaving and not coming back. "
                "Something that the configuration does not show drops it (a firewall, a host, another account), or it "
                "was changed since."
            )
        case "unknown":
            return f"The logs show that it is dropped {where}, where the configuration was not seen."


def _nothing_seen(verdict: Verdict, pattern: Pattern) -> str:
    match pattern.kind:
        case Kind.NO_FLOW_LOG:
            return f"{_ABSENT}no flow log covers the interfaces, so there is no record of it."
        case Kind.SKIPDATA:
            return f"{_ABSENT}records were lost (SKIPDATA), so that there is none proves nothing."
        case Kind.NOT_DELIVERED:
            return f"{_ABSENT}the records of this window may not have been delivered yet."
        case Kind.NODATA if verdict == "reachable":
            return "They do not contradict each other: it would get through, but NODATA says that nothing was sent."
        case Kind.NODATA:
            return f"{_ABSENT}NODATA says that nothing was sent while the interface was logged."
        case _:
            return f"{_ABSENT}there is no record of this conversation in the window."
