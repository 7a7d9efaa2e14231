"""Asks many questions of a served app, cuts its connection as it goes, and counts what came of each."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

from tests.conversations.served_app import ServedApp
from tests.slack_double.double import SlackDouble
from tests.slack_double.screens import Seen

CHANNELS = [f"C0SOAK{number}" for number in range(8)]
PEOPLE = 40
WAYS_TO_CUT = ("close", "reset", "refresh_requested", "warning")

# A question, and the words that its answer holds and no other text does.
QUESTIONS = (
    ("why can't 10.0.1.10 reach RDS on 3306", "orders-db-sg"),
    ("can web-1 reach reports-db on 5432", "Reachable: web-1"),
    ("why can't web-2 reach orders-db on 3306", "Blocked: web-2"),
    ("can bastion ssh to web-1", "Reachable: bastion"),
)


@dataclass(frozen=True)
class Plan:
    """How long and how hard. The connection is cut every so many seconds, or where that is 0, every so many questions.

    `at_once`: questions under way at the same time. `retries`: when Slack sends an event again, in seconds. `light`:
    without flow logs and pictures, which cost most of an answer's time and have nothing to do with connections.
    """

    questions: int = 2_000
    cut_seconds: float = 60.0
    cut_questions: int = 0
    at_once: int = 6
    retries: tuple[float, ...] = (0.0, 60.0, 300.0)
    patience: float = 420.0
    light: bool = False


@dataclass
class Outcome:
    """What came of it. Times are in seconds from question to answer; memory in bytes, sampled as it went."""

    asked: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    cuts: int = 0
    connections: int = 0
    faults: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def growth(self) -> float:
        """Memory of the last quarter of the run over that of the second: 1.0 is flat; the first fills the caches."""
        quarter = len(self.memory) // 4
        if quarter == 0:
            return 1.0
        return mean(self.memory[-quarter:]) / mean(self.memory[quarter : 2 * quarter])

    def told(self) -> Iterator[str]:
        """The figures, a line each."""
        lost, doubled, faults = len(self.lost), len(self.doubled), len(self.faults)
        yield f"questions {self.asked}, answers lost {lost}, doubled {doubled}, faults {faults}"
        yield f"connection cut {self.cuts} times, {self.connections} connections opened, in {self.seconds:.0f} s"
        if len(self.times) >= 2:
            cuts = quantiles(self.times, n=100)
            yield f"answered after: median {cuts[49]:.2f} s, p95 {cuts[94]:.2f} s, longest {max(self.times):.1f} s"
        if self.memory:
            first, last = self.memory[len(self.memory) // 4], self.memory[-1]
            most = max(self.memory)
            yield (
                f"memory of the app: {first / 1e6:.0f} MB after a quarter, {last / 1e6:.0f} MB at the end, "
                f"{most / 1e6:.0f} MB at most; last quarter over second {self.growth:.3f}"
            )


def soak(plan: Plan, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Run a plan against the app over Socket Mode."""
    outcome = Outcome()
    with SlackDouble(patience=plan.patience) as slack:
        slack.fails_for_faults = False
        slack.deliveries.retries_after = plan.retries
        for name in CHANNELS:
            slack.channel(name)
        settings: dict[str, dict[str, Any]] = {
            "channels": {name: {"pictures": not plan.light, "raw_logs": True, "files": True} for name in CHANNELS},
            "people": {"per_minute": 100_000},
            "account": {"flow_logs": "[]"} if plan.light else {},
        }
        with ServedApp(slack, "socket", folder, **settings) as app:
            _run(plan, slack, app, outcome, say)
            outcome.connections = slack.socket.opened
        outcome.faults = list(dict.fromkeys(slack.api.faults))
    return outcome


def _run(plan: Plan, slack: SlackDouble, app: ServedApp, outcome: Outcome, say: Callable[[str], None]) -> None:
    begun = last_cut = time.monotonic()
    ways = itertools.cycle(WAYS_TO_CUT)
    under_way: deque[tuple[Seen, str, float]] = deque()
    everything: list[tuple[Seen, str]] = []
    for number in range(plan.questions):
        text, expected = QUESTIONS[number % len(QUESTIONS)]
        person = slack.person(f"U0SOAK{number % PEOPLE:02d}")
        asked = person.mentions(CHANNELS[number % len(CHANNELS)], text)
        under_way.append((asked, expected, time.monotonic()))
        everything.append((asked, expected))
        outcome.asked += 1
        due = time.monotonic() - last_cut >= plan.cut_seconds if plan.cut_seconds else number % plan.cut_questions == 0
        if due and number:
            last_cut = time.monotonic()
            outcome.cuts += 1
            _cut(slack, next(ways))
        while len(under_way) >= plan.at_once:
            _settled(under_way, outcome, slack, plan)
        if number % max(1, plan.questions // 80) == 0:
            outcome.memory.append(app.resident())
        if number and number % 200 == 0:
            say(f"  {number} asked, {outcome.cuts} cuts, {app.resident() / 1e6:.0f} MB")
    while under_way:
        _settled(under_way, outcome, slack, plan)
    outcome.memory.append(app.resident())
    time.sleep(2.0)  # long enough for a second answer to what was sent twice
    outcome.doubled = [repr(asked) for asked, expected in everything if _answers(asked, expected) > 1]
    outcome.seconds = time.monotonic() - begun


def _cut(slack: SlackDouble, how: str) -> None:
    if how in {"close", "reset"}:
        slack.socket.cut(how)
    else:
        slack.socket.disconnect(how)


def _settled(under_way: deque[tuple[Seen, str, float]], outcome: Outcome, slack: SlackDouble, plan: Plan) -> None:
    """Wait for the first of those under way that is answered; one that never is, is lost."""

    def answered() -> tuple[Seen, str, float] | None:
        return next((one for one in under_way if _answers(one[0], one[1])), None)

    try:
        found = slack.waits_for(answered, "soak", plan.patience)
    except AssertionError:
        found = under_way[0]
        outcome.lost.append(repr(found[0]))
    else:
        outcome.times.append(time.monotonic() - found[2])
    under_way.remove(found)


def _answers(asked: Seen, expected: str) -> int:
    return sum(one.says(expected) for one in asked.replies())
