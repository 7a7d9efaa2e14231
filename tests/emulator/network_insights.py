"""What VPC Reachability Analyzer keeps of an account in a Region: paths, their analyses, and how an analysis ends.

The double reasons about no network: what an analysis finds is ordered with `faults.Analysis`, and one that nothing was
ordered for fails and says so.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.backends import get_backend

from tests.emulator.faults import Faults

MOST_PATHS, MOST_ANALYSES, MOST_RUNNING = 1_000, 10_000, 100
"""Quotas: https://docs.aws.amazon.com/vpc/latest/reachability/reachability-analyzer-limits.html"""
NOTHING_ORDERED: Mapping[str, Any] = {
    "Status": "failed",
    "StatusMessage": "The AWS double was not told what this analysis finds: order an Analysis.",
}


@dataclass
class Analysis:
    """One analysis. It runs until it was asked about often enough."""

    members: dict[str, Any]
    ending: Mapping[str, Any]
    polls: int

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return bool(self.members["Status"] == "running")

    def advance(self) -> None:
        """What asking about it once does."""
        if self.running:
            self.polls -= 1
            if self.polls < 0:
                self.members |= {"Status": "succeeded", **self.ending}


@dataclass
class Insights:
    """The objects of one account and Region, in the order of their making."""

    paths: dict[str, dict[str, Any]] = field(default_factory=dict)
    analyses: dict[str, Analysis] = field(default_factory=dict)
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What was asked with a client token, and the id that it gave."""

    def add_path(self, members: Mapping[str, Any], region: str, account: str) -> dict[str, Any]:
        """Keep a path under a new id."""
        name = f"nip-{secrets.token_hex(9)[:17]}"
        arn = f"arn:aws:ec2:{region}:{account}:network-insights-path/{name}"
        made = {"NetworkInsightsPathId": name, "NetworkInsightsPathArn": arn, "CreatedDate": datetime.now(UTC)}
        self.paths[name] = made | dict(members)
        return self.paths[name]

    def add_analysis(self, members: Mapping[str, Any], faults: Faults, region: str, account: str) -> dict[str, Any]:
        """Start an analysis of a path that there is."""
        name = f"nia-{secrets.token_hex(9)[:17]}"
        path = self.paths[members["NetworkInsightsPathId"]]
        told = json.dumps(path, default=str)
        ordered = [one.members for one in faults.analyses if one.holding in told]
        made = {
            "NetworkInsightsAnalysisId": name,
            "NetworkInsightsAnalysisArn": f"arn:aws:ec2:{region}:{account}:network-insights-analysis/{name}",
            "StartDate": datetime.now(UTC),
            "Status": "running",
        }
        ending = ordered[-1] if ordered else NOTHING_ORDERED
        self.analyses[name] = Analysis(made | dict(members), ending, faults.polls)
        return self.analyses[name].members

    def of_path(self, path: str) -> Iterator[str]:
        """Names of the analyses of a path."""
        yield from (n for n, one in self.analyses.items() if one.members["NetworkInsightsPathId"] == path)


def insights_of(backend: Any) -> Insights:
    """Those of one of moto's backends; a reset forgets them with all else."""
    found: Insights = backend.__dict__.setdefault("network_insights", Insights())
    return found


def forget_insights(account: str, region: str) -> None:
    """Delete all paths and analyses, in the process of the double."""
    get_backend("ec2")[account][region].__dict__.pop("network_insights", None)
