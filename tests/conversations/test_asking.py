"""Asking in every way there is: one answer in the thread, read from the embedded account and its flow logs."""

from __future__ import annotations

import pytest

from tests.conversations.conftest import Room, still_answers

BLOCKED = "why can't 10.0.1.10 reach RDS on 3306"


def test_a_mention_is_answered_once_in_its_thread(room: Room) -> None:
    asked = room.ann.mentions(room.channel.id, BLOCKED)

    answer = asked.reply("orders-db-sg")

    assert answer.text.startswith("Blocked: web-1 → orders-db, tcp 3306.")
    assert "no inbound rule" in answer.text
    assert answer.says("412 REJECT")
    assert answer.says("aws ec2 authorize-security-group-ingress")
    assert [one.message.ts for one in asked.replies() if one.says("orders-db-sg")] == [answer.message.ts]
    assert room.slack.status(asked) == ""


def test_the_first_sign_of_life_is_a_status_line_and_nothing_of_it_stays(room: Room) -> None:
    asked = room.ann.mentions(room.channel.id, BLOCKED)

    asked.reply("orders-db-sg")

    assert any("looking" in status for status in room.slack.statuses(asked))
    assert len(asked.replies()) == 1


def test_where_there_is_no_status_line_a_message_says_that_it_is_looked_into(room: Room) -> None:
    room.slack.fails("assistant.threads.setStatus", "unknown_method", times=99)
    asked = room.ann.mentions(room.channel.id, BLOCKED)

    asked.reply("orders-db-sg")

    posted = [call.arguments["text"] for call in room.slack.calls("chat.postMessage") if _in(call.arguments, room)]
    assert posted[0].startswith("Looking into it")
    room.ann.waits_for(lambda: True if len(asked.replies()) == 1 else None, "the answer alone")


def test_the_answer_shows_the_path_as_a_picture_with_words_for_who_cannot_see_it(room: Room) -> None:
    answer = room.ann.mentions(room.channel.id, BLOCKED).reply("orders-db-sg")

    (picture,) = [block for block in answer.blocks if block["type"] == "image"]
    file = room.slack.workspace.files[picture["slack_file"]["id"]]
    assert file.content is not None
    assert file.content.startswith(b"\x89PNG")
    assert "orders-db-sg" in picture["alt_text"]


def test_a_reachable_path_is_said_to_be_reachable(room: Room) -> None:
    answer = room.ann.mentions(room.channel.id, "can web-1 reach reports-db on 5432").reply("reports-db")

    assert answer.text.startswith("Reachable: web-1 → reports-db, tcp 5432.")


def test_a_direct_message_is_answered_in_its_thread(room: Room) -> None:
    asked = room.ann.writes(BLOCKED)

    assert asked.reply("orders-db-sg").message.thread_ts == asked.message.ts


def test_a_database_that_may_be_either_is_asked_back_and_chosen_with_a_press(room: Room) -> None:
    asked = room.ann.mentions(room.channel.id, "why can't web-1 reach RDS")
    back = asked.reply("Which one")

    assert any("orders-db" in label for label in back.buttons)
    back.click("reports-db")

    assert asked.reply("Reachable: web-1 → reports-db").text


@pytest.mark.parametrize(
    ("words", "expected"),
    [("and from web-2?", "web-2 → orders-db, tcp 3306"), ("what about 5432?", "web-1 → orders-db, tcp 5432")],
)
def test_a_follow_up_needs_no_mention_in_a_thread_of_ours(room: Room, words: str, expected: str) -> None:
    asked = room.ann.mentions(room.channel.id, "why can't web-1 reach orders-db on 3306")
    asked.reply("orders-db-sg")

    room.ann.says(room.channel.id, words, thread=asked)

    assert asked.reply(expected).text.startswith("Blocked")


def test_the_reverse_question_follows_too(room: Room) -> None:
    asked = room.ann.mentions(room.channel.id, "why can't web-1 reach orders-db on 3306")
    asked.reply("orders-db-sg")

    room.ann.says(room.channel.id, "who else can reach it?", thread=asked)

    asked.reply("What can reach")


def test_talk_among_people_is_left_alone(room: Room) -> None:
    asked = room.ann.mentions(room.channel.id, BLOCKED)
    asked.reply("orders-db-sg")
    elsewhere = room.ann.says(room.channel.id, "lunch?")
    for words in ("thanks, that helps", "did anybody deploy today?", "I will ask bob"):
        room.ann.says(room.channel.id, words, thread=asked)

    still_answers(room)

    assert len(asked.replies()) == 1
    assert elsewhere.replies() == []


def test_a_question_that_lacks_a_party_is_asked_back_with_examples_that_work(room: Room) -> None:
    asked = room.ann.mentions(room.channel.id, "why can't 10.0.1.10 reach")
    back = asked.reply("destination")
    example = next(label for label in back.buttons if label.startswith("Ask: "))

    back.click(example)

    assert asked.reply("→").says("tcp")


def test_a_name_that_nothing_has_is_answered_with_the_closest(room: Room) -> None:
    asked = room.ann.mentions(room.channel.id, "why can't wbe-1 reach orders-db on 3306")

    assert asked.reply("web-1").says("wbe-1")


def test_who_asks_what_gets_through(room: Room) -> None:
    asked = room.ann.mentions(room.channel.id, "what can reach reports-db on 5432")

    assert asked.reply("What can reach reports-db").says("web-tier")


@pytest.mark.parametrize("words", ["help", "hello", ""])
def test_help_shows_questions_that_work(room: Room, words: str) -> None:
    shown = room.ann.mentions(room.channel.id, words).reply("Name two parties")

    assert shown.has_button("Ask: why can't web-1 reach RDS on 3306")


def test_an_example_of_the_help_is_asked_with_a_press(room: Room) -> None:
    asked = room.ann.mentions(room.channel.id, "help")

    asked.reply("Name two parties").click("Ask: why can't web-1 reach RDS on 3306")

    asked.reply("orders-db-sg")


def test_a_name_as_slack_writes_it_is_understood(room: Room) -> None:
    """Slack makes a link of a host name, and some clients make quotes curly."""
    host = "orders-db.c9akciq32xyz.us-east-1.rds.amazonaws.com"

    asked = room.ann.mentions(room.channel.id, f"why can't web-1 reach {host}:3306", smart_quotes=True)

    assert "<http://" in asked.text
    assert asked.reply("orders-db-sg").text.startswith("Blocked")


def test_a_flow_log_line_that_was_pasted_is_a_question(room: Room) -> None:
    line = "2 123456789012 eni-0a1 10.0.1.10 10.0.2.20 52000 3306 6 3 180 1700000000 1700000060 REJECT OK"

    room.ann.mentions(room.channel.id, line).reply("orders-db-sg")


def _in(arguments: dict[str, object], room: Room) -> bool:
    return arguments.get("channel") == room.channel.id
