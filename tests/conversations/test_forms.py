"""The slash command, the form, the shortcut on a message, the App Home and the agent's pane."""

from __future__ import annotations

from tests.conversations.conftest import Room

BLOCKED = "why can't 10.0.1.10 reach RDS on 3306"


def command(room: Room) -> str:
    declared = room.slack.installation.commands
    assert declared
    return next(iter(declared))


def test_a_slash_command_asks_in_the_channel(room: Room) -> None:
    room.ann.commands(command(room), "why web-1 orders-db 3306", channel=room.channel.id)

    assert room.ann.sees(room.channel.id, "orders-db-sg").text.startswith("Blocked")


def test_a_slash_command_shows_help(room: Room) -> None:
    room.ann.commands(command(room), "help", channel=room.channel.id)

    room.ann.sees(room.channel.id, "Name two parties")


def test_a_slash_command_asks_the_reverse(room: Room) -> None:
    room.ann.commands(command(room), "who reports-db 5432", channel=room.channel.id)

    room.ann.sees(room.channel.id, "What can reach reports-db")


def test_a_form_says_what_is_wrong_with_it_and_then_asks(room: Room) -> None:
    room.ann.commands(command(room), "", channel=room.channel.id)
    form = room.ann.modal("From")

    form.fill("From", "web-1").fill("To", "orders-db").fill("Port", "33x")
    assert list(form.submit()) == ["port"]
    form.fill("Port", "3306")
    assert form.submit() == {}

    room.ann.sees(room.channel.id, "orders-db-sg")


def test_a_form_is_filled_in_from_a_message_by_the_shortcut(room: Room) -> None:
    shortcut = next(iter(room.slack.installation.shortcuts or ()))
    pasted = room.ann.says(room.channel.id, "connect ETIMEDOUT 10.0.2.20:3306 from web-1")

    room.ann.uses_shortcut(shortcut, on=pasted)

    room.ann.waits_for(
        lambda: (
            next((one for one in pasted.replies() if one.says("orders-db")), None)
            or (True if "orders-db" in _open_form(room) or "10.0.2.20" in _open_form(room) else None)
        ),
        "an answer or a filled form",
    )


def _open_form(room: Room) -> str:
    return " ".join(
        str(view.payload) for view in room.slack.workspace.views.values() if view.is_open and view.person == room.ann.id
    )


def test_the_home_says_what_can_be_seen_and_what_was_asked(room: Room) -> None:
    home = room.ann.opens_home()
    home.until("123456789012")
    room.ann.mentions(room.channel.id, BLOCKED).reply("orders-db-sg")

    room.ann.opens_home().until("Blocked")

    home.click("Ask")
    assert room.ann.modal("From").title == "Why can't it connect?"


def test_an_example_of_the_home_is_asked_with_a_press(room: Room) -> None:
    room.ann.opens_home().until("123456789012")

    room.ann.opens_home().click("why can't web-1 reach RDS on 3306")

    room.ann.sees_direct("orders-db-sg")


def test_the_agents_pane_suggests_questions(room: Room) -> None:
    room.ann.opens_messages()

    place = room.ann.home_channel().id
    prompts = room.ann.waits_for(lambda: room.slack.prompts(place), "suggested prompts")
    asked = room.ann.writes(prompts[0]["message"])
    asked.reply("orders-db")
