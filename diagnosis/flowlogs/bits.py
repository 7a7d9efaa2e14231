"""A yes or no for each octet of a text, packed into bits: one word of them tells it of all that follow a place."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Octets = NDArray[np.uint8]
    Places = NDArray[np.int64]
    Words = NDArray[np.uint64]
    Rows = NDArray[np.bool_]

SURE = 57
"""So many octets are told by one word, wherever it begins."""
LONG = 253
_WORD = 8


class Bits:
    """The bits of a text."""

    def __init__(self, told: Rows) -> None:
        import numpy as np

        packed = np.zeros(len(told) // 8 + 2 * _WORD, np.uint8)
        packed[: (len(told) + 7) // 8] = np.packbits(told, bitorder="little")
        self._words = np.ascontiguousarray(np.ndarray((len(packed) - _WORD + 1,), "<u8", packed, 0, strides=(1,)))

    def after(self, places: Places) -> Words:
        """Return a word for each place: its lowest bit is that of the octet there, the next of the one after it.

        A zero beyond the first `SURE` says nothing.
        """
        import numpy as np

        found: Words = np.right_shift(self._words.take(places >> 3), (places & 7).view(np.uint64))
        return found

    def next(self, first: Places, count: int) -> tuple[Places, Octets]:
        """Return where what lies between the next `count` told octets begins, and how long it is.

        The first row are the places that are given; there is one row more of them than of lengths. `LONG` stands for
        any length from there.
        """
        import numpy as np

        begins = np.empty((count + 1, len(first)), np.int64)
        lengths = np.empty((count, len(first)), np.uint8)
        begins[0] = first
        word = self.after(first)
        lowest = np.empty_like(word)
        for row, (begun, following) in enumerate(pairwise(begins)):
            at = begun if word.all() else self._filled_up(word, begun)
            # The lowest bit that is set, and all below it.
            np.subtract(word, 1, out=lowest)
            lowest ^= word
            np.bitwise_count(lowest, out=lengths[row])
            step = lengths[row].astype(np.int64)
            np.add(at, step, out=following)
            word >>= step.view(np.uint64)
            if at is not begun:
                lengths[row] = np.minimum(following - begun, LONG + 1)
        lengths -= np.uint8(1)
        return begins, lengths

    def _filled_up(self, word: Words, begun: Places) -> Places:
        """Read the words on of which nothing is told, and return the places that they begin at now."""
        import numpy as np

        at = begun
        empty = np.flatnonzero(word == 0)
        while True:
            word[empty] = self.after(at[empty])
            empty = empty[word[empty] == 0]
            if not len(empty):
                return at
            if at is begun:
                at = begun.copy()
            at[empty] += SURE


def places_of(octets: Octets, octet: int) -> Places:
    """Return where an octet that is not frequent occurs."""
    import numpy as np

    told = octets == np.uint8(octet)
    packed = np.packbits(told, bitorder="little")
    groups = np.flatnonzero(packed != 0)
    held = packed.take(groups)
    if (held & (held - np.uint8(1))).any():  # Two of them in eight octets.
        return np.flatnonzero(told)
    found: Places = groups * 8 + np.bitwise_count(held - np.uint8(1))
    return found
