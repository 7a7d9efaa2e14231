"""The answer to a reverse question: all that can reach a party, or that it can reach. JSON of the public contract."""

from __future__ import annotations

from typing import Literal

from diagnosis.answer import Cause, SnapshotFacts, Unseen, Verdict
from diagnosis.json_value import JsonValue
from diagnosis.question.question import Question


class Member(JsonValue):
    """One of several that behave alike."""

    id: str
    name: str | None = None
    address: str | None = None


class ReachGroup(JsonValue):
    """Parties that behave alike towards the target of a reverse question."""

    kind: Literal["interfaces", "internet", "on-premises"]
    name: str
    """In words: "app-a, web-tier", "the internet"."""
    subnet: str | None = None
    groups: tuple[str, ...] = ()
    route_table: str | None = None
    count: int
    """How many interfaces; 0 for the internet and on-premises ranges."""
    members: tuple[Member, ...] = ()
    ranges: tuple[str, ...] = ()
    """CIDRs that get through, for the internet and on-premises ranges."""
    verdict: Verdict
    traffic: str = ""
    """What gets through: "tcp 3306"."""
    decided_by: str = ""
    """The rule that lets it in, or the first that stops it, in words."""
    causes: tuple[Cause, ...] = ()
    unseen: tuple[Unseen, ...] = ()


class WhoAnswer(JsonValue):
    """Everything that can reach a party, or that it can reach."""

    question: Question
    target: str
    direction: Literal["to", "from"]
    """`to`: what can reach the target; `from`: what the target can reach."""
    headline: str
    groups: tuple[ReachGroup, ...] = ()
    caveats: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    snapshot: SnapshotFacts = SnapshotFacts()
