"""When AWS is asked by itself, that it is asked once, and what is said when a process took an opinion with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from bot.access.scope import Scope
from bot.health.metrics import Metrics
from bot.runner.courier import Courier
from bot.runner.networks import Networks, Sight
from bot.runner.opinions import AT_ONCE, Opinions, Wherewithal
from bot.settings.values import Settings
from bot.store.rows import StoredQuestion
from bot.store.store import Store
from bot.views.answers import buttons
from bot.views.message import Message
from diagnosis.answer import Answer
from diagnosis.evidence.agreement import DIFFER
from diagnosis.evidence.analysis import Analysis
from diagnosis.explanation.path_request import PathRequest
from diagnosis.investigate import Asked, investigate
from diagnosis.network.build import build
from diagnosis.question.parse import parse
from diagnosis.snapshots.embedded_account import snapshot_folder
from diagnosis.snapshots.read import read_snapshot
from diagnosis.snapshots.write import write_snapshot
from diagnosis.testimony import Evidence
from tests.diagnosis.explanation.opinions import Aws

QUESTION = "why can't 10.0.1.10 reach 10.0.2.20 on 3306"
FOUND = {"NetworkPathFound": True, "ReturnPathComponents": [{"Component": {"Id": "eni-1"}}]}


class Thread:
    """What is said in a thread, in the place of Slack."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.gone: list[str] = []

    def post(self, channel: str, message: Message, *, thread: str | None = None) -> str:
        self.said.append(message.text)
        return f"ts{len(self.said)}"

    def update(self, channel: str, ts: str, message: Message) -> None:
        self.said.append(f"{ts}: {message.text}")

    def delete(self, channel: str, ts: str) -> None:
        self.gone.append(ts)


class OneSight:
    """The embedded account, as every channel sees it."""

    def __init__(self) -> None:
        described = read_snapshot(snapshot_folder())
        network = build(described)
        self.seen = Sight(network, network, described)

    def sight(self, scope: Scope, say: Callable[[str], None]) -> Sight:
        if scope != Scope():
            return Sight(build(self.seen.described), self.seen.whole, self.seen.described)
        return self.seen


SIGHT = OneSight()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'whynot.db'}")
    yield opened
    opened.close()


def answer(agreement: str = "") -> Answer:
    found = investigate(SIGHT.seen.network, Asked(parse(QUESTION)), None)
    assert isinstance(found, Answer)
    return found.model_copy(update={"evidence": Evidence(agreement=agreement)})


def kept(store: Store, said: Answer) -> StoredQuestion:
    row = StoredQuestion(
        id="q1", team="T", channel="C1", thread="1", person="U", surface="mention", text=QUESTION, asked_at=1,
        question=said.question.model_dump_json(), state="answered", verdict=said.verdict, answer=said.model_dump_json(),
    )  # fmt: skip
    store.add(row, ())
    return row


def opinions(store: Store, thread: Thread, source: Any, now: float = 1_000.0, **said: Any) -> Opinions:
    channels = said.pop("channels", {"C1": {}})
    settings = Settings.model_validate({"channels": channels, "second_opinion": {"when": "asked", **said}})
    slack, aws = cast("Courier", thread), cast("Networks", SIGHT)
    given = Wherewithal(settings, store, slack, aws, write_snapshot, Metrics().fault, now=lambda: now)
    return Opinions(given, source, threading.Event())


def finish(some: Opinions) -> None:
    """Let what is under way come to its end, then stop."""
    some._crew.close(waiting=True, given=True)
    some.stop()


@pytest.mark.parametrize(
    ("when", "agreement", "asked"),
    [
        ("disagreement", f"{DIFFER}the logs say ACCEPT.", 1),
        ("disagreement", "Configuration and logs agree.", 0),
        ("asked", f"{DIFFER}the logs say ACCEPT.", 0),
        ("off", f"{DIFFER}the logs say ACCEPT.", 0),
    ],
)
def test_it_is_asked_by_itself_where_the_witnesses_differ_and_the_settings_say_so(
    store: Store, when: str, agreement: str, asked: int
) -> None:
    thread, aws = Thread(), Aws(FOUND)
    some = opinions(store, thread, aws, when=when)
    said = answer(agreement)

    some.consider(kept(store, said), said)
    finish(some)

    assert len(aws.asked) == asked
    assert ("Second opinion: AWS disagrees" in thread.said) == bool(asked)


