"""What a short text in a conversation changes in the last question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.question.follow_up import EitherSide, follow_up
from diagnosis.question.parse import parse
from diagnosis.question.question import Question

WHY = parse("why can't web-1 reach RDS on 3306")
WHO = parse("what can reach orders-db on 3306")


def said(question: Question | EitherSide | None) -> str:
    """A question in one line, for tables."""
    match question:
        case None:
            return "nothing"
        case EitherSide():
            return f"either {said(question.as_source)} or {said(question.as_destination)}"
        case _:
            source = question.source.value if question.source else "?"
            destination = question.destination.value if question.destination else "?"
            when = f" {question.window.text}" if question.window else ""
            return f"{question.intent} {source} > {destination} {question.protocol} {question.port}{when}"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("and from web-2?", "why web-2 > rds tcp 3306"),
        ("and from web-2 on 5432?", "why web-2 > rds tcp 5432"),
        ("from 10.0.1.11", "why 10.0.1.11 > rds tcp 3306"),
        ("can web-2 reach it?", "why web-2 > rds tcp 3306"),
        ("and to orders-db?", "why web-1 > orders-db tcp 3306"),
        ("and s3?", "why web-1 > s3 tcp 443"),
        ("what about web-2?", "why web-2 > rds tcp 3306"),
        ("same for web-9", "why web-9 > rds tcp 3306"),
        ("what about the internet?", "either why internet > rds tcp 3306 or why web-1 > internet tcp 443"),
        ("what about 5432?", "why web-1 > rds tcp 5432"),
        ("and on port 443?", "why web-1 > rds tcp 443"),
        ("ssh?", "why web-1 > rds tcp 22"),
        ("and udp 53?", "why web-1 > rds udp 53"),
        ("and ping?", "why web-1 > rds icmp None"),
        ("who else can reach it?", "who ? > rds tcp 3306"),
        ("what else can it reach?", "who web-1 > ? None None"),
        ("the other way round?", "why rds > web-1 tcp 3306"),
        ("why can't it reach web-1?", "why rds > web-1 tcp 3306"),
        ("again", "why web-1 > rds tcp 3306"),
        ("and now?", "why web-1 > rds tcp 3306"),
        ("in the last 24 hours?", "why web-1 > rds tcp 3306 in the last 24 hours"),
        ("can bastion reach cache on 6379?", "why bastion > cache tcp 6379"),
        ("what about 10.0.2.30?", "either why 10.0.2.30 > rds tcp 3306 or why web-1 > 10.0.2.30 tcp 3306"),
    ],
)
def test_a_follow_up_changes_what_it_says_and_keeps_the_rest(text: str, asked: str) -> None:
    assert said(follow_up(WHY, text)) == asked


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("and from web-2?", "why web-2 > orders-db tcp 3306"),
        ("can web-2 reach it?", "why web-2 > orders-db tcp 3306"),
        ("what about 5432?", "who ? > orders-db tcp 5432"),
        ("what about cache-1?", "who ? > cache-1 tcp 3306"),
        ("and what can it reach?", "who orders-db > ? None None"),
        ("and to orders-db?", "nothing"),
    ],
)
def test_after_a_question_about_one_party_a_second_one_makes_it_a_question_of_two(text: str, asked: str) -> None:
    assert said(follow_up(WHO, text)) == asked


@pytest.mark.parametrize(
    "text",
    [
        "thanks, I'll look at orders-db",
        "thanks!",
        "ok",
        "what is that?",
        "is that right?",
        "who is on call?",
        "can you look at this?",
        "is web-1 up?",
        "why?",
        "did you restart it?",
        "can we close this?",
        "what about lunch?",
        "how do I fix it?",
        "",
        "?",
        "and",
        "and from web-2 " + "because of the incident " * 20,
    ],
)
@pytest.mark.parametrize("last", [WHY, WHO], ids=["why", "who"])
def test_what_people_say_to_each_other_asks_nothing_of_us(last: Question, text: str) -> None:
    assert follow_up(last, text) is None


def test_a_plain_word_may_be_a_party_where_we_are_asked_by_name() -> None:
    assert said(follow_up(WHO, "what about cache?", addressed=True)) == "who ? > cache tcp 3306"


def test_a_port_keeps_the_protocol_of_the_question_before() -> None:
    assert said(follow_up(parse("can web-1 reach dns-1 on udp 53"), "what about 5353?")) == "why web-1 > dns-1 udp 5353"


def test_what_belonged_to_the_old_parties_is_left_behind() -> None:
    last = parse("why can't web-1 reach RDS on 3306").model_copy(
        update={"source_port": 50000, "record": {"action": "R"}}
    )

    asked = follow_up(last, "and from web-2?")

    assert isinstance(asked, Question)
    assert (asked.source_port, asked.record, asked.ask_back) == (None, None, None)


@given(st.text(max_size=400))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for last in (WHY, WHO):
        found = follow_up(last, text)
        assert found is None or isinstance(found, Question | EitherSide)
