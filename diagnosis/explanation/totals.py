"""Refused groups by what refuses them: how many, whose they are, since when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diagnosis.evidence.rejects import Refused, RejectClass
from diagnosis.explanation.attribution import Attributed, State
from diagnosis.network.network import Network
from diagnosis.network.shape import owner_of
from diagnosis.traffic.addresses import parse_address

MOST_OWNERS = 3


@dataclass(frozen=True, slots=True)
class Total:
    """The groups of one cause. Times are Unix seconds."""

    example: Attributed
    """The group with the most records."""
    kind: RejectClass
    """Internal where any of the groups is."""
    groups: int
    records: int
    new: int
    first: int | None
    last: int | None
    sources: int
    destinations: int


def totals(groups: Iterable[tuple[Attributed, State | None]]) -> list[Total]:
    """A total for each cause of a group that is open, and one for those whose cause cannot be told.

    Internal ones first, then those with the most records; the one without a cause comes last.
    """
    found: dict[object, list[tuple[Attributed, State | None]]] = {}
    for each in groups:
        if each[1] in ("new", "standing"):
            found.setdefault(cause_of(each[0]), []).append(each)
    made = {key: _total(some) for key, some in found.items()}
    order = sorted(made, key=lambda key: (key is None, made[key].kind != "internal", -made[key].records, str(key)))
    return [made[key] for key in order]


def _total(some: Sequence[tuple[Attributed, State | None]]) -> Total:
    groups = [each.refused for each, _ in some]
    return Total(
        example=max((each for each, _ in some), key=lambda each: each.refused.records),
        kind="internal" if any(each.kind == "internal" for each in groups) else groups[0].kind,
        groups=len(groups),
        records=sum(each.records for each in groups),
        new=sum(state == "new" for _, state in some),
        first=min((each.first for each in groups if each.first is not None), default=None),
        last=max((each.last for each in groups if each.last is not None), default=None),
        sources=len({each.source for each in groups}),
        destinations=len({each.destination for each in groups}),
    )


def cause_of(found: Attributed) -> tuple[object, ...] | None:
    """What makes two groups have one cause; None where there is none to be told."""
    named = found.blocker
    if named is None:
        return None
    leg, blocker = named
    return (blocker.code, blocker.component, blocker.rule, leg, blocker.direction)


def owners(network: Network, components: Sequence[str], refused: Refused) -> tuple[str, ...]:
    """Who owns these components, then the two sides, by the tags of groups, interfaces and instances."""
    named = [_tagged(network, each) for each in components]
    for address in (refused.destination, refused.source):
        named += [_tagged(network, eni) for eni in _holders(network, address)]
    return tuple(dict.fromkeys(each for each in named if each))[:MOST_OWNERS]


def _tagged(network: Network, identity: str) -> str | None:
    group = network.groups.get(identity)
    if group is not None:
        return owner_of(group.tags)
    interface = network.interfaces.get(identity)
    if interface is None:
        return None
    instance = network.instances.get(network.instance_of_interface.get(identity, ""))
    return interface.owner or (instance.owner if instance is not None else None)


def _holders(network: Network, address: str) -> Sequence[str]:
    try:
        number = parse_address(address)
    except ValueError:
        return ()
    holders = network.holders(number) or network.by_public_address.get(number, ())
    return holders if len(holders) == 1 else ()
