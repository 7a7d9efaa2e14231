"""GuardDuty's findings on addresses, Region by Region.

Criteria are joined by AND, so each place where an address may stand is a query of its own, and the answers are joined.
Remote addresses of port probes, of Kubernetes and of logins to RDS, and remote IPv6 addresses, have no key: findings of
the last days are read for those, and what they hold is compared here.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_FindingCriteria.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from diagnosis.aws.detective import indicators
from diagnosis.aws.errors import FAILURES, stops_everything, why_unseen
from diagnosis.aws.threat_calls import ACTIONS
from diagnosis.evidence.threats import Finding, Heard, Indicator, ThreatQuery, named

_NETWORK: Final = "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4"
_API: Final = "service.action.awsApiCallAction.remoteIpDetails.ipAddressV4"
_OWN: Final = "resource.instanceDetails.networkInterfaces."
KEYS_V4: Final = (_NETWORK, _API, f"{_OWN}privateIpAddresses.privateIpAddress", f"{_OWN}publicIp")
KEYS_V6: Final = (f"{_OWN}ipv6Addresses",)
DAYS: Final = 30
"""So far back findings are read that no key finds."""
MOST: Final = 200
"""Findings that are read for one query."""
_PAGE: Final = 50
"""The most that GetFindings and ListFindings take."""


class GuardDuty:
    """Asks GuardDuty and Detective of the account."""

    def __init__(self, clients: Callable[[str, str], Any], now: Callable[[], float] = time.time) -> None:
        """`clients` gives a boto3 client of a service in a Region; `now` is in Unix seconds."""
        self._clients = clients
        self._now = now

    def threats(self, query: ThreatQuery, say: Callable[[str], None]) -> Heard:
        """What both say of the addresses. Raises NotPermitted where no call can succeed at all."""
        found: list[Finding] = []
        hints: list[Indicator] = []
        troubles: list[str] = []
        asked: list[str] = []
        for region in query.regions:
            say(f"asking GuardDuty and Detective in {region}")
            some, trouble = self._in(region, query.addresses)
            found += some
            if trouble:
                troubles.append(trouble)
            if trouble is None or some:
                asked.append(region)
            more, trouble = indicators(self._clients("detective", region), region, query.addresses, self._now())
            hints += more
            troubles += [trouble] if trouble else []
        found.sort(key=lambda one: (-one.severity, one.last or "", one.id))
        return Heard(tuple(found), tuple(hints), tuple(troubles), tuple(asked))

    def _in(self, region: str, addresses: tuple[str, ...]) -> tuple[list[Finding], str | None]:
        """The findings of a Region, and what was not seen of them."""
        client, call = self._clients("guardduty", region), "guardduty.list_detectors"
        known: dict[str, Mapping[str, Any]] = {}
        cut = False
        try:
            detectors = [
                one for page in client.get_paginator("list_detectors").paginate() for one in page["DetectorIds"]
            ]
            if not detectors:
                return [], f"GuardDuty is not on in {region}, so it says nothing there; an administrator can enable it."
            for detector in detectors:
                for criterion in self._criteria(addresses):
                    call = "guardduty.list_findings"
                    ids, more = _ids(client, detector, criterion)
                    cut = cut or more
                    call = "guardduty.get_findings"
                    for one in _read(client, detector, [name for name in ids if name not in known]):
                        known[one["Id"]] = one
        except FAILURES as error:
            stopped = stops_everything(error)
            if stopped is not None:
                raise stopped from error
            said = f"GuardDuty in {region}: {why_unseen(error, ACTIONS[call])}."
            return _named(known, addresses, region), said + " What is said of these addresses there may lack findings."
        most = f"More than {MOST} findings fit in {region}; the newest of each kind were read." if cut else None
        return _named(known, addresses, region), most

    def _criteria(self, addresses: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """One query each: by every key that an address may stand under, and what is recent."""
        current = {"service.archived": {"Equals": ["false"]}}
        for keys, some in (
            (KEYS_V4, [one for one in addresses if ":" not in one]),
            (KEYS_V6, [one for one in addresses if ":" in one]),
        ):
            for key in keys if some else ():
                yield {**current, key: {"Equals": some}}
        since = int((self._now() - DAYS * 86_400) * 1000)
        yield {**current, "updatedAt": {"GreaterThanOrEqual": since}}


def _ids(client: Any, detector: str, criterion: dict[str, Any]) -> tuple[list[str], bool]:
    """The newest ids, and whether there are more."""
    found: list[str] = []
    pages = client.get_paginator("list_findings").paginate(
        DetectorId=detector,
        FindingCriteria={"Criterion": criterion},
        SortCriteria={"AttributeName": "updatedAt", "OrderBy": "DESC"},
        PaginationConfig={"PageSize": _PAGE},
    )
    for page in pages:
        found += page["FindingIds"]
        if len(found) > MOST:
            break
    return found[:MOST], len(found) > MOST


def _read(client: Any, detector: str, ids: list[str]) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(ids), _PAGE):
        yield from client.get_findings(DetectorId=detector, FindingIds=ids[start : start + _PAGE])["Findings"]


def _named(known: Mapping[str, Mapping[str, Any]], addresses: tuple[str, ...], region: str) -> list[Finding]:
    """Those that hold one of the addresses; what a key found holds one, what is merely recent need not."""
    found = []
    for one in known.values():
        about = named([one.get("Resource"), one.get("Service")], addresses)
        if about:
            service = one.get("Service") or {}
            times = service.get("EventFirstSeen"), service.get("EventLastSeen") or one.get("UpdatedAt")
            found.append(
                Finding(
                    id=str(one["Id"]),
                    type=str(one.get("Type") or ""),
                    title=str(one.get("Title") or ""),
                    severity=float(one.get("Severity") or 0),
                    addresses=about,
                    region=region,
                    first=times[0],
                    last=times[1],
                    count=int(service.get("Count") or 1),
                )
            )
    return found
