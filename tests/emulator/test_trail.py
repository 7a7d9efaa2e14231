"""LookupEvents of the double keeps AWS's rules: one attribute, fifty a page, newest first, its own tokens."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.diagnosis.flowlogs.remote.places import ACCOUNT, REGION, client_at
from tests.emulator.faults import FAULTS
from tests.emulator.trail_calls import event, plant
from tests.moto_server import post

AT = 1_790_000_000
GROUP = [{"AttributeKey": "ResourceName", "AttributeValue": "sg-1"}]


@pytest.fixture
def trail(emulator_url: str) -> Any:
    post(emulator_url, "reset")
    FAULTS.clear()
    plant(ACCOUNT, REGION, [event("CreateTags", AT + n, ["sg-1" if n % 2 else "sg-2"], {"n": n}) for n in range(240)])
    return client_at(emulator_url, "cloudtrail")


def test_pages_hold_fifty_events_of_the_resource_newest_first(trail: Any) -> None:
    first = trail.lookup_events(LookupAttributes=GROUP)
    second = trail.lookup_events(LookupAttributes=GROUP, NextToken=first["NextToken"])
    third = trail.lookup_events(LookupAttributes=GROUP, NextToken=second["NextToken"])

    assert [len(page["Events"]) for page in (first, second, third)] == [50, 50, 20]
    assert "NextToken" not in third
    times = [one["EventTime"] for page in (first, second, third) for one in page["Events"]]
    assert times == sorted(times, reverse=True)
    assert all(one["Resources"][0]["ResourceName"] == "sg-1" for one in first["Events"])


def test_only_events_of_the_time_that_is_asked_for_come_back(trail: Any) -> None:
    span = {"StartTime": datetime.fromtimestamp(AT + 10, UTC), "EndTime": datetime.fromtimestamp(AT + 13, UTC)}

    assert len(trail.lookup_events(**span)["Events"]) == 4


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"LookupAttributes": GROUP * 2}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": [{"AttributeKey": "Region", "AttributeValue": "x"}]}, "InvalidLookupAttributesException"),
        ({"MaxResults": 50, "NextToken": "made up"}, "InvalidNextTokenException"),
        ({"StartTime": datetime(2026, 2, 1), "EndTime": datetime(2026, 1, 1)}, "InvalidTimeRangeException"),  # noqa: DTZ001
    ],
)
def test_what_aws_refuses_is_refused(trail: Any, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        trail.lookup_events(**asked)

    assert refused.value.response["Error"]["Code"] == code


def test_a_token_goes_on_with_its_own_question_only(trail: Any) -> None:
    token = trail.lookup_events(LookupAttributes=GROUP)["NextToken"]

    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        trail.lookup_events(NextToken=token)
