"""Witnesses that come after an answer: who changed what, and threats. Each adds what it says to the thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

import structlog

from bot.access.people import Place, scope_of, terms
from bot.runner.courier import Unreachable
from bot.runner.crew import Crew
from bot.runner.opinions import LAST_CALLS_SECONDS, MARGIN_SECONDS, UPDATE_SECONDS, Wherewithal
from bot.runner.outcomes import answer_of
from bot.runner.stopping import Stopped
from bot.settings.witnesses import Witness
from bot.store.rows import StoredQuestion
from bot.views.message import Message
from bot.views.witnesses import (
    asking_witness,
    changes_message,
    threats_message,
    witness_fault,
    witness_interrupted,
    witness_silent,
)
from diagnosis.answer import Answer
from diagnosis.explanation.culprit import Turn
from diagnosis.explanation.what_changed import turn_of
from diagnosis.investigate import Asked
from diagnosis.sources import ChangeSource, SourceUnavailable, ThreatSource
from diagnosis.threats import with_what_is_known
from diagnosis.what_changed import what_changed

log = structlog.get_logger("whynot.witnesses")

OURS: Final[tuple[Witness, ...]] = ("changes", "threats")
AT_ONCE: Final = 2
STILL_WANTED: Final = 3_600.0
"""Seconds after an answer within which what another process left undone is still asked."""
NARROWED: Final = (
    "This channel may ask about a part of the account only, and findings could name what lies outside, so GuardDuty "
    "and Detective were not asked."
)
GONE: Final = "The answer is not kept any more."
NOBODY: Final = "Nobody is asked about that here."


@dataclass(frozen=True, slots=True)
class Askable:
    """Who can be asked. None where there is nobody: a snapshot folder is judged, or the settings say no."""

    changes: Callable[[], ChangeSource] | None = None
    """One for each question: it has a budget."""
    threats: ThreatSource | None = None


class LateWitnesses:
    """Asks on threads of its own, so that no answer waits.

    `ended` is set when the app stops; the sources' pauses end with it.
    """

    def __init__(self, given: Wherewithal, askable: Askable, ended: threading.Event) -> None:
        self._given = given
        self._askable = askable
        self._ended = ended
        self._crew = Crew("witness", AT_ONCE, given.alarm)
        settings = given.settings
        here = {"changes": askable.changes is not None, "threats": askable.threats is not None}
        when: dict[Witness, str] = {"changes": settings.what_changed.when, "threats": settings.threats.when}
        self._when = {witness: said for witness, said in when.items() if said != "off" and here[witness]}

    @property
    def known(self) -> frozenset[Witness]:
        """Who may be asked here."""
        return frozenset(self._when)

    def offers(self, *, whole: bool) -> frozenset[Witness]:
        """Who is asked where somebody presses for it, in a channel that may ask about all of the account or a part."""
        asked = {witness for witness, when in self._when.items() if when == "asked"}
        return frozenset(asked if whole else asked - {"threats"})

    def stop(self) -> None:
        """End what is under way; what nobody pressed for is asked again by whoever comes next."""
        self._ended.set()
        self._crew.finish(LAST_CALLS_SECONDS)

    def consider(self, row: StoredQuestion, answer: Answer) -> None:
        """After an answer: ask whom the settings always want asked. CloudTrail only where the logs tell a moment."""
        for witness, when in self._when.items():
            turned = witness != "changes" or isinstance(turn_of(answer.evidence.flow_logs, 0), Turn)
            if when == "always" and turned:
                self.ask(row, witness, pressed=False)

    def ask(self, row: StoredQuestion, witness: Witness, *, pressed: bool = True) -> bool:
        """Begin; False where the same is being asked. The thread is told all else."""
        given = self._given
        # It may have to wait for others first.
        if not given.store.witnesses.begin(row.id, witness, row.channel, given.now(), self._until(2)):
            return False
        shown = _Shown(given, row, witness)
        run, broken = partial(self._run, shown, pressed=pressed), partial(self._broken, shown)
        if not self._crew.give(run, broken, question=row.id, witness=witness):  # shutting down
            given.store.witnesses.goes_on(row.id, witness, given.now())
        return True

    def interrupted(self) -> None:
        """See to what a process left: say that it was interrupted, or ask once more. Raises Unreachable."""
        given = self._given
        for one in given.store.witnesses.overdue(OURS, given.now()):
            if not given.store.witnesses.end(one.question, one.witness, "interrupted"):
                continue
            if one.message is not None:
                given.courier.update(one.channel, one.message, witness_interrupted(one.witness, ref=one.question))
                continue
            row = given.store.get(one.question)
            recent = row is not None and given.now() - (row.ended_at or row.asked_at) < STILL_WANTED
            if row is not None and recent and one.witness in self._when:
                self.ask(row, one.witness, pressed=False)

    def _until(self, turns: int = 1) -> float:
        """When so many of them, one after the other, must be over, in Unix seconds."""
        return self._given.now() + turns * (self._given.settings.what_changed.seconds + MARGIN_SECONDS)

    def _run(self, shown: _Shown, *, pressed: bool) -> None:
        given, runs, row, witness = self._given, self._given.store.witnesses, shown.row, shown.witness
        if not runs.goes_on(row.id, witness, self._until()):
            return  # it waited so long that it was given up
        try:
            if pressed:
                shown.begin()
            said = self._said(shown, pressed=pressed)
            if runs.end(row.id, witness, "ended"):
                shown.end(said)
        except Stopped:
            if not pressed:
                runs.goes_on(row.id, witness, given.now())
            elif runs.end(row.id, witness, "interrupted"):
                shown.end(witness_interrupted(witness, ref=row.id))
        except SourceUnavailable as error:
            runs.end(row.id, witness, "ended")
            log.warning("a source is not available", error=str(error))
            shown.end(witness_silent(witness, str(error)))
        except Unreachable as error:
            runs.end(row.id, witness, "ended")
            log.warning("a witness could not be announced", error=error.code)

    def _broken(self, shown: _Shown) -> None:
        """What is said where a fault of ours ended it."""
        self._given.store.witnesses.end(shown.row.id, shown.witness, "interrupted")
        shown.end(witness_fault(shown.witness, ref=shown.row.id))

    def _said(self, shown: _Shown, *, pressed: bool) -> Message | None:
        """What is said in the end; None where nobody wants to know. Raises Stopped, SourceUnavailable."""
        given, row, witness = self._given, shown.row, shown.witness
        answer = answer_of(given.store.get(row.id) or row)
        allowed = terms(Place(row.channel, direct=row.channel.startswith("D")), given.settings)
        if answer is None or allowed is None:  # the settings changed since it was asked
            return witness_silent(witness, GONE) if pressed else None

        def say(what: str) -> None:
            if self._ended.is_set():
                raise Stopped("shutting down")
            shown.doing(what)

        say("reading the network")
        sight = given.networks.sight(scope_of(allowed), say)
        match witness:
            case "changes" if self._askable.changes is not None:
                source, now = self._askable.changes(), int(given.now())
                told = what_changed(sight.network, Asked(answer.question), answer, source, now, say)
                self._keep(row, lambda kept: _with_changes(kept, told))
                return changes_message(told, ref=row.id, proposable=given.settings.fix_mode != "off")
            case "threats" if self._askable.threats is not None:
                if sight.network is not sight.whole:
                    return witness_silent(witness, NARROWED) if pressed else None
                told = with_what_is_known(sight.network, answer, self._askable.threats, say)
                heard = {"threats": told.evidence.threats}
                self._keep(row, lambda kept: _with_evidence(kept, heard))
                return threats_message(told, ref=row.id)
            case "changes" | "threats" | "opinion":
                return witness_silent(witness, NOBODY) if pressed else None
            case _:
                assert_never(witness)

    def _keep(self, row: StoredQuestion, change: Callable[[Answer], Answer]) -> None:
        """The answer that is kept has it from now on, and so have its buttons."""
        self._given.store.amend(row.id, lambda kept: change(Answer.model_validate_json(kept)).model_dump_json())


def _with_changes(kept: Answer, told: Answer) -> Answer:
    """Only what CloudTrail adds is taken: others may have added something meanwhile."""
    return _with_evidence(kept, {"what_changed": told.evidence.what_changed}).model_copy(update={"fixes": told.fixes})


def _with_evidence(kept: Answer, members: Mapping[str, object]) -> Answer:
    return kept.model_copy(update={"evidence": kept.evidence.model_copy(update=members)})


class _Shown:
    """The message of one witness: how far it is, where somebody pressed for it; in the end what it says."""

    def __init__(self, given: Wherewithal, row: StoredQuestion, witness: Witness) -> None:
        self._given = given
        self.row = row
        self.witness: Witness = witness
        self._message: str | None = None
        self._next = 0.0

    def begin(self) -> None:
        """The first sign of life. Raises Unreachable."""
        given, row = self._given, self.row
        self._message = given.courier.post(row.channel, asking_witness(self.witness, ""), thread=row.thread)
        given.store.witnesses.shows(row.id, self.witness, self._message)
        self._next = given.clock() + UPDATE_SECONDS

    def doing(self, what: str) -> None:
        """How far it is, as often as Slack takes it."""
        if self._message is None or self._given.clock() < self._next:
            return
        self._next = self._given.clock() + UPDATE_SECONDS
        self._put(asking_witness(self.witness, what))

    def end(self, said: Message | None) -> None:
        """The last word."""
        if said is not None:
            self._put(said)

    def _put(self, message: Message) -> None:
        courier, channel = self._given.courier, self.row.channel
        try:
            if self._message is None:
                courier.post(channel, message, thread=self.row.thread)
            else:
                courier.update(channel, self._message, message)
        except Unreachable as error:
            log.warning("a witness could not be heard in its thread", error=error.code)
