"""The double as its users meet it: over HTTP, with faults on request, and as a program of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from tests.diagnosis.flowlogs.remote.places import RESULTS, client_at
from tests.emulator.faults import FAULTS, PATH
from tests.moto_server import post


@pytest.fixture
def url(emulator_url: str) -> str:
    FAULTS.clear()
    post(emulator_url, "reset")
    return emulator_url


def test_faults_are_ordered_over_http_meet_their_call_as_often_as_told_and_end(url: str) -> None:
    ordered = [{"call": "ec2.DescribeVpcs", "code": "UnauthorizedOperation", "times": 1}]
    request = Request(f"{url}{PATH}", json.dumps(ordered).encode(), method="POST")  # noqa: S310 - loopback
    urlopen(request, timeout=10).close()  # noqa: S310
    ec2 = client_at(url, "ec2")

    with pytest.raises(ClientError) as raised:
        ec2.describe_vpcs()
    assert raised.value.response["Error"]["Code"] == "UnauthorizedOperation"
    assert ec2.describe_vpcs()["Vpcs"]
    assert ec2.describe_subnets()["Subnets"] is not None


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELEC 1", "SYNTAX_ERROR"),
        ("SELECT 1; SELECT 2", "SYNTAX_ERROR"),
        ("SELECT * FROM default.nothing", "TABLE_NOT_FOUND"),
        ("SELECT * FROM gone.t", "SCHEMA_NOT_FOUND"),
        ("SELECT nothing FROM default.t", "COLUMN_NOT_FOUND"),
        ("SELECT a FROM default.t WHERE b = 1", "TYPE_MISMATCH"),
        ("DROP TABLE default.t", "SYNTAX_ERROR"),
    ],
)
def test_a_statement_that_athena_would_not_take_fails_with_its_reason(url: str, statement: str, reason: str) -> None:
    client_at(url, "s3").create_bucket(Bucket=RESULTS)
    table = "CREATE EXTERNAL TABLE default.t (a int, b string) LOCATION 's3://results/t/'"

    assert ended(url, "CREATE DATABASE default")["State"] == "SUCCEEDED"
    assert ended(url, table)["State"] == "SUCCEEDED"
    status = ended(url, statement)

    assert status["State"] == "FAILED"
    assert reason in status["StateChangeReason"]


def ended(url: str, statement: str) -> dict[str, Any]:
    athena = client_at(url, "athena")
    name = athena.start_query_execution(
        QueryString=statement, ResultConfiguration={"OutputLocation": f"s3://{RESULTS}/"}
    )["QueryExecutionId"]
    states = [athena.get_query_execution(QueryExecutionId=name)["QueryExecution"]["Status"] for _ in range(2)]
    assert states[0]["State"] == "RUNNING"
    found: dict[str, Any] = states[1]
    return found


def test_it_runs_as_a_program_and_says_how_to_use_it() -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.emulator"], stdout=subprocess.PIPE, text=True) as double:
        assert double.stdout is not None
        try:
            variables = dict(word.split("=", 1) for word in double.stdout.readline().split() if "=" in word)
            assert client_at(variables["AWS_ENDPOINT_URL"], "sts").get_caller_identity()["Account"] == "123456789012"
        finally:
            double.terminate()
