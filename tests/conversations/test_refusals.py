"""Who may not ask is told so, and what can be done about it; nothing of the network is said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conversations.conftest import Room, only_once, still_answers
from tests.conversations.served_app import ServedApp
from tests.slack_double.person import Person

BLOCKED = "why can't 10.0.1.10 reach RDS on 3306"
SECRET = ("orders-db-sg", "10.0.2.20", "web-tier")


def join(room: Room, person: str) -> Person:
    room.channel.members.add(person)
    return room.slack.person(person)


def nothing_was_said(room: Room, channel: str, person: Person) -> None:
    said = " ".join(one.text + str(one.blocks) for one in room.slack.workspace.visible(channel, person.id))
    assert not any(word in said for word in SECRET)


@pytest.mark.parametrize("kind", ["is_guest", "is_single_channel_guest"])
def test_guests_are_denied(room: Room, kind: str) -> None:
    guest = join(room, room.slack.user(f"{kind}{room.channel.id}", **{kind: True}).id)

    guest.mentions(room.channel.id, BLOCKED)

    assert guest.sees(room.channel.id, "Guests").message.only_for == guest.id
    nothing_was_said(room, room.channel.id, guest)


def test_people_of_another_workspace_are_denied(room: Room) -> None:
    stranger = join(room, room.slack.stranger(f"sam{room.channel.id}").id)

    stranger.mentions(room.channel.id, BLOCKED)

    stranger.sees(room.channel.id, "organisation")
    nothing_was_said(room, room.channel.id, stranger)


def test_a_channel_that_others_read_is_denied(room: Room) -> None:
    channel = room.slack.channel("C0SHARED", "partners", shared=True)

    room.ann.mentions(channel.id, BLOCKED)

    room.ann.sees(channel.id, "shared with another organisation")
    nothing_was_said(room, channel.id, room.ann)


def test_a_channel_without_settings_is_denied_and_told_how_to_get_them(room: Room) -> None:
    channel = room.slack.channel("C0NOBODY", "random")

    room.ann.mentions(channel.id, BLOCKED)

    told = room.ann.sees(channel.id, "has not been told which accounts")
    assert told.says("C0NOBODY")
    nothing_was_said(room, channel.id, room.ann)


def test_other_bots_are_left_alone(room: Room) -> None:
    bot = join(room, room.slack.user(f"other{room.channel.id}", is_bot=True).id)
    asked = bot.mentions(room.channel.id, BLOCKED)

    still_answers(room)

    assert asked.replies() == []


def test_raw_lines_are_not_shown_where_they_may_not_be(room: Room) -> None:
    channel = room.slack.channel("C0NOLOGS", "quiet")
    answer = room.ann.mentions(channel.id, BLOCKED).reply("orders-db-sg")

    assert not answer.says("REJECT OK")
    if answer.has_button("more"):
        answer.choose("more", "Raw records")
        room.ann.sees(channel.id, "not shown in this channel")


@only_once
def test_an_app_that_was_given_the_least_answers_in_words_and_to_mentions(started: Callable[..., ServedApp]) -> None:
    app = started(without_optional=True)
    slack = app.slack
    channel, ann = slack.channel("C0OPS000"), slack.person("UANN")
    asked = ann.mentions(channel.id, BLOCKED)

    answer = asked.reply("orders-db-sg")
    answer.click("Show commands")
    asked.reply("revoke-security-group-ingress")
    ann.mentions(channel.id, "and from web-2?", thread=asked)

    asked.reply("web-2 → orders-db")
    assert [block for block in answer.blocks if block["type"] == "image"] == []
    assert answer.says("app-acl")


@only_once
def test_nobody_asks_too_often(started: Callable[..., ServedApp]) -> None:
    app = started(people={"per_minute": 2})
    channel = app.slack.channel("C0OPS000")
    ann, bob = app.slack.person("UANN"), app.slack.person("UBOB")
    for _ in range(2):
        ann.mentions(channel.id, BLOCKED).reply("orders-db-sg")

    third = ann.mentions(channel.id, BLOCKED)

    assert third.reply("2 questions").message.only_for == ann.id
    bob.mentions(channel.id, BLOCKED).reply("orders-db-sg")
