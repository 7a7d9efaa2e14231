"""What is not seen may make an answer unknown; it never turns blocked into reachable or back."""

from __future__ import annotations

import json
import random
from pathlib import Path, PurePosixPath

import pytest

from diagnosis.batch import judged
from diagnosis.network.build import build
from diagnosis.snapshots.read import read_snapshot
from diagnosis.snapshots.recognise import recognise
from tests.accounts import RESULT_KEYS, interface_ids
from tests.case_folder import Case, all_cases
from tests.diagnosis.trace.asking import ask, calls
from tests.random_accounts import random_account

SWITCHES = {
    "ec2.describe_flow_logs",
    "ec2.describe_instances",
    "ec2.describe_security_group_vpc_associations",
    "ec2.describe_vpc_attribute",
    "ec2.describe_vpc_block_public_access_exclusions",
    "ec2.describe_vpc_block_public_access_options",
    "ec2.describe_vpc_encryption_controls",
    "elb.describe_load_balancer_attributes",
    "elbv2.describe_load_balancer_attributes",
    "elbv2.describe_rules",
    "elbv2.describe_target_group_attributes",
}
"""Calls whose absence means AWS's default, and an assumption that the answer tells."""
NEEDED = sorted(set(RESULT_KEYS) - {"ec2.describe_instances"} | {"ec2.get_managed_prefix_list_entries"})


@pytest.mark.parametrize("call", NEEDED)
@pytest.mark.parametrize("seed", range(12))
def test_without_one_answer_a_verdict_stays_or_becomes_unknown_naming_the_call(seed: int, call: str) -> None:
    chance = random.Random(seed)
    account = random_account(seed)
    whole, less = account.network(), account.network(without=[call])
    enis = interface_ids(account)
    for _ in range(30):
        client, server = chance.sample(enis, 2)
        sides = [whole.interfaces[server], whole.interfaces[client]]
        near, far = (str_address(s.ipv4[0].private) for s in reversed(sides))
        source, destination = chance.choice(
            [(near, far), (client, server), (near, "203.0.113.80"), ("203.0.113.80", server), (client, "10.0.1.77")]
        )
        protocol, port = chance.choice([("tcp", 22), ("tcp", 443), ("tcp", 40000), ("icmp", None)])
        before = ask(whole, source, destination, protocol, port)

        after = ask(less, source, destination, protocol, port)

        assert after.verdict in (before.verdict, "unknown"), (source, destination, protocol, port, before.verdict)
        if before.verdict != "unknown" and after.verdict == "unknown":
            assert call in calls(after), (source, destination, calls(after))


def str_address(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def needed_files(account: Path) -> dict[Path, set[str]]:
    """The files of a folder that answer a call of a needed kind, by their path in it, with the calls."""
    found = {}
    for path in sorted(p.relative_to(account) for p in account.rglob("*.json")):
        parts = recognise(PurePosixPath(path.as_posix()), (account / path).read_bytes()).parts
        answered = {part.call.name for part in parts}
        if answered - SWITCHES:
            found[path] = answered
    return found


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: str(case.name))
def test_without_one_file_a_golden_case_keeps_its_verdict_or_becomes_unknown_naming_the_call(
    case: Case, tmp_path: Path
) -> None:
    before = judged(build(read_snapshot(case.account)), case.flow)
    needed = needed_files(case.account)
    assert needed
    for lost, answered in needed.items():
        less = tmp_path / str(len(list(tmp_path.iterdir())))
        for path in sorted(p.relative_to(case.account) for p in case.account.rglob("*.json")):
            (less / path).parent.mkdir(parents=True, exist_ok=True)
            if path != lost:
                (less / path).symlink_to((case.account / path).resolve())

        after = judged(build(read_snapshot(less)), case.flow)

        assert after["verdict"] in (before["verdict"], "unknown"), lost
        if after["verdict"] != before["verdict"]:
            assert answered & {gap["call"] for gap in after["unseen"]}, (lost, after["unseen"])
        for leg in ("forward", "return"):
            assert {before[leg], after[leg]} != {"blocked", "reachable"}, (lost, leg)


def failed(account: Path, folder: Path, call: str) -> None:
    """A copy of an account in which this call was denied."""
    manifest = account / "snapshot.json"
    said = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    gaps = said.setdefault("unseen", [])
    for path in sorted(p.relative_to(account) for p in account.rglob("*.json")):
        parts = recognise(PurePosixPath(path.as_posix()), (account / path).read_bytes()).parts
        if call in {part.call.name for part in parts}:
            gaps += [
                {"call": call, "account": p.call.account, "region": p.call.region, "error": f"Denied {p.call.argument}"}
                for p in parts
            ]
        elif path.name != "snapshot.json":
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to((account / path).resolve())
    (folder / "snapshot.json").write_text(json.dumps(said), encoding="utf-8")


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: str(case.name))
def test_a_denied_call_leaves_a_golden_case_its_verdict_or_makes_it_unknown_with_what_aws_said(
    case: Case, tmp_path: Path
) -> None:
    """Switches too: one that was asked for and not answered is unseen, and no default is assumed."""
    before = judged(build(read_snapshot(case.account)), case.flow)
    described = read_snapshot(case.account)
    for call in sorted({call.name for call in described.answers}):
        less = tmp_path / call
        less.mkdir()
        failed(case.account, less, call)

        after = judged(build(read_snapshot(less)), case.flow)

        assert after["verdict"] in (before["verdict"], "unknown"), call
        if after["verdict"] != before["verdict"]:
            told = [gap["error"] for gap in after["unseen"] if gap["call"] == call]
            assert any("Denied" in error for error in told), (call, after["unseen"])
