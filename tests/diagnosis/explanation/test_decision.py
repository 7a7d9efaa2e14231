"""The decision diagram is a tree that ends, and every case takes one way through it."""

from __future__ import annotations

from itertools import product

import pytest

from diagnosis.explanation.decision import (
    ACCEPT,
    ACL_ALLOWS,
    DIAGRAM,
    GROUP_ALLOWS,
    INBOUND,
    IS_THERE_A_RECORD,
    LOGS_AGREE,
    LOOK_AT_HOST,
    NO,
    NODES,
    REJECT,
    REJECT_OR_ACCEPT,
    REPAIR_ACL,
    REPAIR_GROUP,
    ROUTE_EXISTS,
    WHICH_DIRECTION,
    YES,
    Allows,
    DecisionFacts,
    Record,
    Refused,
    branch_taken,
)

EVERY_CASE = [DecisionFacts(*facts) for facts in product(Record, Allows, Allows, Allows, Refused)]


def test_every_branch_leads_to_a_later_question_or_ends_with_an_outcome() -> None:
    order = [node.question for node in DIAGRAM]
    for place, node in enumerate(DIAGRAM):
        for branch in node.branches:
            assert branch.next in order[place + 1 :] if branch.next else branch.outcome


def test_labels_of_questions_are_unique() -> None:
    assert len(NODES) == len(DIAGRAM)


def test_every_case_alternates_questions_answers_and_outcomes_of_the_diagram() -> None:
    for facts in EVERY_CASE:
        labels = list(branch_taken(facts))
        while labels:
            branch = NODES[labels.pop(0)].branch(labels.pop(0))
            if branch.outcome:
                assert labels.pop(0) == branch.outcome
            assert not labels or labels[0] == branch.next


def test_every_case_has_an_outcome() -> None:
    outcomes = {branch.outcome for node in DIAGRAM for branch in node.branches if branch.outcome}

    assert all(outcomes & set(branch_taken(facts)) for facts in EVERY_CASE)


def test_every_branch_of_the_diagram_is_taken_by_some_case() -> None:
    taken = {pair for facts in EVERY_CASE for pair in zip(branch_taken(facts), branch_taken(facts)[1:], strict=False)}

    assert {(node.question, branch.answer) for node in DIAGRAM for branch in node.branches} <= taken


def test_the_scenario_that_everybody_knows() -> None:
    """REJECT on 3306, inbound, no rule in the database's group: the group is to be repaired."""
    facts = DecisionFacts(Record.REJECTED, Allows.NO, Allows.YES, Allows.YES, Refused.INBOUND)

    assert branch_taken(facts) == (
        IS_THERE_A_RECORD, YES, REJECT_OR_ACCEPT, REJECT, WHICH_DIRECTION, INBOUND,
        GROUP_ALLOWS, NO, REPAIR_GROUP, ACL_ALLOWS, YES, ROUTE_EXISTS, YES,
    )  # fmt: skip


def test_one_blocker_does_not_hide_another() -> None:
    taken = branch_taken(DecisionFacts(Record.NOT_READ, Allows.NO, Allows.NO, Allows.YES))

    assert REPAIR_GROUP in taken
    assert REPAIR_ACL in taken
    assert LOGS_AGREE not in taken


def test_accept_and_a_clean_configuration_point_at_the_host() -> None:
    taken = branch_taken(DecisionFacts(Record.ACCEPTED, Allows.YES, Allows.YES, Allows.YES))

    assert taken[-3:] == (LOGS_AGREE, ACCEPT, LOOK_AT_HOST)


def test_an_answer_that_a_question_does_not_have_is_refused() -> None:
    with pytest.raises(KeyError):
        NODES[GROUP_ALLOWS].branch("perhaps")
