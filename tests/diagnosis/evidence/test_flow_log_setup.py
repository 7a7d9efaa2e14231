"""Which interfaces are logged, and the commands that log one."""

from __future__ import annotations

import shlex
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.evidence.flow_log_setup import WANTED_FIELDS, covering, temporary_flow_log
from diagnosis.evidence.records import DEFAULT_FORMAT, FIELDS


def flow_log(number: int, resource: str, **others: Any) -> dict[str, Any]:
    return {
        "FlowLogId": f"fl-{number}",
        "ResourceId": resource,
        "TrafficType": "ALL",
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::shop-flow-logs",
        "FlowLogStatus": "ACTIVE",
        "DeliverLogsStatus": "SUCCESS",
        "MaxAggregationInterval": 60,
        "LogFormat": "${version} ${srcaddr} ${dstaddr} ${action} ${tcp-flags}",
    } | others


@pytest.mark.parametrize("resource", ["eni-1", "subnet-1", "vpc-1"])
def test_a_flow_log_of_the_interface_its_subnet_or_its_vpc_covers_it(resource: str) -> None:
    found = covering([flow_log(9, "vpc-9"), flow_log(1, resource)], "eni-1", "subnet-1", "vpc-1")

    assert found is not None
    assert (found.id, found.interval) == ("fl-1", 60)
    assert found.fields == ("version", "srcaddr", "dstaddr", "action", "tcp-flags")
    assert found.lacking == ("pkt-srcaddr", "pkt-dstaddr")


def test_nothing_covers_an_interface_that_no_flow_log_names() -> None:
    logs = [flow_log(1, "eni-2"), flow_log(2, "vpc-1", FlowLogStatus="DELETING"), {}]

    assert covering(logs, "eni-1", "subnet-1", "vpc-1") is None


def test_the_flow_log_that_tells_most_is_preferred() -> None:
    logs = [
        flow_log(1, "eni-1", DeliverLogsStatus="FAILED"),
        flow_log(2, "subnet-1", TrafficType="REJECT"),
        flow_log(3, "vpc-1"),
    ]

    found = covering(logs, "eni-1", "subnet-1", "vpc-1")

    assert found is not None
    assert found.id == "fl-3"


def test_a_flow_log_with_few_members_is_read_with_defaults() -> None:
    found = covering([{"ResourceId": "eni-1"}], "eni-1")

    assert found is not None
    assert (found.traffic_type, found.fields, found.interval, found.delivering) == ("ALL", DEFAULT_FORMAT, 600, True)


def test_the_commands_are_calls_that_the_api_knows() -> None:
    """Each option is a member of the call's input in botocore's model of EC2."""
    commands = temporary_flow_log("eni-1", flow_logs=[flow_log(1, "vpc-1")], region="us-east-1")
    model = botocore.session.get_session().get_service_model("ec2")
    for text, operation in (
        (commands.create, "CreateFlowLogs"),
        (commands.find, "DescribeFlowLogs"),
        (commands.delete, "DeleteFlowLogs"),
    ):
        words = shlex.split(text)
        options = [word for word in words if word.startswith("--") and word != "--region"]
        shape = model.operation_model(operation).input_shape
        assert shape is not None
        members = {_option(member) for member in shape.members}
        assert set(options) <= members
        assert "\n" not in text


def _option(member: str) -> str:
    return "--" + "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in member).lstrip("-")


def test_the_format_holds_every_field_that_a_pattern_needs() -> None:
    words = shlex.split(temporary_flow_log("eni-1").create)

    assert words[words.index("--log-format") + 1] == " ".join(f"${{{name}}}" for name in WANTED_FIELDS)
    assert words[words.index("--max-aggregation-interval") + 1] == "60"
    assert set(WANTED_FIELDS) <= set(FIELDS)


def test_records_go_where_other_flow_logs_put_theirs() -> None:
    assert "arn:aws:s3:::shop-flow-logs" in temporary_flow_log("eni-1", flow_logs=[flow_log(1, "vpc-1")]).create
    assert "amzn-s3-demo-bucket" in temporary_flow_log("eni-1").create
    assert "Replace the bucket" in temporary_flow_log("eni-1").note


@given(st.text(max_size=40))
def test_an_id_from_elsewhere_stays_one_word(eni: str) -> None:
    assert shlex.split(temporary_flow_log(eni).create)[6] == eni
