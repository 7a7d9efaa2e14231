"""Writing a snapshot folder: whole or not at all, private, without secrets, and readable again as the same."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.network.described import Call, Described, Unseen
from diagnosis.snapshots.places import account_and_region, argument_of, by_id_kinds, path_of
from diagnosis.snapshots.read import read_snapshot
from diagnosis.snapshots.write import SnapshotNotWritten, check_target, write_snapshot
from tests.diagnosis.snapshots.small_account import ACCOUNT, ANSWERS, REGION, collected, loose, write

TOOL = "whynot 0.1.0"


def described() -> Described:
    answers: dict[Call, dict[str, Any]] = {}
    for name, answer in ANSWERS.items():
        call, _, argument = name.partition("/")
        answers[Call(call, ACCOUNT, REGION, argument or None)] = answer
    answers[Call("route53.list_hosted_zones", ACCOUNT, "global")] = {"HostedZones": []}
    return Described(
        answers=answers,
        unseen=(Unseen("ec2.describe_flow_logs", ACCOUNT, REGION, "not permitted: needs ec2:DescribeFlowLogs"),),
        asked=frozenset(call.name for call in answers) | {"ec2.describe_flow_logs"},
        taken_at="2026-11-22T14:05:10Z",
        accounts=(ACCOUNT,),
        regions=(REGION,),
    )


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_was_written_is_read_as_the_same(tmp_path: Path) -> None:
    write_snapshot(described(), tmp_path / "snapshot", TOOL)

    assert read_snapshot(tmp_path / "snapshot") == described()


def test_a_loose_folder_of_several_accounts_survives_being_written(tmp_path: Path) -> None:
    write(loose(tmp_path / "loose"), "other.json", {"Vpcs": [{"VpcId": "vpc-0b2", "OwnerId": "999999999999"}]})
    first = read_snapshot(tmp_path / "loose")

    write_snapshot(first, tmp_path / "written", TOOL)

    assert read_snapshot(tmp_path / "written") == first


def test_files_stand_where_the_contract_says(tmp_path: Path) -> None:
    write_snapshot(described(), tmp_path / "s", TOOL)

    place = tmp_path / "s" / "123456789012" / "us-east-1"
    assert json.loads((place / "ec2.describe_vpcs.json").read_text()) == ANSWERS["ec2.describe_vpcs"]
    assert (place / "ec2.get_managed_prefix_list_entries" / "pl-0a1.json").is_file()
    assert (place / "elbv2.describe_load_balancer_attributes" / "front.json").is_file()
    manifest = json.loads((tmp_path / "s" / "snapshot.json").read_text())
    assert list(manifest) == sorted(["taken_at", "accounts", "regions", "tool", "calls", "unseen"])
    assert manifest["tool"] == TOOL
    assert manifest["unseen"] == [
        {
            "call": "ec2.describe_flow_logs",
            "account": ACCOUNT,
            "region": REGION,
            "error": "not permitted: needs ec2:DescribeFlowLogs",
        }
    ]


def test_the_same_answers_give_the_same_bytes(tmp_path: Path) -> None:
    write_snapshot(described(), tmp_path / "a", TOOL)
    write_snapshot(
        replace(described(), answers=dict(reversed(list(described().answers.items())))), tmp_path / "b", TOOL
    )

    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_snapshot(described(), tmp_path / "s", TOOL)
    finally:
        os.umask(before)

    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "s").rglob("*") if path.is_dir()}
    files = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "s").rglob("*") if path.is_file()}
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o700
    assert (modes, files) == ({0o700}, {0o600})


def test_secrets_are_in_no_byte_that_is_written(tmp_path: Path) -> None:
    secret = "hunter2hunter2"
    answers = {
        Call("ec2.describe_vpn_connections", ACCOUNT, REGION): {
            "VpnConnections": [
                {
                    "VpnConnectionId": "vpn-0a1",
                    "CustomerGatewayConfiguration": f"<pre_shared_key>{secret}</pre_shared_key>",
                    "Options": {"TunnelOptions": [{"PreSharedKey": secret, "OutsideIpAddress": "192.0.2.1"}]},
                }
            ]
        },
        Call("lambda.list_functions", ACCOUNT, REGION): {
            "Functions": [{"FunctionName": "f", "Environment": {"Variables": {"TOKEN": secret}}}]
        },
    }

    write_snapshot(replace(described(), answers=answers), tmp_path / "s", TOOL)

    written = b"".join(content(tmp_path / "s").values())
    assert b"vpn-0a1" in written
    assert b"192.0.2.1" in written
    assert secret.encode() not in written


def test_escape_sequences_do_not_stand_in_the_files(tmp_path: Path) -> None:
    answers = {Call("ec2.describe_vpcs", ACCOUNT, REGION): {"Vpcs": [{"Tags": [{"Value": "\x1b[31m\u202e\ud800"}]}]}}

    write_snapshot(replace(described(), answers=answers), tmp_path / "s", TOOL)

    assert all(byte == 0x0A or 0x20 <= byte < 0x7F for byte in b"".join(content(tmp_path / "s").values()))
    assert read_snapshot(tmp_path / "s").answers == answers


def test_an_earlier_snapshot_is_replaced_whole(tmp_path: Path) -> None:
    write_snapshot(described(), tmp_path / "s", TOOL)
    fewer = replace(described(), answers={Call("ec2.describe_vpcs", ACCOUNT, REGION): {"Vpcs": []}})

    write_snapshot(fewer, tmp_path / "s", TOOL)

    assert sorted(content(tmp_path / "s")) == [f"{ACCOUNT}/{REGION}/ec2.describe_vpcs.json", "snapshot.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_an_empty_folder_is_taken_and_missing_parents_are_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    write_snapshot(described(), tmp_path / "empty", TOOL)
    write_snapshot(described(), tmp_path / "new" / "deep", TOOL)

    assert content(tmp_path / "empty") == content(tmp_path / "new" / "deep")


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "s", "thesis.txt", "years of work")

    with pytest.raises(SnapshotNotWritten, match="not empty and no snapshot of whynot"):
        write_snapshot(described(), tmp_path / "s", TOOL)

    assert content(tmp_path / "s") == {"thesis.txt": b"years of work"}


def test_a_collected_folder_that_somebody_else_made_is_refused(tmp_path: Path) -> None:
    write(collected(tmp_path), "snapshot.json", {"tool": "my script"})

    with pytest.raises(SnapshotNotWritten, match="no snapshot of whynot"):
        check_target(tmp_path)


def test_notes_that_somebody_put_into_our_snapshot_are_not_deleted(tmp_path: Path) -> None:
    write_snapshot(described(), tmp_path / "s", TOOL)
    write(tmp_path / "s", "notes.txt", "mine")

    with pytest.raises(SnapshotNotWritten, match=r"holds a file of yours, notes\.txt"):
        write_snapshot(described(), tmp_path / "s", TOOL)

    assert (tmp_path / "s" / "notes.txt").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "s", "text")

    with pytest.raises(SnapshotNotWritten, match="is a file"):
        check_target(tmp_path / "s")
    with pytest.raises(SnapshotNotWritten):
        check_target(tmp_path / "s" / "below")


class Unwritable:
    """A value that no JSON can hold: writing fails in the middle."""


@pytest.mark.parametrize("existing", [False, True])
def test_nothing_half_written_is_left_when_writing_fails_in_the_middle(tmp_path: Path, *, existing: bool) -> None:
    if existing:
        write_snapshot(described(), tmp_path / "s", TOOL)
    before = content(tmp_path)
    answers = {**described().answers, Call("rds.describe_db_proxies", ACCOUNT, REGION): {"DBProxies": [Unwritable()]}}

    with pytest.raises(TypeError):
        write_snapshot(replace(described(), answers=answers), tmp_path / "s", TOOL)

    assert content(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["s"] if existing else [])


@pytest.mark.parametrize("existing", [False, True])
def test_nothing_half_written_is_left_when_the_disk_refuses_a_file(tmp_path: Path, *, existing: bool) -> None:
    """A name longer than any file system takes fails as a full disk does: in the middle, with an OSError."""
    if existing:
        write_snapshot(described(), tmp_path / "s", TOOL)
    before = content(tmp_path)
    endless = Call("ec2.get_managed_prefix_list_entries", ACCOUNT, REGION, "pl-" + "0" * 5000)

    with pytest.raises(SnapshotNotWritten, match=r"could not be written: File name too long\. Nothing was changed"):
        write_snapshot(
            replace(described(), answers={**described().answers, endless: {"Entries": []}}), tmp_path / "s", TOOL
        )

    assert content(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == (["s"] if existing else [])


def test_an_old_snapshot_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_snapshot(described(), tmp_path / "s", TOOL)
    before = content(tmp_path)
    rename = Path.rename
    refusals = iter([False, True, False])

    def sometimes(self: Path, target: Path) -> Path:
        if next(refusals):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", sometimes)

    with pytest.raises(SnapshotNotWritten, match="Input/output error"):
        write_snapshot(described(), tmp_path / "s", TOOL)
    assert content(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_folder_that_may_not_be_written_is_refused_before_anything_is_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The superuser, who runs many tests, may write anywhere: so the system's answer is given here."""
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)

    with pytest.raises(SnapshotNotWritten, match=r"cannot be written\. Choose a folder that is yours"):
        check_target(tmp_path / "deep" / "s")


names = st.text(st.characters(exclude_categories=()), max_size=20)


@given(names, names, st.none() | names)
def test_no_name_leads_out_of_the_folder_and_every_name_is_read_back(
    account: str, region: str, argument: str | None
) -> None:
    call = Call(
        "ec2.get_managed_prefix_list_entries" if argument is not None else "ec2.describe_vpcs", "a", "b", argument
    )
    call = call._replace(account=account, region=region)
    path = path_of(call)

    assert not path.is_absolute()
    assert len(path.parts) == (3 if argument is None else 4)
    assert not {"", ".", ".."} & set(path.parts)
    assert not any(part.startswith(".") for part in path.parts)
    by_id = argument is not None
    if account not in {"unnamed-account", "%"} and region not in {"unnamed-region", "%"}:
        assert account_and_region(path, by_id=by_id) == (account, region)
    if by_id:
        assert argument_of(PurePosixPath(path)) == argument
        assert [kind.call for kind in by_id_kinds(path)] == [call.name]
