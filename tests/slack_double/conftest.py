"""A workspace with a few channels, and a client that calls it as the app does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.slack_double.double import SlackDouble


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as slack:
        slack.user("ann")
        slack.channel("C1", "ops")
        slack.channel("C2", "elsewhere", bot=False)
        slack.channel("C3", "secret", "private", bot=False)
        yield slack


@pytest.fixture
def client(slack: SlackDouble) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.base_url, retry_handlers=[])


def refused(call: Callable[[], object]) -> str:
    """The error code with which a call is refused."""
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])
