"""Where the network comes from: a snapshot folder that may change, or the live account."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from pathlib import Path

from diagnosis.aws.account import LiveAccount
from diagnosis.network.described import Described
from diagnosis.snapshots.read import read_snapshot


class FolderEyes:
    """A snapshot folder. It is read again when a file in it is another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def described(self, say: Callable[[str], None]) -> Described:
        """Read it. Raises SourceUnavailable."""
        say("reading the snapshot")
        return read_snapshot(self._folder)

    def version(self) -> Hashable:
        """The newest change, and how many files there are."""
        times = [path.stat().st_mtime_ns for path in self._folder.rglob("*.json") if path.is_file()]
        return max(times, default=0), len(times)


class LiveEyes:
    """The live account, with the credentials that the AWS SDK finds when it is read."""

    def __init__(self, profile: str | None, regions: tuple[str, ...]) -> None:
        self._profile = profile
        self._regions = regions

    def described(self, say: Callable[[str], None]) -> Described:
        """Read it. Raises SourceUnavailable."""
        return LiveAccount.open(self._profile, self._regions, say).described()

    def version(self) -> Hashable:
        """Its age alone says when it is out of date."""
        return None
