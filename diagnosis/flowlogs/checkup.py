"""The places where an account keeps its flow logs, each asked as a question would ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from diagnosis.evidence.engine_choice import Engine, Reading
from diagnosis.evidence.flow_log_setup import READABLE, FlowLog, logging
from diagnosis.evidence.query import Between, FlowLogQuery, Sightings
from diagnosis.finding import Finding
from diagnosis.flowlogs.athena import AthenaSettings, FlowLogAthena
from diagnosis.flowlogs.insights import FlowLogGroups
from diagnosis.flowlogs.remote import Remote
from diagnosis.flowlogs.s3 import Budget, FlowLogObjects
from diagnosis.network.described import Described
from diagnosis.sources import FlowLogSource, NoFlowLogs, SourceUnavailable

LOGS = "flow logs"
_CALL = "ec2.describe_flow_logs"
_HOUR = 3600
_NOBODY = "192.0.2.1"
"""An address of nobody's (RFC 5737), to ask about."""


def destinations(
    described: Described, remote: Remote, athena: AthenaSettings | None, say: Callable[[str], None]
) -> Iterator[Finding]:
    """Ask each destination for the last hour of a conversation that never was; Athena only where it is set up."""
    placed = {log.destination: (region, log) for region, log in _logs(described)}
    if any(gap.call == _CALL for gap in described.unseen):
        yield Finding(LOGS, "note", "which flow logs there are was not seen, so no destination was tried")
    elif not placed:
        yield Finding(LOGS, "note", "the account has no active flow log: answers come from the configuration alone")
    for destination, (region, log) in sorted(placed.items()):
        say(f"asking {destination}")
        if not log.delivering:
            what = f"{log.id} does not deliver to {destination} ({log.trouble or 'AWS does not say why'})"
            yield Finding(LOGS, "missing", f"{what}: an account administrator can repair its role or its bucket.")
        if log.destination_type not in READABLE:
            yield Finding(LOGS, "note", f"{log.id} delivers to {destination}, which cannot be read back")
            continue
        owner = log.account or next(iter(described.accounts), "")
        reading = Reading("insights", region, (owner,), (log,), frozenset(), log.id)
        yield from _tried(reading, remote, athena)


def _tried(reading: Reading, remote: Remote, athena: AthenaSettings | None) -> Iterator[Finding]:
    if reading.logs[0].destination_type != "s3":
        yield _asked("CloudWatch Logs Insights", FlowLogGroups(remote, reading), reading, remote)
        return
    objects = FlowLogObjects(remote, _by(reading, "s3"), Budget(objects=1, look_back=0))
    yield _asked("objects in S3", objects, reading, remote)
    if athena is None:
        yield Finding(LOGS, "note", "Athena is not set up (--athena-workgroup or --athena-output): it is not needed")
    else:
        yield _asked("Athena", FlowLogAthena(remote, _by(reading, "athena"), athena), reading, remote)


def _by(reading: Reading, engine: Engine) -> Reading:
    return Reading(engine, reading.region, reading.accounts, reading.logs, reading.interfaces, reading.why)


def _asked(engine: str, source: FlowLogSource, reading: Reading, remote: Remote) -> Finding:
    now = remote.now()
    nobody = frozenset({_NOBODY})
    try:
        found = source.read(FlowLogQuery(nobody, nobody, 6, 9, window=Between(now - _HOUR, now)))
    except NoFlowLogs as error:
        return Finding(LOGS, "note", f"{engine} of {reading.destination}: {error}")
    except SourceUnavailable as error:
        return Finding(LOGS, "missing", f"{engine} of {reading.destination}: {error}")
    return _told(f"{engine} of {reading.destination}", found)


def _told(place: str, found: Sightings) -> Finding:
    if found.counts.read or found.counts.malformed:
        return Finding(LOGS, "well", f"{place} can be read")
    if found.counts.unreadable_files:
        return Finding(LOGS, "missing", f"{place}: {'; '.join(found.warnings)}")
    said = f"{place} can be asked, and hold no record of the last hour: whether a record can be read was not tried"
    return Finding(LOGS, "note", said)


def _logs(described: Described) -> Iterator[tuple[str, FlowLog]]:
    for call, answer in described.answers.items():
        if call.name == _CALL:
            items = [item for item in answer.get("FlowLogs") or () if item.get("ResourceId")]
            for log in logging(items, {str(item["ResourceId"]) for item in items}):
                yield call.region, log
