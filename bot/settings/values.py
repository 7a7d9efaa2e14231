"""The settings as frozen values. Every one of them has its entry in `docs/settings.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bot.settings.fixes import FixSettings, Mode
from bot.settings.group import Group
from bot.settings.opinions import SecondOpinionSettings
from bot.settings.summaries import SummariesSettings, SummarySettings
from bot.settings.witnesses import ThreatsSettings, WhatChangedSettings


def _an_address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65_536):
        raise ValueError(f"{text} is no address: write it like 127.0.0.1:8080")
    return text


Address = Annotated[str, AfterValidator(_an_address)]
"""`host:port`; an IPv6 host stands in brackets. Port 0 takes any free port."""


def host_and_port(address: Address) -> tuple[str, int]:
    """Return the two parts of an address."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


class SlackSettings(Group):
    """How to reach Slack, and as whom."""

    bot_token: SecretStr | None = None
    app_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    transport: Literal["socket", "http"] = "socket"
    http_address: Address = "127.0.0.1:3000"
    api_url: str = "https://slack.com/api/"

    @model_validator(mode="after")
    def _the_right_tokens(self) -> Self:
        for name, token, prefix, what in (
            ("bot_token", self.bot_token, "xoxb-", "the bot token of OAuth & Permissions"),
            ("app_token", self.app_token, "xapp-", "the app-level token of Basic Information"),
        ):
            begun = token.get_secret_value() if token is not None else prefix
            if begun.startswith("xapp-" if prefix == "xoxb-" else "xoxb-"):
                raise ValueError("slack.bot_token and slack.app_token are swapped: xoxb- is the bot's, xapp- the app's")
            if not begun.startswith(prefix):
                raise ValueError(f"slack.{name} must begin with {prefix}: it is {what}")
        return self


class AccountSettings(Group):
    """Which account is judged: a live one, or a snapshot folder in its place."""

    snapshot: Path | None = None
    flow_logs: tuple[Path, ...] = ()
    athena_workgroup: str | None = None
    athena_output: str | None = None
    athena_daily_gb: float = Field(default=1000, ge=0)
    profile: str | None = None
    regions: tuple[str, ...] = ()
    keep_minutes: float = Field(default=5, ge=0, le=1440)


class StrangersSettings(Group):
    """Names for the public addresses that an answer speaks of."""

    named: bool = True
    ip_ranges: Path | None = None


class ChannelSettings(Group):
    """What may be asked about in one channel, and what may be shown there. An empty list names everything."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    vpcs: tuple[str, ...] = ()
    pictures: bool = True
    raw_logs: bool = False
    files: bool = False
    shared: bool = False
    summary: SummarySettings | None = None


class PeopleSettings(Group):
    """Who may ask."""

    guests: bool = False
    per_minute: int = Field(default=10, ge=1)


class RunnerSettings(Group):
    """How many questions are worked on, and for how long."""

    workers: int = Field(default=8, ge=1, le=64)
    waiting: int = Field(default=100, ge=1)
    seconds: float = Field(default=120, gt=0)
    stop_seconds: float = Field(default=15, ge=0)


class StoreSettings(Group):
    """Where questions are remembered, and for how long."""

    url: SecretStr = SecretStr("sqlite:///whynot.db")
    keep_days: float = Field(default=30, gt=0)
    keep_proposals_days: float = Field(default=400, gt=0)
    keep_audit_days: float | None = Field(default=None, gt=0)


class HealthSettings(Group):
    """Where probes and metrics are served."""

    address: Address = "127.0.0.1:8080"


class LogSettings(Group):
    """What is logged."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Settings(Group):
    """All settings of `whynot serve`."""

    slack: SlackSettings = SlackSettings()
    account: AccountSettings = AccountSettings()
    channels: dict[str, ChannelSettings] = Field(default_factory=dict)
    direct_messages: ChannelSettings | None = None
    people: PeopleSettings = PeopleSettings()
    second_opinion: SecondOpinionSettings = SecondOpinionSettings()
    what_changed: WhatChangedSettings = WhatChangedSettings()
    threats: ThreatsSettings = ThreatsSettings()
    strangers: StrangersSettings = StrangersSettings()
    fixes: FixSettings = FixSettings()
    summaries: SummariesSettings = SummariesSettings()
    runner: RunnerSettings = RunnerSettings()
    store: StoreSettings = StoreSettings()
    health: HealthSettings = HealthSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _channels_by_id(self) -> Self:
        for channel in self.channels:
            if not (channel[:1] in ("C", "G") and channel.isalnum() and channel.isupper()):
                raise ValueError(
                    f"channels: {channel[:80]} is no channel id. Copy the id (it begins with C) from the end of "
                    "the channel's About page"
                )
        return self

    @property
    def fix_mode(self) -> Mode:
        """What may be done with a fix. Where nothing is said, nothing for a live account; a folder may be tried on."""
        return self.fixes.mode or ("off" if self.account.snapshot is None else "approve")
