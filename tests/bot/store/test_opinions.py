"""The ledger of second opinions: a budget that is never overspent, and disagreements with their reports."""

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
