"""The program as its users run it: in this process, which is quick, or as a process of its own."""

from __future__ import annotations

import gc
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import typer.main

from diagnosis.cli.program import main
from diagnosis.snapshots.write import write_snapshot
from tests.accounts import Account

PYTHON = (sys.executable, "-m", "diagnosis")
_read_from_functions = typer.main.get_command
_commands: dict[tuple[int, int], Any] = {}
"""The commands of the program, and how many it had: the bot adds its own when it is imported."""


class Ran(NamedTuple):
    """One run: its exit status and both its streams."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What stdout holds: one JSON document."""
        assert self.out.strip(), f"no output; exit status {self.status}; stderr:\n{self.err[-2000:]}"
        value: dict[str, Any] = json.loads(self.out)
        return value

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What stdout holds: one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def _command(program: typer.Typer) -> Any:
    """What typer reads from the signatures of all commands at each start, a third of the time that a question takes."""
    key = (id(program), len(program.registered_commands) + len(program.registered_groups))
    if key not in _commands:
        _commands[key] = _read_from_functions(program)
    return _commands[key]


def run(*arguments: str, stdin: bytes = b"") -> Ran:
    """`whynot` with these arguments, in this process: the entry point itself, with streams that are no terminal."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    given = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    status = 0
    with (
        mock.patch.object(sys, "argv", ["whynot", *arguments]),
        mock.patch.object(sys, "stdin", given),
        mock.patch.object(sys, "stdout", out),
        mock.patch.object(sys, "stderr", err),
        mock.patch.object(typer.main, "get_command", _command),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        finally:
            # The command line keeps what it builds out of garbage collection, since its process ends soon.
            gc.unfreeze()
    return Ran(status, _written(out), _written(err))


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def start(
    *arguments: str,
    program: Sequence[str] = PYTHON,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    cwd: Path | None = None,
) -> Ran:
    """The same as a process of its own, with these variables added to its environment."""
    done = subprocess.run(
        [*program, *arguments],
        input=stdin,
        capture_output=True,
        timeout=100,
        check=False,
        env={**os.environ, **(env or {})},
        cwd=cwd,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def folder_of(made: Account, place: Path) -> Path:
    """A snapshot folder of an account that a test has built."""
    folder = place / "account"
    write_snapshot(made.described(), folder, tool="whynot 0")
    return folder
