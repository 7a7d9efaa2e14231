"""The command that says what is missing: `doctor`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from diagnosis.cli.eyes import athena_settings, live_account
from diagnosis.cli.options import AthenaOutput, Profile, Regions, Workgroup
from diagnosis.cli.statuses import FAILED, OK
from diagnosis.cli.streams import coloured, print_text, working

if TYPE_CHECKING:
    from diagnosis.finding import Finding
    from diagnosis.flowlogs.athena import AthenaSettings

FURTHER_EXAMINATIONS: list[Callable[[], list[Finding]]] = []
"""What a program around this one adds to `doctor`."""


def doctor(
    region: Regions = None,
    profile: Profile = None,
    athena_workgroup: Workgroup = None,
    athena_output: AthenaOutput = None,
) -> None:
    """What is missing, and who must act: credentials, permissions, flow logs, Slack tokens."""
    from diagnosis.terminal.doctor import render_doctor

    with working() as (say, _):
        findings = _account_findings(region, profile, athena_settings(athena_workgroup, athena_output), say)
        for examine in FURTHER_EXAMINATIONS:
            findings += examine()
    print_text(render_doctor(findings, colour=coloured()).rstrip("\n"))
    raise typer.Exit(FAILED if any(finding.state == "missing" for finding in findings) else OK)


def _account_findings(
    regions: list[str] | None, profile: str | None, athena: AthenaSettings | None, say: Callable[[str], None]
) -> list[Finding]:
    """What is found of the account: its credentials, every read call, and where its flow logs go."""
    from diagnosis.aws.checkup import read_calls
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
    return findings
