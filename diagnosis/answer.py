"""The Answer to one question: verdict, causes, evidence, fixes, what was not seen. Its JSON is a public contract."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from diagnosis.question.question import Question

Verdict = Literal["reachable", "blocked", "partly", "unknown"]
Disposition = Literal["passed", "dropped", "partly", "unknown"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Cause(_Value):
    """A component and rule that drops traffic.

    `component` is what a person would edit or look at, `related` the others that matter. The groups of one interface
    share `any_of` (repairing any one suffices). `rule` is an ACL rule number, a group rule id or a route's destination.
    """

    code: str
    component: str
    related: tuple[str, ...] = ()
    leg: Literal["forward", "return"]
    direction: Literal["egress", "ingress"] | None = None
    rule: str | None = None
    text: str
    any_of: int | None = None


class Step(_Value):
    """What one rule set or table did to the traffic at a hop. `text` says it in words ("rule 100 allows")."""

    kind: str
    direction: Literal["egress", "ingress"] | None = None
    disposition: Disposition
    rule: str | None = None
    component: str | None = None
    """The rule set that decided: a security group, a network ACL, a route table; None where the hop itself did."""
    code: str | None = None
    text: str = ""
    name: str | None = None
    """The display name of `component`, where it has one."""


class Hop(_Value):
    """A component that the traffic visits, by id, with its display name, and the steps taken there."""

    component: str
    kind: str
    name: str | None = None
    steps: tuple[Step, ...] = ()


class Unseen(_Value):
    """A call whose missing answer could change the verdict."""

    call: str
    account: str = ""
    region: str = ""
    error: str = ""


class Window(_Value):
    """A span of time, ISO 8601 UTC."""

    start: str | None = None
    end: str | None = None


class RecordCounts(_Value):
    """Flow-log lines: `read` are well formed, NODATA and SKIPDATA among them; `malformed` are not."""

    read: int = 0
    malformed: int = 0
    nodata: int = 0
    skipdata: int = 0
    unreadable_files: int = 0


class OtherClients(_Value):
    """Other clients at the same addresses, protocol and port of the destination, in the window: how many of them."""

    refused: int
    accepted: int
    at_least: bool = False
    """Whether there may be more: a limit was reached, or several flow logs were read."""


class FlowLogs(_Value):
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


class OpinionStop(_Value):
    """A component of the path that AWS shows, with the rule that AWS names for it and the codes of what stops there."""

    component: str
    name: str | None = None
    leg: Literal["forward", "return"]
    direction: Literal["egress", "ingress"] | None = None
    rule: str = ""
    codes: tuple[str, ...] = ()


class OpinionReason(_Value):
    """One explanation of AWS. `standing` says what it is good for: only a `cause` is the network's own reason."""

    code: str
    standing: Literal["cause", "alternative", "unseen", "setup", "filter", "unlisted"]
    component: str = ""
    related: tuple[str, ...] = ()
    direction: Literal["egress", "ingress"] | None = None
    text: str


class Compared(_Value):
    """One component as both judge it. `agrees` is None where one of them does not judge it."""

    component: str
    name: str | None = None
    leg: Literal["forward", "return"] | None = None
    direction: Literal["egress", "ingress"] | None = None
    ours: str
    theirs: str
    agrees: bool | None = None


class Opinion(_Value):
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


class AccountChange(_Value):
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


class WhatChanged(_Value):
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


class ThreatFinding(_Value):
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


class ThreatIndicator(_Value):
    """An address of the question in an investigation that Detective made of a role or a user, `entity`."""

    kind: str
    address: str
    told: str = ""
    investigation: str
    severity: str = ""
    entity: str = ""
    region: str
    link: str


class ThreatLink(_Value):
    """Where AWS's console shows what Detective knows of an address, which no call of its API says."""

    address: str
    link: str


class Threats(_Value):
    """What GuardDuty and Detective say of the addresses of the question; `limits` are what was not heard, and why."""

    text: str
    addresses: tuple[str, ...] = ()
    findings: tuple[ThreatFinding, ...] = ()
    indicators: tuple[ThreatIndicator, ...] = ()
    profiles: tuple[ThreatLink, ...] = ()
    limits: tuple[str, ...] = ()


class Evidence(_Value):
    """What the witnesses saw, and whether they agree."""

    flow_logs: FlowLogs | None = None
    second_opinion: Opinion | None = None
    agreement: str = ""
    what_changed: WhatChanged | None = None
    threats: Threats | None = None
    """None where nobody was asked."""


