"""Athena: tables found and made, partitions always, and each failure in words."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot
from moto.athena.models import athena_backends
from sqlglot import expressions as exp

from diagnosis.evidence.query import Between, FlowLogQuery
from diagnosis.flowlogs.athena import Memory
from diagnosis.flowlogs.athena_tables import ddl, new_table, read_table
from diagnosis.sources import NotPermitted, SourceUnavailable
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON
from tests.diagnosis.flowlogs.remote.places import ACCOUNT, BUCKET, Place, reading_of
from tests.diagnosis.flowlogs.remote.test_insights import ASKED
from tests.emulator.delivery import Destination, deliver_to_s3
from tests.emulator.faults import FAULTS, Ending, Fault

DAY = 24 * 3600


def own_table(**parameters: str) -> dict[str, Any]:
    """The table of AWS's documentation, as Glue describes it."""
    types = {"int": "version srcport dstport", "bigint": "protocol packets bytes start end"}
    kinds = {name: kind for kind, names in types.items() for name in names.split()}
    template = f"s3://{BUCKET}/logs/AWSLogs/{ACCOUNT}/vpcflowlogs/${{region}}/${{day}}"
    return {
        "Name": "vpc_flow_logs",
        "PartitionKeys": [{"Name": "region", "Type": "string"}, {"Name": "day", "Type": "string"}],
        "Parameters": {
            "skip.header.line.count": "1",
            "projection.enabled": "true",
            "projection.region.type": "enum",
            "projection.region.values": "us-east-1,eu-central-1",
            "projection.day.type": "date",
            "projection.day.range": "2020/01/01,NOW",
            "projection.day.format": "yyyy/MM/dd",
            "storage.location.template": template,
            **parameters,
        },
        "StorageDescriptor": {
            "Columns": [
                {"Name": name.replace("-", "_"), "Type": kinds.get(name, "string")} for name in corpus.V2.split()
            ],
            "Location": f"s3://{BUCKET}/logs/AWSLogs/{ACCOUNT}/vpcflowlogs/",
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "SerdeInfo": {"Parameters": {"field.delim": " "}},
        },
    }


def days_of_records(place: Place, days: int = 4) -> list[int]:
    """One REJECT a day, and the size of each object."""
    to = Destination("fl-0a1", corpus.V2, BUCKET, "logs")
    lines = [corpus.record(end=NOON - day * DAY) for day in range(days)]
    keys = deliver_to_s3(place.client("s3"), to, lines)
    return [place.client("s3").head_object(Bucket=BUCKET, Key=key)["ContentLength"] for key in keys]


def test_a_table_of_the_catalog_is_used_and_only_the_partitions_of_the_window_are_read(place: Place) -> None:
    sizes = days_of_records(place)
    place.client("glue").create_table(DatabaseName="default", TableInput=own_table())

    found = place.engine("athena", create=False).read(ASKED)

    assert found.rejects == 1
    assert found.scanned == sizes[-1], "the newest day alone"
    assert "FROM default.vpc_flow_logs WHERE region = 'us-east-1' AND day BETWEEN" in found.text
    assert found.dollars == pytest.approx(10e6 / 1e12 * 5), "ten megabytes are charged at least"


@pytest.mark.parametrize("layout", [{}, {"hive": True}, {"hourly": True}, {"hive": True, "hourly": True}], ids=str)
def test_a_table_that_is_made_fits_the_layout_and_is_found_again(place: Place, layout: Any) -> None:
    deliver_to_s3(
        place.client("s3"),
        Destination("fl-0a1", corpus.V2, BUCKET, "logs", **layout),
        [corpus.record(end=NOON - day * DAY) for day in range(3)],
    )
    engine = place.engine("athena", **layout)

    first, second = engine.read(ASKED), engine.read(ASKED.within(Between(NOON - 30 * DAY, NOON)))

    assert (first.rejects, second.rejects) == (1, 3)
    assert first.scanned < second.scanned
    assert len(place.client("glue").get_tables(DatabaseName="default")["TableList"]) == 1


