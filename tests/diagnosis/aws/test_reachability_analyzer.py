"""Reachability Analyzer against the double: to the end, found or not, failed, refused, too slow; and nothing left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import boto3
import pytest

from diagnosis.aws.permissions import policy_text, second_opinion_policy
from diagnosis.aws.reachability_analyzer import RUN, TAG, UNTIL, ReachabilityAnalyzer
from diagnosis.aws.reachability_calls import ACTIONS, READ_BY_AWS
from diagnosis.explanation.path_request import PathRequest
from diagnosis.sources import NotPermitted, SourceUnavailable, Unanswered
from tests.diagnosis.flowlogs.remote.places import ACCOUNT, KEYS, REGION, client_at
from tests.emulator.faults import FAULTS, Analysis, Fault
from tests.emulator.network_insights import forget_insights
from tests.house.source_tree import ROOT
from tests.moto_server import post

NOW = 1_795_356_000
FOUND = {"NetworkPathFound": True, "ForwardPathComponents": [{"SequenceNumber": 1, "Component": {"Id": "eni-1"}}]}
DENIED = ("UnauthorizedOperation", "AccessDeniedException")
STOPPED = {
    "NetworkPathFound": False,
    "Explanations": [{"ExplanationCode": "NO_ROUTE_TO_DESTINATION", "RouteTable": {"Id": "rtb-0a1"}}],
}


@cache
def once_at(url: str, service: str, region: str) -> Any:
    """A client that makes no call twice."""
    make: Callable[..., Any] = boto3.client
    config = boto3.session.Config(retries={"total_max_attempts": 1})  # type: ignore[attr-defined]
    return make(service, region_name=region, endpoint_url=url, config=config, **KEYS)


@dataclass
class Desk:
    """The analyzer on the double, with a clock that only its pauses move."""

    url: str
    request: PathRequest
    slept: float = 0.0
    said: list[str] = field(default_factory=list)
    on_sleep: Callable[[], None] = lambda: None

    @property
    def ec2(self) -> Any:
        return client_at(self.url, "ec2")

    def analyzer(self, **others: Any) -> ReachabilityAnalyzer:
        return ReachabilityAnalyzer(
            lambda service, region: once_at(self.url, service, region),
            **{"now": lambda: NOW + self.slept, "sleep": self.sleep} | others,
        )

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.on_sleep()

    def ask(self, request: PathRequest | None = None) -> Any:
        return self.analyzer().analyse(request or self.request, self.said.append)

    def left(self) -> list[str]:
        """Ids of all paths and analyses that there are."""
        paths = self.ec2.describe_network_insights_paths()["NetworkInsightsPaths"]
        analyses = self.ec2.describe_network_insights_analyses()["NetworkInsightsAnalyses"]
        return [
            *(one["NetworkInsightsPathId"] for one in paths),
            *(one["NetworkInsightsAnalysisId"] for one in analyses),
        ]

    def calls(self, name: str) -> int:
        return FAULTS.calls.count(f"ec2.{name}")


@pytest.fixture(scope="module")
def ends(emulator_url: str) -> tuple[str, str]:
    """Two interfaces in a subnet."""
    post(emulator_url, "reset")
    FAULTS.clear()
    ec2 = client_at(emulator_url, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    made = [ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"] for _ in range(2)]
    return made[0], made[1]


@pytest.fixture
def desk(emulator_url: str, ends: tuple[str, str]) -> Iterator[Desk]:
    forget_insights(ACCOUNT, REGION)
    FAULTS.clear()
    yield Desk(emulator_url, PathRequest(REGION, *ends, "tcp", 3306))
    FAULTS.clear()


def test_an_analysis_is_waited_for_with_growing_pauses_then_read_then_deleted_with_its_path(desk: Desk) -> None:
    FAULTS.polls = 4
    FAULTS.add(Analysis(FOUND, holding=desk.request.source))

    found = desk.ask()

    assert found.reachable is True
    assert found.forward[0].component.id == "eni-1"
    assert found.left_behind == ()
    assert desk.left() == []
    assert desk.slept == 2 + 3 + 4.5 + 6.75 + 10.125
    assert desk.said[-1] == "VPC Reachability Analyzer analyses (26 s)"


def test_no_path_comes_with_its_explanations(desk: Desk) -> None:
    FAULTS.add(Analysis(STOPPED))

    found = desk.ask()

    assert found.reachable is False
    assert [one.text for one in found.explanations] == ["rtb-0a1 has no usable route to the destination."]
    assert desk.left() == []


def test_a_failed_analysis_is_an_answer_with_aws_s_own_words(desk: Desk) -> None:
    FAULTS.add(Analysis({"Status": "failed", "StatusMessage": "Modifications in network resources"}))

    found = desk.ask()

    assert (found.status, found.message) == ("failed", "Modifications in network resources")
    assert found.reachable is None
    assert desk.left() == []


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({}, {"DestinationPort": 3306}),
        ({"destination": None, "destination_address": "203.0.113.9"}, {"DestinationIp": "203.0.113.9"}),
        ({"source_address": "10.0.1.77"}, {"SourceIp": "10.0.1.77"}),
        (
            {"source_port": 50000, "source_address": "10.0.1.77"},
            {
                "FilterAtSource": {
                    "SourceAddress": "10.0.1.77",
                    "SourcePortRange": {"FromPort": 50000, "ToPort": 50000},
                    "DestinationPortRange": {"FromPort": 3306, "ToPort": 3306},
                }
            },
        ),
        (
            {"through": ("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/x/1",)},
            {"FilterAtSource": {"DestinationPortRange": {"FromPort": 3306, "ToPort": 3306}}},
        ),
    ],
)
def test_what_is_asked_reaches_aws_whole(desk: Desk, given: dict[str, Any], sent: dict[str, Any]) -> None:
    seen: list[dict[str, Any]] = []

    def look() -> None:
        seen.extend(desk.ec2.describe_network_insights_paths()["NetworkInsightsPaths"])

    desk.on_sleep = look
    FAULTS.add(Analysis(FOUND))

    desk.ask(replace(desk.request, **given))

    assert {name: seen[0].get(name) for name in sent} == sent
    assert ("DestinationPort" in seen[0]) != ("FilterAtSource" in seen[0])
    assert ("Destination" in seen[0]) == (given.get("destination", "one") is not None)


def test_a_path_of_ours_that_asks_the_same_is_used_again_and_one_that_only_says_so_is_not(desk: Desk) -> None:
    FAULTS.add(Analysis(FOUND))
    left_open: list[str] = []

    def second() -> None:
        if not left_open:
            left_open.append("once")
            desk.ask()  # another process with the same question meanwhile

    desk.on_sleep = second
    desk.ask()

    assert desk.calls("CreateNetworkInsightsPath") == 1
    assert desk.calls("StartNetworkInsightsAnalysis") == 2
    assert desk.left() == []

    other = replace(desk.request, port=22)
    forged = [{"Key": TAG, "Value": "second-opinion"}, {"Key": "whynot:path", "Value": other.key}]
    desk.ec2.create_network_insights_path(
        Source=desk.request.destination,
        Destination=desk.request.source,
        Protocol="tcp",
        TagSpecifications=[{"ResourceType": "network-insights-path", "Tags": forged}],
    )
    desk.ask(other)
    assert desk.calls("CreateNetworkInsightsPath") == 3
    assert len(desk.left()) == 1  # it is nobody's that we know


@pytest.mark.parametrize(
    ("call", "code", "message", "kind", "says"),
    [
        ("CreateNetworkInsightsPath", "UnauthorizedOperation", "no", NotPermitted, "ec2:CreateNetworkInsightsPath"),
        (
            "StartNetworkInsightsAnalysis",
            "UnauthorizedOperation",
            "no",
            NotPermitted,
            "ec2:StartNetworkInsightsAnalysis",
        ),
        (
            "StartNetworkInsightsAnalysis",
            "AccessDeniedException",
            "User x is not authorized to perform: tiros:CreateQuery",
            NotPermitted,
            "tiros:CreateQuery",
        ),
        ("CreateNetworkInsightsPath", "NetworkInsightsPath.LimitExceeded", "1000", SourceUnavailable, "quota"),
        ("StartNetworkInsightsAnalysis", "NetworkInsightsAnalysis.LimitExceeded", "100", SourceUnavailable, "quota"),
        ("CreateNetworkInsightsPath", "NetworkInsightsSource.NotFound", "eni", SourceUnavailable, "ask again"),
        ("CreateNetworkInsightsPath", "InvalidParameterValue", "unsupported", SourceUnavailable, "does not take"),
        ("StartNetworkInsightsAnalysis", "RequestLimitExceeded", "slow", SourceUnavailable, "throttled"),
        ("DescribeNetworkInsightsAnalyses", "UnauthorizedOperation", "no", Unanswered, "ec2:DescribeNetworkInsights"),
        ("DescribeNetworkInsightsAnalyses", "InternalError", "oops", Unanswered, "InternalError"),
    ],
)
def test_a_refused_call_says_who_must_act_and_leaves_nothing(
    desk: Desk, call: str, code: str, message: str, kind: type[Exception], says: str
) -> None:
    FAULTS.add(Analysis(FOUND), Fault(f"ec2.{call}", code, message, times=1))

    with pytest.raises(kind, match=says) as raised:
        desk.ask()

    assert ("administrator" in str(raised.value)) == (code in DENIED or "quota" in says)
    assert isinstance(raised.value, Unanswered) == (kind is Unanswered)
    assert desk.left() == []


def test_throttled_polls_are_waited_out(desk: Desk) -> None:
    FAULTS.add(Analysis(FOUND), Fault("ec2.DescribeNetworkInsightsAnalyses", "RequestLimitExceeded", times=4))

    assert desk.ask().reachable is True


def test_an_analysis_that_does_not_end_is_given_up_and_deleted(desk: Desk) -> None:
    FAULTS.polls = 1_000

    with pytest.raises(Unanswered, match="did not end within 300 seconds"):
        desk.ask()

    assert desk.slept < 320
    assert desk.left() == []


def test_whoever_stops_waiting_leaves_nothing_either(desk: Desk) -> None:
    FAULTS.polls = 1_000

    def stop(text: str) -> None:
        if "analyses" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.analyzer().analyse(desk.request, stop)

    assert desk.left() == []


def test_an_analysis_whose_start_was_not_answered_is_found_by_its_run_and_deleted(desk: Desk) -> None:
    """The call arrives, and its answer is lost: the analysis runs, and nobody was told its id."""
    lost = _Lossy(desk.ec2)
    analyzer = ReachabilityAnalyzer(lambda *_: lost, now=lambda: NOW, sleep=desk.sleep)

    with pytest.raises(SourceUnavailable, match="no connection"):
        analyzer.analyse(desk.request, desk.said.append)

    assert lost.started == 1
    assert desk.left() == []


class _Lossy:
    """A client whose answers to StartNetworkInsightsAnalysis do not arrive."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.started = 0

    def start_network_insights_analysis(self, **given: Any) -> None:
        from botocore.exceptions import ConnectionClosedError

        self._client.start_network_insights_analysis(**given)
        self.started += 1
        raise ConnectionClosedError(endpoint_url="x")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_what_cannot_be_deleted_is_named_and_found_at_the_next_start(desk: Desk) -> None:
    FAULTS.add(Analysis(FOUND), Fault("ec2.Delete*", "UnauthorizedOperation"))

    left = desk.ask().left_behind

    assert sorted(left) == sorted(desk.left())
    assert len(left) == 2
    FAULTS.clear()
    assert desk.analyzer().clear_leftovers(REGION) == ()  # its run could still be under way
    desk.slept += 1_000
    assert sorted(desk.analyzer().clear_leftovers(REGION)) == sorted(left)
    assert desk.left() == []


