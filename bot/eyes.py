"""Where the network comes from: a snapshot folder that may change, or the live account."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.access.scope import Scope
from bot.runner.networks import Networks
from diagnosis.aws.account import LiveAccount
from diagnosis.aws.again import read_again
from diagnosis.network.build import build
from diagnosis.network.described import Described
from diagnosis.network.network import Network
from diagnosis.snapshots.read import read_snapshot


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
