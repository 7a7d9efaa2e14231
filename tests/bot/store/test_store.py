"""What is remembered, once and for all threads, and for a set time only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from bot.approvals.audit import EMPTY
from bot.store.rows import StoredQuestion
from bot.store.store import Store, StoreUnavailable, engine_of
from bot.store.tables import metadata, questions
from tests.house.source_tree import ROOT


def question(identity: str = "q1", **values: Any) -> StoredQuestion:
    known = {
        "team": "T1",
        "channel": "C1",
        "thread": "1.0",
        "person": "U1",
        "surface": "mention",
        "text": "why can't web-1 reach RDS",
        "question": "{}",
        "asked_at": 100.0,
    }
    return StoredQuestion(id=identity, **{**known, **values})


def test_a_delivery_counts_once_whoever_brings_it_and_under_whichever_of_its_names(store: Store) -> None:
    assert store.add(question("q1"), ["event:1", "message:C1:1.0"])
    assert not store.add(question("q2"), ["event:1", "message:C1:1.0"])
    assert not store.add(question("q3"), ["event:2", "message:C1:1.0"])
    assert store.get("q2") is None
    assert not store.first_time(["event:1"], 101)
    assert store.first_time(["event:3"], 101)


def test_of_many_threads_that_bring_the_same_delivery_one_wins(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda n: store.add(question(f"q{n}"), [f"event:{n % 20}"]), range(100)))

    assert sum(added) == 20


def test_a_question_leaves_a_state_once(store: Store) -> None:
    store.add(question(), [])

    with ThreadPoolExecutor(8) as pool:
        moved = list(pool.map(lambda _: store.move("q1", ("waiting",), "running", holder="a"), range(16)))

    assert [row.state for row in moved if row] == ["running"]
    assert store.move("q1", ("waiting", "delivering"), "answered") is None


def test_the_last_question_of_a_thread_makes_it_ours(store: Store) -> None:
    store.add(question("q1"), [])
    store.add(question("q2", asked_at=200.0), [])
    store.add(question("q3", thread="2.0", asked_at=300.0), [])

    last = store.last_in_thread("C1", "1.0")

    assert last is not None
    assert last.id == "q2"
    assert store.last_in_thread("C2", "1.0") is None


def test_a_process_that_no_longer_vouches_for_its_questions_loses_them_to_one_other(store: Store) -> None:
    store.add(question("q1", holder="dead", held_until=110.0), [])
    store.add(question("q2", holder="alive", held_until=110.0), [])
    store.add(question("q3", holder="dead", held_until=110.0, state="answered"), [])
    store.add(question("q4"), [])
    store.hold("alive", 200.0)

    orphans = store.orphans(150.0)

    assert {row.id for row in orphans} == {"q1", "q4"}
    assert [store.adopt(row, "b", 300.0) for row in orphans for _ in range(2)] == [True, False, True, False]


def test_questions_are_counted_by_person_and_deleted_when_their_time_is_over(store: Store) -> None:
    store.add(question("q1", asked_at=100.0), ["event:1"])
    store.add(question("q2", asked_at=200.0), ["event:2"])

    assert store.asked_since("U1", 150.0) == 1
    assert [row.id for row in store.recent("U1", 5)] == ["q2", "q1"]
    assert store.forget(150.0) == 1
    assert store.get("q1") is None
    assert store.first_time(["event:1"], 300)


def test_reopening_finds_everything_again(url: str) -> None:
    first = Store.open(url)
    first.add(question(), ["event:1"])
    first.close()

    again = Store.open(url)

    assert again.get("q1") == question()
    again.ping()
    again.close()


def test_the_migrations_make_the_tables_that_the_code_uses(store: Store) -> None:
    with store._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_of_the_first_release_keeps_its_questions_and_gets_the_new_tables(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "bot" / "store" / "migrations"))
    engine = engine_of(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(questions.insert(), question().model_dump())
    engine.dispose()

    store = Store.open(url)

    assert store.get("q1") == question()
    assert store.audit.head() == EMPTY
    with store._engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        command.upgrade(config, "head")
    assert store.get("q1") == question()
    store.close()


def test_postgresql_is_taken_by_its_everyday_url() -> None:
    engine = engine_of("postgresql://whynot:secret@db.internal/whynot")

    assert engine.dialect.name == "postgresql"
    assert engine.driver == "psycopg"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://localhost/x", "must begin with sqlite:/// or postgresql://"),
        ("nonsense", "is no database URL"),
        ("sqlite:////proc/none/whynot.db", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_used_is_named_without_its_password(url: str, says: str) -> None:
    with pytest.raises(StoreUnavailable, match=says):
        Store.open(url)


def test_a_server_that_is_away_is_told_without_the_password() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        Store.open("postgresql://whynot:hunter2@127.0.0.1:1/whynot")

    assert "hunter2" not in str(caught.value)


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "whynot.db"
    Store.open(f"sqlite:///{file}").close()

    assert file.stat().st_mode & 0o077 == 0
