"""The chain of the audit log: whatever is changed, left out, put in or moved is found."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from bot.approvals.audit import EMPTY, Broken, Fact, Head, Record, Whole, chained, verify


def records(count: int = 5) -> list[Record]:
    made: list[Record] = []
    for number in range(count):
        head = Head(made[-1].number, made[-1].hash) if made else EMPTY
        fact = Fact(at=100.1 + number, event="approve", proposal="fx1", person="U2", details={"n": number, "é": [None]})
        made.append(chained(head, fact))
    return made


def test_a_chain_as_it_was_written_is_whole() -> None:
    made = records()

    assert [record.number for record in made] == [1, 2, 3, 4, 5]
    assert all(second.previous == first.hash for first, second in pairwise(made))
    assert verify(made) == Whole(5, 1, Head(5, made[-1].hash))
    assert verify([]) == Whole(0, 0, EMPTY)


def test_a_chain_comes_back_from_its_json_whole() -> None:
    again = [Record.model_validate_json(record.model_dump_json()) for record in records()]

    assert isinstance(verify(again), Whole)


def changed(**values: object) -> Callable[[list[Record]], list[Record]]:
    return lambda made: [*made[:2], made[2].model_copy(update=values), *made[3:]]


@pytest.mark.parametrize(
    ("tamper", "number"),
    [
        (changed(at=0.0), 3),
        (changed(event="reject"), 3),
        (changed(person="U9"), 3),
        (changed(person=None), 3),
        (changed(proposal="fx2"), 3),
        (changed(details={}), 3),
        (changed(hash="0" * 64), 3),
        (changed(previous="0" * 64), 3),
        (lambda made: [*made[:2], *made[3:]], 3),
        (lambda made: [*made[:2], made[3], made[2], made[4]], 3),
        (lambda made: [*made[:3], made[2], *made[3:]], 4),
        (lambda made: [made[0].model_copy(update={"previous": "1" * 64}), *made[1:]], 1),
        (lambda made: [*made[:2], chained(Head(2, made[1].hash), Fact(at=1, event="x")), *made[3:]], 4),
    ],
)
def test_a_record_that_was_changed_left_out_put_in_or_moved_is_found(
    tamper: Callable[[list[Record]], list[Record]], number: int
) -> None:
    found = verify(tamper(records()))

    assert isinstance(found, Broken)
    assert found.number == number


def test_an_end_that_was_cut_off_and_a_chain_that_was_written_anew_show_against_a_posted_head() -> None:
    made = records()
    posted = Head(4, made[3].hash)
    anew = records(3)
    anew.append(chained(Head(3, anew[-1].hash), Fact(at=1, event="something else")))

    assert isinstance(verify(made, [posted]), Whole)
    assert verify(made[:3], [posted]) == Broken(4, "it was posted, and is missing")
    assert verify(anew, [posted]) == Broken(4, "it is not the one whose hash was posted")
    assert verify([], [posted]) == Broken(4, "it was posted, and is missing")


def test_what_is_left_after_the_oldest_were_deleted_still_verifies() -> None:
    made = records()

    assert verify(made[2:], [Head(1, "gone with it")]) == Whole(3, 3, Head(5, made[-1].hash))
