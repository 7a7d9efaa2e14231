"""The decision diagram that network engineers follow by hand, as data, and the branch that the facts of one case take.

Questions are asked from top to bottom. Each answer leads to the next question, and some name an outcome on the way:
what to look at or repair. A case passes every later question as well, "as if it had passed", since one blocker may
hide another. The labels are what an answer's `branch` holds, in turn a question, the answer taken, and its outcome
where it names one; pictures and text drawings of the diagram are made from these same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, assert_never

IS_THERE_A_RECORD: Final = "Is there a flow log record?"
REJECT_OR_ACCEPT: Final = "REJECT or ACCEPT?"
WHICH_DIRECTION: Final = "Which direction was refused?"
GROUP_ALLOWS: Final = "Does a security group allow it?"
ACL_ALLOWS: Final = "Does the network ACL allow it, both ways?"
ROUTE_EXISTS: Final = "Is there a route there and back?"
LOGS_AGREE: Final = "The configuration lets it through. What do the logs say?"

YES: Final = "yes"
NO: Final = "no"
NO_RECORD: Final = "no record"
NOT_READ: Final = "not read"
NOT_SEEN: Final = "not seen"
REJECT: Final = "REJECT"
ACCEPT: Final = "ACCEPT"
ACCEPT_THEN_REJECT: Final = "ACCEPT, then REJECT"
INBOUND: Final = "inbound"
OUTBOUND: Final = "outbound"

REPAIR_GROUP: Final = "add the missing rule to the security group"
REPAIR_ACL: Final = "add the missing entry to the network ACL"
REPAIR_ROUTE: Final = "repair the route or the gateway"
SHOW_IT: Final = "unknown: show what was not seen, then ask again"
LOOK_AT_HOST: Final = "look at the host: its firewall, or nothing listens"
NEVER_SENT: Final = "nothing was sent, or it never left the sender"
CHANGED_SINCE: Final = "the rules were changed since"
LETS_THROUGH: Final = "reachable, as far as the configuration shows"


@dataclass(frozen=True, slots=True)
class Branch:
    """One answer to a question: what it means (`hint`) or what is to be done (`outcome`), and the next question."""

    answer: str
    next: str | None
    outcome: str | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One question of the diagram and every answer to it."""

    question: str
    branches: tuple[Branch, ...]

    def branch(self, answer: str) -> Branch:
        """The branch of an answer. Raises KeyError where the question has no such answer."""
        for branch in self.branches:
            if branch.answer == answer:
                return branch
        raise KeyError(answer)


def _judged(question: str, following: str, repair: str) -> Node:
    return Node(
        question,
        (
            Branch(YES, following),
            Branch(NO, following, outcome=repair),
            Branch(NOT_SEEN, following, outcome=SHOW_IT),
        ),
    )


DIAGRAM: Final[tuple[Node, ...]] = (
    Node(
        IS_THERE_A_RECORD,
        (
            Branch(YES, REJECT_OR_ACCEPT),
            Branch(NO_RECORD, GROUP_ALLOWS, hint="nothing left the interface, or records are lacking"),
            Branch(NOT_READ, GROUP_ALLOWS, hint="the configuration alone is judged"),
        ),
    ),
    Node(
        REJECT_OR_ACCEPT,
        (
            Branch(REJECT, WHICH_DIRECTION, hint="a group or an ACL refused it"),
            Branch(ACCEPT_THEN_REJECT, WHICH_DIRECTION, hint="the reply was refused: ACLs keep no state"),
            Branch(ACCEPT, GROUP_ALLOWS, hint="group and ACL let it in at that time"),
        ),
    ),
    Node(
        WHICH_DIRECTION,
        (
            Branch(INBOUND, GROUP_ALLOWS, hint="inbound rules of the receiver"),
            Branch(OUTBOUND, GROUP_ALLOWS, hint="outbound rules of the sender"),
            Branch(NOT_SEEN, GROUP_ALLOWS, hint="both are looked at"),
        ),
    ),
    _judged(GROUP_ALLOWS, ACL_ALLOWS, REPAIR_GROUP),
    _judged(ACL_ALLOWS, ROUTE_EXISTS, REPAIR_ACL),
    _judged(ROUTE_EXISTS, LOGS_AGREE, REPAIR_ROUTE),
    Node(
        LOGS_AGREE,
        (
            Branch(ACCEPT, None, outcome=LOOK_AT_HOST),
            Branch(REJECT, None, outcome=CHANGED_SINCE),
            Branch(NO_RECORD, None, outcome=NEVER_SENT),
            Branch(NOT_READ, None, outcome=LETS_THROUGH),
        ),
    ),
)
"""The questions from top to bottom; the first is where every case starts."""

NODES: Final[Mapping[str, Node]] = {node.question: node for node in DIAGRAM}


class Record(Enum):
    """What the flow logs hold of this traffic."""

    NOT_READ = NOT_READ
    NONE = NO_RECORD
    REJECTED = REJECT
    ACCEPTED = ACCEPT
    ACCEPTED_THEN_REJECTED = ACCEPT_THEN_REJECT


class Refused(Enum):
    """The direction in which a record was refused, seen from the interface that logged it."""

    INBOUND = INBOUND
    OUTBOUND = OUTBOUND
    NOT_SEEN = NOT_SEEN


class Allows(Enum):
    """Whether one kind of component lets all of the traffic pass, both ways where it keeps no state."""

    YES = YES
    NO = NO
    NOT_SEEN = NOT_SEEN


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """All that the diagram asks about one case."""

    record: Record
    group: Allows
    acl: Allows
    route: Allows
    refused: Refused = Refused.NOT_SEEN


def branch_taken(facts: DecisionFacts) -> tuple[str, ...]:
    """The way of one case through the diagram: in turn a question, its answer, and the outcome where there is one."""
    taken: list[str] = []
    question: str | None = IS_THERE_A_RECORD
    while question is not None and not (question == LOGS_AGREE and _settled(facts)):
        branch = NODES[question].branch(_answer(question, facts))
        taken += [question, branch.answer, *([branch.outcome] if branch.outcome else [])]
        question = branch.next
    return tuple(taken)


def _settled(facts: DecisionFacts) -> bool:
    """Whether the configuration has given an outcome already."""
    return any(allows is not Allows.YES for allows in (facts.group, facts.acl, facts.route))


def _answer(question: str, facts: DecisionFacts) -> str:
    if question == IS_THERE_A_RECORD:
        return facts.record.value if facts.record in (Record.NOT_READ, Record.NONE) else YES
    if question == LOGS_AGREE:
        return _said_by_logs(facts.record)
    asked: Mapping[str, Enum] = {
        REJECT_OR_ACCEPT: facts.record,
        WHICH_DIRECTION: facts.refused,
        GROUP_ALLOWS: facts.group,
        ACL_ALLOWS: facts.acl,
        ROUTE_EXISTS: facts.route,
    }
    return str(asked[question].value)


def _said_by_logs(record: Record) -> str:
    match record:
        case Record.REJECTED | Record.ACCEPTED_THEN_REJECTED:
            return REJECT
        case Record.ACCEPTED:
            return ACCEPT
        case Record.NONE:
            return NO_RECORD
        case Record.NOT_READ:
            return NOT_READ
        case _:
            assert_never(record)
