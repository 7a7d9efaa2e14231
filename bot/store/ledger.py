"""The ledger in the database, each entry with its record in the audit log, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select, update

from bot.approvals.audit import Fact
from bot.approvals.ledger import Deed, Entry, LedgerUnavailable
from bot.approvals.states import State
from bot.store.audit import AuditDamaged, append
from bot.store.tables import ledger, proposals
from bot.store.transactions import StoreGone, reading, writing

_WHILE: Final[dict[Deed, State]] = {"apply": State.APPLYING, "undo": State.UNDOING}
"""The only state of a proposal in which each deed may be begun."""


class StoredLedger:
    """A Ledger (`bot.approvals.ledger`) in the store. Methods may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reads_only=True)

    def intend(self, entry: Entry) -> bool:
        """Write down what is about to be done; see Ledger.

        Raises ValueError also where the proposal is not being applied, or undone: nothing else may be done for it.
        """
        if entry.state != "intended":
            raise ValueError(f"an intention is intended, not {entry.state}")
        with _ledger_errors(), writing(self._engine) as connection:
            state = connection.execute(
                select(proposals.c.state).where(proposals.c.id == entry.proposal).with_for_update()
            ).scalar()
            if state != _WHILE[entry.deed]:
                raise ValueError(f"{entry.proposal} is {state or 'no proposal'}: this is no time to {entry.deed}")
            known = _state(connection, entry)
            if known is None:
                connection.execute(insert(ledger).values(**_row(entry)))
            elif known in ("intended", "refused"):
                connection.execute(_same(update(ledger), entry).values(**_row(entry)))
            else:
                raise ValueError(f"change {entry.number} of {entry.proposal} is {known} already")
            append(connection, _fact(entry))
            return known == "intended"

    def settle(self, entry: Entry) -> None:
        """Write down what became of an intention; the same outcome may be told again, with more details."""
        with _ledger_errors(), writing(self._engine) as connection:
            known = _state(connection, entry)
            if known not in ("intended", entry.state):
                raise ValueError(f"change {entry.number} of {entry.proposal} is {known or 'not intended'}")
            connection.execute(_same(update(ledger), entry).values(**_row(entry)))
            append(connection, _fact(entry))

    def entries(self, proposal: str) -> tuple[Entry, ...]:
        """All entries of a proposal, in the order of their intention."""
        with _ledger_errors(), reading(self._reading) as connection:
            return entries_of(connection, proposal)


def entries_of(connection: Connection, proposal: str) -> tuple[Entry, ...]:
    """All entries of a proposal within a transaction, what was applied before what was undone."""
    mine = select(ledger.c.entry).where(ledger.c.proposal == proposal)
    rows = connection.execute(mine.order_by(ledger.c.deed, ledger.c.number)).scalars()
    found = [Entry.model_validate_json(text) for text in rows]
    return tuple([e for e in found if e.deed == "apply"] + [e for e in reversed(found) if e.deed == "undo"])


def _state(connection: Connection, entry: Entry) -> str | None:
    found: str | None = connection.execute(_same(select(ledger.c.state), entry).with_for_update()).scalar()
    return found


def _same(statement: Any, entry: Entry) -> Any:
    proposal, number, deed = entry.key
    return statement.where(ledger.c.proposal == proposal, ledger.c.number == number, ledger.c.deed == deed)


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "proposal": entry.proposal,
        "number": entry.number,
        "deed": entry.deed,
        "state": entry.state,
        "at": entry.at,
        "entry": entry.model_dump_json(),
    }


def _fact(entry: Entry) -> Fact:
    details = entry.model_dump(mode="json", exclude={"proposal", "at", "by", "state"}, exclude_none=True)
    return Fact(at=entry.at, event=entry.state, proposal=entry.proposal, person=entry.by, details=details)


@contextmanager
def _ledger_errors() -> Iterator[None]:
    try:
        yield
    except (StoreGone, AuditDamaged) as error:
        raise LedgerUnavailable(str(error)) from error
