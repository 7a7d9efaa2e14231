"""Proposals in the database: each step a compare-and-set with its record in the audit log, in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal

from pydantic import JsonValue
from sqlalchemy import Connection, Engine, Select, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from bot.approvals.audit import Fact
from bot.approvals.ledger import may_undo
from bot.approvals.proposal import Proposal
from bot.approvals.states import IN_HAND, UNDOABLE, Event, State, after, before
from bot.store.audit import append
from bot.store.ledger import entries_of
from bot.store.rows import Decided, Decision, StoredProposal
from bot.store.tables import decisions, proposal_messages, proposals
from bot.store.transactions import reading, writing

RETRY_SECONDS: Final = 300.0
"""After a time-boxed fix could not be undone, until it is tried again."""


class ProposalStore:
    """Proposals. Methods raise StoreGone where the database does not answer, and may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reads_only=True)

    def add(self, proposal: Proposal) -> bool:
        """Remember a new proposal; False, and nothing, where its id was taken."""
        body = proposal.model_dump_json(exclude={"undo_after"})
        try:
            with writing(self._engine) as connection:
                connection.execute(
                    insert(proposals).values(
                        id=proposal.id,
                        question_ref=proposal.question_ref,
                        state=State.PROPOSED,
                        body=body,
                        needed=proposal.needed,
                        expires_at=proposal.expires_at,
                        changed_at=proposal.proposed_at,
                        undo_after=proposal.undo_after,
                    )
                )
                append(connection, _proposed(proposal))
        except IntegrityError:
            return False
        return True

    def get(self, identity: str) -> StoredProposal | None:
        """One proposal, or None where it never was or was deleted."""
        found = self._all(select(proposals).where(proposals.c.id == identity))
        return found[0] if found else None

    def of_question(self, question: str) -> tuple[StoredProposal, ...]:
        """The proposals for one stored question, oldest first."""
        return self._all(select(proposals).where(proposals.c.question_ref == question).order_by(proposals.c.changed_at))

    def move(
        self,
        identity: str,
        event: Event,
        at: float,
        *,
        person: str | None = None,
        details: dict[str, JsonValue] | None = None,
        outcome: str | None = None,
        holder: str | None = None,
        held_until: float | None = None,
    ) -> StoredProposal | None:
        """Let an event happen to a proposal; None where its state does not allow it, and nothing changes.

        `outcome`, `holder` and `held_until` stay as they are where they are None. Nothing begins after its time,
        nothing expires before it, and no undo begins where the ledger has nothing to undo. Approvals and rejections
        come by `decide`.
        """
        if event in (Event.APPROVE, Event.ENOUGH, Event.REJECT):
            raise ValueError(f"{event} comes by decide")
        with writing(self._engine) as connection:
            row = _locked(connection, identity)
            if row is None or row.state not in before(event) or not _in_time(row, event, at):
                return None
            to, entries = after(row.state, event), entries_of(connection, identity)
            if event is Event.BEGIN_UNDO and not may_undo(row.state, entries):
                return None
            changes: dict[str, Any] = {"state": to, "changed_at": at}
            changes |= _undo_time(row, event, at, undoable=may_undo(to, entries))
            changes |= {} if outcome is None else {"outcome": outcome}
            if to not in IN_HAND:
                changes |= {"holder": None, "held_until": None}
            elif holder is not None:
                changes |= {"holder": holder, "held_until": held_until}
            connection.execute(
                update(proposals).where(proposals.c.id == identity, proposals.c.state == row.state).values(**changes)
            )
            append(connection, Fact(at=at, event=event, proposal=identity, person=person, details=details or {}))
            return _locked(connection, identity)

    def decide(
        self,
        identity: str,
        decision: Decision,
        *,
        no_longer: Collection[str] = (),
        holder: str | None = None,
        held_until: float | None = None,
    ) -> Decided | None:
        """Count what a person decided, and go on to `approved` or `rejected` where that settles it; None where unknown.

        `no_longer` are earlier approvers whose approval counts no more (`policy.standing`). Whoever gives the last
        approval becomes the holder, so that what is approved is never nobody's.
        """
        with writing(self._engine) as connection:
            row = _locked(connection, identity)
            if row is None:
                return None
            known = _decisions(connection, identity)
            approved = {one.person for one in known if one.verdict == "approve"}
            valid = len(approved - set(no_longer))
            event = Event.REJECT if decision.verdict == "reject" else Event.APPROVE
            if row.state not in before(event) or decision.at >= row.proposal.expires_at:
                return Decided(outcome="closed", row=row, approvals=valid)
            if event is Event.APPROVE and decision.person in approved:
                return Decided(outcome="twice", row=row, approvals=valid)
            mine = (decisions.c.proposal == identity, decisions.c.person == decision.person)
            connection.execute(delete(decisions).where(*mine))
            connection.execute(insert(decisions).values(proposal=identity, **decision.model_dump()))
            if event is Event.APPROVE:
                valid = len((approved | {decision.person}) - set(no_longer))
                event = Event.ENOUGH if valid >= row.proposal.needed else Event.APPROVE
            changes: dict[str, Any] = {"state": after(row.state, event), "changed_at": decision.at}
            if event is Event.ENOUGH:
                chosen = [d.undo_after for d in (*known, decision) if d.undo_after and d.person not in no_longer]
                changes |= {"undo_after": min(chosen, default=None), "holder": holder, "held_until": held_until}
            elif event is Event.REJECT:
                changes |= {"holder": None, "held_until": None}
            connection.execute(update(proposals).where(proposals.c.id == identity).values(**changes))
            append(connection, _decided(identity, event, decision, valid, row.proposal.needed))
            now = _locked(connection, identity)
            assert now is not None
            return Decided(outcome=_OUTCOMES[event], row=now, approvals=valid)

    def decisions(self, identity: str) -> tuple[Decision, ...]:
        """What was decided about a proposal, in order."""
        with reading(self._reading) as connection:
            return _decisions(connection, identity)

    def add_copy(self, identity: str, channel: str, ts: str) -> None:
        """Remember a message that shows the proposal."""
        row = {"proposal": identity, "channel": channel, "ts": ts}
        try:
            with writing(self._engine) as connection:
                connection.execute(insert(proposal_messages).values(**row))
        except IntegrityError:
            return  # It is remembered already, or the proposal is gone.

    def copies(self, identity: str) -> tuple[tuple[str, str], ...]:
        """Channel and `ts` of every message that shows the proposal."""
        mine = select(proposal_messages).where(proposal_messages.c.proposal == identity)
        with reading(self._reading) as connection:
            rows = connection.execute(mine.order_by(proposal_messages.c.ts)).all()
        return tuple((row.channel, row.ts) for row in rows)

    def due_to_expire(self, now: float) -> tuple[StoredProposal, ...]:
        """Proposals whose time is over: undecided ones, and approved ones that nobody has begun."""
        idle = or_(proposals.c.state == State.PROPOSED, (proposals.c.state == State.APPROVED) & _nobodys(now))
        return self._all(select(proposals).where(proposals.c.expires_at <= now, idle).order_by(proposals.c.expires_at))

    def due_to_undo(self, now: float) -> tuple[StoredProposal, ...]:
        """Time-boxed fixes that are to undo themselves, and have something to undo."""
        due = select(proposals).where(proposals.c.state.in_(UNDOABLE), proposals.c.undo_at <= now)
        with reading(self._reading) as connection:
            rows = [_row(row) for row in connection.execute(due.order_by(proposals.c.undo_at)).mappings()]
            return tuple(r for r in rows if may_undo(r.state, entries_of(connection, r.proposal.id)))

    def verified_since(self, when: float) -> tuple[StoredProposal, ...]:
        """Fixes that were verified since, and not undone."""
        mine = select(proposals).where(proposals.c.state == State.VERIFIED, proposals.c.changed_at >= when)
        return self._all(mine.order_by(proposals.c.changed_at))

    def orphans(self, now: float) -> tuple[StoredProposal, ...]:
        """Proposals in hand whose process has not vouched for being alive in time, or that nobody holds."""
        mine = select(proposals).where(proposals.c.state.in_(IN_HAND), _nobodys(now))
        return self._all(mine.order_by(proposals.c.changed_at))

    def hold(self, holder: str, until: float) -> None:
        """Vouch for being alive: everything in this process's hands is held until then."""
        self._in_hand(holder, {"held_until": until})

    def let_go(self, holder: str) -> None:
        """At the end of a process: what it has in hand waits for whoever comes next."""
        self._in_hand(holder, {"holder": None, "held_until": None})

    def _in_hand(self, holder: str, values: dict[str, Any]) -> None:
        mine = (proposals.c.holder == holder, proposals.c.state.in_(IN_HAND))
        with writing(self._engine) as connection:
            connection.execute(update(proposals).where(*mine).values(values))

    def adopt(self, row: StoredProposal, holder: str, until: float) -> bool:
        """Take over an orphan; False where another process was faster."""
        was = (
            proposals.c.holder.is_(None) if row.holder is None else proposals.c.holder == row.holder,
            proposals.c.held_until.is_(None) if row.held_until is None else proposals.c.held_until == row.held_until,
        )
        with writing(self._engine) as connection:
            taken = connection.execute(
                update(proposals)
                .where(proposals.c.id == row.proposal.id, proposals.c.state == row.state, *was)
                .values(holder=holder, held_until=until)
            )
        return taken.rowcount == 1

    def forget(self, before: float) -> int:
        """Delete what has not changed since, with decisions and ledger; never what is in hand or due to be undone."""
        idle = (proposals.c.state.not_in(IN_HAND), proposals.c.undo_at.is_(None))
        with writing(self._engine) as connection:
            gone = connection.execute(delete(proposals).where(proposals.c.changed_at < before, *idle))
        return gone.rowcount

    def counts(self) -> dict[State, int]:
        """How many proposals there are in each state."""
        with reading(self._reading) as connection:
            rows = connection.execute(select(proposals.c.state, func.count()).group_by(proposals.c.state)).all()
        return {State(state): count for state, count in rows}

    def _all(self, query: Select[Any]) -> tuple[StoredProposal, ...]:
        with reading(self._reading) as connection:
            return tuple(_row(row) for row in connection.execute(query).mappings())


