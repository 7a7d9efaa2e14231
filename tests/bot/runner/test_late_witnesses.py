"""Who is asked after an answer, of what channels, and what becomes of it when a process ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from bot.health.metrics import Metrics
from bot.runner.courier import Courier
from bot.runner.late_witnesses import Askable, LateWitnesses
from bot.runner.networks import Networks
from bot.runner.opinions import Wherewithal
from bot.settings.values import Settings
from bot.store.store import Store
from diagnosis.answer import Answer
from diagnosis.evidence.threats import Heard, ThreatQuery
from diagnosis.evidence.trail import Looked, TrailEvent, parse_event
from diagnosis.explanation.opinion import with_opinion
from diagnosis.snapshots.write import write_snapshot
from diagnosis.sources import NotPermitted
from diagnosis.testimony import Evidence, FlowLogs, Opinion, RecordCounts, Window
from tests.bot.runner.test_opinions import SIGHT, Thread, answer, kept
from tests.diagnosis.turning import revoked

NOW = 1_795_356_000
STOPPED = NOW - 3_600


@dataclass
class Trail:
    """CloudTrail, which remembers what it was asked."""

    events: tuple[TrailEvent, ...] = ()
    fault: Exception | None = None
    asked: list[str] = field(default_factory=list)
    first: Callable[[], object] = lambda: None

    def changes(self, resource: str, region: str, start: int, end: int, until: object = None) -> Looked:
        self.first()
        self.asked.append(resource)
        if self.fault is not None:
            raise self.fault
        return Looked(tuple(event for event in self.events if resource in event.mentions))


@dataclass
class Guard:
    """GuardDuty, which remembers whether it was asked."""

    asked: list[ThreatQuery] = field(default_factory=list)

    def threats(self, query: ThreatQuery, say: Callable[[str], None]) -> Heard:
        self.asked.append(query)
        return Heard(asked=query.regions)


def turned() -> Answer:
    """An answer whose flow logs turned an hour ago."""
    told = Window(start="2026-11-22T12:59:00Z", end="2026-11-22T13:00:00Z")
    logs = FlowLogs(engine="files", query="", records=RecordCounts(), accepts=1, rejects=1, turned=told, pattern="")
    return answer().model_copy(update={"evidence": Evidence(flow_logs=logs)})


def revocation() -> TrailEvent:
    [group] = {cause.component for cause in answer().causes}
    event = parse_event(revoked(group, 3306, "10.0.1.10/32", 1_795_352_380))
    assert event is not None
    return event


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'whynot.db'}")
    yield opened
    opened.close()


def witnesses(store: Store, thread: Thread, askable: Askable, now: float = NOW, **said: Any) -> LateWitnesses:
    settings = Settings.model_validate({"channels": {"C1": {}}, "threats": {"when": "asked"}, **said})
    slack, aws = cast("Courier", thread), cast("Networks", SIGHT)
    given = Wherewithal(settings, store, slack, aws, write_snapshot, Metrics().fault, now=lambda: now)
    return LateWitnesses(given, askable, threading.Event())


def finish(some: LateWitnesses) -> None:
    """Let what is under way come to its end, then stop."""
    some._crew.close(waiting=True, given=True)
    some.stop()


@pytest.mark.parametrize(
    ("when", "said", "asked"),
    [("always", turned(), True), ("always", answer(), False), ("asked", turned(), False), ("off", turned(), False)],
)
def test_cloudtrail_is_asked_by_itself_where_the_logs_tell_a_moment_and_the_settings_say_so(
    store: Store, when: str, said: Answer, asked: bool
) -> None:
    trail, thread = Trail((revocation(),)), Thread()
    some = witnesses(store, thread, Askable(lambda: trail), what_changed={"when": when})

    some.consider(kept(store, said), said)
    finish(some)

    assert bool(trail.asked) is asked
    assert [one for one in thread.said if "role deploy (session ci-42) revoked" in one] == thread.said
    assert bool(thread.said) is asked


def test_the_kept_answer_has_the_fix_and_what_others_added_meanwhile(store: Store) -> None:
    said = turned()
    other = Opinion(state="succeeded", reachable=False, agrees=True, text="AWS agrees.")
    second = lambda: store.amend("q1", lambda text: _with(text, other))  # noqa: E731
    trail = Trail((revocation(),), first=second)
    some = witnesses(store, Thread(), Askable(lambda: trail))

    some.ask(kept(store, said), "changes")
    finish(some)

    row = store.get("q1")
    assert row is not None
    whole = Answer.model_validate_json(row.answer or "")
    assert whole.evidence.second_opinion == other
    assert whole.evidence.what_changed is not None
    assert whole.evidence.what_changed.fix in {fix.id for fix in whole.fixes if fix.takes_back}


def _with(text: str, other: Opinion) -> str:
    return with_opinion(Answer.model_validate_json(text), other).model_dump_json()


@pytest.mark.parametrize(("pressed", "told"), [(True, 1), (False, 0)])
def test_in_a_channel_with_a_scope_threats_are_not_asked_for(store: Store, pressed: bool, told: int) -> None:
    guard, thread = Guard(), Thread()
    channels = {"C1": {"vpcs": ["vpc-0a1"]}}
    some = witnesses(store, thread, Askable(threats=guard), channels=channels)

    some.ask(kept(store, answer()), "threats", pressed=pressed)
    finish(some)

    assert guard.asked == []
    assert len([one for one in thread.said if "a part of the account only" in one]) == told
    assert some.offers(whole=False) == frozenset()
    assert some.offers(whole=True) == {"threats"}


def test_a_missing_permission_is_told_with_its_action(store: Store) -> None:
    thread = Thread()
    trail = Trail(fault=NotPermitted("needs cloudtrail:LookupEvents; an account administrator can grant it."))
    some = witnesses(store, thread, Askable(lambda: trail))

    some.ask(kept(store, turned()), "changes")
    finish(some)

    assert "cloudtrail:LookupEvents" in thread.said[-1]


def test_what_a_process_left_is_asked_anew_where_nobody_pressed_and_else_told(store: Store) -> None:
    trail, thread = Trail((revocation(),)), Thread()
    row = kept(store, turned())
    store.witnesses.begin(row.id, "changes", row.channel, 1, 900)
    store.note(row.id, ended_at=NOW - 60)
    store.witnesses.begin("q2", "threats", "C1", 1, 900)
    store.witnesses.shows("q2", "threats", "17.5")
    some = witnesses(store, thread, Askable(lambda: trail, Guard()))

    some.interrupted()
    some.interrupted()
    finish(some)

    assert trail.asked
    told = [one for one in thread.said if one.startswith("17.5: ")]
    assert told == ["17.5: Threats: this was interrupted by a restart."]
    assert len([one for one in thread.said if "revoked" in one]) == 1


def test_a_stop_leaves_what_nobody_pressed_for_to_whoever_comes_next(store: Store) -> None:
    going, thread = threading.Event(), Thread()
    trail = Trail((revocation(),))
    some = witnesses(store, thread, Askable(lambda: trail))
    some._crew.give(partial(going.wait, 10))
    some._crew.give(partial(going.wait, 10))

    some.ask(kept(store, turned()), "changes", pressed=False)
    some._ended.set()
    going.set()
    finish(some)

    assert (trail.asked, thread.said) == ([], [])
    assert [one.question for one in store.witnesses.overdue(("changes", "threats"), NOW + 1)] == ["q1"]


def test_a_fault_of_ours_ends_with_a_word(store: Store) -> None:
    thread = Thread()
    trail = Trail(fault=RuntimeError("nobody foresaw this"))
    some = witnesses(store, thread, Askable(lambda: trail))

    some.ask(kept(store, turned()), "changes")
    finish(some)

    assert "by a fault of whynot" in thread.said[-1]
    assert store.witnesses.begin("q1", "changes", "C1", 2, 3)


def test_nobody_is_asked_about_a_snapshot_folder(store: Store) -> None:
    some = witnesses(store, Thread(), Askable(), threats={"when": "always"})

    assert (some.known, some.offers(whole=True)) == (frozenset(), frozenset())
