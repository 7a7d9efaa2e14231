"""Lines of a flow log as a grid: where each field of each line begins and ends, and what its bytes are as numbers.

numpy looks at one field of all lines at once. Eight bytes of text, read as a number, compare as text does; a field of
eight digits or fewer compares as its value. Only lines that have the fields of the format, with a single space between
them, are in a grid: the others are given back as they stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Words = NDArray[np.uint64]
    Rows = NDArray[np.bool_]

WIDTH = 8
"""So many bytes of a field are compared at once."""
_MARGIN = 2 * WIDTH
_ZEROS = 0x3030303030303030
_TO_THE_HIGH_BIT = 0x7676767676767676
_HIGH_BITS = 0x8080808080808080
_DELETE = b"\x7f"
_KEPT = [(1 << (8 * count)) - 1 for count in range(WIDTH + 1)]
"""The last so many bytes of a word."""


class Grid:
    """Some lines, in order, and their fields."""

    def __init__(self, fields: tuple[str, ...], text: bytes, begins: Places, ends: Places) -> None:
        import numpy as np

        self.fields = fields
        self.text = text
        """What the lines are cut from, with a margin before and after."""
        self.begins, self.ends = begins, ends
        """A row for each field, a column for each line: the places in `text`."""
        self._eights = np.ndarray((len(text) - WIDTH,), "<u8", text, 0, strides=(1,))
        self._sixteens = np.ndarray((len(text) - 2 * WIDTH,), "V16", text, 0, strides=(1,))
        self._keys: dict[str, tuple[Words, Words]] = {}

    @classmethod
    def of(cls, fields: tuple[str, ...], block: bytes) -> tuple[Grid, list[bytes]]:
        """Return the grid of a block of whole lines, and every line that does not fit, with its line end."""
        import numpy as np

        text = b"".join((bytes(_MARGIN), block, bytes(_MARGIN)))
        octets = np.frombuffer(text, np.int8)
        # What is no printable ASCII is below "!", or is DEL.
        breaks = octets <= np.int8(ord(" "))
        if _DELETE in block:
            breaks |= octets == np.int8(ord(_DELETE))
        breaks[:_MARGIN] = breaks[-_MARGIN:] = False
        places = np.flatnonzero(breaks)
        kinds = octets.take(places)
        at_end = kinds == np.int8(ord("\n"))
        last = np.flatnonzero(at_end)
        fits = np.diff(last, prepend=-1) == len(fields)
        if int(np.count_nonzero(kinds == np.int8(ord(" ")))) + len(last) != len(places):
            strange = np.flatnonzero((kinds != np.int8(ord(" "))) & ~at_end)
            fits[np.searchsorted(last, strange)] = False
        line_ends = places.take(last)
        line_begins = np.empty_like(line_ends)
        line_begins[:1], line_begins[1:] = _MARGIN, line_ends[:-1] + 1
        apart: list[bytes] = []
        if not fits.all():
            odd = np.flatnonzero(~fits)
            apart = [text[start : end + 1] for start, end in zip(line_begins[odd], line_ends[odd], strict=True)]
            places = places[np.repeat(fits, np.diff(last, prepend=-1))]
            line_begins = line_begins[fits]
        ends = np.ascontiguousarray(places.reshape(-1, len(fields)).T)
        begins = np.empty_like(ends)
        begins[0] = line_begins
        np.add(ends[:-1], 1, out=begins[1:])
        return cls(fields, text, begins, ends), apart

    def __len__(self) -> int:
        return int(self.ends.shape[1])

    def of_rows(self, rows: Rows | Places) -> Grid:
        """Return the grid of some of the lines."""
        return Grid(self.fields, self.text, self.begins[:, rows], self.ends[:, rows])

    def lengths(self, name: str) -> Places:
        """Return how long a field is in each line."""
        place = self.fields.index(name)
        found: Places = self.ends[place] - self.begins[place]
        return found

    def head(self, name: str) -> Words:
        """Return the first eight bytes of a field, and what follows a shorter one, as a number that orders as text."""
        found: Words = self._eights[self.begins[self.fields.index(name)]].byteswap()
        return found

    def tail(self, name: str, skip: int = 0) -> Words:
        """Return the last eight bytes of a field, or those before its last `skip`, in the same way."""
        found: Words = self._eights[self.ends[self.fields.index(name)] - (WIDTH + skip)].byteswap()
        return found

    def key(self, name: str) -> tuple[Words, Words]:
        """Return the last sixteen bytes of a field as two such numbers, zeros before a shorter one."""
        import numpy as np

        found = self._keys.get(name)
        if found is None:
            pairs = self._sixteens[self.ends[self.fields.index(name)] - 2 * WIDTH].view(">u8").reshape(-1, 2)
            lengths = np.minimum(self.lengths(name), 2 * WIDTH)
            first, last = pairs[:, 0].astype(np.uint64), pairs[:, 1].astype(np.uint64)
            first &= np.array([0] * WIDTH + _KEPT, np.uint64).take(lengths)
            last &= np.array(_KEPT + _KEPT[-1:] * WIDTH, np.uint64).take(lengths)
            found = self._keys[name] = first, last
        return found

    def lines(self, rows: Places) -> list[str]:
        """Return some lines, without their ends."""
        begins, ends = self.begins[0, rows].tolist(), self.ends[-1, rows].tolist()
        return [str(self.text[begin:end], "ascii") for begin, end in zip(begins, ends, strict=True)]

    def written(self, rows: Places) -> bytes:
        """Return some lines as they stand, with their ends."""
        begins, ends = self.begins[0, rows].tolist(), self.ends[-1, rows].tolist()
        return b"".join([self.text[begin : end + 1] for begin, end in zip(begins, ends, strict=True)])


def word(text: str) -> int:
    """Return the beginning of a text as `Grid.head` gives it, zeros after it."""
    return int.from_bytes(text.encode()[:WIDTH].ljust(WIDTH, b"\0"))


def key_of(text: str) -> tuple[int, int]:
    """Return a text as `Grid.key` gives it."""
    held = text.encode()[-2 * WIDTH :].rjust(2 * WIDTH, b"\0")
    return int.from_bytes(held[:WIDTH]), int.from_bytes(held[WIDTH:])


def begins_with(heads: Words, text: str) -> Rows:
    """Return whether each field may begin with the text, by the eight bytes at its head."""
    import numpy as np

    rest = np.uint64(8 * (WIDTH - min(len(text), WIDTH)))
    found: Rows = (heads >> rest) == (np.uint64(word(text)) >> rest)
    return found


def digits(tails: Words, lengths: Places | None = None) -> tuple[Words, Rows]:
    """Return the last `lengths` bytes of each word, or all, as digits, a byte each, and whether all are digits.

    Lengths above 8 count as 8. Digits of equal length or less compare as numbers do.
    """
    import numpy as np

    values: Words = tails ^ np.uint64(_ZEROS)
    if lengths is not None:
        values &= np.array(_KEPT, np.uint64).take(np.minimum(lengths, WIDTH))
    over = values + np.uint64(_TO_THE_HIGH_BIT)
    over |= values
    over &= np.uint64(_HIGH_BITS)
    return values, over == 0


def as_digits(number: int) -> int:
    """Return a number of at most eight digits as `digits` gives it."""
    return int.from_bytes(bytes(int(digit) for digit in str(number)))


def as_number(digit_word: int) -> int:
    """Return the number that `digits` gave in this form."""
    return int("".join(map(str, digit_word.to_bytes(WIDTH))))
