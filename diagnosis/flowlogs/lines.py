"""Files read line by line, in Python: what a file is, and the slow, exact reading of files that hold anything odd."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from isal import isal_zlib

from diagnosis.evidence.crossings import of_gateway
from diagnosis.evidence.records import DEFAULT_FORMAT, Kind, classify, read_header

GZIP_MAGIC = b"\x1f\x8b"
_DAMAGE = cast("type[Exception]", isal_zlib.error)  # Its stub declares it as a value.
_GLANCE, _LOOK = 4 * 1024, 16 * 1024
"""How much of a file, unpacked, is looked at to tell what it is: first for a header line, then for anything else."""
_LONGEST_LINE = 64 * 1024
"""A longer line is no record; it is counted as one malformed line without being kept."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_CHUNK = 2 * 1024 * 1024
PARQUET_MAGIC = b"PAR1"
EXPORTED = "exported-time"
"""The time that an export task of CloudWatch Logs puts before each record; it is no field of flow logs."""
_SUSPECTS = (
    (b"PK\x03\x04", "a zip archive: unpack it"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: unpack it"),
    (b"BZh", "compressed with bzip2: unpack it"),
    (b"\xfd7zXZ", "compressed with xz: unpack it"),
    (b"{", "JSON, no flow log"),
    (b"[", "JSON, no flow log"),
)


@dataclass(frozen=True, slots=True)
class Parquet:
    """A Parquet file: its columns are looked up when it is read."""


class Unreadable(Exception):
    """A file that cannot be read as a flow log; the text says why, without the file's name."""


@dataclass(frozen=True, slots=True)
class Format:
    """How the lines of a file are to be read. Files of one format are read together."""

    fields: tuple[str, ...]
    gzip: bool
    header: str
    """The header line as it is written; that of the default format for a file that has none."""
    line_end: int
    """Bytes of its first line end: 1 for LF, 2 for CR LF."""


def recognise(path: Path, given: tuple[str, ...] | None = None) -> Format | Parquet:
    """Say what a file is by its own first bytes: Parquet, a header line, or records without one.

    Those are of the format that is `given`, as for an export from CloudWatch Logs, else of the default format.
    Raises Unreadable for anything else, and for an empty file.
    """
    try:
        str(path).encode()
        with path.open("rb") as file:
            if file.peek(4)[:4] == PARQUET_MAGIC:
                return Parquet()
            packed = file.peek(2)[:2] == GZIP_MAGIC
            head = _head(file, packed=packed, look=_GLANCE)
            if form := _by_header(head, packed=packed, most=1):
                return form
            file.seek(0)
            head = _head(file, packed=packed, look=_LOOK)
    except UnicodeEncodeError as error:
        raise Unreadable("its name is not UTF-8: rename it") from error
    except OSError as error:
        raise Unreadable(error.strerror or "cannot be opened") from error
    if not head:
        raise Unreadable("empty")
    if form := _by_header(head, packed=packed, most=20):
        return form
    for fields in (each for known in (given, DEFAULT_FORMAT) if known for each in (known, (EXPORTED, *known))):
        if any(classify(fields, line) is not Kind.MALFORMED for line in _first_lines(head, 200)):
            return Format(usable(fields), packed, " ".join(fields), _line_end(head))
    what = next(
        (what for magic, what in _SUSPECTS if head.startswith(magic)), "no flow log: its lines have another form"
    )
    raise Unreadable(what)


def _by_header(head: bytes, *, packed: bool, most: int) -> Format | None:
    for line in _first_lines(head, most):
        if fields := read_header(line):
            return Format(usable(fields), packed, line, _line_end(head))
    return None


def _first_lines(head: bytes, most: int) -> list[str]:
    lines = _LINE_END.split(head.removeprefix(_BYTE_ORDER_MARK), maxsplit=most)
    return [_text(line) for line in lines[:most]]


def _line_end(head: bytes) -> int:
    return 2 if head.partition(b"\n")[0].endswith(b"\r") and b"\n" in head else 1


def _head(file: io.BufferedReader, *, packed: bool, look: int) -> bytes:
    if not packed:
        return file.read(look)
    unpack = zlib.decompressobj(wbits=31)
    head = b""
    try:
        while len(head) < look and not unpack.eof and (chunk := file.read(look)):
            head += unpack.decompress(chunk, look - len(head))
    except zlib.error as error:
        raise Unreadable(_DAMAGED) from error
    if len(head) < look and not unpack.eof:
        raise Unreadable(CUT_SHORT)
    return head


CUT_SHORT = "the gzip file is cut short, so its lines are not counted"
_DAMAGED = "the gzip file is damaged, so its lines are not counted"


def usable(fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return the fields. Raises Unreadable when they cannot tell one conversation from another.

    An action is needed but of transit gateways, whose records have none.
    """
    names = set(fields)
    lacking = [
        name
        for name, any_of in (
            ("srcaddr", {"srcaddr", "pkt-srcaddr"}),
            ("dstaddr", {"dstaddr", "pkt-dstaddr"}),
            ("action", {"action"}),
        )
        if not names & any_of
    ]
    if of_gateway(fields):
        lacking.remove("action")
    if lacking:
        raise Unreadable(f"its format lacks {', '.join(lacking)}, without which a conversation cannot be found")
    return fields


def unpacked(path: Path) -> Iterator[bytes]:
    """Yield the content of a file in chunks, unpacked; gzip files of several members are read whole.

    Raises Unreadable when the file is cut short or damaged.
    """
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] != GZIP_MAGIC:
                while chunk := file.read(_CHUNK):
                    yield chunk
                return
            yield from _members(file)
    except OSError as error:
        raise Unreadable(error.strerror or "cannot be opened") from error
    except _DAMAGE as error:
        raise Unreadable(_DAMAGED) from error


def _members(file: io.BufferedReader) -> Iterator[bytes]:
    unpack = isal_zlib.decompressobj(31)
    pending = b""
    while pending or (pending := file.read(_CHUNK)):
        if unpack.eof:
            if not pending.lstrip(b"\0"):
                return
            unpack = isal_zlib.decompressobj(31)
        chunk = unpack.decompress(pending, _CHUNK)
        pending = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
        if chunk:
            yield chunk
    if not unpack.eof:
        raise Unreadable(CUT_SHORT)


def blocks(path: Path) -> Iterator[bytes]:
    """Yield the content of a file in pieces of whole lines, the last with its line end even where the file lacks it.

    Raises Unreadable as `unpacked` does.
    """
    rest = b""
    for chunk in unpacked(path):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join((rest, memoryview(chunk)[:end]))
            rest = chunk[end:]
        else:
            rest = (rest + chunk)[: 2 * _LONGEST_LINE]
    if rest:
        yield rest + b"\n"


def text_lines(path: Path) -> Iterator[str]:
    """Yield every line without its end (LF, CR LF or CR), one character per byte (Latin-1); over-long ones are cut.

    Raises Unreadable as `unpacked` does.
    """
    rest = b""
    first = True
    for chunk in unpacked(path):
        whole = rest + chunk
        if first:
            whole, first = whole.removeprefix(_BYTE_ORDER_MARK), False
        # A CR at the very end may be half of a line end.
        held = b"\r" if whole.endswith(b"\r") else b""
        *lines, rest = _LINE_END.split(whole.removesuffix(held) if held else whole)
        for line in lines:
            yield _text(line)
        rest = rest[: _LONGEST_LINE + 1] + held
    *lines, rest = _LINE_END.split(rest)
    for line in (*lines, rest) if rest else lines:
        yield _text(line)


def lines_of(content: bytes) -> list[str]:
    """Return the lines of a content that ends with a line, as `text_lines` does."""
    lines = [_text(line) for line in _LINE_END.split(content)]
    return lines if lines[-1] else lines[:-1]


def _text(line: bytes) -> str:
    return line[: _LONGEST_LINE + 1].decode("latin-1")


def line_numbers(path: Path, wanted: Collection[str]) -> dict[str, int]:
    """Return the number (from 1) of the first line that equals each wanted text; those not found are left out."""
    missing = set(wanted)
    numbers: dict[str, int] = {}
    if any(len(text) > _LONGEST_LINE or max(text, default="") > "\xff" for text in wanted):
        return _numbers_line_by_line(path, wanted)
    before = 0
    for block in blocks(path):
        if b"\r" in block or (before == 0 and block.startswith(_BYTE_ORDER_MARK)):
            return _numbers_line_by_line(path, wanted)
        for text in sorted(missing):
            line = text.encode("latin-1") + b"\n"
            place = 0 if block.startswith(line) else block.find(b"\n" + line) + 1
            if place or block.startswith(line):
                numbers[text] = before + block.count(b"\n", 0, place) + 1
                missing.discard(text)
        if not missing:
            break
        before += block.count(b"\n")
    return numbers


def _numbers_line_by_line(path: Path, wanted: Collection[str]) -> dict[str, int]:
    """The same of a file that ends lines otherwise, or of lines that are not found as they stand."""
    missing = set(wanted)
    numbers: dict[str, int] = {}
    for number, line in enumerate(text_lines(path), start=1):
        if line in missing:
            numbers[line] = number
            missing.discard(line)
            if not missing:
                break
    return numbers
