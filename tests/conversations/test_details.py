"""What can be asked of an answer: commands, the six steps, the trace, records, the query, JSON, and "this is wrong"."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO

import pytest

from tests.conversations.conftest import Room
from tests.slack_double.screens import Seen

BLOCKED = "why can't 10.0.1.10 reach RDS on 3306"


@pytest.fixture
def answered(room: Room) -> Seen:
    return room.ann.mentions(room.channel.id, BLOCKED).reply("orders-db-sg")


def shared_file(room: Room, answered: Seen) -> bytes:
    """The file that comes into the thread."""
    files = room.ann.waits_for(
        lambda: [name for one in answered.replies() for name in one.message.files] or None, "a file in the thread"
    )
    content = room.slack.workspace.files[files[0]].content
    assert content is not None
    return content


def more(answered: Seen, press: Callable[[], object], what: str) -> Seen:
    """What a press adds to the thread."""
    before = {one.message.ts for one in answered.replies()}
    press()
    return answered.person.waits_for(
        lambda: next((one for one in answered.replies() if one.message.ts not in before), None), what
    )


BUTTONS = {"Show commands": "aws ec2 revoke-security-group-ingress", "Why?": "A  ", "Show trace": "orders-db-sg"}
MENU = {"Decision diagram": "REJECT", "Raw records": "REJECT OK", "The query": "select"}


def test_a_press_shows_more_in_the_thread(answered: Seen) -> None:
    for button, shows in BUTTONS.items():
        assert more(answered, partial(answered.click, button), button).says(shows), button
    for option, shows in MENU.items():
        assert more(answered, partial(answered.choose, "more", option), option).says(shows), option


def test_json_is_the_document_that_the_command_line_prints(room: Room, answered: Seen) -> None:
    answered.choose("more", "JSON")

    document = json.loads(shared_file(room, answered))
    assert document["verdict"] == "blocked"
    assert document["causes"][0]["code"] == "ENI_SG_RULES_MISMATCH"


def test_this_is_wrong_packs_the_question_and_the_path_without_secrets(room: Room, answered: Seen) -> None:
    answered.click("This is wrong")
    modal = room.ann.modal("What is wrong")
    assert modal.fill("What is wrong", "nc succeeds from web-1").submit() == {}

    with zipfile.ZipFile(BytesIO(shared_file(room, answered))) as packed:
        together = b"\n".join(packed.read(name) for name in packed.namelist())
    assert b"nc succeeds from web-1" in together
    assert b"sg-" in together
    assert b"xoxb" not in together
