"""Files of which every line is well formed, which nearly all are: judged as one text, and taken apart in columns.

One match of a regular expression over the whole content tells that each line of a file is well formed. From then on the
places of its spaces say where each field is, so times and statuses are read for all lines at once, and only lines that
may belong to the conversation, or that an interface of interest recorded, are looked at one by one. A file of which
anything else is true is left to the pass that judges line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from diagnosis.evidence.records import Kind, classify, line_patterns
from diagnosis.flowlogs.exact import HOUR, KINDS, Group, Interest, Tally
from diagnosis.flowlogs.lines import Format, lines_of
from diagnosis.flowlogs.sql import text

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    from numpy.typing import NDArray

WORTH_IT = 2 * 1024 * 1024
"""Less than this, as stored, is read sooner than the libraries are loaded."""
_LARGEST, _LARGEST_UNPACKED = 4 * 1024 * 1024, 32 * 1024 * 1024
"""A larger file is left to the pass, which holds only a piece of it at a time."""
_AT_ONCE = 3 * 1024 * 1024
"""So much, as stored, is read by a thread for one statement."""
_MOST_HOURS = 100
_LONGEST = 4096
_PIECE = 8 * 1024
_HEADER = KINDS.index(Kind.HEADER)
_NEEDED = frozenset({"start", "end", "log-status", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport"})
_ADDRESSES = frozenset({"srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"})
_OF_ADDRESSES = frozenset("0123456789abcdef.:")
"""Other needles are of other fields than addresses and ports."""
_FEW = 8
"""More than one in so many lines is too many to look at one by one."""
_WIDTH = 8
"""So many bytes of a field are compared at once."""


def sound(
    connection: duckdb.DuckDBPyConnection, form: Format, paths: Sequence[Path], interest: Interest
) -> Iterator[tuple[Path, list[Group]]]:
    """Yield the groups of each file that is sound, in two threads; those left out are to be read in another way."""
    needles = [each for texts in interest.needles.required for each in texts]
    if (
        not form.gzip
        or form.line_end != 1
        or not needles
        or ":" in needles
        or not set("".join(needles)) <= _OF_ADDRESSES
        or not set(form.fields) >= _NEEDED
        or sum(map(_stored, paths)) < WORTH_IT
    ):
        return
    with ThreadPoolExecutor(2) as pool:
        batches = _batches(paths)
        running = [pool.submit(_judged, connection.cursor(), form, each, interest) for each in islice(batches, 3)]
        while running:
            yield from running.pop(0).result()
            running += [pool.submit(_judged, connection.cursor(), form, each, interest) for each in islice(batches, 1)]


def _stored(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # Opening it will say why.


def _batches(paths: Iterable[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in paths:
        stored = _stored(path)
        if batch and size + stored > _AT_ONCE:
            yield batch
            batch, size = [], 0
        if stored <= _LARGEST:
            batch.append(path)
            size += stored
    if batch:
        yield batch


def _judged(
    cursor: duckdb.DuckDBPyConnection, form: Format, paths: Iterable[Path], interest: Interest
) -> list[tuple[Path, list[Group]]]:
    bodies = [(path, body) for path in paths if (body := _body(path, form.header.encode() + b"\n"))]
    if not bodies:
        return []
    digits = _first_digits(form.fields, bodies[0][1])
    patterns = line_patterns(form.fields, digits + "[0-9]{8}")
    whole = text(f"(?:(?:{patterns.ok}|{patterns.idle})\n)+")
    statement = f"SELECT REGEXP_FULL_MATCH(body, {whole}) FROM (SELECT UNNEST(?::VARCHAR[]) AS body)"

    def well_formed(texts: list[memoryview]) -> list[bool]:
        asked = [_ascii(each) for each in texts]
        return [verdict for (verdict,) in cursor.execute(statement, [asked]).fetchall()]

    found = []
    for (path, body), whole_is in zip(bodies, well_formed([body for _, body in bodies]), strict=True):
        tally = Tally(form.fields, interest)
        tally.add(_HEADER, form.header)
        good: memoryview | None = body
        if not whole_is:
            pieces = _pieces(body)
            good = _apart(form.fields, pieces, well_formed(pieces), tally)
        groups = _Lines.of(form.fields, good).groups(int(digits), interest, tally) if good else None
        if groups is not None:
            found.append((path, groups))
    return found


def _ascii(body: memoryview) -> str:
    """The text; none, which is not well formed, for what is not ASCII."""
    try:
        return str(body, "ascii")
    except UnicodeDecodeError:
        return ""


def _pieces(body: memoryview) -> list[memoryview]:
    content = bytes(body)
    pieces, start = [], 0
    while start < len(content):
        end = content.find(b"\n", start + _PIECE) + 1 or len(content)
        pieces.append(body[start:end])
        start = end
    return pieces


def _apart(
    fields: tuple[str, ...], pieces: Sequence[memoryview], well_formed: Sequence[bool], tally: Tally
) -> memoryview | None:
    """The pieces that are well formed, as one; the lines of the few others are counted. None where they are many."""
    if sum(well_formed) < len(pieces) * 3 // 4:
        return None
    for piece, fine in zip(pieces, well_formed, strict=True):
        if not fine:
            for line in lines_of(bytes(piece)):
                tally.add(KINDS.index(classify(fields, line)), line)
    return memoryview(b"".join(piece for piece, fine in zip(pieces, well_formed, strict=True) if fine))


def _body(path: Path, header: bytes) -> memoryview | None:
    """The lines of a file after its header; None where it is damaged, too large, headless or of several members."""
    from isal import isal_zlib

    damaged = cast("type[Exception]", isal_zlib.error)  # Its stub declares it as a value.

    unpack = isal_zlib.decompressobj(31)
    try:
        content: bytes = unpack.decompress(path.read_bytes(), _LARGEST_UNPACKED)
    except (OSError, damaged):
        return None
    if not unpack.eof or unpack.unused_data or not content.startswith(header):
        return None
    return memoryview(content)[len(header) :]


def _first_digits(fields: tuple[str, ...], body: memoryview) -> str:
    """The first two of the ten digits of the first record's time, which are those of three years."""
    line = str(body[:_LONGEST], "latin-1").partition("\n")[0]
    digits = dict(zip(fields, line.split(" "), strict=False)).get("start", "")[:2]
    return digits if digits.isdigit() else "00"


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a sound body."""

    fields: tuple[str, ...]
    body: memoryview
    words: NDArray[np.uint64]
    """At each place of the body the eight bytes from there on, as a number whose order is that of text."""
    separators: NDArray[np.int64]
    """A row for each line, a column for each field: where the field ends."""

    @classmethod
    def of(cls, fields: tuple[str, ...], body: memoryview) -> _Lines:
        import numpy as np

        padded = b"".join((body, bytes(_WIDTH)))
        # Below "!" a sound body has nothing but the spaces between fields and the ends of lines.
        octets = np.frombuffer(padded, np.int8, len(body))
        separators = np.flatnonzero(octets <= np.int8(ord(" "))).reshape(-1, len(fields))
        return cls(fields, body, np.ndarray((len(body),), ">u8", padded, strides=(1,)), separators)

    def begins(self, name: str) -> NDArray[np.int64]:
        """Where a field of each line begins."""
        import numpy as np

        place = self.fields.index(name)
        if place:
            return self.separators[:, place - 1] + 1
        return np.concatenate((np.zeros(1, np.int64), self.separators[:-1, -1] + 1))

    def word(self, name: str, skip: int = 0) -> NDArray[np.uint64]:
        """Eight bytes of each line, from that place in a field on."""
        import numpy as np

        return self.words[self.begins(name) + skip].astype(np.uint64)

    def line(self, number: int) -> str:
        """One line, counted from 0."""
        start = int(self.separators[number - 1, -1]) + 1 if number else 0
        return str(self.body[start : int(self.separators[number, -1])], "ascii")

    def groups(self, first_digits: int, interest: Interest, tally: Tally) -> list[Group] | None:
        """What was tallied and these lines, as `read_exactly` groups them; None where that has to be asked."""
        import numpy as np

        start, end = (_number(self.word(name, 2)) + first_digits * 10**_WIDTH for name in ("start", "end"))
        hours = end // HOUR
        first = int(hours.min())
        looked_at = self._of_interest(interest)
        numbers = np.flatnonzero(looked_at)
        many = len(numbers) * _FEW > len(hours) + 10 * _FEW
        if many or (end < start).any() or int(hours.max()) - first > _MOST_HOURS:
            return None
        status = self.word("log-status") >> np.uint64(56)
        kinds = np.where(status == ord("O"), 0, np.where(status == ord("N"), 1, 2))
        for number in numbers.tolist():
            tally.add(int(kinds[number]), self.line(number))
        found = tally.groups
        keys = np.where(looked_at, -1, (hours - first) * 3 + kinds)
        for key in np.flatnonzero(np.bincount(keys + 1)[1:]).tolist():
            same = keys == key
            ended_in, lines = (first + key // 3) * HOUR, int(np.count_nonzero(same))
            found.append(Group(key % 3, None, ended_in, None, lines, 0, int(start[same].min()), int(end[same].max())))
        return found

    def _of_interest(self, interest: Interest) -> NDArray[np.bool_]:
        """Lines that an interface of interest may have recorded, or that may hold all needles, by their beginnings."""
        import numpy as np

        addresses = [self.word(name) for name in self.fields if name in _ADDRESSES]
        ports = [self.word(name) for name in ("srcport", "dstport")]
        wanted = np.ones(len(self.separators), np.bool_)
        for texts in interest.needles.required:
            any_of = np.zeros(len(self.separators), np.bool_)
            for needle in texts:
                for words in ports if needle.isdigit() else addresses:
                    any_of |= _begins(words, needle)
            wanted &= any_of
        interfaces = self.word("interface-id")
        for interface in interest.interfaces:
            wanted |= _begins(interfaces, interface)
        return wanted


def _begins(words: NDArray[np.uint64], needle: str) -> NDArray[np.bool_]:
    """Whether each word may be the beginning of a field that begins with the needle."""
    import numpy as np

    start = needle.encode()[:_WIDTH]
    rest = 8 * (_WIDTH - len(start))
    found: NDArray[np.bool_] = (words >> np.uint64(rest)) == np.uint64(int.from_bytes(start))
    return found


def _number(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The number that eight digits say, added up in halves."""
    import numpy as np

    pairs = words & np.uint64(0x0F0F0F0F0F0F0F0F)
    pairs = (pairs >> np.uint64(8) & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(10) + (
        pairs & np.uint64(0x00FF00FF00FF00FF)
    )
    fours = (pairs >> np.uint64(16) & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(100) + (
        pairs & np.uint64(0x0000FFFF0000FFFF)
    )
    value: NDArray[np.int64] = ((fours >> np.uint64(32)) * np.uint64(10000) + (fours & np.uint64(0xFFFFFFFF))).astype(
        np.int64
    )
    return value
