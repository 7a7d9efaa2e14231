"""Refused packets as they were recorded: each distinct tuple once, in columns, for whoever judges millions of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from diagnosis.evidence.query import Between, Counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """The REJECT records of a window, by distinct interface and tuple. All columns have one entry for each of them."""

    engine: str
    counts: Counts
    window: Between
    warnings: tuple[str, ...]
    addresses: tuple[str, ...]
    """Every address once, as the records write it."""
    interfaces: tuple[str, ...]
    source: NDArray[np.int64]
    """Who sent the packet, as a place in `addresses`."""
    destination: NDArray[np.int64]
    interface: NDArray[np.int64]
    """Which interface refused it, as a place in `interfaces`; -1 where the record does not say."""
    protocol: NDArray[np.int64]
    source_port: NDArray[np.int64]
    """-1 where the record has none, and where the protocol has none."""
    port: NDArray[np.int64]
    """The destination port, in the same way."""
    reply: NDArray[np.bool_]
    """Whether the swapped tuple was accepted: the packet belongs to a connection that its receiver had opened."""
    both_ways: NDArray[np.bool_]
    """ICMP: whether the same two were accepted the other way round, so that it may be a reply."""
    records: NDArray[np.int64]
    first: NDArray[np.int64]
    """Unix seconds."""
    last: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.source)
