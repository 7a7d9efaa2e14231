"""Ranks number the members of a set: what is asked of numbers is what is asked of members."""

from __future__ import annotations

import random

from diagnosis.traffic.intervals import IntervalSet, has, meet, pieces
from diagnosis.traffic.ranks import Ranks

MOST = 60


def some_set(chance: random.Random, most: int) -> IntervalSet:
    return tuple(sorted(chance.sample(range(MOST), 2 * chance.randint(0, most))))


def test_the_numbers_of_a_set_are_the_places_of_its_members_among_all() -> None:
    chance = random.Random(3)
    for _ in range(3000):
        members, some = some_set(chance, 6), some_set(chance, 9)
        ranks = Ranks(members)
        each = [number for low, high in pieces(members) for number in range(low, high)]

        found = ranks.of(some)

        assert ranks.count == len(each)
        assert [has(found, at) for at in range(len(each))] == [has(some, one) for one in each]
        assert list(found) == sorted(set(found)), "the form of every set: ascending, nothing empty"
        assert ranks.members(found) == meet(members, some)


def test_sets_that_hold_the_same_members_have_the_same_numbers() -> None:
    ranks = Ranks((10, 11, 20, 22))

    assert ranks.of((0, 15)) == ranks.of((10, 11)) == (0, 1)
    assert ranks.of((9, 19, 21, 40)) == (0, 1, 2, 3)
    assert ranks.of((11, 20)) == ()
