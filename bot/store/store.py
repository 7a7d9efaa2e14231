"""The store: SQLite in WAL mode by default, PostgreSQL where several replicas share it.

Every change of a question's state is a compare-and-set, so two threads, two replicas or two deliveries of one event
never both win.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, delete, event, func, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from bot.store.audit import AuditLog
from bot.store.ledger import StoredLedger
from bot.store.opinions import OpinionLedger
from bot.store.proposals import ProposalStore
from bot.store.rows import OPEN, State, StoredQuestion
from bot.store.summaries import SummaryStore
from bot.store.tables import deliveries, questions
from bot.store.witness_runs import WitnessRuns

BUSY_MILLISECONDS = 10_000


class StoreUnavailable(Exception):
    """Whoever runs the program must act: the database cannot be opened. The text says which and why, no password."""


class Store:
    """What is remembered. Methods may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reads_only=True)
        self.proposals = ProposalStore(engine)
        self.ledger = StoredLedger(engine)
        self.audit = AuditLog(engine)
        self.summaries = SummaryStore(engine)
        self.opinions = OpinionLedger(engine)
        self.witnesses = WitnessRuns(engine)

    @classmethod
    def open(cls, url: str) -> Store:
        """Open a database by its SQLAlchemy URL and bring its tables up to date. Raises StoreUnavailable."""
        from bot.store.migrate import migrate

        engine = engine_of(url)
        try:
            _for_its_owner_alone(engine)
            migrate(engine)
        except (SQLAlchemyError, OSError) as error:
            shown = engine.url.render_as_string(hide_password=True)
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise StoreUnavailable(f"store.url {shown} cannot be opened: {reason}") from error
        return cls(engine)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def ping(self) -> None:
        """Raises SQLAlchemyError where the database does not answer."""
        with self._reading.connect() as connection:
            connection.execute(select(func.count()).select_from(deliveries).where(deliveries.c.key == ""))

    def first_time(self, keys: Iterable[str], now: float) -> bool:
        """Claim the names of one delivery: True for the first that brings any of them, False for its copies."""
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(deliveries), [{"key": key[:200], "seen_at": now} for key in keys])
        except IntegrityError:
            return False
        return True

    def add(self, row: StoredQuestion, keys: Iterable[str]) -> bool:
        """Remember a question and the names of its delivery; False, and nothing, where one of them was seen before."""
        try:
            with self._engine.begin() as connection:
                seen = [{"key": key[:200], "seen_at": row.asked_at} for key in keys]
                if seen:
                    connection.execute(insert(deliveries), seen)
                connection.execute(insert(questions), row.model_dump())
        except IntegrityError:
            return False
        return True

    def get(self, identity: str) -> StoredQuestion | None:
        """One question, or None where it never was or was deleted."""
        return self._one(select(questions).where(questions.c.id == identity))

    def move(self, identity: str, states: Sequence[State], to: State, **values: Any) -> StoredQuestion | None:
        """Change the state of a question that is in one of `states`; None where it is not, and nothing changes."""
        changed = (
            update(questions)
            .where(questions.c.id == identity, questions.c.state.in_(states))
            .values(state=to, **values)
            .returning(*questions.c)
        )
        with self._engine.begin() as connection:
            found = connection.execute(changed).mappings().first()
        return StoredQuestion.model_validate(dict(found)) if found is not None else None

    def note(self, identity: str, **values: Any) -> None:
        """Set members of a question whatever its state."""
        with self._engine.begin() as connection:
            connection.execute(update(questions).where(questions.c.id == identity).values(**values))

    def amend(self, identity: str, change: Callable[[str], str]) -> None:
        """Change what is kept as the answer, on top of what others have changed; nothing where none is kept."""
        kept = self.get(identity)
        while kept is not None and kept.answer is not None:
            same = questions.c.id == identity, questions.c.answer == kept.answer
            with self._engine.begin() as connection:
                changed = connection.execute(update(questions).where(*same).values(answer=change(kept.answer)))
            if changed.rowcount == 1:
                return
            kept = self.get(identity)

    def last_in_thread(self, channel: str, thread: str) -> StoredQuestion | None:
        """The newest question of a thread, by which the thread is ours; None where none is."""
        mine = select(questions).where(questions.c.channel == channel, questions.c.thread == thread)
        return self._one(mine.order_by(questions.c.asked_at.desc(), questions.c.id.desc()).limit(1))

    def open_in_thread(self, channel: str, thread: str) -> tuple[StoredQuestion, ...]:
        """The questions of a thread that are not answered yet."""
        where = (questions.c.channel == channel, questions.c.thread == thread, questions.c.state.in_(OPEN))
        return self._all(select(questions).where(*where).order_by(questions.c.asked_at))

    def in_thread(self, channel: str, thread: str) -> tuple[StoredQuestion, ...]:
        """All questions of a thread, oldest first."""
        where = (questions.c.channel == channel, questions.c.thread == thread)
        return self._all(select(questions).where(*where).order_by(questions.c.asked_at))

    def recent(self, person: str, most: int) -> tuple[StoredQuestion, ...]:
        """A person's newest questions, newest first."""
        mine = select(questions).where(questions.c.person == person)
        return self._all(mine.order_by(questions.c.asked_at.desc()).limit(most))

    def asked_since(self, person: str, since: float) -> int:
        """How many questions a person has asked since then."""
        mine = select(func.count()).select_from(questions)
        with self._reading.connect() as connection:
            return int(
                connection.execute(mine.where(questions.c.person == person, questions.c.asked_at > since)).scalar_one()
            )

    def hold(self, holder: str, until: float) -> None:
        """Vouch for being alive: every open question of this process is held until then."""
        with self._engine.begin() as connection:
            connection.execute(
                update(questions)
                .where(questions.c.holder == holder, questions.c.state.in_(OPEN))
                .values(held_until=until)
            )

    def let_go(self, holder: str) -> None:
        """At the end of a process: what it has not answered waits for whoever comes next."""
        mine = (questions.c.holder == holder, questions.c.state.in_(("waiting", "running")))
        with self._engine.begin() as connection:
            connection.execute(update(questions).where(*mine).values(state="waiting", holder=None, held_until=None))

    def orphans(self, now: float) -> tuple[StoredQuestion, ...]:
        """Open questions whose process has not vouched for being alive in time, or that nobody holds; oldest first."""
        left = questions.c.holder.is_(None) | (questions.c.held_until < now)
        return self._all(select(questions).where(questions.c.state.in_(OPEN), left).order_by(questions.c.asked_at))

    def adopt(self, row: StoredQuestion, holder: str, until: float) -> bool:
        """Take over an orphan; False where another process was faster."""
        same = questions.c.holder.is_(None) if row.holder is None else questions.c.holder == row.holder
        with self._engine.begin() as connection:
            taken = connection.execute(
                update(questions)
                .where(questions.c.id == row.id, questions.c.state == row.state, same)
                .where((questions.c.held_until == row.held_until) | questions.c.held_until.is_(None))
                .values(holder=holder, held_until=until)
            )
        return taken.rowcount == 1

    def forget(self, before: float) -> int:
        """Delete questions and deliveries older than this; the number of questions deleted."""
        with self._engine.begin() as connection:
            connection.execute(delete(deliveries).where(deliveries.c.seen_at < before))
            gone = connection.execute(delete(questions).where(questions.c.asked_at < before))
        return gone.rowcount

    def _one(self, query: Any) -> StoredQuestion | None:
        with self._reading.connect() as connection:
            found = connection.execute(query).mappings().first()
        return StoredQuestion.model_validate(dict(found)) if found is not None else None

    def _all(self, query: Any) -> tuple[StoredQuestion, ...]:
        with self._reading.connect() as connection:
            return tuple(StoredQuestion.model_validate(dict(r)) for r in connection.execute(query).mappings())


