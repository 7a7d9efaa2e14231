"""Everyday phrasings, pasted errors and pasted records: each line of `phrasings/` is a text and how it must be read."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.question.parse import parse
from diagnosis.question.question import Question

FOLDER = Path(__file__).parent / "phrasings"
MEMBERS = ("intent", "source", "destination", "protocol", "port")


def phrasings() -> list[dict[str, Any]]:
    return [
        json.loads(line) for file in sorted(FOLDER.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()
    ]


def read(text: str) -> dict[str, Any]:
    found = parse(text).model_dump()
    return {name: found[name] for name in MEMBERS}


def test_every_phrasing_is_read_as_a_person_means_it() -> None:
    wrong = [
        {"text": each["text"], "wanted": {n: each[n] for n in MEMBERS}, "read": found}
        for each in phrasings()
        if (found := read(each["text"])) != {n: each[n] for n in MEMBERS}
    ]

    assert wrong == []


def test_there_are_more_than_a_thousand_phrasings() -> None:
    assert len({each["text"] for each in phrasings()}) > 1000


def test_an_unclear_text_says_what_is_missing_in_the_closest_valid_form() -> None:
    missing_source = parse("dial tcp 10.0.2.15:5432: i/o timeout")

    assert missing_source.intent == "unclear"
    assert missing_source.ask_back is not None
    assert "source" in missing_source.ask_back.lower()
    assert "10.0.2.15" in missing_source.ask_back


def test_a_pasted_record_is_decoded_field_by_field() -> None:
    line = "2 123456789012 eni-0abc 10.0.1.10 10.0.2.20 52000 3306 6 3 180 1609459200 1609459260 REJECT OK"

    question = parse(line)

    assert question.record is not None
    assert question.record["interface-id"] == "eni-0abc"
    assert question.record["action"] == "REJECT"
    assert question.record["protocol-name"] == "TCP"
    assert question.record["start-utc"] == "2021-01-01T00:00:00Z"
    assert (question.source_port, question.port) == (52000, 3306)


def test_times_become_a_window_and_never_a_port() -> None:
    question = parse("why can't web-1 reach orders-db on 3306 in the last 2 hours")

    assert question.port == 3306
    assert question.window is not None
    assert question.window.seconds == 7200
    assert parse("web-1 to orders-db timed out after 30 seconds").port is None


@given(st.text(max_size=400))
def test_any_text_gives_a_question_and_never_an_error(text: str) -> None:
    question = parse(text)

    assert isinstance(question, Question)
    if question.intent == "unclear":
        assert question.ask_back


WORDS = "why can't 10.0.1.10 web-1 reach from to -> :3306 ( on tcp 2h <@U1> rds ' ` eni-0a no ?".split()


@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_any_words_in_any_order_give_a_question(words: list[str]) -> None:
    assert isinstance(parse(" ".join(words)), Question)


@pytest.mark.parametrize("piece", ["a", "10.0.0.1 ", "web-1:", "connect to ", "((((", "timeout ", "1:2:3:4 ", "a.b."])
def test_long_text_is_read_without_running_away(piece: str) -> None:
    """A regular expression that backtracks without end would take minutes on these, not a second."""
    began = time.process_time()

    parse((piece * 4000)[:4000])

    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("why can't web-1 reach orders-db on 99999", "99999"),
        ("why can't web-1 reach orders-db on port 70000", "70000"),
        ("why is web-1 -> orders-db:65536 blocked", "65536"),
        ("what can reach orders-db on 70000", "70000"),
    ],
)
def test_a_number_that_can_be_no_port_is_asked_back_and_not_left_out(text: str, number: str) -> None:
    question = parse(text)

    assert question.intent != "unclear"  # the parties are known
    assert not question.clear
    assert question.ask_back is not None
    assert question.ask_back.startswith(f"{number} is no port")
    again = question.ask_back.split("Ask like: ")[1]
    assert parse(again).clear, again


@pytest.mark.parametrize(
    "text",
    [
        "why can't web-1 reach orders-db on port 3306 after 99999 tries",
        "error 110060 on web-1 connecting to orders-db",
        "web-1 to orders-db fails in account 123456789012",
    ],
)
def test_a_large_number_that_is_said_of_something_else_is_no_port_and_asks_nothing(text: str) -> None:
    assert parse(text).clear


@pytest.mark.parametrize(
    ("text", "port", "further"),
    [
        ("10.0.0.5 to 10.0.1.5 on 80 and 443", 80, ("443",)),
        ("10.0.0.5 to 10.0.1.5 on ports 80, 443 and 8080", 80, ("443", "8080")),
        ("10.0.0.5 to 10.0.1.5 on ports 8200-8210", 8200, ("8201-8210",)),
        ("10.0.0.5 to 10.0.1.5 on ports 8200 to 8210", 8200, ("8201-8210",)),
        ("10.0.0.5 to 10.0.1.5:8200-8201", 8200, ("8201",)),
        ("10.0.0.5 to orders-db:80,443", 80, ("443",)),
        ("10.0.0.5 to 10.0.1.5 on udp/8200-8210", 8200, ("8201-8210",)),
        ("10.0.0.5 to 10.0.1.5 on tcp/80 and tcp/443", 80, ("443",)),
        ("what can reach 10.0.1.5 on 22 or 3389", 22, ("3389",)),
        ("10.0.0.5 reaches 10.0.1.5 on 22 but not on 3306", 3306, ()),
        ("10.0.0.5 source port 1024-65535 to 10.0.1.5 on port 443", 443, ()),
        ("from 10.0.0.5 port 40000 to 10.0.1.5 port 443", 443, ()),
        ("10.0.0.5 lost 100-200 packets to 10.0.1.5", None, ()),
    ],
)
def test_of_several_ports_the_first_is_judged_and_the_others_are_kept_in_mind(
    text: str, port: int | None, further: tuple[str, ...]
) -> None:
    question = parse(text)

    assert (question.port, question.further_ports) == (port, further)


def test_source_ports_from_one_to_another_leave_the_source_port_open() -> None:
    assert parse("10.0.0.5 source port 1024-65535 to 10.0.1.5 on port 443").source_port is None


def test_a_month_is_a_whole_word_and_an_address_is_no_day_of_it() -> None:
    for text in ("may 10.0.0.5 reach 10.0.1.5 today", "mark 10.0.0.5 as failing to reach 10.0.1.5 today"):
        question = parse(text)

        assert question.source is not None, text
        assert question.source.value == "10.0.0.5", text
