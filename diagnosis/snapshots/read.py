"""Reads a snapshot folder in either form, or a single JSON file of describe answers. Nothing in it is trusted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from diagnosis.network.described import Described
from diagnosis.snapshots.assemble import assemble
from diagnosis.snapshots.manifest import Manifest, parse_manifest
from diagnosis.snapshots.places import MANIFEST
from diagnosis.snapshots.recognise import Broken, Part, printable, recognise, unreadable
from diagnosis.sources import SourceUnavailable

_NEVER_JSON = frozenset({".gz", ".jsonl", ".log", ".md", ".parquet", ".png", ".svg", ".toml", ".yaml", ".yml", ".zip"})
"""Files of these kinds are passed over in silence: flow logs and notes often lie beside a snapshot."""
_JSON_STARTS = (b"{", b"[", b"\xff\xfe", b"\xfe\xff")
"""An object, a list, or the byte-order mark that PowerShell puts before either."""


class SnapshotUnreadable(SourceUnavailable):
    """The snapshot path holds nothing that could be read. The text is one line for the person who named it."""


class SnapshotFolder:
    """A snapshot folder as a NetworkSource."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def described(self) -> Described:
        """What the folder's files answer. Raises SnapshotUnreadable."""
        return read_snapshot(self.folder)


def read_snapshot(folder: Path) -> Described:
    """Everything that a snapshot folder, or a single file, answers.

    A file that is broken or unknown is named in `warnings`; a call whose file is broken counts as unseen. Secret
    members are removed. Raises SnapshotUnreadable where the path does not exist or holds no usable file at all.
    """
    shown = printable(str(folder))
    if not folder.exists():
        raise SnapshotUnreadable(
            f"There is no snapshot at {shown}. Give a folder of describe answers, or make one: whynot snapshot {shown}"
        )
    manifest: Manifest | None = None
    parts: list[Part] = []
    broken: list[Broken] = []
    warnings: list[str] = []
    for path in files_of(folder, warnings):
        try:
            text = text_of(folder if folder.is_file() else folder / path, path, warnings)
        except OSError as error:
            refused = unreadable(path, b"", f"cannot be read ({error.strerror})")
            broken += refused.broken
            warnings += refused.warnings
            continue
        if text is None:
            continue
        if path == PurePosixPath(MANIFEST):
            try:
                manifest = parse_manifest(text)
            except ValueError as error:
                warnings.append(f"{MANIFEST}: cannot be read ({error}); when and what was asked is not known")
            continue
        recognised = recognise(path, text)
        parts += recognised.parts
        broken += recognised.broken
        warnings += recognised.warnings
    if not parts and manifest is None:
        raise SnapshotUnreadable(_nothing_usable(shown, warnings))
    return assemble(parts, broken, manifest or Manifest(), warnings)


def files_of(folder: Path, warnings: list[str]) -> Iterator[PurePosixPath]:
    """The files under the folder, relative to it, sorted; hidden ones and symlinked folders are passed over."""
    if folder.is_file():
        yield PurePosixPath(folder.name)
        return
    found = []

    def unlistable(error: OSError) -> None:
        name = printable(os.path.relpath(error.filename, folder)) if error.filename else "a folder"
        warnings.append(f"{name}: cannot be listed ({error.strerror})")

    for where, folders, names in os.walk(folder, onerror=unlistable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        base = PurePosixPath(Path(where).relative_to(folder).as_posix())
        found += [base / name for name in names if not name.startswith(".")]
    yield from sorted(found)


def text_of(file: Path, path: PurePosixPath, warnings: list[str]) -> bytes | None:
    """The bytes of a file that may be JSON; None for any other, with a warning where it needs one. Raises OSError."""
    if path.suffix.lower() in _NEVER_JSON:
        return None
    if file.exists() and not file.is_file():  # a pipe or socket would block
        warnings.append(f"{printable(str(path))}: skipped, not a regular file")
        return None
    if path.suffix.lower() != ".json":
        with file.open("rb") as opened:
            if not opened.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_JSON_STARTS):
                warnings.append(f"{printable(str(path))}: skipped, not JSON")
                return None
    return file.read_bytes()


def _nothing_usable(shown: str, warnings: list[str]) -> str:
    if not warnings:
        return f"{shown} holds no JSON file. Give a folder of describe answers, or make one: whynot snapshot DIR"
    others = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
    return (
        f"{shown} holds no usable file: {min(warnings)}{others}. "
        "Give a folder of describe answers as AWS returns them, or make one: whynot snapshot DIR"
    )
