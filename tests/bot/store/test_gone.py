"""The database locked, or gone in the middle of a step: the error has a name, and nothing approved is forgotten."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from bot.approvals.audit import Whole
from bot.approvals.ledger import Entry, LedgerUnavailable
from bot.approvals.states import Event, State
from bot.store.rows import Decision
from bot.store.store import Store
from bot.store.transactions import StoreGone
from tests.bot.approvals.examples import GROUP_RULE, proposal
from tests.postgres import PROGRAMS, Postgres, postgres

FX, NOW = proposal().id, 1500.0
YES = Decision(person="U2", verdict="approve", at=NOW)
ENTRY = Entry(proposal=FX, number=0, deed="apply", change=GROUP_RULE, at=NOW, by="U2")


def add(store: Store) -> object:
    return store.proposals.add(proposal())


def decide(store: Store) -> object:
    return store.proposals.decide(FX, YES, holder="a", held_until=NOW + 60)


def begin(store: Store) -> object:
    return store.proposals.move(FX, Event.BEGIN, NOW)


def intend(store: Store) -> None:
    store.ledger.intend(ENTRY)


def settle(store: Store) -> None:
    store.ledger.settle(ENTRY.model_copy(update={"state": "made", "rule": "sgr-1"}))


STEPS: tuple[Callable[[Store], object], ...] = (add, decide, begin, intend, settle)


def standing(store: Store) -> tuple[object, ...]:
    """All that is remembered of the proposal."""
    row = store.proposals.get(FX)
    return (
        row.state if row is not None else None,
        store.proposals.decisions(FX),
        store.ledger.entries(FX),
        [record.event for record in store.audit.export()],
    )


def failure(step: Callable[[Store], object], store: Store) -> str | None:
    """What the step says of the database, or None where it succeeds."""
    try:
        step(store)
    except (StoreGone, LedgerUnavailable) as error:
        return str(error)
    return None


@contextmanager
def failing_at(store: Store, nth: int, break_it: Callable[[Any], None]) -> Iterator[None]:
    """Break the connection before the nth statement of a step; its commit is the last."""
    counted = count(1)

    def before(connection: Any, *_: Any) -> None:
        if next(counted) == nth:
            break_it(connection)

    def commit(connection: Any) -> None:
        before(connection)

    event.listen(store._engine, "before_cursor_execute", before)
    event.listen(store._engine, "commit", commit)
    try:
        yield
    finally:
        event.remove(store._engine, "before_cursor_execute", before)
        event.remove(store._engine, "commit", commit)


@pytest.mark.needs_tool(*PROGRAMS)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_a_connection_that_is_cut_before_any_statement_of_a_step_leaves_all_of_it_or_nothing(
    server: Postgres, step: Callable[[Store], object]
) -> None:
    """The step is done again and succeeds; what stands then is what stands where nothing was cut."""
    store = Store.open(server.emptied())
    for earlier in STEPS[: STEPS.index(step)]:
        earlier(store)
    before = standing(store)

    def cut(connection: Any) -> None:
        pid = connection.connection.dbapi_connection.info.backend_pid
        server.run(f"SELECT pg_terminate_backend({pid}, 5000)")

    for nth in range(1, 12):
        with failing_at(store, nth, cut):
            said = failure(step, store)
        if said is None:
            break
        assert said.startswith("the store did not answer: ")
        assert standing(store) == before
    else:
        pytest.fail("no step has so many statements")

    assert nth > 3, "statements and a commit were cut, each once"
    assert standing(store) != before
    assert isinstance(store.audit.checked(), Whole)
    store.close()


def test_a_sqlite_file_that_somebody_else_keeps_locked_is_named_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.store.BUSY_MILLISECONDS", 20)
    file = tmp_path / "whynot.db"
    store = Store.open(f"sqlite:///{file}")
    for number, step in enumerate(STEPS):
        before = standing(store)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises((StoreGone, LedgerUnavailable), match="the store did not answer: database is locked"):
            step(store)
        assert standing(store) == before, "reading goes on while another writes"
        other.execute("ROLLBACK")
        other.close()
        step(store)
        assert len(standing(store)[3]) == number + 1  # type: ignore[arg-type]
    store.close()


@pytest.mark.needs_tool(*PROGRAMS)
def test_every_method_names_it_when_the_database_has_gone() -> None:
    with postgres() as short_lived:
        store = Store.open(short_lived.emptied())
        add(store)
        row = store.proposals.get(FX)
        assert row is not None
    calls: tuple[Callable[[], object], ...] = (
        lambda: add(store),
        lambda: decide(store),
        lambda: begin(store),
        lambda: store.proposals.get(FX),
        lambda: store.proposals.of_question("q1"),
        lambda: store.proposals.decisions(FX),
        lambda: store.proposals.copies(FX),
        lambda: store.proposals.add_copy(FX, "C1", "1.0"),
        lambda: store.proposals.due_to_expire(NOW),
        lambda: store.proposals.due_to_undo(NOW),
        lambda: store.proposals.orphans(NOW),
        lambda: store.proposals.hold("a", NOW),
        lambda: store.proposals.let_go("a"),
        lambda: store.proposals.adopt(row, "a", NOW),
        lambda: store.proposals.forget(NOW),
        store.proposals.counts,
        store.audit.head,
        store.audit.checked,
        lambda: list(store.audit.export()),
        lambda: store.audit.forget(NOW),
    )
    for call in calls:
        with pytest.raises(StoreGone):
            call()
    for call in (lambda: intend(store), lambda: settle(store), lambda: store.ledger.entries(FX)):
        with pytest.raises(LedgerUnavailable):
            call()
    assert issubclass(StoreGone, SQLAlchemyError), "whoever looks after the store hears of it as of any other failure"
    store.close()


def test_what_was_approved_when_the_process_died_is_found_by_the_next(store: Store, url: str) -> None:
    add(store)
    decide(store)
    store.close()

    again = Store.open(url)

    assert [row.state for row in again.proposals.orphans(NOW + 61)] == [State.APPROVED]
    again.close()
