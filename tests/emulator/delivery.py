"""Flow-log records put where AWS delivers them: streams of CloudWatch Logs, and objects of S3 in every layout."""

from __future__ import annotations

import gzip
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from moto.logs.models import logs_backends

_NUMBERS = {"version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp-flags"}
INTERVAL = 300
"""Seconds of records in one object."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a flow log of an account in a Region puts its records, and in which layout."""

    flow_log: str
    header: str
    """The names of the fields, as in the header line."""
    bucket: str = ""
    prefix: str = ""
    account: str = "123456789012"
    region: str = "us-east-1"
    hive: bool = False
    hourly: bool = False
    parquet: bool = False

    def key(self, at: int, number: int = 0) -> str:
        """The key of an object delivered at that time.

        Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
        """
        when = datetime.fromtimestamp(at, UTC)
        hour = ("hour=" if self.hive else "") + f"{when:%H}/" if self.hourly else ""
        if self.hive:
            folder = f"aws-account-id={self.account}/aws-service=vpcflowlogs/aws-region={self.region}/"
            folder += f"year={when:%Y}/month={when:%m}/day={when:%d}/{hour}"
        else:
            folder = f"{self.account}/vpcflowlogs/{self.region}/{when:%Y/%m/%d}/" + (
                f"{when:%H}/" if self.hourly else ""
            )
        name = f"{self.account}_vpcflowlogs_{self.region}_{self.flow_log}_{when:%Y%m%dT%H%MZ}_{number:08x}"
        prefix = f"{self.prefix.strip('/')}/" if self.prefix.strip("/") else ""
        return f"{prefix}AWSLogs/{folder}{name}.log.{'parquet' if self.parquet else 'gz'}"


def deliver_to_s3(s3: Any, to: Destination, lines: Iterable[str]) -> list[str]:
    """Put records into objects of five minutes each, by their end. Returns the keys."""
    place = to.header.split(" ").index("end")
    objects: dict[int, list[str]] = defaultdict(list)
    for line in lines:
        parts = line.split(" ")
        end = int(parts[place]) if len(parts) > place and parts[place].isdigit() else 0
        objects[end - end % INTERVAL].append(line)
    keys = []
    for number, (at, held) in enumerate(sorted(objects.items())):
        keys.append(to.key(at, number))
        text = "\n".join([to.header, *held, ""]).encode()
        body = _as_parquet(to.header, held) if to.parquet else gzip.compress(text, 1)
        s3.put_object(Bucket=to.bucket, Key=keys[-1], Body=body)
    return keys


def _as_parquet(header: str, lines: Iterable[str]) -> bytes:
    names = header.split(" ")
    columns = [list(column) for column in zip(*(line.split(" ") for line in lines), strict=True)]
    taken = ", ".join(
        f"TRY_CAST(NULLIF(UNNEST(?::VARCHAR[]), '-') AS {'BIGINT' if name in _NUMBERS else 'VARCHAR'}) "
        f'AS "{name.replace("-", "_")}"'
        for name in names
    )
    with tempfile.TemporaryDirectory() as place, duckdb.connect() as connection:
        file = Path(place, "o.parquet")
        connection.execute(f"COPY (SELECT {taken}) TO '{file}' (FORMAT parquet)", columns)
        return file.read_bytes()


def deliver_to_logs(group: str, header: str, lines: Iterable[str], region: str = "us-east-1") -> None:
    """Put records into a log group, a stream for each interface, timed by their start; however old they are.

    put_log_events refuses what is older than two weeks, which for AWS's own delivery was young when it arrived.
    """
    backend = logs_backends["123456789012"][region]
    if group not in backend.groups:
        backend.create_log_group(group, {}, kmsKeyId=None)
    names = header.split(" ")
    streams: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        values = dict(zip(names, line.split(" "), strict=False))
        start = values.get("start", "")
        event = {"timestamp": int(start if start.isdigit() else 0) * 1000, "message": line}
        streams[f"{values.get('interface-id', 'none')}-all"].append(event)
    held = backend.groups[group]
    for stream, events in streams.items():
        if stream not in held.streams:
            held.create_log_stream(stream)
        held.streams[stream].put_log_events(events)
