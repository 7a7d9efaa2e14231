"""Modals open for a fresh trigger only; the App Home is published for a person."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient

from tests.slack_double.conftest import refused
from tests.slack_double.double import SlackDouble
from tests.slack_double.screens import Modal
from tests.slack_double.small_app import FORM

HOME: dict[str, Any] = {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Welcome"}}]}


def test_a_trigger_works_once_and_for_three_seconds(slack: SlackDouble, client: WebClient) -> None:
    used, old = slack.trigger("UANN"), slack.trigger("UANN")

    client.views_open(trigger_id=used, view=FORM)
    assert refused(lambda: client.views_open(trigger_id=used, view=FORM)) == "exchanged_trigger_id"
    assert refused(lambda: client.views_open(trigger_id="1.2.3", view=FORM)) == "invalid_trigger_id"
    slack.clock.advance(3.1)
    assert refused(lambda: client.views_open(trigger_id=old, view=FORM)) == "expired_trigger_id"


def test_a_modal_is_updated_by_its_id_unless_somebody_was_faster(slack: SlackDouble, client: WebClient) -> None:
    view = client.views_open(trigger_id=slack.trigger("UANN"), view={**FORM, "external_id": "one"})["view"]

    newer = client.views_update(view_id=view["id"], hash=view["hash"], view=FORM)["view"]
    assert refused(lambda: client.views_update(view_id=view["id"], hash=view["hash"], view=FORM)) == "hash_conflict"
    assert newer["hash"] != view["hash"]
    assert refused(lambda: client.views_update(view_id="V404", view=FORM)) == "not_found"


def test_a_modal_that_was_closed_cannot_be_updated(slack: SlackDouble, client: WebClient) -> None:
    view = client.views_open(trigger_id=slack.trigger("UANN"), view=FORM)["view"]

    slack.person("UANN").modal("Port").close()

    assert refused(lambda: client.views_update(view_id=view["id"], view=FORM)) == "not_found"


def test_three_modals_can_lie_upon_each_other(slack: SlackDouble, client: WebClient) -> None:
    assert refused(lambda: client.views_push(trigger_id=slack.trigger("UANN"), view=FORM)) == "not_found"
    first = client.views_open(trigger_id=slack.trigger("UANN"), view=FORM)["view"]
    second = client.views_push(trigger_id=slack.trigger("UANN"), view=FORM)["view"]
    client.views_push(trigger_id=slack.trigger("UANN"), view=FORM)

    assert second["root_view_id"] == first["id"]
    assert refused(lambda: client.views_push(trigger_id=slack.trigger("UANN"), view=FORM)) == "push_limit_reached"


@pytest.mark.parametrize(
    "change",
    [
        {"title": {"type": "plain_text", "text": "x" * 25}},
        {"title": None},
        {"submit": None},
        {"private_metadata": "x" * 3001},
        {"callback_id": "x" * 256},
        {"type": "home"},
        {"blocks": None},
    ],
    ids=str,
)
def test_a_modal_that_slack_refuses_is_a_fault(slack: SlackDouble, client: WebClient, change: dict[str, Any]) -> None:
    view = {key: value for key, value in {**FORM, **change}.items() if value is not None}

    assert refused(lambda: client.views_open(trigger_id=slack.trigger("UANN"), view=view)) == "invalid_arguments"
    assert slack.api.faults
    slack.api.faults.clear()


def test_blocks_of_messages_have_no_place_in_a_modal(slack: SlackDouble, client: WebClient) -> None:
    view = {**FORM, "blocks": [{"type": "markdown", "text": "x"}]}

    assert refused(lambda: client.views_open(trigger_id=slack.trigger("UANN"), view=view)) == "invalid_blocks"
    slack.api.faults.clear()


def test_the_app_home_is_published_for_a_person_and_seen_by_nobody_else(slack: SlackDouble, client: WebClient) -> None:
    client.views_publish(user_id="UANN", view=HOME)

    home = slack.person("UANN").opens_home()
    assert home.text == "Welcome"
    assert "UBOB" not in slack.workspace.homes
    client.views_publish(user_id="UANN", view={**HOME, "blocks": [{"type": "divider"}]})
    assert home.text == ""


def test_what_is_not_filled_in_never_reaches_the_app(slack: SlackDouble, client: WebClient) -> None:
    client.views_open(trigger_id=slack.trigger("UANN"), view=FORM)
    modal: Modal = slack.person("UANN").modal("Port")

    assert modal.submit() == {"port": "Please complete this required field."}
    assert modal.is_open
