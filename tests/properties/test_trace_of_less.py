"""What is not seen may make an answer unknown; it never turns blocked into reachable or back."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from diagnosis.batch import judged
from diagnosis.network.build import build
from diagnosis.network.described import Described
from diagnosis.snapshots.assemble import assemble
from diagnosis.snapshots.manifest import Manifest, parse_manifest
from diagnosis.snapshots.places import MANIFEST
from diagnosis.snapshots.read import read_snapshot
from diagnosis.snapshots.recognise import Recognised, recognise
from tests import depth
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
@pytest.mark.parametrize("seed", range(depth.of(5, 12)))
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


@dataclass(frozen=True)
class Folder:
    """A snapshot folder whose files were recognised once, so that it can be had without some of them, and no disk."""

    place: Path
    files: dict[Path, Recognised]
    said: dict[str, Any]

    def answered(self, path: Path) -> set[str]:
        """The calls that a file answers."""
        return {part.call.name for part in self.files[path].parts}

    def without(self, lost: Iterable[Path], denied: str = "") -> Described:
        """What the other files answer; what the lost ones did was `denied`, where that is named."""
        gone = set(lost)
        kept = [file for path, file in self.files.items() if path not in gone]
        said = self.manifest(gone, denied)
        return assemble(
            [part for file in kept for part in file.parts],
            [broken for file in kept for broken in file.broken],
            parse_manifest(json.dumps(said).encode()) if said else Manifest(),
            [warning for file in kept for warning in file.warnings],
        )

    def manifest(self, gone: set[Path], denied: str) -> dict[str, Any]:
        """What the folder says of the calls, those too that gave no answer."""
        if not denied:
            return self.said
        calls = [part.call for path in sorted(gone) for part in self.files[path].parts]
        gaps = [
            {"call": denied, "account": call.account, "region": call.region, "error": f"Denied {call.argument}"}
            for call in calls
        ]
        return self.said | {"unseen": [*self.said.get("unseen", ()), *gaps]}

    def written_without(self, lost: Iterable[Path], folder: Path, denied: str = "") -> Path:
        """The same as a folder on disk."""
        gone = set(lost)
        for path in self.files.keys() - gone:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to((self.place / path).resolve())
        said = self.manifest(gone, denied)
        if said:
            (folder / MANIFEST).write_text(json.dumps(said), encoding="utf-8")
        return folder


def opened(account: Path) -> Folder:
    found = sorted(path.relative_to(account) for path in account.rglob("*.json"))
    files = {
        path: recognise(PurePosixPath(path.as_posix()), (account / path).read_bytes())
        for path in found
        if path.name != MANIFEST
    }
    manifest = account / MANIFEST
    return Folder(account, files, json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {})


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: str(case.name))
def test_without_one_file_a_golden_case_keeps_its_verdict_or_becomes_unknown_naming_the_call(
    case: Case, tmp_path: Path
) -> None:
    before = judged(build(read_snapshot(case.account)), case.flow)
    folder = opened(case.account)
    needed = [path for path in folder.files if folder.answered(path) - SWITCHES]
    assert read_snapshot(folder.written_without(needed[:1], tmp_path)) == folder.without(needed[:1])
    for lost in needed:
        after = judged(build(folder.without([lost])), case.flow)

        assert after["verdict"] in (before["verdict"], "unknown"), lost
        if after["verdict"] != before["verdict"]:
            assert folder.answered(lost) & {gap["call"] for gap in after["unseen"]}, (lost, after["unseen"])
        for leg in ("forward", "return"):
            assert {before[leg], after[leg]} != {"blocked", "reachable"}, (lost, leg)


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: str(case.name))
def test_a_denied_call_leaves_a_golden_case_its_verdict_or_makes_it_unknown_with_what_aws_said(
    case: Case, tmp_path: Path
) -> None:
    """Switches too: one that was asked for and not answered is unseen, and no default is assumed."""
    described = read_snapshot(case.account)
    before = judged(build(described), case.flow)
    folder = opened(case.account)
    calls = sorted({call.name for call in described.answers})
    lost = {call: [path for path in folder.files if call in folder.answered(path)] for call in calls}
    first = calls[0]
    on_disk = folder.written_without(lost[first], tmp_path, denied=first)
    assert read_snapshot(on_disk) == folder.without(lost[first], denied=first)
    for call in calls:
        after = judged(build(folder.without(lost[call], denied=call)), case.flow)

        assert after["verdict"] in (before["verdict"], "unknown"), call
        if after["verdict"] != before["verdict"]:
            told = [gap["error"] for gap in after["unseen"] if gap["call"] == call]
            assert any("Denied" in error for error in told), (call, after["unseen"])
