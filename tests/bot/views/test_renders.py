"""Answers of whole accounts as messages: they keep every limit, and say the cause first."""

from __future__ import annotations

import pytest

from bot.views.answers import answer_message
from bot.views.controls import Detail
from bot.views.details import detail
from bot.views.ladder import ladder
from bot.views.lint import faults
from diagnosis.answer import Answer
from tools.make_pictures import answers

ANSWERS = answers()


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("picture", [None, "F0123456789"])
def test_an_answer_keeps_every_limit_on_every_step_of_the_ladder(answer: Answer, picture: str | None) -> None:
    message = answer_message(answer, ref="q1", picture=picture)

    for step in ladder(message):
        assert faults(step.payload(), "message") == ()


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("which", Detail)
def test_each_detail_keeps_every_limit(answer: Answer, which: Detail) -> None:
    reply = detail(answer, which, picture="F0123456789")

    assert reply.messages
    for message in reply.messages:
        for step in ladder(message):
            assert faults(step.payload(), "message") == ()
