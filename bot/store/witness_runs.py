"""How far those are who are asked after an answer stands: a second opinion, what changed, threats."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.settings.witnesses import Witness
from bot.store.tables import witness_runs

WitnessState = Literal["running", "ended", "interrupted"]


@dataclass(frozen=True, slots=True)
class RunningWitness:
    """Somebody who is asked about a question, and the message that shows it, where one was posted."""

    question: str
    witness: Witness
    channel: str
    message: str | None


class WitnessRuns:
    """Every change is a compare-and-set: nobody is asked the same twice at once, and one process has the last word."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reads_only=True)

    def begin(self, question: str, witness: Witness, channel: str, asked_at: float, until: float) -> bool:
        """Begin for a question; False where it runs already. `until` is when it must be over, at the latest."""
        values = {"channel": channel, "asked_at": asked_at, "until": until, "state": "running", "message": None}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(witness_runs).values(question=question, witness=witness, **values))
        except IntegrityError:
            same = witness_runs.c.question == question, witness_runs.c.witness == witness
            with self._engine.begin() as connection:
                again = connection.execute(
                    update(witness_runs).where(*same, witness_runs.c.state != "running").values(**values)
                )
            return again.rowcount == 1
        return True

    def goes_on(self, question: str, witness: Witness, until: float) -> bool:
        """Put off until when it must be over; False where it was given up meanwhile."""
        return self._running(question, witness, until=until)

    def shows(self, question: str, witness: Witness, message: str) -> None:
        """The message that shows how far it is."""
        self._running(question, witness, message=message)

    def end(self, question: str, witness: Witness, state: WitnessState) -> bool:
        """End the one that runs; False where none does."""
        return self._running(question, witness, state=state, message=None)

    def overdue(self, witnesses: Collection[Witness], now: float) -> tuple[RunningWitness, ...]:
        """Those that ought to be over: the process that ran them is gone."""
        ours = witness_runs.c.state == "running", witness_runs.c.witness.in_(witnesses)
        with self._reading.connect() as connection:
            found = connection.execute(select(witness_runs).where(*ours, witness_runs.c.until < now)).mappings().all()
        return tuple(RunningWitness(row["question"], row["witness"], row["channel"], row["message"]) for row in found)

    def forget(self, before: float) -> None:
        """Delete what is older than a time, in Unix seconds."""
        with self._engine.begin() as connection:
            connection.execute(delete(witness_runs).where(witness_runs.c.asked_at < before))

    def _running(self, question: str, witness: Witness, **values: Any) -> bool:
        same = witness_runs.c.question == question, witness_runs.c.witness == witness
        with self._engine.begin() as connection:
            changed = connection.execute(
                update(witness_runs).where(*same, witness_runs.c.state == "running").values(**values)
            )
        return changed.rowcount == 1
