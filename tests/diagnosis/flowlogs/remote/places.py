"""The same records wherever flow logs can be kept, and the engine that reads them there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from diagnosis.evidence.engine_choice import Engine, Reading
from diagnosis.evidence.flow_log_setup import FlowLog
from diagnosis.evidence.query import FlowLogQuery, Sightings
from diagnosis.flowlogs.athena import AthenaSettings, FlowLogAthena
from diagnosis.flowlogs.files import FlowLogFiles
from diagnosis.flowlogs.insights import FlowLogGroups, Limits
from diagnosis.flowlogs.remote import Remote
from diagnosis.flowlogs.s3 import Budget, FlowLogObjects
from tests.diagnosis.flowlogs import corpus
from tests.diagnosis.flowlogs.corpus import NOON
from tests.emulator.delivery import Destination, deliver_to_logs, deliver_to_s3
from tests.emulator.faults import FAULTS
from tests.moto_server import post

BUCKET, GROUP, RESULTS = "flow-logs", "/vpc/flow-logs", "results"
ACCOUNT, REGION = "123456789012", "us-east-1"
KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "unchecked"}


@functools.cache
def client_at(url: str, service: str, region: str = REGION) -> Any:
    """A client of the double."""
    make: Callable[..., Any] = boto3.client
    config = boto3.session.Config(retries={"mode": "standard", "total_max_attempts": 2})  # type: ignore[attr-defined]
    return make(service, region_name=region, endpoint_url=url, config=config, **KEYS)


@dataclass(frozen=True)
class Place:
    """The double, empty but for two buckets, and how its flow logs are read."""

    url: str
    now: int = NOON + 3600

    def client(self, service: str) -> Any:
        return client_at(self.url, service)

    def remote(self, **others: Any) -> Remote:
        given: dict[str, Any] = {
            "clients": lambda service, region: client_at(self.url, service, region),
            "now": lambda: self.now,
            "sleep": lambda _: None,
        }
        return Remote(**given | others)

    def deliver(self, lines: Sequence[str], header: str = corpus.V2, **layout: Any) -> None:
        """Records into a log group and a bucket, as AWS would deliver them."""
        deliver_to_logs(GROUP, header, lines)
        deliver_to_s3(self.client("s3"), Destination("fl-0a1", header, BUCKET, "logs", **layout), lines)

    def engine(self, engine: Engine, header: str = corpus.V2, *, remote: Remote | None = None, **settings: Any) -> Any:
        asked = remote or self.remote()
        layout = {name: settings.pop(name) for name in ("hive", "hourly", "parquet") if name in settings}
        reading = reading_of(engine, header, **layout)
        match engine:
            case "s3":
                return FlowLogObjects(asked, reading, Budget(**settings))
            case "insights":
                return FlowLogGroups(asked, reading, Limits(**settings))
            case "athena":
                return FlowLogAthena(asked, reading, athena_settings(**settings))


def emptied(url: str) -> Place:
    """The double with nothing in it but what delivery and Athena need."""
    post(url, "reset")
    found = Place(url)
    for bucket in (BUCKET, RESULTS):
        found.client("s3").create_bucket(Bucket=bucket)
    found.client("glue").create_database(DatabaseInput={"Name": "default"})
    FAULTS.clear()
    return found


def athena_settings(**settings: Any) -> AthenaSettings:
    given: dict[str, Any] = {"output": f"s3://{RESULTS}/", "create": True}
    return AthenaSettings(**given | settings)


def reading_of(engine: Engine, header: str = corpus.V2, **layout: Any) -> Reading:
    kept = "cloud-watch-logs" if engine == "insights" else "s3"
    place = GROUP if engine == "insights" else f"arn:aws:s3:::{BUCKET}/logs/"
    log = FlowLog("fl-0a1", "vpc-0a1", "ALL", kept, place, tuple(header.split(" ")), 60, delivering=True, **layout)
    return Reading(engine, REGION, (ACCOUNT,), (log,), frozenset({corpus.WEB, corpus.DB}), "")


def from_files(folder: Path, lines: Sequence[str], query: FlowLogQuery, header: str = corpus.V2) -> Sightings:
    """The same records read from a file."""
    return FlowLogFiles([corpus.write(folder / "a.log", lines, header=header)]).read(query)
