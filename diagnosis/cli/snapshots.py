"""The command that reads the account into a folder: `snapshot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from diagnosis.cli.eyes import live_account
from diagnosis.cli.options import Profile, Regions
from diagnosis.cli.streams import print_text, working


def take_snapshot(
    folder: Annotated[Path, typer.Argument(help="The folder to write; it must be new or hold a snapshot.")],
    region: Regions = None,
    profile: Profile = None,
) -> None:
    """Read the live account into a folder of JSON, secrets left out."""
    from diagnosis.snapshots.kinds import KINDS
    from diagnosis.snapshots.write import check_target, write_snapshot

    check_target(folder)
    with working() as (say, warn):
        described = live_account(region, profile, say).described(KINDS)
        write_snapshot(described, folder, tool=f"whynot {_version()}")
        for gap in described.unseen:
            warn(f"not seen: {gap.call} in {gap.account} {gap.region}: {gap.error}")
    print_text(f"{folder}: {len(described.answers)} answers, {len(described.unseen)} calls unseen")


def _version() -> str:
    from importlib.metadata import version

    return version("whynot")
