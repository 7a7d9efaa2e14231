"""What second opinions cost, and the disagreements that came of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.store.tables import disagreements, opinion_days


@dataclass(frozen=True, slots=True)
class KeptDisagreement:
    """A disagreement in a few words; its report is fetched by its name."""

    name: str
    asked: str
    text: str


class OpinionLedger:
    """Every change of a budget is a compare-and-set, so none is spent twice."""

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
            connection.execute(delete(disagreements).where(disagreements.c.found_at < before))
            connection.execute(delete(opinion_days).where(opinion_days.c.day < day))
