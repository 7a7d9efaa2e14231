"""Which interfaces are logged, and the commands that log one for a while.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html. A flow log of an interface, of its
subnet, or of its VPC covers it; the format of one cannot be changed after it was made.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from diagnosis.evidence.records import DEFAULT_FORMAT, read_header

WANTED_FIELDS: tuple[str, ...] = (
    *DEFAULT_FORMAT,
    "vpc-id",
    "subnet-id",
    "instance-id",
    "tcp-flags",
    "pkt-srcaddr",
    "pkt-dstaddr",
    "az-id",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "flow-direction",
    "traffic-path",
    "ecs-service-name",
    "reject-reason",
)
"""The fields that every pattern can be told apart with."""

READABLE = frozenset({"s3", "cloud-watch-logs"})
"""Destinations from which records can be read back."""

EXAMPLE_BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket/flow-logs/"
"""Stands for a bucket of the reader's own; the name that AWS keeps for examples."""


@dataclass(frozen=True, slots=True)
class FlowLog:
    """A flow log that covers an interface."""

    id: str
    resource: str
    traffic_type: str
    """ALL, ACCEPT or REJECT: which records it keeps."""
    destination_type: str
    """s3, cloud-watch-logs or kinesis-data-firehose."""
    destination: str
    """ARN of the bucket or stream, or the name of the log group."""
    fields: tuple[str, ...]
    interval: int
    """Longest aggregation in seconds: 60 or 600."""
    delivering: bool
    """Whether AWS could deliver its records lately."""
    trouble: str = ""
    """What AWS says where it could not."""
    parquet: bool = False
    """In S3: Parquet files instead of gzip text."""
    hive: bool = False
    """In S3: Hive-compatible folders."""
    hourly: bool = False
    """In S3: a folder for each hour."""
    account: str = ""
    """The owner of the flow log; empty where that is not known."""

    @property
    def lacking(self) -> tuple[str, ...]:
        """The fields that evidence would use and this format has not."""
        return tuple(name for name in ("tcp-flags", "pkt-srcaddr", "pkt-dstaddr") if name not in self.fields)


def covering(
    flow_logs: Iterable[Mapping[str, Any]], eni: str, subnet: str | None = None, vpc: str | None = None
) -> FlowLog | None:
    """Return the active flow log that tells most of an interface, or None when nothing logs it.

    `flow_logs` are the items of describe_flow_logs. One that can be read back, keeps all traffic and delivers it is
    preferred, then the one closest to the interface.
    """
    places = [place for place in (eni, subnet, vpc) if place]
    found = [_flow_log(item) for item in flow_logs if item.get("ResourceId") in places and _active(item)]
    found.sort(
        key=lambda each: (
            each.destination_type not in READABLE,
            not each.delivering,
            each.traffic_type != "ALL",
            places.index(each.resource),
            each.id,
        )
    )
    return found[0] if found else None


def logging(flow_logs: Iterable[Mapping[str, Any]], resources: Iterable[str]) -> tuple[FlowLog, ...]:
    """Return every active flow log of these resources themselves, for example of transit gateways."""
    wanted = set(resources)
    return tuple(_flow_log(item) for item in flow_logs if item.get("ResourceId") in wanted and _active(item))


def _active(item: Mapping[str, Any]) -> bool:
    return str(item.get("FlowLogStatus") or "ACTIVE").upper() == "ACTIVE"


def _flow_log(item: Mapping[str, Any]) -> FlowLog:
    log_format = str(item.get("LogFormat") or "")
    interval = item.get("MaxAggregationInterval")
    options = item.get("DestinationOptions")
    options = options if isinstance(options, Mapping) else {}
    return FlowLog(
        id=str(item.get("FlowLogId") or ""),
        resource=str(item["ResourceId"]),
        traffic_type=str(item.get("TrafficType") or "ALL").upper(),
        destination_type=str(item.get("LogDestinationType") or "cloud-watch-logs"),
        destination=str(item.get("LogDestination") or item.get("LogGroupName") or ""),
        fields=read_header(log_format) or DEFAULT_FORMAT,
        interval=interval if isinstance(interval, int) else 600,
        delivering=str(item.get("DeliverLogsStatus") or "SUCCESS").upper() == "SUCCESS",
        trouble=str(item.get("DeliverLogsErrorMessage") or ""),
        parquet=str(options.get("FileFormat") or "").lower() == "parquet",
        hive=options.get("HiveCompatiblePartitions") is True,
        hourly=options.get("PerHourPartition") is True,
        account=str(item.get("OwnerId") or ""),
    )


@dataclass(frozen=True, slots=True)
class TemporaryFlowLog:
    """Commands, one line each, that log an interface for a while."""

    create: str
    find: str
    """Shows the new flow log's id and whether it delivers."""
    delete: str
    note: str


def temporary_flow_log(
    eni: str,
    *,
    flow_logs: Iterable[Mapping[str, Any]] = (),
    region: str | None = None,
    flow_log_id: str = "fl-0123456789abcdef0",
) -> TemporaryFlowLog:
    """Return the commands to log one interface at 60 seconds with the fields that evidence needs.

    Records go where another flow log of the account puts its own in S3, else to an example bucket that the reader
    replaces. `flow_log_id` is what `create` prints.
    """
    bucket = next((found for item in flow_logs if (found := _bucket(item))), None)
    place = ["--region", region] if region else []
    create = [
        *("aws", "ec2", "create-flow-logs", "--resource-type", "NetworkInterface", "--resource-ids", eni),
        *("--traffic-type", "ALL", "--log-destination-type", "s3", "--log-destination", bucket or EXAMPLE_BUCKET),
        *("--max-aggregation-interval", "60", "--log-format", " ".join(f"${{{name}}}" for name in WANTED_FIELDS)),
        *place,
    ]
    find = ["aws", "ec2", "describe-flow-logs", "--filter", f"Name=resource-id,Values={eni}", *place]
    delete = ["aws", "ec2", "delete-flow-logs", "--flow-log-ids", flow_log_id, *place]
    to_replace = "" if bucket else " Replace the bucket by one of yours."
    return TemporaryFlowLog(
        shlex.join(create),
        shlex.join(find),
        shlex.join(delete),
        "The first records arrive after about 10 minutes." + to_replace + " Delete it by the id that create prints.",
    )


def _bucket(item: Mapping[str, Any]) -> str | None:
    if item.get("LogDestinationType") != "s3" or not _active(item):
        return None
    return str(item.get("LogDestination") or "") or None
