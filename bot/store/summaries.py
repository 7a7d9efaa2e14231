"""What is remembered of summaries: who wants one when, which were said for which day, and what is muted.

A run is one summary of one channel: for a local day, or asked for by hand. A day is claimed by the one row that can be
inserted for it; every later step is a compare-and-set, so of two replicas one says it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.store.tables import mutes, subscriptions, summary_groups, summary_runs

RunState = Literal["claimed", "posting", "posted", "failed", "missed"]
"""claimed → posting → posted; or failed; missed when it was too late for it. While posting it may have been said."""
OPEN_RUNS: tuple[RunState, ...] = ("claimed", "posting")
WITH_GROUPS = 3
"""Beside the newest run of a channel, all groups are kept of so many daily ones: the next is compared with the last,
and one that is made again because records came late with the one before it."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Subscription(_Row):
    """That a channel wants a summary, and when. `scope` is a Scope as JSON, "" for the channel's own."""

    channel: str
    at: str
    zone: str
    days: str
    """Weekdays with commas."""
    hours: float
    scope: str = ""
    state: Literal["active", "paused", "removed"] = "active"
    person: str
    changed_at: float


class Run(_Row):
    """One summary of one channel. Times are Unix seconds, `message` Slack's `ts`."""

    id: str
    channel: str
    day: str
    """The local day, `2026-11-22`; `now-…` for one that was asked for by hand."""
    due_at: float
    state: RunState = "claimed"
    attempt: int = 1
    holder: str | None = None
    held_until: float | None = None
    began_at: float
    message: str | None = None
    revised_at: float | None = None
    """When it was made again, because records come late."""
    notes: str = ""
    """What is to be said besides."""
    document: str | None = None
    """The Summary as JSON."""


class Mute(_Row):
    """That a cause is not to be shown in a channel until then, and why."""

    channel: str
    cause: str
    """The key of the cause."""
    label: str
    until: float
    reason: str
    person: str
    muted_at: float


