"""Accounts of the golden cases as second opinions meet them: traced, and judged by an AWS that a test makes up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from diagnosis.evidence.analysis import Analysis, parse_analysis
from diagnosis.explanation.path_request import PathRequest
from diagnosis.investigate import Asked, tracer
from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.question.parse import parse
from diagnosis.question.parties import NotFound
from diagnosis.snapshots.read import read_snapshot
from diagnosis.trace.trace import Trace
from tests.case_folder import CASES, read_case


@cache
def network_of(case: str) -> Network:
    return build(read_snapshot(read_case(CASES / case).account))


def asked(case: str, question: str | None = None) -> Asked:
    return Asked(parse(question or read_case(CASES / case).question))


def traces(case: str, question: str | None = None) -> tuple[Trace, ...]:
    network = network_of(case)
    retrace = tracer(network, asked(case, question).question)
    assert not isinstance(retrace, NotFound)
    return retrace(network)


class Aws:
    """A SecondOpinion that says what it was told to, and remembers what it was asked."""

    def __init__(self, members: Mapping[str, Any] | Exception) -> None:
        self._members = members
        self.asked: list[PathRequest] = []

    def analyse(self, request: PathRequest, say: Callable[[str], None]) -> Analysis:
        self.asked.append(request)
        say("asking")
        if isinstance(self._members, Exception):
            raise self._members
        return parse_analysis({"NetworkInsightsAnalysisId": "nia-0a1", "Status": "succeeded", **self._members})

    def clear_leftovers(self, region: str) -> tuple[str, ...]:
        return ()
