"""The audit log in the database: records are added one after the other, under the lock of its head."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from bot.approvals.audit import Broken, Fact, Head, Record, Whole, chained, verify
from bot.store.tables import audit, audit_head
from bot.store.transactions import reading, writing

_ONLY: Final = 1
_AT_ONCE: Final = 500


class AuditDamaged(Exception):
    """Whoever runs the program must act: the audit log has no head, so nothing can be added and nothing is done."""


def append(connection: Connection, fact: Fact) -> Record:
    """Add a record within a transaction that writes what it tells of. Raises AuditDamaged.

    Lock nothing after this: all transactions take the head last, so that no two wait for each other.
    """
    record = chained(_locked_head(connection), fact)
    moved = connection.execute(
        update(audit_head)
        .where(audit_head.c.id == _ONLY, audit_head.c.number == record.number - 1, audit_head.c.hash == record.previous)
        .values(number=record.number, hash=record.hash)
    )
    if moved.rowcount != 1:
        raise AuditDamaged("the head of the audit log changed while it was locked")
    connection.execute(
        insert(audit).values(number=record.number, at=record.at, record=record.model_dump_json()),
    )
    return record


def _locked_head(connection: Connection) -> Head:
    found = connection.execute(select(audit_head).where(audit_head.c.id == _ONLY).with_for_update()).first()
    if found is None:
        raise AuditDamaged("the audit log has lost its head: restore the table audit_head from a backup")
    return Head(found.number, found.hash)


class AuditLog:
    """The audit log. Methods raise StoreGone where the database does not answer, and may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reads_only=True)

    def append(self, fact: Fact) -> Record:
        """Add what happened where nothing else is written. Raises AuditDamaged."""
        with writing(self._engine) as connection:
            return append(connection, fact)

    def head(self) -> Head:
        """The last record, to be kept where nobody can change it. Raises AuditDamaged."""
        with reading(self._reading) as connection:
            found = connection.execute(select(audit_head).where(audit_head.c.id == _ONLY)).first()
        if found is None:
            raise AuditDamaged("the audit log has lost its head: restore the table audit_head from a backup")
        return Head(found.number, found.hash)

    def export(self) -> Iterator[Record]:
        """Every record that is kept, oldest first, a few hundred at a time."""
        last = 0
        while True:
            newer = select(audit.c.number, audit.c.record).where(audit.c.number > last).order_by(audit.c.number)
            with reading(self._reading) as connection:
                rows = connection.execute(newer.limit(_AT_ONCE)).all()
            if not rows:
                return
            for row in rows:
                yield Record.model_validate_json(row.record)
            last = rows[-1].number

    def checked(self, posted: Iterable[Head] = ()) -> Whole | Broken:
        """Whether all that is kept is what was written; its own head is one of those that must be found."""
        return verify(self.export(), [*posted, *(head for head in (self.head(),) if head.number)])

    def forget(self, before: float) -> int:
        """Delete the oldest records, up to the first that is not older than this and never the last one."""
        with writing(self._engine) as connection:
            kept = connection.execute(select(func.min(audit.c.number)).where(audit.c.at >= before)).scalar()
            last = connection.execute(select(func.max(audit.c.number))).scalar()
            if last is None:
                return 0
            gone = connection.execute(delete(audit).where(audit.c.number < min(kept or last, last)))
        return gone.rowcount
