"""What is asked back: what is missing, the closest form, or which of several is meant."""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.question.question import Party, Question
from diagnosis.terminal.not_understood import render_not_understood
from diagnosis.terminal.safe_text import cells
from tests.diagnosis.terminal.test_render import assert_golden


@dataclass(frozen=True)
class Candidate:
    """What the search for a party gives for each thing that it may mean."""

    id: str
    name: str | None = None
    address: str | None = None
    vpc: str | None = None


UNCLEAR = Question(
    intent="unclear",
    source=Party(kind="ip", value="10.0.1.10"),
    ask_back="Say what 10.0.1.10 cannot reach: an address, an id or a name.",
)
WHICH = Question(
    intent="why",
    source=Party(kind="ip", value="10.0.1.10"),
    destination=Party(kind="name", value="orders-db"),
    protocol="tcp",
    port=3306,
    ask_back='Two network interfaces have the name "orders-db". Which one is meant?',
)
CANDIDATES = (
    Candidate("eni-0d1b2c3d4e5f60002", "orders-db", "10.0.2.20", "vpc-0a1b2c3d4e5f60aaa"),
    Candidate("eni-0d1b2c3d4e5f60003", "orders-db (blue)", "10.0.2.21", "vpc-0a1b2c3d4e5f60aaa"),
)


def test_unclear_question_says_what_is_missing_and_the_closest_form() -> None:
    text = render_not_understood(UNCLEAR, ("why can't 10.0.1.10 reach orders-db on 3306",))

    assert_golden("not_understood", text)


def test_several_matches_are_listed_with_id_name_address_and_vpc() -> None:
    assert_golden("several_match", render_not_understood(WHICH, (), CANDIDATES))


def test_ids_are_whole_even_where_the_table_is_too_wide_for_the_page() -> None:
    wide = tuple(
        Candidate(f"arn:aws:rds:us-east-1:123456789012:db:orders-{number}", "n" * 90, "10.0.2.20", "vpc-0a")
        for number in range(20)
    )
    lines = render_not_understood(WHICH, (), wide).split("\n")

    assert f"  {wide[0].id}" in lines
    assert lines[-2] == "  and 8 more"
    assert all(cells(line) <= 80 for line in lines)


def test_missing_party_is_named_even_without_words_of_the_parser() -> None:
    text = render_not_understood(Question(intent="unclear"))

    assert "Say which side sends and which side it cannot reach." in text


def test_hostile_name_tag_stays_on_its_line() -> None:
    text = render_not_understood(WHICH, (), (Candidate("eni-1", "evil\n\x1b[2Jname"), Candidate("eni-2", "b")))

    assert "\x1b" not in text
    assert "evil ␛[2Jname" in text
