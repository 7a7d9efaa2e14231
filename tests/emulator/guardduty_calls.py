"""GuardDuty's findings, which moto lacks: ListFindings with its criteria evaluated, and GetFindings.

Keys lead into a finding by its JSON names; through lists they mean any item. Conditions of one query are joined by AND.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_ListFindings.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from moto.guardduty import urls
from moto.guardduty.responses import GuardDutyResponse

from tests.emulator.operations import install, refused, told

FINDINGS: dict[tuple[str, str], list[dict[str, Any]]] = {}
"""By Region and detector, in the JSON form of GetFindings."""
_TIMES = {"updatedAt", "createdAt", "service.eventFirstSeen", "service.eventLastSeen"}
_KEYS = {
    "id",
    "severity",
    "type",
    "updatedAt",
    "service.archived",
    "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4",
    "service.action.awsApiCallAction.remoteIpDetails.ipAddressV4",
    "resource.instanceDetails.networkInterfaces.privateIpAddresses.privateIpAddress",
    "resource.instanceDetails.networkInterfaces.publicIp",
    "resource.instanceDetails.networkInterfaces.ipv6Addresses",
}
"""The documented keys that whynot may use; GuardDuty refuses others."""


def install_guardduty() -> None:
    """Give moto the two operations."""
    FINDINGS.clear()
    for path in ("findings", "findings/get"):
        urls.url_paths[f"{{0}}/detector/(?P<detector_id>[^/]+)/{path}$"] = GuardDutyResponse.dispatch
    install(GuardDutyResponse, {"list_findings": _list, "get_findings": _get})


def _of(response: Any) -> list[dict[str, Any]]:
    detector = response.path.split("/")[2]
    if detector not in response.guardduty_backend.detectors:
        raise refused("BadRequestException", "The request is rejected because the input detectorId is not owned.")
    return FINDINGS.get((response.region, detector), [])


def _list(response: Any) -> str:
    criteria = (response._get_param("findingCriteria") or {}).get("criterion") or {}
    for key, condition in criteria.items():
        values = condition.get("equals") or []
        if key not in _KEYS or len(values) > 50:
            raise refused("BadRequestException", f"The request is rejected: {key}.")
    found = [one for one in _of(response) if all(_holds(one, key, said) for key, said in criteria.items())]
    order = response._get_param("sortCriteria") or {}
    found.sort(
        key=lambda one: str(next(_at(one, order.get("attributeName", "updatedAt").split(".")), "")),
        reverse=order.get("orderBy") == "DESC",
    )
    size, start = int(response._get_param("maxResults") or 50), int(response._get_param("nextToken") or 0)
    more = str(start + size) if len(found) > start + size else ""
    return told(findingIds=[one["id"] for one in found[start : start + size]], nextToken=more)


def _get(response: Any) -> str:
    wanted = response._get_param("findingIds") or []
    if len(wanted) > 50:
        raise refused("BadRequestException", "The request is rejected: findingIds has more than 50 items.")
    return told(findings=[one for one in _of(response) if one["id"] in wanted])


def _holds(finding: Mapping[str, Any], key: str, condition: Mapping[str, Any]) -> bool:
    values = list(_at(finding, key.split(".")))
    for name, wanted in condition.items():
        match name:
            case "equals":
                fits = any(_text(value) in wanted for value in values)
            case "notEquals":
                fits = not any(_text(value) in wanted for value in values)
            case "greaterThanOrEqual":
                fits = any(_number(key, value) >= wanted for value in values)
            case "lessThanOrEqual":
                fits = any(_number(key, value) <= wanted for value in values)
            case _:
                raise refused("BadRequestException", f"The emulator does not know the condition {name}.")
        if not fits:
            return False
    return True


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(key: str, value: Any) -> float:
    return datetime.fromisoformat(value).timestamp() * 1000 if key in _TIMES else float(value)
