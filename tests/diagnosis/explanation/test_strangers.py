"""Public addresses by name: the account's own, prefix lists, AWS's ranges; the smallest range wins."""

from __future__ import annotations

from dataclasses import replace

from diagnosis.answer import Answer, Stranger
from diagnosis.explanation.strangers import strangers, with_strangers
from diagnosis.network.aws_ranges import AwsRanges, parse_ranges
from diagnosis.network.network import Network
from diagnosis.network.prefix_lists import PrefixList
from diagnosis.question.question import Party, Question
from diagnosis.terminal.render import render
from diagnosis.testimony import Window
from tests.accounts import two_subnets
from tests.diagnosis.network.test_aws_ranges import document

AWS = parse_ranges(document(("52.94.0.0/16", "AMAZON", "GLOBAL"), ("52.94.76.0/24", "EC2", "us-west-2")))


def network(*lists: PrefixList) -> Network:
    return replace(two_subnets().network(), prefix_lists={one.id: one for one in lists})


def ranges() -> AwsRanges | None:
    return AWS


def never() -> AwsRanges | None:
    raise AssertionError("the ranges were read though no address needs a name")


def told(address: str, *lists: PrefixList) -> Stranger:
    (found,) = strangers(network(*lists), [address], ranges)
    return found


def test_aws_is_named_with_its_service_its_region_and_the_date() -> None:
    found = told("52.94.76.9")

    assert (found.name, found.known_by, found.range) == ("AWS EC2 in us-west-2", "ip-ranges", "52.94.76.0/24")
    assert found.as_of == "2026-11-20T01:23:45Z"
    assert told("52.94.1.1").name == "AWS"


def test_of_a_prefix_list_and_aws_the_smaller_range_wins_and_the_list_where_they_are_alike() -> None:
    office = PrefixList("pl-1", "office", ("52.94.76.0/28", "52.94.0.0/16"))

    assert told("52.94.76.9", office).name == "prefix list office"
    assert told("52.94.76.99", office).name == "AWS EC2 in us-west-2"
    assert told("52.94.1.1", office).name == "prefix list office"


def test_a_list_that_holds_everything_or_whose_entries_were_not_seen_names_nobody() -> None:
    lists = (PrefixList("pl-1", "all", ("0.0.0.0/0",)), PrefixList("pl-2", "unseen", None))

    assert strangers(network(*lists), ["198.51.100.7"], lambda: None) == ()


def test_private_addresses_and_words_need_no_ranges() -> None:
    assert strangers(network(), ["10.0.1.10", "web-1", "123", "-", "100.64.0.1"], never) == ()


def answer(**members: object) -> Answer:
    question = Question(
        intent="why", source=Party(kind="ip", value="10.0.1.10"), destination=Party(kind="ip", value="52.94.76.9")
    )
    return Answer.model_validate(
        {"question": question, "window": Window(), "verdict": "blocked", "headline": "blocked", **members}
    )


def test_an_answer_names_its_public_party_and_prints_it() -> None:
    found = with_strangers(answer(), network(), ranges)

    assert [one.address for one in found.strangers] == ["52.94.76.9"]
    page = render(found, colour=False, explain=False)
    assert "52.94.76.9 is AWS EC2 in us-west-2 (52.94.76.0/24)" in page
    assert "by AWS's ranges of 2026-11-20" in page


def test_a_name_that_would_steer_a_terminal_is_printed_harmlessly() -> None:
    nasty = PrefixList("pl-1", "\x1b[2Joffice\u202e", ("52.94.76.9/32",))

    page = render(with_strangers(answer(), network(nasty), lambda: None), colour=False, explain=False)

    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "office" in page
