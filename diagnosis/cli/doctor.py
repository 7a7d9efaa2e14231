"""The command that says what is missing: `doctor`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from diagnosis.cli.eyes import athena_settings, live_account
from diagnosis.cli.options import AthenaOutput, Profile, Regions, Workgroup
from diagnosis.cli.statuses import FAILED, OK
from diagnosis.cli.streams import coloured, print_text, working

if TYPE_CHECKING:
    from diagnosis.aws.witness_checkup import WitnessName
    from diagnosis.finding import Finding
    from diagnosis.flowlogs.athena import AthenaSettings

SWITCHED_ON: list[Callable[[], frozenset[WitnessName]]] = []
"""What tells of the witnesses that a program around this one has switched on."""
FURTHER_EXAMINATIONS: list[Callable[[], list[Finding]]] = []
"""What a program around this one adds to `doctor`."""


def doctor(
    region: Regions = None,
    profile: Profile = None,
    athena_workgroup: Workgroup = None,
    athena_output: AthenaOutput = None,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Look at what second opinions need too.")
    ] = False,
    what_changed: Annotated[
        bool, typer.Option("--what-changed", help="Look at what `ask --what-changed` needs too.")
    ] = False,
    threats: Annotated[bool, typer.Option("--threats", help="Look at what `ask --threats` needs too.")] = False,
) -> None:
    """What is missing, and who must act: credentials, permissions, flow logs, Slack tokens."""
    from diagnosis.terminal.doctor import render_doctor

    with working() as (say, _):
        wanted: dict[WitnessName, bool] = {"opinion": second_opinion, "changes": what_changed, "threats": threats}
        witnesses = {name for name, asked in wanted.items() if asked}.union(*(told() for told in SWITCHED_ON))
        athena = athena_settings(athena_workgroup, athena_output)
        findings = _account_findings(region, profile, athena, witnesses, say)
        for examine in FURTHER_EXAMINATIONS:
            findings += examine()
    print_text(render_doctor(findings, colour=coloured()).rstrip("\n"))
    raise typer.Exit(FAILED if any(finding.state == "missing" for finding in findings) else OK)


def _account_findings(
    regions: list[str] | None,
    profile: str | None,
    athena: AthenaSettings | None,
    witnesses: set[WitnessName],
    say: Callable[[str], None],
) -> list[Finding]:
    """What is found of the account: its credentials, every read call, where its flow logs go, further witnesses."""
    from diagnosis.aws.checkup import read_calls
    from diagnosis.aws.witness_checkup import witness_findings
    from diagnosis.finding import Finding
    from diagnosis.flowlogs.checkup import destinations
    from diagnosis.flowlogs.remote import Remote
    from diagnosis.sources import SourceUnavailable

    try:
        account = live_account(regions, profile, say)
    except SourceUnavailable as error:
        return [Finding("credentials", "missing", str(error))]
    findings, described = read_calls(account)
    if described is not None:
        remote = Remote(account.client, lambda: int(time.time()))
        findings += destinations(described, remote, athena, say)
        findings += witness_findings(account, witnesses)
    return findings
