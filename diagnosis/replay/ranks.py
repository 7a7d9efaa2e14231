"""Addresses as ranks: each that occurs once, in order, so that a set of addresses is a few ranges of small numbers.

Addresses of both families are integers of up to 129 bits, which no column holds. Their places in the sorted list of
all that occur are small, and keep the order: an interval of addresses is an interval of ranks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnosis.traffic.addresses import parse_address
from diagnosis.traffic.intervals import IntervalSet, join_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """The distinct addresses that occur, ascending; a rank is a place among them."""

    numbers: tuple[int, ...]

    def of(self, number: int) -> int | None:
        """The rank of an address; None where it does not occur."""
        at = bisect_left(self.numbers, number)
        return at if at < len(self.numbers) and self.numbers[at] == number else None

    def cuts(self, addresses: IntervalSet) -> NDArray[np.int64]:
        """The toggle points of a set of addresses as ranks; some may be the same twice, and then stand for nothing."""
        import numpy as np

        return np.asarray([bisect_left(self.numbers, point) for point in addresses], np.int64)

    def among(self, addresses: IntervalSet) -> NDArray[np.bool_]:
        """For each rank whether its address is in the set."""
        import numpy as np

        held = np.zeros(len(self.numbers), np.bool_)
        cuts = self.cuts(addresses).tolist()
        for low, high in zip(cuts[::2], cuts[1::2], strict=True):
            held[low:high] = True
        return held


def inside(points: IntervalSet | NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.bool_]:
    """For each value whether it is in the set with these toggle points."""
    import numpy as np

    at = np.searchsorted(np.asarray(points, np.int64), values, side="right")
    held: NDArray[np.bool_] = (at & 1).astype(np.bool_)
    return held


def spread(values: NDArray[np.int64]) -> IntervalSet:
    """The set of these values."""
    import numpy as np

    return join_all((value, value + 1) for value in np.unique(values).tolist())


def ranked(texts: Iterable[str], further: Iterable[int]) -> tuple[Ranks, NDArray[np.int64]]:
    """The ranks of addresses, some `further` ones among them, and the rank of each text; -1 for one that is none."""
    import numpy as np

    numbers = [_number(text) for text in texts]
    known = sorted({number for number in numbers if number is not None} | set(further))
    place = {number: rank for rank, number in enumerate(known)}
    ranks = np.asarray([-1 if number is None else place[number] for number in numbers], np.int64)
    return Ranks(tuple(known)), ranks


def _number(text: str) -> int | None:
    try:
        return parse_address(text)
    except ValueError:
        return None
