"""The ledger of second opinions: a budget that is never overspent, one at a time, disagreements with reports."""

from __future__ import annotations

import threading

from bot.store.store import Store

DAY = "2026-11-22"


def test_a_day_s_budget_is_spent_to_its_last_cent_and_no_further(store: Store) -> None:
    ledger = store.opinions

    assert [ledger.spend(DAY, 10, 25) for _ in range(3)] == [True, True, False]
    assert ledger.spend(DAY, -10, 0)
    assert ledger.spend(DAY, 10, 25)
    assert not ledger.spend(DAY, 10, 25)
    assert ledger.spend("2026-11-23", 10, 25)


def test_many_at_once_do_not_overspend(store: Store) -> None:
    spent: list[bool] = []
    begin = threading.Barrier(6)

    def spend() -> None:
        begin.wait(10)
        spent.append(store.opinions.spend(DAY, 10, 20))

    threads = [threading.Thread(target=spend) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(spent) == [False] * 4 + [True] * 2


def test_a_question_has_one_opinion_under_way_and_may_have_another_after_it(store: Store) -> None:
    ledger = store.opinions

    assert ledger.begin("q1", "C1", 100, 400)
    assert not ledger.begin("q1", "C1", 101, 401)
    assert ledger.begin("q2", "C1", 101, 401)
    assert ledger.end("q1", "ended")
    assert not ledger.end("q1", "interrupted")
    assert ledger.begin("q1", "C1", 102, 402)


def test_what_ought_to_be_over_is_found_with_its_message(store: Store) -> None:
    ledger = store.opinions
    ledger.begin("q1", "C1", 100, 400)
    ledger.shows("q1", "17.5")
    ledger.begin("q2", "C2", 100, 900)

    [late] = ledger.overdue(500)

    assert (late.question, late.channel, late.message) == ("q1", "C1", "17.5")
    assert ledger.goes_on("q1", 600)
    assert ledger.overdue(500) == ()
    ledger.end("q1", "interrupted")
    assert ledger.overdue(700) == ()
    assert not ledger.goes_on("q1", 900)


def test_disagreements_are_kept_with_their_reports_until_they_are_old_enough(store: Store) -> None:
    ledger = store.opinions
    ledger.keep("b", 2_000_000, "why", "AWS disagrees", b"\x00zip")
    ledger.keep("a", 1_000_000, "how", "AWS disagrees too", b"older")

    assert [one.name for one in ledger.disagreements()] == ["a", "b"]
    assert ledger.report("b") == b"\x00zip"
    assert ledger.report("c") == b""
    ledger.spend("1970-01-05", 10, 100)
    ledger.forget(1_500_000)
    assert [one.name for one in ledger.disagreements()] == ["b"]
