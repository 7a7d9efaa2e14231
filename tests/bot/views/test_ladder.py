"""A message in plainer forms loses no words, and long content loses none either."""

from __future__ import annotations

import json

import pytest

from bot.views import progress
from bot.views.answers import answer_message
from bot.views.blocks import line, rich, table
from bot.views.controls import Detail, chosen, detail_value, family
from bot.views.details import detail
from bot.views.forms import form_faults, form_question
from bot.views.ladder import NEWER, ladder, words
from bot.views.message import Message
from bot.views.sheets import boxes, sheet
from bot.views.text import pieces
from diagnosis.question.parse import parse
from tools.make_pictures import answers

ANSWERS = answers()


def as_text(message: Message) -> str:
    return "\n".join(filter(None, (words(block) for block in message.blocks)))


def test_plainer_forms_come_in_order() -> None:
    message = progress.working("why", doing="tracing", done=["reading"], ref="r")
    full, older, plain, text = ladder(message)

    assert full == message
    assert [block["type"] for block in older.blocks] == ["rich_text", "rich_text", "actions"]
    assert {block["type"] for block in plain.blocks} == {"section", "actions"}
    assert text.blocks == ()
    assert all(not NEWER & {block["type"] for block in step.blocks} for step in (older, plain))
    for step in (older, plain):
        assert "✓ reading" in as_text(step)
        assert "… tracing" in as_text(step)
    assert "… tracing" in text.text


def test_a_table_becomes_columns() -> None:
    message = Message("t", (table([["a", "long name"], ["b", "c"]]),))

    assert words(ladder(message)[1].blocks[0]) == "a  long name\nb  c"


@pytest.mark.parametrize("name", ANSWERS)
def test_no_form_of_an_answer_loses_the_commands(name: str) -> None:
    answer = ANSWERS[name]
    for step in ladder(answer_message(answer, ref="r"))[:-1]:
        for fix in answer.fixes[:1]:
            assert all(command in as_text(step) for command in (*fix.commands, *fix.undo))


def test_text_that_is_cut_says_so() -> None:
    text = ladder(Message("t", tuple(rich(line("x" * 2_000)) for _ in range(4))))[-1].text

    assert text.endswith("… (the rest needs blocks, which this workspace refused)")


def test_long_content_splits_without_loss_and_very_long_content_is_a_file() -> None:
    told = "\n".join(f"line {number:05}" for number in range(1_500))
    split = sheet("Trace", boxes(told), name="trace.txt")
    filed = sheet("Trace", boxes(told * 4), name="trace.txt")

    assert len(split.messages) == 2
    assert not split.files
    shown = "\n".join(
        words(block) for message in split.messages for block in message.blocks if block["type"] == "rich_text"
    )
    assert shown == told
    assert len(filed.messages) == 1
    assert "in the file trace.txt" in as_text(filed.messages[0])
    assert filed.files[0].content.decode().count("line 00000") == 4


def test_pieces_put_together_are_the_whole() -> None:
    text = "short\n" + "y" * 25 + "\nend"

    assert "".join(pieces(text, 10)).replace("\n", "") == text.replace("\n", "")
    assert all(len(piece) <= 10 for piece in pieces(text, 10))


def test_the_json_file_is_the_answer() -> None:
    answer = ANSWERS["group"]
    (file,) = detail(answer, Detail.JSON).files

    assert json.loads(file.content) == answer.model_dump(mode="json")


def test_the_notification_alone_says_verdict_and_cause() -> None:
    text = answer_message(ANSWERS["group"], ref="r").text

    assert text.startswith("Blocked: web-1 → orders-db, tcp 3306. orders-db's security group orders-db-sg")
    assert "has no inbound rule for tcp 3306 from 10.0.1.10." in text


def test_an_unknown_answer_says_what_to_grant() -> None:
    assert "Grant ec2:DescribeNetworkAcls" in answer_message(ANSWERS["acls-not-seen"], ref="r").text


def test_commands_can_be_withheld() -> None:
    message = answer_message(ANSWERS["group"], ref="r", fixable=False)

    assert "aws ec2" not in as_text(message)
    assert "Show commands" not in json.dumps(message.payload())


def test_presses_come_back_as_they_went_out() -> None:
    assert chosen(detail_value(Detail.QUERY, "a:b")) == (Detail.QUERY, "a:b")
    assert family("choose_party:3") == "choose_party"
    for wrong in ("nothing:r", ""):
        with pytest.raises(ValueError, match="Detail"):
            chosen(wrong)
    with pytest.raises(ValueError, match="1 to 100"):
        detail_value(Detail.QUERY, "x" * 101)


@pytest.mark.parametrize(
    ("filled", "fields"),
    [
        (("web-1", "orders-db", "tcp", "3306"), set()),
        (("web-1", "orders-db", "all", ""), set()),
        ((" ", "orders-db", "tcp", ""), {"source"}),
        (("web-1", "", "tcp", "x"), {"destination", "port"}),
        (("web-1", "orders-db", "tcp", "65536"), {"port"}),
        (("web-1", "orders-db", "icmp", "80"), {"port"}),
    ],
)
def test_a_form_says_which_field_is_wrong(filled: tuple[str, str, str, str], fields: set[str]) -> None:
    assert set(form_faults(*filled)) == fields


@pytest.mark.parametrize(
    ("filled", "protocol", "port"),
    [
        (("web-1", "orders-db", "tcp", "3306"), "tcp", 3306),
        (("web-1", "orders-db", "udp", "53"), "udp", 53),
        (("10.0.1.10", "10.0.2.20", "icmp", ""), "icmp", None),
        (("10.0.1.10", "10.0.2.20", "tcp", ""), "tcp", None),
        (("10.0.1.10", "10.0.2.20", "all", ""), None, None),
    ],
)
def test_a_form_becomes_a_question_that_is_understood(
    filled: tuple[str, str, str, str], protocol: str | None, port: int | None
) -> None:
    question = parse(form_question(*filled))

    assert question.source is not None
    assert question.destination is not None
    assert (question.intent, question.source.value, question.destination.value) == ("why", filled[0], filled[1])
    assert (question.protocol, question.port) == (protocol, port)
