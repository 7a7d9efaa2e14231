"""The verdict in one line, and what qualifies it."""

from __future__ import annotations

from diagnosis.answer import Cause, Verdict
from diagnosis.explanation.unseen import permission
from diagnosis.network.coverage import Missing
from diagnosis.trace.codes import Code
from diagnosis.trace.trace import Trace

CONNTRACK = (
    "Connections that were open before a security-group rule was removed may keep working until they close or idle out."
)
GROUP_CODES = frozenset({Code.ENI_SG_RULES_MISMATCH, Code.SG_HAS_NO_RULES})
UNLOGGED = "Application, host firewall and DNS are not judged: the network is."


def headline(
    verdict: Verdict, causes: tuple[Cause, ...], parts: tuple[str, ...], gaps: list[Missing], what: str
) -> str:
    """The verdict in one sentence."""
    match verdict:
        case "blocked":
            count = blocker_count(causes)
            more = f" {count - 1} further cause{'s' if count > 2 else ''} below." if count > 1 else ""
            first = causes[0].text if causes else "nothing arrives."
            return f"{first}{more}"
        case "partly":
            return " ".join(parts) or (causes[0].text if causes else "Only a part of it passes.")
        case "reachable":
            return f"The configuration lets {what} through, there and back."
        case "unknown":
            if not gaps:
                return "What was seen is not enough to judge this."
            gap = gaps[0]
            who = f" Grant {permission(gap.call)} or add the answer of {gap.call} to see it." if gap.call else ""
            return f"{gap.reason[0].upper()}{gap.reason[1:]}.{who}"


def blocker_count(causes: tuple[Cause, ...]) -> int:
    """How many things stand in the way: the groups of one interface count as one."""
    keys = {
        (c.leg, c.direction, c.related) if c.any_of is not None else (c.leg, c.direction, c.component, c.rule, c.code)
        for c in causes
    }
    return len(keys)


def caveats(verdict: Verdict, traces: tuple[Trace, ...], notes: tuple[str | None, ...]) -> tuple[str, ...]:
    """What to keep in mind: what was taken for granted in finding the parties, and what no configuration shows."""
    found = [note for note in (*notes, *(told for t in traces for told in t.notes)) if note]
    if verdict == "blocked" and any(blocker.code in GROUP_CODES for t in traces for _, blocker in t.blockers()):
        found.append(CONNTRACK)
    if verdict == "reachable":
        found.append(UNLOGGED)
    return tuple(dict.fromkeys(found))
