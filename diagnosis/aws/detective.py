"""What Detective's public API can say of an address: the indicators of recent investigations that name it.

There is no call for the profile of an address, and investigations are of roles and users alone; the profile is in the
console. https://docs.aws.amazon.com/detective/latest/APIReference/API_ListIndicators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from diagnosis.aws.errors import FAILURES, stops_everything, why_unseen
from diagnosis.aws.threat_calls import ACTIONS
from diagnosis.evidence.threats import Indicator, named

DAYS: Final = 30
MOST: Final = 10
"""Investigations that are read, the newest first."""


def indicators(client: Any, region: str, addresses: tuple[str, ...], now: float) -> tuple[list[Indicator], str | None]:
    """The indicators of a Region's investigations that name an address, and what was not seen of them.

    `now` is in Unix seconds. Raises NotPermitted where no call can succeed at all.
    """
    found: list[Indicator] = []
    call = "detective.list_graphs"
    until = datetime.fromtimestamp(now, UTC)
    within = {"CreatedTime": {"StartInclusive": until - timedelta(days=DAYS), "EndInclusive": until}}
    newest = {"Field": "CREATED_TIME", "SortOrder": "DESC"}
    try:
        graphs = [graph["Arn"] for graph in _all(client.list_graphs, "GraphList")]
        if not graphs:
            return [], f"Detective is not on in {region}, or another account administers it: it says nothing there."
        for graph in graphs:
            call = "detective.list_investigations"
            asked = {"GraphArn": graph, "FilterCriteria": within, "SortCriteria": newest}
            some = list(_all(client.list_investigations, "InvestigationDetails", most=MOST + 1, **asked))
            for one in some[:MOST]:
                call = "detective.list_indicators"
                given = {"GraphArn": graph, "InvestigationId": one["InvestigationId"]}
                for indicator in _all(client.list_indicators, "Indicators", **given):
                    found += _of(indicator, one, region, addresses)
            if len(some) > MOST:
                return (
                    found,
                    f"Detective has more than {MOST} investigations of late in {region}; the newest were read.",
                )
    except FAILURES as error:
        stopped = stops_everything(error)
        if stopped is not None:
            raise stopped from error
        return found, f"Detective in {region}: {why_unseen(error, ACTIONS[call])}."
    return found, None


def _all(
    ask: Callable[..., Mapping[str, Any]], key: str, most: int = 1000, **given: Any
) -> Iterator[Mapping[str, Any]]:
    """The items of every page, at most so many: botocore does not know how Detective pages."""
    token: dict[str, Any] = {}
    seen = 0
    while seen < most:
        page = ask(**given, **token)
        for item in page.get(key) or ():
            seen += 1
            yield item
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _of(
    indicator: Mapping[str, Any], investigation: Mapping[str, Any], region: str, addresses: tuple[str, ...]
) -> Iterator[Indicator]:
    detail = indicator.get("IndicatorDetail") or {}
    for address in named(detail, addresses):
        flagged, related = detail.get("FlaggedIpAddressDetail") or {}, detail.get("RelatedFindingDetail") or {}
        yield Indicator(
            kind=str(indicator.get("IndicatorType") or ""),
            address=address,
            told=str(flagged.get("Reason") or related.get("Type") or ""),
            investigation=str(investigation["InvestigationId"]),
            severity=str(investigation.get("Severity") or ""),
            entity=str(investigation.get("EntityArn") or ""),
            region=region,
        )