_OUTCOMES: Final[dict[Event, Literal["counted", "enough", "rejected"]]] = {
    Event.APPROVE: "counted",
    Event.ENOUGH: "enough",
    Event.REJECT: "rejected",
}


def _row(row: Any) -> StoredProposal:
    proposal = Proposal.model_validate_json(row["body"]).model_copy(update={"undo_after": row["undo_after"]})
    own = {name: row[name] for name in ("state", "changed_at", "undo_at", "holder", "held_until", "outcome")}
    return StoredProposal(proposal=proposal, **own)


def _locked(connection: Connection, identity: str) -> StoredProposal | None:
    """The row as it is now, and nobody else changes it until the end of the transaction."""
    found = connection.execute(select(proposals).where(proposals.c.id == identity).with_for_update()).mappings().first()
    return _row(found) if found is not None else None


def _decisions(connection: Connection, identity: str) -> tuple[Decision, ...]:
    mine = select(decisions).where(decisions.c.proposal == identity).order_by(decisions.c.at, decisions.c.person)
    names = Decision.model_fields
    return tuple(Decision(**{n: row[n] for n in names}) for row in connection.execute(mine).mappings())


def _nobodys(now: float) -> Any:
    return proposals.c.holder.is_(None) | (proposals.c.held_until < now)


