"""The program with all its commands, and its one boundary: a failure is a line for who must act."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from diagnosis.cli import demo, disagreements, doctor, flows, ip_ranges, questions, refusals, snapshots
from diagnosis.cli.statuses import FAILED, INTERRUPTED
from diagnosis.cli.streams import complain

# A command lives for a second: looking for garbage while modules load, and for plugins of pydantic, only delays it.
gc.set_threshold(100_000, 50, 50)
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Why can't A reach B on AWS: the rule that drops the packet, the evidence, and a fix that was proven first.",
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"whynot {version('whynot')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_tell_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """What stands before every command."""


COMMANDS: dict[str, Callable[..., None]] = {
    "ask": questions.ask,
    "trace": flows.trace,
    "who": questions.who,
    "summary": refusals.summary,
    "parse": questions.parse,
    "snapshot": snapshots.take_snapshot,
    "doctor": doctor.doctor,
    "disagreements": disagreements.disagreements,
    "ip-ranges": ip_ranges.ip_ranges,
    "demo": demo.demo,
}
"""In the order in which `--help` lists them."""
for name, command in COMMANDS.items():
    app.command(name)(command)


def main() -> None:
    """The entry point: what can be named is one line for who must act; anything else is logged as ours."""
    from diagnosis.failures import one_line

    try:
        app()
    except SystemExit as ended:
        sys.exit(FAILED if ended.code == INTERRUPTED else ended.code)
    except Exception as error:
        complain(one_line(error))
        if os.environ.get("WHYNOT_DEBUG"):
            raise
        sys.exit(FAILED)
