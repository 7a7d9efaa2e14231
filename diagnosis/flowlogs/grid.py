"""Lines of a flow log as a grid: where each field of each line begins and ends, and what its bytes are as numbers.

numpy looks at one field of all lines at once. Eight bytes of text, read as a number, compare as text does; a field of
eight digits or fewer compares as its value. Only lines that have the fields of the format, with a single space between
them, are in a grid: the others are given back as they stand.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from diagnosis.flowlogs.bits import Bits, places_of

if TYPE_CHECKING:
    from diagnosis.flowlogs.bits import Octets, Places, Rows, Words

WIDTH = 8
"""So many bytes of a field are compared at once."""
MOST_WORDS = 7
"""So many words of text are looked at together at most: neighbouring numbers that are longer are not told."""
_BEFORE = b"." * MOST_WORDS * WIDTH
_AFTER = b".\0"
"""Repeated after the text: whatever lacks fields finds their ends here, and no two side by side."""
_SPACE, _LINE_END, _DELETE = b" \n\x7f"
_ZEROS = 0x3030303030303030
_TO_THE_HIGH_BIT = 0x7676767676767676
_HIGH_BITS = 0x8080808080808080
_NO_DIGIT = 0x1010101010101010
"""Bits that a space has and a digit has not, once it is taken from zero."""


class Grid:
    """Some lines, in order, and their fields."""

    def __init__(self, fields: tuple[str, ...], text: bytes, begins: Places, lengths: Octets) -> None:
        import numpy as np

        self.fields = fields
        self.text = text
        """What the lines are cut from, with a margin before and after."""
        self.octets: Octets = np.frombuffer(text, np.uint8)
        self._begins, self._lengths = begins, lengths
        """A row for each field, and of `begins` one for the next line; a column for each line."""
        self._eights = np.ndarray((len(text) - WIDTH,), "<u8", text, 0, strides=(1,))
        self._sixteens = np.ndarray((len(text) - 2 * WIDTH,), "V16", text, 0, strides=(1,))
        self._heads: dict[str, Words] = {}
        self._keys: dict[str, tuple[Words, Words]] = {}
        self._last_digits: dict[str, tuple[Words, Rows]] = {}

    @classmethod
    def of(cls, fields: tuple[str, ...], block: bytes) -> tuple[Grid, list[bytes]]:
        """Return the grid of a block of whole lines, and every line that does not fit, with its line end."""
        import numpy as np

        text = b"".join((_BEFORE, block, _AFTER * (len(fields) + 3 * WIDTH)))
        octets: Octets = np.frombuffer(text, np.uint8)
        # What is no printable ASCII is below "!", or is DEL.
        breaks = octets.view(np.int8) <= np.int8(_SPACE)
        if bytes((_DELETE,)) in block:
            breaks |= octets == np.uint8(_DELETE)
        told = Bits(breaks)
        line_ends = places_of(octets, _LINE_END)
        first = np.empty_like(line_ends)
        first[:1], first[1:] = len(_BEFORE), line_ends[:-1] + 1
        begins, lengths = told.next(first, len(fields))
        fits: Rows = begins[-1] == line_ends + 1
        spaces = int(np.count_nonzero(octets == np.uint8(_SPACE)))
        if spaces == len(line_ends) * (len(fields) - 1) and fits.all():
            return cls(fields, text, begins, lengths), []
        for row in begins[1:-1]:
            np.logical_and(fits, octets.take(row - 1) == np.uint8(_SPACE), out=fits)
        odd = np.flatnonzero(~fits)
        apart = [text[start : end + 1] for start, end in zip(first[odd], line_ends[odd], strict=True)]
        return cls(fields, text, np.ascontiguousarray(begins[:, fits]), lengths[:, fits]), apart

    def __len__(self) -> int:
        return int(self._begins.shape[1])

    def of_rows(self, rows: Rows | Places) -> Grid:
        """Return the grid of some of the lines."""
        return Grid(self.fields, self.text, self._begins[:, rows], self._lengths[:, rows])

    def begins(self, name: str) -> Places:
        """Return where a field begins in each line."""
        found: Places = self._begins[self.fields.index(name)]
        return found

    def after(self, name: str) -> Places:
        """Return where the field after a field begins in each line: two after its last octet."""
        found: Places = self._begins[self.fields.index(name) + 1]
        return found

    def lengths(self, name: str) -> Octets:
        """Return how long a field is in each line; `LONG` for any length from there."""
        found: Octets = self._lengths[self.fields.index(name)]
        return found

    @cached_property
    def filled(self) -> Rows:
        """Whether no field of each line is empty."""
        import numpy as np

        found: Rows = np.logical_and.reduce(self._lengths, axis=0, dtype=np.bool_)
        return found

    def head(self, name: str) -> Words:
        """Return the first eight bytes of a field, and what follows a shorter one, as a number that orders as text."""
        found = self._heads.get(name)
        if found is None:
            found = self._heads[name] = self._eights[self.begins(name)].byteswap()
        return found

    def heads(self, name: str, rows: Places) -> Words:
        """Return the same of some of the lines."""
        found: Words = self._eights[self.begins(name)[rows]].byteswap()
        return found

    def tail(self, name: str, rows: Places | None = None) -> Words:
        """Return the last eight bytes of a field, in the same way, in all or some of the lines."""
        after = self.after(name) if rows is None else self.after(name)[rows]
        found: Words = self._eights[after - (WIDTH + 1)].byteswap()
        return found

    def last_digits(self, name: str) -> tuple[Words, Rows]:
        """Return the last eight bytes of a field as `digits`, and whether they are."""
        found = self._last_digits.get(name)
        if found is None:
            found = self._last_digits[name] = digits(self.tail(name))
        return found

    def numbers(self, first: str, last: str, good: Rows) -> Rows:
        """Return whether all is digits from a field to another, but for the spaces between, as far as a line is good.

        What is longer than `MOST_WORDS` is not told.
        """
        import numpy as np

        begins = self.begins(first)
        ends = self.after(last) - 1
        spans = ends - begins
        longest = int((spans * good).max(initial=1))
        if longest == 1:
            return self.octets.take(begins) - np.uint8(ord("0")) <= np.uint8(9)
        count = min(-(-longest // WIDTH), MOST_WORDS)
        size = count * WIDTH
        texts = np.ndarray((len(self.text) - size,), f"V{size}", self.text, 0, strides=(1,))[ends - size]
        words: Words = texts.view("<u8").reshape(-1, count)
        words ^= np.uint64(_ZEROS)
        words &= _last_words(count).take(np.minimum(spans, size), axis=0)
        spaces = words & np.uint64(_NO_DIGIT)
        words ^= spaces
        over = words + np.uint64(_TO_THE_HIGH_BIT)
        over |= words
        over &= np.uint64(_HIGH_BITS)
        found: Rows = spans <= size
        between = np.zeros(len(self), np.uint8)
        for column in range(count):
            found &= over[:, column] == 0
            between += np.bitwise_count(spaces[:, column])
        found &= between == self.fields.index(last) - self.fields.index(first)
        return found

    def key(self, name: str) -> tuple[Words, Words]:
        """Return the last sixteen bytes of a field as two numbers, zeros before a shorter one; see `key_of`."""
        import numpy as np

        found = self._keys.get(name)
        if found is None:
            pairs = self._sixteens[self.after(name) - (2 * WIDTH + 1)].view("<u8").reshape(-1, 2)
            lengths = np.minimum(self.lengths(name), np.uint8(2 * WIDTH)).astype(np.int64)
            masks = _first_and_last()
            found = self._keys[name] = pairs[:, 0] & masks[0].take(lengths), pairs[:, 1] & masks[1].take(lengths)
        return found

    def lines(self, rows: Places) -> list[str]:
        """Return some lines, without their ends."""
        begins, following = self._begins[0, rows].tolist(), self._begins[-1, rows].tolist()
        return [str(self.text[begin : after - 1], "ascii") for begin, after in zip(begins, following, strict=True)]

    def written(self, rows: Places) -> bytes:
        """Return some lines as they stand, with their ends."""
        begins, following = self._begins[0, rows].tolist(), self._begins[-1, rows].tolist()
        return b"".join([self.text[begin:after] for begin, after in zip(begins, following, strict=True)])

    def values(self, name: str, rows: Places) -> list[str]:
        """Return a field of some lines."""
        begins, following = self.begins(name)[rows].tolist(), self.after(name)[rows].tolist()
        return [str(self.text[begin : after - 1], "ascii") for begin, after in zip(begins, following, strict=True)]


@cache
def _lowest_bytes() -> Words:
    """The words of which only the last bytes are kept: none, one, and so on to all."""
    import numpy as np

    return np.array([(1 << (8 * count)) - 1 for count in range(WIDTH + 1)], np.uint64)


@cache
def _last_words(count: int) -> Words:
    """So many words as they lie in memory, of which the last bytes are kept: none, one, and so on to all."""
    import numpy as np

    size = count * WIDTH
    kept = [b"\0" * (size - length) + b"\xff" * length for length in range(size + 1)]
    return np.frombuffer(b"".join(kept), "<u8").reshape(-1, count)


@cache
def _first_and_last() -> tuple[Words, Words]:
    """The same of the two words of a key, by the length of the field."""
    import numpy as np

    last = [int.from_bytes(b"\xff" * count, "big") << (8 * (WIDTH - count)) for count in range(WIDTH + 1)]
    return np.array([0] * WIDTH + last, np.uint64), np.array(last + last[-1:] * WIDTH, np.uint64)


def word(text: str) -> int:
    """Return the beginning of a text as `Grid.head` gives it, zeros after it."""
    return int.from_bytes(text.encode()[:WIDTH].ljust(WIDTH, b"\0"))


def key_of(text: str) -> tuple[int, int]:
    """Return a text as `Grid.key` gives it: equal texts have equal keys, and so have long ones that end alike."""
    held = text.encode()[-2 * WIDTH :].rjust(2 * WIDTH, b"\0")
    return int.from_bytes(held[:WIDTH], "little"), int.from_bytes(held[WIDTH:], "little")


def begins_with(heads: Words, text: str) -> Rows:
    """Return whether each field may begin with the text, by the eight bytes at its head."""
    import numpy as np

    rest = np.uint64(8 * (WIDTH - min(len(text), WIDTH)))
    found: Rows = (heads >> rest) == (np.uint64(word(text)) >> rest)
    return found


def digits(tails: Words, lengths: Octets | None = None) -> tuple[Words, Rows]:
    """Return the last `lengths` bytes of each word, or all, as digits, a byte each, and whether all are digits.

    Lengths above 8 count as 8. Digits of equal length or less compare as numbers do.
    """
    import numpy as np

    values: Words = tails ^ np.uint64(_ZEROS)
    if lengths is not None:
        values &= _lowest_bytes().take(np.minimum(lengths, WIDTH))
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
