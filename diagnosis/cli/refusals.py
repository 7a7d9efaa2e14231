"""The command that tells what was refused: `summary`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diagnosis.cli.eyes import network_of
from diagnosis.cli.options import FlowLogs, Json
from diagnosis.cli.statuses import OK
from diagnosis.cli.streams import coloured, failed, print_json, print_text, working


def summary(
    snapshot: Annotated[Path | None, typer.Option(help="A snapshot folder; without it no cause is told.")] = None,
    flow_logs: FlowLogs = None,
    since: Annotated[str, typer.Option(help="How far back from the newest record: 30m, 24h, 7d, or a time.")] = "24h",
    limit: Annotated[int, typer.Option(min=0, help="So many groups at most; the counts stay whole.")] = 50,
    as_json: Json = False,
) -> None:
    """What was refused, why, and since when: REJECT records in groups, strangers that scan apart."""
    from diagnosis.asking import window_since
    from diagnosis.summarise import summarise
    from diagnosis.terminal.summary import render_summary

    window = window_since(since)
    if not flow_logs:
        raise typer.Exit(failed("summary reads flow-log files: name them with --flow-logs FILE or FOLDER."))
    from diagnosis.flowlogs.rejects import RejectFiles

    files = RejectFiles(flow_logs)
    with working() as (say, warn):
        network = network_of(snapshot, None, None, say, warn) if snapshot is not None else None
        found = summarise(files, window, network, limit, say, warn)
    if as_json:
        print_json(found.document())
    else:
        print_text(render_summary(found, colour=coloured()).rstrip("\n"))
    raise typer.Exit(OK)
