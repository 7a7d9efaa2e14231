"""What a command looks with: the network of a folder or of the live account, and the flow logs."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnosis.aws.account import LiveAccount
    from diagnosis.flowlogs.athena import AthenaSettings
    from diagnosis.flowlogs.files import FlowLogFiles
    from diagnosis.network.described import Described
    from diagnosis.network.network import Network
    from diagnosis.sources import FlowLogSource


def network_of(
    snapshot: Path | None,
    regions: list[str] | None,
    profile: str | None,
    say: Callable[[str], None],
    warn: Callable[[str], None],
    account: LiveAccount | None = None,
    seen: list[Described] | None = None,
) -> Network:
    """The network of a folder or of the live account; its warnings go to `warn`, what it was built from to `seen`."""
    from diagnosis.network.build import build

    # Everything that is built here stays: collecting garbage meanwhile only costs time.
    gc.disable()
    try:
        if snapshot is not None:
            from diagnosis.snapshots.read import read_snapshot

            say(f"reading {snapshot}")
            described = read_snapshot(snapshot)
        else:
            described = (account or live_account(regions, profile, say)).described()
        network = build(described)
        if seen is not None:
            seen.append(described)
        gc.freeze()
    finally:
        gc.enable()
    for warning in network.warnings:
        warn(warning)
    return network


def live_account(regions: list[str] | None, profile: str | None, say: Callable[[str], None]) -> LiveAccount:
    """The account that the profile signs in to."""
    from diagnosis.aws.account import LiveAccount

    return LiveAccount.open(profile, regions or (), say)


def athena_settings(workgroup: str | None, output: str | None) -> AthenaSettings | None:
    """How Athena is asked; None where neither its workgroup nor a place for its results is named."""
    from diagnosis.flowlogs.athena import AthenaSettings

    return AthenaSettings(workgroup or "primary", output or "") if workgroup or output else None


def account_logs(
    account: LiveAccount,
    network: Network,
    say: Callable[[str], None],
    workgroup: str | None,
    output: str | None,
    requester_pays: bool,
) -> FlowLogSource:
    """The flow logs of the account, wherever it keeps them; Athena is asked only where it has been set up."""
    from diagnosis.flowlogs.account import AccountFlowLogs, Settings
    from diagnosis.flowlogs.remote import Remote
    from diagnosis.flowlogs.s3 import Budget

    settings = Settings(athena_settings(workgroup, output), Budget(requester_pays=requester_pays))
    return AccountFlowLogs(network, Remote(account.client, lambda: int(time.time())), settings, say)


def flow_log_files(paths: list[Path] | None, log_format: str | None) -> FlowLogFiles | None:
    """The files that are named, opened; None where none is."""
    if not paths:
        return None
    from diagnosis.flowlogs.files import FlowLogFiles

    return FlowLogFiles(paths, log_format)
