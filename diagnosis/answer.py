"""The Answer to one question: verdict, causes, evidence, fixes, what was not seen. Its JSON is a public contract."""

from __future__ import annotations

from typing import Literal

from diagnosis.json_value import JsonValue
from diagnosis.question.question import Question
from diagnosis.testimony import Evidence, Window

Verdict = Literal["reachable", "blocked", "partly", "unknown"]


Disposition = Literal["passed", "dropped", "partly", "unknown"]


class Cause(JsonValue):
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


class Step(JsonValue):
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


class Hop(JsonValue):
    """A component that the traffic visits, by id, with its display name, and the steps taken there."""

    component: str
    kind: str
    name: str | None = None
    steps: tuple[Step, ...] = ()


class Unseen(JsonValue):
    """A call whose missing answer could change the verdict."""

    call: str
    account: str = ""
    region: str = ""
    error: str = ""


class NewlyReachable(JsonValue):
    """One line of an exposure: who becomes able to reach what. `count` is the number of source-destination pairs."""

    source: str
    destination: str
    protocol: str
    ports: str
    count: int


class Exposure(JsonValue):
    """What a fix opens, all of it; `at_least` when a budget stopped the enumeration."""

    text: str
    newly_reachable: tuple[NewlyReachable, ...] = ()
    at_least: bool = False


class Proof(JsonValue):
    """The verdict on the model after the changes were applied to it."""

    verdict_after: Verdict


ManagedBy = Literal["Terraform", "CloudFormation"]


class Fix(JsonValue):
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


class SnapshotFacts(JsonValue):
    """Which configuration was judged."""

    taken_at: str | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


class Stranger(JsonValue):
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


class GuideStep(JsonValue):
    """One of the six steps A to F of the manual procedure, with what was found."""

    letter: str
    title: str
    found: tuple[str, ...]


class Answer(JsonValue):
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
