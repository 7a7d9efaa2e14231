"""Port cells: between two neighbouring port cuts of a rule list the same rules apply, so one set of addresses passes.

Every rule of a security group or network ACL constrains one address side and one port side. That is why a rule list
compiles to a row of cells, each with the rules that apply there, and never needs box subtraction rule by rule.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple, TypeVar

from diagnosis.traffic.intervals import EMPTY, IntervalSet, join_all, meet, minus, pieces
from diagnosis.traffic.ports import ALL_PORTS, icmp_cell

Label = TypeVar("Label", bound=Hashable)


class Rule(NamedTuple):
    """One rule of a filter.

    ``addresses`` are those of the peer, ``ports`` destination ports or ICMP cells (see ``ports``). For protocols that
    have neither, ports are never compared; give ALL_PORTS. ``ref`` is what an answer calls the rule: a group rule's
    id, an ACL entry's number.
    """

    allow: bool
    addresses: IntervalSet
    protocols: IntervalSet
    ports: IntervalSet
    ref: str | None = None


Mask = int
"""The rules that apply somewhere: bit i stands for the i-th rule of the list. EVERYTHING_PASSES is no such set."""

EVERYTHING_PASSES: Mask = -1

# How many answers of ``groups`` and ``runs`` one row keeps: questions bring few distinct port ranges that span cells.
_KEPT = 256


def toggles(sets: Iterable[tuple[Mask, IntervalSet]], lo: int, hi: int) -> tuple[list[int], list[Mask]]:
    """Cut ``lo`` to ``hi`` wherever one of the sets begins or ends. Each stands for some rules, no two for the same.

    Returns the cuts, from ``lo`` to ``hi``, and for each stretch between two of them the rules whose sets lie over it.
    """
    flips: dict[int, Mask] = {lo: 0, hi: 0}
    for rules, members in sets:
        for point in members:
            flips[point] = flips.get(point, 0) ^ rules
    cuts = sorted(flips)
    masks: list[Mask] = []
    mask = 0
    for cut in cuts[:-1]:
        mask ^= flips[cut]
        masks.append(mask)
    return cuts, masks


@lru_cache(maxsize=65536)
def rules_in(mask: Mask) -> tuple[int, ...]:
    """The rule numbers of a mask, ascending: the order of first match."""
    found: list[int] = []
    while mask > 0:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return tuple(found)


def compiled(rules: Sequence[Rule]) -> IntervalSet:
    """The addresses that a first-match list allows where all of its rules apply; what matches no rule is denied."""
    allowed = EMPTY
    # Backwards each rule simply overrides what follows it; neighbours with the same action are taken together.
    for allow, run in groupby(reversed(rules), key=lambda rule: rule.allow):
        addresses = [rule.addresses for rule in run]
        allowed = join_all([allowed, *addresses]) if allow else minus(allowed, join_all(addresses))
    return allowed


def first_matches(
    rules: Sequence[Rule], mask: Mask, addresses: IntervalSet
) -> Iterator[tuple[int | None, IntervalSet]]:
    """Share the addresses out to the rules that match them first; what no rule matches comes last, under None."""
    left = addresses
    for number in rules_in(mask):
        theirs = rules[number].addresses
        if len(left) == 2:
            # One range: most rules lie beside it or over all of it, and one bisection tells.
            point = bisect_right(theirs, left[0])
            if point & 1:
                if left[1] <= theirs[point]:
                    yield number, left
                    return
            elif point == len(theirs) or left[1] <= theirs[point]:
                continue
        hit = meet(left, theirs)
        if hit:
            yield number, hit
            left = minus(left, hit)
            if not left:
                return
    yield None, left


class Cells:
    """A row of port cells: cell i lies between cuts i and i + 1, and ``masks[i]`` names the rules that apply there.

    ``allow`` gives the allowed addresses of a mask; it is asked once a cell, and only for cells that traffic touches.
    """

    __slots__ = ("_allow", "_groups", "_runs", "cuts", "masks", "sets")

    def __init__(self, cuts: Sequence[int], masks: Sequence[Mask], allow: Callable[[Mask], IntervalSet]) -> None:
        self.cuts = cuts
        self.masks = masks
        self.sets: list[IntervalSet | None] = [None] * len(masks)
        """The allowed addresses of each cell that was asked for."""
        self._allow = allow
        self._groups: dict[IntervalSet, list[tuple[IntervalSet, IntervalSet]]] = {}
        self._runs: dict[IntervalSet, list[tuple[Mask, IntervalSet]]] = {}

    def allowed(self, cell: int) -> IntervalSet:
        """The addresses that pass in a cell."""
        found = self.sets[cell]
        if found is None:
            found = self.sets[cell] = self._allow(self.masks[cell])
        return found

    def groups(self, ports: IntervalSet) -> list[tuple[IntervalSet, IntervalSet]]:
        """The ports cut by what passes: (allowed addresses, ports), one entry for each distinct set of addresses."""
        first = bisect_right(self.cuts, ports[0])
        if ports[-1] <= self.cuts[first]:
            return [(self.allowed(first - 1), ports)]
        known = self._groups.get(ports)
        if known is None:
            known = _gathered((self.allowed(cell), lo, hi) for cell, lo, hi in self._stretches(ports))
            if len(self._groups) >= _KEPT:
                self._groups.clear()
            self._groups[ports] = known
        return known

    def runs(self, ports: IntervalSet) -> list[tuple[Mask, IntervalSet]]:
        """The ports cut by which rules apply: (mask, ports), one entry for each distinct mask."""
        first = bisect_right(self.cuts, ports[0])
        if ports[-1] <= self.cuts[first]:
            return [(self.masks[first - 1], ports)]
        known = self._runs.get(ports)
        if known is None:
            known = _gathered((self.masks[cell], lo, hi) for cell, lo, hi in self._stretches(ports))
            if len(self._runs) >= _KEPT:
                self._runs.clear()
            self._runs[ports] = known
        return known

    def _stretches(self, ports: IntervalSet) -> Iterator[tuple[int, int, int]]:
        """(cell, lo, hi) for each stretch of the ports that lies in one cell, ascending."""
        cuts = self.cuts
        for lo, hi in pieces(ports):
            cell = bisect_right(cuts, lo) - 1
            while cuts[cell] < hi:
                yield cell, max(cuts[cell], lo), min(cuts[cell + 1], hi)
                cell += 1

    def as_replies(self, replies: Mapping[int, int]) -> Cells:
        """These ICMP cells seen from the request: the cell of a request says what happens to its reply.

        ``replies`` maps request type to reply type. A message without a reply passes, since none is expected.
        """
        cuts, masks = [0], [EVERYTHING_PASSES]
        for request, reply in sorted(replies.items()):
            shift = (request - reply) << 8
            for cell, lo, _ in self._stretches(icmp_cell(reply, -1)):
                if lo + shift == cuts[-1]:
                    masks[-1] = self.masks[cell]
                else:
                    cuts.append(lo + shift)
                    masks.append(self.masks[cell])
            cuts.append((request + 1) << 8)
            masks.append(EVERYTHING_PASSES)
        return Cells([*cuts, ALL_PORTS[1]], masks, self._allow)


def _gathered(stretches: Iterable[tuple[Label, int, int]]) -> list[tuple[Label, IntervalSet]]:
    """Ascending stretches gathered by their label, each label's stretches as one set."""
    points: dict[Label, list[int]] = {}
    for label, lo, hi in stretches:
        known = points.setdefault(label, [])
        if known and known[-1] == lo:
            known[-1] = hi
        else:
            known += (lo, hi)
    return [(label, tuple(flat)) for label, flat in points.items()]