def test_what_a_crash_left_is_deleted_before_the_next_question_and_nothing_else(desk: Desk) -> None:
    def made(until: int, *, ours: bool) -> list[str]:
        tags = [
            {"Key": TAG, "Value": "second-opinion"},
            {"Key": UNTIL, "Value": str(until)},
            {"Key": RUN, "Value": "r"},
        ]
        if not ours:
            tags = [{"Key": "Name", "Value": "mine"}]
        path = desk.ec2.create_network_insights_path(
            Source=desk.request.source,
            Destination=desk.request.destination,
            Protocol="udp",
            DestinationPort=53,
            TagSpecifications=[{"ResourceType": "network-insights-path", "Tags": tags}],
        )["NetworkInsightsPath"]["NetworkInsightsPathId"]
        analysis = desk.ec2.start_network_insights_analysis(
            NetworkInsightsPathId=path,
            TagSpecifications=[{"ResourceType": "network-insights-analysis", "Tags": tags}],
        )["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"]
        return [path, analysis]

    crashed = made(NOW - 10, ours=True)
    under_way = made(NOW + 200, ours=True)
    somebodys = made(0, ours=False)
    FAULTS.page = 1
    FAULTS.add(Analysis(FOUND))

    desk.ask()

    assert sorted(_all_pages(desk)) == sorted([*under_way, *somebodys])
    assert not set(crashed) & set(_all_pages(desk))


