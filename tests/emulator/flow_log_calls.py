"""CreateFlowLogs and DescribeFlowLogs with what moto drops: folders behind a bucket, and the options of S3."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from tests.emulator.operations import install_actions

_created = EC2Response.create_flow_logs
_OPTIONS = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}


def install_flow_logs() -> None:
    """Put the operation in front of moto's own."""
    install_actions(EC2Response, {"create_flow_logs": _create})


def _create(response: Any) -> ActionResult:
    backend = response.ec2_backend
    place = response._get_param("LogDestination")
    bucket, _, folder = (place or "").partition("/")
    if response._get_param("LogDestinationType") == "s3" and folder:
        response.params["LogDestination"] = bucket
    known = set(backend.flow_logs)
    answer = _created(response)
    options = response._get_param("DestinationOptions", {})
    for name in set(backend.flow_logs) - known:
        made = backend.flow_logs[name]
        if made.log_destination_type == "s3":
            made.log_destination = place
            made.destination_options = _OPTIONS | options
    return answer
