"""After a verification the flow logs are watched for accepted packets, for a few minutes and in one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.approvals.states import State
from bot.runner.answering import Logs
from bot.runner.fix_rounds import LOOKS, FixRounds
from diagnosis.evidence.query import Between, Counts, FlowLogQuery, Seen, Sightings
from diagnosis.question.parse import parse
from tests.accounts import two_subnets

STARTED = 1_800_000_000.0


@dataclass
class World:
    """What the rounds look at; `seen` is what the flow logs hold."""

    now: float = STARTED
    seen: tuple[Seen, ...] = ()
    state: State = State.VERIFIED
    told: list[str] = field(default_factory=list)
    asked: list[FlowLogQuery] = field(default_factory=list)

    def read(self, query: FlowLogQuery) -> Sightings:
        self.asked.append(query)
        return Sightings("test", query, "", Counts(), Between(), seen=self.seen)

    def rounds(self) -> tuple[FixRounds, Any]:
        question = parse("why can't 10.0.1.10 reach 10.0.2.20 on 443").model_dump_json()
        row = SimpleNamespace(state=State.VERIFIED, proposal=SimpleNamespace(id="fx1", question=question))
        network = two_subnets().network()
        tools = SimpleNamespace(
            now=lambda: self.now,
            networks=SimpleNamespace(sight=lambda *_: SimpleNamespace(whole=network)),
            logs=lambda *_: Logs(self, 0),
            store=SimpleNamespace(
                proposals=SimpleNamespace(get=lambda _: SimpleNamespace(state=self.state, proposal=row.proposal))
            ),
        )
        fixes = SimpleNamespace(
            tools=tools,
            desk=SimpleNamespace(later=lambda do: do()),
            carrying_out=SimpleNamespace(),
            messages=SimpleNamespace(step=lambda _, *spans: self.told.append("".join(spans))),
        )
        rounds = FixRounds(cast("Any", fixes))
        fixes.carrying_out.verified(row)
        return rounds, row

    def passes(self, rounds: FixRounds, seconds: float) -> None:
        self.now = STARTED + seconds
        rounds.look_for_traffic()


def accepted(interface: str) -> Seen:
    return Seen(interface, "forward", "ingress", "ACCEPT", 3, 3, int(STARTED) + 90, int(STARTED) + 100)


def test_accepted_packets_at_the_destination_are_told_once() -> None:
    world = World()
    rounds, _ = world.rounds()
    world.passes(rounds, 30)
    assert world.asked == []
    world.passes(rounds, LOOKS[0])
    assert world.told == []
    world.seen = (accepted("eni-server"),)
    world.passes(rounds, LOOKS[1])
    world.passes(rounds, LOOKS[2])
    assert [text.split(" since ")[0] for text in world.told] == ["The flow logs show it too: accepted"]
    assert world.asked[0].window == Between(int(STARTED), None)


@pytest.mark.parametrize("seen", [(), (accepted("eni-client"),)])
def test_that_nothing_came_is_said_at_the_end(seen: tuple[Seen, ...]) -> None:
    """What the client's own interface let out shows nothing of the destination."""
    world = World(seen=seen)
    rounds, _ = world.rounds()
    for seconds in (*LOOKS, 2 * LOOKS[-1]):
        world.passes(rounds, seconds)
    assert len(world.told) == 1
    assert world.told[0].startswith("The flow logs show no accepted packet in the 5 minutes since.")


def test_what_was_undone_meanwhile_is_watched_no_more() -> None:
    world = World(seen=(accepted("eni-server"),))
    rounds, _ = world.rounds()
    world.state = State.UNDONE
    world.passes(rounds, LOOKS[0])
    assert world.told == []
