"""Blocks that Slack refuses are refused, and a message of every kind of block is not."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.views.lint import faults
from tests.slack_double.conftest import refused
from tests.slack_double.double import SlackDouble

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def section(text: str, **more: Any) -> Block:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(**more: Any) -> Block:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements)}


def select(*options: Block) -> Block:
    return {"type": "static_select", "action_id": "s", "placeholder": plain("Which"), "options": list(options)}


def option(text: str, value: str = "v") -> Block:
    return {"text": plain(text), "value": value}


def table(*rows: int) -> Block:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * cells for cells in rows]}


REFUSED = {
    "a section of 3,001 characters": [section("x" * 3001)],
    "a section without text": [{"type": "section"}],
    "an empty text": [section("")],
    "eleven fields": [{"type": "section", "fields": [mrkdwn("x")] * 11}],
    "a field of 2,001 characters": [{"type": "section", "fields": [mrkdwn("x" * 2001)]}],
    "a header of 151 characters": [{"type": "header", "text": plain("x" * 151)}],
    "a header in mrkdwn": [{"type": "header", "text": mrkdwn("x")}],
    "a button in mrkdwn": [actions(button(text=mrkdwn("x")))],
    "a button text of 76 characters": [actions(button(text=plain("x" * 76)))],
    "a button value of 2,001 characters": [actions(button(value="x" * 2001))],
    "a button in a colour of its own": [actions(button(style="green"))],
    "a long confirmation": [
        actions(
            button(confirm={"title": plain("t"), "text": plain("x" * 301), "confirm": plain("y"), "deny": plain("n")})
        )
    ],
    "26 buttons": [actions(*[button(action_id=f"b{number}") for number in range(26)])],
    "101 options": [actions(select(*[option(f"o{number}", f"{number}") for number in range(101)]))],
    "an option of 76 characters": [actions(select(option("x" * 76)))],
    "an option value of 151 characters": [actions(select(option("x", "x" * 151)))],
    "one action_id twice": [actions(button()), actions(button())],
    "one block_id twice": [section("a", block_id="b"), section("c", block_id="b")],
    "51 blocks": [section(f"{number}") for number in range(51)],
    "an unknown block": [{"type": "banner", "text": plain("x")}],
    "an alert in a message": [{"type": "alert", "text": mrkdwn("x"), "level": "info"}],
    "an image without alt text": [{"type": "image", "image_url": "https://example.com/x.png"}],
    "an image of two sources": [
        {"type": "image", "alt_text": "x", "image_url": "https://example.com/x.png", "slack_file": {"id": "F00000001"}}
    ],
    "a picture that nobody uploaded": [{"type": "image", "alt_text": "x", "slack_file": {"id": "F00000001"}}],
    "eleven elements of a context": [{"type": "context", "elements": [mrkdwn("x")] * 11}],
    "a ragged table": [table(2, 3)],
    "a table of 101 rows": [table(*[2] * 101)],
    "a table of 21 columns": [table(21)],
    "two tables": [table(2), table(2)],
    "12,001 characters of markdown": [
        {"type": "markdown", "text": "x" * 6001},
        {"type": "markdown", "text": "x" * 6000},
    ],
    "a task of no known state": [{"type": "task_card", "task_id": "t", "title": "x", "status": "done"}],
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(slack: SlackDouble, client: WebClient, name: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C1", text="x", blocks=REFUSED[name])

    assert caught.value.response["error"] == "invalid_blocks"
    assert "[json-pointer:/blocks" in caught.value.response["response_metadata"]["messages"][0]
    assert name == "a picture that nobody uploaded" or slack.api.faults
    slack.api.faults.clear()


@pytest.mark.parametrize("name", sorted(set(REFUSED) - {"a picture that nobody uploaded"}))
def test_the_apps_own_lint_would_have_found_it(name: str) -> None:
    """Two tables of limits that were written apart agree on what is refused."""
    assert faults({"text": "x", "blocks": REFUSED[name]}, "message")


def test_a_message_of_many_blocks_is_taken_and_every_block_has_an_id(client: WebClient) -> None:
    blocks = [
        {"type": "header", "text": plain("x" * 150)},
        section("x" * 3000, accessory=button(action_id="other")),
        {"type": "section", "fields": [mrkdwn("x")] * 10},
        {"type": "divider"},
        {"type": "context", "elements": [mrkdwn("x")] * 10},
        actions(button(style="danger", value="x" * 2000), select(option("one"), option("two", "w"))),
        {"type": "image", "alt_text": "a path", "image_url": "https://example.com/x.png"},
        {"type": "markdown", "text": "**x**"},
        table(3, 3),
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "aws ec2"}]}],
        },
        {
            "type": "data_visualization",
            "title": "rejects",
            "chart": {"type": "pie", "segments": [{"label": "a", "value": 1}]},
        },
    ]

    sent = client.chat_postMessage(channel="C1", text="x", blocks=blocks)["message"]["blocks"]

    assert [one["type"] for one in sent] == [one["type"] for one in blocks]
    assert all(one["block_id"] for one in sent)


def test_all_blocks_together_have_a_limit_that_no_page_names(client: WebClient) -> None:
    four = [section("x" * 3000) for _ in range(4)]
    client.chat_postMessage(channel="C1", text="x", blocks=four)

    assert (
        refused(lambda: client.chat_postMessage(channel="C1", text="x", blocks=[*four, section("x" * 1300)]))
        == "msg_blocks_too_long"
    )


def test_a_workspace_without_newer_blocks_refuses_them_and_it_is_no_fault(
    slack: SlackDouble, client: WebClient
) -> None:
    slack.refuses_blocks("markdown", "table")

    assert refused(lambda: client.chat_postMessage(channel="C1", text="x", blocks=[table(2)])) == "invalid_blocks"
    client.chat_postMessage(channel="C1", text="x", blocks=[section("x")])


def test_what_slack_sdks_models_do_not_know_is_a_fault(slack: SlackDouble, client: WebClient) -> None:
    client.chat_postMessage(channel="C1", text="x", blocks=[section("x", colour="red")])

    assert any("slack_sdk knows no /colour" in fault for fault in slack.api.faults)
    slack.api.faults.clear()
