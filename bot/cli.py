"""The command line of the whole product: the diagnosis, and the Slack app beside it."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diagnosis.cli.disagreements import FURTHER_DISAGREEMENTS, Disagreement
from diagnosis.cli.doctor import FURTHER_EXAMINATIONS, SWITCHED_ON
from diagnosis.cli.program import app, main
from diagnosis.cli.statuses import FAILED, OK, STOPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.approvals.audit import Head
    from bot.settings.values import Settings
    from bot.settings.witnesses import Witness
    from bot.store.audit import AuditLog
    from diagnosis.finding import Finding

__all__ = ["app", "main"]

LOOK_SECONDS = 0.5

Config = Annotated[Path | None, typer.Option(help="The settings file; whynot.yaml where it exists.")]
config = typer.Typer(no_args_is_help=True, help="The settings of the Slack app.")
app.add_typer(config, name="config")
audit = typer.Typer(no_args_is_help=True, help="The audit log of fixes that were proposed and applied.")
app.add_typer(audit, name="audit")


def _slack() -> list[Finding]:
    """What `doctor` finds of Slack."""
    from bot.checkup import examined

    return examined()


FURTHER_EXAMINATIONS.append(_slack)


def _switched_on() -> frozenset[Witness]:
    """The witnesses that the settings switch on."""
    from bot.checkup import switched_on

    return switched_on()


SWITCHED_ON.append(_switched_on)


def _in_store(file: Path | None) -> Iterator[Disagreement]:
    """The disagreements that the store of the Slack app keeps, where its settings are named."""
    if file is None:
        return
    settings = _settings(file, {})
    from bot.store.store import Store, StoreUnavailable

    try:
        opinions = Store.open(settings.store.url.get_secret_value()).opinions
    except StoreUnavailable as error:
        raise typer.Exit(_wrong([str(error)])) from None
    for one in opinions.disagreements():
        yield Disagreement(one.name, one.asked, one.text, partial(opinions.report, one.name))


FURTHER_DISAGREEMENTS.append(_in_store)


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


@audit.command("verify")
def verify(
    file: Annotated[Path | None, typer.Argument(help="A file that `audit export` wrote; else the store.")] = None,
    head: Annotated[
        list[str] | None, typer.Option(help="A head that was posted, NUMBER:HASH; may be repeated.")
    ] = None,
    config: Config = None,
) -> None:
    """Say whether the audit log is what was written, record by record."""
    from bot.approvals.audit import Broken, NotARecord, records_of
    from bot.approvals.audit import verify as verified
    from bot.store.audit import AuditDamaged
    from bot.store.transactions import StoreGone

    posted = [_head(text) for text in head or ()]
    try:
        if file is not None:
            with file.open(encoding="utf-8") as lines:
                found = verified(records_of(lines), posted)
        else:
            found = _audit_log(config).checked(posted)
    except (NotARecord, OSError, UnicodeDecodeError, AuditDamaged, StoreGone) as error:
        raise typer.Exit(_wrong([f"{file}: {error}" if file is not None else str(error)])) from None
    if isinstance(found, Broken):
        typer.echo(f"The audit log is broken at record {found.number}: {found.text}.")
        raise typer.Exit(STOPPED)
    began = f", from record {found.first} on" if found.first > 1 else ""
    typer.echo(f"The audit log is whole: {found.count} records{began}. Its head is {found.head}")


@audit.command("export")
def export(config: Config = None) -> None:
    """Print the audit log, oldest record first, one JSON object a line."""
    from bot.store.transactions import StoreGone

    try:
        for record in _audit_log(config).export():
            typer.echo(record.model_dump_json())
    except StoreGone as error:
        raise typer.Exit(_wrong([str(error)])) from None


def _audit_log(file: Path | None) -> AuditLog:
    from bot.store.store import StoreUnavailable, audit_log

    try:
        return audit_log(_settings(file, {}).store.url.get_secret_value())
    except StoreUnavailable as error:
        raise typer.Exit(_wrong([str(error)])) from None


def _head(text: str) -> Head:
    from bot.approvals.audit import parse_head

    found = parse_head(text)
    if found is None:
        raise typer.Exit(_wrong([f"{text[:80]} is no head: it is written NUMBER:HASH, with 64 hexadecimal digits"]))
    return found


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
