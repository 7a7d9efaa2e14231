"""From an approval to the last word: applied, verified, undone, and what is left in doubt taken up again.

Every step is a compare-and-set in the store before it is anything else: a second press, a retry and a second replica
find that it has been taken.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final, assert_never

import structlog

from bot.approvals.ledger import LedgerUnavailable
from bot.approvals.policy import made_under
from bot.approvals.states import Event, State
from bot.repair.hands import Hands
from bot.repair.outcomes import (
    AlreadyThere,
    Applied,
    Drifted,
    Failed,
    InDoubt,
    NotHelped,
    NotSeen,
    Outcome,
    UndoFailed,
    Undone,
    UndoOutcome,
    Verified,
)
from bot.runner.crew import Crew, outlive
from bot.runner.fix_messages import FixMessages
from bot.runner.work import Tools
from bot.store.audit import AuditDamaged
from bot.store.rows import StoredProposal
from bot.store.transactions import StoreGone
from bot.views.blocks import Somebody
from bot.views.proposals import entry_told

log = structlog.get_logger("whynot.fixes")
HANDS_AT_ONCE: Final = 4
LEASE_SECONDS: Final = 30.0
AGAIN_SECONDS: Final = 10.0
"""After so long, what is in doubt is looked at again."""
NOT_ANSWERED: Final = "The store does not answer. Nothing is lost: this goes on as soon as it does."


class CarryingOut:
    """Applies and undoes in threads of its own. Public methods return at once, and may be called from any thread."""

    def __init__(self, tools: Tools, hands: Hands | None, messages: FixMessages) -> None:
        self._tools = tools
        self._hands = hands
        self._messages = messages
        self._crew = Crew("hands", HANDS_AT_ONCE, tools.metrics.fault)
        self._lock = threading.Lock()
        self._busy: dict[str, list[Callable[[], None]]] = {}
        """What is in hand, each with what is to be done next with it."""
        self._doubtful: dict[str, float] = {}

    def apply(self, identity: str, by: str) -> None:
        """Apply what is approved."""
        self._in_hand(identity, lambda: self._apply(identity, by))

    def undo(self, identity: str, by: str, person: str | None) -> None:
        """Take back what was made. `person` is who wanted it; None where it undoes itself."""
        self._in_hand(identity, lambda: self._undo(identity, by, person))

    def resume(self, row: StoredProposal) -> None:
        """Go on with what another process, or a call without an answer, left."""
        self._in_hand(row.proposal.id, lambda: self._resume(row.proposal.id))

    def in_doubt(self, now: float) -> list[str]:
        """What it is time to look at again."""
        with self._lock:
            due = [identity for identity, at in self._doubtful.items() if at <= now]
            for identity in due:
                del self._doubtful[identity]
        return due

    def close(self) -> None:
        """Let what is in hand end; nothing new begins."""
        self._crew.close(waiting=True, given=False)
        try:
            self._tools.store.proposals.let_go(self._tools.holder)
        except StoreGone as error:
            log.warning("what was in hand waits for its lease to end", error=str(error))

    def _in_hand(self, identity: str, do: Callable[[], None]) -> None:
        """Do something with a proposal in a thread of its own, after what is being done with it."""
        with self._lock:
            if identity in self._busy:
                self._busy[identity].append(do)
                return
            self._busy[identity] = [do]
        if not self._crew.give(partial(self._one_after_another, identity), proposal=identity):
            log.info("shutting down: the next process finds what is in hand", proposal=identity)

    def _one_after_another(self, identity: str) -> None:
        while True:
            with self._lock:
                if not self._busy[identity]:
                    del self._busy[identity]
                    return
                do = self._busy[identity].pop(0)
            outlive(partial(self._done, identity, do), self._tools.metrics.fault, partial(self._doubt, identity))

    def _done(self, identity: str, do: Callable[[], None]) -> None:
        try:
            do()
        except (StoreGone, AuditDamaged, LedgerUnavailable) as error:
            log.warning("a step of a fix was not concluded", error=str(error))
            self._doubt(identity)
            self._tell_of_the_store(identity)

    def _doubt(self, identity: str) -> None:
        with self._lock:
            self._doubtful[identity] = self._tools.now() + AGAIN_SECONDS

    def _tell_of_the_store(self, identity: str) -> None:
        try:
            row = self._tools.store.proposals.get(identity)
        except StoreGone:
            return
        if row is not None and row.state in (State.APPLYING, State.UNDOING):
            self._messages.step(row, NOT_ANSWERED)

    def _move(
        self, identity: str, event: Event, outcome: str | None = None, person: str | None = None
    ) -> StoredProposal | None:
        now = self._tools.now()
        held: dict[str, Any] = {"holder": self._tools.holder, "held_until": now + LEASE_SECONDS}
        values = held if event in (Event.BEGIN, Event.BEGIN_UNDO) else {}
        moved = self._tools.store.proposals.move(identity, event, now, person=person, outcome=outcome, **values)
        if moved is not None:
            self._messages.refresh(identity)
        return moved

    def _apply(self, identity: str, by: str) -> None:
        if self._hands is None:
            self._cannot_begin(identity, "fixes are not applied by button here any more (fixes.mode).")
            return
        row = self._move(identity, Event.BEGIN, person=by)
        if row is not None:
            self._applied(row, self._hands.apply(row.proposal, by))

    def _cannot_begin(self, identity: str, why: str) -> None:
        moved = self._move(identity, Event.FAIL, why)
        if moved is not None:
            self._messages.step(moved, "Not applied: ", why, " Nothing was changed.")

    def _applied(self, row: StoredProposal, outcome: Outcome) -> None:
        identity = row.proposal.id
        match outcome:
            case Applied(entries=entries):
                moved = self._move(identity, Event.APPLIED)
                self._tools.networks.forget()
                if moved is not None:
                    self._messages.step(moved, "Applied. ", " ".join(filter(None, map(entry_told, entries))))
                    self._verify(moved)
            case AlreadyThere(sentence=sentence) | Drifted(sentence=sentence):
                if self._move(identity, Event.DRIFT, sentence) is not None:
                    self._messages.step(
                        row, "Not applied: ", sentence, " Nothing was changed. Ask again for a new fix."
                    )
            case Failed(sentence=sentence, made=made):
                moved = self._move(identity, Event.FAIL, sentence)
                self._tools.networks.forget()
                if moved is not None:
                    left = " What was made stays until it is undone: see Undo." if made else " Nothing was changed."
                    self._messages.step(moved, "Not applied: ", sentence, left)
            case InDoubt(sentence=sentence):
                self._doubt(identity)
                log.warning("in doubt", sentence=sentence)
                self._messages.step(row, "Not known yet whether it was applied: ", sentence, " I look again.")
            case _:
                assert_never(outcome)

    def _verify(self, row: StoredProposal) -> None:
        assert self._hands is not None
        identity = row.proposal.id
        found = self._hands.verification(row.proposal)
        match found:
            case Verified():
                moved = self._move(identity, Event.VERIFY)
                told = "Verified by a fresh trace: the path is open, there and back. "
            case NotHelped(sentence=sentence):
                moved = self._move(identity, Event.NOT_HELPED, sentence)
                told = f"It did not help: {sentence} "
            case NotSeen(sentence=sentence):
                moved, told = row, f"Whether the path is open could not be seen: {sentence} "
                self._messages.refresh(identity)
            case _:
                assert_never(found)
        if moved is not None:
            self._messages.step(moved, told, "It can be undone with Undo in the message above.")

    def _undo(self, identity: str, by: str, person: str | None) -> None:
        row = self._move(identity, Event.BEGIN_UNDO, person=person)
        if row is not None and self._hands is not None:
            self._undone(row, self._hands.undo(row.proposal, by), person)

    def _undone(self, row: StoredProposal, outcome: UndoOutcome, person: str | None) -> None:
        identity = row.proposal.id
        self._tools.networks.forget()
        match outcome:
            case Undone(entries=entries, notes=notes):
                moved = self._move(identity, Event.UNDONE, " ".join(notes) or None, person)
                if moved is not None:
                    told = " ".join(filter(None, (*map(entry_told, entries), *notes)))
                    if person is not None:
                        self._messages.step(moved, "Undone by ", Somebody(person), f". {told}")
                    else:
                        self._messages.step(moved, f"Its time is over, so it was undone. {told}")
            case UndoFailed(sentence=sentence):
                moved = self._move(identity, Event.UNDO_FAIL, sentence, person)
                if moved is not None:
                    self._messages.step(moved, "Not undone: ", sentence, " It can be tried again with Undo.")
            case InDoubt(sentence=sentence):
                self._doubt(identity)
                self._messages.step(row, "Not known yet whether it was undone: ", sentence, " I look again.")
            case _:
                assert_never(outcome)

    def _resume(self, identity: str) -> None:
        row = self._tools.store.proposals.get(identity)
        if row is None:
            return
        by = self._by(row)
        if row.state is State.APPROVED:
            if made_under(row.proposal, self._tools.settings.fixes):
                self._apply(identity, by)
            else:  # The process that saw the approval had other settings, or these are newer than it.
                self._cannot_begin(identity, "the policy has changed since it was approved. Propose the fix anew.")
        elif self._hands is None:
            return
        elif row.state in (State.APPLYING, State.UNDOING):
            outcome = self._hands.resume(row.proposal, row.state, by)
            match outcome:
                case Undone() | UndoFailed():
                    self._undone(row, outcome, None if row.undo_at is not None else by)
                case InDoubt():
                    self._doubt(identity)
                case _:
                    self._applied(row, outcome)
        elif row.state is State.APPLIED:
            self._verify(row)

    def _by(self, row: StoredProposal) -> str:
        """In whose name it goes on: of who began the undo, else of who gave the last approval."""
        entries = self._tools.store.ledger.entries(row.proposal.id)
        undoing = [entry.by for entry in entries if entry.deed == "undo"]
        if row.state is State.UNDOING and undoing:
            return undoing[-1]
        return self.last_approver(row)

    def last_approver(self, row: StoredProposal) -> str:
        """Who gave the last approval."""
        decided = self._tools.store.proposals.decisions(row.proposal.id)
        return next((one.person for one in reversed(decided) if one.verdict == "approve"), row.proposal.requester)
