"""StartQuery, GetQueryResults and StopQuery of CloudWatch Logs, over what put_log_events put there."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from tests.emulator.faults import FAULTS, Ending, Faults
from tests.emulator.insights_evaluation import Answer, Event, evaluate
from tests.emulator.insights_syntax import Malformed, parse_query
from tests.emulator.operations import install, refused, told

MOST_GROUPS = 50


@dataclass
class Query:
    """A query that was started."""

    answer: Answer
    scanned: int
    size: int
    groups: int
    polls: int
    ending: Ending | None
    status: str = "Scheduled"

    def advance(self) -> None:
        """What asking about it once does: it starts to run, and when asked often enough it is done."""
        if self.status in {"Scheduled", "Running"}:
            self.polls -= 1
            done = self.ending.status if self.ending else "Complete"
            self.status = "Running" if self.polls >= 0 else done


def install_insights(faults: Faults = FAULTS) -> None:
    """Replace moto's own, which evaluate nothing."""

    def start_query(response: LogsResponse) -> str:
        return _start(response, faults)

    install(
        LogsResponse,
        {"start_query": start_query, "get_query_results": _results, "stop_query": _stop},
    )


def _start(response: LogsResponse, faults: Faults) -> str:
    if (language := response._get_param("queryLanguage") or "CWLI") != "CWLI":
        raise refused("InvalidParameterException", f"the double knows no {language}")
    backend = response.logs_backend
    groups = _groups(response, backend)
    start, end = int(response._get_param("startTime") or 0), int(response._get_param("endTime") or 0)
    if not 0 < start <= end:
        raise refused("InvalidParameterException", "startTime must be before endTime")
    try:
        commands = parse_query(response._get_param("queryString") or "")
        events = list(_events(groups, start, end, response.current_account))
        answer = evaluate(commands, events)
    except (Malformed, ValueError) as error:
        raise refused("MalformedQueryException", str(error)) from error
    name = str(uuid.uuid4())
    size = sum(len(event.message) for event in events)
    backend.queries[name] = Query(  # type: ignore[assignment]
        answer, len(events), size, len(groups), faults.polls, faults.endings.get("logs")
    )
    return told(queryId=name)


def _groups(response: LogsResponse, backend: LogsBackend) -> list[Any]:
    given = [response._get_param(name) for name in ("logGroupName", "logGroupNames", "logGroupIdentifiers")]
    if sum(value is not None for value in given) != 1:
        raise refused("InvalidParameterException", "give one of logGroupName, logGroupNames and logGroupIdentifiers")
    [value] = [value for value in given if value is not None]
    names = [value] if isinstance(value, str) else value
    if not 1 <= len(names) <= MOST_GROUPS:
        raise refused("InvalidParameterException", f"a query takes 1 to {MOST_GROUPS} log groups")
    found = []
    for name in names:
        plain = name.partition(":log-group:")[2].removesuffix(":*") if name.startswith("arn:") else name
        if plain not in backend.groups:
            raise refused("ResourceNotFoundException", f"Log group '{plain}' does not exist")
        found.append(backend.groups[plain])
    return found


def _events(groups: Sequence[Any], start: int, end: int, account: str) -> Iterator[Event]:
    for group in groups:
        for stream in group.streams.values():
            for event in stream.events:
                if start * 1000 <= event.timestamp < (end + 1) * 1000:
                    yield Event(event.timestamp, event.message, stream.log_stream_name, f"{account}:{group.name}")


def _known(response: LogsResponse) -> Query:
    found: Any = response.logs_backend.queries.get(response._get_param("queryId"))
    if found is None:
        raise refused("ResourceNotFoundException", "The specified query does not exist")
    assert isinstance(found, Query)
    return found


def _results(response: LogsResponse) -> str:
    query = _known(response)
    query.advance()
    done = query.status == "Complete"
    rows = query.answer.rows if done else []
    return told(
        queryLanguage="CWLI",
        status=query.status,
        results=[[{"field": name, "value": value} for name, value in row] for row in rows],
        statistics={
            "recordsMatched": float(query.answer.matched if done else 0),
            "recordsScanned": float(query.scanned if done else 0),
            "bytesScanned": float(query.size if done else 0),
            "logGroupsScanned": float(query.groups),
        },
    )


def _stop(response: LogsResponse) -> str:
    query = _known(response)
    if query.status not in {"Scheduled", "Running"}:
        raise refused("InvalidParameterException", "The specified query has already ended")
    query.status = "Cancelled"
    return told(success=True)
