"""An approved fix, made: look again, prove again, rehearse, then one call after the other.

The same function goes on where a killed process stopped: what the ledger says is settled is not done again, what it
only intends is looked for first.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.approvals.drift import PATH, drifted, fingerprint
from bot.approvals.guardrails import check
from bot.approvals.ledger import Entry, LedgerUnavailable
from bot.approvals.proposal import Proposal
from bot.repair.deeds import Deeds, StillInDoubt, TakenByOther
from bot.repair.outcomes import AlreadyThere, Applied, Drifted, Failed, InDoubt, Outcome
from bot.repair.seeing import Reader, fresh, is_there, verdict
from bot.repair.writing import Refused, Writable, writable
from bot.settings.fixes import FixSettings
from diagnosis.fix.change import NotApplicable, apply_all
from diagnosis.network.network import Network
from diagnosis.question.question import Question
from diagnosis.sources import NotPermitted, SourceUnavailable

Entries = Mapping[int, Entry]
"""Entries of an application by the numbers of their changes."""
_ASK = "Nothing was changed. Ask again."
_BY_OTHERS = AlreadyThere("Somebody has made this change meanwhile. Nothing was changed: there is nothing to undo.")
_OPEN = ("intended", "refused")
"""States of an entry with which its change is still to be made."""


def applied(proposal: Proposal, deeds: Deeds, reader: Reader, settings: FixSettings, *, resumed: bool) -> Outcome:
    """Make the changes of an approved proposal, or go on making them where `resumed`.

    When it ends, the ledger says of each change what the account says. A fix of which only a part could be made stays
    as it is and is told (`Failed.made`): people decide whether to take it back, with the undo that is offered.
    """
    try:
        changes = tuple(writable(change) for change in proposal.changes)
        known = {entry.number: entry for entry in deeds.ledger.entries(proposal.id) if entry.deed == "apply"}
        stopped = _stopped(proposal, changes, known, deeds, reader, settings, resumed=resumed)
        return _made(changes, known, deeds) if stopped is None else _left(stopped, changes, known, deeds)
    except StillInDoubt as error:
        return InDoubt(f"It is not known yet whether the last change was made ({error}). It will be looked at again.")
    except LedgerUnavailable as error:
        return InDoubt(f"The store does not answer ({error}). What was done will be looked at when it does.")
    except Refused as error:
        return Failed(str(error), action=error.action)


def _stopped(
    proposal: Proposal,
    changes: tuple[Writable, ...],
    known: Entries,
    deeds: Deeds,
    reader: Reader,
    settings: FixSettings,
    *,
    resumed: bool,
) -> AlreadyThere | Drifted | Failed | None:
    """Why nothing more may be made; None where it may. Raises StillInDoubt."""
    to_make = [n for n in range(len(changes)) if n not in known or known[n].state in _OPEN]
    if not to_make:
        return None
    if resumed and deeds.patience.now() > proposal.expires_at:
        return Failed("The application was interrupted, and the approval has expired meanwhile. Ask again.")
    question = Question.model_validate_json(proposal.question)
    try:
        network = _before(fresh(reader, question, changes), changes, known)
    except SourceUnavailable as error:
        action = error.action if isinstance(error, NotPermitted) else ""
        return Failed(f"The account could not be read again, so nothing was done: {error}", action=action)
    unfit = _unfit(network, question, proposal, changes)
    if unfit is not None:
        return unfit
    violations = check(network, question, changes, settings, (proposal.account, proposal.region))
    if violations:
        reasons = "; ".join(violation.text for violation in violations)
        return Failed(f"It may not be applied as the account is now: {reasons}. Nothing was changed.")
    try:
        for number in to_make:
            deeds.rehearse(changes[number])
    except Refused as error:
        return Failed(str(error), action=error.action)
    return None


def _before(network: Network, changes: tuple[Writable, ...], known: Entries) -> Network:
    """The network without what we made of this fix already, as far as it is seen."""
    for number, entry in sorted(known.items(), reverse=True):
        if entry.state in ("made", "intended"):
            try:
                network = changes[number].inverse().apply(network)
            except NotApplicable:
                continue
    return network


def _unfit(
    network: Network, question: Question, proposal: Proposal, changes: tuple[Writable, ...]
) -> AlreadyThere | Drifted | None:
    """Whether the fix is no more what was proven, on the account as it is now."""
    if all(is_there(network, change) for change in changes):
        return _BY_OTHERS
    try:
        repaired = apply_all(changes, network)
    except NotApplicable as error:
        return Drifted(f"The account has changed since the fix was proven: {error}. {_ASK}")
    differs = drifted(proposal.fingerprint, fingerprint(network, question, changes))
    components = [part for part in differs if part != PATH]
    if components:
        return Drifted(f"The rules of {', '.join(components)} are not those that the fix was proven on. {_ASK}")
    if verdict(network, question) == "reachable":
        return Drifted("The path is open without the fix by now. Nothing was changed.")
    if differs:
        return Drifted(f"The path is blocked by other rules than when the fix was proven. {_ASK}")
    after = verdict(repaired, question)
    return None if after == "reachable" else Drifted(f"With the fix the path would be {after} by now. {_ASK}")


def _made(changes: tuple[Writable, ...], known: Entries, deeds: Deeds) -> Outcome:
    """Make what is not made, in order."""
    entries = dict(known)
    try:
        for number, change in enumerate(changes):
            before = entries.get(number)
            if before is None or before.state in _OPEN:
                entries[number] = deeds.put(number, change, before)
    except TakenByOther as error:
        return _partly(Drifted(f"{error} {_ASK}"), str(error), entries)
    except Refused as error:
        return _partly(Failed(str(error), action=error.action), str(error), entries, error.action)
    return _all_there(entries)


def _all_there(entries: Entries) -> Applied | AlreadyThere:
    return Applied(tuple(entries[number] for number in sorted(entries))) if _ours(entries) else _BY_OTHERS


def _left(
    stopped: AlreadyThere | Drifted | Failed, changes: tuple[Writable, ...], known: Entries, deeds: Deeds
) -> Outcome:
    """The end of an application that may not go on: what it only intended is looked for first, and may be all."""
    entries = {
        number: deeds.resolve(entry, changes[number]) if entry.state == "intended" else entry
        for number, entry in known.items()
    }
    if len(entries) == len(changes) and all(entry.state not in _OPEN for entry in entries.values()):
        return _all_there(entries)
    action = stopped.action if isinstance(stopped, Failed) else ""
    return _partly(stopped, stopped.sentence, entries, action)


def _partly(
    nothing: AlreadyThere | Drifted | Failed, sentence: str, entries: Entries, action: str = ""
) -> AlreadyThere | Drifted | Failed:
    """What is said where it stopped: as it is where nothing was made, else with what was made before."""
    made = _ours(entries)
    if not made:
        return nothing
    said = f"{sentence} {len(made)} of the changes had been made before: undo them, or make the rest by hand."
    return Failed(said, made, action)


def _ours(entries: Entries) -> tuple[Entry, ...]:
    return tuple(entry for _, entry in sorted(entries.items()) if entry.state == "made")
