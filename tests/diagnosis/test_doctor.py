"""`whynot doctor` on a double of AWS and of Slack: what is missing is named, with who must act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import bot.cli  # noqa: F401 - adds the Slack part
from bot.checkup import OPTIONAL, REQUIRED
from diagnosis.aws import permissions
from diagnosis.aws.witness_checkup import principal_of
from tests.diagnosis.test_live_flow_logs import Live, grouped, live, stored
from tests.emulator import policy_calls
from tests.emulator.faults import FAULTS, Fault
from tests.program import Ran, run
from tests.slack_double.double import SlackDouble
from tests.slack_double.installation import Installation, from_manifest

__all__ = ["live"]
ROOT = Path(__file__).parents[2]


def said(ran: Ran) -> str:
    """The page on one line."""
    return " ".join(ran.out.split())


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackDouble]:
    with SlackDouble(from_manifest(ROOT / "manifest.yml")) as double:
        configure(monkeypatch, double)
        yield double


def configure(monkeypatch: pytest.MonkeyPatch, double: SlackDouble) -> None:
    for name, value in {
        "BOT_TOKEN": double.bot_token,
        "APP_TOKEN": double.app_token,
        "API_URL": double.base_url,
    }.items():
        monkeypatch.setenv(f"WHYNOT_SLACK__{name}", value)


def test_where_all_is_there_it_says_so_and_ends_well(live: Live, slack: SlackDouble) -> None:
    stored(live)
    grouped(live)

    ran = run("doctor")

    assert ran.status == 0, ran.out
    assert "objects in S3 of arn:aws:s3:::flow-logs/logs/ can be read" in said(ran)
    assert "CloudWatch Logs Insights of /vpc/flow-logs can be read" in said(ran)
    assert "slack.app_token opens a connection" in said(ran)
    assert "All is there." in ran.out
    assert "✗" not in ran.out


def test_denied_calls_are_told_together_by_their_iam_actions(live: Live) -> None:
    FAULTS.add(
        Fault("ec2.DescribeSubnets", "UnauthorizedOperation"), Fault("ec2.DescribeVpcs", "UnauthorizedOperation")
    )

    ran = run("doctor")

    assert ran.status == 2
    assert "not permitted in us-east-1: ec2:DescribeSubnets, ec2:DescribeVpcs." in said(ran)
    assert "An account administrator can grant them" in said(ran)
    assert "1 thing to be done" in ran.out


@pytest.mark.parametrize(
    ("call", "code", "action"),
    [
        ("s3.ListObjectsV2", "AccessDenied", "s3:ListBucket"),
        ("s3.GetObject", "AccessDenied", "s3:GetObject"),
        ("logs.StartQuery", "AccessDeniedException", "logs:StartQuery"),
    ],
)
def test_a_destination_that_cannot_be_read_back_is_named_with_the_action(
    live: Live, call: str, code: str, action: str
) -> None:
    stored(live)
    grouped(live)
    FAULTS.add(Fault(call, code))

    ran = run("doctor")

    assert ran.status == 2
    assert action in said(ran)
    assert "1 thing to be done" in ran.out


def test_without_credentials_or_region_that_is_the_one_thing_said(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS.add(Fault("sts.GetCallerIdentity", "ExpiredToken"))
    expired = run("doctor")
    monkeypatch.delenv("AWS_REGION")
    nowhere = run("doctor")

    for ran, words in ((expired, "have expired"), (nowhere, "No Region is known")):
        assert ran.status == 2
        assert words in said(ran)
        assert ran.out.count("✗") == 1


def test_an_account_without_flow_logs_lacks_nothing_but_is_told(live: Live) -> None:
    ran = run("doctor")

    assert ran.status == 0, ran.out
    assert "no active flow log" in said(ran)
    assert "no token is set" in said(ran)


def test_scopes_that_the_app_lacks_are_named_and_refused_optional_ones_are_a_note(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SlackDouble(Installation(scopes=REQUIRED - {"users:read", "commands"})) as double:
        configure(monkeypatch, double)
        ran = run("doctor")

    assert ran.status == 2
    assert "the bot lacks the scopes commands, users:read" in said(ran)
    assert f"optional scopes that were not given: {', '.join(sorted(OPTIONAL))}" in said(ran)


def test_swapped_and_refused_tokens_are_told_apart(
    live: Live, slack: SlackDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHYNOT_SLACK__BOT_TOKEN", "xoxb-another")
    refused = run("doctor")
    monkeypatch.setenv("WHYNOT_SLACK__BOT_TOKEN", slack.app_token)
    swapped = run("doctor")

    assert (refused.status, swapped.status) == (2, 2)
    assert "slack.bot_token is refused (invalid_auth)" in said(refused)
    assert "are swapped" in said(swapped)
    for ran in (refused, swapped):
        assert "xoxb-another" not in ran.out + ran.err
        assert slack.app_token not in ran.out + ran.err


def test_a_slack_that_cannot_be_reached_is_said(
    live: Live, slack: SlackDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHYNOT_SLACK__API_URL", "http://127.0.0.1:1/api/")

    ran = run("doctor")

    assert ran.status == 2
    assert "slack.api_url cannot be reached" in said(ran)


def test_the_scopes_are_those_of_the_manifest() -> None:
    assert from_manifest(ROOT / "manifest.yml", without_optional=True).scopes == REQUIRED
    assert from_manifest(ROOT / "manifest.yml").scopes == REQUIRED | OPTIONAL


WITNESSES = ("--second-opinion", "--what-changed", "--threats")


@pytest.fixture
def permitted() -> Iterator[None]:
    policy_calls.DENIED.clear()
    policy_calls.ASKED.clear()
    yield
    policy_calls.DENIED.clear()


def test_what_an_analysis_needs_is_looked_up_and_none_is_made(live: Live, permitted: None) -> None:
    policy_calls.DENIED |= {"tiros:CreateQuery", "ec2:DeleteNetworkInsightsPath"}

    ran = run("doctor", *WITNESSES)

    assert ran.status == 2
    assert "not permitted: ec2:DeleteNetworkInsightsPath, tiros:CreateQuery." in said(ran)
    assert "An account administrator can grant them: deploy/second-opinion-policy.json" in said(ran)
    assert not [call for call in FAULTS.calls if "NetworkInsights" in call]
    asked = {action for one in policy_calls.ASKED for action in one["ActionNames"]}
    assert asked == set(second_opinion_actions()) - {"iam:SimulatePrincipalPolicy"}
    [tidy] = [one for one in policy_calls.ASKED if "ec2:DeleteNetworkInsightsPath" in one["ActionNames"]]
    assert tidy["ResourceArns"] == ["arn:aws:ec2:us-east-1:123456789012:network-insights-path/*"]
    assert tidy["ContextEntries"][0]["ContextKeyName"] == "aws:ResourceTag/whynot"


def second_opinion_actions() -> Iterator[str]:
    for statement in permissions.second_opinion_policy()["Statement"]:
        yield from statement["Action"]


@pytest.mark.parametrize(
    ("call", "code", "told"),
    [
        ("cloudtrail.LookupEvents", "AccessDeniedException", "administrator can grant cloudtrail:LookupEvents"),
        ("guardduty./detector", "AccessDeniedException", "needs guardduty:ListDetectors"),
        ("detective./graphs/list", "AccessDeniedException", "needs detective:ListGraphs"),
    ],
)
def test_what_a_witness_lacks_is_named_with_who_must_act(
    live: Live, permitted: None, call: str, code: str, told: str
) -> None:
    FAULTS.add(Fault(call, code))

    ran = run("doctor", *WITNESSES)

    assert ran.status == 2
    assert told in said(ran)
    assert "dministrator can grant" in said(ran)


def test_where_iam_does_not_say_that_is_a_note_and_nothing_is_missing_by_it(live: Live, permitted: None) -> None:
    FAULTS.add(Fault("iam.SimulatePrincipalPolicy", "AccessDenied"))

    ran = run("doctor", "--second-opinion")

    assert "iam:SimulatePrincipalPolicy" in said(ran)
    assert ran.status == 0, ran.out


def test_what_the_settings_switch_on_is_looked_at_and_nothing_else(
    live: Live, permitted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHYNOT_WHAT_CHANGED__WHEN", "off")
    run("doctor")
    assert not [call for call in FAULTS.calls if call.startswith(("cloudtrail.", "guardduty.", "iam.Simulate"))]

    monkeypatch.setenv("WHYNOT_WHAT_CHANGED__WHEN", "asked")
    monkeypatch.setenv("WHYNOT_SECOND_OPINION__WHEN", "asked")
    ran = run("doctor")
    assert "event history can be looked up" in said(ran)
    assert "IAM permits all that an analysis needs" in said(ran)
    assert not [call for call in FAULTS.calls if call.startswith("guardduty.")]


@pytest.mark.parametrize(
    ("arn", "principal"),
    [
        ("arn:aws:sts::123456789012:assumed-role/whynot/i-1", "arn:aws:iam::123456789012:role/whynot"),
        ("arn:aws-cn:iam::123456789012:user/team/bob", "arn:aws-cn:iam::123456789012:user/team/bob"),
        ("arn:aws:iam::123456789012:root", ""),
    ],
)
def test_a_session_is_simulated_as_its_role(arn: str, principal: str) -> None:
    assert principal_of(arn) == principal
