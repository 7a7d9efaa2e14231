"""Broken, unknown and unreadable input: named in one line, unseen where it matters, and the rest is still read."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.network.described import Unseen
from diagnosis.snapshots.read import SnapshotUnreadable, read_snapshot
from diagnosis.snapshots.recognise import recognise
from diagnosis.sources import SourceUnavailable
from tests.diagnosis.snapshots.small_account import ACCOUNT, PLACE, REGION, collected, loose, write


def test_an_unknown_path_is_one_line_that_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(
        SnapshotUnreadable, match=r"^There is no snapshot at .*/gone\. Give .* whynot snapshot .*$"
    ) as caught:
        read_snapshot(tmp_path / "gone")

    assert isinstance(caught.value, SourceUnavailable)
    assert "\n" not in str(caught.value)


def test_a_folder_without_any_json_says_so(tmp_path: Path) -> None:
    write(tmp_path, "README.md", "nothing")

    with pytest.raises(SnapshotUnreadable, match="holds no JSON file"):
        read_snapshot(tmp_path)


def test_a_folder_without_one_usable_file_names_the_first_reason_and_counts_the_others(tmp_path: Path) -> None:
    write(tmp_path, "a.json", {"Foo": []})
    write(tmp_path, "b.json", "{")

    with pytest.raises(SnapshotUnreadable, match=r"a\.json: skipped, no known key \(Foo\) \(and 1 more\)"):
        read_snapshot(tmp_path)


BROKEN = {
    "cut short": ('{"SecurityGroups": [{"GroupId": "sg-0a1"', "is cut short (line 1)"),
    "cut inside a text": ('{"SecurityGroups": [{"GroupId": "sg-0', "is cut short (line 1)"),
    "no JSON": ('{"SecurityGroups": oops}', "is not JSON (line 1, column 20)"),
    "empty": ("", "is empty"),
    "a list": ('[{"GroupId": "sg-0a1"}]', "holds a list where AWS's answer is an object"),
    "null": ("null", "holds null where AWS's answer is an object"),
    "binary noise": (bytes(range(128, 256)) * 8, "is not JSON"),
    "too deep": ("[" * 200_000, "is nested too deep to be read"),
    "not a number": ('{"SecurityGroups": NaN}', "is not JSON"),
    "wrong type": ({"SecurityGroups": {"GroupId": "sg-0a1"}}, '"SecurityGroups" is an object, not a list'),
    "no such key": ({"Vpcz": []}, 'has no "SecurityGroups"'),
    "an error of the CLI": (
        "\nAn error occurred (UnauthorizedOperation) when calling the DescribeSecurityGroups operation: You are not",
        "holds an error of the AWS CLI, not an answer (UnauthorizedOperation)",
    ),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=list(BROKEN))
def test_a_broken_collected_file_is_named_and_its_call_unseen_and_the_rest_is_read(
    tmp_path: Path, content: tuple[object, str]
) -> None:
    value, reason = content
    file = f"{PLACE}/ec2.describe_security_groups.json"
    write(collected(tmp_path), file, value)

    described = read_snapshot(tmp_path)

    assert described.unseen == (Unseen("ec2.describe_security_groups", ACCOUNT, REGION, f"{file} {reason}"),)
    assert [line for line in described.warnings if line.startswith(f"{file}: {reason}")] == list(described.warnings)
    assert "ec2.describe_security_groups" not in {call.name for call in described.answers}
    assert "ec2.describe_vpcs" in {call.name for call in described.answers}


@pytest.mark.parametrize(
    ("file", "text", "call"),
    [
        ("3.json", '{\n  "RouteTables": [', "ec2.describe_route_tables"),
        ("route-tables.json", "", "ec2.describe_route_tables"),
        ("prod-RouteTables-us-east-1.json", "[]", "ec2.describe_route_tables"),
        ("describe-route-tables.json", "{", "ec2.describe_route_tables"),
        ("instances.json", "{", "ec2.describe_instances"),
        ("transit_gateway_route_tables.json", "{", "ec2.describe_transit_gateway_route_tables"),
        (
            "out.json",
            "An error occurred (X) when calling the DescribeDBInstances operation",
            "rds.describe_db_instances",
        ),
        ("get_managed_prefix_list_entries/pl-0b2.json", "{", "ec2.get_managed_prefix_list_entries"),
        ("x.json", '{"Entries": [', "ec2.get_managed_prefix_list_entries"),
    ],
)
def test_the_call_of_a_broken_loose_file_is_known_by_its_first_key_or_name(
    tmp_path: Path, file: str, text: str, call: str
) -> None:
    write(loose(tmp_path), file, text)

    described = read_snapshot(tmp_path)

    assert {(gap.call, gap.account, gap.region) for gap in described.unseen} == {(call, ACCOUNT, REGION)}
    assert any(file in line for line in described.warnings)


def test_a_broken_file_that_nothing_tells_about_is_only_a_warning(tmp_path: Path) -> None:
    write(loose(tmp_path), "x.json", "{")

    described = read_snapshot(tmp_path)

    assert described.unseen == ()
    assert described.warnings == ("x.json: is cut short (line 1)",)


def test_one_broken_file_of_several_leaves_the_answer_but_marks_it_incomplete(tmp_path: Path) -> None:
    write(tmp_path, "a.json", {"Vpcs": [{"VpcId": "vpc-0a1", "OwnerId": ACCOUNT}]})
    write(tmp_path, "b.json", '{"Vpcs": [')

    described = read_snapshot(tmp_path)

    assert [call.name for call in described.answers] == ["ec2.describe_vpcs"]
    assert described.unseen == (Unseen("ec2.describe_vpcs", ACCOUNT, "", "b.json is cut short (line 1)"),)


def test_entries_of_a_wrong_type_are_left_out_and_the_call_is_incomplete(tmp_path: Path) -> None:
    write(tmp_path, "a.json", {"Vpcs": [None, {"VpcId": "vpc-0a1"}, 7]})

    described = read_snapshot(tmp_path)

    assert list(described.answers.values()) == [{"Vpcs": [{"VpcId": "vpc-0a1"}]}]
    assert [gap.call for gap in described.unseen] == ["ec2.describe_vpcs"]
    assert described.warnings == ('a.json: 2 of 3 entries of "Vpcs" left out, being not an object',)


def test_an_unknown_key_is_skipped_with_a_warning(tmp_path: Path) -> None:
    write(loose(tmp_path), "other.json", {"ImageIds": [], "\x1b]0;title\x07": 1})

    described = read_snapshot(tmp_path)

    assert described.warnings == ("other.json: skipped, no known key (?]0;title?, ImageIds)",)
    assert described.unseen == ()


def test_a_page_that_others_should_follow_is_incomplete(tmp_path: Path) -> None:
    write(tmp_path, "enis.json", {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-0a1"}], "NextToken": "abc"})

    described = read_snapshot(tmp_path)

    assert [gap.call for gap in described.unseen] == ["ec2.describe_network_interfaces"]
    assert described.warnings == (
        "enis.json: only some pages of the answer; ec2.describe_network_interfaces counts as unseen",
    )


def test_all_pages_together_are_complete(tmp_path: Path) -> None:
    write(tmp_path, "1.json", {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-0a1"}], "NextToken": "abc"})
    write(tmp_path, "2.json", {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-0b2"}]})

    described = read_snapshot(tmp_path)

    assert (described.unseen, described.warnings) == ((), ())


def test_a_broken_manifest_is_a_warning(tmp_path: Path) -> None:
    write(collected(tmp_path), "snapshot.json", "{")

    described = read_snapshot(tmp_path)

    assert len(described.answers) > 1
    assert described.warnings[0].startswith("snapshot.json: cannot be read")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes, which this system does not have")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(loose(tmp_path) / "pipe.json")

    assert read_snapshot(tmp_path).warnings == ("pipe.json: skipped, not a regular file",)


def test_a_link_to_nowhere_is_named_and_its_call_unseen(tmp_path: Path) -> None:
    (loose(tmp_path) / "route-tables.json").symlink_to(tmp_path / "gone")

    described = read_snapshot(tmp_path)

    assert [gap.call for gap in described.unseen] == ["ec2.describe_route_tables"]
    assert described.warnings[0].startswith("route-tables.json: cannot be read (No such file")


def test_control_characters_in_a_file_name_reach_no_terminal(tmp_path: Path) -> None:
    write(loose(tmp_path), "\x1b[2J.json", "{")

    assert read_snapshot(tmp_path).warnings == ("?[2J.json: is cut short (line 1)",)


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,VpcsEntriesSubnets0 \\\n', max_size=60).map(str.encode))
def test_no_bytes_raise(text: bytes) -> None:
    for path in ("x.json", f"{PLACE}/ec2.describe_vpcs.json", "get_managed_prefix_list_entries/pl-1.json"):
        recognise(PurePosixPath(path), text)
