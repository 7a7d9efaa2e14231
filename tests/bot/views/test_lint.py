"""What Slack would refuse is found before it is sent, and what must never be sent is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.views.lint import Breach, Fault, characters, faults
from bot.views.rules import Surface

Block = dict[str, Any]


def words(text: str, kind: str = "plain_text") -> dict[str, Any]:
    return {"type": kind, "text": text}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": words("Go"), "action_id": "go", "value": "v", **more}


def section(text: str = "a", **more: Any) -> Block:
    return {"type": "section", "text": words(text), **more}


def actions(*elements: dict[str, Any]) -> Block:
    return {"type": "actions", "elements": list(elements)}


def image(**more: Any) -> Block:
    return {"type": "image", "alt_text": "a path", **more}


def rows(count: int, columns: int = 2) -> list[list[dict[str, Any]]]:
    return [[{"type": "raw_text", "text": "c"} for _ in range(columns)] for _ in range(count)]


CONFIRM = {"title": words("Sure?"), "text": words("t" * 301), "confirm": words("Yes"), "deny": words("No")}
BROKEN: Mapping[str, tuple[Block, Breach]] = {
    "a section of 3,001 characters": (section("x" * 3001), "too-long"),
    "eleven fields": ({"type": "section", "fields": [words("f")] * 11}, "too-many"),
    "a header of 151 characters": ({"type": "header", "text": words("h" * 151)}, "too-long"),
    "26 buttons": (actions(*(button(action_id=f"go:{place}") for place in range(26))), "too-many"),
    "a value of 2,001 characters": (actions(button(value="v" * 2001)), "too-long"),
    "a button text of 76 characters": (actions(button(text=words("b" * 76))), "too-long"),
    "markdown of 12,001 characters": ({"type": "markdown", "text": "m" * 12_001}, "too-long"),
    "a confirmation of 301 characters": (actions(button(confirm=CONFIRM)), "too-long"),
    "a style that does not exist": (actions(button(style="loud")), "bad-value"),
    "a task status that does not exist": (
        {"type": "task_card", "task_id": "1", "title": "Read", "status": "soon"}, "bad-value",
    ),
    "a header with markup": ({"type": "header", "text": words("h", "mrkdwn")}, "bad-value"),
    "a button with markup": (actions(button(text=words("b", "mrkdwn"))), "bad-value"),
    "an image without alt text": ({"type": "image", "slack_file": {"id": "F0123456789"}}, "missing"),
    "a block that does not exist": ({"type": "banner", "text": words("b")}, "unknown-block"),
    "a key that does not exist": (section(colour="red"), "unknown-key"),
    "a field of 2,001 characters": ({"type": "section", "fields": [words("f" * 2001)]}, "too-long"),
    "an empty text": (section(""), "empty"),
    "an image by both url and file": (
        image(image_url="https://a.example/x.png", slack_file={"id": "F0123456789"}), "bad-value",
    ),
    "a table of 101 rows": ({"type": "table", "rows": rows(101)}, "too-many"),
    "a ragged table": ({"type": "table", "rows": [*rows(1, 2), *rows(1, 3)]}, "ragged"),
    "an action_id twice": (actions(button(), button()), "duplicate-id"),
}  # fmt: skip
MORE: Mapping[str, tuple[Block, Breach]] = {
    "an alert in a message": ({"type": "alert", "text": words("a")}, "wrong-surface"),
    "an alert in a container": (
        {"type": "container", "child_blocks": [{"type": "alert", "text": words("a")}]}, "bad-value",
    ),
    "eleven texts of small print": ({"type": "context", "elements": [words("c")] * 11}, "too-many"),
    "a file id that is none": (image(slack_file={"id": "x"}), "bad-value"),
    "an image of neither kind": (image(), "bad-value"),
    "a table of 21 columns": ({"type": "table", "rows": rows(1, 21)}, "too-many"),
    "a data table without a caption": ({"type": "data_table", "rows": rows(2)}, "missing"),
    "a data table of its header alone": ({"type": "data_table", "caption": "c", "rows": rows(1)}, "empty"),
    "a pending task card on its own": (
        {"type": "task_card", "task_id": "1", "title": "Read", "status": "pending"}, "bad-value",
    ),
    "a chart without a point for each category": (
        {"type": "data_visualization", "title": "t", "chart": {
            "type": "bar",
            "series": [{"name": "s", "data": [{"label": "a", "value": 1}]}],
            "axis_config": {"categories": ["a", "b"]},
        }}, "ragged",
    ),
    "a chart value that is no number": (
        {"type": "data_visualization", "title": "t", "chart": {
            "type": "pie", "segments": [{"label": "a", "value": float("nan")}],
        }}, "bad-value",
    ),
    "a menu of six behind three dots": (
        actions({"type": "overflow", "options": [{"text": words("o"), "value": str(n)} for n in range(6)]}), "too-many",
    ),
    "a menu of 101 options": (
        actions({"type": "static_select", "options": [{"text": words("o"), "value": str(n)} for n in range(101)]}),
        "too-many",
    ),
    "a menu with neither options nor groups": (actions({"type": "static_select"}), "bad-value"),
    "an option value of 151 characters": (
        actions({"type": "static_select", "options": [{"text": words("o"), "value": "v" * 151}]}), "too-long",
    ),
    "a call to everyone": (
        {"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "broadcast", "range": "channel"}]}
        ]}, "bad-value",
    ),
    "a link that is no https": (
        {"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "link", "url": "javascript:alert(1)"}]}
        ]}, "bad-value",
    ),
    "an unescaped mention": ({"type": "section", "text": words("<!channel>", "mrkdwn")}, "live-markup"),
    "an unescaped link": ({"type": "section", "text": words("<https://a.example|b>", "mrkdwn")}, "live-markup"),
    "an unescaped ampersand": ({"type": "section", "text": words("a & b", "mrkdwn")}, "live-markup"),
    "an override of direction": (section("\u202etxt"), "hidden-character"),
    "a zero-width space": (section("a\u200bb"), "hidden-character"),
    "a control character": (section("a\x1b[31m"), "hidden-character"),
    "a token": (section("xoxb-123456789012-abcdef"), "secret"),
    "an access key in a button": (actions(button(value="AKIAIOSFODNN7EXAMPLE")), "secret"),
    "an input nowhere to be sent from": ({"type": "input", "label": words("l")}, "missing"),
    "a text that is a number": (section(3), "bad-value"),  # type: ignore[arg-type]
    "a list that is a text": ({"type": "actions", "elements": "x"}, "bad-value"),
    "elements that are texts": ({"type": "actions", "elements": ["x"]}, "bad-value"),
}  # fmt: skip


def found(payload: Mapping[str, Any], surface: Surface = "message") -> set[str]:
    return {fault.breach for fault in faults(payload, surface)}


@pytest.mark.parametrize(("block", "breach"), [*BROKEN.values(), *MORE.values()], ids=[*BROKEN, *MORE])
def test_a_broken_block_is_found(block: Block, breach: Breach) -> None:
    assert breach in found({"text": "t", "blocks": [block]})


def test_there_are_21_payloads_that_no_sdk_finds_all_of() -> None:
    assert len(BROKEN) == 21


def valid() -> list[Block]:
    """One message with most of the blocks that there are."""
    told = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}],
    }
    return [
        {"type": "header", "text": words("h")},
        section(accessory=button(action_id="a1"), block_id="s1"),
        {"type": "section", "fields": [words("f")] * 10},
        {"type": "divider"},
        {"type": "context", "elements": [words("c"), words("a &amp; b", "mrkdwn")]},
        actions(button(action_id="a2", style="primary"), button(action_id="a3", style="danger")),
        image(slack_file={"id": "F0123456789"}),
        told,
        {"type": "table", "rows": rows(100), "column_settings": [{"is_wrapped": True}]},
        {"type": "markdown", "text": "**m**"},
        {"type": "plan", "title": "p", "tasks": [
            {"type": "task_card", "task_id": "1", "title": "t", "status": "pending", "details": told},
        ]},
        {"type": "card", "title": words("c"), "actions": [button(action_id="a4")]},
        {"type": "context_actions", "elements": [{
            "type": "feedback_buttons", "action_id": "a5",
            "positive_button": {"text": words("Right"), "value": "1"},
            "negative_button": {"text": words("Wrong"), "value": "0"},
        }]},
        {"type": "data_visualization", "title": "Rejects", "chart": {
            "type": "bar",
            "series": [{"name": "s", "data": [{"label": "a", "value": 1}, {"label": "b", "value": 2.5}]}],
            "axis_config": {"categories": ["a", "b"], "y_label": "records"},
        }},
    ]  # fmt: skip


def test_a_valid_message_has_no_fault() -> None:
    assert faults({"text": "t", "blocks": valid()}, "message") == ()


def test_text_alone_is_a_valid_message() -> None:
    assert faults({"text": "t"}, "message") == ()
    assert faults({"text": "t", "blocks": []}, "message") == ()


@pytest.mark.parametrize("payload", [{"blocks": []}, {"text": " ", "blocks": []}, {"text": None, "blocks": []}])
def test_a_message_without_fallback_text_is_found(payload: dict[str, Any]) -> None:
    assert found(payload) == {"missing"}


@pytest.mark.parametrize("text", ["<!here>", "a < b", "<@U0123456789>", "&nbsp;"])
def test_live_markup_in_the_fallback_text_is_found(text: str) -> None:
    assert found({"text": text, "blocks": []}) == {"live-markup"}


def test_a_long_fallback_text_is_found() -> None:
    assert found({"text": "x" * 4_001, "blocks": []}) == {"too-long"}


@pytest.mark.parametrize(("surface", "most"), [("message", 50), ("modal", 100), ("home", 100)])
def test_each_surface_has_its_number_of_blocks(surface: Surface, most: int) -> None:
    view = {"type": surface, "title": words("t")} if surface == "modal" else {"type": surface}
    envelope = {"text": "t"} if surface == "message" else view

    assert found({**envelope, "blocks": [{"type": "divider"}] * most}, surface) == set()
    assert found({**envelope, "blocks": [{"type": "divider"}] * (most + 1)}, surface) == {"too-many"}


def test_a_message_has_a_total_that_a_view_has_not() -> None:
    blocks = [section("x" * 2_500) for _ in range(5)]

    assert found({"text": "t", "blocks": blocks}) == {"total"}
    assert found({"type": "home", "blocks": blocks}, "home") == set()


def test_characters_are_code_points() -> None:
    assert characters([section("🙂" * 10)]) == 10
    assert found({"text": "t", "blocks": [section("🙂" * 3_000)]}) == set()


@pytest.mark.parametrize("kind", ["table", "data_table"])
def test_a_message_holds_one_table(kind: str) -> None:
    table = {"type": kind, "rows": rows(2), **({"caption": "c"} if kind == "data_table" else {})}

    assert found({"text": "t", "blocks": [table, {"type": "table", "rows": rows(2)}]}) == {"too-many"}


def test_a_block_id_twice_is_found() -> None:
    assert found({"text": "t", "blocks": [section(block_id="b"), section(block_id="b")]}) == {"duplicate-id"}


@pytest.mark.parametrize("kind", ["markdown", "plan", "task_card", "context_actions", "file", "alert"])
def test_home_shows_fewer_blocks_than_a_message(kind: str) -> None:
    assert "wrong-surface" in found({"type": "home", "blocks": [{"type": kind}]}, "home")


@pytest.mark.parametrize("kind", ["table", "markdown", "data_table", "plan", "carousel"])
def test_a_modal_shows_fewer_still(kind: str) -> None:
    view = {"type": "modal", "title": words("t"), "blocks": [{"type": kind}]}

    assert "wrong-surface" in found(view, "modal")


def test_an_alert_stands_in_a_modal_only() -> None:
    alert = {"type": "alert", "text": words("a"), "level": "warning"}

    assert found({"type": "modal", "title": words("t"), "blocks": [alert]}, "modal") == set()


@pytest.mark.parametrize(
    ("more", "breach"),
    [
        ({"title": words("t" * 25)}, "too-long"),
        ({"submit": words("s" * 25)}, "too-long"),
        ({"private_metadata": "m" * 3001}, "too-long"),
        ({"callback_id": "c" * 256}, "too-long"),
        ({"text": "t"}, "unknown-key"),
        ({"title": None}, "missing"),
    ],
)
def test_a_broken_modal_is_found(more: dict[str, Any], breach: Breach) -> None:
    view = {"type": "modal", "title": words("t"), "blocks": [{"type": "divider"}], **more}

    assert found(view, "modal") == {breach}


def test_a_modal_with_an_input_needs_a_submit_button() -> None:
    entry = {"type": "input", "label": words("l"), "element": {"type": "plain_text_input", "action_id": "a"}}
    view = {"type": "modal", "title": words("t"), "blocks": [entry]}

    assert found(view, "modal") == {"missing"}
    assert found({**view, "submit": words("Ask")}, "modal") == set()


@pytest.mark.parametrize(
    "payload", [{"text": "t", "blocks": "x"}, {"text": "t", "blocks": [None]}, {"text": "t", "blocks": [[]]}]
)
def test_what_is_no_payload_at_all_is_a_fault_and_no_error(payload: dict[str, Any]) -> None:
    assert found(payload) & {"bad-value", "unknown-block"}


def test_a_fault_says_where() -> None:
    fault = faults(
        {"text": "t", "blocks": [{"type": "divider"}, {"type": "header", "text": words("h" * 151)}]}, "message"
    )

    assert fault == (Fault("blocks[1].text.text", "too-long", "151 characters, at most 150"),)
    assert str(fault[0]) == "blocks[1].text.text: 151 characters, at most 150"
