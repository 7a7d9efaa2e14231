"""Files of which nearly every line is well formed, which nearly all are: judged and counted in columns.

The lines of a piece of a file become a grid, and numpy judges one field of all of them at once (see `judging`). Lines
that are not told so, those that may belong to the conversation and those that an interface of interest recorded are
looked at one by one. A file of which many lines have to be is left to the pass that judges line by line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from diagnosis.evidence.records import classify
from diagnosis.flowlogs.ahead import ahead
from diagnosis.flowlogs.apart import BEHIND, Errand, apart
from diagnosis.flowlogs.exact import HOUR, KINDS, Group, Interest, Tally
from diagnosis.flowlogs.grid import WIDTH, Grid, as_digits, as_number, begins_with, key_of, word
from diagnosis.flowlogs.judging import OK, UNTOLD, Judge
from diagnosis.flowlogs.lines import Format, Unreadable, blocks, lines_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diagnosis.flowlogs.bits import Places, Rows, Words

Result = TypeVar("Result")

WORTH_IT = 2 * 1024 * 1024
"""Less than this, as stored, is read sooner than the libraries are loaded."""
WORTH_PROCESSES = 8 * 1024 * 1024
"""Less than this is read sooner than processes are started."""
_KEPT = 24 * 1024 * 1024
_MOST_HOURS = 100
_NEEDED = frozenset(
    {"start", "end", "action", "log-status", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport"}
)
_PORTS = frozenset({"srcport", "dstport"})
_DOTS = 3
"""So many are in a whole IPv4 address, or at the end of one's first three octets."""
_ADDRESSES = frozenset({"srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr"})
_OF_ADDRESSES = frozenset("0123456789abcdef.:")
"""Other needles are of other fields than addresses and ports."""
_FEW = 8
"""More than one in so many lines is too many to look at one by one."""
_CENTURY = 10**WIDTH


class Judged(NamedTuple):
    """What became of one file: its groups as `read_exactly` gives them, or None where that has to be asked."""

    groups: list[Group] | None
    written: Path | None = None
    """The file that its lines of interest went to, and that file's size since."""
    size: int = 0


def sound(form: Format, paths: Sequence[Path], interest: Interest) -> Iterator[tuple[Path, list[Group]]]:
    """Yield the groups of each file that is sound, in any order; those left out are to be read in another way."""
    if form.line_end != 1 or not set(form.fields) >= _NEEDED or not _told_in_columns(interest):
        return
    sizes: dict[Path, int] = {}
    niceness = 0 if interest.hot is None else BEHIND
    for path, judged in errand(Judging(form.fields, interest), paths, niceness):
        if judged.written is not None:
            sizes[judged.written] = max(judged.size, sizes.get(judged.written, 0))
        if judged.groups is not None:
            yield path, judged.groups
    if interest.hot is not None:
        # Of a process that died, what it wrote since it last told.
        for written in interest.hot.glob("*.log"):
            os.truncate(written, sizes.get(written, 0))


def _told_in_columns(interest: Interest) -> bool:
    needles = [each for texts in interest.needles.required for each in texts]
    of_addresses = set("".join(needles)) <= _OF_ADDRESSES and ":" not in needles
    return interest.hot is not None or (bool(needles) and of_addresses)


def errand(doing: Errand[Result], paths: Sequence[Path], niceness: int = 0) -> Iterable[tuple[Path, Result]]:
    """Return what is told of each file, or nothing where there is so little that this is not worth it."""
    stored = sum(map(_stored, paths))
    if stored < WORTH_IT:
        return ()
    if stored >= WORTH_PROCESSES:
        return apart(doing, paths, niceness)
    # glibc keeps as much memory as the largest block that was freed, for the next file: clearing it anew takes longer.
    bytes(_KEPT)
    done = doing.begun()
    return ((path, done(pieces)) for path, pieces in ahead(blocks, paths))


@dataclass(frozen=True, slots=True)
class Judging:
    """The errand of judging files."""

    fields: tuple[str, ...]
    interest: Interest

    def begun(self) -> Callable[[Iterable[bytes]], Judged]:
        """Return what judges one file."""
        judge = Judge(self.fields)
        return lambda pieces: _File(self.fields, judge, self.interest).judged(pieces)


