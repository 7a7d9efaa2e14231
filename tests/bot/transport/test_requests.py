"""Only what Slack signed lately comes in, and that once."""

from __future__ import annotations

import pytest
from slack_sdk.signature import SignatureVerifier

from bot.transport.requests import WINDOW_SECONDS, Gate

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_800_000_000
BODY = '{"type":"event_callback"}'


def headers(at: object = NOW, body: str = BODY, secret: str = SECRET) -> dict[str, str]:
    signature = SignatureVerifier(secret).generate_signature(timestamp=str(at), body=body)
    assert signature is not None
    return {"x-slack-request-timestamp": str(at), "x-slack-signature": signature}


@pytest.fixture
def gate() -> Gate:
    return Gate(SECRET, lambda: float(NOW))


def test_what_slack_signed_lately_comes_in_once(gate: Gate) -> None:
    assert gate.refusal(BODY, headers()) is None
    assert gate.refusal(BODY, headers()) == "replayed"
    assert gate.refusal(BODY, headers(NOW - 1)) is None


@pytest.mark.parametrize("at", [NOW - WINDOW_SECONDS - 1, NOW + WINDOW_SECONDS + 1])
def test_what_is_too_old_or_from_the_future_does_not(gate: Gate, at: int) -> None:
    assert gate.refusal(BODY, headers(at)) == "too old"


@pytest.mark.parametrize("at", ["soon", "", "१२३", "1e9", "-5", "9" * 40])
def test_a_timestamp_that_is_no_number_does_not(gate: Gate, at: str) -> None:
    assert gate.refusal(BODY, {**headers(), "x-slack-request-timestamp": at}) == "no timestamp"


def test_another_secret_or_another_body_does_not(gate: Gate) -> None:
    assert gate.refusal(BODY, headers(secret="another")) == "wrong signature"
    assert gate.refusal(BODY + " ", headers()) == "wrong signature"
    assert gate.refusal(BODY, {**headers(), "x-slack-signature": "v0=ü"}) == "wrong signature"
    assert gate.refusal(BODY, {}) == "no timestamp"


def test_a_wrong_signature_uses_up_nothing(gate: Gate) -> None:
    assert gate.refusal("other", headers()) == "wrong signature"
    assert gate.refusal(BODY, headers()) is None