def _all_pages(desk: Desk) -> list[str]:
    FAULTS.page = 1_000
    return desk.left()


def test_without_permission_to_look_for_leftovers_the_question_itself_says_so(desk: Desk) -> None:
    FAULTS.add(Fault("ec2.DescribeNetworkInsightsPaths", "UnauthorizedOperation"))

    with pytest.raises(NotPermitted, match="ec2:DescribeNetworkInsightsPaths"):
        desk.ask()


def test_the_policy_of_the_documentation_permits_every_call_and_deletes_only_what_is_tagged_as_ours() -> None:
    written = (ROOT / "deploy" / "second-opinion-policy.json").read_text(encoding="utf-8")
    by_name = {one["Sid"]: one for one in second_opinion_policy()["Statement"]}

    assert written == policy_text(second_opinion_policy()), "write it anew: python -m diagnosis.aws.permissions"
    allowed = {action for one in by_name.values() for action in one["Action"]}
    assert {*ACTIONS.values(), *READ_BY_AWS} == allowed
    tidies = by_name["WhynotOpinionTidies"]
    assert all(":Delete" in action for action in tidies["Action"])
    assert tidies["Condition"] == {"StringLike": {"aws:ResourceTag/whynot": "second-opinion"}}
    assert not any(":Delete" in action for one in by_name.values() if one is not tidies for action in one["Action"])
    assert len(re.sub(r"\s", "", written)) <= 6144
