"""A second opinion in the thread: chosen under an answer, announced with its price, and what may become of it."""

from __future__ import annotations

import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.backends import get_backend

from tests.conversations.conftest import Room, make_room, only_once
from tests.conversations.served_app import ServedApp
from tests.diagnosis.flowlogs.remote.places import ACCOUNT, KEYS, REGION
from tests.emulator.faults import FAULTS, Analysis, Fault
from tests.emulator.network_insights import forget_insights, insights_of
from tests.moto_server import post
from tests.program import start
from tests.slack_double.screens import Seen

QUESTION = "why can't 10.0.1.10 reach 10.0.1.20 on 3306"
MENU = "Second opinion of AWS ($0.10)"
FOUND = {
    "NetworkPathFound": True,
    "ReturnPathComponents": [{"SequenceNumber": 1, "Component": {"Id": "eni-1"}}],
}
WHYNOT = (sys.executable, "-m", "bot")
pytestmark = only_once


@dataclass(frozen=True)
class Live:
    """An account in the AWS double: two interfaces, the second behind a group that lets nothing in."""

    url: str
    group: str

    @property
    def ec2(self) -> Any:
        make: Callable[..., Any] = boto3.client
        return make("ec2", region_name=REGION, endpoint_url=self.url, **KEYS)

    def left(self) -> int:
        paths = self.ec2.describe_network_insights_paths()["NetworkInsightsPaths"]
        return len(paths) + len(self.ec2.describe_network_insights_analyses()["NetworkInsightsAnalyses"])

    def stops(self) -> dict[str, Any]:
        reason = {"ExplanationCode": "ENI_SG_RULES_MISMATCH", "Direction": "ingress"}
        return {"NetworkPathFound": False, "Explanations": [{**reason, "SecurityGroups": [{"Id": self.group}]}]}


@pytest.fixture
def live(emulator_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    post(emulator_url, "reset")
    FAULTS.clear()
    make: Callable[..., Any] = boto3.client
    ec2 = make("ec2", region_name=REGION, endpoint_url=emulator_url, **KEYS)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    groups = [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("web", "data")
    ]
    for address, group in zip(("10.0.1.10", "10.0.1.20"), groups, strict=True):
        made = ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address, Groups=[group])
        name = made["NetworkInterface"]["NetworkInterfaceId"]
        get_backend("ec2")[ACCOUNT][REGION].enis[name].status = "in-use"  # what no API does
    for name, value in {
        "AWS_ENDPOINT_URL": emulator_url,
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "AWS_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    yield Live(emulator_url, groups[1])
    forget_insights(ACCOUNT, REGION)
    FAULTS.clear()


Start = Callable[..., ServedApp]


def room_of(started: Start, **opinion: Any) -> Room:
    return make_room(
        started(
            account={"snapshot": None, "flow_logs": None, "keep_minutes": 60},
            second_opinion={"when": "asked", **opinion},
        )
    )


def answered(room: Room) -> Seen:
    return room.ann.mentions(room.channel.id, QUESTION).reply("has no inbound rule")


def test_under_an_answer_aws_is_asked_at_its_price_as_often_as_the_budget_allows(live: Live, started: Start) -> None:
    room = room_of(started, dollars_per_day=0.25)
    answer = answered(room)

    # What AWS refuses is said, and takes nothing from the budget.
    FAULTS.add(Fault("ec2.CreateNetworkInsightsPath", "UnauthorizedOperation", times=1))
    answer.choose("more", MENU)
    answer.reply("ec2:CreateNetworkInsightsPath").until("nothing was charged")

    FAULTS.add(Analysis(live.stops()))
    answer.choose("more", MENU)
    answer.reply("Asking VPC Reachability Analyzer").until("($0.10)")
    agrees = answer.reply("AWS agrees")
    assert agrees.says("drops it (ENI_SG_RULES_MISMATCH)")
    assert agrees.says("1 analysis in us-east-1 ($0.10)")
    assert not any(one.says("Asking VPC Reachability Analyzer") for one in answer.replies())

    FAULTS.add(Analysis(FOUND))
    answer.choose("more", MENU)
    disagrees = answer.reply("AWS disagrees")
    assert disagrees.says("By the trace")
    assert disagrees.says("It finds a path.")

    answer.choose("more", MENU)
    answer.reply("Today's budget for second opinions ($0.25) is used up")

    # What it cannot judge is not asked.
    ping = room.ann.mentions(room.channel.id, "can 10.0.1.10 ping 10.0.1.20").reply("icmp")
    ping.choose("more", MENU)
    ping.reply("Reachability Analyzer judges tcp and udp only")
    assert FAULTS.calls.count("ec2.StartNetworkInsightsAnalysis") == 2
    assert live.left() == 0

    settings, folder = str(_settings_file(room.app)), str(room.app.folder)
    listed = start("disagreements", "--config", settings, "--folder", folder, "--json", program=WHYNOT)
    [kept] = json.loads(listed.out)
    assert kept["question"] == QUESTION
    target = room.app.folder / "report.zip"
    written = start("disagreements", kept["name"], "--config", settings, "--to", str(target), program=WHYNOT)
    assert written.status == 0
    assert zipfile.is_zipfile(target)


def _settings_file(app: ServedApp) -> Path:
    file = app.folder / "reading.yaml"
    file.write_text(f"store:\n  url: sqlite:///{app.folder / 'whynot.db'}\n", encoding="utf-8")
    return file


def test_a_crash_and_a_stop_leave_nothing_in_the_account(live: Live, started: Start) -> None:
    FAULTS.polls = 10_000
    room = room_of(started)
    answer = answered(room)
    answer.choose("more", MENU)
    until_running(live)

    room.app.kill()
    assert live.left() == 2
    _long_ago(live)
    room.app.start()
    answer.person.waits_for(lambda: live.left() == 0 or None, "the account as it was", 20)

    other = answered(room)
    other.choose("more", MENU)
    until_running(live)
    assert room.app.stop() == 0
    other.reply("interrupted by a restart")
    assert live.left() == 0


def until_running(live: Live) -> None:
    end = time.monotonic() + 30
    while live.left() < 2:
        assert time.monotonic() < end, "no analysis was started"
        time.sleep(0.1)


def _long_ago(live: Live) -> None:
    """As if the run's time had been over for long."""
    kept = insights_of(get_backend("ec2")[ACCOUNT][REGION])
    for members in (*kept.paths.values(), *(one.members for one in kept.analyses.values())):
        for tag in members["Tags"]:
            if tag["Key"] == "whynot:until":
                tag["Value"] = "1000000000"
