"""The summary of a live account: from the objects in S3, and with a word where flow logs are kept elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from diagnosis.evidence.query import Last
from diagnosis.flowlogs.account_rejects import AccountRejects
from diagnosis.flowlogs.refused_tuples import RefusedTuples
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.flowlogs.s3 import Budget
from diagnosis.sources import NoFlowLogs, NotPermitted
from diagnosis.summarise import summarise
from tests.accounts import Account, rule, two_subnets
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON, record
from tests.diagnosis.flowlogs.remote.places import Place
from tests.diagnosis.flowlogs.remote.test_account import deliver, logged
from tests.emulator.faults import FAULTS, Fault

DAY = Last(24 * 3600, until=NOON)
LINES = [
    *(record("eni-server", port=3306, source_port=40000 + n, end=NOON - 600 * n) for n in range(30)),
    record("eni-server", port=443, action="ACCEPT", end=NOON - 60),
    record("eni-server", port=443, action="ACCEPT", end=NOON - 86_000),
    record("eni-server", port=5432, source_port=41000, end=NOON - 30 * 3600),
]


def account() -> Account:
    made = two_subnets(server={"groups": ["sg-server"]})
    made.group("sg-server", "vpc-a", ingress=[rule("tcp", (443, 443), "0.0.0.0/0")])
    return made


def test_what_s3_holds_is_summarised_as_files_are(place: Place, tmp_path: Path) -> None:
    made = logged(account(), "s3")
    deliver(place, "s3", LINES)
    network = made.network()

    live = summarise(AccountRejects(network, place.remote()), DAY, network, 50)
    files = summarise(RejectFiles([corpus.write(tmp_path / "a.log", LINES)]), DAY, network, 50)

    assert [(g.port, g.records) for g in live.groups] == [(3306, 30)]
    assert live.groups == files.groups
    assert live.causes == files.causes
    assert live.causes[0].cause is not None
    assert live.causes[0].cause.component == "sg-server"


def test_every_distinct_refused_packet_of_s3_comes_as_from_files(place: Place, tmp_path: Path) -> None:
    made = logged(account(), "s3")
    deliver(place, "s3", LINES)

    live = AccountRejects(made.network(), place.remote()).recorded(DAY)
    files = RefusedTuples([corpus.write(tmp_path / "a.log", LINES)]).recorded(DAY)

    assert sorted(live.source_port.tolist()) == sorted(files.source_port.tolist()) == list(range(40000, 40030))
    assert live.engine != files.engine


def test_flow_logs_in_cloudwatch_logs_are_named_with_what_to_give_instead(place: Place) -> None:
    made = logged(account(), "insights")
    network = made.network()

    with pytest.raises(NoFlowLogs, match=r"fl-0a1.*--flow-logs"):
        AccountRejects(network, place.remote()).rejects(DAY, lambda _: True, 50)


def test_a_denied_bucket_says_who_must_act(place: Place) -> None:
    made = logged(account(), "s3")
    deliver(place, "s3", LINES)
    FAULTS.add(Fault("s3.ListObjectsV2", "AccessDenied"))

    with pytest.raises(NotPermitted, match="s3:ListBucket"):
        AccountRejects(made.network(), place.remote()).rejects(DAY, lambda _: True, 50)


def test_more_than_the_budget_is_said_to_be_left_out(place: Place) -> None:
    made = logged(account(), "s3")
    deliver(place, "s3", LINES)

    found = AccountRejects(made.network(), place.remote(), Budget(objects=3)).rejects(DAY, lambda _: True, 50)

    assert 0 < found.records < 30
    assert any("Only the newest 3 objects" in warning for warning in found.warnings)
