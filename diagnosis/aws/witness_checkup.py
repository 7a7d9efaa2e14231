"""What further witnesses need, as findings: each permission that is missing, and who must act.

CloudTrail, GuardDuty and Detective are asked something small. A second opinion cannot be tried without making what AWS
charges for, so IAM is asked what the credentials permit:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, Literal

from diagnosis.aws.account import LiveAccount
from diagnosis.aws.errors import FAILURES, unavailable
from diagnosis.aws.guardduty import GuardDuty
from diagnosis.aws.reachability_analyzer import OURS, TAG
from diagnosis.aws.reachability_calls import CALLS, READ_BY_AWS, SIMULATE
from diagnosis.aws.trail import PAUSE
from diagnosis.aws.trail_calls import ACTIONS as TRAIL_ACTIONS
from diagnosis.evidence.threats import ThreatQuery
from diagnosis.finding import Finding
from diagnosis.sources import SourceUnavailable

WitnessName = Literal["opinion", "changes", "threats"]
SOMEBODY: Final = "192.0.2.1"
"""An address of the documentation ranges, which no finding names."""
_CONDITIONED: Final = frozenset({"ec2:DeleteNetworkInsightsAnalysis", "ec2:DeleteNetworkInsightsPath"})


def witness_findings(account: LiveAccount, witnesses: Collection[WitnessName]) -> Iterator[Finding]:
    """What is found of these witnesses in every Region of the account."""
    if "changes" in witnesses:
        yield from _changes(account)
    if "threats" in witnesses:
        yield from _threats(account)
    if "opinion" in witnesses:
        yield from _opinions(account)


def _changes(account: LiveAccount) -> Iterator[Finding]:
    for place, region in enumerate(account.regions):
        if place:
            time.sleep(PAUSE)
        try:
            account.client("cloudtrail", region).lookup_events(MaxResults=1)
        except FAILURES as error:
            said = unavailable(error, TRAIL_ACTIONS["cloudtrail.lookup_events"])
            yield Finding("what changed", "missing", f"CloudTrail in {region}: {said}")
            return
    yield Finding("what changed", "well", "CloudTrail's event history can be looked up")


def _threats(account: LiveAccount) -> Iterator[Finding]:
    try:
        heard = GuardDuty(account.client).threats(ThreatQuery((SOMEBODY,), account.regions), lambda _: None)
    except SourceUnavailable as error:
        yield Finding("threats", "missing", str(error))
        return
    for trouble in heard.troubles:
        denied = "not permitted" in trouble
        granted = " An account administrator can grant it: deploy/threats-policy.json holds it." if denied else ""
        yield Finding("threats", "missing" if denied else "note", f"{trouble}{granted}")
    if not heard.troubles:
        yield Finding("threats", "well", "GuardDuty and Detective can be asked")


def _opinions(account: LiveAccount) -> Iterator[Finding]:
    about = "second opinions"
    try:
        principal = principal_of(account.identity_arn())
        denied = sorted(_denied(account, principal)) if principal else []
    except FAILURES as error:
        yield Finding(about, "note", f"what is permitted could not be looked up: {unavailable(error, SIMULATE)}")
        return
    if denied:
        them = "it" if len(denied) == 1 else "them"
        yield Finding(
            about,
            "missing",
            f"not permitted: {', '.join(denied)}. An account administrator can grant {them}: "
            "deploy/second-opinion-policy.json holds every action that is needed.",
        )
    else:
        yield Finding(about, "well", "IAM permits all that an analysis needs")


def principal_of(arn: str) -> str:
    """The user or role that policies are attached to; "" for the root user, who may do everything.

    The ARN of a session leaves out the path of its role.
    """
    _, partition, _, _, account, resource = arn.split(":", 5)
    kind, _, name = resource.partition("/")
    match kind:
        case "assumed-role":
            return f"arn:{partition}:iam::{account}:role/{name.split('/')[0]}"
        case "root":
            return ""
        case _:
            return f"arn:{partition}:iam::{account}:{resource}"


def _denied(account: LiveAccount, principal: str) -> Iterator[str]:
    """The actions that IAM would refuse: those with a condition on what whynot made, for an object of that kind."""
    region = account.regions[0]
    iam = account.client("iam", region)
    partition, number = principal.split(":")[1], principal.split(":")[4]
    plain = sorted({row.action for row in CALLS} - _CONDITIONED - {"ec2:CreateTags", SIMULATE} | {*READ_BY_AWS})
    yield from _refused(iam, principal, plain, ())
    tag = ("aws:ResourceTag/" + TAG, OURS)
    for kind, made, gone in (
        ("path", "CreateNetworkInsightsPath", "ec2:DeleteNetworkInsightsPath"),
        ("analysis", "StartNetworkInsightsAnalysis", "ec2:DeleteNetworkInsightsAnalysis"),
    ):
        resource = f"arn:{partition}:ec2:{region}:{number}:network-insights-{kind}/*"
        yield from _refused(iam, principal, ["ec2:CreateTags"], [("ec2:CreateAction", made)], resource)
        yield from _refused(iam, principal, [gone], [tag], resource)


def _refused(
    iam: Any, principal: str, actions: Sequence[str], context: Iterable[tuple[str, str]], resource: str = "*"
) -> Iterator[str]:
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=principal,
        ActionNames=list(actions),
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"} for key, value in context
        ],
    )
    for page in pages:
        for one in page["EvaluationResults"]:
            if one["EvalDecision"] != "allowed":
                yield str(one["EvalActionName"])
