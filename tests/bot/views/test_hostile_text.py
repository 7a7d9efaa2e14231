"""Whatever stands in an answer, every view of it keeps every limit, is known to Slack's SDK, and stays mere text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.views import progress
from bot.views.answers import answer_message, buttons
from bot.views.ask_back import Choice, unclear, which_party
from bot.views.controls import Detail
from bot.views.details import detail
from bot.views.forms import ask_form, notice, wrong_form
from bot.views.guidance import help_message
from bot.views.home import Recent, Sight, home
from bot.views.ladder import ladder
from bot.views.lint import faults
from bot.views.message import Message, Reply, View
from bot.views.pictures.decision import decision_picture
from bot.views.pictures.path import path_picture
from bot.views.text import spoken, tame
from bot.views.who import who_reply
from bot.views.witnesses import (
    asking_witness,
    changes_message,
    threats_message,
    witness_fault,
    witness_interrupted,
    witness_silent,
)
from diagnosis.answer import Answer
from diagnosis.who_answer import WhoAnswer
from tests.bot.views.random_answers import HOSTILE, answers, questions, texts, unseen, who_answers

LIVE = re.compile(
    r"""<|>|&(?!(?:amp|lt|gt);)              # Slack's own markup, unescaped
    |[*~`]                                   # bold, struck out, code
    |(?<![^\W_])_|_(?![^\W_])                # italics, which start and end at the edge of a word
    |(?<!\d):[a-z0-9_+'-]+:|:[0-9]*[a-z_+'-][a-z0-9_+'-]*:   # emoji
    |(?<=[a-zA-Z])://|@\w                    # what links or calls by itself
    """,
    re.VERBOSE,
)
UNPARSED = {"plain_text", "raw_text", "text"}
SHAPES = {"svg", "title", "rect", "text", "path", "polygon"}
few = settings(
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass(frozen=True, slots=True)
class Candidate:
    id: str
    name: str | None
    address: str | None
    vpc: str | None


candidates = st.builds(Candidate, id=texts, name=st.none() | texts, address=st.none() | texts, vpc=st.none() | texts)


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object inside a payload."""
    if isinstance(value, Mapping):
        yield value
        for item in value.values():
            yield from objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from objects(item)


def check_message(message: Message) -> None:
    for step in ladder(message):
        payload = step.payload()

        assert faults(payload, "message") == ()
        assert LIVE.search(payload["text"]) is None
        check_blocks(payload["blocks"])


def check_view(view: View) -> None:
    payload = view.payload()

    assert faults(payload, view.type) == ()
    check_blocks(payload["blocks"])


def check_blocks(blocks: list[dict[str, Any]]) -> None:
    for block in blocks:
        known = Block.parse(block)
        assert known is not None
        known.validate_json()
        assert set(known.to_dict()) == set(block)
    for one in objects(blocks):
        assert one.get("type") not in {"mrkdwn", "markdown", "broadcast", "link", "emoji"}
        if "text" in one and isinstance(one["text"], str):
            assert one["type"] in UNPARSED
        if one.get("type") == "plain_text":
            assert one["emoji"] is False


def check_reply(reply: Reply) -> None:
    assert reply.messages
    for message in reply.messages:
        check_message(message)
    for file in reply.files:
        assert file.content.decode()
        assert file.title
        assert "/" not in file.name


@few
@given(answers, st.sampled_from([None, "F0123456789"]))
def test_any_answer_as_a_message(answer: Answer, picture: str | None) -> None:
    message = answer_message(answer, ref="q-1", picture=picture)

    check_message(message)
    assert message.text.split(":")[0].casefold() == answer.verdict


@few
@given(answers, st.booleans())
def test_any_further_witness_of_any_answer(answer: Answer, proposable: bool) -> None:
    check_message(changes_message(answer, ref="q-1", proposable=proposable))
    check_message(threats_message(answer, ref="q-1"))
    check_message(asking_witness("changes", answer.headline))
    check_message(witness_silent("threats", answer.headline))
    check_message(witness_fault("changes", ref="q-1"))
    check_message(witness_interrupted("threats", ref="q-1"))
    shown = buttons(answer, "q-1", offers=("opinion", "changes", "threats"))
    assert faults(Message("x", (shown,)).payload(), "message") == ()


@pytest.mark.parametrize("which", Detail)
@settings(few, max_examples=5)
@given(answer=answers)
def test_any_detail_of_any_answer(which: Detail, answer: Answer) -> None:
    check_reply(detail(answer, which, picture="F0123456789"))


@few
@given(who_answers)
def test_any_answer_to_a_reverse_question(answer: WhoAnswer) -> None:
    check_reply(who_reply(answer))


@few
@given(answers)
def test_any_picture_is_well_formed_and_holds_nothing_but_shapes(answer: Answer) -> None:
    for drawn in (path_picture(answer), decision_picture(answer)):
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(drawn.svg).iter()}  # noqa: S314 - it is our own

        assert tags <= SHAPES
        assert 0 < len(drawn.alt) <= 2_000
        assert drawn.height < 4_000


@few
@given(texts, texts)
def test_any_words_of_progress(asked: str, what: str) -> None:
    for message in (
        progress.received(asked),
        progress.queued(asked, 3, ref="r"),
        progress.working(asked, doing=what, done=[what, asked] * 20, ref="r"),
        progress.stopped(asked, ref="r", by="U0123456789"),
        progress.failed(asked, what=what, to_do=what, correlation_id="c-1", ref="r"),
        progress.timed_out(asked, seconds=60, doing=what, correlation_id="c-1", ref="r"),
        progress.interrupted(asked, ref="r"),
    ):
        check_message(message)


@few
@given(texts, st.lists(candidates, max_size=8), st.sampled_from([1, 20]), st.lists(texts, max_size=5))
def test_any_words_of_asking_back(sentence: str, found: list[Candidate], times: int, closest: list[str]) -> None:
    check_message(which_party(sentence, [Choice(match, f"v{place}") for place, match in enumerate(found * times)]))
    check_message(unclear(sentence, closest, ref="r"))


@few
@given(questions, st.lists(texts, max_size=30), st.lists(unseen, max_size=20))
def test_any_words_in_home_and_forms(asked: Any, words: list[str], missing: list[Any]) -> None:
    told = tuple(words)
    check_view(home(Sight(accounts=told, regions=told, flow_logs=told, unseen=tuple(missing), interfaces=7)))
    check_view(home(Sight(problem=" ".join(words)), [Recent(word, None, "now", "v") for word in words]))
    check_view(ask_form(metadata="m", asked=asked))
    check_view(wrong_form(metadata="m"))
    check_view(notice(" ".join(words), " ".join(words)))
    check_message(help_message(mention=" ".join(words), scope=" ".join(words)))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert_where_slack_parses(text: str) -> None:
    assert LIVE.search(spoken(text)) is None
    assert LIVE.search(spoken(f"a {text} b {text}")) is None


@given(texts)
def test_text_is_made_inert_once_and_for_all(text: str) -> None:
    assert tame(tame(text)) == tame(text)
    assert all(unicodedata.category(character) not in {"Cc", "Cf", "Cs"} for character in tame(text))


def test_what_was_harmless_reads_as_before() -> None:
    told = "Blocked: web_1 → orders-db (sg-0f1e), tcp 3306. 10.0.1.10 at 14:05:10, 50% of 3 rules"

    assert spoken(told) == told
