"""Prefix lists: named sets of address ranges, customer-managed or AWS's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnosis.network.shape import Item, Malformed, items, number, text, texts
from diagnosis.traffic.addresses import parse_cidr
from diagnosis.traffic.intervals import IntervalSet, join_all


@dataclass(frozen=True, slots=True)
class PrefixList:
    """A prefix list; `cidrs` is None where its entries were not seen."""

    id: str
    name: str | None
    cidrs: tuple[str, ...] | None
    most: int | None = None
    """`MaxEntries` of a customer's list: as many rules a reference to it counts."""

    @property
    def addresses(self) -> IntervalSet | None:
        """All its ranges together; None where its entries were not seen."""
        return None if self.cidrs is None else join_all(parse_cidr(cidr) for cidr in self.cidrs)


def parse_prefix_list(item: Item, entries: list[Item] | None) -> PrefixList:
    """An entry of `PrefixLists` (of either call) with the entries from the by-id call, where they were seen."""
    cidrs: set[str] | None = None
    if entries is not None:
        cidrs = _cidrs(entries)
    elif item.get("Cidrs") is not None:
        cidrs = set(texts(item, "Cidrs"))
    elif item.get("Entries") is not None:
        cidrs = _cidrs(items(item, "Entries"))
    for cidr in cidrs or ():
        parse_cidr(cidr)
    return PrefixList(
        id=text(item, "PrefixListId") or "",
        name=text(item, "PrefixListName"),
        cidrs=None if cidrs is None else tuple(sorted(cidrs)),
        most=number(item, "MaxEntries"),
    )


def _cidrs(entries: Sequence[Item]) -> set[str]:
    found = [text(entry, "Cidr") for entry in entries]
    if None in found:
        raise Malformed("an entry lacks its Cidr")
    return {cidr for cidr in found if cidr}
