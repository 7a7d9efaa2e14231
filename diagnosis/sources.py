"""What the diagnosis asks of the world: protocols for its eyes, and their errors, split by who must act."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from diagnosis.evidence.analysis import Analysis
    from diagnosis.evidence.query import FlowLogQuery, Sightings, Window
    from diagnosis.evidence.rejects import Ours, Rejections
    from diagnosis.evidence.threats import Heard, ThreatQuery
    from diagnosis.evidence.trail import Looked, TrailEvent
    from diagnosis.explanation.path_request import PathRequest
    from diagnosis.network.described import Described


class SourceUnavailable(Exception):
    """A source cannot be read at all. Its text is one line that says who must act: by itself, asking again later."""


class NotPermitted(SourceUnavailable):
    """An account administrator must act: a permission is missing. `action` is the IAM action, where one is known."""

    def __init__(self, message: str, *, action: str = "") -> None:
        super().__init__(message)
        self.action = action


class FlowLogsUnavailable(SourceUnavailable):
    """The asker must act: the flow logs named are not there or cannot be opened."""


class NoFlowLogs(SourceUnavailable):
    """Nobody must act: no flow log covers what was asked about, or only such as cannot be read back."""


class Unanswered(SourceUnavailable):
    """Something was asked that costs what it costs, and its answer did not come. Its text says who must act."""


class NetworkSource(Protocol):
    """Where the configuration comes from: a snapshot folder, the live account."""

    def described(self) -> Described:
        """Return what the describe calls answered; failed calls are values in it.

        Raises NotPermitted or SourceUnavailable when nothing at all can be had.
        """
        ...


class FlowLogSource(Protocol):
    """Where the flow logs come from: files, S3 objects, CloudWatch Logs Insights, Athena."""

    def read(self, query: FlowLogQuery) -> Sightings:
        """Return what the logs hold of the conversation.

        Raises NoFlowLogs where there are none, and FlowLogsUnavailable, NotPermitted or SourceUnavailable when nothing
        at all can be had.
        """
        ...


class RejectSource(Protocol):
    """Where the REJECT records come from."""

    def rejects(self, window: Window, ours: Ours, limit: int) -> Rejections:
        """Return what was refused in the window; `ours` tells our addresses.

        Every group is there, but of noise at most `limit`.
        """
        ...


class SecondOpinion(Protocol):
    """Who else judges a path: VPC Reachability Analyzer. Each time costs money."""

    def analyse(self, request: PathRequest, say: Callable[[str], None]) -> Analysis:
        """Return an analysis that has ended, succeeded or failed.

        `say` gets how long it takes, and may raise to end it. Raises NotPermitted or SourceUnavailable, each saying who
        must act; Unanswered where it was charged for. Nothing that was made for it stays behind.
        """
        ...

    def clear_leftovers(self, region: str) -> tuple[str, ...]:
        """Delete what earlier runs left behind in a Region; the ids."""
        ...


class ChangeSource(Protocol):
    """Who knows what was changed in the account: CloudTrail. One asks one question, within one budget."""

    def changes(
        self, resource: str, region: str, start: int, end: int, until: Callable[[TrailEvent], bool] | None = None
    ) -> Looked:
        """Return the recorded calls on a resource between two times (Unix seconds), and why some were left out.

        They are read newest first, and no further than where `until` says of one that it suffices.
        Raises NotPermitted or SourceUnavailable, each saying who must act.
        """
        ...


class ThreatSource(Protocol):
    """Who knows of threats: GuardDuty and Detective."""

    def threats(self, query: ThreatQuery, say: Callable[[str], None]) -> Heard:
        """Return what is said of these addresses; what could not be asked is a sentence in it.

        Raises NotPermitted where no call can succeed at all.
        """
        ...
