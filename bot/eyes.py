"""Where the network comes from, a snapshot folder that may change or the live account; and where flow logs do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from bot.access.scope import Scope
from bot.runner.answering import Logs, Say
from bot.runner.fixes import Recall
from bot.runner.late_witnesses import Askable
from bot.runner.networks import Eyes, Networks
from bot.runner.stopping import Stop
from bot.runner.summarising import Rejects
from bot.settings.values import Settings
from diagnosis.aws.account import LiveAccount
from diagnosis.aws.again import read_again
from diagnosis.aws.guardduty import GuardDuty
from diagnosis.aws.trail import Budget, Trail
from diagnosis.cli.ip_ranges import RangesFile, kept_at
from diagnosis.evidence.query import Last
from diagnosis.explanation.strangers import Ranges, summary_with_strangers
from diagnosis.flowlogs.account import AccountFlowLogs
from diagnosis.flowlogs.account import Settings as Reading
from diagnosis.flowlogs.account_rejects import AccountRejects
from diagnosis.flowlogs.athena import AthenaSettings
from diagnosis.flowlogs.files import FlowLogFiles
from diagnosis.flowlogs.refused_tuples import RefusedTuples
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.flowlogs.remote import Remote
from diagnosis.network.build import build
from diagnosis.network.described import Described
from diagnosis.network.network import Network
from diagnosis.snapshots.read import read_snapshot
from diagnosis.sources import RejectSource
from diagnosis.summary import Summary

DAY: Final = 86_400
log = structlog.get_logger("whynot.eyes")


class FolderEyes:
    """A snapshot folder. It is read again when a file in it is another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def described(self, say: Callable[[str], None]) -> Described:
        """Read it. Raises SourceUnavailable."""
        say("reading the snapshot")
        return read_snapshot(self._folder)

    def again(self, network: Network, components: Collection[str]) -> Network:
        """The folder, read again: its files may have changed. Raises SourceUnavailable."""
        return build(read_snapshot(self._folder))

    def version(self) -> Hashable:
        """The newest change, and how many files there are."""
        times = [path.stat().st_mtime_ns for path in self._folder.rglob("*.json") if path.is_file()]
        return max(times, default=0), len(times)


class LiveEyes:
    """The live account, with the credentials that the AWS SDK finds when it is read."""

    def __init__(self, profile: str | None, regions: tuple[str, ...]) -> None:
        self._profile = profile
        self._regions = regions
        self._account: LiveAccount | None = None
        self._making = threading.Lock()

    def described(self, say: Callable[[str], None]) -> Described:
        """Read it. Raises SourceUnavailable."""
        account = LiveAccount.open(self._profile, self._regions, say)
        described = account.described()
        self._account = account
        return described

    def client(self, service: str, region: str) -> Any:
        """A client of the account that was read last, one made at a time. Raises SourceUnavailable."""
        with self._making:
            if self._account is None:
                self._account = LiveAccount.open(self._profile, self._regions)
            return self._account.client(service, region)

    def again(self, network: Network, components: Collection[str]) -> Network:
        """The network with these groups, ACLs and route tables as they are now. Raises SourceUnavailable."""
        return read_again(network, components, self.client)

    def version(self) -> Hashable:
        """Its age alone says when it is out of date."""
        return None


def eyes_of(settings: Settings) -> FolderEyes | LiveEyes:
    """Where the network comes from."""
    account = settings.account
    return FolderEyes(account.snapshot) if account.snapshot else LiveEyes(account.profile, account.regions)


@dataclass(frozen=True, slots=True)
class AccountReader:
    """What repair sees of the account: the whole network as it was read for questions, parts of it read again."""

    networks: Networks
    eyes: FolderEyes | LiveEyes

    def known(self) -> Network:
        """The network, read anew where it is out of date. Raises SourceUnavailable."""
        return self.networks.sight(Scope(), lambda _: None).whole

    def again(self, network: Network, components: Collection[str]) -> Network:
        """The network with these groups, ACLs and route tables read again. Raises SourceUnavailable."""
        return self.eyes.again(network, components)


def witnesses_of(settings: Settings, eyes: Eyes, ended: threading.Event) -> Askable:
    """Who is asked after an answer; nobody where a snapshot folder is judged, of which AWS knows nothing."""
    if not isinstance(eyes, LiveEyes):
        return Askable()
    budget = Budget(settings.what_changed.calls, settings.what_changed.seconds)
    return Askable(
        (lambda: Trail(eyes.client, budget, sleep=ended.wait)) if settings.what_changed.when != "off" else None,
        GuardDuty(eyes.client) if settings.threats.when != "off" else None,
    )


def ranges_of(settings: Settings) -> Ranges:
    """AWS's public ranges of the file that is named, else of the one that `whynot ip-ranges` keeps."""
    return RangesFile(settings.strangers.ip_ranges or kept_at(), lambda text: log.warning("no ranges", error=text))


def names_of(settings: Settings) -> Callable[[Summary, Network], Summary]:
    """Gives names to the public addresses of a summary, where the settings want them."""
    ranges = ranges_of(settings)

    def named(found: Summary, network: Network) -> Summary:
        return summary_with_strangers(found, network, ranges) if settings.strangers.named else found

    return named


def athena_of(settings: Settings) -> AthenaSettings | None:
    """How Athena is asked, with one budget for whatever is given this; None where it is not set up."""
    account = settings.account
    if not (account.athena_workgroup or account.athena_output):
        return None
    return AthenaSettings(
        workgroup=account.athena_workgroup or "primary",
        output=account.athena_output or "",
        daily=round(account.athena_daily_gb * 1000**3),
    )


def recall_of(settings: Settings, eyes: Eyes, athena: AthenaSettings | None) -> Recall:
    """What was refused in the last day, of the same records."""
    paths = list(settings.account.flow_logs)
    if not paths and isinstance(eyes, LiveEyes):
        remote = Remote(eyes.client, lambda: int(time.time()))
        return lambda network: AccountRejects(network, remote, athena=athena).recorded(Last(DAY))
    return (lambda _: RefusedTuples(paths).recorded(Last(DAY))) if paths else None


def rejects_of(settings: Settings, eyes: Eyes, athena: AthenaSettings | None) -> Rejects:
    """The REJECT records of the flow-log files that are named, else those of the live account."""
    paths = list(settings.account.flow_logs)

    def rejects(network: Network, only: frozenset[str] | None) -> RejectSource | None:
        if paths:
            return RejectFiles(paths, only=only)
        if isinstance(eyes, LiveEyes):
            remote = Remote(eyes.client, lambda: int(time.time()))
            return AccountRejects(network, remote, athena=athena, only=only)
        return None

    return rejects


def logs_of(settings: Settings, eyes: Eyes, athena: AthenaSettings | None) -> Callable[[Network, Stop, Say], Logs]:
    """The flow logs, looked at anew for each question: the files that are named, else those of the live account."""
    paths = list(settings.account.flow_logs)

    def logs(network: Network, stop: Stop, say: Say) -> Logs:
        now = int(time.time())
        if paths:
            files = FlowLogFiles(paths)
            return Logs(files, files.delivered or now, version=files.delivered)
        if isinstance(eyes, LiveEyes):
            remote = Remote(eyes.client, lambda: int(time.time()), stopped=lambda: stop.reason is not None)
            return Logs(AccountFlowLogs(network, remote, Reading(athena), say), now, local=False)
        return Logs(None, now)

    return logs
