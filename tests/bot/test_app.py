"""What the app needs to start, said in one line each where it is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import CannotStart, SlackApp, hands_of
from bot.eyes import eyes_of
from bot.runner.networks import Networks
from bot.settings.values import Settings
from diagnosis.snapshots.embedded_account import snapshot_folder
from tests.bot.repair.stories import MemoryLedger
from tests.house.source_tree import ROOT
from tests.slack_double.double import SlackDouble


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    with SlackDouble() as double:
        yield double


def settings(slack: SlackDouble, folder: Path, **more: Any) -> Settings:
    mine = {"bot_token": slack.bot_token, "app_token": slack.app_token, "api_url": slack.base_url}
    return Settings.model_validate(
        {
            "slack": {**mine, **more},
            "account": {"snapshot": snapshot_folder()},
            "store": {"url": f"sqlite:///{folder / 'whynot.db'}"},
            "health": {"address": "127.0.0.1:0"},
        }
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"bot_token": None}, "slack.bot_token is missing"),
        ({"bot_token": "xoxb-wrong"}, "Slack does not take slack.bot_token"),
        ({"app_token": None}, "slack.app_token is missing"),
        ({"transport": "http"}, "slack.signing_secret is missing"),
        ({"api_url": "http://127.0.0.1:1/api/"}, "Slack cannot be reached"),
    ],
)
def test_what_is_missing_is_said_before_anything_starts(
    slack: SlackDouble, tmp_path: Path, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(CannotStart, match=says):
        SlackApp(settings(slack, tmp_path, **given))


def test_an_app_token_that_slack_does_not_take_ends_the_start(slack: SlackDouble, tmp_path: Path) -> None:
    app = SlackApp(settings(slack, tmp_path, app_token="xapp-wrong"))

    with pytest.raises(CannotStart, match="Slack takes no connection"):
        app.start()
    app.stop()


def whynot(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHYNOT_")}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_serve_without_settings_ends_with_a_line_that_says_which(tmp_path: Path) -> None:
    done = whynot(tmp_path, "serve")

    assert done.returncode == 2
    assert done.stderr.startswith("whynot: slack.bot_token is missing")
    assert "Traceback" not in done.stderr


def test_config_check_names_what_is_missing_and_what_is_misspelt(tmp_path: Path) -> None:
    missing = whynot(tmp_path, "config", "check")
    misspelt = whynot(tmp_path, "config", "check", WHYNOT_SLAKC__APP_TOKEN="xapp-1")
    well = whynot(
        tmp_path,
        "config",
        "check",
        WHYNOT_SLACK__BOT_TOKEN="xoxb-1",
        WHYNOT_SLACK__APP_TOKEN="xapp-1",
        WHYNOT_CHANNELS='{"C0AAAAAA1": {}}',
    )

    assert missing.returncode == 2
    assert len(missing.stderr.splitlines()) == 3
    assert "Did you mean WHYNOT_SLACK__APP_TOKEN?" in misspelt.stderr
    assert (well.returncode, well.stderr) == (0, "")
    assert "C0AAAAAA1" in well.stdout


def test_config_show_masks_what_is_secret(tmp_path: Path) -> None:
    shown = whynot(tmp_path, "config", "show", WHYNOT_SLACK__BOT_TOKEN="xoxb-hidden")

    assert shown.returncode == 0
    assert "hidden" not in shown.stdout
    assert '"bot_token": "**********"' in shown.stdout


@pytest.mark.parametrize(
    ("account", "fixes", "may"),
    [
        ({"snapshot": "somewhere"}, {}, True),
        ({"snapshot": "somewhere"}, {"mode": "notify"}, False),
        ({}, {"write_role_arn": "arn:aws:iam::123456789012:role/write"}, False),
        ({}, {"mode": "approve", "write_role_arn": "arn:aws:iam::123456789012:role/write"}, True),
        ({}, {"mode": "approve"}, False),
        ({}, {"mode": "approve", "own_credentials": True}, True),
    ],
)
def test_hands_are_handed_out_only_where_fixes_may_be_applied_and_with_credentials_that_were_named(
    account: dict[str, Any], fixes: dict[str, Any], may: bool
) -> None:
    given = Settings.model_validate({"account": account, "fixes": fixes})
    eyes = eyes_of(given)

    assert (hands_of(given, eyes, Networks(eyes, 300, lambda: 0.0), MemoryLedger()) is not None) is may
