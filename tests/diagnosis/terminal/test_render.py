"""The page of an answer, compared letter by letter with the golden texts beside this file.

Set REGENERATE_GOLDEN=1 to write them anew; read the difference before you keep it.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

import pytest

from diagnosis.answer import Answer, Exposure, NewlyReachable, Unseen
from diagnosis.terminal.limits import iam_action
from diagnosis.terminal.render import render
from diagnosis.terminal.safe_text import cells
from tests.diagnosis.terminal.answers import (
    ANSWERS,
    BLOCKED_BY_GROUP,
    BY_REFERENCE,
    HOSTILE,
    INTERNET_EGRESS,
    LONG_WAY,
    ORDERS_GROUP,
    PARTLY,
    REACHABLE,
    REJECTED,
    TWO_CAUSES,
    UNKNOWN,
)

GOLDEN = Path(__file__).parent / "golden"
SGR = re.compile(r"\x1b\[[0-9;]*m")
EXPLAINED = ("blocked_by_group", "two_causes", "unknown", "reachable")


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("REGENERATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def is_command(line: str) -> bool:
    return line.strip().removeprefix("undo: ").startswith("aws ")


@pytest.mark.parametrize("name", ANSWERS)
def test_page_is_the_golden_one(name: str) -> None:
    assert_golden(name, render(ANSWERS[name], colour=False, explain=False))


@pytest.mark.parametrize("name", EXPLAINED)
def test_explained_page_is_the_golden_one(name: str) -> None:
    assert_golden(f"{name}.explained", render(ANSWERS[name], colour=False, explain=True))


def test_coloured_page_is_the_golden_one() -> None:
    text = render(TWO_CAUSES, colour=True, explain=False)

    assert_golden("two_causes.coloured", text.replace("\x1b", "␛"))


@pytest.mark.parametrize("width", [80, 100, 132])
@pytest.mark.parametrize("name", ANSWERS)
def test_no_line_but_a_command_is_wider_than_the_page(name: str, width: int) -> None:
    for explain in (False, True):
        text = render(ANSWERS[name], width=width, colour=False, explain=explain)
        wide = [line for line in text.split("\n") if cells(line) > width and not is_command(line)]

        assert wide == []


@pytest.mark.parametrize("name", ANSWERS)
def test_page_without_its_colours_is_the_plain_page(name: str) -> None:
    for explain in (False, True):
        coloured = render(ANSWERS[name], colour=True, explain=explain)

        assert SGR.sub("", coloured) == render(ANSWERS[name], colour=False, explain=explain)


@pytest.mark.parametrize("name", ANSWERS)
def test_lines_carry_no_spaces_at_their_ends(name: str) -> None:
    lines = render(ANSWERS[name], colour=False, explain=True).split("\n")

    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_but_our_own_colours_and_line_breaks_is_a_control(name: str) -> None:
    text = SGR.sub("", render(ANSWERS[name], colour=True, explain=True)).replace("\n", "")

    assert [character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co")] == []


def test_hostile_name_cannot_start_a_line_of_its_own() -> None:
    """A tag with a line break in it might otherwise fake a verdict, or a command that gets copied."""
    text = render(HOSTILE, colour=False, explain=True)

    assert not [line for line in text.split("\n") if line.lstrip().startswith("root@")]
    assert "␛[2J" in text


def test_common_case_fits_on_one_screen() -> None:
    assert render(BLOCKED_BY_GROUP, colour=False, explain=False).count("\n") <= 30


def test_commands_and_their_undo_stand_whole_on_one_line() -> None:
    lines = [line.strip() for line in render(TWO_CAUSES, colour=True, explain=False).split("\n")]
    fix = TWO_CAUSES.fixes[0]

    assert [line for line in lines if line.startswith("aws ")] == list(fix.commands)
    assert [SGR.sub("", line).removeprefix("undo: ") for line in lines if "undo" in line] == list(fix.undo)


@pytest.mark.parametrize("answer", [BLOCKED_BY_GROUP, TWO_CAUSES, INTERNET_EGRESS])
def test_as_if_it_had_passed_is_said_once(answer: Answer) -> None:
    assert render(answer, colour=False, explain=False).count("as if it had passed") == 1


@pytest.mark.parametrize("answer", [REACHABLE, PARTLY, UNKNOWN])
def test_as_if_it_had_passed_is_not_said_where_nothing_breaks(answer: Answer) -> None:
    assert "as if it had passed" not in render(answer, colour=False, explain=False)


def test_what_lies_beyond_a_break_is_dim_and_a_second_break_is_not() -> None:
    text = render(TWO_CAUSES, colour=True, explain=False)

    assert "\x1b[2mdata-acl, data-routes" in text
    assert "\x1b[31mapp-acl" in text


def test_broken_line_shows_its_explanation_code() -> None:
    lines = render(BLOCKED_BY_GROUP, colour=False, explain=False).split("\n")

    assert [line for line in lines if "✗ orders-db" in line and line.endswith("ENI_SG_RULES_MISMATCH")]


def test_unknown_step_is_marked_with_a_question_mark() -> None:
    lines = render(UNKNOWN, colour=False, explain=False).split("\n")

    assert [line for line in lines if line.lstrip().startswith("?") and "subnet-0b…b2b2" in line]


def test_refused_call_names_the_permission_that_would_show_it() -> None:
    text = " ".join(render(UNKNOWN, colour=False, explain=False).split())

    assert "an account admin can grant ec2:DescribeRouteTables" in text
    assert "an account admin can grant rds:DescribeDBInstances" in text


def test_absent_file_asks_for_no_permission() -> None:
    gone = UNKNOWN.model_copy(
        update={"unseen": (Unseen(call="ec2.describe_subnets", error="absent from the snapshot"),), "advice": ()}
    )

    assert "grant" not in render(gone, colour=False, explain=False)


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("ec2.describe_route_tables", "ec2:DescribeRouteTables"),
        ("elbv2.describe_target_health", "elasticloadbalancing:DescribeTargetHealth"),
        ("rds.describe_db_clusters", "rds:DescribeDBClusters"),
        ("the peer's account", None),
    ],
)
def test_iam_action_of_a_call(call: str, action: str | None) -> None:
    assert iam_action(call) == action


def test_long_leg_folds_to_ten_lines() -> None:
    text = render(LONG_WAY, colour=False, explain=False)
    leg = text[text.index("  there") : text.index("  back")]

    assert leg.count("\n") == 10
    assert "5 more pass" in leg


def test_two_ids_that_would_look_the_same_keep_more_of_their_ends() -> None:
    answer = REACHABLE.model_copy(update={"headline": f"Neither {ORDERS_GROUP} nor sg-0f1e99999999990d2 drops it."})
    text = render(answer, colour=False, explain=False)

    assert "Neither sg-0f1e…a690d2 nor sg-0f1e…9990d2 drops it." in text


def test_groups_of_one_interface_are_one_blocker() -> None:
    text = " ".join(render(ANSWERS["ipv6_groups"], colour=False, explain=False).split())

    assert "must be repaired" not in text
    assert "a rule in any one of these groups is enough" in text


def test_exposure_is_listed_pair_by_pair_when_explained() -> None:
    text = render(BLOCKED_BY_GROUP, colour=False, explain=True)

    assert "opens sg-03aa…7c1e → eni-0d…0002 tcp 3306 (3 pairs)" in text


def test_exposure_without_a_sentence_is_listed_and_what_is_left_out_is_counted() -> None:
    opened = tuple(
        NewlyReachable(source=f"10.0.{number}.0/24", destination="orders-db", protocol="tcp", ports="all", count=1)
        for number in range(8)
    )
    fix = BY_REFERENCE.model_copy(update={"exposure": Exposure(text="", newly_reachable=opened, at_least=True)})
    text = render(BLOCKED_BY_GROUP.model_copy(update={"fixes": (fix,)}), colour=False, explain=False)

    assert "opens 10.0.4.0/24 → orders-db tcp all" in text
    assert "and 3 more" in text
    assert "this is the least that it opens" in text


def test_command_in_advice_stands_whole_on_its_own_line() -> None:
    lines = [line.strip() for line in render(ANSWERS["no_flow_logs"], colour=False, explain=False).split("\n")]

    assert [line for line in lines if line.startswith("aws ec2 create-flow-logs") and line.endswith("123456789012")]


def test_counts_are_said_once_where_a_sentence_gives_them() -> None:
    assert render(BLOCKED_BY_GROUP, colour=False, explain=False).count("412 REJECT") == 1


def test_counts_are_said_where_no_sentence_gives_them() -> None:
    logs = REJECTED.model_copy(update={"sentences": (), "rejects": 41_203})
    answer = BLOCKED_BY_GROUP.model_copy(
        update={"evidence": BLOCKED_BY_GROUP.evidence.model_copy(update={"flow_logs": logs})}
    )

    assert "41,203 REJECT, 0 ACCEPT" in render(answer, colour=False, explain=False)


def test_explaining_adds_below_and_keeps_the_page_above() -> None:
    short = render(REACHABLE, colour=False, explain=False)

    assert render(REACHABLE, colour=False, explain=True).startswith(short)


def test_nothing_known_still_gives_a_page() -> None:
    """A party that was not found leaves no path, no evidence and no fix."""
    bare = Answer(
        question=BLOCKED_BY_GROUP.question,
        window=BLOCKED_BY_GROUP.window,
        verdict="unknown",
        headline="10.0.1.10 lies outside everything seen.",
    )
    text = render(bare, colour=False, explain=True)

    assert text.startswith("? Unknown   10.0.1.10 → rds   tcp 3306\n")
    assert "configuration of an unknown time · no flow logs read · nothing unseen" in text


def test_an_explanation_code_that_is_in_no_table_passes_through_as_text() -> None:
    code = "QUANTUM_GATEWAY_DECOHERED"
    causes = tuple(cause.model_copy(update={"code": code}) for cause in BLOCKED_BY_GROUP.causes)
    hops = tuple(
        hop.model_copy(update={"steps": tuple(step.model_copy(update={"code": None}) for step in hop.steps)})
        for hop in BLOCKED_BY_GROUP.path_forward
    )
    answer = BLOCKED_BY_GROUP.model_copy(update={"causes": causes, "path_forward": hops})

    assert code in render(answer, colour=False, explain=False)
    assert [cause["code"] for cause in answer.model_dump(mode="json")["causes"]] == [code]
    assert Answer.model_validate(answer.model_dump()).causes == causes
