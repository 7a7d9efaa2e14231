"""The calls of Reachability Analyzer as boto3 meets them: botocore's shapes, EC2's error codes, pages, filters."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from tests.diagnosis.flowlogs.remote.places import client_at
from tests.emulator import network_insights_calls
from tests.emulator.faults import FAULTS, PATH, Analysis, Fault
from tests.moto_server import post

TAGS = [{"ResourceType": "network-insights-path", "Tags": [{"Key": "made-by", "Value": "whynot"}]}]
BLOCKED = {
    "NetworkPathFound": False,
    "Explanations": [
        {
            "ExplanationCode": "ENI_SG_RULES_MISMATCH",
            "Direction": "ingress",
            "NetworkInterface": {"Id": "eni-1"},
            "SecurityGroups": [{"Id": "sg-1", "Name": "data"}],
        }
    ],
}


@pytest.fixture
def ec2(emulator_url: str) -> Any:
    post(emulator_url, "reset")
    FAULTS.clear()
    yield client_at(emulator_url, "ec2")
    FAULTS.clear()


@pytest.fixture
def interfaces(ec2: Any) -> tuple[str, str]:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    made = [ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"] for _ in range(2)]
    return made[0], made[1]


def path(ec2: Any, interfaces: tuple[str, str], **more: Any) -> str:
    given = {"Source": interfaces[0], "Destination": interfaces[1], "Protocol": "tcp", "DestinationPort": 443}
    name: str = ec2.create_network_insights_path(**{**given, **more})["NetworkInsightsPath"]["NetworkInsightsPathId"]
    return name


def started(ec2: Any, name: str) -> str:
    analysis = ec2.start_network_insights_analysis(NetworkInsightsPathId=name)["NetworkInsightsAnalysis"]
    assert analysis["Status"] == "running"
    identity: str = analysis["NetworkInsightsAnalysisId"]
    return identity


def seen(ec2: Any, analysis: str) -> dict[str, Any]:
    [found] = ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=[analysis])["NetworkInsightsAnalyses"]
    return dict(found)


def code_of(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return str(raised.value.response["Error"]["Code"])


def test_an_analysis_runs_until_it_was_asked_about_and_then_holds_what_was_ordered(
    ec2: Any, interfaces: tuple[str, str]
) -> None:
    FAULTS.polls = 2
    FAULTS.add(Analysis(BLOCKED, holding=interfaces[1]), Analysis({"NetworkPathFound": True}, holding="eni-other"))
    analysis = started(ec2, path(ec2, interfaces))

    statuses = [seen(ec2, analysis)["Status"] for _ in range(3)]

    assert statuses == ["running", "running", "succeeded"]
    assert seen(ec2, analysis)["NetworkPathFound"] is False
    assert seen(ec2, analysis)["Explanations"] == BLOCKED["Explanations"]


def test_an_analysis_that_nothing_was_ordered_for_fails_and_invents_nothing(
    ec2: Any, interfaces: tuple[str, str]
) -> None:
    FAULTS.polls = 0

    found = seen(ec2, started(ec2, path(ec2, interfaces)))

    assert found["Status"] == "failed"
    assert "not told" in found["StatusMessage"]
    assert "NetworkPathFound" not in found


def test_analyses_are_ordered_over_http_as_faults_are(ec2: Any, interfaces: tuple[str, str], emulator_url: str) -> None:
    ordered = json.dumps([{"members": {"NetworkPathFound": True}}]).encode()
    urlopen(Request(f"{emulator_url}{PATH}", ordered, method="POST"), timeout=10).close()  # noqa: S310
    FAULTS.polls = 0

    assert seen(ec2, started(ec2, path(ec2, interfaces)))["NetworkPathFound"] is True


def test_a_path_is_deleted_only_after_its_analyses(ec2: Any, interfaces: tuple[str, str]) -> None:
    name = path(ec2, interfaces)
    analysis = started(ec2, name)

    with pytest.raises(ClientError) as raised:
        ec2.delete_network_insights_path(NetworkInsightsPathId=name)
    assert code_of(raised) == "AnalysisExistsForNetworkInsightsPath"
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=analysis)
    ec2.delete_network_insights_path(NetworkInsightsPathId=name)
    assert ec2.describe_network_insights_paths()["NetworkInsightsPaths"] == []
    with pytest.raises(ClientError) as raised:
        ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=analysis)
    assert code_of(raised) == "InvalidNetworkInsightsAnalysisId.NotFound"


def test_paths_are_found_by_their_tags_page_by_page(ec2: Any, interfaces: tuple[str, str]) -> None:
    ours = {path(ec2, interfaces, TagSpecifications=TAGS) for _ in range(3)}
    path(ec2, interfaces)
    FAULTS.page = 2

    pages = ec2.get_paginator("describe_network_insights_paths").paginate(
        Filters=[{"Name": "tag:made-by", "Values": ["why*"]}]
    )

    found = [[one["NetworkInsightsPathId"] for one in page["NetworkInsightsPaths"]] for page in pages]
    assert [len(page) for page in found] == [2, 1]
    assert {name for page in found for name in page} == ours


def test_the_same_client_token_makes_nothing_twice(ec2: Any, interfaces: tuple[str, str]) -> None:
    name = path(ec2, interfaces, ClientToken="once")

    assert path(ec2, interfaces, ClientToken="once") == name
    with pytest.raises(ClientError) as raised:
        path(ec2, interfaces, ClientToken="once", DestinationPort=80)
    assert code_of(raised) == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Source": "eni-0000"}, "NetworkInsightsSource.NotFound"),
        ({"Destination": "eni-0000"}, "NetworkInsightsDestination.NotFound"),
        ({"Source": "db-orders"}, "InvalidParameterValue"),
        ({"Protocol": "icmp"}, "InvalidParameterValue"),
        ({"DestinationIp": "10.0.0.256.1"}, "InvalidParameterValue"),
        ({"FilterAtSource": {"DestinationAddress": "10.0.1.1"}}, "InvalidParameterCombination"),
        ({"TagSpecifications": [{"ResourceType": "vpc", "Tags": []}]}, "InvalidParameterValue"),
        ({"DryRun": True}, "DryRunOperation"),
    ],
)
def test_what_aws_would_not_take_is_refused_by_its_code(
    ec2: Any, interfaces: tuple[str, str], given: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as raised:
        path(ec2, interfaces, **given)

    assert code_of(raised) == code


def test_a_bare_address_is_a_destination_without_a_resource(ec2: Any, interfaces: tuple[str, str]) -> None:
    made = ec2.create_network_insights_path(
        Source=interfaces[0], Protocol="udp", DestinationIp="203.0.113.9", DestinationPort=53
    )["NetworkInsightsPath"]

    assert made["DestinationIp"] == "203.0.113.9"
    with pytest.raises(ClientError) as raised:
        ec2.create_network_insights_path(Source=interfaces[0], Protocol="tcp")
    assert code_of(raised) == "MissingParameter"


def test_too_many_at_once_and_a_missing_permission_are_errors_of_the_call(
    ec2: Any, interfaces: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_insights_calls, "MOST_RUNNING", 1)
    name = path(ec2, interfaces)
    started(ec2, name)

    with pytest.raises(ClientError) as raised:
        started(ec2, name)
    assert code_of(raised) == "NetworkInsightsAnalysis.LimitExceeded"
    FAULTS.add(Fault("ec2.StartNetworkInsightsAnalysis", "UnauthorizedOperation"))
    with pytest.raises(ClientError) as raised:
        started(ec2, name)
    assert code_of(raised) == "UnauthorizedOperation"
