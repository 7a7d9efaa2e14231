"""A real Bolt app runs against the double, over both transports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.slack_double.double import SlackDouble
from tests.slack_double.small_app import WAYS, Way, asking, echo, serving, small_app


@pytest.fixture(params=WAYS)
def slack(request: pytest.FixtureRequest) -> Iterator[SlackDouble]:
    way: Way = request.param
    with SlackDouble() as slack:
        slack.channel("C1")
        app = small_app(slack)
        echo(app)
        asking(app)
        with serving(app, slack, way):
            yield slack


def test_a_mention_is_answered_in_its_thread(slack: SlackDouble) -> None:
    asked = slack.person("U1").mentions("C1", "why can't web-1 reach db & co")

    answer = asked.reply("heard")

    assert answer.text == "heard why can't web-1 reach db &amp; co"
    assert len(asked.replies()) == 1


def test_a_button_reaches_the_app_and_its_update_is_seen(slack: SlackDouble) -> None:
    answer = slack.person("U1").mentions("C1", "hello").reply("heard")

    answer.click("More")

    answer.until("more")
    assert answer.buttons == []


def test_a_choice_reaches_the_app_and_its_answer_is_for_one_person(slack: SlackDouble) -> None:
    one, other = slack.person("U1"), slack.person("U2")

    one.mentions("C1", "hello").reply("heard").choose("Which one", "web-2")

    assert one.sees("C1", "chose web-2").message.only_for == "U1"
    assert [message for message in slack.workspace.visible("C1", other.id) if "chose" in message.text] == []


def test_a_command_answers_at_once_or_opens_a_modal(slack: SlackDouble) -> None:
    one = slack.person("U1")

    one.commands("/why", "x", channel="C1")
    one.sees("C1", "You asked: x")

    one.commands("/why", channel="C1")
    modal = one.modal("Port")
    assert modal.fill("Port", "https").submit() == {"port": "A port is a number."}
    assert modal.is_open
    assert modal.fill("Port", "443").submit() == {}
    assert not modal.is_open
    one.sees_direct("asked about port 443")
