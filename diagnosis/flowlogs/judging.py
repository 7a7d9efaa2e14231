"""What the lines of a grid are, told for all of them at once: the commonest forms of well-formed records.

A line that is not recognised here may still be well formed: the patterns of `records` decide, one line at a time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from diagnosis.evidence.records import FIELDS, Field, Kind, classify, field_of
from diagnosis.flowlogs.bits import LONG, Bits
from diagnosis.flowlogs.exact import KINDS
from diagnosis.flowlogs.grid import MOST_WORDS, WIDTH, Grid, as_digits, digits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diagnosis.flowlogs.bits import Octets, Places, Rows, Words

UNTOLD = -1
OK, NODATA, SKIPDATA = (KINDS.index(kind) for kind in (Kind.OK, Kind.NODATA, Kind.SKIPDATA))
_ADDRESS = re.compile(FIELDS["srcaddr"].pattern)
_SLOT_BITS = 18
_MIX = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
_MOST_TEXTS = 100_000
_HIGHEST_OCTET = int.from_bytes(b"255")
_TIMES = ("start", "end")
_TIME = 10
"""Digits of a time that is told."""


class Judge:
    """Judges the lines of files of one format. It learns addresses and forms of lines, so one judge serves one thread.

    Raises ValueError for a format that lacks `start`, `end` or `log-status`.
    """

    def __init__(self, fields: tuple[str, ...]) -> None:
        self._names = fields
        self._fields = tuple(field_of(name) for name in fields)
        self._numbers = tuple(field for field in self._fields if field.required and field.highest is not None)
        self._runs = _runs(self._fields, [field for field in self._numbers if field.name not in _TIMES])
        self._others = tuple(
            field
            for field in self._fields
            if field not in self._numbers and not field.free_text and field.name != "log-status"
        )
        self._times = tuple(sorted(_TIMES, key=fields.index))
        self._addresses = _KnownAddresses()
        self._forms: dict[tuple[bytes, ...], int] = {}

    def verdicts(self, grid: Grid, century: int) -> NDArray[np.int8]:
        """Return what each line is: `OK`, `NODATA`, `SKIPDATA` or `UNTOLD`.

        Times are told where they have ten digits that begin with the two bytes of `century`.
        """
        import numpy as np

        found = np.full(len(grid), UNTOLD, np.int8)
        whole = grid.filled & _timely(grid, century)
        good = _among(("OK",), grid.head("log-status"), grid.lengths("log-status"))
        idle = np.flatnonzero(whole & ~good)
        good &= whole
        for name in _TIMES:
            good &= grid.last_digits(name)[1]
        for first, last in self._runs:
            good &= grid.numbers(first, last, good)
        for field in self._numbers:
            if field.name not in _TIMES:
                good &= _in_range(grid, field, good)
        for field in self._others:
            good &= self._fits(grid, field, good)
        found[good] = OK
        found[idle] = self._idle(grid, idle)
        return found

    def _idle(self, grid: Grid, rows: Places) -> list[int]:
        """What lines are that have another status than OK, told by all but their times."""
        places = (grid.begins(self._names[0]), *(f(each) for each in self._times for f in (grid.begins, grid.after)))
        columns = [each[rows].tolist() for each in (*places, grid.after(self._names[-1]))]
        text = grid.text
        return [
            self._form(text[begin:first], text[after:second], text[following:end])
            if text[first : after - 1].isdigit() and text[second : following - 1].isdigit()
            else UNTOLD
            for begin, first, after, second, following, end in zip(*columns, strict=True)
        ]

    def _form(self, *parts: bytes) -> int:
        """The kind of a line without traffic, whatever its times; `UNTOLD` for any other."""
        found = self._forms.get(parts)
        if found is None:
            if len(self._forms) >= _MOST_TEXTS:
                self._forms.clear()
            line = b"0 ".join(parts).decode("ascii").removesuffix("\n").removesuffix(" ")
            kind = KINDS.index(classify(self._names, line))
            found = self._forms[parts] = kind if kind in {NODATA, SKIPDATA} else UNTOLD
        return found

    def _fits(self, grid: Grid, field: Field, good: Rows) -> Rows:
        """Whether each value is one that a record may have in a field, as far as the line is good."""
        if field.required:
            return self._has_value(grid, field, good)
        nothing: Rows = (grid.lengths(field.name) == 1) & (grid.octets.take(grid.begins(field.name)) == ord("-"))
        return nothing | self._has_value(grid, field, good & ~nothing)

    def _has_value(self, grid: Grid, field: Field, good: Rows) -> Rows:

        if field.address:
            return self._addresses.among(grid, field.name, good)
        if field.highest is not None:
            are = grid.numbers(field.name, field.name, good)
            return are & _in_range(grid, field, good & are)
        return _among(field.words, grid.head(field.name), grid.lengths(field.name))


def _timely(grid: Grid, century: int) -> Rows:
    """Whether both times have the length and the beginning that are told; not whether they are digits."""
    import numpy as np

    good = np.ones(len(grid), np.bool_)
    for name in _TIMES:
        begins = grid.begins(name)
        good &= grid.lengths(name) == _TIME
        for place, octet in enumerate(century.to_bytes(2)):
            good &= grid.octets.take(begins + place) == np.uint8(octet)
    return good


def _runs(fields: Sequence[Field], numbers: Collection[Field]) -> list[tuple[str, str]]:
    """The first and the last of neighbouring fields that are numbers, as many as are told at once."""
    runs: list[tuple[str, str]] = []
    room = 0
    for field in fields:
        if field not in numbers:
            room = 0
            continue
        width = len(str(field.highest)) + 1
        if room >= width:
            runs[-1] = (runs[-1][0], field.name)
        else:
            runs.append((field.name, field.name))
            room = MOST_WORDS * WIDTH + 1
        room -= width
    return runs


def _in_range(grid: Grid, field: Field, good: Rows) -> Rows:
    """Whether each value, of digits, is not above the highest of its field, as far as the line is good."""
    import numpy as np

    highest = str(field.highest)
    lengths = grid.lengths(field.name)
    if highest.strip("9"):
        leads = grid.octets.take(grid.begins(field.name))
        fits: Rows = (lengths < len(highest)) | ((lengths == len(highest)) & (leads < ord(highest[0])))
        near = np.flatnonzero(good & ~fits)
        if len(near):
            values, _ = digits(grid.tail(field.name, near), lengths[near])
            fits[near] = (lengths[near] <= len(highest)) & (values <= np.uint64(as_digits(int(highest))))
        return fits
    return lengths <= len(highest)


def _slots(mixed: Words) -> Places:
    import numpy as np

    found: Places = (mixed >> np.uint64(64 - _SLOT_BITS)).view(np.int64)
    return found


def _among(texts: Collection[str], heads: Words, lengths: Octets) -> Rows:
    """Whether each value is one of a few texts, by its head."""
    import numpy as np

    found = np.zeros(len(heads), np.bool_)
    for length, alike in groupby(sorted(texts, key=len), len):
        cut = heads >> np.uint64(8 * (WIDTH - length))
        are: Rows = np.logical_or.reduce([cut == np.uint64(int.from_bytes(text.encode())) for text in alike])
        found |= are & (lengths == length)
    return found


def _ipv4(grid: Grid, name: str, rows: Places) -> Rows:
    """Whether the values of a field are four numbers of an octet, without leading zeros, with a dot between them."""
    import numpy as np

    # The values one after the other, each at the end of sixteen bytes of its own; a longer one is none.
    lengths = np.minimum(grid.lengths(name)[rows], np.uint8(2 * WIDTH))
    texts = np.stack([words[rows] for words in grid.key(name)], axis=1)
    texts[lengths == 2 * WIDTH] = 0
    octets = np.pad(texts.view(np.uint8).reshape(-1), (0, LONG))
    ends = np.arange(2 * WIDTH, 2 * WIDTH * (len(rows) + 1), 2 * WIDTH)
    begins, spans = Bits(octets - np.uint8(ord("0")) > np.uint8(9)).next(ends - lengths, 4)
    are: Rows = (begins[-1] == ends + 1) & (lengths < 2 * WIDTH)
    for place in begins[1:-1]:
        are &= octets.take(place - 1) == np.uint8(ord("."))
    for begin, length in zip(begins, spans, strict=False):
        one, two, three = (octets.take(begin + place).astype(np.uint32) for place in range(3))
        are &= (
            (length == 1)
            | ((length == 2) & (one > ord("0")))
            | ((length == 3) & (one > ord("0")) & (one << 16 | two << 8 | three <= _HIGHEST_OCTET))
        )
    return are


class _KnownAddresses:
    """Addresses that were found to be well formed, by their keys: each in one of two places."""

    def __init__(self) -> None:
        import numpy as np

        self._keys = np.zeros((1 << _SLOT_BITS, 2), np.uint64)
        self._pairs = self._keys.view(np.complex128).reshape(-1)
        self._texts: dict[str, bool] = {}

    def among(self, grid: Grid, name: str, good: Rows) -> Rows:
        """Return whether each value of a field is an address, as far as the line is good."""
        import numpy as np

        first, last = grid.key(name)
        mixed = (first * np.uint64(_MIX[0])) ^ (last * np.uint64(_MIX[1]))
        short = grid.lengths(name) <= 2 * WIDTH
        known = self._held(_slots(mixed), first, last) & short
        unknown = np.flatnonzero(good & ~known)
        if len(unknown):
            others = _slots((mixed[unknown] ^ (mixed[unknown] >> np.uint64(32))) * np.uint64(_MIX[0]))
            known[unknown] = self._held(others, first[unknown], last[unknown]) & short[unknown]
            new = np.flatnonzero(~known[unknown])
            rows = unknown[new]
            found = _ipv4(grid, name, rows)
            rare = np.flatnonzero(~found)
            found[rare] = [self._is_one(text) for text in grid.values(name, rows[rare])]
            known[rows] = found
            kept = found & short[rows]
            rows, new = rows[kept], new[kept]
            taken = self._keys[_slots(mixed[rows])].any(axis=1)
            self._keys[np.where(taken, others[new], _slots(mixed[rows]))] = np.stack((first[rows], last[rows]), axis=1)
        return known

    def _held(self, slots: Places, first: Words, last: Words) -> Rows:
        """Whether the keys are those in the slots."""
        import numpy as np

        held = self._pairs.take(slots).view(np.uint64).reshape(-1, 2)
        found: Rows = (held[:, 0] == first) & (held[:, 1] == last)
        return found

    def _is_one(self, text: str) -> bool:
        found = self._texts.get(text)
        if found is None:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            found = self._texts[text] = bool(_ADDRESS.fullmatch(text))
        return found
