"""The oracle: a kernel carries real packets through random accounts, and the engine says which of them arrive.

Everything that needs namespaces runs in a process of its own (`python -m tests.kernel`), never in that of the tests.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests import depth
from tests.kernel.__main__ import SKIPPED
from tests.kernel.case_files import read_case, write_case
from tests.kernel.random_account import random_account
from tests.kernel.random_probes import random_probes
from tests.kernel.world import random_world

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NEEDS = pytest.mark.needs_tool("ip", "nft")


def oracle(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the oracle; skips the test, saying why, where this machine permits no namespaces."""
    command = [sys.executable, "-m", "tests.kernel", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    if done.returncode == SKIPPED:
        pytest.skip(done.stdout.strip().removeprefix("skipped: "))
    return done


@NEEDS
def test_the_engine_agrees_with_a_kernel_on_random_accounts(tmp_path: Path) -> None:
    done = oracle("--flows", str(depth.of(600, 2000)), "--seed", "1", "--seconds", "50", "--dump", str(tmp_path))

    assert done.returncode == 0, done.stdout + done.stderr
    compared = re.match(r"(\d+) flows over \d+ worlds: (\d+) reachable, 0 disagreements", done.stdout)
    assert compared is not None, done.stdout
    # A slow machine compares fewer in its 50 seconds; a lab in which nothing gets through compares nothing.
    assert int(compared[1]) >= 300
    assert int(compared[2]) >= int(compared[1]) // 8


@NEEDS
def test_the_kernel_notices_an_engine_that_overlooks_network_acls(tmp_path: Path) -> None:
    done = oracle("--flows", "200", "--seed", "1", "--control", "--dump", str(tmp_path))

    assert done.returncode == 1, done.stdout + done.stderr
    assert "kernel: no answer" in done.stdout
    [case, *_] = sorted(tmp_path.iterdir())
    assert oracle("--replay", str(case)).returncode == 0


@NEEDS
def test_account_flow_log_and_truth_of_a_case_belong_together(tmp_path: Path) -> None:
    """What a group or a network ACL dropped is a REJECT of that interface, and what came home is no REJECT anywhere."""
    oracle("--flows", "120", "--seed", "4", "--write", str(tmp_path / "cases"), "--dump", str(tmp_path / "dump"))

    cases = sorted((tmp_path / "cases").iterdir())
    assert len(cases) == 2
    for case in cases:
        rejected = {
            tuple(fields[5:8])
            for fields in map(str.split, (case / "flow-logs" / "records.log").read_text(encoding="utf-8").splitlines())
            if fields[12] == "REJECT"
        }
        truths = [json.loads(line) for line in (case / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
        _, probes = read_case(case)
        for probe, truth in zip(probes, truths, strict=True):
            if probe.protocol not in {6, 17} or not all(filtered["filter"] == "group" for filtered in truth["dropped"]):
                continue
            ports = (str(probe.source_port), str(probe.port), str(probe.protocol))
            assert (ports in rejected) is bool(truth["dropped"]), (probe, truth)


def test_the_same_seed_makes_the_same_account_and_connections() -> None:
    def case() -> object:
        random = Random("a seed")
        world = random_world(random)
        account = random_account(random, world)
        return account, random_probes(random, account, 40)

    assert case() == case()


def test_a_written_case_is_read_back_as_it_was(tmp_path: Path) -> None:
    random = Random(5)
    account = random_account(random, random_world(random))
    probes = random_probes(random, account, 10)

    write_case(tmp_path, account, probes)

    assert read_case(tmp_path) == (account, probes)


def test_the_lab_uses_nothing_of_the_engine() -> None:
    """Whatever both are made from could be wrong in both: only the comparison knows the engine."""
    users = {
        path.name
        for path in HERE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {"diagnosis", "bot"}
    }

    assert users == {"comparison.py"}
