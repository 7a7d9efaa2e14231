"""The command line of the whole product: the diagnosis, and the Slack app beside it."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diagnosis.cli.doctor import FURTHER_EXAMINATIONS
from diagnosis.cli.program import app, main
from diagnosis.cli.statuses import FAILED, OK

if TYPE_CHECKING:
    from bot.settings.values import Settings
    from diagnosis.finding import Finding

__all__ = ["app", "main"]

LOOK_SECONDS = 0.5

Config = Annotated[Path | None, typer.Option(help="The settings file; whynot.yaml where it exists.")]
config = typer.Typer(no_args_is_help=True, help="The settings of the Slack app.")
app.add_typer(config, name="config")


def _slack() -> list[Finding]:
    """What `doctor` finds of Slack."""
    from bot.checkup import examined

    return examined()


FURTHER_EXAMINATIONS.append(_slack)


@app.command()
def serve(
    snapshot: Annotated[Path | None, typer.Option(help="A snapshot folder in place of the live account.")] = None,
    flow_logs: Annotated[list[Path] | None, typer.Option(help="Flow-log files or folders; may be repeated.")] = None,
    config: Config = None,
) -> None:
    """The Slack app: answers questions in Slack until it is stopped."""
    over: dict[str, Any] = {
        **({"snapshot": snapshot} if snapshot else {}),
        **({"flow_logs": flow_logs} if flow_logs else {}),
    }
    settings = _settings(config, {"account": over} if over else {})
    from bot.app import CannotStart, SlackApp
    from bot.health.logs import configure
    from bot.store.store import StoreUnavailable

    configure(settings.log.level)
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    try:
        running = SlackApp(settings)
    except (CannotStart, StoreUnavailable, OSError) as error:
        raise typer.Exit(_wrong([str(error)])) from None
    try:
        running.start()
        while not end.wait(LOOK_SECONDS):
            pass  # a signal may reach another thread: this one has to come round to see it
    except CannotStart as error:
        raise typer.Exit(_wrong([str(error)])) from None
    finally:
        running.stop()
    # A call to Slack that does not come back would keep the process: everything that matters is in the store by now.
    sys.stderr.flush()
    os._exit(OK)


@config.command("check")
def check(config: Config = None) -> None:
    """Read the settings and say what is wrong with them; nothing else is done."""
    settings = _settings(config, {})
    lacking = _lacking(settings)
    if lacking:
        raise typer.Exit(_wrong(lacking))
    where = ", ".join(settings.channels) or "no channel"
    typer.echo(f"The settings are well. Questions are answered in {where}.")
    raise typer.Exit(OK)


@config.command("show")
def show(config: Config = None) -> None:
    """Print the settings as they are understood, secrets masked."""
    typer.echo(json.dumps(_settings(config, {}).model_dump(mode="json"), indent=2))


def _lacking(settings: Settings) -> list[str]:
    """What `serve` would miss."""
    slack = settings.slack
    need = ("app_token", slack.app_token) if slack.transport == "socket" else ("signing_secret", slack.signing_secret)
    missing = [name for name, value in (("bot_token", slack.bot_token), need) if value is None]
    lines = [f"slack.{name} is missing: docs/install.md says where it is" for name in missing]
    if not settings.channels and settings.direct_messages is None:
        lines.append("neither channels nor direct_messages is set, so nobody would be answered")
    return lines


def _settings(file: Path | None, over: dict[str, Any]) -> Settings:
    from bot.settings.reading import BadSettings, read_settings

    try:
        return read_settings(file, over)
    except BadSettings as error:
        raise typer.Exit(_wrong(list(error.lines))) from None


def _wrong(lines: list[str]) -> int:
    """Say what is wrong on stderr; the exit status."""
    from diagnosis.terminal.safe_text import safe

    for line in lines:
        sys.stderr.write(f"whynot: {safe(line)}\n")
    return FAILED
