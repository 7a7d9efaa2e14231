"""A second opinion on the page: what AWS says, both reasonings where they differ, nothing a terminal would obey."""

from __future__ import annotations

from diagnosis.answer import Answer
from diagnosis.terminal.opinion import render_opinion
from diagnosis.testimony import Evidence, Opinion, OpinionReason
from tests.diagnosis.terminal.answers import ANSWERS

DISAGREES = Opinion(
    state="succeeded",
    reachable=True,
    agrees=False,
    text="AWS disagrees: Reachability Analyzer finds a path, and by the trace it is blocked.",
    ours=("orders-db's security group sg-0f1e2d3c4b5a690d2 has no inbound rule for tcp 3306 from 10.0.1.10.",),
    theirs=("It finds a path.",),
    reasons=(
        OpinionReason(code="CANNOT_ROUTE", standing="alternative", text="rtb-0a1 has a route that does not cover it."),
    ),
    caveats=("The path crosses Availability Zones.",),
    region="us-east-1",
    cost_usd=0.1,
)


def page(opinion: Opinion) -> str:
    answer: Answer = ANSWERS["blocked_by_group"].model_copy(update={"evidence": Evidence(second_opinion=opinion)})
    return render_opinion(answer, width=80, colour=False)


def test_both_reasonings_stand_below_each_other() -> None:
    assert page(DISAGREES) == (
        "  AWS    AWS disagrees: Reachability Analyzer finds a path, and by the trace it\n"
        "         is blocked.\n"
        "         by the trace: orders-db's security group sg-0f1e…90d2 has no inbound\n"
        "         rule for tcp 3306 from 10.0.1.10.\n"
        "         by AWS: It finds a path.\n"
        "         CANNOT_ROUTE: rtb-0a1 has a route that does not cover it.\n"
        "         The path crosses Availability Zones.\n"
        "         VPC Reachability Analyzer, 1 analysis in us-east-1 ($0.10)\n"
    )


def test_what_a_tag_says_is_no_command_to_the_terminal() -> None:
    hostile = "\x1b]0;owned\x07\x1b[2Jweb\u202e\r\nnext"
    opinion = DISAGREES.model_copy(update={"text": hostile, "theirs": (hostile,), "caveats": (hostile,)})

    shown = page(opinion)

    assert not set(shown) & {"\x1b", "\x07", "\r", "\u202e"}
    assert max(len(row) for row in shown.splitlines()) <= 80


def test_without_an_opinion_there_is_nothing_to_show() -> None:
    assert render_opinion(ANSWERS["blocked_by_group"], width=80, colour=False) == ""
