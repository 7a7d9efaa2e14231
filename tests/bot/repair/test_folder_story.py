"""The whole story on a copy of the embedded account, without AWS: its files are repaired, and as before after all."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path

import pytest

from bot.approvals.proposal import Proposal
from bot.eyes import AccountReader, FolderEyes
from bot.repair.folder_writer import FolderWriter
from bot.repair.hands import Hands
from bot.repair.outcomes import AlreadyThere, Applied, Drifted, Failed, NotHelped, Undone, Verified
from bot.repair.writing import Absent, Present, Refused
from bot.runner.networks import Networks
from bot.settings.fixes import FixSettings
from diagnosis.fix.change import AclEntryChange, GroupRuleChange
from diagnosis.network.build import build
from diagnosis.snapshots.embedded_account import snapshot_folder
from diagnosis.snapshots.read import read_snapshot
from tests.bot.repair.stories import APPROVER, Clock, MemoryLedger, a_proposal

QUESTION = "why can't 10.0.1.10 reach RDS on 3306"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(snapshot_folder(), tmp_path / "account"))


def proposed(folder: Path, identity: str = "fx00000000000000aa") -> Proposal:
    return a_proposal(build(read_snapshot(folder)), QUESTION, identity=identity)


def hands(folder: Path) -> Hands:
    clock, eyes = Clock(), FolderEyes(folder)
    return Hands(
        writer_for=lambda _proposal, _by: FolderWriter(folder),
        reader=AccountReader(Networks(eyes, 300, clock.now), eyes),
        ledger=MemoryLedger(),
        settings=FixSettings(),
        patience=clock.patience(),
    )


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.json"))}


def test_the_embedded_account_is_repaired_verified_and_as_before_after_the_undo(folder: Path) -> None:
    before, proposal, ours = texts(folder), proposed(folder), hands(folder)

    assert isinstance(ours.apply(proposal, APPROVER), Applied)

    assert ours.verification(proposal) == Verified()
    after = texts(folder)
    changed = sorted(name.rpartition("/")[2] for name in before if before[name] != after[name])
    assert changed == ["ec2.describe_security_group_rules.json", "ec2.describe_security_groups.json"]
    assert proposal.stamp in "".join(after.values())
    assert isinstance(ours.undo(proposal, APPROVER), Undone)
    assert texts(folder) == before


def test_of_two_who_apply_the_same_one_makes_it_and_the_other_finds_it(folder: Path) -> None:
    proposals = [proposed(folder, f"fx000000000000000{n}") for n in range(2)]
    outcomes: list[object] = []
    threads = [
        threading.Thread(target=lambda p=p: outcomes.append(hands(folder).apply(p, APPROVER))) for p in proposals
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(isinstance(outcome, Applied) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyThere) for outcome in outcomes) == 1


def test_a_folder_that_was_changed_meanwhile_is_left_alone(folder: Path) -> None:
    proposal = proposed(folder)
    file = next(folder.rglob("ec2.describe_security_groups.json"))
    body = json.loads(file.read_text())
    body["SecurityGroups"] = [g for g in body["SecurityGroups"] if g["GroupId"] != proposal.changes[0].component]
    file.write_text(json.dumps(body))
    before = texts(folder)

    assert isinstance(hands(folder).apply(proposal, APPROVER), Drifted)
    assert texts(folder) == before


def test_an_undo_that_was_killed_between_two_files_is_finished(folder: Path) -> None:
    proposal, ours = proposed(folder), hands(folder)
    outcome = ours.apply(proposal, APPROVER)
    assert isinstance(outcome, Applied)
    [change] = proposal.changes
    assert isinstance(change, GroupRuleChange)
    rule = outcome.entries[0].rule
    rules = next(folder.rglob("ec2.describe_security_group_rules.json"))
    with_rule = rules.read_text()
    FolderWriter(folder).take(change, rule)
    rules.write_text(with_rule)

    assert FolderWriter(folder).look(change) == Absent()
    assert isinstance(FolderWriter(folder).look(change, rule), Present)
    assert isinstance(ours.undo(proposal, APPROVER), Undone)
    assert str(rule) not in rules.read_text()


def test_a_put_that_was_killed_between_two_files_is_finished_with_the_same_id(folder: Path) -> None:
    proposal = proposed(folder)
    [change] = proposal.changes
    assert isinstance(change, GroupRuleChange)
    groups = next(folder.rglob("ec2.describe_security_groups.json"))
    without_rule = groups.read_text()
    first = FolderWriter(folder).put(change, proposal.stamp)
    groups.write_text(without_rule)

    assert FolderWriter(folder).look(change) == Absent()
    assert FolderWriter(folder).put(change, proposal.stamp) == first
    rules = json.loads(next(folder.rglob("ec2.describe_security_group_rules.json")).read_text())["SecurityGroupRules"]
    assert sum(one["SecurityGroupRuleId"] == first.rule for one in rules) == 1


def test_files_keep_their_mode_and_hold_no_half_of_a_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = next(folder.rglob("ec2.describe_security_groups.json"))
    file.chmod(0o640)
    proposal, before = proposed(folder), texts(folder)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        outcome = hands(folder).apply(proposal, APPROVER)

    assert isinstance(outcome, Failed)
    assert "No space left" in outcome.sentence
    assert texts(folder) == before
    assert not [path for path in folder.rglob(".*") if path.name != ".whynot.lock"]
    assert isinstance(hands(folder).apply(proposal, APPROVER), Applied)
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_folder_that_may_not_be_written_is_said_to_be_one(folder: Path) -> None:
    proposal = proposed(folder)
    (folder / ".whynot.lock").mkdir()

    outcome = hands(folder).apply(proposal, APPROVER)

    assert isinstance(outcome, Failed)
    assert "a copy of it" in outcome.sentence


def test_an_entry_that_is_none_ends_it(folder: Path) -> None:
    change = AclEntryChange(component="acl-1", direction="ingress", number=7, protocol="-1", cidr="10.0.0.0/8")
    (folder / "more.json").write_text('{"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": [{"RuleNumber": "x"}]}]}')

    with pytest.raises(Refused, match="cannot be read"):
        FolderWriter(folder).look(change)


def test_the_account_that_comes_with_the_program_is_not_written() -> None:
    outcome = hands(snapshot_folder()).apply(proposed(snapshot_folder()), APPROVER)

    assert isinstance(outcome, Failed)
    assert "serve a copy" in outcome.sentence


def test_a_fix_that_does_not_help_there_is_told(folder: Path) -> None:
    proposal, ours = proposed(folder), hands(folder)
    ours.apply(proposal, APPROVER)
    file = next(folder.rglob("ec2.describe_network_acls.json"))
    body = json.loads(file.read_text())
    for acl in body["NetworkAcls"]:
        acl["Entries"] = [entry for entry in acl["Entries"] if entry["RuleAction"] == "deny"]
    file.write_text(json.dumps(body))

    assert isinstance(ours.verification(proposal), NotHelped)
