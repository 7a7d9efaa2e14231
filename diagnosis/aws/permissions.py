"""The documents about permissions, written from the one list of calls: IAM policies, and the list as a page.

`python -m diagnosis.aws.permissions` writes them all anew below the folder it is run in; a test holds them to the list.
Reading has one policy. Second opinions have another, since they make and delete objects, and fixes by button a role of
their own, with what must be said about who may assume it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from diagnosis.aws import repair_calls, trail_calls
from diagnosis.aws.every_call import SUBJECTS
from diagnosis.aws.flow_log_calls import ACTIONS
from diagnosis.aws.listed_call import ListedCall
from diagnosis.aws.permissions_page import page
from diagnosis.aws.reachability_analyzer import OURS, TAG
from diagnosis.aws.reachability_calls import ACTIONS as OPINION_ACTIONS
from diagnosis.aws.reachability_calls import READ_BY_AWS

RESULTS = "arn:aws:s3:::amzn-s3-demo-bucket/athena-results"
"""Stands for the place of Athena's results, which is to be put there instead."""
READER = "arn:aws:iam::123456789012:role/whynot"
"""Stands for the role that the program runs as."""


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    """In AWS's policy language (version 2012-10-17)."""
    return {"Version": "2012-10-17", "Statement": [*statements]}


def iam_policy() -> dict[str, Any]:
    """The policy that permits every read call, and flow logs and event history. Describe calls know no resources."""
    reads = sorted({row.action for row in SUBJECTS["The network"] if row.action})
    changes = _allowed("Changes", _sorted(trail_calls.CALLS), "*")
    return _document(_allowed("Reads", reads, "*"), *_of_flow_logs(), changes)


def _of_flow_logs() -> list[dict[str, Any]]:
    """Flow logs where AWS keeps them, and nothing else that lies in S3; the last is needed for Athena alone."""
    by_object = {"s3:GetObject": "arn:aws:s3:::*/AWSLogs/*", "s3:PutObject": f"{RESULTS}/*"}
    apart = {*by_object, "s3:ListBucket", "kms:Decrypt"}
    return [
        _allowed("FlowLogQueries", sorted(set(ACTIONS.values()) - apart), "*"),
        _allowed("FlowLogNames", ["s3:ListBucket"], "arn:aws:s3:::*", {"s3:prefix": "*AWSLogs/*"}),
        _allowed("FlowLogObjects", ["s3:GetObject"], by_object["s3:GetObject"]),
        _allowed("FlowLogKeys", ["kms:Decrypt"], "*", {"kms:ViaService": "s3.*.amazonaws.com"}),
        _allowed("AthenaResults", ["s3:GetObject", "s3:PutObject"], by_object["s3:PutObject"]),
    ]


def second_opinion_policy() -> dict[str, Any]:
    """The policy for second opinions, beside the other. Only objects that carry our tag can be made or deleted."""
    objects = ("network-insights-path", "network-insights-analysis")
    arns = [f"arn:aws:ec2:*:*:{kind}/*" for kind in objects]
    deleting = sorted(action for action in OPINION_ACTIONS.values() if ":Delete" in action)
    made = ["ec2:CreateNetworkInsightsPath", "ec2:StartNetworkInsightsAnalysis"]
    looking = sorted(set(OPINION_ACTIONS.values()) - {*deleting, *made, "ec2:CreateTags"} | {*READ_BY_AWS})
    return _document(
        _allowed("OpinionReads", looking, "*"),
        _allowed("OpinionAsks", made, "*"),
        _allowed("OpinionTags", ["ec2:CreateTags"], arns, {"ec2:CreateAction": [a.split(":")[1] for a in made]}),
        _allowed("OpinionTidies", deleting, arns, {f"aws:ResourceTag/{TAG}": OURS}),
    )


def threats_policy() -> dict[str, Any]:
    """The policy for asking GuardDuty and Detective, beside the one for reading."""
    return _document(_allowed("Threats", _sorted(SUBJECTS["Threats"]), "*"))


def write_role() -> dict[str, Any]:
    """The only policy of the role that fixes are made with."""
    of = "arn:aws:ec2:*:*:{}/*"
    return _document(
        _allowed("Looks", _sorted(repair_calls.LOOKS), "*"),
        _allowed("AddsAndTakesBackRules", _sorted(repair_calls.GROUP_RULES), of.format("security-group")),
        _allowed("AddsAndTakesBackEntries", _sorted(repair_calls.ACL_ENTRIES), of.format("network-acl")),
    )


def write_role_trust() -> dict[str, Any]:
    """Who may assume that role: the program, with an external id, saying which proposal it is and who approved it."""
    session = {
        "StringEquals": {"sts:ExternalId": "a-value-that-you-choose"},
        "StringLike": {"sts:RoleSessionName": "whynot-fx*"},
    }
    tags = {"StringLike": {"aws:RequestTag/whynot-proposal": "fx*", "aws:RequestTag/whynot-by": "*"}}
    (assume,) = _sorted(repair_calls.ASSUMED)
    return _document(_trusted("AssumesIt", assume, session), _trusted("SaysWhoApproved", repair_calls.NAMED, tags))


def _sorted(rows: tuple[ListedCall, ...]) -> list[str]:
    return sorted(row.action for row in rows)


def _allowed(
    name: str, actions: list[str], resource: str | list[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    limited = {"Condition": {"StringLike": condition}} if condition else {}
    return {"Sid": f"Whynot{name}", "Effect": "Allow", "Action": actions, "Resource": resource, **limited}


def _trusted(name: str, action: str, condition: dict[str, Any]) -> dict[str, Any]:
    who = {"AWS": READER}
    return {"Sid": f"Whynot{name}", "Effect": "Allow", "Principal": who, "Action": action, "Condition": condition}


def policy_text(policy: dict[str, Any]) -> str:
    """A document as it stands in its file."""
    return json.dumps(policy, indent=2) + "\n"


DOCUMENTS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "deploy/read-policy.json": lambda: policy_text(iam_policy()),
        "deploy/second-opinion-policy.json": lambda: policy_text(second_opinion_policy()),
        "deploy/threats-policy.json": lambda: policy_text(threats_policy()),
        "deploy/write-role.json": lambda: policy_text(write_role()),
        "deploy/write-role-trust.json": lambda: policy_text(write_role_trust()),
        "docs/permissions.md": page,
    }
)
"""Every document that is written from the list, by its place below the root of the repository."""


if __name__ == "__main__":
    for place, text in DOCUMENTS.items():
        Path(place).write_text(text(), encoding="utf-8")
