"""The exact reading of one file, in Python: slower than a pass of DuckDB, and right whatever bytes the file holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from diagnosis.evidence.records import Kind, classify
from diagnosis.flowlogs.lines import text_lines
from diagnosis.flowlogs.needles import Needles

KINDS = (Kind.OK, Kind.NODATA, Kind.SKIPDATA, Kind.MALFORMED, Kind.HEADER)
"""Kinds by the number that stands for them in the tables."""
REFUSED = Needles((("REJECT",),))
"""What every REJECT record holds."""
BAD_KEPT = 5
"""Malformed lines kept of each file, to be named."""
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Interest:
    """Which lines are kept: those that may belong to the conversation, and gaps of the interfaces of interest."""

    needles: Needles
    interfaces: frozenset[str]
    hot: Path | None = None
    """Where given, REJECT records and the gaps of all interfaces are of interest, whatever the conversation: those that
    are told in columns are written to files in this folder, the others are kept.
    """


class Group(NamedTuple):
    """Lines that agree in kind, interface of interest, end (of others: its hour) and, where kept, in their text."""

    kind: int
    interface: str | None
    ended_in: int | None
    kept: str | None
    lines: int
    size: int
    oldest: int | None
    newest: int | None


class Tally:
    """The groups of one file, line by line."""

    def __init__(self, fields: tuple[str, ...], interest: Interest) -> None:
        self._places = {name: place for place, name in enumerate(fields)}
        self._interest = interest
        self._groups: dict[tuple[int, str | None, int | None, str | None], Group] = {}
        self._bad = 0

    def add(self, kind: int, line: str) -> None:
        """Count a line of that kind, as numbered by `KINDS`."""
        parts = line.split(" ") if kind < 3 else []
        interface = _value(parts, self._places.get("interface-id"))
        interface = interface if interface in self._interest.interfaces else None
        started, ended = (_time(parts, self._places.get(name)) for name in ("start", "end"))
        ended_in = ended if ended is None or interface is not None else ended - ended % HOUR
        self._bad += kind == 3
        keep = (
            (kind == 0 and self._interest.needles.in_line(line))
            or (kind in {1, 2} and (interface is not None or self._interest.hot is not None))
            or (kind == 3 and self._bad <= BAD_KEPT)
        )
        key = (kind, interface, ended_in, line if keep else None)
        known = self._groups.get(key)
        self._groups[key] = Group(
            *key,
            lines=known.lines + 1 if known else 1,
            size=0,
            oldest=_extreme(min, known and known.oldest, started),
            newest=_extreme(max, known and known.newest, ended),
        )

    @property
    def groups(self) -> list[Group]:
        """What was counted."""
        return list(self._groups.values())


def read_exactly(path: Path, fields: tuple[str, ...], interest: Interest) -> list[Group]:
    """Judge every line of a file and group them, as the pass of DuckDB does. Raises Unreadable."""
    tally = Tally(fields, interest)
    for line in text_lines(path):
        tally.add(KINDS.index(classify(fields, line)), line)
    return tally.groups


def _value(parts: Sequence[str], place: int | None) -> str | None:
    return parts[place] if parts and place is not None and parts[place] != "-" else None


def _time(parts: Sequence[str], place: int | None) -> int | None:
    value = _value(parts, place)
    return None if value is None else int(value)


def _extreme(choose: Callable[[int, int], int], one: int | None, other: int | None) -> int | None:
    """The lower or the higher of two times, as far as they are known."""
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)
