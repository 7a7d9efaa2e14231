"""No log line holds a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.health.logs import configure
from diagnosis.masking import MASKED, masked


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-123-456-abcDEF",
        "xapp-1-A0-99-abc",
        "AKIAIOSFODNN7EXAMPLE",
        "v0=" + "ab" * 32,
        "https://hooks.slack.com/actions/T0/1/secret",
        "wss://wss-primary.slack.com/link/?ticket=secret",
    ],
)
def test_what_looks_like_a_secret_is_masked_however_deep_it_is(secret: str) -> None:
    told = masked({"a": [f"before {secret} after", {"b": secret}]})

    assert secret not in json.dumps(told)
    assert MASKED in json.dumps(told)


def test_what_is_called_a_secret_is_masked_whatever_it_looks_like() -> None:
    assert masked({"bot_token": "plain", "password": "plain", "text": "plain"}) == {
        "bot_token": MASKED,
        "password": MASKED,
        "text": "plain",
    }


def test_the_password_of_an_address_is_masked() -> None:
    assert masked("postgresql://whynot:hunter2@db/whynot") == f"postgresql://{MASKED}@db/whynot"


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    held = io.StringIO()
    root = logging.getLogger()
    before, level, said = root.handlers, root.level, structlog.get_config()
    monkeypatch.setattr("sys.stderr", held)
    configure("INFO")
    yield held
    root.handlers = before
    root.setLevel(level)
    structlog.configure(**said)


def test_lines_are_json_with_the_id_of_what_they_belong_to(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(question="q1"):
        structlog.get_logger("whynot").info("said", token="xoxb-1", text="xoxb-2")
    logging.getLogger("slack_bolt").warning("token %s", "xoxb-3-abc")
    logging.getLogger("slack_bolt").info("a whole body")
    logging.getLogger("whynot").error("fault", exc_info=ValueError("xapp-1-secret"))

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]

    assert [line["event"] for line in lines] == ["said", f"token {MASKED}", "fault"]
    assert lines[0]["question"] == "q1"
    assert "xoxb" not in stream.getvalue()
    assert "xapp" not in stream.getvalue()
