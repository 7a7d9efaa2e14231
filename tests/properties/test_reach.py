"""`who` over all interfaces at once agrees with one trace for each of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest

from diagnosis.network.build import build
from diagnosis.network.network import Network
from diagnosis.snapshots.read import read_snapshot
from diagnosis.trace.placing import Anchor, AtAddress, AtInterface, AtInternet, place_both
from diagnosis.trace.reach import reach
from diagnosis.trace.rows import Alike
from diagnosis.trace.step import Blocker, Leg
from diagnosis.trace.trace import Flow, Trace, trace
from diagnosis.traffic.traffic import Traffic
from tests import depth
from tests.case_folder import Case, all_cases
from tests.random_accounts import random_account

Asked = tuple[int | None, int | None]
ASKED: tuple[Asked, ...] = ((6, 3306), (6, 443), (17, 53), (1, None), (6, None), (None, None))


def one_by_one(network: Network, target: Anchor, eni: str, *, towards: bool, asked: Asked) -> Trace:
    pair = (AtInterface(eni), target) if towards else (target, AtInterface(eni))
    return trace(network, Flow(*place_both(network, *pair), *asked))


def passing(found: Trace) -> Traffic:
    passes = Traffic.nothing()
    for path in found.paths:
        passes = passes.union(path.total[0].traffic)
    return passes


def told_of(found: tuple[Alike, ...]) -> Iterator[tuple[str, Alike]]:
    return ((member, alike) for alike in found for member in alike.members)


Key = tuple[str, str, str, str | None, str | None]


def keys(blockers: Iterable[tuple[Leg, Blocker]]) -> list[Key]:
    return [(leg, b.code.value, b.component, b.direction, b.rule) for leg, b in blockers]


def causes_of(network: Network, alike: Alike, eni: str, *, towards: bool) -> list[Key]:
    """The causes of one member: the groups of others in its row, at its own end, are not its own."""
    held = {g for member in alike.members for g in network.interfaces[member].groups or ()}
    others = held - set(network.interfaces[eni].groups or ())
    end = "egress" if towards else "ingress"
    found = keys(alike.blockers)
    return [key for key in found if not (key[2] in others and key[0] == "forward" and key[3] == end)]


def agrees(network: Network, target: Anchor, *, towards: bool, asked: Asked) -> None:
    """Every interface is told of once, with the verdict, the traffic and the causes of its own trace."""
    found = reach(network, target, towards=towards, protocol=asked[0], port=asked[1])
    told = dict(told_of(found))

    assert len(told) == sum(len(alike.members) for alike in found)
    for eni, alike in told.items():
        alone = one_by_one(network, target, eni, towards=towards, asked=asked)
        where = (target, eni, towards, asked)
        assert alike.verdict == alone.verdict, where
        if alike.verdict in ("blocked", "partly"):
            assert causes_of(network, alike, eni, towards=towards) == keys(alone.blockers()), where
        if alike.verdict == "unknown":
            assert {gap.call for gap in alike.gaps} <= {gap.call for gap in alone.gaps()}, where
            assert alike.gaps, where
        else:
            addresses = place_both(network, *((AtInterface(eni), target) if towards else (target, AtInterface(eni))))
            own = getattr(addresses[0 if towards else 1], "addresses", ())
            mine_only = alike.passes.only(source=own) if towards else alike.passes.only(destination=own)
            assert mine_only.same_as(passing(alone)), where


def interfaces_asked(network: Network, target: Anchor) -> set[str]:
    own = {target.interface} if isinstance(target, AtInterface) else set()
    if isinstance(target, AtAddress):
        own = set(network.holders(target.address) or network.by_public_address.get(target.address, ()))
    return set(network.interfaces) - own


@pytest.mark.parametrize("seed", range(depth.of(12, 24)))
def test_who_agrees_with_one_trace_for_each_interface(seed: int) -> None:
    chance = random.Random(seed)
    network = random_account(seed).network()
    for _ in range(4):
        eni = chance.choice(sorted(network.interfaces))
        public = next((a.public for a in network.interfaces[eni].ipv4 if a.public is not None), None)
        target: Anchor = AtInterface(eni)
        if public is not None and chance.random() < 0.4:
            target = AtAddress(public)
        elif chance.random() < 0.15:
            target = AtInternet()
        towards, asked = chance.random() < 0.6, chance.choice(ASKED)

        agrees(network, target, towards=towards, asked=asked)

        found = reach(network, target, towards=towards, protocol=asked[0], port=asked[1])
        assert {eni for eni, _ in told_of(found)} == interfaces_asked(network, target)


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: str(case.name))
def test_who_agrees_with_one_trace_for_each_interface_of_a_case(case: Case) -> None:
    network = build(read_snapshot(case.account))
    for eni in sorted(network.interfaces):
        for towards in (True, False):
            agrees(network, AtInterface(eni), towards=towards, asked=(6, case.flow.get("port") or 443))


@pytest.mark.parametrize("seed", [3, 9, 10])
def test_an_answer_is_the_same_where_ways_of_cohorts_are_known_from_other_questions(seed: int) -> None:
    """Every interface is asked about three times in one network, in both families, and once in a network of its own."""
    account = random_account(seed)
    asked_before = account.network()
    targets = [AtAddress(n) for i in asked_before.interfaces.values() for n in (i.ipv4[0].private, *i.ipv6[:1])]
    for asked in ((6, 3306), (None, None), (6, 3306)):
        for target in targets:
            for towards in (True, False):
                reach(asked_before, target, towards=towards, protocol=asked[0], port=asked[1])
    chance = random.Random(seed)
    for target in chance.sample(targets, 3):
        for towards in (True, False):
            found = reach(asked_before, target, towards=towards, protocol=6, port=3306)
            fresh = reach(account.network(), target, towards=towards, protocol=6, port=3306)

            assert [(a.verdict, a.members, a.groups, a.gaps) for a in found] == [
                (a.verdict, a.members, a.groups, a.gaps) for a in fresh
            ]
            assert [keys(a.blockers) for a in found] == [keys(a.blockers) for a in fresh]
            assert all(a.passes.same_as(b.passes) for a, b in zip(found, fresh, strict=True))
