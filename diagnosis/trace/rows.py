"""Rows of a reverse question: interfaces that behave alike, told together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Literal, NamedTuple

from diagnosis.network.coverage import Missing
from diagnosis.trace.cohort_verdicts import Fate, Verdicts
from diagnosis.trace.lots import BY_ITSELF, OPEN, GroupBits, Holder, Lot
from diagnosis.trace.step import Blocker, Leg, Step
from diagnosis.trace.trace import Verdict
from diagnosis.traffic.intervals import IntervalSet
from diagnosis.traffic.traffic import NOTHING, Traffic

Kind = Literal["interfaces", "internet", "on-premises"]
_BY_ID = attrgetter("interface.id")


class Alike(NamedTuple):
    """Parties that behave alike towards the target."""

    kind: Kind
    vpc: str | None
    subnet: str | None
    groups: tuple[str, ...]
    """The security groups that all of them hold."""
    members: tuple[str, ...]
    """Interface ids; empty for the internet and on-premises ranges."""
    addresses: IntervalSet
    """Those of the internet and of on-premises ranges; empty for interfaces."""
    verdict: Verdict
    passes: Traffic
    """What gets through, there and back."""
    blockers: tuple[tuple[Leg, Blocker], ...]
    decided_by: Step | None
    """The last rule set on the way that lets it in, where something passes."""
    gaps: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Members with one fate, to be told together."""

    fate: Fate
    free: bool
    """Whether no group of theirs stands in the way."""
    lots: list[list[Holder]] = field(default_factory=list)
    """Each in the order of their ids."""

    @property
    def holders(self) -> list[Holder]:
        """All of them, in the order of their ids."""
        if len(self.lots) == 1:
            return self.lots[0]
        return sorted(chain.from_iterable(self.lots), key=_BY_ID)


def told_together(
    fate: Fate, free: bool, lot: Lot, holders: list[Holder], *, apart: bool
) -> Iterable[tuple[Hashable, list[Holder]]]:
    """Holders with one fate by what is told of them."""
    if fate.verdict == "blocked" and not apart:
        # Which groups these are does not matter: whether they stand in the way does.
        return [((fate.mask, fate.clients, free, lot.subnet), holders)]
    if apart:
        return [((id(fate), holder.interface.id), [holder]) for holder in holders]
    found: defaultdict[Hashable, list[Holder]] = defaultdict(list)
    for holder in holders:
        found[id(fate), lot.subnet, holder.interface.groups].append(holder)
    return found.items()


Parts = tuple[int, ...]


def parted(lot: Lot, verdicts: Verdicts, groups: list[GroupBits]) -> Iterator[tuple[int, Parts | None, list[Holder]]]:
    """A lot by the sets of the trace in which its members are and by those groups that let a part pass, on each path.

    For members whose groups let all pass it is -1; those whose groups are judged all together come one by one, under
    None.
    """
    whole = verdicts.stretch(lot.low, lot.high)
    bits = [(one.open, one.some) for one in groups]
    single = len(bits) == 1
    every, some = bits[0] if single else (0, 0)
    if single and whole is not None and not lot.by_themselves:
        alike: defaultdict[int, list[Holder]] = defaultdict(list)
        for holder in lot.holders:
            held = holder[1]
            alike[OPEN if held & every else held & some].append(holder)
        for part, holders in alike.items():
            yield whole, (part,), holders
        return
    found: defaultdict[tuple[int, Parts], list[Holder]] = defaultdict(list)
    for holder in lot.holders:
        address, held, _ = holder
        mask = verdicts.mask_of(address) if whole is None else whole
        if held == BY_ITSELF:
            yield mask, None, [holder]
        elif single:
            found[mask, (OPEN if held & every else held & some,)].append(holder)
        else:
            found[mask, tuple([OPEN if held & e else held & s for e, s in bits])].append(holder)
    for (mask, parts), holders in found.items():
        yield mask, parts, holders


def joined(found: Iterable[Alike]) -> list[Alike]:
    """Groups that differ only in what does not show (platform, family, the cuts of rules) become one."""
    known: dict[object, list[Alike]] = defaultdict(list)
    for one in found:
        # A code is one object, which is told by its identity sooner than by its hash.
        causes = tuple((leg, id(b.code), b.component, b.rule) for leg, b in one.blockers)
        groups = one.groups if one.verdict != "blocked" else ()
        known[one.kind, one.vpc, one.subnet, groups, one.verdict, causes, one.gaps].append(one)
    return [some[0] if len(some) == 1 else _together(some) for some in known.values()]


def _together(some: list[Alike]) -> Alike:
    passes = NOTHING
    for one in some:
        passes = passes.union(one.passes)
    return some[0]._replace(
        groups=tuple(sorted(set(some[0].groups).intersection(*(one.groups for one in some[1:])))),
        members=tuple(sorted(member for one in some for member in one.members)),
        passes=passes,
    )
