"""The REJECT records of a live account, from where its flow logs deliver: read as files are, once they are fetched.

Objects of S3 are fetched as they stand. Log groups, and tables of Athena where that is set up, are asked for the
refused records, and for what of them was accepted (`insights_rejects`, `athena_rejects`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.engine_choice import Reading
from diagnosis.evidence.query import Between, Counts, Last, Window
from diagnosis.evidence.recorded import Recorded
from diagnosis.evidence.rejects import Ours, Rejections
from diagnosis.flowlogs.account import AccountFlowLogs, Settings
from diagnosis.flowlogs.athena import ENGINE as ATHENA
from diagnosis.flowlogs.athena import AthenaSettings
from diagnosis.flowlogs.athena_rejects import RefusedInTable
from diagnosis.flowlogs.fetched import Fetched
from diagnosis.flowlogs.insights import ENGINE as INSIGHTS
from diagnosis.flowlogs.insights import Limits
from diagnosis.flowlogs.insights_rejects import RefusedInGroups
from diagnosis.flowlogs.refused_tuples import RefusedTuples
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.flowlogs.remote import Remote
from diagnosis.flowlogs.s3 import ENGINE, Budget, FlowLogObjects
from diagnosis.network.network import Network
from diagnosis.sources import NoFlowLogs, SourceUnavailable

BUDGET: Final = Budget(objects=50_000, size=8_000_000_000)
"""A day of some hundred million records; they are kept on disk while they are read."""
LIMITS: Final = Limits(most_scanned=500 * 1000**3)
"""A day of such a size in a log group is some dozen queries over all of it, and many over pieces of it."""
INSTEAD: Final = "Create one, or name downloaded files with --flow-logs (account.flow_logs)."
ENGINES: Final = {"s3": ENGINE, "insights": INSIGHTS, "athena": ATHENA}


@dataclass(frozen=True, slots=True)
class _All:
    """What was fetched of a window, and what whoever reads it should know."""

    asked: Between
    found: tuple[Fetched, ...]
    notes: tuple[str, ...]
    engine: str

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of all readings."""
        return tuple(file for each in self.found for file in each.files)

    def counts(self, read: Counts) -> Counts:
        """The records in the files, and beside them those that were only counted."""
        found = [read, *(each.counts for each in self.found)]
        return Counts(
            read=sum(one.read for one in found),
            malformed=sum(one.malformed for one in found),
            nodata=sum(one.nodata for one in found),
            skipdata=sum(one.skipdata for one in found),
            unreadable_files=sum(one.unreadable_files for one in found),
        )

    def oldest(self, read: int | None) -> int | None:
        """Start of the oldest record, of those that were only counted too."""
        return min((at for at in (read, *(each.oldest for each in self.found)) if at is not None), default=None)


class AccountRejects:
    """A RejectSource over the flow logs that describe_flow_logs listed and that deliver to S3.

    With `only`, what other interfaces logged is left out.
    """

    def __init__(
        self,
        network: Network,
        remote: Remote,
        budget: Budget = BUDGET,
        athena: AthenaSettings | None = None,
        on_progress: Callable[[str], None] | None = None,
        only: frozenset[str] | None = None,
    ) -> None:
        self._network = network
        self._remote = remote
        self._budget = budget
        self._only = only
        self._athena = athena
        self._progress = on_progress or (lambda _: None)

    def rejects(self, window: Window, ours: Ours, limit: int) -> Rejections:
        """Return what was refused in the window.

        Raises NoFlowLogs where no flow log covers anything, and NotPermitted or SourceUnavailable, each saying who must
        act, where none can be read.
        """
        with self._fetched(window, ours) as fetched:
            found = RejectFiles(fetched.files, only=self._only).rejects(fetched.asked, ours, limit)
        return replace(
            found,
            engine=fetched.engine,
            window=fetched.asked,
            counts=fetched.counts(found.counts),
            oldest=fetched.oldest(found.oldest),
            warnings=(*fetched.notes, *found.warnings),
        )

    def recorded(self, window: Window) -> Recorded:
        """Return every distinct refused packet of the window. Raises as `rejects`."""
        with self._fetched(window, lambda _: True) as fetched:
            found = RefusedTuples(fetched.files).recorded(fetched.asked)
        counts, warnings = fetched.counts(found.counts), (*fetched.notes, *found.warnings)
        return replace(found, engine=fetched.engine, window=fetched.asked, counts=counts, warnings=warnings)

    @contextmanager
    def _fetched(self, window: Window, ours: Ours) -> Iterator[_All]:
        """The records of the window as files, which are gone afterwards."""
        asked = self._bounded(window)
        logs = AccountFlowLogs(self._network, self._remote, Settings(self._athena))
        choice = logs.choice(frozenset(self._network.interfaces), asked)
        # What transit gateways log has no action.
        readings = [each for each in choice.readings if each.engine == "s3" or not of_gateway(each.fields)]
        if not readings:
            raise NoFlowLogs(" ".join(choice.notes) or f"No flow log covers any interface. {INSTEAD}")
        found: list[Fetched] = []
        notes: list[str] = []
        failed: list[SourceUnavailable] = []
        with tempfile.TemporaryDirectory(prefix="whynot-fetched-") as place:
            for number, reading in enumerate(readings):
                folder = Path(place) / str(number)
                folder.mkdir()
                try:
                    found.append(self._one(reading, asked, ours, folder))
                except SourceUnavailable as error:
                    failed.append(error)
                    notes.append(f"Not read: {error}")
            if not found:
                raise failed[0]
            self._progress("reading the records")
            engines = dict.fromkeys(ENGINES[reading.engine] for reading in readings)
            told = (*notes, *(note for each in found for note in each.notes), *choice.notes)
            yield _All(asked, tuple(found), told, " and ".join(engines))

    def _one(self, reading: Reading, asked: Between, ours: Ours, folder: Path) -> Fetched:
        """What one reading holds, as files in a folder."""
        if reading.engine == "insights":
            self._progress(f"{reading.why}: asking CloudWatch Logs Insights")
            return RefusedInGroups(self._remote, reading, LIMITS).fetched(asked, ours, folder)
        if reading.engine == "athena" and self._athena is not None:
            self._progress(f"{reading.why}: asking Athena")
            try:
                return RefusedInTable(self._remote, reading, self._athena).fetched(asked, ours, folder)
            except SourceUnavailable as error:
                if self._remote.stopped():
                    raise
                found = self._one(replace(reading, engine="s3"), asked, ours, folder)
                why = f"Athena was not asked, objects were read instead: {error}"
                return replace(found, notes=(why, *found.notes))
        self._progress(f"{reading.why}: fetching its objects")
        files, said = FlowLogObjects(self._remote, reading, self._budget).files(asked, folder)
        return Fetched(tuple(files), notes=tuple(said))

    def _bounded(self, asked: Window) -> Between:
        match asked:
            case Last(seconds, until):
                end = self._remote.now() if until is None else until
                return Between(end - seconds, end)
            case Between(first, last):
                end = self._remote.now() if last is None else last
                return Between(end - 24 * 3600 if first is None else first, end)
