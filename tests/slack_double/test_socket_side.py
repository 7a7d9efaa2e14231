"""Socket Mode: connections come and go, and no event is lost by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.slack_double.double import SlackDouble
from tests.slack_double.small_app import echo, serving, small_app


@pytest.fixture
def bare() -> Iterator[SlackDouble]:
    with SlackDouble() as slack:
        slack.channel("C1")
        yield slack


@contextmanager
def opened(slack: SlackDouble) -> Iterator[ClientConnection]:
    client = WebClient(base_url=slack.base_url)
    url = client.apps_connections_open(app_token=slack.app_token)["url"]
    # One that was made to hang does not take part in its closing: nobody learns anything by waiting for that.
    with connect(url, compression=None, close_timeout=0.2) as connection:
        yield connection


def test_the_first_thing_said_is_hello(bare: SlackDouble) -> None:
    with opened(bare) as connection:
        hello = json.loads(connection.recv(5))

    assert (hello["type"], hello["num_connections"]) == ("hello", 1)


def test_an_address_is_good_for_one_connection(bare: SlackDouble) -> None:
    client = WebClient(base_url=bare.base_url)
    url = client.apps_connections_open(app_token=bare.app_token)["url"]

    with connect(url) as first, connect(url) as second:
        assert first.recv(5)
        with pytest.raises(ConnectionClosed):
            second.recv(5)


def test_an_app_has_at_most_ten_connections(bare: SlackDouble) -> None:
    with ExitStack() as connections:
        for _ in range(10):
            connections.enter_context(opened(bare))
        assert bare.socket.wait_open(10, 5)

        with opened(bare) as eleventh, pytest.raises(ConnectionClosed):
            eleventh.recv(5)


def test_an_envelope_waits_for_its_ack_and_is_sent_again_over_another_connection(bare: SlackDouble) -> None:
    with opened(bare) as first:
        assert json.loads(first.recv(5))["type"] == "hello"
        assert bare.socket.wait_open(1, 5)
        (delivery, _) = bare.announce(bare.person("U1").mentions("C1", "why").message)
        envelope = json.loads(first.recv(5))
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("events_api", False)
        bare.socket.cut("close")
    with opened(bare) as second:
        seen = [json.loads(second.recv(5)) for _ in range(5)]
        again = [one for one in seen[1:] if one["payload"]["event_id"] == delivery.attempt.body["event_id"]]
        for one in seen[1:]:
            second.send(json.dumps({"envelope_id": one["envelope_id"]}))
        assert delivery.settled.wait(5)

    assert again[0]["retry_attempt"] == 1
    assert again[0]["envelope_id"] != envelope["envelope_id"]


@pytest.mark.parametrize("how", ["close", "reset", "warning", "refresh_requested"])
def test_bolt_connects_anew_and_what_was_asked_meanwhile_is_answered(bare: SlackDouble, how: str) -> None:
    app = small_app(bare)
    echo(app)
    with serving(app, bare, "socket"):
        bare.person("U1").mentions("C1", "before").reply("before")
        opened_before = bare.socket.opened
        if how in {"close", "reset"}:
            bare.socket.cut(how)
        else:
            bare.socket.disconnect(how)
        asked = bare.person("U1").mentions("C1", "meanwhile")

        # Perhaps twice: an ack may be lost with its connection, and this small app does not remember what it answered.
        assert asked.reply("meanwhile").text
        bare.waits_for(lambda: bare.socket.opened > opened_before or None, "another connection", 10)


def test_rubbish_on_the_socket_stops_nobody(bare: SlackDouble) -> None:
    app = small_app(bare)
    echo(app)
    with serving(app, bare, "socket"):
        for text in ("", "{}", "not json", '{"type": "events_api", "envelope_id": "1", "payload": {}}'):
            bare.socket.send_raw(text)

        bare.person("U1").mentions("C1", "still there").reply("still there")


def test_a_connection_that_hangs_gets_nothing_and_what_was_meant_for_it_comes_by_another(bare: SlackDouble) -> None:
    with opened(bare) as silent:
        assert json.loads(silent.recv(5))["type"] == "hello"
        assert bare.socket.wait_open(1, 5)
        bare.socket.cut("hang")
        bare.person("U1").mentions("C1", "why")
        with opened(bare) as live:
            assert json.loads(live.recv(5))["type"] == "hello"
            envelope = json.loads(live.recv(5))
        with pytest.raises(TimeoutError):
            silent.recv(0.1)

    assert envelope["payload"]["event"]["text"] == "<@U0WHYNOT> why"
