"""Two replicas on one PostgreSQL: 100 clicks of ten people at once, and one application."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest

from bot.approvals.audit import Whole
from bot.approvals.states import State
from bot.store.store import Store
from tests.bot.approvals.examples import proposal
from tests.house.source_tree import ROOT
from tests.postgres import PROGRAMS, Postgres

FX = proposal().id


@pytest.mark.needs_tool(*PROGRAMS)
@pytest.mark.parametrize("needed", [1, 3])
def test_of_100_clicks_on_two_replicas_one_applies(server: Postgres, needed: int) -> None:
    url = server.emptied()
    store = Store.open(url)
    store.proposals.add(proposal(needed=needed))
    replicas = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bot.store.presses", url, FX],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for replica in replicas:
        assert replica.stdout is not None
        assert replica.stdout.readline() == "ready\n"
    for replica in replicas:
        assert replica.stdin is not None
        replica.stdin.write("go\n")
        replica.stdin.flush()
    outcomes = Counter(what for r in replicas for what in json.loads(r.communicate(timeout=60)[0]))

    assert outcomes["enough"] == 1
    assert outcomes["begun"] == 1
    assert outcomes["counted"] == needed - 1
    assert outcomes["enough"] + outcomes["counted"] + outcomes["twice"] + outcomes["closed"] == 100
    row = store.proposals.get(FX)
    assert row is not None
    assert row.state is State.APPLYING
    assert len(store.proposals.decisions(FX)) == needed
    events = Counter(record.event for record in store.audit.export())
    assert events == Counter({"propose": 1, "enough": 1, "begin": 1, "approve": needed - 1})
    assert isinstance(store.audit.checked(), Whole)
    store.close()
