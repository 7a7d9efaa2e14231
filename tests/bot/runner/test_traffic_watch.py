"""After a verification the flow logs are watched for accepted packets, for a few minutes and in one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.approvals.states import State
from bot.runner.answering import Logs
from bot.runner.traffic_watch import LATEST, LOOKS, TrafficWatch
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
    claimed: set[str] = field(default_factory=set)

    def read(self, query: FlowLogQuery) -> Sightings:
        self.asked.append(query)
        return Sightings("test", query, "", Counts(), Between(), seen=self.seen)

    def first_time(self, keys: Iterable[str], _: float) -> bool:
        new = set(keys)
        taken = not new & self.claimed
        self.claimed |= new
        return taken

    def watch(self) -> TrafficWatch:
        """A process that watches."""
        question = parse("why can't 10.0.1.10 reach 10.0.2.20 on 443").model_dump_json()
        row = SimpleNamespace(
            state=State.VERIFIED, changed_at=STARTED, proposal=SimpleNamespace(id="fx1", question=question)
        )
        network = two_subnets().network()
        proposals = SimpleNamespace(
            get=lambda _: SimpleNamespace(state=self.state, proposal=row.proposal),
            verified_since=lambda when: (row,) if self.state is State.VERIFIED and when <= STARTED else (),
        )
        tools = SimpleNamespace(
            now=lambda: self.now,
            networks=SimpleNamespace(sight=lambda *_: SimpleNamespace(whole=network)),
            logs=lambda *_: Logs(self, 0),
            store=SimpleNamespace(proposals=proposals, first_time=self.first_time),
        )
        fixes = SimpleNamespace(
            tools=tools,
            desk=SimpleNamespace(later=lambda do: do()),
            messages=SimpleNamespace(step=lambda _, *spans: self.told.append("".join(spans))),
        )
        return TrafficWatch(cast("Any", fixes))

    def passes(self, watch: TrafficWatch, seconds: float) -> None:
        self.now = STARTED + seconds
        watch.look()


def accepted(interface: str) -> Seen:
    return Seen(interface, "forward", "ingress", "ACCEPT", 3, 3, int(STARTED) + 90, int(STARTED) + 100)


def test_accepted_packets_at_the_destination_are_told_once() -> None:
    world = World()
    watch = world.watch()
    world.passes(watch, 30)
    assert world.asked == []
    world.passes(watch, LOOKS[0])
    assert world.told == []
    world.seen = (accepted("eni-server"),)
    world.passes(watch, LOOKS[1])
    world.passes(watch, LOOKS[2])
    assert [text.split(" since ")[0] for text in world.told] == ["The flow logs show it too: accepted"]
    assert world.asked[0].window == Between(int(STARTED), None)


@pytest.mark.parametrize("seen", [(), (accepted("eni-client"),)])
def test_that_nothing_came_is_said_at_the_end(seen: tuple[Seen, ...]) -> None:
    """What the client's own interface let out shows nothing of the destination."""
    world = World(seen=seen)
    watch = world.watch()
    for seconds in (*LOOKS, 2 * LOOKS[-1]):
        world.passes(watch, seconds)
    assert len(world.told) == 1
    assert world.told[0].startswith("The flow logs show no accepted packet in the 5 minutes since.")


def test_what_was_undone_meanwhile_is_watched_no_more() -> None:
    world = World(seen=(accepted("eni-server"),))
    watch = world.watch()
    world.state = State.UNDONE
    world.passes(watch, LOOKS[0])
    assert world.told == []


def test_of_two_processes_one_looks_and_one_that_starts_later_goes_on() -> None:
    world = World()
    first, second = world.watch(), world.watch()
    for watch in (first, second):
        world.passes(watch, LOOKS[0])
    assert len(world.asked) == 1

    world.seen = (accepted("eni-server"),)
    for watch in (world.watch(), second):  # the first was killed
        world.passes(watch, LOOKS[1] + 20)
    world.passes(second, LOOKS[2])
    assert len(world.told) == 1


def test_who_starts_long_after_says_nothing_of_it() -> None:
    world = World(seen=(accepted("eni-server"),))
    world.passes(world.watch(), LATEST + 1)
    assert world.asked == []
