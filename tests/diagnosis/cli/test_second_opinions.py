"""`whynot ask --second-opinion` on the double: the opinion beside the answer, and what becomes of a disagreement."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from diagnosis.aws import reachability_analyzer
from diagnosis.cli.disagreements import default_folder
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.remote.places import ACCOUNT, REGION, client_at
from tests.emulator.faults import FAULTS, Analysis, Fault
from tests.emulator.network_insights import forget_insights
from tests.moto_server import post
from tests.program import Ran, run

QUESTION = "why can't 10.0.1.10 reach 10.0.1.20 on 3306"
FOUND = {"NetworkPathFound": True, "ReturnPathComponents": [{"SequenceNumber": 1, "Component": {"Id": "eni-1"}}]}


@dataclass(frozen=True)
class Account:
    """Two interfaces in a subnet, the second behind a group without inbound rules."""

    url: str
    ends: tuple[str, str]
    group: str

    def left(self) -> list[Any]:
        ec2 = client_at(self.url, "ec2")
        return [
            *ec2.describe_network_insights_paths()["NetworkInsightsPaths"],
            *ec2.describe_network_insights_analyses()["NetworkInsightsAnalyses"],
        ]


@pytest.fixture(scope="module")
def built(emulator_url: str) -> Account:
    post(emulator_url, "reset")
    FAULTS.clear()
    ec2 = client_at(emulator_url, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    groups = [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("web", "data")
    ]
    ends = [
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address, Groups=[group])["NetworkInterface"][
            "NetworkInterfaceId"
        ]
        for address, group in zip(("10.0.1.10", "10.0.1.20"), groups, strict=True)
    ]
    return Account(emulator_url, (ends[0], ends[1]), groups[1])


@pytest.fixture
def account(built: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Account]:
    forget_insights(ACCOUNT, REGION)
    FAULTS.clear()
    for name, value in {
        "AWS_ENDPOINT_URL": built.url,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "unchecked",
        "AWS_REGION": REGION,
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(reachability_analyzer, "FIRST_PAUSE", 0.01)
    yield built
    FAULTS.clear()


def ask(*more: str) -> Ran:
    return run("ask", QUESTION, "--no-flow-logs", "--second-opinion", *more)


def group_stops(account: Account) -> dict[str, Any]:
    return {
        "NetworkPathFound": False,
        "Explanations": [
            {
                "ExplanationCode": "ENI_SG_RULES_MISMATCH",
                "Direction": "ingress",
                "SecurityGroups": [{"Id": account.group}],
                "NetworkInterface": {"Id": account.ends[1]},
            }
        ],
    }


def test_the_opinion_comes_below_the_answer_and_says_what_it_cost(account: Account) -> None:
    FAULTS.add(Analysis(group_stops(account), holding=account.ends[1]))

    ran = ask()

    answer, _, opinion = ran.out.partition("\n\n  AWS    ")
    assert "unseen" in answer
    assert opinion.startswith("AWS agrees: Reachability Analyzer says that it is blocked too.")
    assert "1 analysis in us-east-1 ($0.10)" in opinion
    start, end = account.ends
    assert f"asking VPC Reachability Analyzer about {start} → {end} tcp 3306; AWS charges $0.10" in ran.err
    assert account.left() == []


def test_in_json_it_is_evidence_and_part_of_the_agreement(account: Account) -> None:
    FAULTS.add(Analysis(group_stops(account)))

    ran = ask("--json")

    evidence = ran.document["evidence"]
    assert evidence["second_opinion"]["agrees"] is True
    assert [one["code"] for one in evidence["second_opinion"]["reasons"]] == ["ENI_SG_RULES_MISMATCH"]
    assert evidence["agreement"].endswith(evidence["second_opinion"]["text"])
    assert ran.status == {"blocked": 1, "unknown": 3}[ran.document["verdict"]]


def test_a_disagreement_is_kept_and_exported_as_a_report_that_shows_it_again(account: Account, tmp_path: Path) -> None:
    FAULTS.add(Analysis(FOUND))

    ran = ask("--json")

    assert ran.document["evidence"]["second_opinion"]["agrees"] is False
    [kept] = default_folder().iterdir()
    assert f"whynot disagreements {kept.stem}" in ran.err
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    listed = run("disagreements")
    assert QUESTION in listed.out
    assert "AWS disagrees" in listed.out
    assert run("disagreements", "--json").out.count(kept.stem) == 1

    written = run("disagreements", kept.stem, "--to", str(tmp_path / "report.zip"))

    assert written.status == 0
    with zipfile.ZipFile(tmp_path / "report.zip") as file:
        file.extractall(tmp_path / "report")
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    opinion = report["answer"]["evidence"]["second_opinion"]
    assert opinion["ours"]
    assert opinion["theirs"] == ["It finds a path."]
    again = run("ask", QUESTION, "--snapshot", str(tmp_path / "report" / "account"), "--json")
    assert again.document["verdict"] == ran.document["verdict"] == "blocked"


def test_a_folder_may_be_named_for_both_and_what_is_no_report_in_it_is_left_alone(
    account: Account, tmp_path: Path
) -> None:
    FAULTS.add(Analysis(FOUND))
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "other.zip").write_bytes(b"no zip")

    ask("--disagreements", str(folder))
    listed = run("disagreements", "--folder", str(folder), "--json")

    assert [one["question"] for one in json.loads(listed.out)] == [QUESTION]
    assert "other.zip" in listed.err
    assert not default_folder().exists()


def test_without_permission_the_answer_stands_and_says_who_can_grant_it(account: Account) -> None:
    FAULTS.add(Fault("ec2.StartNetworkInsightsAnalysis", "UnauthorizedOperation"))

    ran = ask("--json")

    opinion = ran.document["evidence"]["second_opinion"]
    assert (opinion["state"], opinion["cost_usd"]) == ("failed", 0.0)
    assert "ec2:StartNetworkInsightsAnalysis" in opinion["text"]
    assert ran.document["causes"]
    assert account.left() == []


def test_a_snapshot_has_no_second_opinion(tmp_path: Path) -> None:
    ran = run("ask", QUESTION, "--snapshot", str(tmp_path), "--second-opinion")

    assert ran.status == 2
    assert "live account" in ran.err


def test_without_disagreements_that_is_said_and_an_unknown_name_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    assert run("disagreements").out == "AWS and whynot have not disagreed.\n"
    assert run("disagreements", "nothing").status == 2


@pytest.mark.parametrize(("action", "asked"), [("ACCEPT", True), ("REJECT", False)])
def test_on_a_disagreement_of_our_own_witnesses_aws_is_asked_and_else_nothing_is_charged(
    account: Account, tmp_path: Path, action: str, asked: bool
) -> None:
    FAULTS.add(Analysis(group_stops(account)))
    seen = [corpus.record(end, "10.0.1.10", "10.0.1.20", action=action) for end in account.ends]
    corpus.write(tmp_path / "seen.log", seen)
    logs = ("--flow-logs", str(tmp_path / "seen.log"), "--second-opinion-on-disagreement", "--json")

    ran = run("ask", QUESTION, *logs)

    assert (ran.document["evidence"]["second_opinion"] is not None) is asked
    assert ("ec2.StartNetworkInsightsAnalysis" in FAULTS.calls) is asked
    assert ("AWS charges $0.10" in ran.err) is asked