def _stored(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # Opening it will say why.


class _NotSound(Exception):
    """Too much of a file has to be looked at line by line."""


@dataclass(slots=True)
class _File:
    """One file while it is read."""

    fields: tuple[str, ...]
    judge: Judge
    interest: Interest
    century: int = 0
    tally: Tally = field(init=False)
    counted: dict[tuple[int, int], Group] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tally = Tally(self.fields, self.interest)

    def judged(self, pieces: Iterable[bytes]) -> Judged:
        """Read the file."""
        written = None if self.interest.hot is None else self.interest.hot / f"{os.getpid()}.log"
        before = 0 if written is None else _stored(written)
        try:
            for block in pieces:
                grid, apart = Grid.of(self.fields, block)
                self._by_line(apart, len(grid))
                if len(grid):
                    self._add(grid, written)
        except (Unreadable, _NotSound):
            if written is not None and written.exists():
                os.truncate(written, before)
            return Judged(None, written, before)
        size = 0 if written is None else _stored(written)
        return Judged([*self.tally.groups, *self.counted.values()], written, size)

    def _by_line(self, lines: Sequence[bytes], among: int) -> None:
        if len(lines) * _FEW > among + 10 * _FEW:
            raise _NotSound
        for each in lines:
            for line in lines_of(each):
                self.tally.add(KINDS.index(classify(self.fields, line)), line)

    def _add(self, grid: Grid, written: Path | None) -> None:
        """Count the lines of a grid, and keep or write those of interest."""
        import numpy as np

        if not self.century:
            self.century = int(grid.of_rows(np.array([len(grid) // 2])).head("start")[0]) >> 48
            if not self.century.to_bytes(2).isdigit():
                raise _NotSound
        kinds = self.judge.verdicts(grid, self.century)
        start, end = (grid.last_digits(name)[0] for name in ("start", "end"))
        kinds[end < start] = UNTOLD
        untold = np.flatnonzero(kinds == UNTOLD)
        self._by_line([line.encode() + b"\n" for line in grid.lines(untold)], len(grid))
        if written is not None:
            hot = (kinds > OK) | ((kinds == OK) & begins_with(grid.head("action"), "REJECT"))
            with written.open("ab") as file:
                file.write(grid.written(np.flatnonzero(hot)))
        else:
            numbers = np.flatnonzero(self._of_interest(grid) & (kinds != UNTOLD))
            if len(numbers) * _FEW > len(grid) + 10 * _FEW:
                raise _NotSound
            for kind, line in zip(kinds[numbers].tolist(), grid.lines(numbers), strict=True):
                self.tally.add(kind, line)
            kinds[numbers] = UNTOLD
        self._count(kinds, start, end)

    def _count(self, kinds: NDArray[np.int8], start: Words, end: Words) -> None:
        """Add the lines that were told to the counts, by their kind and the hour that they end in."""
        import numpy as np

        base = int(self.century.to_bytes(2)) * _CENTURY
        for kind in (kind for kind in range(3) if (kinds == kind).any()):
            same = kinds == kind
            begun, ended = start[same], end[same]
            first, last = (base + as_number(int(each)) for each in (ended.min(), ended.max()))
            if (last - first) // HOUR > _MOST_HOURS:
                raise _NotSound
            hours = range(first - first % HOUR, last + 1, HOUR)
            edges = np.array([as_digits(hour + HOUR - base) for hour in hours[:-1]], np.uint64)
            places = np.searchsorted(edges, ended, side="right") if len(edges) else None
            for place, hour in enumerate(hours):
                here = slice(None) if places is None else places == place
                if len(ended[here]):
                    oldest, newest = (base + as_number(int(each)) for each in (begun[here].min(), ended[here].max()))
                    self._merge(Group(kind, None, hour, None, len(ended[here]), 0, oldest, newest))

    def _merge(self, group: Group) -> None:
        known = self.counted.get((group.kind, group.ended_in or 0))
        if known is not None:
            group = group._replace(
                lines=known.lines + group.lines,
                oldest=min(known.oldest or 0, group.oldest or 0),
                newest=max(known.newest or 0, group.newest or 0),
            )
        self.counted[group.kind, group.ended_in or 0] = group

    def _of_interest(self, grid: Grid) -> Rows:
        """Lines that an interface of interest may have recorded, or that may hold all needles, by their beginnings."""
        import numpy as np

        rows: Places | None = None
        for texts in sorted(self.interest.needles.required, key=lambda texts: not texts[0].isdigit()):
            names = _PORTS if texts[0].isdigit() else _ADDRESSES
            any_of = [_one_of(grid, name, texts, rows) for name in self.fields if name in names]
            found = np.flatnonzero(np.logical_or.reduce(any_of))
            rows = found if rows is None else rows[found]
        wanted = np.zeros(len(grid), np.bool_)
        wanted[slice(None) if rows is None else rows] = True
        if self.interest.interfaces:
            tails = grid.tail("interface-id")
            for interface in self.interest.interfaces:
                wanted |= tails == np.uint64(word(interface[-WIDTH:]))
        return wanted


def _one_of(grid: Grid, name: str, texts: Sequence[str], rows: Places | None) -> Rows:
    """Whether each value of a field, in all or some of the lines, may be, or begin with, one of the texts."""
    import numpy as np

    some = slice(None) if rows is None else rows
    lengths = grid.lengths(name)[some]
    found = np.zeros(len(lengths), np.bool_)
    for text in texts:
        if text.isdigit():
            alike = np.flatnonzero(lengths == len(text))
            places = alike if rows is None else rows[alike]
            found[alike] |= begins_with(grid.heads(name, places), text)
        elif text.count(".") == _DOTS and not text.endswith("."):
            first, last = key_of(text)
            known_first, known_last = grid.key(name)
            found |= (known_last[some] == np.uint64(last)) & (known_first[some] == np.uint64(first))
        else:
            found |= begins_with(grid.head(name)[some], text)
    return found
