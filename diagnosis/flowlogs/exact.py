"""The exact reading of one file, in Python: slower than a pass of DuckDB, and right whatever bytes the file holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from diagnosis.evidence.records import Kind, classify
from diagnosis.flowlogs.lines import text_lines
from diagnosis.flowlogs.needles import Needles

KINDS = (Kind.OK, Kind.NODATA, Kind.SKIPDATA, Kind.MALFORMED, Kind.HEADER)
"""Kinds by the number that stands for them in the tables."""
BAD_KEPT = 5
"""Malformed lines kept of each file, to be named."""
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Interest:
    """Which lines are kept: those that may belong to the conversation, and gaps of the interfaces of interest."""

    needles: Needles
    interfaces: frozenset[str]


class Group(NamedTuple):
    """Lines of one kind, interface of interest and end (of other interfaces: the hour of the end)."""

    kind: int
    interface: str | None
    ended_in: int | None
    lines: int
    oldest: int | None
    newest: int | None
    kept: list[str]
    bad: list[str]


@dataclass(slots=True)
class _Growing:
    lines: int = 0
    oldest: int | None = None
    newest: int | None = None
    kept: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


def read_exactly(path: Path, fields: tuple[str, ...], interest: Interest) -> list[Group]:
    """Judge every line of a file and group them, as the pass of DuckDB does. Raises Unreadable."""
    groups: dict[tuple[int, str | None, int | None], _Growing] = defaultdict(_Growing)
    places = {name: place for place, name in enumerate(fields)}
    for line in text_lines(path):
        kind = KINDS.index(classify(fields, line))
        parts = line.split(" ") if kind < 3 else []
        interface = _value(parts, places.get("interface-id"))
        interface = interface if interface in interest.interfaces else None
        started, ended = _time(parts, places.get("start")), _time(parts, places.get("end"))
        ended_in = ended if ended is None or interface is not None else ended - ended % HOUR
        group = groups[kind, interface, ended_in]
        group.lines += 1
        if started is not None:
            group.oldest = started if group.oldest is None else min(group.oldest, started)
        if ended is not None:
            group.newest = ended if group.newest is None else max(group.newest, ended)
        if (kind == 0 and interest.needles.in_line(line)) or (kind in {1, 2} and interface is not None):
            group.kept.append(line)
        if kind == 3 and len(group.bad) < BAD_KEPT:
            group.bad.append(line)
    return [
        Group(*key, group.lines, group.oldest, group.newest, group.kept, group.bad) for key, group in groups.items()
    ]


def _value(parts: Sequence[str], place: int | None) -> str | None:
    return parts[place] if parts and place is not None and parts[place] != "-" else None


def _time(parts: Sequence[str], place: int | None) -> int | None:
    value = _value(parts, place)
    return None if value is None else int(value)
