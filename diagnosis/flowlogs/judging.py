"""What the lines of a grid are, told for all of them at once: the commonest forms of well-formed records.

A line that is not recognised here may still be well formed: the patterns of `records` decide, one line at a time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from diagnosis.evidence.records import FIELDS, Field, Kind, field_of
from diagnosis.flowlogs.exact import KINDS
from diagnosis.flowlogs.grid import WIDTH, Grid, as_digits, digits, word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diagnosis.flowlogs.grid import Places, Rows, Words

UNTOLD = -1
OK, NODATA, SKIPDATA = (KINDS.index(kind) for kind in (Kind.OK, Kind.NODATA, Kind.SKIPDATA))
_STATUSES = {"OK": OK, "NODATA": NODATA, "SKIPDATA": SKIPDATA}
_ADDRESS = re.compile(FIELDS["srcaddr"].pattern)
_SLOT_BITS = 19
_MIX = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
_MOST_TEXTS = 100_000


class Judge:
    """Judges the lines of files of one format. It learns addresses, so one judge serves one thread."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self._fields = tuple(field_of(name) for name in fields)
        self._addresses = _KnownAddresses()

    def verdicts(self, grid: Grid, century: int) -> NDArray[np.int8]:
        """Return what each line is: `OK`, `NODATA`, `SKIPDATA` or `UNTOLD`.

        Times are told where they have ten digits that begin with the two bytes of `century`.
        """
        import numpy as np

        found = np.full(len(grid), UNTOLD, np.int8)
        whole = (grid.ends > grid.begins).all(axis=0) & self._times(grid, century)
        is_ok = _equals("OK", grid.head("log-status"), grid.lengths("log-status"))
        good = whole & is_ok
        for field in self._fields:
            good &= self._fits(grid, field, good, ok=True)
        found[good] = OK
        idle = np.flatnonzero(whole & ~is_ok)
        if len(idle):
            found[idle] = self._idle(grid.of_rows(idle))
        return found

    def _idle(self, grid: Grid) -> NDArray[np.int8]:
        import numpy as np

        found = np.full(len(grid), UNTOLD, np.int8)
        good = np.ones(len(grid), np.bool_)
        for field in self._fields:
            good &= self._fits(grid, field, good, ok=False)
        status, length = grid.head("log-status"), grid.lengths("log-status")
        for name in ("NODATA", "SKIPDATA"):
            found[good & _equals(name, status, length)] = _STATUSES[name]
        return found

    @staticmethod
    def _times(grid: Grid, century: int) -> Rows:
        import numpy as np

        good = np.ones(len(grid), np.bool_)
        for name in ("start", "end"):
            first, last = grid.key(name)
            good &= (first == np.uint64(century)) & digits(last)[1]
        return good

    def _fits(self, grid: Grid, field: Field, good: Rows, *, ok: bool) -> Rows:
        """Whether each value is one that a record, or with `ok` false a line without one, has in that field.

        Only the lines that are `good` so far matter.
        """
        import numpy as np

        if field.name in {"start", "end", "log-status"} or field.free_text:
            return np.ones(len(grid), np.bool_)
        if field.name == "action" and not ok:
            return _equals("-", grid.head(field.name), grid.lengths(field.name))
        fits = self._has_value(grid, field, good)
        optional = field.name != "version" if not ok else not field.required
        if optional and not (fits | ~good).all():
            fits |= _equals("-", grid.head(field.name), grid.lengths(field.name))
        return fits

    def _has_value(self, grid: Grid, field: Field, good: Rows) -> Rows:
        import numpy as np

        if field.address:
            return self._addresses.among(grid, field.name, good)
        if field.highest is not None:
            return _number(grid, field.name, field.highest)
        head, lengths = grid.head(field.name), grid.lengths(field.name)
        fits = np.zeros(len(grid), np.bool_)
        for each in field.words:
            fits |= _equals(each, head, lengths)
        return fits


def _equals(text: str, heads: Words, lengths: Places) -> Rows:
    import numpy as np

    rest = np.uint64(8 * (WIDTH - len(text)))
    found: Rows = (heads >> rest == np.uint64(word(text)) >> rest) & (lengths == len(text))
    return found


def _number(grid: Grid, name: str, highest: int) -> Rows:
    """Whether each value is a number of at most 16 digits, and not above the highest."""
    import numpy as np

    lengths = grid.lengths(name)
    values, are = digits(grid.tail(name), lengths)
    most = len(str(highest))
    if most <= WIDTH:
        return are & (lengths <= most) & (values <= np.uint64(as_digits(highest)))
    long = np.flatnonzero(lengths > WIDTH)
    if len(long):
        rest = lengths[long] - WIDTH
        are[long] &= digits(grid.of_rows(long).tail(name, skip=WIDTH), rest)[1] & (rest <= WIDTH)
    return are


class _KnownAddresses:
    """Addresses that were found to be well formed, by their keys."""

    def __init__(self) -> None:
        import numpy as np

        self._keys = np.zeros((2, 1 << _SLOT_BITS), np.uint64)
        self._texts: dict[str, bool] = {}

    def among(self, grid: Grid, name: str, good: Rows) -> Rows:
        """Return whether each value of a field is an address, as far as the line is good."""
        import numpy as np

        first, last = grid.key(name)
        mixed = (first * np.uint64(_MIX[0])) ^ (last * np.uint64(_MIX[1]))
        slots = (mixed >> np.uint64(64 - _SLOT_BITS)).view(np.int64)
        known: Rows = (self._keys[1].take(slots) == last) & (self._keys[0].take(slots) == first)
        known &= grid.lengths(name) <= 2 * WIDTH
        unknown = np.flatnonzero(good & ~known)
        if len(unknown):
            found = unknown[[self._is_one(text) for text in _values(grid, name, unknown)]]
            known[found] = True
            kept = found[grid.lengths(name)[found] <= 2 * WIDTH]
            self._keys[0, slots[kept]], self._keys[1, slots[kept]] = first[kept], last[kept]
        return known

    def _is_one(self, text: str) -> bool:
        found = self._texts.get(text)
        if found is None:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            found = self._texts[text] = bool(_ADDRESS.fullmatch(text))
        return found


def _values(grid: Grid, name: str, rows: Places) -> list[str]:
    place = grid.fields.index(name)
    begins, ends = grid.begins[place, rows].tolist(), grid.ends[place, rows].tolist()
    return [str(grid.text[begin:end], "ascii") for begin, end in zip(begins, ends, strict=True)]
