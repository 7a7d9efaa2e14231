"""What the documents show as run is run, and prints what they show.

A fenced block marked `console` holds commands, each on a line that starts with `$ `, and below each what it prints.
Every line shown must be printed, in that order, with `…` for anything; lines may be left out. A block right after the
comment `<!-- not run -->` is passed over.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.source_tree import ROOT, documents

NOT_RUN = "<!-- not run -->"
ANSWERED = {0, 1, 3, 4}  # every way in which a question ends well; 2 is a failure


@dataclass(frozen=True, slots=True)
class Shown:
    """A command as a document shows it, with the lines printed below it."""

    where: str
    command: str
    printed: tuple[str, ...]


def shown(document: str, text: str) -> list[Shown]:
    """The commands of a document that are to be run."""
    found: list[Shown] = []
    for block in re.finditer(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        above = text[: block.start()].rstrip().splitlines()
        if above and above[-1].strip() == NOT_RUN:
            continue
        first = text.count("\n", 0, block.start()) + 2
        for part in re.split(r"^(?=\$ )", block.group(1).replace("\\\n", ""), flags=re.MULTILINE):
            command, *printed = part.splitlines() or [""]
            if command.startswith("$ "):
                lines = tuple(line.strip() for line in printed if line.strip())
                found.append(Shown(f"{document}:{first}", command.removeprefix("$ "), lines))
    return found


def missing(expected: tuple[str, ...], printed: str) -> str | None:
    """The first expected line that was not printed after the ones before it; None when all were."""
    lines = iter([" ".join(line.split()) for line in printed.splitlines()])
    for line in expected:
        pattern = ".*".join(re.escape(part) for part in " ".join(line.split()).split("…"))
        if not any(re.fullmatch(pattern, candidate) for candidate in lines):
            return line
    return None


def all_shown() -> list[Shown]:
    return [one for path in documents() for one in shown(str(path), (ROOT / path).read_text(encoding="utf-8"))]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A plain terminal of 80 columns in which `whynot` is the program under test."""
    program = tmp_path / "bin" / "whynot"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bot "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    return kept | {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


@pytest.mark.parametrize("example", all_shown(), ids=lambda example: f"{example.where} {example.command[:40]}")
def test_a_shown_command_prints_what_is_shown(example: Shown, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", example.command],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode in ANSWERED, done.stdout
    assert missing(example.printed, done.stdout) is None, done.stdout


def test_the_readme_shows_a_command_that_is_run() -> None:
    assert [one for one in all_shown() if one.where.startswith("README.md:")] != []


def test_commands_are_found_with_the_lines_below_them() -> None:
    run = "Text.\n```console\n$ one \\\n--two\n  printed\n\nmore\n$ three\n```\n"
    text = f"{run}\n<!-- not run -->\n\n```console\n$ four\n```\n"

    found = shown("x.md", text)

    assert [(one.command, one.printed) for one in found] == [("one --two", ("printed", "more")), ("three", ())]


@pytest.mark.parametrize(
    ("expected", "first_missing"),
    [
        (("a  b", "d"), None),
        (("a b", "…d"), None),
        (("x … z",), None),
        (("d", "a b"), "a b"),
        (("a",), "a"),
    ],
)
def test_shown_lines_are_printed_in_order_and_whole(expected: tuple[str, ...], first_missing: str | None) -> None:
    assert missing(expected, "a b\nc\n  d\nx and y and z\n") == first_missing
