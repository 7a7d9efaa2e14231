"""VPC Reachability Analyzer, asked once: a path, an analysis, its end, and both deleted again.

botocore has no waiter for analyses, so they are asked about with growing pauses. What is made carries our tags; what a
crash leaves behind is found by them and deleted before the next question. Nothing else is ever deleted.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from diagnosis.aws.errors import FAILURES, code_of, is_denied, is_throttled, said_by, unavailable
from diagnosis.aws.reachability_calls import ACTIONS
from diagnosis.evidence.analysis import Analysis, parse_analysis
from diagnosis.explanation.path_request import PRICE, PathRequest
from diagnosis.sources import NotPermitted, SourceUnavailable, Unanswered

NAME = "VPC Reachability Analyzer"
TAG, RUN, KEY, UNTIL = "whynot", "whynot:run", "whynot:path", "whynot:until"
"""Tags of what is made: that it is ours, the run that made it, the request, and until which Unix second that runs."""
OURS = "second-opinion"
PATIENCE_SECONDS = 300.0
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 15.0
GRACE_SECONDS = 120
"""After its time is up, so long a run may still be tidying up behind itself."""
SETTLING_SECONDS = 30.0
"""So long AWS may not know yet of an analysis that it has just started."""
_DELETIONS = 3
_PERFORM = re.compile(r"\b(?:perform:?|action:?)\s+([a-z0-9-]+:\w+)")
_GONE = frozenset({"InvalidNetworkInsightsPathId.NotFound", "InvalidNetworkInsightsAnalysisId.NotFound"})
_IN_USE = "AnalysisExistsForNetworkInsightsPath"


@dataclass(slots=True)
class _Run:
    """What one question has made so far."""

    region: str
    until: int
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    path: str = ""
    analysis: str = ""
    started: bool = False
    """Whether an analysis may exist, known by its id or not."""

    def tags(self, kind: str, **more: str) -> list[dict[str, Any]]:
        """For TagSpecifications."""
        given = {TAG: OURS, RUN: self.token, UNTIL: str(self.until), **more}
        return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in given.items()]}]


class ReachabilityAnalyzer:
    """A SecondOpinion. `now` gives Unix seconds; `sleep` may be interrupted by an exception."""

    def __init__(
        self,
        clients: Callable[[str, str], Any],
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], object] = time.sleep,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """`clients` gives a boto3 client of a service in a Region; `patience` is in seconds."""
        self._clients = clients
        self._now = now
        self._sleep = sleep
        self._patience = patience

    def analyse(self, request: PathRequest, say: Callable[[str], None]) -> Analysis:
        """Return an analysis that has ended, succeeded or failed, and delete it and its path, whatever happens.

        `say` gets how long it takes, and may raise to end it. Raises NotPermitted or SourceUnavailable.
        """
        self.clear_leftovers(request.region)
        client = self._clients("ec2", request.region)
        run = _Run(request.region, int(self._now() + self._patience) + GRACE_SECONDS)
        left: tuple[str, ...] = ()
        try:
            say(f"asking {NAME} (${PRICE:.2f})")
            self._begin(client, request, run)
            found = self._waited_for(client, run, say)
        except SourceUnavailable as error:
            raise (Unanswered(str(error)) if run.analysis else error) from error
        finally:
            left = self._cleaned(client, run)
        return replace(parse_analysis(found), left_behind=left)

    def clear_leftovers(self, region: str) -> tuple[str, ...]:
        """Delete what an earlier run made and could not delete; the ids. What fails now is tried again next time."""
        gone: list[str] = []
        with suppress(*FAILURES):
            client = self._clients("ec2", region)
            ours = [{"Name": f"tag:{TAG}", "Values": [OURS]}]
            for path in list(_pages(client, "describe_network_insights_paths", "NetworkInsightsPaths", Filters=ours)):
                gone += self._cleared(client, path)
        return tuple(gone)

    def _cleared(self, client: Any, path: Mapping[str, Any]) -> Iterator[str]:
        name, busy = path["NetworkInsightsPathId"], False
        for one in list(_analyses(client, name)):
            if not self._is_over(one):
                busy = True
            elif self._deleted(client, "analysis", one["NetworkInsightsAnalysisId"]):
                yield one["NetworkInsightsAnalysisId"]
        if not busy and self._is_over(path) and self._deleted(client, "path", name):
            yield name

    def _is_over(self, item: Mapping[str, Any]) -> bool:
        """Whether it is ours, and the run that made it cannot be under way any more."""
        tags = {tag.get("Key"): tag.get("Value") or "" for tag in item.get("Tags") or ()}
        until = tags.get(UNTIL, "")
        return tags.get(TAG) == OURS and until.isdecimal() and int(until) < self._now()

    def _begin(self, client: Any, request: PathRequest, run: _Run) -> None:
        """A path, the one that there is or a new one, and an analysis of it."""
        run.path = self._known_path(client, request) or self._new_path(client, request, run)
        try:
            self._start(client, request, run)
        except FAILURES as error:
            if code_of(error) not in _GONE:
                raise _refused(error, "ec2.start_network_insights_analysis", run.path) from error
            # The path was another run's, which has deleted it since.
            run.path = self._new_path(client, request, run)
            try:
                self._start(client, request, run)
            except FAILURES as again:
                raise _refused(again, "ec2.start_network_insights_analysis", run.path) from again

    def _known_path(self, client: Any, request: PathRequest) -> str | None:
        """A path of ours that asks the same. A tag alone is no proof: anybody may have set it."""
        ours = [{"Name": f"tag:{TAG}", "Values": [OURS]}, {"Name": f"tag:{KEY}", "Values": [request.key]}]
        wanted = described(request)
        try:
            found = list(_pages(client, "describe_network_insights_paths", "NetworkInsightsPaths", Filters=ours))
        except FAILURES as error:
            raise _refused(error, "ec2.describe_network_insights_paths", request.words) from error
        return next((path["NetworkInsightsPathId"] for path in found if _asks(path, wanted)), None)

    def _new_path(self, client: Any, request: PathRequest, run: _Run) -> str:
        tags = run.tags("network-insights-path", **{KEY: request.key})
        try:
            made = client.create_network_insights_path(**described(request), TagSpecifications=tags)
        except FAILURES as error:
            raise _refused(error, "ec2.create_network_insights_path", request.words) from error
        return str(made["NetworkInsightsPath"]["NetworkInsightsPathId"])

    def _start(self, client: Any, request: PathRequest, run: _Run) -> None:
        further = {"AdditionalAccounts": list(request.accounts), "FilterInArns": list(request.through)}
        run.started = True
        made = client.start_network_insights_analysis(
            NetworkInsightsPathId=run.path,
            TagSpecifications=run.tags("network-insights-analysis"),
            **{name: value for name, value in further.items() if value},
        )
        run.analysis = str(made["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"])

    def _waited_for(self, client: Any, run: _Run, say: Callable[[str], None]) -> Mapping[str, Any]:
        slept, pause = 0.0, FIRST_PAUSE
        while slept < self._patience:
            self._sleep(pause)
            slept += pause
            pause = min(pause * 1.5, LONGEST_PAUSE)
            say(f"{NAME} analyses ({slept:.0f} s)")
            found = self._seen(client, run, slept)
            if found is not None and found.get("Status") in {"succeeded", "failed"}:
                return found
        raise SourceUnavailable(
            f"{NAME} did not end within {self._patience:.0f} seconds; its analysis was deleted. Ask again later."
        )

    def _seen(self, client: Any, run: _Run, slept: float) -> Mapping[str, Any] | None:
        """The analysis as it is now; None where AWS does not say at the moment."""
        try:
            answer = client.describe_network_insights_analyses(NetworkInsightsAnalysisIds=[run.analysis])
        except FAILURES as error:
            if is_throttled(error) or (code_of(error) in _GONE and slept < SETTLING_SECONDS):
                return None
            raise _refused(error, "ec2.describe_network_insights_analyses", run.analysis) from error
        found: list[Mapping[str, Any]] = answer.get("NetworkInsightsAnalyses") or []
        return found[0] if found else None

    def _cleaned(self, client: Any, run: _Run) -> tuple[str, ...]:
        """Delete what a run has made; the ids of what could not be."""
        left = []
        if run.started and not run.analysis:
            # The answer to its start was lost: it may be there.
            with suppress(*FAILURES):
                ours = [{"Name": f"tag:{RUN}", "Values": [run.token]}]
                run.analysis = next((o["NetworkInsightsAnalysisId"] for o in _analyses(client, run.path, ours)), "")
        if run.analysis and not self._deleted(client, "analysis", run.analysis):
            left.append(run.analysis)
        if run.path and not self._deleted(client, "path", run.path):
            left.append(run.path)
        return tuple(left)

    def _deleted(self, client: Any, kind: str, name: str) -> bool:
        """Whether it is deleted, or is no longer ours to delete: another run still analyses the path."""
        if kind == "analysis":
            parameter, delete = "NetworkInsightsAnalysisId", client.delete_network_insights_analysis
        else:
            parameter, delete = "NetworkInsightsPathId", client.delete_network_insights_path
        for attempt in range(_DELETIONS):
            try:
                delete(**{parameter: name})
            except FAILURES as error:
                code = code_of(error)
                if code in _GONE:
                    return True
                if code == _IN_USE and self._used_by_others(client, name):
                    return True
                if attempt + 1 < _DELETIONS and (is_throttled(error) or code == _IN_USE):
                    self._sleep(FIRST_PAUSE)
                    continue
                return False
            return True
        return False

    def _used_by_others(self, client: Any, path: str) -> bool:
        """Whether runs that are not over have analyses of this path; the last of them deletes it."""
        with suppress(*FAILURES):
            return any(not self._is_over(one) for one in _analyses(client, path))
        return False


def described(request: PathRequest) -> dict[str, Any]:
    """The request as CreateNetworkInsightsPath takes it: with filters at the source where it names more than ports."""
    given: dict[str, Any] = {"Source": request.source, "Protocol": request.protocol}
    if request.destination is not None:
        given["Destination"] = request.destination
    if request.source_port is None and not request.through:
        given["DestinationPort"] = request.port
        addresses = {"SourceIp": request.source_address, "DestinationIp": request.destination_address}
        return given | {name: value for name, value in addresses.items() if value is not None}
    ports = {"SourcePortRange": request.source_port, "DestinationPortRange": request.port}
    texts = {"SourceAddress": request.source_address, "DestinationAddress": request.destination_address}
    given["FilterAtSource"] = {
        **{name: value for name, value in texts.items() if value is not None},
        **{name: {"FromPort": port, "ToPort": port} for name, port in ports.items() if port is not None},
    }
    return given


def _asks(path: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a path that AWS describes is the one that is wanted, nothing more and nothing less."""
    asked = ("Source", "Destination", "Protocol", "DestinationPort", "SourceIp", "DestinationIp", "FilterAtSource")
    return not path.get("FilterAtDestination") and all(
        _bare(path.get(member)) == _bare(wanted.get(member)) for member in asked
    )


