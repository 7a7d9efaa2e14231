"""The summary of what was refused: groups of REJECT records, each with its cause. Its JSON is a public contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from diagnosis.answer import Cause, Stranger, Unseen
from diagnosis.testimony import RecordCounts, Window

WORSE, NOTABLE = 2, 10
"""What has so many times the records that it had before, and so many more, is worse."""
Change = Literal["new", "worse", "same", "less"]
"""Against an earlier summary; `worse` is twice as many records in the same time, `less` half as many."""


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
    change: Change | Literal["gone"] | None = None
    """Against an earlier summary, of a group that is open; null where that one cannot tell, for not all of its groups
    are known."""
    service: str | None = None
    """The AWS service that the source belongs to, where the record says so."""

    @property
    def open(self) -> bool:
        """Whether it is refused for a reason that still stands."""
        return self.state in ("new", "standing")

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same group from day to day."""
        return (self.source, self.destination, self.protocol, self.port, self.interface, self.reply)


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
    """Of the groups, those that are new: since an earlier summary where that knows all groups, else by the logs."""
    gone: int = 0
    """Groups of an earlier summary that it no longer refuses."""
    first: str | None = None
    last: str | None = None
    owners: tuple[str, ...] = ()
    """Who owns the components and the refused destination, by their tags."""
    fix: str | None = None
    change: Change | None = None
    """Against an earlier summary, where there is one."""
    first_seen: str | None = None
    """The first refusal in this summary and in earlier ones."""

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same cause from day to day."""
        return _key(self.cause)


def _key(cause: Cause | None) -> tuple[object, ...]:
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
    gone_groups: tuple[RejectGroup, ...] = ()
    """Groups of an earlier summary that were open then and are not refused any more, as they were then."""
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

    @property
    def whole(self) -> bool:
        """Whether `groups` holds all of them, noise apart."""
        states = self.states
        known = sum(group.kind != "noise" for group in self.groups)
        return known == states.new + states.standing + states.fixed + states.late

    def document(self) -> dict[str, object]:
        """The JSON document of the contract."""
        whole = self.model_dump(mode="json", exclude={"names", "configuration"})
        return whole | {name: [_said(each) for each in whole[name]] for name in _LISTS}


_LISTS = ("groups", "causes", "gone", "gone_groups")


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
        # A summary that an earlier release wrote has no gone groups.
        lists = {"gone_groups": [], **document}
        read = {name: [_read(each) for each in lists[name]] for name in _LISTS}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("it is no document of summary --json") from error
    return Summary.model_validate({**document, **read})


def _read(item: Mapping[str, Any]) -> dict[str, Any]:
    read = {("kind" if name == "class" else name): value for name, value in item.items()}
    return read | {"example": _read(read["example"])} if "example" in read else read


def compared(today: Summary, before: Summary) -> Summary:
    """Today's summary with what has become of each cause, and of each group, since an earlier one.

    A group is called new, or gone, only where the summary that lacks it holds all groups.
    """
    known = {total.key: total for total in before.causes if total.key}
    scale = _span(today) / _span(before) if _span(before) else 1
    found = {total.key for total in today.causes}
    groups = _groups_since(today, before, scale)
    present = {group.key for group in today.groups}
    gone = [
        group.model_copy(update={"change": "gone"})
        for group in before.groups
        if today.whole and group.open and group.key not in present
    ]
    lost = Counter(_key(group.cause) for group in gone)
    causes = [_since(total, known.get(total.key), scale) for total in today.causes]
    if today.whole and before.whole:
        fresh = Counter(_key(group.cause) for group in groups if group.change == "new")
        causes = [total.model_copy(update={"new": fresh[total.key]}) for total in causes]
    return today.model_copy(
        update={
            "groups": groups,
            "causes": tuple(total.model_copy(update={"gone": lost[total.key]}) for total in causes),
            "gone": tuple(total for key, total in known.items() if key not in found),
            "gone_groups": tuple(gone),
        }
    )


def _groups_since(today: Summary, before: Summary, scale: float) -> tuple[RejectGroup, ...]:
    known = {group.key: group.records for group in before.groups if group.open}
    absent: Change | None = "new" if before.whole else None

    def told(group: RejectGroup) -> RejectGroup:
        if not group.open:
            return group
        records = known.get(group.key)
        change = absent if records is None else _change(group.records, records * scale)
        return group.model_copy(update={"change": change})

    return tuple(map(told, today.groups))


def _since(total: CauseTotal, known: CauseTotal | None, scale: float) -> CauseTotal:
    if not total.key:
        return total
    if known is None:
        return total.model_copy(update={"change": "new"})
    seen = min((each for each in (known.first_seen, total.first_seen) if each is not None), default=None)
    return total.model_copy(
        update={"change": _change(total.records, known.records * scale), "first_seen": seen},
    )


def _change(records: int, expected: float) -> Change:
    if records >= WORSE * expected and records - expected >= NOTABLE:
        return "worse"
    if records * WORSE <= expected and expected - records >= NOTABLE:
        return "less"
    return "same"


def _span(summary: Summary) -> float:
    """Seconds of the window; 0 where it is not known."""
    start, end = summary.window.start, summary.window.end
    if start is None or end is None:
        return 0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
