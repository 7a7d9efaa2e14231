"""A short soak: no answer is lost and none doubled, however the connection ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.soak import Plan, soak


@pytest.mark.timeout(240)
def test_thirty_questions_with_the_connection_cut_every_six(tmp_path: Path) -> None:
    plan = Plan(30, cut_seconds=0, cut_questions=6, at_once=4, retries=(0.0, 2.0, 5.0), patience=60.0, light=True)

    outcome = soak(plan, tmp_path, say=lambda _: None)

    assert (outcome.lost, outcome.doubled, outcome.faults) == ([], [], []), "\n".join(outcome.told())
    assert outcome.cuts == 4
    assert outcome.connections > outcome.cuts
