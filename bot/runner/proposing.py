"""A proven fix put to those who may decide: what it is, what stands against it, and who is told."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

import structlog
from pydantic import TypeAdapter

from bot.access.scope import Scope
from bot.approvals.drift import fingerprint
from bot.approvals.guardrails import check
from bot.approvals.policy import policy_hash
from bot.approvals.proposal import Proposal
from bot.approvals.states import Event, State
from bot.approvals.subject import needed, subject
from bot.runner.courier import Unreachable
from bot.runner.fix_messages import FixMessages
from bot.runner.outcomes import answer_of
from bot.runner.work import Tools
from bot.store.rows import StoredProposal, StoredQuestion
from bot.views.proposals import proposal_message
from bot.views.refusals import Refusal, refused
from diagnosis.answer import Fix
from diagnosis.fix.change import Change, NotApplicable, apply_all
from diagnosis.network.network import Network
from diagnosis.question.question import Question
from diagnosis.sources import SourceUnavailable

log = structlog.get_logger("whynot.fixes")
LIVE: Final = frozenset(State) - {
    State.REJECTED,
    State.EXPIRED,
    State.SUPERSEDED,
    State.DRIFTED,
    State.UNDONE,
    State.FAILED,
}
"""In these there is a proposal already, and another for the same fix would only confuse."""
_CHANGE: Final[TypeAdapter[Change]] = TypeAdapter(Change)


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody wants a fix of an answer proposed."""

    ref: str
    fix: str
    person: str
    channel: str
    thread: str


@dataclass(frozen=True, slots=True)
class Proposing:
    """Makes proposals. Waits for Slack and for the account; raises StoreGone."""

    tools: Tools
    messages: FixMessages
    team: str

    def propose(self, asked: Asked) -> None:
        """Propose a fix, or tell whoever asked why not."""
        row = self.tools.store.get(asked.ref)
        answer = answer_of(row) if row is not None else None
        fix = next((one for one in answer.fixes if one.id == asked.fix), None) if answer is not None else None
        if row is None or fix is None or row.channel != asked.channel:
            self.tools.courier.whisper(asked.channel, asked.person, refused(Refusal.GONE), thread=asked.thread or None)
            return
        known = self.tools.store.proposals.of_question(row.id)
        if any(one.state in LIVE and Fix.model_validate_json(one.proposal.fix).id == fix.id for one in known):
            self.messages.refuse(row.channel, asked.person, "This fix is proposed already.", row.thread)
            return
        try:
            network = self.tools.networks.sight(Scope(), lambda _: None).whole
        except SourceUnavailable as error:
            self.messages.refuse(row.channel, asked.person, f"The account cannot be read now. {error}", row.thread)
            return
        changes = tuple(_CHANGE.validate_python(change) for change in fix.changes)
        stands_against = self._against(network, row, changes)
        if stands_against and self.messages.mode == "approve":
            told = "This fix is not applied by button: " + "; ".join(stands_against)
            self.messages.refuse(
                row.channel, asked.person, f"{told}. Its commands are behind Show commands.", row.thread
            )
            return
        proposal = self._made(network, row, fix, changes, asked)
        if not self.tools.store.proposals.add(proposal):
            return
        self._supersede(known)
        self._say(proposal, stands_against)

    def _against(self, network: Network, row: StoredQuestion, changes: tuple[Change, ...]) -> tuple[str, ...]:
        """What stands against it, in words."""
        try:
            apply_all(changes, network)
        except NotApplicable as error:
            return (f"the account has changed since: {error}",)
        question = Question.model_validate_json(row.question)
        found = check(network, question, changes, self.tools.settings.fixes)
        return tuple(violation.text for violation in found)

    def _made(
        self, network: Network, row: StoredQuestion, fix: Fix, changes: tuple[Change, ...], asked: Asked
    ) -> Proposal:
        settings, now = self.tools.settings.fixes, self.tools.now()
        about = subject(network, changes, fix.risk, settings)
        [(account, region)] = about.places if about is not None and len(about.places) == 1 else [("", "")]
        question = Question.model_validate_json(row.question)
        return Proposal(
            id=f"fx{secrets.token_hex(8)}",
            nonce=secrets.token_hex(16),
            team=self.team,
            channel=row.channel,
            thread=row.thread,
            question_ref=row.id,
            requester=asked.person,
            asker=row.person,
            account=account,
            region=region,
            question=row.question,
            fix=fix.model_dump_json(),
            changes=changes,
            fingerprint=fingerprint(network, question, changes),
            policy=policy_hash(settings, self.messages.deciding.members()),
            proposed_at=now,
            expires_at=now + 60 * settings.expire_minutes,
            needed=needed(about, settings) if about is not None else settings.approvals,
            managed_by=fix.managed_by,
        )

    def _supersede(self, known: tuple[StoredProposal, ...]) -> None:
        """A newer proposal for the same question takes the place of those that nobody has decided about."""
        for one in known:
            moved = None
            if one.state is State.PROPOSED:
                moved = self.tools.store.proposals.move(one.proposal.id, Event.SUPERSEDE, self.tools.now())
            if moved is not None:
                self.messages.refresh(one.proposal.id)

    def _say(self, proposal: Proposal, notes: tuple[str, ...]) -> None:
        """The message in its thread, and a copy to each of those who are to be told."""
        row = self.tools.store.proposals.get(proposal.id)
        if row is None:
            return
        store, courier = self.tools.store.proposals, self.tools.courier
        message = proposal_message(self.messages.told(row, notes=notes))
        try:
            ts = courier.post(proposal.channel, message, thread=proposal.thread, marked=proposal.id)
            store.add_copy(proposal.id, proposal.channel, ts)
        except Unreachable as error:
            log.warning("a proposal cannot be said in its thread", proposal=proposal.id, error=error.code)
        for whom in self.tools.settings.fixes.notify:
            try:
                channel, ts = courier.post_root(whom, message, marked=proposal.id)
                store.add_copy(proposal.id, channel, ts)
            except Unreachable as error:
                log.warning("somebody was not told of a proposal", proposal=proposal.id, whom=whom, error=error.code)