def test_without_a_table_the_answer_holds_the_statement_that_makes_one(place: Place) -> None:
    days_of_records(place)

    with pytest.raises(SourceUnavailable) as raised:
        place.engine("athena", create=False).read(ASKED)

    said, _, statement = str(raised.value).partition("with: ")
    assert "account administrator" in said
    assert statement == ddl(new_table(reading_of("athena"), "default"), reading_of("athena"))
    assert isinstance(sqlglot.parse_one(statement, read="athena"), exp.Create)
    assert not FAULTS.calls.count("athena.StartQueryExecution")


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(lambda table: table["StorageDescriptor"]["Columns"].reverse(), id="columns in another order"),
        pytest.param(lambda table: table.update(PartitionKeys=[]), id="no partitions"),
        pytest.param(lambda table: table["PartitionKeys"].pop(), id="no partition by time"),
        pytest.param(
            lambda table: table["Parameters"].update({"storage.location.template": "s3://other/AWSLogs/${day}"}),
            id="another bucket",
        ),
        pytest.param(
            lambda table: table["StorageDescriptor"].update(InputFormat="...MapredParquetInputFormat"), id="Parquet"
        ),
    ],
)
def test_a_table_that_would_give_wrong_answers_or_read_everything_is_none(spoilt: Any) -> None:
    described = {**own_table(), "DatabaseName": "default"}
    assert read_table(described, reading_of("athena")) is not None

    spoilt(described)

    assert read_table(described, reading_of("athena")) is None


def test_a_table_of_the_older_documentation_is_understood() -> None:
    described = {**own_table(), "DatabaseName": "default"}
    older = (
        "version account interfaceid sourceaddress destinationaddress sourceport destinationport protocol numpackets"
    )
    for column, name in zip(
        described["StorageDescriptor"]["Columns"],
        [*older.split(), "numbytes", "starttime", "endtime", "action", "logstatus"],
        strict=True,
    ):
        column["Name"] = name

    table = read_table(described, reading_of("athena"))

    assert table is not None
    assert table.columns["srcaddr"] == "sourceaddress"
    assert table.fields == tuple(corpus.V2.split())


def test_results_of_several_pages_are_all_read(place: Place) -> None:
    days_of_records(place)
    FAULTS.page = 2
    wide = ASKED.within(Between(NOON - 30 * DAY, NOON))

    assert place.engine("athena").read(wide).rejects == 4
    assert FAULTS.calls.count("athena.GetQueryResults") > 1


@pytest.mark.parametrize(
    ("fault", "said", "permission"),
    [
        (Fault("glue.GetTables", "AccessDeniedException"), "can grant glue:GetTables", True),
        (Fault("athena.StartQueryExecution", "AccessDeniedException"), "grant athena:StartQueryExecution", True),
        (Fault("athena.GetQueryExecution", "AccessDeniedException"), "grant athena:GetQueryExecution", True),
        (Fault("athena.GetQueryResults", "AccessDeniedException"), "grant athena:GetQueryResults", True),
        (Fault("athena.StartQueryExecution", "TooManyRequestsException"), "throttled", False),
        (Ending("athena", "CANCELLED", "Query cancelled"), "cancelled by somebody else", False),
        (Ending("athena", "CANCELLED", "Bytes scanned limit was exceeded"), "workgroup's own limit", False),
        (Ending("athena", "FAILED", "TABLE_NOT_FOUND: line 1:15"), "create it anew", False),
        (Ending("athena", "FAILED", "Insufficient Lake Formation permission(s)"), "must grant SELECT", True),
        (Ending("athena", "FAILED", "Access denied when writing output to url"), "grant s3:PutObject", True),
        (Ending("athena", "FAILED", "PERMISSION_DENIED: Access Denied (Service: S3)"), "grant s3:GetObject", True),
        (Ending("athena", "FAILED", "not authorized to perform: kms:Decrypt"), "grant kms:Decrypt", True),
        (Ending("athena", "FAILED", "Query exhausted resources at this scale"), "shorter time (--since)", False),
        (Ending("athena", "FAILED", "GENERIC_INTERNAL_ERROR: \x1b[31m"), "failed ('GENERIC", False),
    ],
    ids=lambda value: getattr(value, "code", getattr(value, "reason", "")),
)
def test_each_failure_is_a_sentence_that_says_who_must_act(
    place: Place, fault: Fault | Ending, said: str, permission: bool
) -> None:
    days_of_records(place, 1)
    place.client("glue").create_table(DatabaseName="default", TableInput=own_table())
    FAULTS.add(fault)

    with pytest.raises(SourceUnavailable) as raised:
        place.engine("athena").read(ASKED)

    assert said in str(raised.value)
    assert str(raised.value).isprintable()
    assert isinstance(raised.value, NotPermitted) == permission


