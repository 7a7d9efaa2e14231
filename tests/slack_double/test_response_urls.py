"""A `response_url` takes five answers, for half an hour."""

from __future__ import annotations

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient, WebhookResponse

from tests.slack_double.double import SlackDouble
from tests.slack_double.workspace import Ticket


def answers(slack: SlackDouble, message: str | None = None) -> WebhookClient:
    return WebhookClient(slack.response_url(Ticket("UANN", 0, 0, "C1", message)))


def said(response: WebhookResponse) -> tuple[int, str]:
    return response.status_code, response.body


def test_the_sixth_answer_is_refused(slack: SlackDouble) -> None:
    url = answers(slack)

    assert [said(url.send(text=f"{number}")) for number in range(6)] == [(200, "ok")] * 5 + [(404, "used_url")]
    assert len(slack.workspace.visible("C1", "UANN")) == 5
    assert slack.workspace.visible("C1") == []


def test_an_answer_after_half_an_hour_is_refused(slack: SlackDouble) -> None:
    url = answers(slack)

    slack.clock.advance(30 * 60 + 1)

    assert said(url.send(text="late")) == (404, "expired_url")
    assert said(WebhookClient(f"{slack.base_url.removesuffix('api/')}respond/R1").send(text="x")) == (404, "not_found")


def test_an_answer_replaces_or_deletes_what_was_clicked_or_is_for_all(slack: SlackDouble, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C1", text="first")["ts"]

    answers(slack, ts).send(text="second", replace_original=True)
    answers(slack).send(text="for all", response_type="in_channel")
    assert [one.text for one in slack.workspace.visible("C1")] == ["second", "for all"]
    answers(slack, ts).send(text="", delete_original=True)
    assert [one.text for one in slack.workspace.visible("C1")] == ["for all"]
    assert said(answers(slack, ts).send(text="x", replace_original=True)) == (404, "message_not_found")
