"""The demo: the main job on the embedded account, and the proof that the fix works on the model."""

from __future__ import annotations

import re
import shlex
import sys
import time
from pathlib import Path

import pytest

from diagnosis.demo import QUESTION
from diagnosis.snapshots.embedded_account import flow_logs_folder, snapshot_folder
from tests.program import run, start

ROOT = Path(__file__).parents[2]


def test_the_demo_shows_the_verdict_the_evidence_the_fix_and_the_proof_and_exits_0() -> None:
    ran = run("demo")

    assert (ran.status, ran.err) == (0, "")
    before, _, after = ran.out.partition("The same question after fix 1 on the model")
    assert before.startswith(f'$ whynot ask "{QUESTION}"\n')
    assert "✗ Blocked" in before
    assert "ENI_SG_RULES_MISMATCH" in before
    assert re.search(r"\d+ REJECT", before)
    assert ".log.gz:" in before
    assert "proven: reachable" in before
    assert "undo: aws ec2 revoke-security-group-ingress" in before
    assert "✓ Reachable" in after
    assert "✗" not in after


def test_the_fix_that_is_applied_is_the_first_one_shown() -> None:
    out = run("demo").out

    [first, *_] = re.findall(r"^ +(aws ec2 .*)$", out, re.MULTILINE)
    assert shlex.split(first)[2] == "authorize-security-group-ingress"
    assert f"after fix 1 on the model ({first}):" in out


def test_what_the_demo_answers_is_what_ask_answers() -> None:
    answer = run("ask", QUESTION, "--snapshot", str(snapshot_folder()), "--flow-logs", str(flow_logs_folder()))

    assert answer.status == 1
    assert answer.out.rstrip("\n") in run("demo").out


def test_explain_adds_the_steps_and_the_diagram() -> None:
    assert len(run("demo", "--explain").out) > len(run("demo").out) + 500


def test_the_demo_has_80_columns_and_no_escape_codes() -> None:
    for ran in (run("demo"), run("demo", "--explain")):
        assert "\x1b" not in ran.out
        copied = ("aws ", 'resource "aws_')
        long = [line for line in ran.out.splitlines() if len(line) > 80]
        assert [line for line in long if not any(words in line for words in copied)] == []


def test_two_runs_print_the_same_and_say_how_long_they_took(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = []
    for seed in ("1", "2"):
        began = time.monotonic()
        found.append(start("demo", env={"PYTHONHASHSEED": seed, "TZ": f"UTC+{seed}"}, cwd=tmp_path))
        with capsys.disabled():
            sys.stdout.write(f"\nwhynot demo: {time.monotonic() - began:.2f} s wall\n")

    assert found[0].status == 0
    assert found[0].out == found[1].out == run("demo").out


def test_make_demo_runs_it() -> None:
    recipe = re.search(r"^demo:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert recipe is not None
    assert "whynot demo" in recipe[1]
