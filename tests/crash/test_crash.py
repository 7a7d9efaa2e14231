"""Fifty processes killed while they apply and undo fixes; `make crash` kills a thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.crash import crash


@pytest.mark.timeout(300)
def test_account_and_ledger_agree_after_fifty_kills_none_lost_none_twice(tmp_path: Path) -> None:
    outcome = crash(50, tmp_path, seed=20261126)

    assert outcome.wrong == []
    assert outcome.kills >= 50
    assert len(outcome.where) == 8
