"""The command that tells what was refused: `summary`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diagnosis.cli.eyes import athena_settings, live_account, network_of
from diagnosis.cli.ip_ranges import RangesFile, kept_at
from diagnosis.cli.options import AthenaOutput, FlowLogs, Json, Profile, Regions, Workgroup
from diagnosis.cli.statuses import OK
from diagnosis.cli.streams import coloured, failed, print_json, print_text, working

if TYPE_CHECKING:
    from diagnosis.sources import RejectSource
    from diagnosis.summary import Summary


def summary(
    snapshot: Annotated[Path | None, typer.Option(help="A snapshot folder; without it no cause is told.")] = None,
    flow_logs: FlowLogs = None,
    since: Annotated[str, typer.Option(help="How far back from the newest record: 30m, 24h, 7d, or a time.")] = "24h",
    limit: Annotated[int, typer.Option(min=0, help="So many groups at most; the counts stay whole.")] = 50,
    before: Annotated[
        Path | None, typer.Option(help="An earlier summary as JSON: what is new, worse or gone since is told.")
    ] = None,
    region: Regions = None,
    profile: Profile = None,
    athena_workgroup: Workgroup = None,
    athena_output: AthenaOutput = None,
    as_json: Json = False,
) -> None:
    """What was refused, why, and since when: REJECT records in groups, strangers that scan apart."""
    from diagnosis.asking import window_since
    from diagnosis.explanation.strangers import summary_with_strangers
    from diagnosis.summarise import summarise
    from diagnosis.summary import compared
    from diagnosis.terminal.summary import render_summary

    window = window_since(since)
    if snapshot is not None and not flow_logs:
        raise typer.Exit(failed("a snapshot holds no flow logs: name files of them with --flow-logs FILE or FOLDER."))
    earlier = _earlier(before) if before is not None else None
    with working() as (say, warn):
        account = live_account(region, profile, say) if not flow_logs else None
        read = snapshot is not None or account is not None
        network = network_of(snapshot, region, profile, say, warn, account) if read else None
        source: RejectSource
        if account is not None and network is not None:
            from diagnosis.flowlogs.account_rejects import AccountRejects
            from diagnosis.flowlogs.remote import Remote

            remote = Remote(account.client, lambda: int(time.time()))
            athena = athena_settings(athena_workgroup, athena_output)
            source = AccountRejects(network, remote, athena=athena, on_progress=say)
        else:
            from diagnosis.flowlogs.rejects import RejectFiles

            source = RejectFiles(flow_logs or [])
        found = summarise(source, window, network, limit, say, warn)
        found = summary_with_strangers(found, network, RangesFile(kept_at(), warn))
        found = compared(found, earlier) if earlier is not None else found
    if as_json:
        print_json(found.document())
    else:
        print_text(render_summary(found, colour=coloured()).rstrip("\n"))
    raise typer.Exit(OK)


def _earlier(path: Path) -> Summary:
    """The summary that `--before` names. Ends the program, saying why, where it is none."""
    from diagnosis.summary import of_document

    try:
        return of_document(json.loads(path.read_text("utf-8-sig")))
    except OSError as error:
        raise typer.Exit(failed(f"--before {path}: {error.strerror or error}")) from None
    except ValueError:
        raise typer.Exit(failed(f"--before {path}: this is no document of whynot summary --json")) from None
