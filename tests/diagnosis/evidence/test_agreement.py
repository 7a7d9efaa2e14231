"""Whether the two witnesses agree, for every verdict and every pattern."""

from __future__ import annotations

import pytest

from diagnosis.evidence.agreement import NO_LOGS, Verdict, agreement
from diagnosis.evidence.patterns import Kind, Pattern
from tests.diagnosis.evidence.sightings import NOON

VERDICTS: tuple[Verdict, ...] = ("reachable", "blocked", "partly", "unknown")


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("refused_by_rule", [True, False])
def test_every_combination_has_a_sentence(kind: Kind, verdict: Verdict, refused_by_rule: bool) -> None:
    said = agreement(verdict, Pattern(kind, ""), refused_by_rule=refused_by_rule)

    assert said.endswith(".")
    assert len(said) > 30


@pytest.mark.parametrize(
    ("verdict", "kind", "phrases"),
    [
        ("blocked", Kind.REJECT_AT_DESTINATION, ["agree"]),
        ("blocked", Kind.ACL_OUTBOUND_OF_DESTINATION, ["agree"]),
        ("reachable", Kind.REJECT_AT_DESTINATION, ["differ", "changed since"]),
        ("blocked", Kind.ACCEPT_ONLY, ["differ", "changed since"]),
        ("reachable", Kind.ACCEPT_ONLY, ["agree", "look at the host, not the network"]),
        ("reachable", Kind.HOST_SILENT, ["agree", "firewall on the host", "listens"]),
        ("reachable", Kind.PORT_CLOSED, ["nothing listens"]),
        ("reachable", Kind.CONNECTION_TAIL, ["idle time-outs"]),
        ("reachable", Kind.DROPPED_BETWEEN, ["differ", "firewall"]),
        ("reachable", Kind.NODATA, ["NODATA", "nothing was sent"]),
        ("blocked", Kind.SKIPDATA, ["SKIPDATA", "proves nothing"]),
        ("blocked", Kind.NO_FLOW_LOG, ["no flow log"]),
        ("unknown", Kind.REJECT_AT_SOURCE, ["not seen whole"]),
    ],
)
def test_the_likely_reason_is_given(verdict: Verdict, kind: Kind, phrases: list[str]) -> None:
    said = agreement(verdict, Pattern(kind, ""))

    assert all(phrase in said for phrase in phrases), said


def test_a_drop_without_a_record_agrees_with_a_route_that_drops() -> None:
    assert "agree" in agreement("blocked", Pattern(Kind.DROPPED_BETWEEN, ""), refused_by_rule=False)


def test_the_moment_of_the_change_is_told() -> None:
    assert "ACCEPT until 2026-11-22T12:00:00Z" in agreement(
        "blocked", Pattern(Kind.REJECT_AT_DESTINATION, "", accepted_until=NOON)
    )
    assert "REJECT ended 2026-11-22T12:00:00Z" in agreement(
        "reachable", Pattern(Kind.ACCEPT_ONLY, "", accepted_since=NOON)
    )


def test_without_logs_the_configuration_is_the_only_witness() -> None:
    assert agreement("blocked", None) == NO_LOGS
