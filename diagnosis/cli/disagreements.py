"""Where AWS and whynot disagreed: kept in a folder as bug reports, listed and written out by `disagreements`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diagnosis.cli.options import Json
from diagnosis.cli.statuses import OK
from diagnosis.cli.streams import complain, failed, print_json, print_text

if TYPE_CHECKING:
    from diagnosis.answer import Answer
    from diagnosis.network.described import Described


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One that was kept; `content` reads the bug report, a zip file."""

    name: str
    question: str
    text: str
    content: Callable[[], bytes]


Found = Callable[[Path | None], Iterable[Disagreement]]
FURTHER_DISAGREEMENTS: list[Found] = []
"""What a program around this one has kept elsewhere; each is given the settings file that was named."""


def disagreements(
    name: Annotated[str | None, typer.Argument(help="One of those that are listed, to be written as a file.")] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where they are kept; ~/.local/state/whynot/disagreements by default.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help="The file to write; by default NAME.zip.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings of the Slack app, to read its store as well.")] = None,
    as_json: Json = False,
) -> None:
    """Where AWS's second opinion disagreed: a list, or one of them as a ready bug report."""
    kept = [*_in_folder(folder or default_folder()), *(one for find in FURTHER_DISAGREEMENTS for one in find(config))]
    if name is not None:
        raise typer.Exit(_written(kept, name, to))
    if as_json:
        print_json([{"name": one.name, "question": one.question, "text": one.text} for one in kept])
    elif not kept:
        print_text("AWS and whynot have not disagreed.")
    else:
        from diagnosis.terminal.safe_text import safe

        print_text("\n".join(f"{safe(one.name)}  {safe(one.question)}\n  {safe(one.text)}" for one in kept))
    raise typer.Exit(OK)


def default_folder() -> Path:
    """Where state of programs belongs (https://specifications.freedesktop.org/basedir-spec/latest/)."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "whynot" / "disagreements"


def keep(folder: Path | None, question: str, answer: Answer, described: Described | None) -> str:
    """Keep a disagreement as a bug report for its owner's eyes; its name."""
    import hashlib
    from datetime import UTC, datetime

    from diagnosis.bug_report import pack
    from diagnosis.snapshots.write import write_snapshot

    content = pack(question, answer, "AWS disagrees.", described, write_snapshot).content
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{hashlib.sha256(content).hexdigest()[:6]}"
    target = folder or default_folder()
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = target / f"{name}.zip"
    file.touch(mode=0o600)
    file.write_bytes(content)
    return name


def _in_folder(folder: Path) -> Iterator[Disagreement]:
    """Those of a folder, oldest first; a file that is no report is named and left alone."""
    import json
    import zipfile

    for file in sorted(folder.glob("*.zip")):
        try:
            with zipfile.ZipFile(file) as held:
                yield from disagreement_of(file.stem, json.loads(held.read("report.json")), file.read_bytes)
        except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
            complain(f"{file}: no report of a disagreement ({type(error).__name__})")


def disagreement_of(name: str, about: object, content: Callable[[], bytes]) -> Iterator[Disagreement]:
    """A report's JSON as an entry of the list; nothing where it holds no second opinion."""
    answer = about.get("answer") if isinstance(about, dict) else None
    opinion = (answer.get("evidence") or {}).get("second_opinion") if isinstance(answer, dict) else None
    if isinstance(about, dict) and isinstance(opinion, dict):
        yield Disagreement(name, str(about.get("question")), str(opinion.get("text")), content)


def _written(kept: Iterable[Disagreement], name: str, to: Path | None) -> int:
    one = next((one for one in kept if one.name == name), None)
    if one is None:
        return failed(f"no disagreement is kept as {name}: `whynot disagreements` lists them")
    target = to or Path(f"{name}.zip")
    try:
        target.write_bytes(one.content())
    except OSError as error:
        return failed(f"{target}: {error.strerror or error}")
    print_text(f"{target}: report.json holds both reasonings, account/ the part of the account that they rest on")
    return OK