def _in_time(row: StoredProposal, event: Event, at: float) -> bool:
    if event is Event.BEGIN:
        return at < row.proposal.expires_at
    return event is not Event.EXPIRE or at >= row.proposal.expires_at


def _undo_time(row: StoredProposal, event: Event, at: float, *, undoable: bool) -> dict[str, Any]:
    """When the fix undoes itself, as far as the event changes that: only where something was made."""
    after_seconds = row.proposal.undo_after
    if event in (Event.APPLIED, Event.FAIL) and after_seconds is not None and undoable:
        return {"undo_at": at + after_seconds}
    if event is Event.UNDO_FAIL and row.undo_at is not None:
        return {"undo_at": at + RETRY_SECONDS}
    return {"undo_at": None} if event is Event.UNDONE else {}


def _proposed(proposal: Proposal) -> Fact:
    told = {"team", "channel", "thread", "question_ref", "asker", "account", "region", "changes", "needed"}
    details = proposal.model_dump(mode="json", include=told | {"fingerprint", "policy", "expires_at"})
    return Fact(
        at=proposal.proposed_at, event="propose", proposal=proposal.id, person=proposal.requester, details=details
    )


def _decided(identity: str, event: Event, decision: Decision, approvals: int, needed: int) -> Fact:
    details = decision.model_dump(include={"reason", "undo_after"}, exclude_none=True)
    return Fact(
        at=decision.at,
        event=event,
        proposal=identity,
        person=decision.person,
        details={**details, "approvals": approvals, "needed": needed},
    )
