"""Traffic: a set of packet headers, kept as a union of disjoint boxes.

A box is a product of five interval sets, so one box holds "these 300 CIDRs to that subnet on these ports". A header is
the connection's own one, from client to server; its replies are judged on the same header with the roles swapped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
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
        left = self._left_of(other)
        return Traffic(merged(tuple(left))) if left else NOTHING

    def _left_of(self, other: Traffic) -> list[Box]:
        """The boxes without what is in the other."""
        left = list(self.boxes)
        for taken in other.boxes:
            cut: list[Box] = []
            for box in left:
                common = box_meet(box, taken)
                if common is None:
                    cut.append(box)
                else:
                    cut += _around(box, taken, common)
            if not cut:
                return cut
            left = cut
        return left

    def covers(self, other: Traffic) -> bool:
        """Whether every header of the other is in this one."""
        if self is other or not other.boxes or self.boxes == other.boxes:
            return True
        return bool(self.boxes) and not other._left_of(self)

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
    source, destination, protocol, source_port, port = a
    from_, to, protocols, from_ports, ports = b
    # Side by side, not in a loop: this is called most of all. Most boxes part at their ports, and share other sides.
    if port is not ports and not (port := meet(port, ports)):
        return None
    if protocol is not protocols and not (protocol := meet(protocol, protocols)):
        return None
    if source is not from_ and not (source := meet(source, from_)):
        return None
    if destination is not to and not (destination := meet(destination, to)):
        return None
    if source_port is not from_ports and not (source_port := meet(source_port, from_ports)):
        return None
    return Box(source, destination, protocol, source_port, port)


def box_minus(a: Box, b: Box) -> list[Box]:
    """The part of ``a`` outside ``b`` as at most five disjoint boxes."""
    common = box_meet(a, b)
    return [a] if common is None else _around(a, b, common)


def _around(a: Box, b: Box, common: Box) -> list[Box]:
    """The part of ``a`` outside ``b``, of which the common part is known."""
    rest: list[Box] = []
    sides = list(a)
    for i, both in enumerate(common):
        if both != sides[i]:
            rest.append(Box._make((*sides[:i], minus(sides[i], b[i]), *sides[i + 1 :])))
            sides[i] = both
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
    # Long sides are hashed once; afterwards small codes stand for them, in columns.
    codes: defaultdict[IntervalSet, int] = defaultdict(count().__next__)
    code = codes.__getitem__
    columns = [list(map(code, column)) for column in zip(*boxes, strict=True)]
    fewer = False
    for side in _MERGE_ORDER:
        rest = list(zip(*columns[:side], *columns[side + 1 :], strict=True))
        if len(set(rest)) == len(rest):
            continue
        fewer = True
        groups: dict[tuple[int, ...], list[int]] = {}
        for key, member in zip(rest, columns[side], strict=True):
            groups.setdefault(key, []).append(member)
        sets = list(codes)
        whole = [some[0] if len(some) == 1 else code(join_all([sets[one] for one in some])) for some in groups.values()]
        columns = [list(column) for column in zip(*groups, strict=True)]
        columns.insert(side, whole)
    if not fewer:
        return boxes
    sets = list(codes)
    return tuple(map(Box._make, zip(*[map(sets.__getitem__, column) for column in columns], strict=True)))


# Ports first: filters cut traffic along them, and the cuts most often heal there.
_MERGE_ORDER = (4, 3, 2, 0, 1)
