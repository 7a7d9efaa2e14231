"""Status lines, prompts, sessions, and messages that appear bit by bit."""

from __future__ import annotations

from typing import Any

from slack_sdk import WebClient

from tests.slack_double.conftest import refused
from tests.slack_double.double import SlackDouble
from tests.slack_double.installation import EVERY_EVENT, Installation


def test_a_status_goes_when_the_app_answers_or_after_two_minutes(slack: SlackDouble, client: WebClient) -> None:
    asked = slack.person("UANN").says("C1", "why")
    client.assistant_threads_setStatus(channel_id="C1", thread_ts=asked.message.ts, status="is reading routes...")

    assert slack.status(asked) == "is reading routes..."
    slack.clock.advance(121)
    assert slack.status(asked) == ""
    client.assistant_threads_setStatus(channel_id="C1", thread_ts=asked.message.ts, status="is tracing...")
    client.chat_postMessage(channel="C1", thread_ts=asked.message.ts, text="answer")
    assert slack.status(asked) == ""
    assert slack.statuses(asked) == ["is reading routes...", "is tracing..."]


def test_at_most_ten_loading_messages_and_four_prompts(slack: SlackDouble, client: WebClient) -> None:
    ts = slack.person("UANN").says("C1", "why").message.ts
    prompt = {"title": "t", "message": "m"}

    assert (
        refused(
            lambda: client.assistant_threads_setStatus(
                channel_id="C1", thread_ts=ts, status="x", loading_messages=["x"] * 11
            )
        )
        == "invalid_arguments"
    )
    assert (
        refused(lambda: client.assistant_threads_setSuggestedPrompts(channel_id="C1", prompts=[prompt] * 5))
        == "invalid_arguments"
    )
    client.assistant_threads_setSuggestedPrompts(channel_id="C1", thread_ts=ts, prompts=[prompt] * 4)
    client.assistant_threads_setTitle(channel_id="C1", thread_ts=ts, title="web-1 to orders-db")


def test_a_session_has_a_stop_button_while_it_works(slack: SlackDouble, client: WebClient) -> None:
    ts = slack.person("UANN").says("C1", "why").message.ts

    answer = client.agents_sessions_setStatus(channel_id="C1", thread_ts=ts, status="processing", title="web-1")

    assert (answer["status"], answer["title"], "warning" in answer.data) == ("processing", "web-1", False)
    assert refused(lambda: client.agents_sessions_setStatus(channel_id="C1", thread_ts=ts, status="busy")) == (
        "invalid_arguments"
    )
    client.agents_sessions_rename(channel_id="C1", thread_ts=ts, title="web-1 to db")


def test_an_app_that_does_not_hear_of_stop_is_warned() -> None:
    with SlackDouble(Installation(events=EVERY_EVENT - {"agent_session_stopped"})) as slack:
        slack.channel("C1")
        client = WebClient(token=slack.bot_token, base_url=slack.base_url)
        ts = slack.person("U1").says("C1", "why").message.ts

        answer = client.agents_sessions_setStatus(channel_id="C1", thread_ts=ts, status="processing")

        assert answer["warning"] == "missing_agent_session_stopped_event_subscription"


def test_a_message_is_streamed_into_a_thread(slack: SlackDouble, client: WebClient) -> None:
    asked = slack.person("UANN").says("C1", "why")
    stream = client.chat_stream(
        channel="C1", thread_ts=asked.message.ts, recipient_team_id="T0ACME", recipient_user_id="UANN", buffer_size=1
    )
    task = {"type": "task_update", "id": "1", "title": "Reading security groups", "status": "in_progress"}

    stream.append(chunks=[task])
    shown = asked.reply("Reading security groups")
    assert shown.message.is_streaming
    stream.append(markdown_text="It is ")
    stream.stop(
        markdown_text="the route.",
        blocks=[{"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "More"}}]}],
    )

    assert (shown.text, shown.buttons, shown.message.is_streaming) == ("It is the route.", ["More"], False)
    ts = shown.message.ts
    late = refused(lambda: client.chat_appendStream(channel="C1", ts=ts, markdown_text="x"))
    assert late == "message_not_in_streaming_state"


def test_a_stream_needs_a_recipient_in_channels_and_knows_its_chunks(slack: SlackDouble, client: WebClient) -> None:
    ts = slack.person("UANN").says("C1", "why").message.ts
    to: dict[str, Any] = {"recipient_team_id": "T0ACME", "recipient_user_id": "UANN"}

    assert refused(lambda: client.chat_startStream(channel="C1", thread_ts=ts)) == "missing_recipient_team_id"
    assert (
        refused(lambda: client.chat_startStream(channel="C1", thread_ts=ts, chunks=[{"type": "drum"}], **to))
        == "invalid_chunks"
    )
    assert (
        refused(lambda: client.chat_startStream(channel="C1", thread_ts=ts, markdown_text="x" * 12001, **to))
        == "msg_too_long"
    )
    begun = client.chat_startStream(channel="C1", thread_ts=ts, **to)["ts"]
    assert refused(lambda: client.chat_update(channel="C1", ts=begun, text="x")) == "streaming_state_conflict"
