"""The live reader against an AWS double over HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from diagnosis.aws.account import LiveAccount
from diagnosis.aws.permissions import iam_policy
from diagnosis.network.described import Call
from diagnosis.snapshots.kinds import FOR_ASKING, KINDS
from diagnosis.snapshots.read import read_snapshot
from diagnosis.snapshots.write import write_snapshot
from diagnosis.sources import NetworkSource, NotPermitted, SourceUnavailable
from tests.diagnosis.aws.conftest import ACCOUNT, REGION, Double, SmallNetwork

NOT_IN_THE_DOUBLE = {
    "directconnect.describe_direct_connect_gateways",
    "directconnect.describe_virtual_interfaces",
    "ec2.describe_security_group_vpc_associations",
    "ec2.describe_transit_gateway_connects",
    "ec2.describe_vpc_block_public_access_exclusions",
    "ec2.describe_vpc_block_public_access_options",
    "ec2.describe_vpc_encryption_controls",
    "elasticache.describe_serverless_caches",
}
"""Operations that moto lacks: an account where a call is not offered."""


def live(aws: Double, *regions: str) -> LiveAccount:
    return LiveAccount(
        aws.session(), regions or (REGION,), attempts=1, now=lambda: datetime(2026, 11, 22, 14, 5, 10, tzinfo=UTC)
    )


def test_everything_collected_and_written_is_read_back_as_the_same(
    aws: Double, network: SmallNetwork, tmp_path: Path
) -> None:
    described = live(aws).described(KINDS)
    write_snapshot(described, tmp_path / "s", "whynot 0")

    assert read_snapshot(tmp_path / "s") == described
    assert described.asked == set(KINDS)
    assert (described.accounts, described.regions) == ((ACCOUNT,), (REGION,))
    assert described.taken_at == "2026-11-22T14:05:10Z"


def test_a_collected_folder_holds_what_stands_in_the_account(
    aws: Double, network: SmallNetwork, tmp_path: Path
) -> None:
    write_snapshot(live(aws).described(KINDS), tmp_path / "s", "whynot 0")

    place = tmp_path / "s" / ACCOUNT / REGION
    vpcs = json.loads((place / "ec2.describe_vpcs.json").read_text())["Vpcs"]
    assert network.vpc in {vpc["VpcId"] for vpc in vpcs}
    entries = json.loads((place / f"ec2.get_managed_prefix_list_entries/{network.prefix_list}.json").read_text())
    assert entries == {"Entries": [{"Cidr": "192.0.2.0/24", "Description": "a partner"}]}
    for by_id in (
        f"ec2.search_transit_gateway_routes/{network.table}",
        f"ec2.get_transit_gateway_route_table_associations/{network.table}",
        f"ec2.get_transit_gateway_route_table_propagations/{network.table}",
        f"ec2.describe_vpc_attribute/{network.vpc}",
        "elbv2.describe_listeners/front",
        "elbv2.describe_load_balancer_attributes/front",
        "elbv2.describe_target_health/web",
        "elbv2.describe_target_group_attributes/web",
        f"elbv2.describe_rules/{network.listener}",
        "ecs.list_tasks/shop",
    ):
        assert (place / f"{by_id}.json").is_file(), by_id
    assert len(list((place / "efs.describe_mount_targets").iterdir())) == 1


def test_services_without_a_region_are_asked_once_and_only_private_zones_are_opened(
    aws: Double, network: SmallNetwork
) -> None:
    described = live(aws, "us-east-1", "eu-west-1").described(KINDS)

    zones = [call for call in described.answers if call.name.startswith("route53.")]
    assert {(call.account, call.region) for call in zones} == {(ACCOUNT, "global")}
    opened = [described.answers[call] for call in zones if call.name == "route53.get_hosted_zone"]
    assert [zone["HostedZone"]["Name"] for zone in opened] == ["internal.example."]
    assert [vpc["VPCId"] for vpc in opened[0]["VPCs"]] == [network.vpc]


def test_every_region_is_asked(aws: Double, network: SmallNetwork) -> None:
    described = live(aws, "us-east-1", "eu-west-1", "us-east-1").described(["ec2.describe_vpcs"])

    assert described.regions == ("us-east-1", "eu-west-1")
    assert set(described.answers) == {Call("ec2.describe_vpcs", ACCOUNT, region) for region in described.regions}


def test_asking_makes_only_the_calls_that_the_model_uses(aws: Double, network: SmallNetwork) -> None:
    described = live(aws).described()

    assert described.asked == FOR_ASKING
    made = {call.name for call in described.answers} | {gap.call for gap in described.unseen}
    assert {call for call in FOR_ASKING if KINDS[call].per is None} <= made <= FOR_ASKING


def test_the_calls_that_list_the_ids_come_along(aws: Double, network: SmallNetwork) -> None:
    described = live(aws).described(["elbv2.describe_rules"])

    assert described.asked == {"elbv2.describe_load_balancers", "elbv2.describe_listeners", "elbv2.describe_rules"}
    assert Call("elbv2.describe_rules", ACCOUNT, REGION, network.listener) in described.answers


def test_an_operation_that_is_not_offered_is_unseen_and_the_rest_is_answered(
    aws: Double, network: SmallNetwork
) -> None:
    described = live(aws).described(KINDS)

    assert {gap.call for gap in described.unseen} == NOT_IN_THE_DOUBLE
    assert all(KINDS[gap.call].action in gap.error and "\n" not in gap.error for gap in described.unseen)
    without_id = {kind.call for kind in KINDS.values() if kind.per is None}
    assert {call.name for call in described.answers} >= without_id - NOT_IN_THE_DOUBLE


def test_secrets_of_the_account_reach_neither_the_answers_nor_a_file(
    aws: Double, network: SmallNetwork, tmp_path: Path
) -> None:
    raw = aws.client("ec2").describe_vpn_connections()["VpnConnections"][0]
    assert "pre_shared_key" in raw["CustomerGatewayConfiguration"]  # the double does give one away

    described = live(aws).described(KINDS)
    write_snapshot(described, tmp_path / "s", "whynot 0")

    written = b"".join(path.read_bytes() for path in (tmp_path / "s").rglob("*.json"))
    assert raw["VpnConnectionId"].encode() in written
    for text in (repr(described).encode(), written):
        assert b"pre_shared_key" not in text
        assert b"hunter2" not in text


def test_a_denied_call_is_unseen_and_names_its_iam_action(
    aws: Double, network: SmallNetwork, policed: Callable[[], None]
) -> None:
    session = user(aws, without="ec2:DescribeNetworkAcls")
    policed()

    described = LiveAccount(session, [REGION], attempts=1).described()

    gaps = {gap.call: gap for gap in described.unseen}
    gap = gaps["ec2.describe_network_acls"]
    assert (gap.account, gap.region) == (ACCOUNT, REGION)
    assert gap.error.startswith("not permitted: needs ec2:DescribeNetworkAcls (")
    # Once it asks for permissions, the double refuses some services to everybody.
    always = {"efs.describe_file_systems", "lambda.list_functions", "route53.list_hosted_zones"}
    refused = {"ec2.describe_network_acls", *always}
    assert set(gaps) == refused | (NOT_IN_THE_DOUBLE & FOR_ASKING)
    assert "ec2.describe_network_acls" in described.asked


def test_the_policy_document_permits_every_call(
    aws: Double, network: SmallNetwork, policed: Callable[[], None]
) -> None:
    session = user(aws)
    policed()

    # The double cannot tell the action of a REST request, and denies them all.
    kinds = {call for call, kind in KINDS.items() if kind.service not in {"efs", "eks", "lambda", "route53"}}
    described = LiveAccount(session, [REGION], attempts=1).described(kinds)

    assert {gap.call for gap in described.unseen} == NOT_IN_THE_DOUBLE


def test_by_id_calls_that_are_denied_alike_are_told_in_one_line(
    aws: Double, network: SmallNetwork, policed: Callable[[], None]
) -> None:
    session = user(aws, without="ec2:GetManagedPrefixListEntries")
    policed()

    described = LiveAccount(session, [REGION], attempts=1).described(["ec2.get_managed_prefix_list_entries"])

    (gap,) = described.unseen
    assert gap.call == "ec2.get_managed_prefix_list_entries"
    assert "more: not permitted: needs ec2:GetManagedPrefixListEntries" in gap.error


def test_keys_that_aws_does_not_know_are_one_error_that_says_what_to_do(
    aws: Double, policed: Callable[[], None]
) -> None:
    policed()

    with pytest.raises(NotPermitted, match=r"InvalidClientTokenId.*aws sso login.*AWS_PROFILE"):
        LiveAccount(aws.session("AKIAUNKNOWN"), [REGION], attempts=1).described()


def test_without_credentials_there_is_one_error_that_says_what_to_do(
    aws: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(NotPermitted, match=r"No usable AWS credentials.*aws sso login.*AWS_PROFILE"):
        LiveAccount(boto3.Session(), [REGION]).described()


def test_an_unknown_profile_is_one_error_that_says_what_to_do(aws: Double) -> None:
    with pytest.raises(NotPermitted, match=r"nobodys.*AWS_PROFILE"):
        LiveAccount.open("nobodys", [REGION])


def test_without_a_region_the_error_says_how_to_give_one(aws: Double) -> None:
    with pytest.raises(SourceUnavailable, match=r"No Region is known: give --region, or set AWS_REGION"):
        LiveAccount(aws.session(), [])


def test_the_sessions_region_is_the_default(aws: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    assert LiveAccount.open().regions == ("eu-west-1",)


def test_where_aws_cannot_be_reached_the_error_says_what_to_check(monkeypatch: pytest.MonkeyPatch, aws: Double) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")

        with pytest.raises(SourceUnavailable, match=r"could not be reached in us-east-1.*check the network") as caught:
            LiveAccount(aws.session(), [REGION], attempts=1).described()

    assert not isinstance(caught.value, NotPermitted)


@pytest.mark.parametrize("region", ["not a region", "us_east_1!"])
def test_a_region_that_cannot_be_one_is_named(aws: Double, region: str) -> None:
    with pytest.raises(SourceUnavailable, match=region):
        LiveAccount(aws.session(), [region]).described()


def test_a_broken_endpoint_address_is_named(aws: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:nonsense")

    with pytest.raises(SourceUnavailable, match="AWS_ENDPOINT_URL"):
        LiveAccount(aws.session(), [REGION]).described()


def test_progress_is_told_after_each_call(aws: Double, network: SmallNetwork) -> None:
    lines: list[str] = []
    account: NetworkSource = LiveAccount(aws.session(), [REGION], attempts=1, on_progress=lines.append)

    described = account.described()

    assert len(lines) == len(described.answers) + len(described.unseen)
    assert lines[-1] == f"{ACCOUNT}: {len(lines)} of {len(lines)} calls answered"


def user(aws: Double, without: str = "") -> boto3.Session:
    """A session of a user with our policy, less one action."""
    policy = iam_policy()
    actions = policy["Statement"][0]["Action"]
    # The double asks for this permission, which AWS does not.
    actions.append("sts:GetCallerIdentity")
    if without:
        actions.remove(without)
    iam = aws.client("iam")
    iam.create_user(UserName="reader")
    iam.put_user_policy(UserName="reader", PolicyName="reads", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return aws.session(key["AccessKeyId"], key["SecretAccessKey"])
