"""Snapshot folders in both forms, by their names and keys."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from diagnosis.network.described import Call, Described, Unseen
from diagnosis.snapshots.read import SnapshotFolder, read_snapshot
from tests.diagnosis.snapshots.small_account import ACCOUNT, ANSWERS, PLACE, REGION, answers, collected, loose, write


def by_name(described: Described) -> dict[str, Mapping[str, Any]]:
    """The answers as `small_account` names them."""
    return {
        call.name + (f"/{call.argument}" if call.argument else ""): answer for call, answer in described.answers.items()
    }


def test_the_collected_form_is_read_by_its_folders_and_names(tmp_path: Path) -> None:
    described = read_snapshot(collected(tmp_path))

    assert by_name(described) == ANSWERS
    assert {(call.account, call.region) for call in described.answers} == {(ACCOUNT, REGION)}
    assert (described.accounts, described.regions) == ((ACCOUNT,), (REGION,))
    assert described.warnings == ()


def test_the_loose_form_gives_the_same_as_the_collected_form_of_the_same_account(tmp_path: Path) -> None:
    assert read_snapshot(loose(tmp_path / "loose")) == read_snapshot(collected(tmp_path / "collected"))


def test_a_folder_is_a_network_source(tmp_path: Path) -> None:
    assert by_name(SnapshotFolder(collected(tmp_path)).described()) == ANSWERS


def test_the_manifest_says_when_whose_what_was_asked_and_what_failed(tmp_path: Path) -> None:
    write(
        collected(tmp_path),
        "snapshot.json",
        {
            "taken_at": "2026-11-22T14:05:10Z",
            "accounts": [ACCOUNT, "999999999999"],
            "regions": [REGION],
            "tool": "somebody's",
            "calls": ["ec2.describe_vpcs", "ec2.describe_flow_logs"],
            "unseen": [
                {"call": "ec2.describe_flow_logs", "account": ACCOUNT, "region": REGION, "error": "AccessDenied"},
                {"call": "ec2.describe_addresses", "error": "\x1b[31mred"},
                {"region": "of no call"},
                "no object",
            ],
        },
    )

    described = read_snapshot(tmp_path)

    assert described.taken_at == "2026-11-22T14:05:10Z"
    assert described.accounts == (ACCOUNT, "999999999999")
    assert described.asked == {"ec2.describe_vpcs", "ec2.describe_flow_logs"}
    assert described.unseen == (
        Unseen("ec2.describe_addresses", "", REGION, "?[31mred"),
        Unseen("ec2.describe_flow_logs", ACCOUNT, REGION, "AccessDenied"),
    )


def test_a_manifest_alone_is_a_snapshot_of_an_account_that_let_nothing_be_seen(tmp_path: Path) -> None:
    write(tmp_path, "snapshot.json", {"calls": ["ec2.describe_vpcs"], "unseen": []})

    assert read_snapshot(tmp_path).asked == {"ec2.describe_vpcs"}


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("123456789012/us-east-1/ec2.describe_vpcs.json", ("123456789012", "us-east-1")),
        ("prod/eu-central-1/ec2.describe_vpcs.json", ("prod", "eu-central-1")),
        ("prod/us-gov-west-1/anything.json", ("prod", "us-gov-west-1")),
        ("dumps/2026/prod/eu-west-3/ec2.describe_vpcs.json", ("prod", "eu-west-3")),
        ("AccountId:1/RegionName:2/ec2.describe_vpcs.json", ("AccountId:1", "RegionName:2")),
        ("us-east-2/vpcs.json", ("", "us-east-2")),
        ("123456789012/vpcs.json", ("123456789012", "")),
        ("notes/vpcs.json", ("", "")),
        ("vpcs", ("", "")),
    ],
)
def test_account_and_region_come_from_the_folders_as_far_as_they_say(
    tmp_path: Path, file: str, place: tuple[str, str]
) -> None:
    write(tmp_path, file, {"Vpcs": [{"VpcId": "vpc-0a1"}]})

    assert set(read_snapshot(tmp_path).answers) == {Call("ec2.describe_vpcs", *place)}


def test_services_without_a_region_are_kept_as_global(tmp_path: Path) -> None:
    write(tmp_path, "123456789012/aws-global/route53.list_hosted_zones.json", {"HostedZones": []})
    write(tmp_path, "123456789012/us-east-1/ec2.describe_vpcs.json", {"Vpcs": []})

    described = read_snapshot(tmp_path)

    assert Call("route53.list_hosted_zones", ACCOUNT, "global") in described.answers
    assert described.regions == (REGION,)


def test_a_single_file_may_hold_answers_of_several_calls(tmp_path: Path) -> None:
    file = write(tmp_path, "account.json", {**ANSWERS["ec2.describe_vpcs"], **ANSWERS["ec2.describe_subnets"]})

    described = read_snapshot(file)

    assert set(described.answers) == {
        Call("ec2.describe_vpcs", ACCOUNT, REGION),
        Call("ec2.describe_subnets", ACCOUNT, REGION),
    }


def test_several_files_of_one_call_are_one_answer_without_repetition(tmp_path: Path) -> None:
    first, second = ANSWERS["ec2.describe_subnets"]["Subnets"]
    write(tmp_path, "a.json", {"Subnets": [second]})
    write(tmp_path, "b.json", {"Subnets": [first, second]})

    (answer,) = read_snapshot(tmp_path).answers.values()

    assert answer == {"Subnets": [first, second]}


def test_prefix_lists_of_two_calls_are_told_apart_by_their_items(tmp_path: Path) -> None:
    amazon = ANSWERS["ec2.describe_prefix_lists"]["PrefixLists"]
    managed = ANSWERS["ec2.describe_managed_prefix_lists"]["PrefixLists"]
    write(tmp_path, "lists.json", {"PrefixLists": managed + amazon})

    assert by_name(read_snapshot(tmp_path)) == {
        "ec2.describe_prefix_lists": {"PrefixLists": amazon},
        "ec2.describe_managed_prefix_lists": {"PrefixLists": managed},
    }


@pytest.mark.parametrize("name", ["ec2.describe_prefix_lists", "ec2.describe_managed_prefix_lists"])
def test_an_empty_list_of_prefix_lists_belongs_to_the_call_that_its_file_is_named_for(
    tmp_path: Path, name: str
) -> None:
    write(tmp_path, f"{PLACE}/{name}.json", {"PrefixLists": []})

    assert by_name(read_snapshot(tmp_path)) == {name: {"PrefixLists": []}}


@pytest.mark.parametrize("prefix", ["", f"{PLACE}/", "deeper/still/"])
@pytest.mark.parametrize("folder", ["ec2.get_managed_prefix_list_entries", "get_managed_prefix_list_entries"])
def test_by_id_answers_are_named_by_their_file_with_or_without_the_service(
    tmp_path: Path, prefix: str, folder: str
) -> None:
    write(tmp_path, f"{prefix}{folder}/pl-0a1.json", {"Entries": []})

    (call,) = read_snapshot(tmp_path).answers

    assert (call.name, call.argument) == ("ec2.get_managed_prefix_list_entries", "pl-0a1")


def test_load_balancer_attributes_without_a_service_are_told_apart_by_their_key(tmp_path: Path) -> None:
    write(tmp_path, "describe_load_balancer_attributes/new.json", {"Attributes": []})
    write(tmp_path, "describe_load_balancer_attributes/old.json", {"LoadBalancerAttributes": {}})

    assert set(by_name(read_snapshot(tmp_path))) == {
        "elbv2.describe_load_balancer_attributes/new",
        "elb.describe_load_balancer_attributes/old",
    }


def test_by_id_answers_in_loose_files_are_given_to_those_whom_their_items_name(tmp_path: Path) -> None:
    balancer = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:loadbalancer/app"
    write(
        tmp_path,
        "listeners.json",
        {"Listeners": [{"LoadBalancerArn": f"{balancer}/a/1"}, {"LoadBalancerArn": f"{balancer}/b/2"}]},
    )
    write(tmp_path, "dns.json", {"VpcId": "vpc-0a1", "EnableDnsSupport": {"Value": True}})
    write(tmp_path, "hostnames.json", {"VpcId": "vpc-0a1", "EnableDnsHostnames": {"Value": False}})
    write(tmp_path, "entries of pl-0a1.json", {"Entries": [{"Cidr": "10.0.0.0/8"}]})

    assert by_name(read_snapshot(tmp_path)) == {
        "elbv2.describe_listeners/a": {"Listeners": [{"LoadBalancerArn": f"{balancer}/a/1"}]},
        "elbv2.describe_listeners/b": {"Listeners": [{"LoadBalancerArn": f"{balancer}/b/2"}]},
        "ec2.describe_vpc_attribute/vpc-0a1": {
            "VpcId": "vpc-0a1",
            "EnableDnsSupport": {"Value": True},
            "EnableDnsHostnames": {"Value": False},
        },
        "ec2.get_managed_prefix_list_entries/pl-0a1": {"Entries": [{"Cidr": "10.0.0.0/8"}]},
    }


def test_a_by_id_answer_of_nobody_is_skipped_and_the_warning_says_where_it_belongs(tmp_path: Path) -> None:
    write(tmp_path, "entries.json", {"Entries": []})
    write(tmp_path, "vpcs.json", {"Vpcs": []})

    described = read_snapshot(tmp_path)

    assert set(by_name(described)) == {"ec2.describe_vpcs"}
    assert described.warnings == (
        (
            'entries.json: "Entries" skipped, since it does not say whose it is; '
            "name the file ec2.get_managed_prefix_list_entries/<id>.json"
        ),
    )


def test_with_several_accounts_and_regions_in_loose_files_nothing_is_guessed(tmp_path: Path) -> None:
    content = answers()
    content["ec2.describe_subnets"]["Subnets"][1] |= {"AvailabilityZone": "eu-west-1a", "OwnerId": "999999999999"}

    described = read_snapshot(loose(tmp_path, content))

    assert described.accounts == (ACCOUNT, "999999999999")
    assert described.regions == ("eu-west-1", REGION)
    assert {(call.account, call.region) for call in described.answers} == {("", "")}


def test_ids_are_opaque(tmp_path: Path) -> None:
    write(
        tmp_path, "1.json", {"Subnets": [{"SubnetId": "SubnetId:5", "OwnerId": "OwnerId:1", "AvailabilityZone": "Z:1"}]}
    )
    write(tmp_path, "get_managed_prefix_list_entries/PrefixListId:5.json", {"Entries": []})

    described = read_snapshot(tmp_path)

    assert set(described.answers) == {
        Call("ec2.describe_subnets", "OwnerId:1", ""),
        Call("ec2.get_managed_prefix_list_entries", "OwnerId:1", "", "PrefixListId:5"),
    }


def test_shuffled_names_of_loose_files_give_the_same(tmp_path: Path) -> None:
    chance = random.Random(20261122)
    pieces = [
        {key: [item]}
        for answer in ANSWERS.values()
        for key, items in answer.items()
        if isinstance(items, list) and key not in {"Entries", "Routes", "Attributes"}
        for item in items
    ]
    described = []
    for turn in range(4):
        folder = tmp_path / str(turn)
        for name, piece in zip(chance.sample(range(1000), len(pieces)), pieces, strict=True):
            write(folder, f"{name}.json", piece)
        described.append(read_snapshot(folder))

    assert all(other == described[0] for other in described)


def test_secrets_in_a_foreign_folder_are_not_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        "vpn.json",
        {"VpnConnections": [{"VpnConnectionId": "vpn-0a1", "CustomerGatewayConfiguration": "s3cret"}]},
    )

    assert "s3cret" not in repr(read_snapshot(tmp_path))


def test_flow_logs_and_notes_beside_the_answers_are_passed_over_in_silence(tmp_path: Path) -> None:
    write(tmp_path, "vpcs.json", {"Vpcs": []})
    write(tmp_path, "README.md", "# notes")
    write(tmp_path, "flow-logs/AWSLogs/x.log.gz", b"\x1f\x8b\x08")
    write(tmp_path, ".git/config.json", "{")

    assert read_snapshot(tmp_path).warnings == ()


def test_a_file_from_powershell_is_read(tmp_path: Path) -> None:
    write(tmp_path, "vpcs.json", '{"Vpcs": []}'.encode("utf-16"))
    write(tmp_path, "subnets.txt", b"\xef\xbb\xbf" + b'{"Subnets": []}')

    assert set(by_name(read_snapshot(tmp_path))) == {"ec2.describe_vpcs", "ec2.describe_subnets"}


def test_what_is_not_part_of_the_answer_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "vpcs.json", {"Vpcs": [], "ResponseMetadata": {"RequestId": "x"}, "NextToken": ""})

    assert by_name(read_snapshot(tmp_path)) == {"ec2.describe_vpcs": {"Vpcs": []}}
