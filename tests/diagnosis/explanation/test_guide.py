"""The six steps and the branch, read off a finished answer."""

from __future__ import annotations

import pytest

from diagnosis.answer import Answer, Step
from diagnosis.explanation.decision import (
    ACCEPT_THEN_REJECT,
    CHANGED_SINCE,
    LETS_THROUGH,
    LOOK_AT_HOST,
    NEVER_SENT,
    REPAIR_ACL,
    REPAIR_GROUP,
    REPAIR_ROUTE,
    SHOW_IT,
    Allows,
    Record,
)
from diagnosis.explanation.guide import Aspect, aspect_of, facts_of, guide_steps, with_guide
from tests.diagnosis.terminal.answers import (
    ANSWERS,
    BLOCKED_BY_GROUP,
    INTERNET_EGRESS,
    NO_FLOW_LOGS,
    ORDERS_GROUP,
    PARTLY,
    REACHABLE,
    REJECTED,
    TWO_CAUSES,
    UNKNOWN,
)


def seen(answer: Answer, **counts: object) -> Answer:
    logs = REJECTED.model_copy(update={"sentences": (), **counts})
    return answer.model_copy(update={"evidence": answer.evidence.model_copy(update={"flow_logs": logs})})


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_has_the_six_steps_each_with_something_found(name: str) -> None:
    guided = with_guide(ANSWERS[name])

    assert [step.letter for step in guided.guide] == list("ABCDEF")
    assert all(step.found for step in guided.guide)
    assert guided.branch


@pytest.mark.parametrize(
    ("answer", "outcomes"),
    [
        (BLOCKED_BY_GROUP, {REPAIR_GROUP}),
        (TWO_CAUSES, {REPAIR_GROUP, REPAIR_ACL}),
        (PARTLY, {REPAIR_ACL, ACCEPT_THEN_REJECT}),
        (INTERNET_EGRESS, {REPAIR_ROUTE}),
        (UNKNOWN, {SHOW_IT}),
        (REACHABLE, {LOOK_AT_HOST}),
        (NO_FLOW_LOGS, {REPAIR_GROUP}),
        (seen(REACHABLE, rejects=0, accepts=0), {NEVER_SENT}),
        (seen(REACHABLE, rejects=9, accepts=0), {CHANGED_SINCE}),
        (REACHABLE.model_copy(update={"evidence": NO_FLOW_LOGS.evidence}), {LETS_THROUGH}),
    ],
)
def test_branch_ends_at_what_is_to_be_done(answer: Answer, outcomes: set[str]) -> None:
    assert outcomes <= set(with_guide(answer).branch)


def test_only_what_was_not_seen_is_not_seen() -> None:
    facts = facts_of(UNKNOWN)

    assert (facts.group, facts.acl, facts.route) == (Allows.YES, Allows.YES, Allows.NOT_SEEN)


def test_no_path_at_all_leaves_everything_unseen() -> None:
    facts = facts_of(UNKNOWN.model_copy(update={"path_forward": (), "path_return": (), "unseen": ()}))

    assert {facts.group, facts.acl, facts.route} == {Allows.NOT_SEEN}


def test_rejects_before_the_last_accept_are_history() -> None:
    answer = seen(REACHABLE, accepts=5, last_accept="2026-11-22T14:04:00Z")

    assert facts_of(answer).record is Record.ACCEPTED


def test_steps_name_the_rule_sets_that_were_checked() -> None:
    found = {step.letter: "\n".join(step.found) for step in guide_steps(TWO_CAUSES)}

    assert f"orders-db ({ORDERS_GROUP}): no rule, drops it" in found["D"]
    assert "app-acl" in found["E"]
    assert "10.0.0.0/16 → local" in found["F"]
    assert "refused inbound on the way back" in found["C"]


def test_without_logs_step_b_says_so() -> None:
    assert guide_steps(NO_FLOW_LOGS)[1].found == ("no flow logs were read: the configuration alone is judged",)


@pytest.mark.parametrize(
    ("kind", "component", "aspect"),
    [
        ("security-group", "anything", "group"),
        ("network-acl", None, "acl"),
        ("filter", "acl-0a1", "acl"),
        ("route-table", "rtb-0a1", "route"),
        ("nat-gateway", "nat-0a1", "route"),
    ],
)
def test_which_check_a_step_belongs_to(kind: str, component: str | None, aspect: Aspect) -> None:
    assert aspect_of(Step(kind=kind, component=component, disposition="passed")) == aspect
