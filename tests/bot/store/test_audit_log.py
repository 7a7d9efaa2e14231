"""The audit log in the database: whole under load, and whatever is done to it behind its back is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from bot.approvals.audit import EMPTY, Broken, Fact, Head, Whole
from bot.store.audit import AuditDamaged
from bot.store.store import Store
from bot.store.tables import audit_head
from tests.bot.approvals.examples import proposal


def fill(store: Store, count: int = 5) -> Head:
    for number in range(1, count + 1):
        store.audit.append(Fact(at=float(number), event="test", details={"n": number}))
    return store.audit.head()


def meddle(store: Store, *statements: str) -> None:
    with store._engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_an_empty_log_is_whole(store: Store) -> None:
    assert store.audit.head() == EMPTY
    assert store.audit.checked() == Whole(0, 0, EMPTY)
    assert list(store.audit.export()) == []


def test_a_log_comes_back_as_it_was_written(store: Store) -> None:
    head = fill(store)

    assert [record.details for record in store.audit.export()] == [{"n": n} for n in range(1, 6)]
    assert store.audit.checked() == Whole(5, 1, head)


def test_many_threads_write_one_chain(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.audit.append(Fact(at=1.0, event=f"e{n}")), range(80)))

    found = store.audit.checked()
    assert isinstance(found, Whole)
    assert found.count == 80
    assert len({record.event for record in store.audit.export()}) == 80


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE audit SET record = REPLACE(record, '\"n\":3', '\"n\":4') WHERE number = 3", 3),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 5", 5),
        ("DELETE FROM audit WHERE number > 1", 5),
        ("UPDATE audit SET record = (SELECT record FROM audit WHERE number = 1) WHERE number = 4", 4),
        ("UPDATE audit_head SET hash = 'f' WHERE id = 1", 5),
    ],
)
def test_what_is_changed_behind_its_back_is_found(store: Store, statement: str, number: int) -> None:
    fill(store)
    meddle(store, statement)

    found = store.audit.checked()

    assert isinstance(found, Broken)
    assert found.number == number


def test_an_end_that_was_cut_off_with_its_head_shows_against_the_head_that_was_posted(store: Store) -> None:
    posted = fill(store)
    meddle(store, "DELETE FROM audit WHERE number = 5")
    fourth = list(store.audit.export())[-1]
    with store._engine.begin() as connection:
        connection.execute(update(audit_head).values(number=4, hash=fourth.hash))

    assert isinstance(store.audit.checked(), Whole)
    assert store.audit.checked([posted]) == Broken(5, "it was posted, and is missing")


def test_without_its_head_nothing_is_written_and_so_nothing_is_done(store: Store) -> None:
    meddle(store, "DELETE FROM audit_head")

    with pytest.raises(AuditDamaged, match="restore the table audit_head"):
        store.proposals.add(proposal())
    with pytest.raises(AuditDamaged):
        store.audit.head()
    assert store.proposals.get(proposal().id) is None


def test_old_records_are_deleted_from_the_front_never_the_last_and_the_rest_verifies(store: Store) -> None:
    head = fill(store)

    assert store.audit.forget(3.0) == 2
    assert store.audit.checked([head]) == Whole(3, 3, head)
    assert store.audit.forget(1e9) == 2
    assert store.audit.checked() == Whole(1, 5, head)
    store.audit.append(Fact(at=9.0, event="after"))
    assert store.audit.checked() == Whole(2, 5, store.audit.head())


def test_a_long_log_is_read_in_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.audit._AT_ONCE", 3)
    fill(store, 10)

    assert [record.number for record in store.audit.export()] == list(range(1, 11))


def test_a_nonce_is_never_in_the_log(store: Store) -> None:
    store.proposals.add(proposal())

    assert proposal().nonce not in "".join(record.model_dump_json() for record in store.audit.export())