def test_the_answer_that_is_kept_has_the_opinion_from_then_on(store: Store) -> None:
    thread = Thread()
    some = opinions(store, thread, Aws(FOUND))
    row = kept(store, answer())

    assert some.ask(row)
    finish(some)

    again = store.get("q1")
    assert again is not None
    evidence = Answer.model_validate_json(again.answer or "").evidence
    assert evidence.second_opinion is not None
    assert evidence.agreement == evidence.second_opinion.text
    assert thread.gone == ["ts1"]


def test_while_one_is_under_way_there_is_no_second(store: Store) -> None:
    going, done = threading.Event(), threading.Event()

    class Slow(Aws):
        def analyse(self, request: PathRequest, say: Callable[[str], None]) -> Analysis:
            going.set()
            done.wait(10)
            return super().analyse(request, say)

    some = opinions(store, Thread(), Slow(FOUND))
    row = kept(store, answer())

    assert some.ask(row)
    assert going.wait(10)
    assert not some.ask(row)
    done.set()
    finish(some)


def test_in_a_channel_with_a_scope_aws_is_not_asked_for_it_could_name_what_lies_outside(store: Store) -> None:
    thread, aws = Thread(), Aws(FOUND)
    some = opinions(store, thread, aws, channels={"C1": {"vpcs": ["vpc-0a1"]}})

    some.ask(kept(store, answer()))
    finish(some)

    assert aws.asked == []
    assert thread.said[-1] == "No second opinion"


def test_where_the_network_has_changed_since_the_answer_that_is_told(store: Store) -> None:
    some = opinions(store, Thread(), Aws(FOUND))

    some.ask(kept(store, answer().model_copy(update={"verdict": "reachable"})))
    finish(some)

    row = store.get("q1")
    assert row is not None
    second = Answer.model_validate_json(row.answer or "").evidence.second_opinion
    assert second is not None
    assert "The network has changed since the answer: it is blocked now" in second.caveats[0]


def test_a_fault_of_ours_ends_it_with_a_word_and_is_no_end_of_others(store: Store) -> None:
    thread = Thread()
    some = opinions(store, thread, Aws(RuntimeError("nobody foresaw this")))
    row = kept(store, answer())

    assert some.ask(row)
    finish(some)

    assert "by a fault of whynot" in thread.said[-1]
    assert store.witnesses.begin("q1", "opinion", "C1", 2, 3)


def test_one_that_waited_so_long_that_it_was_given_up_asks_nothing(store: Store) -> None:
    thread, aws = Thread(), Aws(FOUND)
    some = opinions(store, thread, aws)
    row = kept(store, answer())
    done = threading.Event()
    for _ in range(AT_ONCE):  # every thread is busy
        some._crew.give(partial(done.wait, 10))

    assert some.ask(row)
    store.witnesses.end(row.id, "opinion", "interrupted")
    done.set()
    finish(some)

    assert (aws.asked, thread.said) == ([], [])


def test_an_opinion_that_a_process_took_with_it_is_told_as_interrupted_once(store: Store) -> None:
    thread = Thread()
    store.witnesses.begin("q1", "opinion", "C1", 1, 900)
    store.witnesses.shows("q1", "opinion", "17.5")
    some = opinions(store, thread, Aws(FOUND))

    some.interrupted()
    some.interrupted()

    assert [one.partition(":")[0] for one in thread.said] == ["17.5"]
    assert "interrupted by a restart" in thread.said[0]


def test_an_answer_offers_it_with_its_price_only_where_it_is_offered(store: Store) -> None:
    said = answer()

    offered = {when: opinions(store, Thread(), Aws(FOUND), when=when).offered for when in ("off", "asked")}
    without_account = opinions(store, Thread(), None).offered

    assert (offered, without_account) == ({"off": False, "asked": True}, False)
    assert "Second opinion of AWS ($0.10)" in str(buttons(said, "q1", offers={"opinion"}))
    assert "Second opinion" not in str(buttons(said, "q1"))
