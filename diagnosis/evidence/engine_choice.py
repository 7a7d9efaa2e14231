"""Which engine reads which flow log: decided by where it delivers to, and how long the window is; with the reasons.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.flow_log_setup import READABLE, FlowLog
from diagnosis.evidence.query import Between
from diagnosis.evidence.records import shown

Engine = Literal["s3", "insights", "athena"]

NARROW = 6 * 3600
"""Up to so many seconds, the objects of S3 are read directly: a few hours are a few hundred objects of an account."""
MOST_GROUPS = 50
"""Log groups that one query of Insights takes."""
LOGS_DELAY, S3_DELAY = 5 * 60, 10 * 60
"""What publishing takes after the aggregation interval, best effort.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-basics.html
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """A flow log with the account and the Region of the interface that it covers."""

    log: FlowLog
    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Flow logs that one engine reads in one go: they share destination, format and place."""

    engine: Engine
    region: str
    accounts: tuple[str, ...]
    logs: tuple[FlowLog, ...]
    interfaces: frozenset[str]
    why: str

    @property
    def destination(self) -> str:
        """The ARN of the bucket with its prefix, or the log groups."""
        return ", ".join(self.destinations)

    @property
    def destinations(self) -> tuple[str, ...]:
        """One bucket, or one or more log groups."""
        return tuple(dict.fromkeys(log.destination for log in self.logs))

    @property
    def fields(self) -> tuple[str, ...]:
        """The format."""
        return self.logs[0].fields

    @property
    def delay(self) -> int:
        """Seconds after which a record has usually been delivered."""
        longest = max(log.interval for log in self.logs)
        return longest + (LOGS_DELAY if self.engine == "insights" else S3_DELAY)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is read, and what has to be said about what is not."""

    readings: tuple[Reading, ...]
    notes: tuple[str, ...] = ()
    unlogged: tuple[str, ...] = ()
    """Interfaces that no flow log covers."""


def choose(
    covered: Mapping[str, Placed | None], window: Between, *, narrow: int = NARROW, athena: bool = True
) -> Choice:
    """Choose for each interface of interest the engine that reads the flow log that covers it; None where none does.

    `window` has both ends. `athena` is whether queries of Athena may be run at all.
    """
    groups: dict[tuple[str, ...], list[tuple[str, Placed]]] = {}
    notes: dict[str, None] = {}
    for interface, placed in sorted(covered.items()):
        if placed is None:
            continue
        notes.update(dict.fromkeys(_troubles(placed.log)))
        if not _unreadable(placed.log):
            key = _together(placed)
            known = {each.log.destination for _, each in groups.get(key, ())}
            if len(known) >= MOST_GROUPS and placed.log.destination not in known:
                key = (*key, placed.log.destination)
            groups.setdefault(key, []).append((interface, placed))
    seconds = (window.end or 0) - (window.start or 0)
    readings = tuple(_reading(members, seconds, narrow, athena=athena) for _, members in sorted(groups.items()))
    unlogged = tuple(interface for interface, placed in sorted(covered.items()) if placed is None)
    return Choice(readings, tuple(notes), unlogged)


def _together(placed: Placed) -> tuple[str, ...]:
    log = placed.log
    layout = f"{log.parquet}{log.hive}{log.hourly}"
    # One query of Insights asks several log groups.
    place = placed.account if log.destination_type == "cloud-watch-logs" else log.destination
    return log.destination_type, place, placed.region, layout, " ".join(log.fields)


def _reading(members: Iterable[tuple[str, Placed]], seconds: int, narrow: int, *, athena: bool) -> Reading:
    found = list(members)
    logs = tuple({placed.log.id: placed.log for _, placed in found}.values())
    names = ", ".join(log.id for log in logs)
    engine: Engine
    if logs[0].destination_type == "cloud-watch-logs":
        engine, why = "insights", f"{names} delivers to CloudWatch Logs"
    elif seconds <= narrow:
        engine, why = "s3", f"{names} delivers to S3, and {_hours(seconds)} are few objects"
    elif athena:
        engine, why = "athena", f"{names} delivers to S3, and {_hours(seconds)} are many objects"
    else:
        engine, why = "s3", f"{names} delivers to S3, and Athena is not set up (--athena-output)"
    return Reading(
        engine,
        found[0][1].region,
        tuple(sorted({placed.account for _, placed in found})),
        logs,
        frozenset(interface for interface, _ in found),
        why,
    )


def _hours(seconds: int) -> str:
    hours = max(1, round(seconds / 3600))
    return "one hour's" if hours == 1 else f"{hours} hours'"


def _unreadable(log: FlowLog) -> str:
    """Why a flow log cannot be read at all; empty where it can."""
    if log.destination_type not in READABLE:
        return f"delivers to {shown(log.destination_type)}, from where it cannot be read back"
    names = set(log.fields)
    lacking = [each for each in ("srcaddr", "dstaddr") if not names & {each, f"pkt-{each}"}]
    lacking += [] if "action" in names or of_gateway(names) else ["action"]
    if lacking:
        return f"lacks {', '.join(lacking)}, which finding a conversation needs, and a format cannot be changed"
    return ""


def _troubles(log: FlowLog) -> Iterable[str]:
    if why := _unreadable(log):
        yield f"{log.id} was not read: it {why}."
    if not log.delivering:
        said = f": {shown(log.trouble, 120)}" if log.trouble else ""
        yield (
            f"AWS could not deliver the newest records of {log.id}{said}; an account administrator must repair its "
            "destination or its role."
        )


def choose_of_gateways(
    placed: Iterable[Placed], window: Between, *, narrow: int = NARROW, athena: bool = True
) -> Choice:
    """Choose how the flow logs of transit gateways on the path are read; see `choose`."""
    groups: dict[tuple[str, ...], list[tuple[str, Placed]]] = {}
    notes: dict[str, None] = {}
    for each in placed:
        notes.update(dict.fromkeys(_troubles(each.log)))
        if not _unreadable(each.log):
            groups.setdefault((*_together(each), each.log.destination), []).append((each.log.resource, each))
    seconds = (window.end or 0) - (window.start or 0)
    found = (_reading(members, seconds, narrow, athena=athena) for _, members in sorted(groups.items()))
    return Choice(tuple(replace(reading, interfaces=frozenset()) for reading in found), tuple(notes))
