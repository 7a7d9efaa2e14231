"""Events are signed, sent again when nobody acknowledged them, and in disorder when a test asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from slack_bolt import App, BoltRequest

from tests.slack_double.deliveries import Reply
from tests.slack_double.double import SlackDouble
from tests.slack_double.http_delivery import HttpDelivery
from tests.slack_double.installation import Installation
from tests.slack_double.person import NotSeen
from tests.slack_double.small_app import WAYS, Way, serving, small_app


class Ears:
    """What an app heard: event ids in order, with the retry number of each."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.texts: list[str] = []
        self.retries: list[str] = []
        self.kinds: list[str] = []
        self.changed = threading.Condition()

    def hear(self, request: BoltRequest, body: dict[str, Any], event: dict[str, Any]) -> None:
        with self.changed:
            self.events.append(body["event_id"])
            self.texts.append(event.get("text", ""))
            self.kinds.append(event["type"])
            self.retries.append((request.headers.get("x-slack-retry-num") or ["0"])[0])
            self.changed.notify_all()

    def heard(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.events) >= count, 10), self.events


@contextmanager
def listening(slack: SlackDouble, way: Way) -> Iterator[Ears]:
    ears = Ears()
    app = small_app(slack)
    app.event("app_mention")(ears.hear)
    app.event("message")(ears.hear)
    with serving(app, slack, way):
        yield ears


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


def only_mentions() -> SlackDouble:
    slack = SlackDouble(Installation(events=frozenset({"app_mention"})))
    slack.channel("C1")
    return slack


def test_a_mention_comes_twice_where_the_app_hears_messages_too(way: Way) -> None:
    with SlackDouble() as slack:
        slack.channel("C1")
        with listening(slack, way) as ears:
            slack.person("U1").mentions("C1", "why")
            ears.heard(2)

    assert sorted(ears.kinds) == ["app_mention", "message"]
    assert len(set(ears.events)) == 2
    assert len(set(ears.texts)) == 1


def test_copies_have_one_event_id_and_say_that_they_are_retries(way: Way) -> None:
    with only_mentions() as slack, listening(slack, way) as ears:
        slack.deliveries.copies = 3
        slack.person("U1").mentions("C1", "why")
        ears.heard(3)

    assert len(set(ears.events)) == 1
    assert sorted(ears.retries) == ["0", "1", "2"]


def test_held_events_come_in_another_order(way: Way) -> None:
    with only_mentions() as slack, listening(slack, way) as ears:
        slack.deliveries.copies = 2
        with slack.deliveries.shuffled(seed=7):
            for number in range(12):
                slack.person("U1").mentions("C1", f"{number:02d}")
            assert ears.texts == []
        ears.heard(24)

    assert ears.texts != sorted(ears.texts)
    assert sorted(ears.texts[:]) == sorted([f"<@U0WHYNOT> {number:02d}" for number in range(12)] * 2)


def test_an_event_that_nobody_acknowledges_is_sent_four_times_by_slacks_clock(way: Way) -> None:
    with only_mentions() as slack:
        slack.deliveries.ack_within = 0.3
        app = small_app(slack)
        ears = Ears()

        @app.middleware
        def no_ack(req: BoltRequest) -> None:
            """Neither calls `next` nor answers, so Bolt has no response of 200."""
            ears.hear(req, req.body, req.body["event"])

        with serving(app, slack, way):
            slack.person("U1").mentions("C1", "why")
            ears.heard(2)
            for minutes in (1, 5):
                assert slack.deliveries.retry_is_due(5)
                slack.clock.advance(60 * minutes)
            ears.heard(4)
            slack.waits_for(lambda: slack.deliveries.unacknowledged or None, "the end of the retries", 5)

    assert ears.retries == ["0", "1", "2", "3"]
    assert len(set(ears.events)) == 1


def test_a_person_sees_that_an_app_did_not_respond(way: Way) -> None:
    with SlackDouble() as slack:
        slack.deliveries.ack_within = 0.3
        slack.channel("C1")
        with serving(small_app(slack), slack, way), pytest.raises(NotSeen, match="did not respond"):
            slack.person("U1").commands("/nothing", channel="C1")


def test_what_the_manifest_does_not_declare_does_not_exist() -> None:
    installation = Installation(
        events=frozenset({"app_mention"}), commands=frozenset({"/whynot"}), shortcuts=frozenset({"diagnose"})
    )
    with SlackDouble(installation) as slack:
        slack.channel("C1")
        one = slack.person("U1")
        asked = one.says("C1", "not for the app")
        with pytest.raises(NotSeen, match="/whynut is not a valid command"):
            one.commands("/whynut")
        with pytest.raises(NotSeen, match="no shortcut diagnoze"):
            one.uses_shortcut("diagnoze", on=asked)
        assert slack.announce(asked.message) == []


def test_an_app_hears_nothing_of_channels_that_it_is_not_in() -> None:
    with SlackDouble() as slack:
        slack.channel("C2", bot=False)
        asked = slack.person("U1").mentions("C2", "why")

        assert slack.announce(asked.message) == []


@contextmanager
def posting(slack: SlackDouble) -> Iterator[tuple[HttpDelivery, Callable[[], Reply]]]:
    app: App = small_app(slack)
    app.event("app_mention")(lambda: None)
    with serving(app, slack, "http"):
        assert slack.http is not None
        asked = slack.person("U1").mentions("C1", "why")

        def again() -> Reply:
            (delivery,) = slack.announce(asked.message)
            assert delivery.settled.wait(10)
            return delivery.replies[0]

        slack.deliveries.retries_after = ()
        yield slack.http, again


def test_bolt_takes_a_good_signature_and_refuses_wrong_and_old_ones() -> None:
    with only_mentions() as slack, posting(slack) as (http, again):
        assert again().ok
        http.age = 301
        assert again().reason == "status 401"
        http.age, http.secret = 0, "another secret"
        assert again().reason == "status 401"


def test_a_timestamp_that_is_no_number_can_be_sent() -> None:
    """Bolt's own verifier raises ValueError here, which an app must guard against; see the conversations."""
    with only_mentions() as slack, posting(slack) as (http, _):
        http.timestamp = "soon"

        assert http.signed("{}")["X-Slack-Request-Timestamp"] == "soon"
