"""What words addressed to us ask for."""

from __future__ import annotations

import pytest

from bot.listeners.forms import text_of
from bot.listeners.understanding import addressed, commanded, one_line, overheard
from diagnosis.question.follow_up import EitherSide
from diagnosis.question.parse import parse
from diagnosis.question.question import Question

LAST = parse("why can't web-1 reach RDS on 3306")


def said(asked: object) -> str:
    if isinstance(asked, Question):
        source = asked.source.value if asked.source else "?"
        destination = asked.destination.value if asked.destination else "?"
        return f"{asked.intent} {source} > {destination} {asked.port}"
    return "either" if isinstance(asked, EitherSide) else str(asked)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("", "help"),
        ("help", "help"),
        ("Hello!", "help"),
        ("stop", "stop"),
        ("never mind", "stop"),
        ("why can\u2019t web-1 reach RDS on 3306", "why web-1 > rds 3306"),
        ("what can reach orders-db on 3306", "who ? > orders-db 3306"),
        ("do something", "unclear ? > ? None"),
    ],
)
def test_a_first_word_to_us(text: str, asks: str) -> None:
    assert said(addressed(text, None)) == asks


def test_in_a_thread_what_is_left_out_is_taken_from_before() -> None:
    assert said(addressed("and from web-2?", LAST)) == "why web-2 > rds 3306"
    assert said(addressed("what about lunch?", LAST)) == "either"
    assert said(addressed("gibberish here", LAST)) == "unclear ? > ? None"


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("and from web-2?", "why web-2 > rds 3306"),
        ("stop", "stop"),
        ("thanks!", "nothing"),
        ("help", "nothing"),
        ("what about lunch?", "nothing"),
    ],
)
def test_what_is_not_addressed_to_us_is_answered_only_where_it_asks_us(text: str, asks: str) -> None:
    assert said(overheard(text, LAST)) == asks


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("", "nothing"),
        ("help", "help"),
        ("why web-1 RDS 3306", "why web-1 > rds 3306"),
        ("why 10.0.1.10 10.0.2.20 udp 53", "why 10.0.1.10 > 10.0.2.20 53"),
        ('why "my box" rds', "why my box > rds None"),
        ("who orders-db 3306", "who ? > orders-db 3306"),
        ("why can't web-1 reach RDS on 3306", "why web-1 > rds 3306"),
        ("what?", "unclear ? > ? None"),
    ],
)
def test_the_words_of_a_command(text: str, asks: str) -> None:
    assert said(commanded(text)) == asks


@pytest.mark.parametrize(
    "text", ["why can't " + "x" * 10_000, "\u202e\u200b" * 500, "\U0001f600" * 3_000, "<@U1> " * 400]
)
def test_no_text_is_too_strange(text: str) -> None:
    assert said(addressed(text, LAST))
    assert said(overheard(text, LAST))
    assert said(commanded(text))
    assert "\n" not in one_line(text)


def test_a_message_of_a_monitoring_program_speaks_by_its_attachments() -> None:
    message = {
        "text": "",
        "attachments": [{"title": "Alarm", "text": "web-1: connect to orders-db:3306 timed out"}, "broken"],
        "files": [{"preview": "more"}],
    }

    assert text_of(message) == "Alarm\nweb-1: connect to orders-db:3306 timed out\nmore"
