"""The command that judges a file of flows: `trace`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from diagnosis.cli.eyes import network_of
from diagnosis.cli.options import Profile, Regions, Snapshot
from diagnosis.cli.statuses import FAILED, OK
from diagnosis.cli.streams import failed, working, writing


def trace(
    flows: Annotated[Path, typer.Option(help="Flows, one JSON object a line; - reads stdin.")],
    snapshot: Snapshot = None,
    region: Regions = None,
    profile: Profile = None,
) -> None:
    """Judge many flows: one JSON verdict a line, in input order."""
    from diagnosis.batch import judge_lines
    from diagnosis.terminal.documents import line

    try:
        text = (sys.stdin.buffer.read() if str(flows) == "-" else flows.read_bytes()).decode("utf-8-sig", "replace")
    except OSError as error:
        raise typer.Exit(failed(f"--flows {flows}: {error.strerror or error}")) from None
    with working() as (say, warn):
        network = network_of(snapshot, region, profile, say, warn)
    whole = True
    with writing() as write:
        for result, judged in judge_lines(network, text.split("\n")):
            whole = whole and judged
            write(line(result, encoding=sys.stdout.encoding) + "\n")
    raise typer.Exit(OK if whole else FAILED)
