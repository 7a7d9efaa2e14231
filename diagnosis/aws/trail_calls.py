"""The call that reads CloudTrail's event history, and the IAM action that it needs."""

from __future__ import annotations

from collections.abc import Mapping

from diagnosis.aws.listed_call import ListedCall, actions_of

CALLS: tuple[ListedCall, ...] = (
    ListedCall(
        "cloudtrail.lookup_events",
        "cloudtrail:LookupEvents",
        ("diagnosis/aws/trail.py", "diagnosis/aws/witness_checkup.py"),
        "looks who changed a component when it stopped (`--what-changed`)",
    ),
)

ACTIONS: Mapping[str, str] = actions_of(CALLS)
"""By `<boto3 client>.<method>`."""
