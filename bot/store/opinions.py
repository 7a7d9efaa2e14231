"""What second opinions cost and how far they are, and the disagreements that came of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.store.tables import disagreements, opinion_days, opinions

OpinionState = Literal["running", "ended", "interrupted"]


@dataclass(frozen=True, slots=True)
class RunningOpinion:
    """One that was asked for on a question, and the message that shows how far it is."""

    question: str
    channel: str
    message: str | None


@dataclass(frozen=True, slots=True)
class KeptDisagreement:
    """A disagreement in a few words; its report is fetched by its name."""

    name: str
    asked: str
    text: str


class OpinionLedger:
    """Every change is a compare-and-set: no budget is spent twice, and no question is asked about twice at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reads_only=True)

    def spend(self, day: str, cents: int, most: int) -> bool:
        """Spend something of a day's budget, an ISO date's; False, and nothing, where that is more than is left.

        Negative `cents` are given back.
        """
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(opinion_days).values(day=day, cents=0))
        except IntegrityError:
            pass  # something was spent that day before
        spent = opinion_days.c.cents
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(opinion_days)
                .where(opinion_days.c.day == day, (spent + cents <= most) | (cents < 0))
                .values(cents=spent + cents)
            )
        return changed.rowcount == 1

    def begin(self, question: str, channel: str, asked_at: float, until: float) -> bool:
        """Begin one for a question; False where one runs already. `until` is when it must be over, at the latest."""
        values = {"channel": channel, "asked_at": asked_at, "until": until, "state": "running", "message": None}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(opinions).values(question=question, **values))
        except IntegrityError:
            with self._engine.begin() as connection:
                again = connection.execute(
                    update(opinions)
                    .where(opinions.c.question == question, opinions.c.state != "running")
                    .values(**values)
                )
            return again.rowcount == 1
        return True

    def goes_on(self, question: str, until: float) -> bool:
        """Put off until when it must be over; False where it was given up meanwhile."""
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(opinions)
                .where(opinions.c.question == question, opinions.c.state == "running")
                .values(until=until)
            )
        return changed.rowcount == 1

    def shows(self, question: str, message: str) -> None:
        """The message that shows how far it is."""
        with self._engine.begin() as connection:
            connection.execute(update(opinions).where(opinions.c.question == question).values(message=message))

    def end(self, question: str, state: OpinionState) -> bool:
        """End the one that runs; False where none does."""
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(opinions)
                .where(opinions.c.question == question, opinions.c.state == "running")
                .values(state=state, message=None)
            )
        return changed.rowcount == 1

    def overdue(self, now: float) -> tuple[RunningOpinion, ...]:
        """Those that ought to be over: the process that ran them is gone."""
        late = select(opinions).where(opinions.c.state == "running", opinions.c.until < now)
        with self._reading.connect() as connection:
            found = connection.execute(late).mappings().all()
        return tuple(RunningOpinion(row["question"], row["channel"], row["message"]) for row in found)

    def keep(self, name: str, found_at: float, asked: str, text: str, report: bytes) -> None:
        """Keep a disagreement with its report."""
        with self._engine.begin() as connection:
            connection.execute(
                insert(disagreements).values(name=name, found_at=found_at, asked=asked, text=text, report=report)
            )

    def disagreements(self) -> tuple[KeptDisagreement, ...]:
        """All that are kept, oldest first."""
        told = select(disagreements.c.name, disagreements.c.asked, disagreements.c.text)
        with self._reading.connect() as connection:
            found = connection.execute(told.order_by(disagreements.c.found_at, disagreements.c.name)).all()
        return tuple(KeptDisagreement(*row) for row in found)

    def report(self, name: str) -> bytes:
        """The report of a disagreement; empty where it is not kept."""
        with self._reading.connect() as connection:
            found = connection.execute(select(disagreements.c.report).where(disagreements.c.name == name)).scalar()
        return bytes(found or b"")

    def forget(self, before: float) -> None:
        """Delete what is older than a time, in Unix seconds."""
        day = f"{datetime.fromtimestamp(before, UTC):%Y-%m-%d}"
        with self._engine.begin() as connection:
            connection.execute(delete(opinions).where(opinions.c.asked_at < before))
            connection.execute(delete(disagreements).where(disagreements.c.found_at < before))
            connection.execute(delete(opinion_days).where(opinion_days.c.day < day))
