"""What the witnesses say: flow logs, a second opinion, what changed, threats. Its JSON is a public contract."""

from __future__ import annotations

from typing import Literal

from diagnosis.json_value import JsonValue


class Window(JsonValue):
    """A span of time, ISO 8601 UTC."""

    start: str | None = None
    end: str | None = None


class RecordCounts(JsonValue):
    """Flow-log lines: `read` are well formed, NODATA and SKIPDATA among them; `malformed` are not."""

    read: int = 0
    malformed: int = 0
    nodata: int = 0
    skipdata: int = 0
    unreadable_files: int = 0


class OtherClients(JsonValue):
    """Other clients at the same addresses, protocol and port of the destination, in the window: how many of them."""

    refused: int
    accepted: int
    at_least: bool = False
    """Whether there may be more: a limit was reached, or several flow logs were read."""


class FlowLogs(JsonValue):
    """What the flow logs say of this conversation."""

    engine: str
    query: str
    records: RecordCounts
    accepts: int
    rejects: int
    other_clients: OtherClients | None = None
    """None where the question names no port, or no parties by address."""
    first_reject: str | None = None
    last_reject: str | None = None
    last_accept: str | None = None
    turned: Window | None = None
    """From the last ACCEPT to the first REJECT at an interface where one followed the other, there or on the way back;
    elsewhere on the path the same traffic may be accepted all the time."""
    lines: tuple[str, ...] = ()
    """Raw lines, the most telling first."""
    line_origins: tuple[str, ...] = ()
    """`file:line` of each of `lines`."""
    pattern: str
    limits: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    """What was seen, in words."""
    bytes_scanned: int = 0
    """What the engine charges for, or what was fetched; 0 for files."""
    cost_usd: float = 0.0
    """What that costs at the prices of docs/flow-logs.md."""


class OpinionStop(JsonValue):
    """A component of the path that AWS shows, with the rule that AWS names for it and the codes of what stops there."""

    component: str
    name: str | None = None
    leg: Literal["forward", "return"]
    direction: Literal["egress", "ingress"] | None = None
    rule: str = ""
    codes: tuple[str, ...] = ()


class OpinionReason(JsonValue):
    """One explanation of AWS. `standing` says what it is good for: only a `cause` is the network's own reason."""

    code: str
    standing: Literal["cause", "alternative", "unseen", "setup", "filter", "unlisted"]
    component: str = ""
    related: tuple[str, ...] = ()
    direction: Literal["egress", "ingress"] | None = None
    text: str


class Compared(JsonValue):
    """One component as both judge it. `agrees` is None where one of them does not judge it."""

    component: str
    name: str | None = None
    leg: Literal["forward", "return"] | None = None
    direction: Literal["egress", "ingress"] | None = None
    ours: str
    theirs: str
    agrees: bool | None = None


class Opinion(JsonValue):
    """What VPC Reachability Analyzer says of the same question, and whether it agrees."""

    source: str = "VPC Reachability Analyzer"
    state: Literal["succeeded", "failed", "not asked"]
    reachable: bool | None = None
    """Whether AWS found a path; None where it does not say."""
    agrees: bool | None = None
    """None where the two cannot be compared."""
    text: str
    """In a sentence or two: what AWS says and whether that agrees, or why there is no second opinion."""
    ours: tuple[str, ...] = ()
    """Where they disagree, whynot's reasoning."""
    theirs: tuple[str, ...] = ()
    """And AWS's."""
    compared: tuple[Compared, ...] = ()
    reasons: tuple[OpinionReason, ...] = ()
    path: tuple[OpinionStop, ...] = ()
    caveats: tuple[str, ...] = ()
    analysis: str | None = None
    """The id that the analysis had; it is deleted once it was read."""
    region: str = ""
    cost_usd: float = 0.0


class AccountChange(JsonValue):
    """One change that somebody made, as CloudTrail recorded it. Names in it may be anybody's words."""

    event: str
    """The id of CloudTrail's event."""
    name: str
    """The API call: `RevokeSecurityGroupIngress`."""
    at: str
    who: str
    agent: str = ""
    """The program that made the call, by its own word."""
    region: str = ""
    component: str
    text: str
    """What was done: "revoked inbound tcp 3306 from 10.0.1.0/24 in sg-…"."""
    certain: bool
    """Whether the record tells all of it, and the model drops for this reason; else it can have been the change."""


class WhatChanged(JsonValue):
    """What CloudTrail says of the moment at which ACCEPT turned to REJECT."""

    source: str = "CloudTrail"
    state: Literal["found", "nothing found", "not asked", "failed"]
    text: str
    """In a sentence or two: who changed what when, or what was looked at in vain, or why nothing was."""
    last_accept: str | None = None
    stopped_at: str | None = None
    """The first REJECT."""
    change: AccountChange | None = None
    others: tuple[AccountChange, ...] = ()
    """Further changes of that time that can have been it, the likeliest first."""
    fix: str | None = None
    """The id of the fix that takes the change back, where that was proven to open the path."""
    events: int = 0
    """How many events of these components and that time were read."""
    looked_at: tuple[str, ...] = ()
    components: int = 0
    """How many there are on the path."""
    limits: tuple[str, ...] = ()


class ThreatFinding(JsonValue):
    """A current finding of GuardDuty that names an address of the question; `severity` is AWS's, from 1 to 10."""

    id: str
    type: str
    title: str
    severity: float
    level: Literal["low", "medium", "high", "critical"]
    addresses: tuple[str, ...]
    region: str
    first: str | None = None
    last: str | None = None
    count: int = 1
    link: str
    """Where AWS's console shows it."""


class ThreatIndicator(JsonValue):
    """An address of the question in an investigation that Detective made of a role or a user, `entity`."""

    kind: str
    address: str
    told: str = ""
    investigation: str
    severity: str = ""
    entity: str = ""
    region: str
    link: str


class ThreatLink(JsonValue):
    """Where AWS's console shows what Detective knows of an address, which no call of its API says."""

    address: str
    link: str


class Threats(JsonValue):
    """What GuardDuty and Detective say of the addresses of the question; `limits` are what was not heard, and why."""

    text: str
    addresses: tuple[str, ...] = ()
    findings: tuple[ThreatFinding, ...] = ()
    indicators: tuple[ThreatIndicator, ...] = ()
    profiles: tuple[ThreatLink, ...] = ()
    limits: tuple[str, ...] = ()


class Evidence(JsonValue):
    """What the witnesses saw, and whether they agree."""

    flow_logs: FlowLogs | None = None
    second_opinion: Opinion | None = None
    agreement: str = ""
    what_changed: WhatChanged | None = None
    threats: Threats | None = None
    """None where nobody was asked."""
