"""The summary of what was refused: groups of REJECT records, each with its cause. Its JSON is a public contract."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from diagnosis.answer import Cause, RecordCounts, Unseen, Window


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


class Summary(_Value):
    """What was refused in a window of time."""

    window: Window
    engine: str
    records: RecordCounts
    rejects: RejectCounts
    groups: tuple[RejectGroup, ...] = ()
    interfaces_without_logs: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    scanners: int = 0
    """How many strangers scan."""
    configuration: Literal["none", "older", "newer"] = "none"
    """Whether there was one, and whether it is older than the newest record."""
    taken_at: str | None = None
    names: dict[str, str] = {}
    """Display names of the addresses in the groups, by address."""

    def document(self) -> dict[str, object]:
        """The JSON document of the contract."""
        whole = self.model_dump(mode="json")
        groups = [{("class" if name == "kind" else name): value for name, value in g.items()} for g in whole["groups"]]
        for group in groups:
            if group["cause"] is not None and group["cause"]["any_of"] is None:
                del group["cause"]["any_of"]
        hidden = ("names", "configuration")
        return {name: value for name, value in whole.items() if name not in hidden} | {"groups": groups}
