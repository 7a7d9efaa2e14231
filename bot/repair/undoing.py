"""What was made, taken back: exactly that, by rule id or by number and content, and nothing that is like it."""

from __future__ import annotations

from bot.approvals.ledger import Entry, LedgerUnavailable, ours
from bot.approvals.proposal import Proposal
from bot.repair.deeds import Deeds, StillInDoubt, TakenByOther
from bot.repair.outcomes import InDoubt, UndoFailed, Undone, UndoOutcome
from bot.repair.writing import Refused, writable


def undone(proposal: Proposal, deeds: Deeds) -> UndoOutcome:
    """Take back what an application made, last change first; go on where an undo was interrupted.

    What somebody else has taken away or replaced since is left as it is and named. Where one change cannot be taken
    back, the others are.
    """
    try:
        return _taken_back(proposal, deeds)
    except StillInDoubt as error:
        return InDoubt(f"It is not known yet whether the last change was undone ({error}). It will be looked at again.")
    except LedgerUnavailable as error:
        return InDoubt(f"The store does not answer ({error}). What was undone will be looked at when it does.")


def _taken_back(proposal: Proposal, deeds: Deeds) -> UndoOutcome:
    for entry in deeds.ledger.entries(proposal.id):
        if entry.deed == "apply" and entry.state == "intended":
            deeds.resolve(entry, writable(entry.change))
    entries = deeds.ledger.entries(proposal.id)
    before = {entry.number: entry for entry in entries if entry.deed == "undo"}
    done: list[Entry] = []
    trouble: list[str] = []
    action = ""
    for made in ours(entries):
        change, known = writable(made.change), before.get(made.number)
        try:
            done.append(deeds.take(made, change, known))
        except (Refused, TakenByOther) as error:
            trouble.append(str(error))
            action = action or getattr(error, "action", "")
    left = ours(deeds.ledger.entries(proposal.id))
    if left:
        return UndoFailed(" ".join(trouble), left, action)
    return Undone(tuple(done), tuple(_note(entry) for entry in done if entry.state == "absent"))


def _note(entry: Entry) -> str:
    change = entry.change
    what = f"Rule {entry.rule}" if entry.rule else "The rule"
    if change.kind == "network-acl-entry":
        what = f"Entry {change.number} ({change.direction})"
    return f"{what} in {change.component} had been taken away or replaced by somebody else, and was left as it is."
