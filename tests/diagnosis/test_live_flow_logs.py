"""`whynot ask` on a live account reads the flow logs that the account keeps, by whichever engine they need."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from diagnosis.aws.permissions import iam_policy
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.remote.places import BUCKET, GROUP, RESULTS, Place
from tests.emulator.delivery import Destination, deliver_to_logs, deliver_to_s3
from tests.emulator.faults import FAULTS, Fault
from tests.emulator.trail_calls import event, plant
from tests.moto_server import post
from tests.program import Ran, run

REGION = "us-east-1"
QUESTION = "why can't 10.0.1.10 reach 10.0.2.20 on 22"
MINUTES = 60


@dataclass
class Live:
    """A VPC with a client and a server that admits nobody."""

    place: Place
    vpc: str
    server: str
    group: str
    now: int

    def log(self, **parameters: Any) -> str:
        """Create a flow log of the VPC."""
        common = {"ResourceType": "VPC", "ResourceIds": [self.vpc], "TrafficType": "ALL", "MaxAggregationInterval": 60}
        made = self.place.client("ec2").create_flow_logs(**common | parameters)
        assert not made["Unsuccessful"], made
        identity: str = made["FlowLogIds"][0]
        return identity

    def rejects(self, minutes: int) -> list[str]:
        return [
            corpus.record(self.server, port=22, end=self.now - MINUTES * minute - 5) for minute in range(10, minutes)
        ]


@pytest.fixture
def live(emulator_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    post(emulator_url, "reset")
    for name, value in {
        "AWS_ENDPOINT_URL": emulator_url,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "unchecked",
        "AWS_REGION": REGION,
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    place = Place(emulator_url)
    ec2 = place.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="closed", Description="closed", VpcId=vpc)["GroupId"]
    interfaces = []
    for cidr, address in (("10.0.1.0/24", "10.0.1.10"), ("10.0.2.0/24", "10.0.2.20")):
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
        made = ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress=address, Groups=[group])
        interfaces.append(made["NetworkInterface"]["NetworkInterfaceId"])
        get_backend("ec2")[DEFAULT_ACCOUNT_ID][REGION].enis[interfaces[-1]].status = "in-use"
    for bucket in (BUCKET, RESULTS):
        place.client("s3").create_bucket(Bucket=bucket)
    FAULTS.clear()
    yield Live(place, vpc, interfaces[1], group, int(time.time()))
    FAULTS.clear()


def stored(live: Live, minutes: int = 40, more: Sequence[str] = ()) -> str:
    """A flow log in S3, Hive-compatible folders of hours, with some rejects and further lines."""
    options = {"FileFormat": "plain-text", "HiveCompatiblePartitions": True, "PerHourPartition": True}
    place = f"arn:aws:s3:::{BUCKET}/logs/"
    identity = live.log(LogDestinationType="s3", LogDestination=place, DestinationOptions=options)
    to = Destination(identity, corpus.V2, BUCKET, "logs", hive=True, hourly=True)
    deliver_to_s3(live.place.client("s3"), to, [*live.rejects(minutes), *more])
    return identity


def grouped(live: Live) -> str:
    live.place.client("logs").create_log_group(logGroupName=GROUP)
    identity = live.log(LogGroupName=GROUP, DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow")
    deliver_to_logs(GROUP, corpus.V2, live.rejects(40))
    return identity


def evidence(ran: Ran) -> dict[str, Any]:
    assert ran.status == 1, ran.err
    found: dict[str, Any] = ran.document["evidence"]["flow_logs"]
    assert found, ran.document["caveats"]
    return found


def test_flow_logs_in_s3_are_read_from_their_objects(live: Live) -> None:
    identity = stored(live)

    found = evidence(run("ask", QUESTION, "--json"))

    assert found["engine"].startswith(f"DuckDB on S3 objects of {identity}")
    assert (found["rejects"], found["accepts"]) == (30, 0)
    assert "REJECT as it arrives" in found["pattern"]
    assert any("may not have been delivered yet" in limit for limit in found["limits"])


def test_flow_logs_in_a_log_group_are_asked_by_insights(live: Live) -> None:
    grouped(live)

    found = evidence(run("ask", QUESTION, "--json"))

    assert found["engine"].startswith("CloudWatch Logs Insights (")
    assert found["rejects"] == 30
    assert found["query"].startswith("fields @timestamp")
    assert found["bytes_scanned"] > 0
    text = run("ask", QUESTION, "--explain")
    assert "CloudWatch Logs Insights" in text.out
    assert f"aws ec2 authorize-security-group-ingress --group-id {live.group}" in text.out


def test_a_long_window_is_asked_by_athena_where_it_was_set_up(live: Live) -> None:
    stored(live)
    options = ("--since", "12h", "--athena-output", f"s3://{RESULTS}/", "--json")

    without = run("ask", QUESTION, *options)
    statement = evidence(without)["limits"][0].partition("with: ")[2]
    assert statement.startswith("CREATE EXTERNAL TABLE")
    live.place.client("athena").start_query_execution(
        QueryString="CREATE DATABASE default", ResultConfiguration={"OutputLocation": f"s3://{RESULTS}/"}
    )
    live.place.client("athena").start_query_execution(
        QueryString=statement, ResultConfiguration={"OutputLocation": f"s3://{RESULTS}/"}
    )
    found = evidence(run("ask", QUESTION, *options))

    assert found["engine"].startswith("Athena, workgroup primary (")
    assert found["rejects"] == 30
    assert "log_year = " in found["query"]
    assert found["cost_usd"] == pytest.approx(0.00005)


def test_they_are_left_alone_on_request_and_for_a_snapshot(live: Live, tmp_path: Path) -> None:
    grouped(live)
    run("snapshot", str(tmp_path / "s"))
    FAULTS.calls.clear()

    for options in (("--no-flow-logs",), ("--snapshot", str(tmp_path / "s"))):
        ran = run("ask", QUESTION, *options, "--json")
        assert (ran.status, ran.document["evidence"]["flow_logs"]) == (1, None)
    assert not any(call.startswith("logs.") for call in FAULTS.calls)


def test_a_missing_permission_leaves_the_verdict_and_says_who_must_act(live: Live) -> None:
    grouped(live)
    FAULTS.add(Fault("logs.*", "AccessDeniedException"))

    ran = run("ask", QUESTION, "--json")

    assert (ran.status, ran.document["verdict"]) == (1, "blocked")
    assert ran.document["fixes"]
    assert any("can grant logs:StartQuery" in caveat for caveat in ran.document["caveats"])


def test_the_policy_document_permits_every_call_that_was_made(live: Live) -> None:
    """The three engines together; GetCallerIdentity needs no permission, and s3 names its actions otherwise."""
    stored(live)
    FAULTS.calls.clear()
    run("ask", QUESTION)
    live.place.client("glue").create_database(DatabaseInput={"Name": "default"})
    FAULTS.calls.remove("glue.CreateDatabase")
    run("ask", QUESTION, "--since", "12h", "--athena-output", f"s3://{RESULTS}/")
    made = {call for call in FAULTS.calls if call.partition(".")[0] in {"s3", "logs", "athena", "glue", "ec2"}}

    renamed = {"s3.ListObjectsV2": "s3:ListBucket"}
    allowed = {action for statement in iam_policy()["Statement"] for action in statement["Action"]}
    assert {"s3.GetObject", "s3.ListObjectsV2", "glue.GetTables", "ec2.DescribeFlowLogs"} <= made
    assert {renamed.get(call, call.replace(".", ":")) for call in made} <= allowed


def turned(live: Live) -> str:
    """Logs that show ACCEPT until 41 minutes ago, and a rule that was revoked then; the id of that event."""
    accepted = [corpus.record(live.server, port=22, action="ACCEPT", end=live.now - MINUTES * n - 5) for n in (41, 42)]
    stored(live, more=accepted)
    one = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": "10.0.1.0/24"}]}}
    asked = {"groupId": live.group, "ipPermissions": {"items": [one]}}
    revoked = event("RevokeSecurityGroupIngress", live.now - MINUTES * 41, [live.group], asked)
    plant(DEFAULT_ACCOUNT_ID, REGION, [revoked])
    identity: str = revoked["EventId"]
    return identity


def test_what_was_changed_comes_below_the_answer_with_the_fix_that_takes_it_back(live: Live) -> None:
    identity = turned(live)

    ran = run("ask", QUESTION, "--what-changed")

    answer, _, below = ran.out.partition("\n\n  change Stopped at ")
    assert "fix 1" in answer
    assert identity in below
    assert "--cidr 10.0.1.0/24" in below
    assert "takes back what role deploy (session ci-42) did" in " ".join(below.split())


def test_what_was_changed_is_a_member_of_the_evidence_in_json(live: Live) -> None:
    identity = turned(live)

    ran = run("ask", QUESTION, "--what-changed", "--json")

    told = ran.document["evidence"]["what_changed"]
    assert (told["state"], told["change"]["event"]) == ("found", identity)
    assert told["fix"] in {fix["id"] for fix in ran.document["fixes"]}


@pytest.mark.parametrize("option", ["--snapshot=.", "--no-flow-logs"])
def test_what_was_changed_needs_a_live_account_and_its_flow_logs(option: str) -> None:
    ran = run("ask", QUESTION, "--what-changed", option)

    assert ran.status == 2
    assert "--what-changed" in ran.err
