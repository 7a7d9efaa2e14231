"""The hands as they are handed out: apply, verify, undo, resume. Whoever calls them has checked who may decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.approvals.ledger import Ledger, LedgerUnavailable, ours
from bot.approvals.proposal import Proposal
from bot.approvals.states import State
from bot.repair.applying import applied
from bot.repair.deeds import Deeds, Patience
from bot.repair.outcomes import Failed, InDoubt, Outcome, UndoFailed, UndoOutcome, Verification
from bot.repair.seeing import Reader
from bot.repair.undoing import undone
from bot.repair.verifying import verified
from bot.repair.writing import Busy, NoAnswer, Refused, Writer
from bot.settings.fixes import FixSettings

WriterFor = Callable[[Proposal, str], Writer]
"""A Writer for one proposal and the person who approved or undid it. Raises Refused, Busy, NoAnswer."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What changes the account. No method raises for what the account or the store does: that is in the outcomes."""

    writer_for: WriterFor
    reader: Reader
    ledger: Ledger
    settings: FixSettings
    patience: Patience

    def apply(self, proposal: Proposal, by: str) -> Outcome:
        """Make an approved fix. `by` is the Slack user whose approval was the last that was needed."""
        return self._apply(proposal, by, resumed=False)

    def undo(self, proposal: Proposal, by: str) -> UndoOutcome:
        """Take back what was made. `by` is who undoes it; for a fix that undoes itself, who approved it."""
        try:
            deeds = self._deeds(proposal, by)
        except (Refused, Busy, NoAnswer) as error:
            try:
                left = ours(self.ledger.entries(proposal.id))
            except LedgerUnavailable as unavailable:
                return InDoubt(str(unavailable))
            return UndoFailed(f"Nothing was undone. {error}", left, getattr(error, "action", ""))
        return undone(proposal, deeds)

    def resume(self, proposal: Proposal, state: State, by: str) -> Outcome | UndoOutcome:
        """Go on with what a process that ended left `applying` or `undoing`."""
        if state is State.UNDOING:
            return self.undo(proposal, by)
        return self._apply(proposal, by, resumed=True)

    def verification(self, proposal: Proposal) -> Verification:
        """Whether the path is open in the account as it is now. Raises LedgerUnavailable."""
        return verified(proposal, self.ledger, self.reader, self.patience)

    def _apply(self, proposal: Proposal, by: str, *, resumed: bool) -> Outcome:
        try:
            deeds = self._deeds(proposal, by)
        except (Refused, Busy, NoAnswer) as error:
            return self._without_hands(proposal, error)
        return applied(proposal, deeds, self.reader, self.settings, resumed=resumed)

    def _without_hands(self, proposal: Proposal, error: Refused | Busy | NoAnswer) -> Outcome:
        """No writer could be had: what an earlier attempt may have made is still not known, or is told."""
        try:
            entries = [entry for entry in self.ledger.entries(proposal.id) if entry.deed == "apply"]
        except LedgerUnavailable as unavailable:
            return InDoubt(str(unavailable))
        if any(entry.state == "intended" for entry in entries):
            return InDoubt(str(error))
        made = tuple(entry for entry in entries if entry.state == "made")
        return Failed(str(error), made, getattr(error, "action", ""))

    def _deeds(self, proposal: Proposal, by: str) -> Deeds:
        return Deeds(
            proposal=proposal.id,
            stamp=proposal.stamp,
            by=by,
            writer=self.writer_for(proposal, by),
            ledger=self.ledger,
            patience=self.patience,
        )
