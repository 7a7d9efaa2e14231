"""Files of a snapshot folder that hold a list of one kind, and how one is replaced by another that says the same."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnosis.snapshots.read import files_of, text_of

_INDENT = re.compile(rb"^\s*\{\r?\n( +|\t+)")


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON file with a list under `key`."""

    file: Path
    key: str
    body: Mapping[str, Any]
    indent: int | str | None
    """How its lines are indented; None where all of it is one line."""

    @property
    def every(self) -> list[Any]:
        """The list as it is."""
        found: list[Any] = self.body[self.key]
        return found

    @property
    def items(self) -> list[Mapping[str, Any]]:
        """The objects of the list."""
        return [item for item in self.every if isinstance(item, dict)]


def documents(folder: Path, key: str) -> Iterator[Document]:
    """The files of a folder that hold a list under `key`; what cannot be read is passed over. Raises OSError."""
    for path in files_of(folder, []):
        file = folder if folder.is_file() else folder / path
        text = text_of(file, path, [])
        if text is None or f'"{key}"'.encode() not in text.replace(b"\0", b""):
            continue
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(body, dict) and isinstance(body.get(key), list):
            yield Document(file, key, body, _indent(text))


def _indent(text: bytes) -> int | str | None:
    found = _INDENT.match(text)
    if found is None:
        return None
    return "\t" if found[1].startswith(b"\t") else len(found[1])


def replaced(document: Document, items: Sequence[Any]) -> None:
    """Put another list into the file: it holds the old text or the new one, whatever happens. Raises OSError."""
    body = {**document.body, document.key: list(items)}
    file = document.file.resolve()
    separators = (",", ":") if document.indent is None else (",", ": ")
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".", encoding="ascii", delete=False) as unfinished:
        try:
            json.dump(body, unfinished, indent=document.indent, separators=separators)
            unfinished.write("\n")
            unfinished.flush()
            os.fchmod(unfinished.fileno(), file.stat().st_mode & 0o777)
            os.fsync(unfinished.fileno())
            Path(unfinished.name).replace(file)
        except BaseException:
            Path(unfinished.name).unlink(missing_ok=True)
            raise
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
