"""Addresses and ports in columns: each address that occurs by its rank, and sets of them asked about whole columns.

Addresses of both families are integers of up to 129 bits, which no column holds. Their places in the order of all that
occur are small: an interval of addresses is an interval of ranks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from diagnosis.traffic.addresses import parse_address
from diagnosis.traffic.intervals import IntervalSet, join_all, pieces
from diagnosis.traffic.ranks import Ranks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST: Final = 1 << 62
"""What a column holds at most."""


def among(ranks: Ranks, addresses: IntervalSet) -> NDArray[np.bool_]:
    """For each rank whether its address is in the set."""
    import numpy as np

    held = np.zeros(ranks.count, np.bool_)
    for low, high in pieces(ranks.of(addresses)):
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


def packed(*keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for each row, the same for the same keys; keys are small numbers, and none is far from the others."""
    import numpy as np

    whole, size = np.zeros(len(keys[0]), np.int64), 1
    for key in keys if len(whole) else ():
        low, span = int(key.min()), int(key.max()) - int(key.min()) + 1
        if size * span > MOST:
            whole = np.unique(whole, return_inverse=True)[1].reshape(-1)
            size = int(whole.max()) + 1
        whole, size = whole * span + (key - low), size * span
    return whole


def runs(*keys: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The places of the rows, those with the same keys together."""
    import numpy as np

    whole = packed(*keys)
    order = np.argsort(whole, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(whole[order])) + 1) if len(whole) else []


def ranked(texts: Iterable[str], further: Iterable[int]) -> tuple[Ranks, NDArray[np.int64]]:
    """The ranks of addresses, some `further` ones among them, and the rank of each text; -1 for one that is none."""
    import numpy as np

    numbers = [_number(text) for text in texts]
    known = sorted({number for number in numbers if number is not None} | set(further))
    place = {number: rank for rank, number in enumerate(known)}
    ranks = np.asarray([-1 if number is None else place[number] for number in numbers], np.int64)
    return Ranks(join_all((number, number + 1) for number in known)), ranks


def _number(text: str) -> int | None:
    try:
        return parse_address(text)
    except ValueError:
        return None
