"""The IAM policy that permits every read call of the table and the reading of flow logs, and nothing else.

`python -m diagnosis.aws.permissions > docs/iam-read-policy.json` writes the document; a test holds the two
together. (sts:GetCallerIdentity, which names the account, needs no permission.) Second opinions have a policy of their
own, since they make and delete objects: `python -m diagnosis.aws.permissions second-opinion` writes that one.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from diagnosis.aws.flow_log_calls import ACTIONS
from diagnosis.aws.reachability_analyzer import OURS, TAG
from diagnosis.aws.reachability_calls import ACTIONS as OPINION_ACTIONS
from diagnosis.aws.reachability_calls import READ_BY_AWS
from diagnosis.snapshots.kinds import KINDS

RESULTS = "arn:aws:s3:::amzn-s3-demo-bucket/athena-results"
"""Stands for the place of Athena's results, which is to be put there instead."""


def iam_policy() -> dict[str, Any]:
    """The policy document, in AWS's policy language (version 2012-10-17). Describe calls know no resources."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "WhynotReads",
                "Effect": "Allow",
                "Action": sorted({kind.action for kind in KINDS.values()}),
                "Resource": "*",
            },
            *_of_flow_logs(),
        ],
    }


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
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allowed("OpinionReads", looking, "*"),
            _allowed("OpinionAsks", made, "*"),
            _allowed("OpinionTags", ["ec2:CreateTags"], arns, {"ec2:CreateAction": [a.split(":")[1] for a in made]}),
            _allowed("OpinionTidies", deleting, arns, {f"aws:ResourceTag/{TAG}": OURS}),
        ],
    }


def _allowed(
    name: str, actions: list[str], resource: str | list[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    limited = {"Condition": {"StringLike": condition}} if condition else {}
    return {"Sid": f"Whynot{name}", "Effect": "Allow", "Action": actions, "Resource": resource, **limited}


def policy_text(policy: dict[str, Any]) -> str:
    """A document as it stands in its file."""
    return json.dumps(policy, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(policy_text(second_opinion_policy() if sys.argv[1:] == ["second-opinion"] else iam_policy()))
