"""The three calls of Detective that whynot makes; moto has no Detective.

https://docs.aws.amazon.com/detective/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.emulator.faults import Application, StartResponse, body_of

GRAPHS: list[str] = []
"""ARNs."""
INVESTIGATIONS: list[dict[str, Any]] = []
"""InvestigationDetail, with `CreatedTime` in ISO 8601."""
INDICATORS: dict[str, list[dict[str, Any]]] = {}
"""By investigation."""
PAGE = 2
"""So few items a page, so that paging shows."""


def with_detective(application: Application) -> Application:
    """The application, with Detective in front of it."""
    GRAPHS.clear()
    INVESTIGATIONS.clear()
    INDICATORS.clear()

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if "/detective/aws4_request" not in environ.get("HTTP_AUTHORIZATION", ""):
            return application(environ, start_response)
        body = json.dumps(_answer(environ["PATH_INFO"], json.loads(body_of(environ) or b"{}"))).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def _answer(path: str, asked: dict[str, Any]) -> dict[str, Any]:
    items: list[Any]
    match path:
        case "/graphs/list":
            key, items = "GraphList", [{"Arn": arn} for arn in GRAPHS]
        case "/investigations/listInvestigations":
            within = asked["FilterCriteria"]["CreatedTime"]
            some = [one for one in INVESTIGATIONS if _time(within["StartInclusive"]) <= _time(one["CreatedTime"])]
            key, items = "InvestigationDetails", sorted(some, key=lambda one: one["CreatedTime"], reverse=True)
        case "/investigations/listIndicators":
            key, items = "Indicators", INDICATORS.get(asked["InvestigationId"], [])
        case _:
            raise AssertionError(f"Detective has no {path} here")
    start = int(asked.get("NextToken") or 0)
    more = {"NextToken": str(start + PAGE)} if len(items) > start + PAGE else {}
    return {key: items[start : start + PAGE], **more}


def _time(text: Any) -> float:
    return float(text) if isinstance(text, int | float) else datetime.fromisoformat(text).timestamp()
