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

NEEDED = {"fx0000000000000001": 1, "fx0000000000000003": 3}


def line(replica: subprocess.Popen[str]) -> str:
    assert replica.stdout is not None
    return replica.stdout.readline()


def go(replica: subprocess.Popen[str]) -> None:
    assert replica.stdin is not None
    replica.stdin.write("go\n")
    replica.stdin.flush()


@pytest.mark.needs_tool(*PROGRAMS)
def test_of_100_clicks_on_two_replicas_one_applies(server: Postgres) -> None:
    """Of a fix that one person may approve, and of one that needs three."""
    url = server.emptied()
    store = Store.open(url)
    for identity, needed in NEEDED.items():
        store.proposals.add(proposal(id=identity, needed=needed))
    command = [sys.executable, "-m", "tests.bot.store.presses", url, *NEEDED]
    with (
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as one,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other,
    ):
        assert [line(one), line(other)] == ["ready\n", "ready\n"]
        for identity, needed in NEEDED.items():
            go(one)
            go(other)
            outcomes = Counter([*json.loads(line(one)), *json.loads(line(other))])

            assert outcomes["enough"] == 1
            assert outcomes["begun"] == 1
            assert outcomes["counted"] == needed - 1
            assert outcomes["enough"] + outcomes["counted"] + outcomes["twice"] + outcomes["closed"] == 100
            row = store.proposals.get(identity)
            assert row is not None
            assert row.state is State.APPLYING
            assert len(store.proposals.decisions(identity)) == needed
            events = Counter(record.event for record in store.audit.export() if record.proposal == identity)
            assert events == Counter({"propose": 1, "enough": 1, "begin": 1, "approve": needed - 1})
    assert isinstance(store.audit.checked(), Whole)
    store.close()
