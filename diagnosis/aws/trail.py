"""CloudTrail's event history, asked by resource: one attribute a call, fifty events a page, two calls a second.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from diagnosis.aws.errors import FAILURES, is_throttled, unavailable
from diagnosis.aws.trail_calls import ACTIONS
from diagnosis.evidence.trail import Looked, TrailEvent, parse_event

PAGE = 50
PAUSE = 0.5
"""Seconds between two calls: AWS allows two a second for each account and Region."""
LONGEST_PAUSE = 4.0


@dataclass(frozen=True, slots=True)
class Budget:
    """What one question may cost: calls, and seconds in all."""

    calls: int = 30
    seconds: float = 30.0


class Trail:
    """A ChangeSource for one question. `now` is a clock of seconds that only goes forward."""

    def __init__(
        self,
        clients: Callable[[str, str], Any],
        budget: Budget | None = None,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`clients` gives a boto3 client of a service in a Region."""
        self._clients = clients
        self._budget = budget or Budget()
        self._now = now
        self._sleep = sleep
        self._until = now() + self._budget.seconds
        self._calls = 0
        self._last: dict[str, float] = {}

    def changes(
        self, resource: str, region: str, start: int, end: int, until: Callable[[TrailEvent], bool] | None = None
    ) -> Looked:
        """Return the recorded calls on a resource, newest first as AWS answers them, and why some were left out.

        No further page is read where `until` says of an event that it suffices.
        Raises NotPermitted or SourceUnavailable, each saying who must act.
        """
        client = self._clients("cloudtrail", region)
        found: list[TrailEvent] = []
        given: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": resource}],
            "StartTime": datetime.fromtimestamp(start, UTC),
            "EndTime": datetime.fromtimestamp(end, UTC),
            "MaxResults": PAGE,
        }
        pause = PAUSE
        while True:
            stopped = self._spent(region, pause)
            if stopped:
                return Looked(tuple(found), stopped)
            try:
                page = client.lookup_events(**given)
            except FAILURES as error:
                if not is_throttled(error):
                    raise unavailable(error, ACTIONS["cloudtrail.lookup_events"]) from error
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = PAUSE
            found += [event for one in page.get("Events") or () if (event := parse_event(one)) is not None]
            if not page.get("NextToken") or (until is not None and any(map(until, found))):
                return Looked(tuple(found))
            given["NextToken"] = page["NextToken"]

    def _spent(self, region: str, pause: float) -> str:
        """Why no further call is made; else waits for its turn and counts it."""
        if self._calls >= self._budget.calls:
            return f"the budget of {self._budget.calls} calls is used up"
        wait = max(0.0, self._last.get(region, self._now() - pause) + pause - self._now())
        if self._now() + wait > self._until:
            return f"the budget of {self._budget.seconds:g} seconds is used up"
        if wait:
            self._sleep(wait)
        self._calls += 1
        self._last[region] = self._now()
        return ""
