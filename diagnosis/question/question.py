"""The Question: what was asked, as a value. Its JSON is a public contract (`whynot parse`)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

PartyKind = Literal["ip", "cidr", "id", "dns", "service", "name", "internet"]
Intent = Literal["why", "who", "unclear"]


class Party(BaseModel):
    """Either side of a question, as it was written, in canonical text.

    `ip` and `cidr` are canonical (RFC 5952 for IPv6); `id` is any AWS resource id or ARN; `dns` is lower case;
    `service` is an AWS service word, lower case without spaces; `name` keeps its spelling; `internet` is "internet".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: PartyKind
    value: str


class TimeWindow(BaseModel):
    """The time that a question speaks of. Each side is ISO 8601 UTC or None; `text` is what was written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    since: str | None = None
    until: str | None = None
    seconds: int | None = None
    """A length counted back from now, for "in the last 2 hours"."""


class Question(BaseModel):
    """What was asked: two parties (`why`), one party (`who`), or not enough (`unclear`, with what to ask back).

    `ask_back` stands with two parties as well, where what else was said can not be meant: a port of 99999.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: Intent
    source: Party | None = None
    destination: Party | None = None
    protocol: str | None = None
    """"tcp", "udp", "icmp", "icmpv6", a protocol number as text, or None for all."""
    port: int | None = None
    ask_back: str | None = None
    source_port: int | None = None
    further_ports: tuple[str, ...] = ()
    """Ports that were named beside `port`, which alone is judged: "443", "8201-8210"."""
    window: TimeWindow | None = None
    record: dict[str, Any] | None = None
    """A pasted flow-log line, its fields by AWS's names with their decoded meaning."""

    @property
    def left_out(self) -> str | None:
        """The sentence that says which ports were named and are not judged."""
        if not self.further_ports:
            return None
        others = " and ".join(self.further_ports)
        return (
            f"Only {self.protocol} {self.port} is judged; the question also names {others}: ask about each by itself."
        )

    @property
    def clear(self) -> bool:
        """Whether it can be answered: its parties are there, and nothing is to be asked back first."""
        return self.intent != "unclear" and self.ask_back is None
