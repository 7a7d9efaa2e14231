"""The REJECT records of a live account: the objects in S3 that its flow logs delivered, fetched and read as files are.

A summary asks for every refused conversation, which the other two engines cannot give: Logs Insights returns ten
thousand rows at most, and an aggregate of Athena would leave out what ACCEPT records say of a refused reply. Flow logs
that are kept elsewhere are named, with what to give instead.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from diagnosis.evidence.query import Between, Last, Window
from diagnosis.evidence.recorded import Recorded
from diagnosis.evidence.rejects import Ours, Rejections
from diagnosis.flowlogs.account import AccountFlowLogs, Settings
from diagnosis.flowlogs.refused_tuples import RefusedTuples
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.flowlogs.remote import Remote
from diagnosis.flowlogs.s3 import ENGINE, Budget, FlowLogObjects
from diagnosis.network.network import Network
from diagnosis.sources import NoFlowLogs, SourceUnavailable

BUDGET: Final = Budget(objects=50_000, size=8_000_000_000)
"""A day of some hundred million records; they are kept on disk while they are read."""
_EVER: Final = 10**9
INSTEAD: Final = (
    "A summary reads S3: give the flow log a second destination there, or export the log group to S3 and name the "
    "downloaded files with --flow-logs (account.flow_logs)."
)


@dataclass(frozen=True, slots=True)
class _Fetched:
    """The files of a window, and what whoever reads them should know."""

    asked: Between
    files: tuple[Path, ...]
    notes: tuple[str, ...]


class AccountRejects:
    """A RejectSource over the flow logs that describe_flow_logs listed and that deliver to S3.

    With `only`, what other interfaces logged is left out.
    """

    def __init__(
        self,
        network: Network,
        remote: Remote,
        budget: Budget = BUDGET,
        on_progress: Callable[[str], None] | None = None,
        only: frozenset[str] | None = None,
    ) -> None:
        self._network = network
        self._remote = remote
        self._budget = budget
        self._only = only
        self._progress = on_progress or (lambda _: None)

    def rejects(self, window: Window, ours: Ours, limit: int) -> Rejections:
        """Return what was refused in the window.

        Raises NoFlowLogs where no flow log delivers to S3, and NotPermitted or SourceUnavailable, each saying who must
        act, where none of those that do can be read.
        """
        with self._fetched(window) as fetched:
            found = RejectFiles(fetched.files, only=self._only).rejects(fetched.asked, ours, limit)
        return replace(found, engine=ENGINE, window=fetched.asked, warnings=(*fetched.notes, *found.warnings))

    def recorded(self, window: Window) -> Recorded:
        """Return every distinct refused packet of the window. Raises as `rejects`."""
        with self._fetched(window) as fetched:
            found = RefusedTuples(fetched.files).recorded(fetched.asked)
        return replace(found, engine=ENGINE, window=fetched.asked, warnings=(*fetched.notes, *found.warnings))

    @contextmanager
    def _fetched(self, window: Window) -> Iterator[_Fetched]:
        """The objects of the window as files, which are gone afterwards."""
        asked = self._bounded(window)
        logs = AccountFlowLogs(self._network, self._remote, Settings(narrow=_EVER))
        choice = logs.choice(frozenset(self._network.interfaces), asked)
        readings = [reading for reading in choice.readings if reading.engine == "s3"]
        others = sorted({log.id for each in choice.readings if each.engine != "s3" for log in each.logs})
        notes = [f"Not read, because kept in CloudWatch Logs: {', '.join(others)}. {INSTEAD}"] if others else []
        if not readings:
            raise NoFlowLogs(" ".join([*notes, *choice.notes]) or f"No flow log covers any interface. {INSTEAD}")
        files: list[Path] = []
        failed: list[SourceUnavailable] = []
        with tempfile.TemporaryDirectory(prefix="whynot-s3-") as place:
            for number, reading in enumerate(readings):
                self._progress(f"{reading.why}: fetching its objects")
                folder = Path(place) / str(number)
                folder.mkdir()
                try:
                    fetched, said = FlowLogObjects(self._remote, reading, self._budget).files(asked, folder)
                except SourceUnavailable as error:
                    failed.append(error)
                    notes.append(f"Not read: {error}")
                else:
                    files += fetched
                    notes += said
            if len(failed) == len(readings):
                raise failed[0]
            self._progress("reading the records")
            yield _Fetched(asked, tuple(files), (*notes, *choice.notes))

    def _bounded(self, asked: Window) -> Between:
        match asked:
            case Last(seconds, until):
                end = self._remote.now() if until is None else until
                return Between(end - seconds, end)
            case Between(first, last):
                end = self._remote.now() if last is None else last
                return Between(end - 24 * 3600 if first is None else first, end)