def engine_of(url: str) -> Engine:
    """The engine for a SQLAlchemy URL. Raises StoreUnavailable where it names no database that is known."""
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if not parsed.drivername.startswith(("sqlite", "postgresql")):
            raise StoreUnavailable("store.url must begin with sqlite:/// or postgresql://")
        engine = create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreUnavailable("store.url is no database URL: write it like sqlite:///whynot.db") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _as_a_server)
        event.listen(engine, "begin", _write_at_once)
    return engine


def audit_log(url: str) -> AuditLog:
    """The audit log of a database that is there, to be read; nothing is made or migrated. Raises StoreUnavailable."""
    engine = engine_of(url)
    name = engine.url.database
    if engine.dialect.name == "sqlite" and name and not name.startswith("file:") and not Path(name).exists():
        raise StoreUnavailable(f"store.url sqlite:///{name} does not exist")
    return AuditLog(engine)


def _for_its_owner_alone(engine: Engine) -> None:
    """A new SQLite file is for its owner's eyes only: questions and answers tell a network in detail."""
    name = engine.url.database
    if engine.dialect.name == "sqlite" and name and name != ":memory:" and not name.startswith("file:"):
        Path(name).touch(mode=0o600, exist_ok=True)


def _as_a_server(connection: Any, _record: object) -> None:
    """SQLite for several threads: readers never wait for a writer, and a writer waits its turn."""
    connection.isolation_level = None
    # FULL: what was written down before the account is changed outlives a power failure too.
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MILLISECONDS}")
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _write_at_once(connection: Any) -> None:
    # A transaction that reads first and writes later fails at once when another wrote between: ask for the lock first.
    if not connection.get_execution_options().get("reads_only"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