def _bare(value: Any) -> Any:
    """An ARN and the id in it are one; a member that is empty is none."""
    return (value.rsplit("/", 1)[-1] if isinstance(value, str) else value) or None


def _analyses(client: Any, path: str, filters: list[dict[str, Any]] | None = None) -> Iterator[Mapping[str, Any]]:
    given = {"NetworkInsightsPathId": path, **({"Filters": filters} if filters else {})}
    yield from _pages(client, "describe_network_insights_analyses", "NetworkInsightsAnalyses", **given)


def _pages(client: Any, method: str, key: str, **given: Any) -> Iterator[Mapping[str, Any]]:
    for page in client.get_paginator(method).paginate(**given):
        yield from page.get(key) or ()


def _refused(error: Exception, call: str, what: str) -> SourceUnavailable:
    """Why a call was not answered, and who must act."""
    match code_of(error):
        case "NetworkInsightsPath.LimitExceeded" | "NetworkInsightsAnalysis.LimitExceeded":
            return SourceUnavailable(
                f"The account's quota of paths or analyses of {NAME} is used up ({said_by(error)}): ask again in a few "
                "minutes, or an account administrator can raise it or delete old analyses."
            )
        case "NetworkInsightsSource.NotFound" | "NetworkInsightsDestination.NotFound":
            return SourceUnavailable(
                f"AWS does not find a party of {what}: the account has changed since it was read, so ask again."
            )
        case "InvalidParameterValue" | "InvalidParameterCombination" | "InvalidParameter":
            return SourceUnavailable(f"{NAME} does not take {what}: {said_by(error)}")
        case _ if is_denied(error) and (other := _PERFORM.search(said_by(error))) and other[1] != ACTIONS[call]:
            return NotPermitted(
                f"{NAME} needs {other[1]} too, which these credentials lack; an account administrator can grant it "
                "(deploy/second-opinion-policy.json).",
                action=other[1],
            )
        case _:
            return unavailable(error, ACTIONS[call])
