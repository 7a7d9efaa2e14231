"""Traffic: a set of packet headers, kept as a union of disjoint boxes.

A box is a product of five interval sets, so one box holds "these 300 CIDRs to that subnet on these ports". A header is
the connection's own one, from client to server; its replies are judged on the same header with the roles swapped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from diagnosis.traffic.intervals import IntervalSet, has, join_all, meet, minus, size

SideName = Literal["source", "destination", "protocol", "source_port", "port"]
"""The five sides of a box, by name."""


class Box(NamedTuple):
    """A product of five sets. For ICMP ``port`` holds the cells ``type << 8 | code`` and ``source_port`` is full.

    A NamedTuple, not a frozen dataclass: boxes are built by the million, and this costs less than half.
    """

    source: IntervalSet
    destination: IntervalSet
    protocol: IntervalSet
    source_port: IntervalSet
    port: IntervalSet


class Header(NamedTuple):
    """One packet header; addresses are points of the address line, ``port`` an ICMP cell for ICMP and ICMPv6."""

    source: int
    destination: int
    protocol: int
    source_port: int
    port: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """A set of headers. The boxes are disjoint and none is empty; build with ``of`` unless that is already known.

    ``==`` compares boxes, and one set has many decompositions: compare sets with ``same_as``.
    """

    boxes: tuple[Box, ...]

    @classmethod
    def of(cls, *boxes: Box) -> Traffic:
        """The headers that are in any of the boxes, which may overlap or be empty."""
        if len(boxes) == 1:
            return cls(boxes) if all(boxes[0]) else NOTHING
        return cls(merged(disjoint(boxes)))

    @classmethod
    def nothing(cls) -> Traffic:
        """No header at all."""
        return NOTHING

    @property
    def empty(self) -> bool:
        """Whether there is no header in it."""
        return not self.boxes

    def size(self) -> int:
        """How many headers, exactly."""
        total = 0
        for box in self.boxes:
            count = 1
            for side in box:
                count *= size(side)
            total += count
        return total

    def union(self, other: Traffic) -> Traffic:
        """The headers in either."""
        if not other.boxes or self is other:
            return self
        if not self.boxes:
            return other
        return Traffic(merged((*self.boxes, *other.minus(self).boxes)))

    def meet(self, other: Traffic) -> Traffic:
        """The headers in both."""
        if self is other:
            return self
        if not self.boxes or not other.boxes:
            return NOTHING
        if self.boxes == other.boxes:
            return self
        common = (box_meet(a, b) for a in self.boxes for b in other.boxes)
        return Traffic(merged(tuple(box for box in common if box is not None)))

    def minus(self, other: Traffic) -> Traffic:
        """The headers in this one that are not in the other."""
        if self is other or self.boxes == other.boxes:
            return NOTHING
        if not self.boxes or not other.boxes:
            return self
        left = list(self.boxes)
        for taken in other.boxes:
            left = [part for box in left for part in box_minus(box, taken)]
            if not left:
                return NOTHING
        return Traffic(merged(tuple(left)))

    def covers(self, other: Traffic) -> bool:
        """Whether every header of the other is in this one."""
        return self is other or other.minus(self).empty

    def same_as(self, other: Traffic) -> bool:
        """Whether both hold the same headers, however they are cut into boxes."""
        return self.boxes == other.boxes or (self.size() == other.size() and self.covers(other))

    def sample(self) -> Header | None:
        """The lowest header, compared side by side in the order of Header's fields; None when there is none."""
        if not self.boxes:
            return None
        return Header._make(min(tuple(side[0] for side in box) for box in self.boxes))

    def contains(self, header: Header) -> bool:
        """Whether the header is in it."""
        return any(all(map(has, box, header)) for box in self.boxes)

    def only(
        self,
        *,
        source: IntervalSet | None = None,
        destination: IntervalSet | None = None,
        protocol: IntervalSet | None = None,
        source_port: IntervalSet | None = None,
        port: IntervalSet | None = None,
    ) -> Traffic:
        """The headers whose sides lie in the given sets; a side that is not given is not restricted."""
        wanted = (source, destination, protocol, source_port, port)
        kept: list[Box] = []
        for box in self.boxes:
            sides = [mine if theirs is None else meet(mine, theirs) for mine, theirs in zip(box, wanted, strict=True)]
            if all(sides):
                kept.append(Box._make(sides))
        boxes = tuple(kept)
        return self if boxes == self.boxes else Traffic(merged(boxes))

    def rewritten(
        self,
        *,
        source: IntervalSet | None = None,
        destination: IntervalSet | None = None,
        source_port: IntervalSet | None = None,
    ) -> Traffic:
        """The headers that leave a device which rewrites the given sides to any member of the given set.

        Sides that are not given stay as they are, also in their relation to each other. ICMP headers keep a full
        source-port side, so restrict to TCP and UDP before rewriting that one. An empty set gives no traffic.
        """
        new = (source, destination, None, source_port, None)
        changed = (
            Box._make(mine if theirs is None else theirs for mine, theirs in zip(box, new, strict=True))
            for box in self.boxes
        )
        return Traffic.of(*changed)

    def project(self, side: SideName) -> IntervalSet:
        """Every value that the side takes in some header."""
        if len(self.boxes) == 1:
            whole: IntervalSet = getattr(self.boxes[0], side)
            return whole
        return join_all({getattr(box, side) for box in self.boxes})


