"""LookupEvents of CloudTrail, which moto lacks: events that a test planted, filtered and paged as AWS does it.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.backends import get_backend
from moto.cloudtrail.responses import CloudTrailResponse

from tests.emulator.operations import install, refused, told

PAGE = 50
_ATTRIBUTES = frozenset({
    "EventId", "EventName", "ReadOnly", "Username", "EventSource", "AccessKeyId", "ResourceType", "ResourceName",
})  # fmt: skip


def install_trail() -> None:
    """Add the operation to moto's CloudTrail."""
    install(CloudTrailResponse, {"lookup_events": _lookup})


def event(
    name: str,
    at: int,
    resources: Sequence[str],
    request: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    **record: Any,
) -> dict[str, Any]:
    """An event as LookupEvents answers it. `record` adds or replaces members of the CloudTrailEvent."""
    identity = record.pop("eventID", str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name} {at} {resources} {request}")))
    user = {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:ci-42",
        "arn": "arn:aws:sts::123456789012:assumed-role/deploy/ci-42",
        "accountId": "123456789012",
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "deploy"}, "attributes": {}},
    }
    whole = {
        "eventVersion": "1.11",
        "userIdentity": user,
        "eventTime": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-cli/2.31",
        "requestParameters": request,
        "responseElements": response,
        "requestID": str(uuid.UUID(int=at)),
        "eventID": identity,
        "readOnly": name.startswith(("Describe", "Get", "List")),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "123456789012",
        "eventCategory": "Management",
        **record,
    }
    return {
        "EventId": identity,
        "EventName": name,
        "ReadOnly": "true" if whole["readOnly"] else "false",
        "AccessKeyId": "ASIAEXAMPLE",
        "EventTime": at,
        "EventSource": whole["eventSource"],
        "Username": "ci-42",
        "Resources": [{"ResourceName": one} for one in resources],
        "CloudTrailEvent": json.dumps(whole),
    }


def plant(account: str, region: str, events: Sequence[Mapping[str, Any]]) -> None:
    """What CloudTrail recorded in the Region, in the process of the double; a reset forgets it."""
    get_backend("cloudtrail")[account][region].__dict__["recorded"] = list(events)


def _lookup(response: Any) -> str:
    attributes = response._get_param("LookupAttributes") or []
    start, end = response._get_param("StartTime"), response._get_param("EndTime")
    size = response._get_param("MaxResults") or PAGE
    if len(attributes) > 1 or any(one.get("AttributeKey") not in _ATTRIBUTES for one in attributes):
        raise refused("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
    if not 1 <= size <= PAGE:
        raise refused("InvalidMaxResultsException", "A maximum results value must be between 1 and 50.")
    if start is not None and end is not None and start > end:
        raise refused("InvalidTimeRangeException", "The start time must be before the end time.")
    known = response.cloudtrail_backend.__dict__.get("recorded", [])
    chosen = [
        one
        for one in known
        if (start is None or one["EventTime"] >= start)
        and (end is None or one["EventTime"] <= end)
        and all(_has(one, attribute) for attribute in attributes)
    ]
    chosen.sort(key=lambda one: -one["EventTime"])
    asked = json.dumps([attributes, start, end])
    begin = _begin(response._get_param("NextToken"), asked)
    token = json.dumps([begin + size, asked]) if begin + size < len(chosen) else None
    return told(Events=chosen[begin : begin + size], NextToken=token)


def _begin(token: str | None, asked: str) -> int:
    """A token goes on with the very question that gave it."""
    if token is None:
        return 0
    try:
        place, same = json.loads(token)
    except ValueError:
        place, same = 0, None
    if same != asked:
        raise refused("InvalidNextTokenException", "The next token is not valid for this request.")
    return int(place)


def _has(one: Mapping[str, Any], attribute: Mapping[str, str]) -> bool:
    key, value = attribute["AttributeKey"], attribute["AttributeValue"]
    if key in ("ResourceName", "ResourceType"):
        return any(resource.get(key) == value for resource in one["Resources"])
    return bool(one.get(key) == value)