class NewlyReachable(_Value):
    """One line of an exposure: who becomes able to reach what. `count` is the number of source-destination pairs."""

    source: str
    destination: str
    protocol: str
    ports: str
    count: int


class Exposure(_Value):
    """What a fix opens, all of it; `at_least` when a budget stopped the enumeration."""

    text: str
    newly_reachable: tuple[NewlyReachable, ...] = ()
    at_least: bool = False


class Proof(_Value):
    """The verdict on the model after the changes were applied to it."""

    verdict_after: Verdict


ManagedBy = Literal["Terraform", "CloudFormation"]


class Fix(_Value):
    """Changes that were proven to open the path, as commands, with their undo and exposure."""

    id: str
    title: str
    risk: Literal["safe", "needs judgement"]
    changes: tuple[dict[str, object], ...]
    commands: tuple[str, ...]
    undo: tuple[str, ...]
    proof: Proof
    exposure: Exposure
    managed_by: ManagedBy | None = None
    """What else keeps a group or ACL that is edited, and will undo the change the next time it runs."""
    managed: str = ""
    """The same as a sentence that names the components, with what to do about it."""
    terraform: tuple[str, ...] = ()
    """The changes as Terraform text, line by line: resources to add."""
    takes_back: str = ""
    """The change of somebody's that this takes back, in words with its event id."""


class SnapshotFacts(_Value):
    """Which configuration was judged."""

    taken_at: str | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class Member(_Value):
    """One of several that behave alike."""

    id: str
    name: str | None = None
    address: str | None = None


class ReachGroup(_Value):
    """Parties that behave alike towards the target of a reverse question."""

    kind: Literal["interfaces", "internet", "on-premises"]
    name: str
    """In words: "app-a, web-tier", "the internet"."""
    subnet: str | None = None
    groups: tuple[str, ...] = ()
    route_table: str | None = None
    count: int
    """How many interfaces; 0 for the internet and on-premises ranges."""
    members: tuple[Member, ...] = ()
    ranges: tuple[str, ...] = ()
    """CIDRs that get through, for the internet and on-premises ranges."""
    verdict: Verdict
    traffic: str = ""
    """What gets through: "tcp 3306"."""
    decided_by: str = ""
    """The rule that lets it in, or the first that stops it, in words."""
    causes: tuple[Cause, ...] = ()
    unseen: tuple[Unseen, ...] = ()


class WhoAnswer(_Value):
    """Everything that can reach a party, or that it can reach."""

    question: Question
    target: str
    direction: Literal["to", "from"]
    """`to`: what can reach the target; `from`: what the target can reach."""
    headline: str
    groups: tuple[ReachGroup, ...] = ()
    caveats: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    snapshot: SnapshotFacts = SnapshotFacts()


class Stranger(_Value):
    """A public address and whose it is: the account's own, of a prefix list, or AWS's by its published ranges."""

    address: str
    name: str
    """In words: "web-1", "prefix list office", "AWS EC2 in us-east-1"."""
    known_by: Literal["account", "prefix list", "ip-ranges"]
    range: str = ""
    """The range by which it is known, as a CIDR."""
    services: tuple[str, ...] = ()
    """AWS's words, such as `EC2`; none where AWS says no more than that it is its own."""
    region: str = ""
    as_of: str | None = None
    """When AWS made its ranges, ISO 8601 UTC."""


class GuideStep(_Value):
    """One of the six steps A to F of the manual procedure, with what was found."""

    letter: str
    title: str
    found: tuple[str, ...]


class Answer(_Value):
    """Everything that is said of one question."""

    question: Question
    window: Window
    verdict: Verdict
    headline: str
    path_forward: tuple[Hop, ...] = ()
    path_return: tuple[Hop, ...] = ()
    causes: tuple[Cause, ...] = ()
    caveats: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    evidence: Evidence = Evidence()
    fixes: tuple[Fix, ...] = ()
    advice: tuple[str, ...] = ()
    snapshot: SnapshotFacts = SnapshotFacts()
    source_name: str = ""
    """The parties as a person would name them: "web-1 10.0.1.10"."""
    destination_name: str = ""
    traffic: str = ""
    """Protocol and port in words: "tcp 3306"."""
    return_traffic: str = ""
    """The reply's ports in words, where it has any: "ports 32768-60999"."""
    strangers: tuple[Stranger, ...] = ()
    """The public addresses that it speaks of, where somebody knows them."""
    guide: tuple[GuideStep, ...] = ()
    """The six steps A to F."""
    branch: tuple[str, ...] = ()
    """The branch taken through the decision diagram, question by question."""
