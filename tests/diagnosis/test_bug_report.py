"""A report of a wrong answer holds what is needed to see the same again, and nothing else of the account."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from diagnosis.answer import Answer
from diagnosis.bug_report import pack
from diagnosis.explanation.reduction import reduced
from diagnosis.investigate import Asked, investigate
from diagnosis.network.build import build
from diagnosis.question.parse import parse
from diagnosis.snapshots.embedded_account import snapshot_folder
from diagnosis.snapshots.read import read_snapshot
from diagnosis.snapshots.write import write_snapshot
from tests.case_folder import Case, all_cases

SOME = all_cases()[::6]


def answered(folder: Path, question: str) -> tuple[Any, Answer]:
    described = read_snapshot(folder)
    answer = investigate(build(described), Asked(parse(question)), None)
    assert isinstance(answer, Answer)
    return described, answer


@pytest.mark.parametrize("case", SOME, ids=lambda case: case.name)
def test_the_report_of_any_case_gives_its_verdict_again(case: Case, tmp_path: Path) -> None:
    described, answer = answered(case.account, case.question)

    packed = pack("why", answer, "it works for me", described, write_snapshot)

    with zipfile.ZipFile(io.BytesIO(packed.content)) as file:
        file.extractall(tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    assert packed.same
    assert report["comment"] == "it works for me"
    assert answered(tmp_path / "account", case.question)[1].verdict == answer.verdict


def test_what_the_path_has_nothing_to_do_with_is_left_out() -> None:
    described, answer = answered(snapshot_folder(), "why can't 10.0.1.10 reach 10.0.2.20 on 3306")

    part = reduced(described, answer)

    def names(answers: Any) -> set[str]:
        found = [i for body in answers.values() for i in body.get("NetworkInterfaces") or ()]
        return {interface["PrivateIpAddress"] for interface in found}

    assert names(part.answers) == {"10.0.1.10", "10.0.2.20"}
    assert len(names(described.answers)) > 10


def test_secrets_in_a_comment_are_masked() -> None:
    described, answer = answered(snapshot_folder(), "why can't 10.0.1.10 reach 10.0.2.20 on 3306")

    packed = pack("why", answer, "my key is AKIAIOSFODNN7EXAMPLE", described, write_snapshot)

    with zipfile.ZipFile(io.BytesIO(packed.content)) as file:
        assert b"AKIA" not in file.read("report.json")


def test_an_account_that_is_another_by_now_is_left_out() -> None:
    _, answer = answered(snapshot_folder(), "why can't 10.0.1.10 reach 10.0.2.20 on 3306")
    other = read_snapshot(next(case.account for case in all_cases() if case.name == "rds-by-group-reference"))

    assert not pack("why", answer, "", other, write_snapshot).same
