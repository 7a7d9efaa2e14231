"""Passages: all that is open between two lots of interfaces whose groups are judged alike, whatever ways it takes.

The ways between two VPCs differ by subnet, zone and ACL; the groups at both ends ask for none of that. What passes on
the ways is therefore joined, and the groups are met with it once. Who takes which way shows in the addresses.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from diagnosis.fix.ends import End
from diagnosis.fix.groups import Way
from diagnosis.traffic.intervals import join_all
from diagnosis.traffic.traffic import Box, Traffic, merged


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """Ways between ends of the same two VPCs, each the same before and after a change."""

    was: Way
    will: Way
    """One of them, for the groups at both ends."""
    boxes: list[Box] = field(default_factory=list)
    sources: dict[int, End] = field(default_factory=dict)
    destinations: dict[int, End] = field(default_factory=dict)
    """Ends by their identities."""

    @property
    def traffic(self) -> Traffic:
        """What passes on all of them."""
        return Traffic(merged(tuple(self.boxes)))


class Passages:
    """The passages of one region, gathered way by way."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Passage] = {}
        self._whole: dict[tuple[int, ...], End] = {}

    def add(self, source: End, destination: End, was: Way, will: Way) -> None:
        """One more way between two ends, of which nobody has an address of another's."""
        judges = (was.leaving, was.entering, will.leaving, will.entering)
        key = (id(source.occupants), id(destination.occupants), *map(id, judges))
        passage = self._found.get(key)
        if passage is None:
            passage = self._found[key] = Passage(was, will)
        passage.sources[id(source)] = source
        passage.destinations[id(destination)] = destination
        passage.boxes.extend(was.traffic.only(source=source.numbers, destination=destination.numbers).boxes)

    def each(self) -> Iterator[tuple[End, End, Way, Way]]:
        """Every passage as one way between two ends."""
        for passage in self._found.values():
            was, will, traffic = passage.was, passage.will, passage.traffic
            yield (
                self._joined(passage.sources),
                self._joined(passage.destinations),
                Way(traffic, was.leaving, was.entering),
                Way(traffic, will.leaving, will.entering),
            )

    def _joined(self, ends: dict[int, End]) -> End:
        """Several ends of a VPC as one."""
        key = tuple(sorted(ends))
        found = self._whole.get(key)
        if found is None:
            some = list(ends.values())
            members = {one.id: (one, own) for end in some for one, own in end.members}
            found = End(
                tuple(members.values()), join_all({end.clients for end in some}), some[0].within, some[0].occupants
            )
            self._whole[key] = some[0] if len(some) == 1 else found
        return self._whole[key]
