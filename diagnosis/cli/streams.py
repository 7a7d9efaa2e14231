"""Data goes to stdout, all of it or a failure; progress and warnings go to stderr."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from diagnosis.cli.statuses import FAILED


@contextmanager
def working() -> Iterator[tuple[Callable[[str], None], Callable[[str], None]]]:
    """What says the progress, and what takes warnings: they are printed once the line of progress is gone."""
    from diagnosis.terminal.progress import Progress

    warnings: list[str] = []
    try:
        with Progress(sys.stderr, time.monotonic, terminal=sys.stderr.isatty()) as shown:
            yield shown.say, warnings.append
    finally:
        for warning in dict.fromkeys(warnings):
            complain(warning)


def coloured() -> bool:
    """Colour only on a terminal, and not where NO_COLOR is set (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


@contextmanager
def writing() -> Iterator[Callable[[str], object]]:
    """Writes to stdout, and all of it is gone when this ends. A reader that has left, such as `head`, is no news."""
    try:
        yield sys.stdout.write
        sys.stdout.flush()
    except OSError as error:
        # What is still held back must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        gone = isinstance(error, BrokenPipeError)
        raise typer.Exit(FAILED if gone else failed(f"stdout cannot be written: {error.strerror}")) from None


def print_text(text: str) -> None:
    """A text on stdout, in letters that its encoding has."""
    from diagnosis.terminal.safe_text import for_encoding

    with writing() as write:
        write(for_encoding(text, sys.stdout.encoding or "utf-8") + "\n")


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    from diagnosis.terminal.documents import document

    with writing() as write:
        write(document(value, encoding=sys.stdout.encoding) + "\n")


def complain(text: str) -> None:
    """One line on stderr, without anything that a terminal would obey."""
    from diagnosis.terminal.safe_text import for_encoding, safe

    sys.stderr.write(for_encoding(f"whynot: {safe(text)}\n", sys.stderr.encoding))


def failed(text: str) -> int:
    """Say what failed; the exit status."""
    complain(text)
    return FAILED
