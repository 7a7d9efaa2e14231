"""The summary of a live account: from wherever its flow logs deliver, the same as from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from diagnosis.evidence.query import Last
from diagnosis.flowlogs import insights_rejects, insights_text
from diagnosis.flowlogs.account_rejects import AccountRejects
from diagnosis.flowlogs.athena import Memory
from diagnosis.flowlogs.refused_tuples import RefusedTuples
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.flowlogs.s3 import Budget
from diagnosis.sources import NoFlowLogs, NotPermitted
from diagnosis.summarise import summarise
from diagnosis.summary import Summary
from tests.accounts import Account, rule, two_subnets
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON, record
from tests.diagnosis.flowlogs.remote.places import Place, athena_settings
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


Engine = Literal["insights", "athena"]


def summaries(
    place: Place, made: Account, folder: Path, lines: list[str], engine: Engine = "insights", **athena: Any
) -> tuple[Summary, Summary, list[str]]:
    """Of where the engine keeps records and of a file with the same ones; and the warnings of the first."""
    network, warnings = made.network(), list[str]()
    deliver(place, engine, lines)
    settings = athena_settings(**athena) if engine == "athena" else None
    source = AccountRejects(network, place.remote(), athena=settings)
    live = summarise(source, DAY, network, 500, warn=warnings.append)
    file = corpus.write(folder / "a.log", lines)
    return live, summarise(RejectFiles([file]), DAY, network, 500), warnings


def alike(live: Summary, files: Summary) -> None:
    """All but the engine."""
    assert live.model_copy(update={"engine": files.engine}) == files


@pytest.mark.parametrize("engine", ["insights", "athena"])
def test_what_an_engine_is_asked_for_is_summarised_as_files_are(place: Place, tmp_path: Path, engine: Engine) -> None:
    """Replies, late packets, strangers that scan and one that was accepted once, ICMP, gaps."""
    made = logged(account(), engine)
    strangers = [
        record("eni-server", f"203.0.113.{one}", port=1000 + port, end=NOON - 600 * port) for one in (5, 6)
        for port in range(9)
    ]  # fmt: skip
    inside = [
        *LINES[:-1],
        *strangers,
        record("eni-server", "203.0.113.6", port=443, action="ACCEPT", end=NOON - 3000),
        record("eni-server", port=443, source_port=50000, action="ACCEPT", end=NOON - 500),
        record("eni-server", "10.0.2.20", "10.0.1.10", 443, 50000, "REJECT", end=NOON - 400),
        corpus.idle("eni-server", end=NOON - 300),
        corpus.idle("eni-server", status="SKIPDATA", end=NOON - 200),
    ]

    live, files, warnings = summaries(place, made, tmp_path, inside, engine)

    alike(live, files)
    assert (live.scanners, live.states.late) == (1, 1)
    assert (live.records.nodata, live.records.skipdata) == (1, 1)
    assert any("scanned" in each for each in warnings)


@pytest.mark.parametrize("rows", [7, 40])
def test_a_window_with_more_records_than_a_query_returns_is_asked_in_pieces(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    most_rows(monkeypatch, rows)
    made = logged(account(), "insights")
    lines = [record("eni-server", port=3000 + n % 50, source_port=40000 + n, end=NOON - 97 * n) for n in range(300)]

    live, files, warnings = summaries(place, made, tmp_path, lines)

    alike(live, files)
    assert live.rejects.records == 300
    assert not any("left out" in each for each in warnings)


def test_where_too_many_queries_would_be_needed_what_is_left_out_is_said(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most_rows(monkeypatch, 7)
    monkeypatch.setattr(insights_rejects, "MOST_QUERIES", 8)
    made = logged(account(), "insights")
    lines = [record("eni-server", port=3306, source_port=40000 + n, end=NOON - 97 * n) for n in range(300)]

    live, _, warnings = summaries(place, made, tmp_path, lines)

    [said] = [each for each in warnings if "left out" in each]
    assert f"{300 - live.rejects.records:,} REJECT records of /vpc/flow-logs were left out" in said
    assert 0 < live.rejects.records < 300
    assert live.records.read == 300


def test_where_the_budget_of_athena_for_today_is_spent_objects_are_read_and_that_is_said(
    place: Place, tmp_path: Path
) -> None:
    ledger = Memory()
    ledger.add(2_000)

    live, files, warnings = summaries(
        place, logged(account(), "athena"), tmp_path, LINES[:-1], "athena", daily=1_000, ledger=ledger
    )

    alike(live, files)
    assert any("The budget of Athena for today (1.0 KB) is spent" in each for each in warnings)
    assert not FAULTS.calls.count("athena.StartQueryExecution")


def test_what_a_summary_scans_with_athena_counts_towards_the_budget_of_the_day(place: Place, tmp_path: Path) -> None:
    ledger = Memory()

    summaries(place, logged(account(), "athena"), tmp_path, LINES[:-1], "athena", ledger=ledger)

    assert ledger.today() > 0
    assert FAULTS.calls.count("athena.StartQueryExecution") >= 3


def most_rows(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Insights with a smaller limit than AWS's."""
    monkeypatch.setattr(insights_rejects, "MOST_ROWS", rows)
    monkeypatch.setattr(insights_rejects, "_FULL", rows * 3 // 4)
    monkeypatch.setattr(insights_text, "MOST_ROWS", rows)


def test_a_denied_log_group_says_who_must_act(place: Place) -> None:
    made = logged(account(), "insights")
    deliver(place, "insights", LINES)
    FAULTS.add(Fault("logs.StartQuery", "AccessDeniedException"))

    with pytest.raises(NotPermitted, match="logs:StartQuery"):
        AccountRejects(made.network(), place.remote()).rejects(DAY, lambda _: True, 50)


def test_an_account_without_flow_logs_says_what_to_do(place: Place) -> None:
    with pytest.raises(NoFlowLogs, match="Create one"):
        AccountRejects(account().network(), place.remote()).rejects(DAY, lambda _: True, 50)


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