def test_a_damaged_object_is_named(place: Place) -> None:
    place.client("glue").create_table(DatabaseName="default", TableInput=own_table())
    key = Destination("fl-0a1", corpus.V2, BUCKET, "logs").key(NOON)
    place.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"\x1f\x8bcut")

    with pytest.raises(SourceUnavailable, match=r"cannot be read.*log\.gz"):
        place.engine("athena").read(ASKED)


def test_a_query_that_scans_more_than_allowed_is_stopped_and_counted(place: Place) -> None:
    sizes = days_of_records(place)
    place.client("glue").create_table(DatabaseName="default", TableInput=own_table())
    FAULTS.polls = 2
    ledger = Memory()

    with pytest.raises(SourceUnavailable, match="the limit that is set"):
        place.engine("athena", most_scanned=1, ledger=ledger).read(ASKED)

    assert FAULTS.calls.count("athena.StopQueryExecution") == 1
    assert ledger.today() == sizes[-1]


def test_the_budget_of_a_day_is_shared_by_its_questions_and_ends(place: Place) -> None:
    sizes = days_of_records(place)
    place.client("glue").create_table(DatabaseName="default", TableInput=own_table())
    clock = [0.0]
    ledger = Memory(lambda: clock[0])
    engine = place.engine("athena", daily=sizes[-1], ledger=ledger)

    assert engine.read(ASKED).rejects == 1
    with pytest.raises(SourceUnavailable, match="budget of Athena for today"):
        engine.read(ASKED)
    clock[0] = DAY
    assert engine.read(ASKED).rejects == 1


def test_the_workgroups_own_limit_and_missing_places_are_said(place: Place) -> None:
    days_of_records(place)
    place.client("glue").create_table(DatabaseName="default", TableInput=own_table())
    place.client("athena").create_work_group(
        Name="small", Configuration={"BytesScannedCutoffPerQuery": 10_000_000, "EnforceWorkGroupConfiguration": False}
    )
    # Less than AWS takes: objects of ten megabytes are none for a test.
    athena_backends[ACCOUNT]["us-east-1"].work_groups["small"].configuration["BytesScannedCutoffPerQuery"] = 10

    refused: tuple[tuple[dict[str, Any], str], ...] = (
        ({"workgroup": "small"}, "workgroup's own limit"),
        ({"workgroup": "none"}, "--athena-workgroup"),
        ({"output": ""}, "--athena-output"),
    )
    for settings, said in refused:
        with pytest.raises(SourceUnavailable, match=said):
            place.engine("athena", **settings).read(ASKED)


def test_a_window_without_ends_is_refused(place: Place) -> None:
    with pytest.raises(SourceUnavailable, match="--since"):
        place.engine("athena").read(ASKED.within(Between()))
    assert not any(call.startswith("athena.") for call in FAULTS.calls)


def test_values_of_a_question_stay_literals(place: Place) -> None:
    """Interface ids are opaque text of the account: one with a quote in it is a literal like any other."""
    days_of_records(place)
    hostile = "eni-' OR 1=1 --"
    query = FlowLogQuery(ASKED.sources, ASKED.destinations, 6, 3306, None, frozenset({hostile}), ASKED.window)

    found = place.engine("athena").read(query)

    assert found.rejects == 1
    assert found.status(hostile).ok == 0
    assert hostile in {literal.name for literal in sqlglot.parse_one(found.text, read="athena").find_all(exp.Literal)}
