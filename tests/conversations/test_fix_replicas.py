"""Two replicas on PostgreSQL: however often and wherever people press, a fix is applied once, and never forgotten."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.conversations.conftest import MANIFEST, RETRIES
from tests.conversations.fixing import Ops, as_seen_by, copied_account, fix_settings, ops
from tests.conversations.served_app import ForkedApp, ServedApp
from tests.postgres import PROGRAMS, Postgres, postgres
from tests.slack_double.double import SlackDouble
from tests.slack_double.http_delivery import HttpDelivery
from tests.slack_double.installation import from_manifest
from tests.slack_double.person import NotSeen, Person
from tests.slack_double.screens import Modal, Seen

USERS, CLICKS = 10, 10


@contextmanager
def two_replicas(folder: Path, server: Postgres, people: list[str]) -> Iterator[tuple[Ops, list[ServedApp]]]:
    """Two apps on one store and one account; what Slack sends goes to the one and the other in turn."""
    with SlackDouble(from_manifest(MANIFEST)) as slack:
        slack.deliveries.retries_after = RETRIES
        account = copied_account(folder / "account")
        settings = fix_settings(account, approvers=[{"users": people}])
        settings["store"] = {"url": server.emptied()}
        folders = [folder / name for name in ("one", "two")]
        for each in folders:
            each.mkdir()
        with ForkedApp(slack, "http", folders[0], **settings) as one:
            first = slack.http
            with ForkedApp(slack, "http", folders[1], **settings) as two:
                ended = threading.Event()
                turns = threading.Thread(target=_in_turn, args=(slack, (first, slack.http), ended))
                turns.start()
                try:
                    yield ops(slack, one, account), [one, two]
                finally:
                    ended.set()
                    turns.join()


def _in_turn(slack: SlackDouble, ways: tuple[HttpDelivery | None, HttpDelivery | None], ended: threading.Event) -> None:
    for way in itertools.cycle(ways):
        slack.http = way
        if ended.wait(0.03):
            return


def press(proposal: Seen, person: Person) -> None:
    """Press Approve, and send the form if it opens: whoever is late is only told so."""
    button = proposal._element("Approve…") if proposal.has_button("Approve…") else None
    if button is None:
        return
    as_seen_by(proposal, person).act(button, {"value": button.raw["value"]})
    try:
        modal: Modal = person.modal("Approve this fix?", within=1.0)
        modal.submit()
    except (NotSeen, AssertionError):
        return


def presses(proposal: Seen, person: Person) -> None:
    for _ in range(CLICKS):
        press(proposal, person)


@pytest.mark.needs_tool(*PROGRAMS)
@pytest.mark.timeout(240)
def test_a_hundred_clicks_of_ten_people_on_two_replicas_apply_once(tmp_path: Path) -> None:
    people = [f"UP{number}" for number in range(USERS)]
    with postgres() as server, two_replicas(tmp_path, server, people) as (team, _):
        persons = [team.slack.person(team.slack.user(name.lower()[1:], id=name).id) for name in people]
        proposal = team.proposed(2)
        with ThreadPoolExecutor(USERS) as clicking:
            list(clicking.map(partial(presses, proposal), persons))
        team.latest(proposal, "Verified by a fresh trace")

        made = [one for one in proposal.replies() if one.says("Applied. Made")]
        assert len(made) == 1
        assert json.dumps(team.rules()).count("10.0.1.10/32") == 1
        assert server.run("SELECT state, COUNT(*) FROM ledger GROUP BY 1") == [("made", 1)]
        assert server.run("SELECT COUNT(*) FROM decisions") == [(1,)]
        events = [row[0] for row in server.run("SELECT record::json->>'event' FROM audit ORDER BY number")]
        assert [events.count(event) for event in ("enough", "begin", "made", "verify")] == [1, 1, 1, 1]


@pytest.mark.needs_tool(*PROGRAMS)
@pytest.mark.timeout(240)
def test_a_replica_that_dies_leaves_nothing_undone(tmp_path: Path) -> None:
    """What was approved when a replica died is found by the other one, by its lease."""
    with postgres() as server, two_replicas(tmp_path, server, ["UBOB"]) as (team, apps):
        proposal = team.proposed(2)
        identity = server.run("SELECT id FROM proposals")[0][0]
        while server.run("SELECT COUNT(*) FROM proposal_messages") == [(0,)]:
            time.sleep(0.05)  # Slack has the message before the store knows where it is.
        apps[0].kill()
        # As a process leaves it that dies between the decision and the first call to the account.
        server.run(
            f"INSERT INTO decisions (proposal, person, verdict, at) VALUES ('{identity}', 'UBOB', 'approve', "  # noqa: S608
            "EXTRACT(EPOCH FROM now()))"
        )
        server.run("UPDATE proposals SET state = 'approved', holder = 'dead', held_until = 1")
        team.latest(proposal, "Verified by a fresh trace")
        assert proposal.until("the path is open").says("Approved by <@UBOB>")
        assert json.dumps(team.rules()).count("10.0.1.10/32") == 1
