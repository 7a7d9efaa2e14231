"""What was accepted of that which is refused elsewhere: the swapped tuples, and strangers that got in or were reached.

Files that are sound are looked through in columns: a number is made of the addresses, ports and protocol of each ACCEPT
record and looked up among those of the refused tuples, swapped. A few others have the same number; the records found
are written to files, and the engine compares them exactly.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diagnosis.flowlogs.grid import Grid, begins_with, digits, key_of
from diagnosis.flowlogs.lines import Unreadable, blocks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diagnosis.flowlogs.bits import Rows, Words

TUPLE = ("srcaddr", "dstaddr", "srcport", "dstport", "protocol")
ADDRESS = ("srcaddr",)
_MIX = 0x9E3779B97F4A7C15
_FEWEST_BITS, _MOST_BITS = 16, 26
_SLOTS_EACH = 32
"""So few of the slots of a table are taken that few others have the number of one that is."""


@dataclass(frozen=True, slots=True)
class Table:
    """A set of numbers, as a file with a byte for each that is possible: 1 for those in it."""

    path: Path
    bits: int

    @classmethod
    def of(cls, path: Path, lines: Path, fields: tuple[str, ...], count: int) -> Table:
        """Make the table of so many lines of a file, of whole tuples or of single addresses."""
        import numpy as np

        bits = min(max((count * _SLOTS_EACH).bit_length(), _FEWEST_BITS), _MOST_BITS)
        table = np.memmap(path, np.uint8, "w+", shape=(1 << bits,))
        for block in blocks(lines):
            grid, _ = Grid.of(fields, block)
            mixed = of_tuple(grid) if fields == TUPLE else of_key(*grid.key("srcaddr"))
            table[slots(mixed, bits)] = 1
        table.flush()
        return cls(path, bits)

    def opened(self) -> NDArray[np.uint8]:
        """The table, for `within`."""
        import numpy as np

        return np.asarray(np.memmap(self.path, np.uint8, "r"))

    def within(self, opened: NDArray[np.uint8], mixed: Words) -> Rows:
        """Whether each number may be in the set."""
        found: Rows = opened.take(slots(mixed, self.bits)).view(bool)
        return found


def slots(mixed: Words, bits: int) -> NDArray[np.int64]:
    """The place of each number in a table of that size."""
    import numpy as np

    return (mixed >> np.uint64(64 - bits)).view(np.int64)


def of_key(first: Words, last: Words) -> Words:
    """Return a number of an address, by its key."""
    import numpy as np

    return ((first * np.uint64(_MIX)) ^ last) * np.uint64(_MIX)


def of_tuple(grid: Grid) -> Words:
    """Return a number of the five fields of `TUPLE` of each line, the packet's own addresses before the interface's."""
    import numpy as np

    mixed = (of_key(*_address(grid, "srcaddr")) ^ (of_key(*_address(grid, "dstaddr")) >> np.uint64(1))) * np.uint64(
        _MIX
    )
    for name in TUPLE[2:]:
        if name in grid.fields:
            mixed = (mixed ^ digits(grid.tail(name), grid.lengths(name))[0]) * np.uint64(_MIX)
    mixed ^= mixed >> np.uint64(32)
    return mixed * np.uint64(_MIX)


def _address(grid: Grid, name: str) -> tuple[Words, Words]:
    """The keys of the packet's own addresses; where it has none, those of the interface's."""
    import numpy as np

    packet = f"pkt-{name}"
    if packet not in grid.fields:
        return grid.key(name)
    first, last = grid.key(packet)
    if name not in grid.fields:
        return first, last
    none = (first == 0) & (last == np.uint64(key_of("-")[1]))
    others = grid.key(name)
    return np.where(none, others[0], first), np.where(none, others[1], last)


@dataclass(frozen=True, slots=True)
class Comparing:
    """The errand of looking through files of one format for ACCEPT records that may explain a refused one."""

    fields: tuple[str, ...]
    refused: Table
    """Of the refused tuples, swapped."""
    strangers: Table
    folder: Path
    """The records are written to files of this folder."""

    def begun(self) -> Callable[[Iterable[bytes]], bool]:
        """Return what looks through one file; it says whether it could."""
        refused, strangers = self.refused.opened(), self.strangers.opened()

        def compared(pieces: Iterable[bytes]) -> bool:
            import numpy as np

            found = self.folder / f"{os.getpid()}.log"
            try:
                for block in pieces:
                    grid, _ = Grid.of(self.fields, block)
                    grid = grid.of_rows(np.flatnonzero(begins_with(grid.head("action"), "ACCEPT")))
                    hit = self.refused.within(refused, of_tuple(grid))
                    for name in TUPLE[:2]:
                        hit |= self.strangers.within(strangers, of_key(*_address(grid, name)))
                    if hit.any():
                        with found.open("ab") as file:
                            file.write(grid.written(np.flatnonzero(hit)))
            except Unreadable:
                return False
            return True

        return compared
