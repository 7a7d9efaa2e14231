"""The summary of what was refused: groups of REJECT records, each with its cause. Its JSON is a public contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from diagnosis.answer import Cause, RecordCounts, Stranger, Unseen, Window

WORSE, NOTABLE = 2, 10
"""A cause that refuses so many times what it did before, and so many records more, is worse."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class RejectCounts(_Value):
    """Whole counts, whatever the limit: REJECT records, flows, and the records of two classes; the rest is external."""

    records: int = 0
    flows: int = 0
    internal: int = 0
    noise: int = 0


class RejectGroup(_Value):
    """REJECT records that agree in who wanted what of whom, and in the interface that logged them.

    `source` is the client. Times are ISO 8601 UTC. `state` is `fixed` where the configuration lets the traffic
    through now; else `new` or `standing`; null for noise and for late packets of connections that work.
    """

    source: str
    destination: str
    protocol: str
    port: int | None = None
    interface: str | None = None
    records: int
    packets: int
    first: str | None = None
    last: str | None = None
    kind: Literal["internal", "external", "noise"]
    cause: Cause | None = None
    state: Literal["new", "standing", "fixed"] | None = None
    fix: str | None = None
    reply: bool = False
    """Whether replies of this conversation were refused, and not what the client sent."""
    service: str | None = None
    """The AWS service that the source belongs to, where the record says so."""


class States(_Value):
    """How many groups are in which state, whatever the limit; `late` are packets of connections that work."""

    new: int = 0
    standing: int = 0
    fixed: int = 0
    late: int = 0


class HourCounts(_Value):
    """REJECT records that began within one hour of UTC, by class; `start` is ISO 8601."""

    start: str
    internal: int = 0
    external: int = 0
    noise: int = 0


Change = Literal["new", "worse", "same", "less"]


class CauseTotal(_Value):
    """All groups that one rule of one component refuses, or those whose cause cannot be told (`cause` null)."""

    cause: Cause | None = None
    """As it refuses `example`."""
    kind: Literal["internal", "external"]
    """Internal where any of the groups is."""
    example: RejectGroup
    """The group with the most records."""
    groups: int
    records: int
    sources: int
    destinations: int
    new: int = 0
    """Of the groups, those that are new by the logs."""
    first: str | None = None
    last: str | None = None
    owners: tuple[str, ...] = ()
    """Who owns the components and the refused destination, by their tags."""
    fix: str | None = None
    change: Change | None = None
    """Against an earlier summary, where there is one; `worse` is twice as many records in the same time."""
    first_seen: str | None = None
    """The first refusal in this summary and in earlier ones."""

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same cause from day to day."""
        cause = self.cause
        return () if cause is None else (cause.code, cause.component, cause.rule, cause.leg, cause.direction)


class Summary(_Value):
    """What was refused in a window of time."""

    window: Window
    engine: str
    records: RecordCounts
    rejects: RejectCounts
    groups: tuple[RejectGroup, ...] = ()
    causes: tuple[CauseTotal, ...] = ()
    """Over all groups, whatever the limit: internal ones first, then those with the most records."""
    gone: tuple[CauseTotal, ...] = ()
    """Causes of an earlier summary that refuse nothing any more."""
    states: States = States()
    hours: tuple[HourCounts, ...] = ()
    interfaces_without_logs: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    scanners: int = 0
    """How many strangers scan."""
    configuration: Literal["none", "older", "newer"] = "none"
    """Whether there was one, and whether it is older than the newest record."""
    taken_at: str | None = None
    strangers: tuple[Stranger, ...] = ()
    """The public addresses in the groups, of those that scan as well, where somebody knows them."""
    names: dict[str, str] = {}
    """Display names of the addresses in the groups, by address."""

    def document(self) -> dict[str, object]:
        """The JSON document of the contract."""
        whole = self.model_dump(mode="json", exclude={"names", "configuration"})
        return whole | {name: [_said(each) for each in whole[name]] for name in ("groups", "causes", "gone")}


def _said(item: dict[str, Any]) -> dict[str, Any]:
    """A group or the total of a cause in the words of the contract."""
    said = {("class" if name == "kind" else name): value for name, value in item.items()}
    if "example" in said:
        said["example"] = _said(said["example"])
    if said["cause"] is not None and said["cause"]["any_of"] is None:
        said["cause"] = {name: value for name, value in said["cause"].items() if name != "any_of"}
    return said


def of_document(document: Mapping[str, Any]) -> Summary:
    """A summary from its JSON document. Raises ValueError where that is none."""
    try:
        read = {name: [_read(each) for each in document[name]] for name in ("groups", "causes", "gone")}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("it is no document of summary --json") from error
    return Summary.model_validate({**document, **read})


def _read(item: Mapping[str, Any]) -> dict[str, Any]:
    read = {("kind" if name == "class" else name): value for name, value in item.items()}
    return read | {"example": _read(read["example"])} if "example" in read else read


def compared(today: Summary, before: Summary) -> Summary:
    """Today's summary with what has become of each cause since an earlier one."""
    known = {total.key: total for total in before.causes if total.key}
    scale = _span(today) / _span(before) if _span(before) else 1
    found = {total.key for total in today.causes}
    return today.model_copy(
        update={
            "causes": tuple(_since(total, known.get(total.key), scale) for total in today.causes),
            "gone": tuple(total for key, total in known.items() if key not in found),
        }
    )


def _since(total: CauseTotal, known: CauseTotal | None, scale: float) -> CauseTotal:
    if not total.key:
        return total
    if known is None:
        return total.model_copy(update={"change": "new"})
    expected = known.records * scale
    more = total.records >= WORSE * expected and total.records - expected >= NOTABLE
    less = total.records * WORSE <= expected and expected - total.records >= NOTABLE
    seen = min((each for each in (known.first_seen, total.first_seen) if each is not None), default=None)
    return total.model_copy(update={"change": "worse" if more else "less" if less else "same", "first_seen": seen})


def _span(summary: Summary) -> float:
    """Seconds of the window; 0 where it is not known."""
    start, end = summary.window.start, summary.window.end
    if start is None or end is None:
        return 0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
