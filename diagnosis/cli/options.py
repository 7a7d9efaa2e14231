"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Snapshot = Annotated[Path | None, typer.Option(help="A snapshot folder; without it the live account is read.")]
Profile = Annotated[str | None, typer.Option(help="The AWS profile for the live account.")]
Regions = Annotated[list[str] | None, typer.Option("--region", help="A Region to read; may be repeated.")]
FlowLogs = Annotated[list[Path] | None, typer.Option(help="Flow-log files or folders; may be repeated.")]
FlowLogFormat = Annotated[
    str | None, typer.Option(help="The fields of flow-log files without a header line, as LogFormat says them.")
]
NoFlowLogs = Annotated[bool, typer.Option("--no-flow-logs", help="Do not read the account's own flow logs.")]
Workgroup = Annotated[
    str | None,
    typer.Option(envvar="WHYNOT_ATHENA_WORKGROUP", help="Use Athena, in this workgroup, for flow logs of many hours."),
]
AthenaOutput = Annotated[
    str | None, typer.Option(envvar="WHYNOT_ATHENA_OUTPUT", help="Use Athena, with its results at this s3:// place.")
]
RequesterPays = Annotated[
    bool, typer.Option("--requester-pays", help="Pay for requests to buckets that are Requester Pays.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]