class SummaryStore:
    """What is remembered of summaries. Methods may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reads_only=True)

    def subscribe(self, row: Subscription) -> None:
        """Remember when a channel wants its summary, in place of what was before."""
        with self._engine.begin() as connection:
            connection.execute(delete(subscriptions).where(subscriptions.c.channel == row.channel))
            connection.execute(insert(subscriptions), row.model_dump())

    def subscriptions(self) -> tuple[Subscription, ...]:
        """All of them, paused and removed ones too."""
        return tuple(Subscription.model_validate(row) for row in self._rows(select(subscriptions)))

    def claim(self, row: Run) -> bool:
        """Take a day of a channel; False where anybody has it."""
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(summary_runs), row.model_dump())
        except IntegrityError:
            return False
        return True

    def known_days(self, channel: str) -> frozenset[str]:
        """The days of a channel that were claimed."""
        query = select(summary_runs.c.day).where(summary_runs.c.channel == channel)
        return frozenset(str(row["day"]) for row in self._rows(query))

    def move(self, run: Run, to: RunState, **values: Any) -> Run | None:
        """Change the state of a run that is still as it was, held by the same; None where it is not."""
        table = summary_runs.c
        same = table.holder.is_(None) if run.holder is None else table.holder == run.holder
        changed = (
            update(summary_runs)
            .where(table.id == run.id, table.state == run.state, table.attempt == run.attempt, same)
            .values(state=to, **values)
            .returning(*table)
        )
        with self._engine.begin() as connection:
            found = connection.execute(changed).mappings().first()
        return Run.model_validate(dict(found)) if found is not None else None

    def adopt(self, run: Run, holder: str, until: float) -> Run | None:
        """Take over a run whose process has died; None where another was faster."""
        return self.move(run, run.state, holder=holder, held_until=until, attempt=run.attempt + 1)

    def hold(self, holder: str, until: float) -> None:
        """Vouch for being alive: the open runs of this process are held until then."""
        mine = (summary_runs.c.holder == holder, summary_runs.c.state.in_(OPEN_RUNS))
        with self._engine.begin() as connection:
            connection.execute(update(summary_runs).where(*mine).values(held_until=until))

    def orphans(self, now: float) -> tuple[Run, ...]:
        """Open runs whose process has not vouched for being alive in time."""
        left = (summary_runs.c.state.in_(OPEN_RUNS), summary_runs.c.held_until < now)
        return self._runs(select(summary_runs).where(*left).order_by(summary_runs.c.due_at))

    def revise(self, run: Run, now: float) -> bool:
        """Be the one who makes a summary again; False where another was faster."""
        table = summary_runs.c
        same = table.revised_at.is_(None) if run.revised_at is None else table.revised_at == run.revised_at
        with self._engine.begin() as connection:
            taken = connection.execute(
                update(summary_runs).where(table.id == run.id, table.state == "posted", same).values(revised_at=now)
            )
        return taken.rowcount == 1

    def note(self, identity: str, **values: Any) -> None:
        """Set members of a run whatever its state."""
        with self._engine.begin() as connection:
            connection.execute(update(summary_runs).where(summary_runs.c.id == identity).values(**values))

    def run(self, identity: str) -> Run | None:
        """One run, or None where it never was or was deleted."""
        found = self._runs(select(summary_runs).where(summary_runs.c.id == identity))
        return found[0] if found else None

    def posted(self, channel: str, before: float, most: int) -> tuple[Run, ...]:
        """The daily summaries that a channel was told before then, newest first."""
        where = (
            summary_runs.c.channel == channel,
            summary_runs.c.state == "posted",
            summary_runs.c.due_at < before,
            summary_runs.c.day.not_like("now-%"),
        )
        return self._runs(select(summary_runs).where(*where).order_by(summary_runs.c.due_at.desc()).limit(most))

    def recent(self, since: float) -> tuple[Run, ...]:
        """The daily summaries that were told since then."""
        where = (summary_runs.c.state == "posted", summary_runs.c.due_at >= since, summary_runs.c.day.not_like("now-%"))
        return self._runs(select(summary_runs).where(*where))

    def keep_groups(self, run: Run, groups: bytes) -> None:
        """Keep all groups of a run, in place of those that were kept of it, and of older runs of its channel no more.

        A run that was asked for by hand makes no daily one older.
        """
        by_hand, table = summary_runs.c.day.like("now-%"), summary_runs.c
        mine = select(table.id).where(table.channel == run.channel, table.id != run.id).order_by(table.due_at.desc())
        daily = mine.where(~by_hand).offset(WITH_GROUPS)
        with self._engine.begin() as connection:
            old = [*connection.scalars(daily), *connection.scalars(mine.where(by_hand)), run.id]
            connection.execute(delete(summary_groups).where(summary_groups.c.run.in_(old)))
            connection.execute(insert(summary_groups), {"run": run.id, "packed": groups})

    def groups(self, run: Run) -> bytes | None:
        """All groups of a run, where they are kept."""
        with self._reading.connect() as connection:
            found = connection.scalar(select(summary_groups.c.packed).where(summary_groups.c.run == run.id))
        return None if found is None else bytes(found)

    def mute(self, row: Mute) -> None:
        """Show a cause no more for a while; what was muted before is muted as is said now."""
        with self._engine.begin() as connection:
            same = (mutes.c.channel == row.channel, mutes.c.cause == row.cause)
            connection.execute(delete(mutes).where(*same))
            connection.execute(insert(mutes), row.model_dump())

    def unmute(self, channel: str, causes: Sequence[str]) -> int:
        """Show causes again; how many were muted."""
        with self._engine.begin() as connection:
            gone = connection.execute(delete(mutes).where(mutes.c.channel == channel, mutes.c.cause.in_(causes)))
        return gone.rowcount

    def mutes(self, channel: str, now: float) -> tuple[Mute, ...]:
        """What is muted in a channel, the one that ends first before the others."""
        query = select(mutes).where(mutes.c.channel == channel, mutes.c.until > now).order_by(mutes.c.until)
        return tuple(Mute.model_validate(row) for row in self._rows(query))

    def forget(self, before: float) -> int:
        """Delete runs older than this, and mutes that ended; the number of runs deleted."""
        with self._engine.begin() as connection:
            connection.execute(delete(mutes).where(mutes.c.until < before))
            old = select(summary_runs.c.id).where(summary_runs.c.due_at < before)
            connection.execute(delete(summary_groups).where(summary_groups.c.run.in_(old)))
            gone = connection.execute(delete(summary_runs).where(summary_runs.c.due_at < before))
        return gone.rowcount

    def _rows(self, query: Any) -> list[dict[str, Any]]:
        with self._reading.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _runs(self, query: Any) -> tuple[Run, ...]:
        return tuple(Run.model_validate(row) for row in self._rows(query))
