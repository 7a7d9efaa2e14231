"""Who is asked after an answer: each one at a time for a question, found again where a process left it."""

from __future__ import annotations

import threading

from bot.store.rows import StoredQuestion
from bot.store.store import Store


def test_a_question_has_each_witness_under_way_once_and_may_have_it_again(store: Store) -> None:
    runs = store.witnesses

    assert runs.begin("q1", "opinion", "C1", 100, 400)
    assert not runs.begin("q1", "opinion", "C1", 101, 401)
    assert runs.begin("q1", "changes", "C1", 101, 401)
    assert runs.begin("q2", "opinion", "C1", 101, 401)
    assert runs.end("q1", "opinion", "ended")
    assert not runs.end("q1", "opinion", "interrupted")
    assert runs.begin("q1", "opinion", "C1", 102, 402)


def test_what_ought_to_be_over_is_found_with_its_message(store: Store) -> None:
    runs = store.witnesses
    runs.begin("q1", "changes", "C1", 100, 400)
    runs.shows("q1", "changes", "17.5")
    runs.begin("q1", "opinion", "C1", 100, 400)
    runs.begin("q2", "changes", "C2", 100, 900)

    [late] = runs.overdue(("changes", "threats"), 500)

    assert (late.question, late.witness, late.channel, late.message) == ("q1", "changes", "C1", "17.5")
    assert runs.goes_on("q1", "changes", 600)
    assert runs.overdue(("changes", "threats"), 500) == ()
    runs.end("q1", "changes", "interrupted")
    assert runs.overdue(("changes", "threats"), 700) == ()
    assert not runs.goes_on("q1", "changes", 900)


def test_what_is_old_enough_is_forgotten(store: Store) -> None:
    store.witnesses.begin("q1", "changes", "C1", 100, 400)
    store.witnesses.begin("q2", "changes", "C1", 300, 400)

    store.witnesses.forget(200)

    assert [one.question for one in store.witnesses.overdue(("changes", "threats"), 1_000)] == ["q2"]


def test_witnesses_that_come_at_once_all_stay_in_the_answer(store: Store) -> None:
    row = StoredQuestion(
        id="q1", team="T", channel="C1", thread="1", person="U", surface="mention", text="", question="", asked_at=1,
        state="answered", verdict="blocked", answer="",
    )  # fmt: skip
    store.add(row, ())
    begin = threading.Barrier(4)

    def add(word: str) -> None:
        begin.wait(10)
        store.amend("q1", lambda kept: f"{kept}{word}")

    threads = [threading.Thread(target=add, args=(word,)) for word in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    again = store.get("q1")
    assert again is not None
    assert sorted(again.answer or "") == ["a", "b", "c", "d"]
    store.amend("q2", str.upper)  # nothing is kept: nothing happens
