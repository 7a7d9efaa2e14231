"""The Slack part of `whynot doctor`: the tokens and the scopes that the app was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from diagnosis.finding import Finding

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from bot.settings.values import SlackSettings
    from bot.settings.witnesses import Witness

SLACK = "Slack"
REQUIRED = frozenset({"app_mentions:read", "assistant:write", "chat:write", "commands", "im:history", "users:read"})
OPTIONAL = frozenset(
    {
        "channels:history",
        "channels:read",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "usergroups:read",
    }
)
"""Each may be refused; manifest.yml says what is missing then."""
_SECONDS = 10


def examined() -> list[Finding]:
    """What is found of Slack by the settings; where no token is set there is nothing to look at."""
    from bot.settings.reading import BadSettings, read_settings

    try:
        slack = read_settings(None, {}).slack
    except BadSettings as error:
        return [Finding("settings", "missing", f"{line}. Whoever runs whynot can correct it.") for line in error.lines]
    return list(_tokens(slack))


def switched_on() -> frozenset[Witness]:
    """The witnesses that a live account is asked by the settings; none where these cannot be read, which is told."""
    from bot.settings.reading import BadSettings, read_settings

    try:
        settings = read_settings(None, {})
    except BadSettings:
        return frozenset()
    if settings.account.snapshot is not None:
        return frozenset()
    when: dict[Witness, str] = {
        "opinion": settings.second_opinion.when,
        "changes": settings.what_changed.when,
        "threats": settings.threats.when,
    }
    return frozenset(witness for witness, said in when.items() if said != "off")


def _tokens(slack: SlackSettings) -> Iterator[Finding]:
    if slack.bot_token is None and slack.app_token is None:
        yield Finding(SLACK, "note", "no token is set, so Slack was not asked")
        return
    from slack_sdk import WebClient

    if slack.bot_token is None:
        yield Finding(SLACK, "missing", "slack.bot_token is missing: it is under OAuth & Permissions of the app")
    else:
        client = WebClient(token=slack.bot_token.get_secret_value(), base_url=slack.api_url, timeout=_SECONDS)
        yield from _bot(client)
    if slack.transport == "http":
        if slack.signing_secret is None:
            yield Finding(SLACK, "missing", "slack.signing_secret is missing: it is under Basic Information of the app")
    elif slack.app_token is None:
        yield Finding(SLACK, "missing", "slack.app_token is missing: make one under Basic Information of the app")
    else:
        client = WebClient(base_url=slack.api_url, timeout=_SECONDS)
        yield from _app(client, slack.app_token.get_secret_value())


def _bot(client: WebClient) -> Iterator[Finding]:
    from slack_sdk.errors import SlackApiError

    try:
        answer = client.auth_test()
    except SlackApiError as error:
        said = f"slack.bot_token is refused ({error.response.get('error')})"
        yield Finding(SLACK, "missing", f"{said}: copy it again from OAuth & Permissions of the app")
        return
    except OSError as error:
        yield Finding(SLACK, "missing", _unreachable(error))
        return
    given = _scopes(dict(answer.headers))
    yield Finding(SLACK, "well", f"the bot is {answer.get('user')} in {answer.get('team')}")
    lacking = sorted(REQUIRED - given)
    if lacking:
        said = f"the bot lacks the scopes {', '.join(lacking)}"
        yield Finding(SLACK, "missing", f"{said}: whoever manages the app adds them and installs it again")
    refused = sorted(OPTIONAL - given)
    if refused:
        yield Finding(SLACK, "note", f"optional scopes that were not given: {', '.join(refused)}")


def _scopes(headers: dict[str, object]) -> frozenset[str]:
    held = next((str(value) for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
    return frozenset(scope.strip() for scope in held.split(",") if scope.strip())


def _app(client: WebClient, token: str) -> Iterator[Finding]:
    from slack_sdk.errors import SlackApiError

    try:
        client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        said = f"slack.app_token opens no connection ({error.response.get('error')})"
        yield Finding(SLACK, "missing", f"{said}: it needs the scope connections:write, and Socket Mode must be on")
    except OSError as error:
        yield Finding(SLACK, "missing", _unreachable(error))
    else:
        yield Finding(SLACK, "well", "slack.app_token opens a connection")


def _unreachable(error: OSError) -> str:
    return f"slack.api_url cannot be reached ({error}): check the network and the proxy, then try again"