NOTHING = Traffic(())
"""No header at all."""


def box_meet(a: Box, b: Box) -> Box | None:
    """The common part of two boxes; None when there is none."""
    sides: list[IntervalSet] = []
    for mine, theirs in zip(a, b, strict=True):
        common = meet(mine, theirs)
        if not common:
            return None
        sides.append(common)
    return Box._make(sides)


def box_minus(a: Box, b: Box) -> list[Box]:
    """The part of ``a`` outside ``b`` as at most five disjoint boxes."""
    if box_meet(a, b) is None:
        return [a]
    rest: list[Box] = []
    sides = list(a)
    for i, taken in enumerate(b):
        outside = minus(sides[i], taken)
        if outside:
            rest.append(Box._make((*sides[:i], outside, *sides[i + 1 :])))
            sides[i] = meet(sides[i], taken)
    return rest


def disjoint(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """The same headers in boxes that do not overlap; empty boxes are dropped."""
    kept: list[Box] = []
    # Merging first spares most overlaps: rewriting leaves many boxes that differ in one side only.
    for box in merged(tuple(box for box in boxes if all(box))):
        left = [box]
        for other in kept:
            left = [part for piece in left for part in box_minus(piece, other)]
            if not left:
                break
        kept += left
    return tuple(kept)


def merged(boxes: tuple[Box, ...]) -> tuple[Box, ...]:
    """The same headers in fewer boxes: those that differ in one side only become one. One pass a side, linear.

    Disjoint boxes stay disjoint.
    """
    if len(boxes) < 2:
        return boxes
    # Long sides are hashed once; afterwards small codes stand for them.
    codes: dict[IntervalSet, int] = {}
    sets: list[IntervalSet] = []

    def code(side: IntervalSet) -> int:
        found = codes.setdefault(side, len(sets))
        if found == len(sets):
            sets.append(side)
        return found

    rows = [tuple([code(side) for side in box]) for box in boxes]
    for side in _MERGE_ORDER:
        groups: dict[tuple[int, ...], list[int]] = {}
        for row in rows:
            groups.setdefault(row[:side] + row[side + 1 :], []).append(row[side])
        if len(groups) < len(rows):
            rows = []
            for rest, members in groups.items():
                whole = members[0] if len(members) == 1 else code(join_all(sets[member] for member in members))
                rows.append((*rest[:side], whole, *rest[side:]))
    if len(rows) == len(boxes):
        return boxes
    return tuple([Box._make([sets[c] for c in row]) for row in rows])


# Ports first: filters cut traffic along them, and the cuts most often heal there.
_MERGE_ORDER = (4, 3, 2, 0, 1)
