"""Whether a fix that was made has opened the path: the question, traced again in the account as it is now."""

from __future__ import annotations

from bot.approvals.ledger import Ledger
from bot.approvals.proposal import Proposal
from bot.repair.deeds import Patience
from bot.repair.outcomes import NotHelped, NotSeen, Verification, Verified
from bot.repair.seeing import Reader, fresh, is_there, verdict
from diagnosis.question.question import Question
from diagnosis.sources import SourceUnavailable


def verified(proposal: Proposal, ledger: Ledger, reader: Reader, patience: Patience) -> Verification:
    """Read what the path touches until what was made is seen, and trace the question. Raises LedgerUnavailable."""
    question = Question.model_validate_json(proposal.question)
    entries = ledger.entries(proposal.id)
    made = [entry.change for entry in entries if entry.deed == "apply" and entry.state in ("made", "already there")]
    try:
        network = fresh(reader, question, proposal.changes)
        for pause in patience.pauses(patience.looks):
            if pause is None or all(is_there(network, change) for change in made):
                break
            patience.sleep(pause)
            network = fresh(reader, question, proposal.changes)
    except SourceUnavailable as error:
        return NotSeen(f"The account could not be read to verify it: {error}")
    found = verdict(network, question)
    if found == "reachable":
        return Verified()
    if found == "unknown":
        return NotSeen("Not everything on the path could be seen, so whether it is open is not known.")
    if not all(is_there(network, change) for change in made):
        return NotSeen("AWS does not show yet what was made. Ask again in a minute.")
    return NotHelped(f"Everything was made, and the path is {found} all the same: something else has changed.")
