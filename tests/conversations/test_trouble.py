"""Slack refuses, limits, loses and repeats; people stop, delete and write nonsense. An answer comes, or why not."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from functools import partial

import pytest

from bot.runner.desk import LEASE_SECONDS
from bot.views.ladder import NEWER
from tests.conversations.conftest import FILES_TAKE, RETRIES, Room, only_once, over_http, over_socket, still_answers
from tests.conversations.served_app import ServedApp
from tests.slack_double.deliveries import Attempt
from tests.slack_double.http_delivery import encoded
from tests.slack_double.person import Person
from tests.slack_double.reading import Element
from tests.slack_double.screens import Seen

BLOCKED = "why can't 10.0.1.10 reach RDS on 3306"
MANY = {"people": {"per_minute": 1000}}
SERVERS = (("orders-db", 3306), ("reports-db", 5432))
FLOWS = [(web, *server) for server in SERVERS for web in ("web-1", "web-2", "web-3")]
"""Each has records in the newest hour of the flow logs, so none of their answers reads the whole day."""


def asked_about(ann: Person, channel: str, flows: Iterable[tuple[str, str, int]]) -> dict[str, Seen]:
    """A question for each flow, by the words that stand in its answer alone."""
    return {
        f"{web} \u2192 {server}, tcp {port}": ann.mentions(channel, f"can {web} reach {server} on {port}")
        for web, server, port in flows
    }


def answers(asked: Seen, containing: str = "orders-db-sg") -> int:
    """How many answers a question has; what showed progress may still be about to go."""
    return sum(one.says(containing) for one in asked.replies())


def test_a_workspace_without_newer_blocks_gets_the_same_words_in_plainer_ones(room: Room) -> None:
    room.slack.refuses_blocks(*NEWER, "rich_text", "image")

    answer = room.ann.mentions(room.channel.id, BLOCKED).reply("orders-db-sg")

    assert {block["type"] for block in answer.blocks} <= {"header", "section", "divider", "context", "actions"}
    assert answer.says("aws ec2 authorize-security-group-ingress")
    assert answer.has_button("Show trace")


def test_a_picture_that_is_not_ready_in_time_is_set_as_text(room: Room) -> None:
    room.slack.api.files_take = 600.0

    answer = room.ann.mentions(room.channel.id, BLOCKED).reply("orders-db-sg", within=30)

    assert [block for block in answer.blocks if block["type"] == "image"] == []
    assert answer.says("app-acl")


def test_uploads_that_fail_cost_the_picture_and_nothing_else(room: Room) -> None:
    room.slack.fails("files.getUploadURLExternal", "missing_scope", times=9)

    answer = room.ann.mentions(room.channel.id, BLOCKED).reply("orders-db-sg")

    assert [block for block in answer.blocks if block["type"] == "image"] == []


def test_429_delays_an_answer_and_loses_none(room: Room) -> None:
    room.slack.rate_limits("chat.postMessage", retry_after=1, times=2)

    asked = room.ann.mentions(room.channel.id, BLOCKED)

    asked.reply("orders-db-sg", within=30)
    assert answers(asked) == 1


def test_a_status_line_or_picture_that_slack_puts_off_delays_no_answer(room: Room) -> None:
    for method in (
        "assistant.threads.setStatus",
        "agents.sessions.setStatus",
        "chat.update",
        "files.info",
        "files.getUploadURLExternal",
    ):
        room.slack.rate_limits(method, retry_after=300, times=99)

    room.ann.mentions(room.channel.id, BLOCKED).reply("orders-db-sg")


def test_a_trigger_that_has_expired_is_said_to_be_too_late(room: Room) -> None:
    answer = room.ann.mentions(room.channel.id, BLOCKED).reply("orders-db-sg")
    room.slack.fails("views.open", "expired_trigger_id")

    answer.click("This is wrong")

    told = room.ann.sees(room.channel.id, "again")
    assert told.message.only_for == room.ann.id


@pytest.mark.parametrize("after", [False, True], ids=["the call was lost", "its answer was lost"])
def test_a_connection_that_breaks_while_the_answer_is_posted_neither_loses_nor_doubles_it(
    room: Room, after: bool
) -> None:
    room.slack.resets("chat.postMessage", after=after)
    asked = room.ann.mentions(room.channel.id, BLOCKED)

    asked.reply("orders-db-sg", within=30)

    still_answers(room)
    assert answers(asked) == 1


def test_errors_of_slack_itself_are_tried_again(room: Room) -> None:
    room.slack.fails("chat.postMessage", "internal_error")
    asked = room.ann.mentions(room.channel.id, BLOCKED)

    asked.reply("orders-db-sg", within=30)

    assert answers(asked) == 1


def test_an_event_that_comes_five_times_is_answered_once(room: Room) -> None:
    room.slack.deliveries.copies = 5
    asked = room.ann.mentions(room.channel.id, BLOCKED)
    asked.reply("orders-db-sg")

    room.slack.deliveries.copies = 1
    still_answers(room)

    assert answers(asked) == 1


def test_many_questions_in_disorder_are_answered_once_each(room: Room) -> None:
    room.slack.deliveries.copies = 3
    with room.slack.deliveries.shuffled(seed=1):
        asked = asked_about(room.ann, room.channel.id, FLOWS[:5])

    for flow, one in asked.items():
        one.reply(flow, within=60)
    assert [answers(one, flow) for flow, one in asked.items()] == [1] * 5


def test_a_channel_that_the_app_was_removed_from_has_the_asker_told_directly(room: Room) -> None:
    room.slack.api.files_take = 600.0
    asked = room.ann.mentions(room.channel.id, BLOCKED)
    room.ann.waits_for(lambda: True if "processing" in room.slack.statuses(asked) else None, "work to begin")

    room.slack.removes_app_from(room.channel.id)

    assert room.ann.sees_direct("/invite", within=30).says("I am not in")
    assert answers(asked) == 0


def test_a_question_that_was_edited_or_deleted_makes_no_second_answer(room: Room) -> None:
    asked = room.ann.mentions(room.channel.id, BLOCKED)
    asked.reply("orders-db-sg")

    room.ann.edits(asked, f"<@U0WHYNOT> {BLOCKED}!")
    room.ann.deletes(asked)
    still_answers(room)

    assert answers(asked) == 1


NONSENSE = {
    "ten thousand characters": "why can't web-1 reach orders-db on 3306 " + "because " * 1250,
    "emoji": "why can't 🔥web-1🔥 reach 🗄️ on 3306",
    "right to left": "למה \u202eweb-1 לא מגיע orders-db",
    "zero width": "why can't web\u200b-1\u200d reach orders\ufeff-db on 3306",
    "markup": "why can't <!channel> reach `*_~x~_*` on 3306",
    "nothing but spaces": "   \u00a0 ",
    "control characters": "why\x00can't\x1b[31m web-1 reach orders-db on 3306",
}


def test_whatever_is_written_is_answered_or_asked_back_and_harms_nobody(room: Room) -> None:
    asked = {name: room.ann.mentions(room.channel.id, text) for name, text in NONSENSE.items()}

    for name, one in asked.items():
        reply = room.ann.waits_for(partial(last_word, one), f"an answer to {name}")
        assert not any(live in reply.text for live in ("<!", "<@", "<http")), name


def last_word(asked: Seen) -> Seen | None:
    """What is said in the end: what shows progress has gone, or is about to."""
    return next((one for one in asked.replies() if not one.has_button("Stop") and "ooking into" not in one.text), None)


MALFORMED: list[dict[str, object]] = [
    {"type": "event_callback"},
    {"type": "event_callback", "event": {"type": "app_mention"}},
    {"type": "event_callback", "event": {"type": "app_mention", "user": None, "channel": 5, "ts": [], "text": {}}},
    {"type": "event_callback", "event": {"type": "message", "channel_type": "im"}},
    {"type": "event_callback", "event": {"type": "message", "subtype": "message_changed"}},
    {"type": "event_callback", "event": {"type": "app_home_opened", "tab": "home"}},
    {"type": "event_callback", "event": {"type": "agent_session_stopped"}},
    {"type": "something_new"},
    {},
]


def test_malformed_events_stop_nothing(room: Room) -> None:
    room.slack.deliveries.retries_after = ()
    sent = [room.slack.deliveries.send("events_api", body) for body in MALFORMED]
    assert [one for one in sent if not one.settled.wait(10)] == []
    room.slack.deliveries.retries_after = RETRIES

    still_answers(room)


def test_presses_that_nobody_can_make_change_nothing(room: Room) -> None:
    answer = room.ann.mentions(room.channel.id, BLOCKED).reply("orders-db-sg")
    before = len(answer.replies())

    for forged in ("", "0" * 32, "' or 1=1 --", "\u202e", "x" * 2000):
        for action in ("show_commands", "stop", "retry", "wrong", "choose_party:0", "nobody_knows_this"):
            answer.act(Element("forged", action, "button", action, {}), {"value": forged})

    still_answers(room)
    shown = [one for one in answer.replies()[before:] if one.message.only_for is None]
    assert [one for one in shown if one.says("aws ec2")] == []


@over_http
def test_wrong_and_old_signatures_are_refused_and_the_app_lives_on(room: Room) -> None:
    http = room.slack.http
    assert http is not None
    body, kind = encoded(Attempt("events_api", {"type": "event_callback", "event": {"type": "app_mention"}}))
    good = http.signed(body)
    stamp = good["X-Slack-Request-Timestamp"]
    for headers in (
        {},
        {**good, "X-Slack-Signature": "v0=" + "0" * 64},
        {**good, "X-Slack-Request-Timestamp": str(int(stamp) - 400)},
        {**good, "X-Slack-Request-Timestamp": "soon"},
        {**good, "X-Slack-Request-Timestamp": "9" * 400},
        {**good, "X-Slack-Signature": "\u00e9"},
    ):
        reply = http.post(body, {"Content-Type": kind, **headers})
        assert reply.reason in {"status 400", "status 401", "status 403"}, (headers, reply)
    still_answers(room)


@over_http
def test_a_request_that_was_recorded_and_sent_again_is_answered_once(room: Room) -> None:
    http = room.slack.http
    assert http is not None
    asked = room.ann.mentions(room.channel.id, BLOCKED)
    asked.reply("orders-db-sg")
    (delivery, *_) = room.slack.announce(asked.message)
    body, kind = encoded(delivery.attempt)
    headers = {"Content-Type": kind, **http.signed(body)}
    for _ in range(3):
        http.post(body, headers)

    still_answers(room)
    assert answers(asked) == 1


@over_http
def test_slack_checks_the_address_with_a_challenge(room: Room) -> None:
    http = room.slack.http
    assert http is not None
    body = json.dumps({"type": "url_verification", "challenge": "c-1", "token": "x"})

    reply = http.post(body, {"Content-Type": "application/json", **http.signed(body)})

    assert reply.ok
    assert "c-1" in str(reply.body)


@over_socket
def test_every_way_in_which_a_socket_ends_loses_nothing(room: Room) -> None:
    for how in ("close", "reset", "refresh_requested", "warning"):
        if how in {"close", "reset"}:
            room.slack.socket.cut(how)
        else:
            room.slack.socket.disconnect(how)
        asked = room.ann.mentions(room.channel.id, BLOCKED)
        asked.reply("orders-db-sg", within=60)
        assert answers(asked) == 1


@only_once
def test_a_question_that_waits_says_its_place_and_can_be_stopped_and_asked_again(
    started: Callable[..., ServedApp],
) -> None:
    app = started(runner={"workers": 1}, **MANY)
    channel, ann = app.slack.channel("C0OPS000"), app.slack.person("UANN")
    asked = [ann.mentions(channel.id, BLOCKED) for _ in range(12)]

    last, waiting = ann.waits_for(
        lambda: next(((one, told) for one in asked for told in one.replies() if told.says("Waiting, number 1")), None),
        "the one of twelve that has ten before it",
    )
    waiting.click("Stop")

    stopped = last.reply("Stopped")
    for one in asked:
        if one is not last:
            one.reply("orders-db-sg", within=60)
    assert answers(last) == 0
    stopped.click("Ask again")
    last.reply("orders-db-sg", within=30)


def test_slacks_own_stop_button_stops_what_is_under_way(room: Room) -> None:
    room.slack.api.files_take = 600.0
    asked = room.ann.mentions(room.channel.id, BLOCKED)
    room.ann.waits_for(lambda: True if "processing" in room.slack.statuses(asked) else None, "a session")

    room.ann.stops(asked)

    asked.reply("Stopped", within=30)
    room.slack.api.files_take = FILES_TAKE
    still_answers(room)
    assert answers(asked) == 0


@only_once
def test_a_crash_in_the_middle_leaves_a_thread_that_says_so_and_can_be_tried_again(
    started: Callable[..., ServedApp],
) -> None:
    app = started()
    slack = app.slack
    slack.api.files_take = 600.0
    channel, ann = slack.channel("C0OPS000"), slack.person("UANN")
    asked = ann.mentions(channel.id, BLOCKED)
    ann.waits_for(lambda: slack.calls("files.info") or None, "the picture to be waited for")

    app.kill()
    assert 0 < app.lets_leases_lapse() <= LEASE_SECONDS
    slack.api.files_take = 0.1
    app.start()

    asked.reply("Interrupted", within=60).click("Ask again")
    asked.reply("orders-db-sg", within=30)
    assert answers(asked) == 1


@only_once
def test_a_graceful_stop_loses_no_question(started: Callable[..., ServedApp]) -> None:
    app = started(runner={"workers": 1, "stop_seconds": 2})
    slack = app.slack
    channel, ann = slack.channel("C0OPS000"), slack.person("UANN")
    slack.api.files_take = 600.0
    asked = [ann.mentions(channel.id, BLOCKED) for _ in range(4)]
    ann.waits_for(lambda: slack.calls("files.info") or None, "the first to be worked on")

    assert app.stop() == 0
    slack.api.files_take = 0.1
    app.start()

    for one in asked:
        one.reply("orders-db-sg", within=60)
    assert [answers(one) for one in asked] == [1] * 4


@only_once
def test_a_snapshot_that_is_not_there_is_said_with_who_must_act_and_is_no_ready_app(
    started: Callable[..., ServedApp], tmp_path_factory: pytest.TempPathFactory
) -> None:
    app = started(ready=False, account={"snapshot": str(tmp_path_factory.mktemp("empty")), "flow_logs": "[]"})
    channel, ann = app.slack.channel("C0OPS000"), app.slack.person("UANN")

    reply = ann.mentions(channel.id, BLOCKED).reply("could not be answered", within=30)

    assert reply.says("holds no JSON file")
    assert reply.has_button("Try again")
    assert (app.probe("/livez"), app.probe("/readyz")) == (200, 503)


def test_deliveries_thrice_in_disorder_across_a_restart_are_answered_once_each(
    started: Callable[..., ServedApp],
) -> None:
    app = started(**MANY)
    slack = app.slack
    channel, ann = slack.channel("C0OPS000"), slack.person("UANN")
    asked = asked_about(ann, channel.id, FLOWS)
    ann.waits_for(lambda: [one for one in asked.values() if one.replies()] or None, "the first answer")

    app.stop()
    app.start()
    bodies = [one for message in asked.values() for one in message.message.events] * 3
    random.Random(3).shuffle(bodies)
    for body in bodies:
        slack.deliveries.send("events_api", body)

    for flow, one in asked.items():
        one.reply(flow, within=90)
    assert [answers(one, flow) for flow, one in asked.items()] == [1] * 6
