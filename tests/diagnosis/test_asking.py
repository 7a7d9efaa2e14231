"""Times on the command line, and what is asked back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from diagnosis.answer import Answer
from diagnosis.asking import BadTime, asked_back, moment_of, seconds_of, window_of
from diagnosis.evidence.query import LAST_HOUR_FIRST, Between, Last
from diagnosis.question.parties import Candidate, NotFound
from diagnosis.question.question import Party, Question, TimeWindow
from diagnosis.sources import SourceUnavailable

FIVE_PAST_TWO = int(datetime(2026, 11, 22, 14, 5, tzinfo=UTC).timestamp())
NOW = FIVE_PAST_TWO + 600
WEB = Party(kind="ip", value="10.0.1.10")
RDS = Party(kind="service", value="rds")


def question(window: TimeWindow | None = None) -> Question:
    return Question(intent="why", source=WEB, destination=RDS, protocol="tcp", port=3306, window=window)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90), ("30m", 1800), ("30min", 1800), ("1h", 3600), ("2d", 172800), ("1w", 604800), (" 1 H ", 3600),
        ("0s", 0), ("1", None), ("h", None), ("1.5h", None), ("-1h", None), ("1h30m", None), ("1y", None), ("", None),
        ("٣h", None), ("9999999h", None),
    ],
)  # fmt: skip
def test_a_length_is_a_whole_number_and_a_unit(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-22T14:05Z", FIVE_PAST_TWO), ("2026-11-22T14:05", FIVE_PAST_TWO),
        ("2026-11-22 14:05:00", FIVE_PAST_TWO), ("2026-11-22T15:05+01:00", FIVE_PAST_TWO),
        ("20261122T140500Z", FIVE_PAST_TWO), (" 2026-11-22T14:05Z ", FIVE_PAST_TWO),
        ("2026-11-22", FIVE_PAST_TWO - 14 * 3600 - 300), ("yesterday", None), ("14:05", None), ("", None),
        ("2026-13-01", None), ("2026-11-22T25:00Z", None),
    ],
)  # fmt: skip
def test_a_time_is_iso_8601_and_utc_where_it_names_no_zone(text: str, seconds: int | None) -> None:
    assert moment_of(text) == seconds


def test_without_options_and_words_the_last_hour_is_read_first() -> None:
    assert window_of(question(), None, None, NOW) == LAST_HOUR_FIRST


def test_since_and_until_span_the_time_that_is_read() -> None:
    until = "2026-11-22T14:05Z"
    start = FIVE_PAST_TWO - 7200

    assert window_of(question(), "2h", None, NOW) == Last(7200)
    assert window_of(question(), "2h", until, NOW) == Last(7200, until=FIVE_PAST_TWO)
    assert window_of(question(), None, until, NOW) == Last(3600, until=FIVE_PAST_TWO)
    assert window_of(question(), "2026-11-22T12:05Z", None, NOW) == Between(start, None)
    assert window_of(question(), "2026-11-22T12:05Z", until, NOW) == Between(start, FIVE_PAST_TWO)


def test_the_questions_own_time_counts_unless_an_option_gives_one() -> None:
    lately = TimeWindow(text="in the last 2 hours", seconds=7200)
    between = TimeWindow(text="at two", since="2026-11-22T12:05:00Z", until="2026-11-22T14:05:00Z")

    assert window_of(question(lately), None, None, NOW) == Last(7200)
    assert window_of(question(between), None, None, NOW) == Between(FIVE_PAST_TWO - 7200, FIVE_PAST_TWO)
    assert window_of(question(lately), "30m", None, NOW) == Last(1800)
    assert window_of(question(between), None, "2026-11-22T14:05Z", NOW) == Last(3600, until=FIVE_PAST_TWO)


def test_words_about_a_time_are_placed_by_the_clock_and_zone_of_the_asker() -> None:
    since = TimeWindow(text="since 13:05")
    berlin = ZoneInfo("Europe/Berlin")

    assert window_of(question(since), None, None, NOW) == Between(FIVE_PAST_TWO - 3600, None)
    assert window_of(question(since), None, None, NOW, berlin) == Between(FIVE_PAST_TWO - 7200, None)
    assert window_of(question(TimeWindow(text="until 14:05")), None, None, NOW) == Last(3600, until=FIVE_PAST_TWO)


def test_words_that_name_no_time_leave_the_last_hour_first() -> None:
    assert window_of(question(TimeWindow(text="since the last deploy")), None, None, NOW) == LAST_HOUR_FIRST


@pytest.mark.parametrize(
    ("since", "until", "named"),
    [
        ("soon", None, "--since soon"), ("", None, "--since"), ("-1h", None, "--since -1h"),
        ("1h", "1h", "--until 1h"), (None, "noon", "--until noon"), ("1h", "", "--until"),
        ("2026-11-22T14:06Z", "2026-11-22T14:05Z", "--since 2026-11-22T14:06Z"),
    ],
)  # fmt: skip
def test_what_is_no_time_is_said_with_the_option_and_a_form_that_works(
    since: str | None, until: str | None, named: str
) -> None:
    with pytest.raises(BadTime) as caught:
        window_of(question(), since, until, NOW)

    assert isinstance(caught.value, SourceUnavailable)
    assert named in str(caught.value)
    assert "2026-11-22T14:05Z" in str(caught.value)
    assert "\n" not in str(caught.value)


UNCLEAR = Question(intent="unclear", source=WEB, ask_back="What can 10.0.1.10 not reach?")
SEVERAL = NotFound(
    "destination",
    "rds",
    "rds may mean 2 things: orders-db, users-db. Which one?",
    (Candidate("eni-1", "orders-db", "10.0.2.20", "vpc-1"), Candidate("eni-2", "users-db", None, None)),
)


def test_an_unclear_question_is_answered_with_what_is_missing_and_with_forms_that_work() -> None:
    text, _ = asked_back(UNCLEAR, None, colour=False)

    assert "What can 10.0.1.10 not reach?" in text
    assert "why can't 10.0.1.10 reach 10.0.2.20 on 3306" in text
    assert not text.endswith("\n")


def test_several_matches_are_listed_with_their_ids() -> None:
    text, document = asked_back(question(), SEVERAL, colour=False)

    assert "eni-1" in text
    assert "eni-2" in text
    assert document["candidates"] == [
        {"id": "eni-1", "name": "orders-db", "address": "10.0.2.20", "vpc": "vpc-1"},
        {"id": "eni-2", "name": "users-db", "address": None, "vpc": None},
    ]


def test_as_json_it_has_every_member_of_an_answer_and_the_candidates() -> None:
    for asked, missing in ((UNCLEAR, None), (question(), SEVERAL)):
        _, document = asked_back(asked, missing, colour=False)

        assert set(document) == {*Answer.model_fields, "candidates"}
        assert document["verdict"] == "unknown"
        assert document["headline"] == document["question"]["ask_back"] == (missing or asked).ask_back
        assert (document["causes"], document["fixes"], document["path_forward"]) == ([], [], [])
        json.dumps(document)


def test_a_question_for_the_other_command_is_sent_there() -> None:
    one_party = Question(intent="who", destination=RDS, protocol="tcp", port=3306)

    assert "whynot who" in asked_back(one_party, None, colour=False)[0]
    assert "whynot ask" in asked_back(question(), None, colour=False)[0]


def test_what_is_asked_back_obeys_no_control_characters_and_has_80_columns() -> None:
    hostile = "\x1b[31m\u202e" + "x" * 300
    lost = NotFound("source", hostile, f"Nothing here is called {hostile}.", ())

    for text in (
        asked_back(UNCLEAR.model_copy(update={"ask_back": hostile}), None, colour=False)[0],
        asked_back(question(), lost, colour=False)[0],
        asked_back(question(), SEVERAL, colour=False)[0],
    ):
        assert all(letter.isprintable() or letter == "\n" for letter in text)
        assert max(map(len, text.splitlines())) <= 80
