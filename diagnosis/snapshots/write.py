"""Writes a snapshot folder in the collected form: whole or not at all, for its owner's eyes only, without secrets."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diagnosis.network.described import Described
from diagnosis.snapshots.manifest import manifest_of, parse_manifest
from diagnosis.snapshots.places import MANIFEST, path_of
from diagnosis.snapshots.recognise import printable
from diagnosis.snapshots.redact import redact
from diagnosis.sources import SourceUnavailable

_DEPTHS = (3, 4)
"""How many parts the path of an answer has: account, Region, call, and the id of a by-id call."""


class SnapshotNotWritten(SourceUnavailable):
    """The folder could not be written, or must not be. Nothing of the snapshot is left behind."""


def check_target(folder: Path) -> None:
    """Raises SnapshotNotWritten where `write_snapshot` would refuse the folder: ask before a long collection.

    A folder may be absent, empty, or a snapshot that this program wrote (which is then replaced).
    """
    shown = printable(str(folder))
    try:
        target = folder.resolve()
        if target.exists():
            _check_replaceable(target, shown)
        parent = next(p for p in target.parents if p.exists())
        if not os.access(parent, os.W_OK | os.X_OK):
            raise SnapshotNotWritten(f"{printable(str(parent))} cannot be written. Choose a folder that is yours.")
    except OSError as error:
        raise SnapshotNotWritten(f"{shown} cannot be used: {error.strerror}. Choose another folder.") from error


def _check_replaceable(target: Path, shown: str) -> None:
    if not target.is_dir():
        raise SnapshotNotWritten(f"{shown} is a file. Choose a new or empty folder.")
    files = [path.relative_to(target) for path in target.rglob("*") if not path.is_dir()]
    if not files:
        return
    try:
        ours = parse_manifest((target / MANIFEST).read_bytes()).tool.startswith("whynot")
    except (OSError, ValueError):
        ours = False
    if not ours:
        raise SnapshotNotWritten(f"{shown} is not empty and no snapshot of whynot. Choose a new or empty folder.")
    for path in sorted(files):
        if path != Path(MANIFEST) and (len(path.parts) not in _DEPTHS or path.suffix != ".json"):
            raise SnapshotNotWritten(
                f"{shown} holds a file of yours, {printable(str(path))}. Move it away, or choose a new folder."
            )


def write_snapshot(described: Described, folder: Path, tool: str) -> None:
    """Writes the answers as `<account>/<Region>/<call>.json` with `snapshot.json` at the top.

    `tool` is the program and its version, beginning with `whynot`. Folders have mode 0700 and files 0600. The folder
    appears whole by one rename; one that we wrote earlier is replaced. Raises SnapshotNotWritten, leaving what was
    there before.
    """
    check_target(folder)
    target = folder.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}.", dir=target.parent))
        try:
            _fill(described, unfinished, tool)
            _put_in_place(unfinished, target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        raise SnapshotNotWritten(
            f"{printable(str(folder))} could not be written: {error.strerror or error}. "
            "Nothing was changed. Free the space or choose another folder."
        ) from error


def _fill(described: Described, folder: Path, tool: str) -> None:
    for call, answer in described.answers.items():
        file = folder / path_of(call)
        place = folder
        for part in path_of(call).parent.parts:
            place /= part
            place.mkdir(mode=0o700, exist_ok=True)
        _write_json(file, redact(dict(answer)))
    _write_json(folder / MANIFEST, manifest_of(described, tool))


def _write_json(file: Path, value: Mapping[str, Any]) -> None:
    # ASCII only: an answer can hold anything, and this file will be shown on a terminal sooner or later.
    text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"
    # The umask could only take more away; exclusive, since two calls must never share a file.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as opened:
        opened.write(text)


def _put_in_place(unfinished: Path, target: Path) -> None:
    """Renames the finished folder to its name; an older snapshot stands aside and comes back if that fails."""
    if not target.exists() or not any(target.iterdir()):
        unfinished.rename(target)  # POSIX lets a rename take an empty folder's place
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}.", dir=target.parent))
    try:
        target.rename(aside)
    except OSError:
        aside.rmdir()
        raise
    try:
        unfinished.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)
