"""What goes wrong when a test says so: errors, limits, and connections that break."""

from __future__ import annotations

from http.client import RemoteDisconnected

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler

from tests.slack_double.conftest import refused
from tests.slack_double.double import SlackDouble


def test_a_call_fails_as_often_as_asked_and_then_works(slack: SlackDouble, client: WebClient) -> None:
    slack.fails("chat.postMessage", "internal_error", times=2)

    for _ in range(2):
        assert refused(lambda: client.chat_postMessage(channel="C1", text="x")) == "internal_error"
    client.chat_postMessage(channel="C1", text="x")
    client.auth_test()


def test_a_call_fails_only_for_what_the_test_means(slack: SlackDouble, client: WebClient) -> None:
    slack.fails("chat.postMessage", "fatal_error", only_if=lambda call: "bad" in call.text("text"))

    client.chat_postMessage(channel="C1", text="good")
    assert refused(lambda: client.chat_postMessage(channel="C1", text="bad")) == "fatal_error"


def test_429_says_when_to_come_back_and_the_sdks_handler_does(slack: SlackDouble, client: WebClient) -> None:
    slack.rate_limits("chat.update", retry_after=7)
    slack.rate_limits("chat.postMessage", retry_after=0)

    with pytest.raises(SlackApiError) as caught:
        client.chat_update(channel="C1", ts="1", text="x")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")
    patient = WebClient(token=slack.bot_token, base_url=slack.base_url, retry_handlers=[RateLimitErrorRetryHandler()])
    assert patient.chat_postMessage(channel="C1", text="x")["ok"]


def test_a_method_called_more_often_than_its_tier_allows_is_limited(slack: SlackDouble, client: WebClient) -> None:
    slack.api.keeps_tiers = True
    ts = client.chat_postMessage(channel="C1", text="x")["ts"]
    for number in range(50):
        client.chat_update(channel="C1", ts=ts, text=f"{number}")

    with pytest.raises(SlackApiError) as caught:
        client.chat_update(channel="C1", ts=ts, text="too many")

    assert int(caught.value.response.headers["Retry-After"]) <= 60
    slack.clock.advance(61)
    client.chat_update(channel="C1", ts=ts, text="later")


def test_a_connection_that_breaks_before_loses_the_call_and_after_only_the_answer(
    slack: SlackDouble, client: WebClient
) -> None:
    lost = (ConnectionError, RemoteDisconnected, OSError)
    slack.resets("chat.postMessage")
    with pytest.raises(lost):
        client.chat_postMessage(channel="C1", text="never arrived")
    slack.resets("chat.postMessage", after=True)
    with pytest.raises(lost):
        client.chat_postMessage(channel="C1", text="arrived")

    assert [one.text for one in slack.workspace.visible("C1")] == ["arrived"]


def test_the_sdks_retry_doubles_a_message_whose_answer_was_lost(slack: SlackDouble) -> None:
    """Worth knowing for whoever writes the sending: chat.postMessage has no key that would make it safe to repeat."""
    slack.resets("chat.postMessage", after=True)
    eager = WebClient(token=slack.bot_token, base_url=slack.base_url, retry_handlers=[ConnectionErrorRetryHandler()])

    eager.chat_postMessage(channel="C1", text="twice")

    assert [one.text for one in slack.workspace.visible("C1")] == ["twice", "twice"]


def test_a_server_error_has_status_500(slack: SlackDouble, client: WebClient) -> None:
    slack.breaks("chat.postMessage")

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C1", text="x")

    assert caught.value.response.status_code == 500
