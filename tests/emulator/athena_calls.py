"""Athena's query calls, really executed."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from moto.athena.responses import AthenaResponse

from tests.emulator.athena_execution import Result, execute
from tests.emulator.athena_tables import QueryFailed
from tests.emulator.faults import FAULTS, Ending, Faults
from tests.emulator.operations import install, refused, told

_DONE = {"SUCCEEDED", "FAILED", "CANCELLED"}


@dataclass
class Execution:
    """A query that was started."""

    text: str
    database: str
    workgroup: str
    output: str
    result: Result
    ending: Ending
    polls: int
    state: str = "QUEUED"
    began: float = field(default_factory=time.time)

    def advance(self) -> None:
        """What asking about it once does."""
        if self.state not in _DONE:
            self.polls -= 1
            self.state = "RUNNING" if self.polls >= 0 else self.ending.status


def install_athena(faults: Faults = FAULTS) -> None:
    """Replace moto's own, which execute nothing."""

    def start_query_execution(response: AthenaResponse) -> str:
        return _start(response, faults)

    def get_query_results(response: AthenaResponse) -> str:
        return _rows(response, faults)

    install(
        AthenaResponse,
        {
            "start_query_execution": start_query_execution,
            "get_query_execution": _state,
            "get_query_results": get_query_results,
            "stop_query_execution": _stop,
        },
    )


def _start(response: AthenaResponse, faults: Faults) -> str:
    backend = response.athena_backend
    name = response._get_param("WorkGroup") or "primary"
    workgroup = backend.work_groups.get(name)
    if workgroup is None:
        raise refused("InvalidRequestException", f"WorkGroup {name} is not found.")
    own = (workgroup.configuration.get("ResultConfiguration") or {}).get("OutputLocation")
    output = (response._get_param("ResultConfiguration") or {}).get("OutputLocation") or own
    if not output:
        raise refused(
            "InvalidRequestException",
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input.",
        )
    text = response._get_param("QueryString")
    database = (response._get_param("QueryExecutionContext") or {}).get("Database") or "default"
    result, ending = Result(), Ending("athena", "SUCCEEDED")
    try:
        result = execute(response.current_account, response.region, text, database)
    except QueryFailed as error:
        ending = Ending("athena", "FAILED", str(error))
    most = workgroup.configuration.get("BytesScannedCutoffPerQuery")
    if most and result.scanned > most:
        ending = Ending("athena", "CANCELLED", "Query cancelled! : Bytes scanned limit was exceeded")
    ending = faults.endings.get("athena", ending)
    name_of_query = str(uuid.uuid4())
    backend.executions[name_of_query] = Execution(  # type: ignore[assignment]
        text, database, name, f"{output.rstrip('/')}/{name_of_query}.csv", result, ending, faults.polls
    )
    return told(QueryExecutionId=name_of_query)


def _known(response: AthenaResponse) -> tuple[str, Execution]:
    name = response._get_param("QueryExecutionId")
    found: Any = response.athena_backend.executions.get(name)
    if found is None:
        raise refused("InvalidRequestException", f"QueryExecution {name} was not found")
    assert isinstance(found, Execution)
    return name, found


def _state(response: AthenaResponse) -> str:
    name, execution = _known(response)
    execution.advance()
    started = execution.state != "QUEUED"
    done = execution.state in _DONE
    status = {"State": execution.state, "SubmissionDateTime": execution.began}
    if done:
        status |= {"CompletionDateTime": time.time()}
        if execution.ending.reason:
            status |= {"StateChangeReason": execution.ending.reason}
    return told(
        QueryExecution={
            "QueryExecutionId": name,
            "Query": execution.text,
            "StatementType": "DDL" if execution.result.ddl else "DML",
            "ResultConfiguration": {"OutputLocation": execution.output},
            "QueryExecutionContext": {"Database": execution.database},
            "Status": status,
            "Statistics": {
                "DataScannedInBytes": execution.result.scanned if started else 0,
                "EngineExecutionTimeInMillis": 1,
            },
            "WorkGroup": execution.workgroup,
        }
    )


def _rows(response: AthenaResponse, faults: Faults) -> str:
    _, execution = _known(response)
    if execution.state != "SUCCEEDED":
        raise refused("InvalidRequestException", f"Query has not yet finished. Current state: {execution.state}")
    result = execution.result
    header = [tuple(name for name, _ in result.columns)] if result.columns else []
    rows: list[tuple[str | None, ...]] = [*header, *result.rows]
    most = min(response._get_int_param("MaxResults") or 1000, 1000, faults.page)
    start = int(response._get_param("NextToken") or 0)
    shown = rows[start : start + most]
    return told(
        ResultSet={
            "Rows": [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in shown],
            "ResultSetMetadata": {"ColumnInfo": [{"Name": name, "Type": kind} for name, kind in result.columns]},
        },
        NextToken=str(start + most) if start + most < len(rows) else None,
    )


def _stop(response: AthenaResponse) -> str:
    _, execution = _known(response)
    if execution.state not in _DONE:
        execution.state = "CANCELLED"
        execution.ending = Ending("athena", "CANCELLED", "Query was cancelled by the user")
    return told()
