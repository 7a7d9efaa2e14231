"""Reach as an answer: groups by name, with what lets each in or keeps it out."""

from __future__ import annotations

from collections.abc import Iterable

from diagnosis.answer import Cause, SnapshotFacts
from diagnosis.explanation.causes import cause
from diagnosis.explanation.protocol_words import traffic_words
from diagnosis.explanation.unseen import unseen_items
from diagnosis.network.coverage import Missing
from diagnosis.network.network import Network
from diagnosis.network.owners import display_name, label
from diagnosis.question.question import Question
from diagnosis.trace.rows import Alike
from diagnosis.trace.step import Blocker, Leg, Step
from diagnosis.traffic.addresses import format_address, format_cidrs
from diagnosis.traffic.traffic import SideName
from diagnosis.who_answer import Member, ReachGroup, WhoAnswer

MOST_RANGES = 64
RANK = ("reachable", "partly", "unknown", "blocked")


def who_answer(
    network: Network,
    question: Question,
    target: str,
    found: tuple[Alike, ...],
    *,
    towards: bool,
    notes: tuple[str, ...],
) -> WhoAnswer:
    """The answer to "what can reach X" (`towards`) or "what can X reach"."""
    causes = _Causes(network)
    groups = tuple(_group(network, alike, causes, towards=towards) for alike in found)
    hidden = unseen_items(network, (gap for gap in map(network.hidden_gap, network.hidden_owners) if gap is not None))
    return WhoAnswer(
        question=question,
        target=target,
        direction="to" if towards else "from",
        headline=_headline(groups, target, towards=towards),
        groups=groups,
        caveats=notes,
        unseen=tuple(dict.fromkeys((*(u for g in groups for u in g.unseen), *hidden))),
        snapshot=SnapshotFacts(taken_at=network.taken_at, accounts=network.accounts, regions=network.regions),
    )


class _Causes:
    """Causes by their blockers: one blocker may stand in the way of many groups."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: dict[int, tuple[Blocker, Cause]] = {}

    def of(self, leg: Leg, blocker: Blocker) -> Cause:
        """The blocker as a cause."""
        known = self._known.get(id(blocker))
        if known is None:
            known = self._known[id(blocker)] = (blocker, cause(self._network, leg, blocker))
        return known[1]


def merged(found: Iterable[tuple[Alike, frozenset[str]]]) -> tuple[Alike, ...]:
    """One group for what behaves alike towards a target of several interfaces or addresses.

    Beside each group stand the interfaces that are the target itself, and are left out of it. Whoever reaches one
    address reaches the target, so the best verdict of each counts.
    """
    every = list(found)
    if len({own for _, own in every}) == 1 and all(own.isdisjoint(one.members) for one, own in every):
        names = [member for one, _ in every for member in one.members or (one.kind,)]
        if len(names) == len(set(names)):
            return tuple(one for one, _ in every)
    best: dict[str, Alike] = {}
    for alike, own in sorted(every, key=lambda one: RANK.index(one[0].verdict)):
        for member in alike.members or (alike.kind,):
            if member not in own:
                best.setdefault(member, alike)
    groups: dict[object, tuple[Alike, list[str]]] = {}
    for member, alike in best.items():
        first = [(leg, blocker.code, blocker.component, blocker.rule) for leg, blocker in alike.blockers[:1]]
        key = (alike.kind, alike.vpc, alike.subnet, alike.groups, alike.verdict, *first)
        groups.setdefault(key, (alike, []))[1].append(member)
    return tuple(
        alike._replace(members=tuple(sorted(members))) if alike.members else alike for alike, members in groups.values()
    )


def _headline(groups: tuple[ReachGroup, ...], target: str, *, towards: bool) -> str:
    open_ = [g for g in groups if g.verdict in ("reachable", "partly")]
    count = sum(g.count for g in open_)
    total = sum(g.count for g in groups)
    beyond = [g.name for g in open_ if not g.count]
    many = f"{count} of {total} interface{'' if total == 1 else 's'}"
    also = f", and {', '.join(beyond)}," if beyond else ""
    verb = "can reach" if towards else "can be reached from"
    unknown = sum(g.count for g in groups if g.verdict == "unknown")
    rest = f" For {unknown} more it cannot be told." if unknown else ""
    return f"{many}{also} {verb} {target}.{rest}"


def _group(network: Network, alike: Alike, known: _Causes, *, towards: bool) -> ReachGroup:
    causes = tuple(known.of(leg, blocker) for leg, blocker in alike.blockers)
    side: SideName = "source" if towards else "destination"
    ranges: tuple[str, ...] = ()
    if alike.kind != "interfaces":
        passing = alike.passes.project(side) if not alike.passes.empty else ()
        ranges = tuple(format_cidrs(passing or alike.addresses)[:MOST_RANGES])
    return ReachGroup(
        kind=alike.kind,
        name=_name(network, alike),
        subnet=alike.subnet,
        groups=alike.groups,
        route_table=_table(network, alike),
        count=len(alike.members),
        members=tuple(map(_members(network).__getitem__, alike.members)),
        ranges=ranges,
        verdict=alike.verdict,
        traffic="" if alike.passes.empty else traffic_words(alike.passes),
        decided_by=_why(network, alike, causes),
        causes=causes,
        unseen=unseen_items(network, alike.gaps),
    )


def _why(network: Network, alike: Alike, causes: tuple[Cause, ...]) -> str:
    """The rule that lets it in, or the first that stops it; where only a part gets in, both."""
    allowed = [_decided(network, alike.decided_by)] if alike.decided_by is not None else []
    stopped = [causes[0].text] if causes and (not allowed or alike.verdict == "partly") else []
    unknown = [alike.gaps[0].reason] if alike.gaps and not allowed and not stopped else []
    return "; but ".join((*allowed, *stopped, *unknown))


def _decided(network: Network, step: Step) -> str:
    name = label(network, step.component)
    if step.kind == "network-acl":
        return f"rule {step.rule} of {name}" if step.rule else name
    return f"{name}: {step.detail}" if step.detail else name


def _name(network: Network, alike: Alike) -> str:
    if alike.kind == "internet":
        return "the internet"
    if alike.kind == "on-premises":
        return "on-premises ranges"
    subnet = display_name(network, alike.subnet or "") or alike.subnet or "an unknown subnet"
    if alike.groups:
        groups = ", ".join([display_name(network, g) or g for g in alike.groups])
    elif any(network.interfaces[eni].groups for eni in alike.members):
        groups = "various security groups"
    else:
        groups = "no security group"
    return f"{subnet}: {groups}"


def _table(network: Network, alike: Alike) -> str | None:
    if not alike.members:
        return None
    interface = network.interfaces[alike.members[0]]
    table = network.table_of(interface.subnet, interface.vpc, interface.origins)
    return getattr(table, "id", None) if not isinstance(table, Missing) else None


class _Members(dict[str, Member]):
    """Interfaces as answers name them, by their ids; each is made when it is first asked for."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network

    def __missing__(self, eni: str) -> Member:
        interface = self._network.interfaces[eni]
        address = interface.ipv4[0].private if interface.ipv4 else (interface.ipv6[0] if interface.ipv6 else None)
        words = format_address(address) if address is not None else None
        found = self[eni] = Member(id=eni, name=display_name(self._network, eni), address=words)
        return found


def _members(network: Network) -> _Members:
    known: _Members | None = network.memo.get("members of answers")
    if known is None:
        known = network.memo["members of answers"] = _Members(network)
    return known
