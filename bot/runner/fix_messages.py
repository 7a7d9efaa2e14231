"""The messages of a proposal: every copy says the same, and the thread tells the story step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import structlog

from bot.access.scope import Scope
from bot.approvals.ledger import LedgerUnavailable
from bot.approvals.policy import Refused
from bot.approvals.states import State
from bot.runner.courier import Unreachable
from bot.runner.deciding import Deciding, deciders
from bot.runner.outcomes import answer_of
from bot.runner.work import Tools
from bot.store.rows import StoredProposal
from bot.store.transactions import StoreGone
from bot.views.blocks import Somebody, Span, line, rich
from bot.views.message import Message
from bot.views.proposals import Approval, Told, proposal_message, step_message
from bot.views.text import spoken
from bot.views.wording import sides, traffic
from diagnosis.question.question import Question

log = structlog.get_logger("whynot.fixes")
Mode = Literal["notify", "approve"]


@dataclass(frozen=True, slots=True)
class FixMessages:
    """Says what happens to proposals. Nothing that cannot be said ever stops what is being done."""

    tools: Tools
    deciding: Deciding
    mode: Mode

    def told(self, row: StoredProposal, channel: str = "", notes: tuple[str, ...] = ()) -> Told:
        """A proposal with all that its message says. Raises StoreGone."""
        store, proposal = self.tools.store, row.proposal
        decided = store.proposals.decisions(proposal.id)
        rejected = next((one for one in decided if one.verdict == "reject"), None)
        try:
            entries = store.ledger.entries(proposal.id)
        except LedgerUnavailable as error:
            raise StoreGone(str(error)) from error
        about, fixes = None, self.tools.settings.fixes
        if row.state is State.PROPOSED:
            sight = self.tools.networks.last(Scope())
            about = self.deciding.about(row, sight.whole if sight is not None else None)
        four_eyes = (proposal.requester, proposal.asker) if fixes.four_eyes else ()
        return Told(
            proposal=proposal,
            state=row.state,
            asked=self._asked(row),
            mode=self.mode,
            deciders=deciders(about, fixes, four_eyes),
            approvals=tuple(Approval(one.person, one.at) for one in decided if one.verdict == "approve"),
            rejection=(rejected.person, rejected.reason or "") if rejected is not None else None,
            entries=entries,
            outcome=row.outcome or "",
            undo_at=row.undo_at,
            channel=channel,
            notes=notes,
        )

    def _asked(self, row: StoredProposal) -> str:
        """The question in a few words, with names where its answer is still kept."""
        stored = self.tools.store.get(row.proposal.question_ref)
        answer = answer_of(stored) if stored is not None else None
        if answer is not None:
            source, destination = sides(answer)
            return f"{source} → {destination}, {traffic(answer)}"
        asked = Question.model_validate_json(row.proposal.question)
        parties = " → ".join(side.value for side in (asked.source, asked.destination) if side is not None)
        return f"{parties}, {asked.protocol or 'any protocol'} {asked.port or ''}".strip()

    def refresh(self, identity: str, notes: tuple[str, ...] = ()) -> None:
        """Put the message as it is now into every copy."""
        try:
            row = self.tools.store.proposals.get(identity)
            copies = self.tools.store.proposals.copies(identity)
            if row is None:
                return
            message = proposal_message(self.told(row, notes=notes))
        except StoreGone as error:
            log.warning("the copies of a proposal are not up to date", proposal=identity, error=str(error))
            return
        for channel, ts in copies:
            try:
                self.tools.courier.update(channel, ts, message)
            except Unreachable as error:
                log.warning("a copy cannot be updated", proposal=identity, channel=channel, error=error.code)

    def step(self, row: StoredProposal, *spans: Span | Somebody | str) -> None:
        """Tell one step of the story, in the thread of the question; else to whoever asked for the fix."""
        message = step_message(*spans)
        try:
            self.tools.courier.post(row.proposal.channel, message, thread=row.proposal.thread)
        except Unreachable as error:
            log.warning("a step cannot be told in its thread", proposal=row.proposal.id, error=error.code)
            for person in {row.proposal.requester, row.proposal.asker}:
                self.tools.courier.tell(person, message)

    def refuse(self, channel: str, person: str, why: Refused | str, thread: str | None = None) -> None:
        """Tell somebody why their press did nothing."""
        text = why if isinstance(why, str) else why.text
        self.tools.courier.whisper(channel, person, Message(spoken(text), (rich(line(text)),)), thread=thread)
