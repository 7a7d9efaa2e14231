"""Fixes in Slack: proposed, decided about, foreseen, undone. Whoever presses is told what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.access.scope import Scope
from bot.approvals.policy import FORGED, Refused, Verb
from bot.approvals.states import State
from bot.repair.hands import Hands
from bot.runner.carrying_out import LEASE_SECONDS, CarryingOut
from bot.runner.deciding import Deciding, Pressed
from bot.runner.desk import Desk
from bot.runner.fix_messages import FixMessages
from bot.runner.proposing import Asked, Proposing
from bot.store.audit import AuditDamaged
from bot.store.rows import Decision, StoredProposal
from bot.store.transactions import StoreGone
from bot.views.blocks import Somebody
from bot.views.decisions import approve_form, reject_form, span, undo_form
from bot.views.foreseen import foreseen_reply
from bot.views.message import View
from bot.views.proposals import Told
from bot.views.refusals import Refusal, refused
from diagnosis.evidence.recorded import Recorded
from diagnosis.fix.change import NotApplicable
from diagnosis.network.network import Network
from diagnosis.question.question import Question
from diagnosis.replay.replay import Replay, foreseen
from diagnosis.sources import SourceUnavailable

log = structlog.get_logger("whynot.fixes")
Recall = Callable[[Network], Recorded] | None
"""Reads what was refused in the last day in an account; None where there is nothing that can be read back."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """A confirmation that was sent."""

    pressed: Pressed
    reason: str = ""
    undo_after: int | None = None


class Fixes:
    """What the listeners hand presses to. Methods wait for Slack; none raises for what the store does."""

    def __init__(self, desk: Desk, hands: Hands | None, team: str, recall: Recall) -> None:
        self.desk = desk
        self.tools = desk.tools
        mode = self.tools.settings.fix_mode
        self.on = mode != "off"
        self.deciding = Deciding(self.tools, team)
        self.messages = FixMessages(
            self.tools, self.deciding, "approve" if mode == "approve" and hands is not None else "notify"
        )
        self.proposing = Proposing(self.tools, self.messages, team)
        self.carrying_out = CarryingOut(self.tools, hands, self.messages)
        self._recall = recall

    def propose(self, asked: Asked) -> None:
        """Somebody wants a fix proposed."""
        if not self.on:
            self.messages.refuse(asked.channel, asked.person, "Fixes are not proposed here (fixes.mode).", asked.thread)
        elif not self.desk.may(asked.person, asked.channel):
            self.tools.courier.whisper(asked.channel, asked.person, refused(Refusal.OUT_OF_SCOPE))
        else:
            self._surely(asked.channel, asked.person, lambda: self.proposing.propose(asked))

    def form(self, pressed: Pressed, trigger: str) -> None:
        """Open the confirmation of a press that would count; else say why it does not."""

        def opened() -> None:
            # A trigger lives for three seconds: nothing is read from the account here, and everything again later.
            sight = self.tools.networks.last(Scope())
            found = self.deciding.judged(pressed, sight.whole if sight is not None else None)
            if isinstance(found, Refused):
                self._refuse(pressed, found)
                return
            view = self._view(pressed.verb, self.messages.told(found, pressed.channel))
            if self.tools.courier.open_view(trigger, view) is None:
                self.tools.courier.whisper(pressed.channel, pressed.person, refused(Refusal.TOO_LATE))

        self._surely(pressed.channel, pressed.person, opened)

    def _view(self, verb: Verb, told: Told) -> View:
        match verb:
            case "approve":
                return approve_form(told, self.tools.settings.fixes.undo_minutes)
            case "reject":
                return reject_form(told)
            case "undo":
                return undo_form(told)

    def decide(self, sent: Submitted) -> None:
        """A confirmation was sent: it counts if everything that is asked now says so."""

        def decided() -> None:
            try:
                network = self.tools.networks.sight(Scope(), lambda _: None).whole
            except SourceUnavailable as error:
                self._refuse(sent.pressed, f"The account cannot be read now, so nothing was decided. {error}")
                return
            found = self.deciding.judged(sent.pressed, network)
            if isinstance(found, Refused):
                self._refuse(sent.pressed, found)
            elif sent.pressed.verb == "undo":
                self.carrying_out.undo(found.proposal.id, sent.pressed.person, sent.pressed.person)
            else:
                self._count(found, sent, network)

        self._surely(sent.pressed.channel, sent.pressed.person, decided)

    def _count(self, row: StoredProposal, sent: Submitted, network: Network) -> None:
        now, person, identity = self.tools.now(), sent.pressed.person, row.proposal.id
        decision = Decision(
            person=person,
            verdict="approve" if sent.pressed.verb == "approve" else "reject",
            at=now,
            reason=sent.reason or None,
            undo_after=sent.undo_after if sent.undo_after in self._time_boxes() else None,
        )
        counted = self.tools.store.proposals.decide(
            identity,
            decision,
            no_longer=self.deciding.no_longer(row, network),
            holder=self.tools.holder,
            held_until=now + LEASE_SECONDS,
        )
        if counted is None:
            self._refuse(sent.pressed, FORGED)
            return
        match counted.outcome:
            case "twice":
                self._refuse(sent.pressed, "You have approved this already; another person is needed.")
            case "closed":
                self._refuse(sent.pressed, f"This fix is {counted.row.state} by now: your press came too late.")
            case "counted":
                self.messages.refresh(identity)
                needed = row.proposal.needed
                self.messages.step(
                    counted.row, "Approved by ", Somebody(person), f", {counted.approvals} of {needed} approvals."
                )
            case "enough":
                boxed = (
                    f" It undoes itself after {span(counted.row.proposal.undo_after)}."
                    if (counted.row.proposal.undo_after)
                    else ""
                )
                self.carrying_out.apply(identity, person)
                self.messages.step(counted.row, "Approved by ", Somebody(person), f". It is applied now.{boxed}")
            case "rejected":
                self.messages.refresh(identity)
                why = f": {sent.reason}" if sent.reason else "."
                self.messages.step(counted.row, "Rejected by ", Somebody(person), why)

    def _time_boxes(self) -> frozenset[int]:
        return frozenset(60 * minutes for minutes in self.tools.settings.fixes.undo_minutes)

    def foresee(self, pressed: Pressed) -> None:
        """Tell what a fix would do, in the thread where that was pressed."""

        def told() -> None:
            row = self.tools.store.proposals.get(pressed.proposal)
            genuine = row is not None and row.proposal.nonce == pressed.nonce and row.proposal.team == pressed.team
            if row is None or not genuine or pressed.channel not in self.deciding.case(row, None).channels:
                self._refuse(pressed, FORGED)
                return
            person = self.deciding.person(pressed.person)
            if person is None or person.guest or person.bot or person.gone or person.team != row.proposal.team:
                self._refuse(pressed, "Only people of this workspace are told what a fix would do.")
                return
            found = self._replayed(row)
            reply = foreseen_reply(self.messages.told(row), found)
            for message in reply.messages:
                self.tools.courier.post(row.proposal.channel, message, thread=row.proposal.thread)
            for file in reply.files:
                self.tools.courier.upload(file, channel=row.proposal.channel, thread=row.proposal.thread)

        self._surely(pressed.channel, pressed.person, told)

    def _replayed(self, row: StoredProposal) -> Replay | str:
        if self._recall is None:
            return "No flow-log files are read here (account.flow_logs), so nothing can be replayed."
        try:
            network = self.tools.networks.sight(Scope(), lambda _: None).whole
            question = Question.model_validate_json(row.proposal.question)
            return foreseen(network, question, row.proposal.changes, self._recall(network))
        except (SourceUnavailable, NotApplicable) as error:
            return f"Nothing could be replayed: {error}"

    def withdrawn(self, row: StoredProposal) -> None:
        """A proposal expired: every copy says so, and its thread."""
        self.messages.refresh(row.proposal.id)
        if row.state is State.EXPIRED:
            self.messages.step(row, "The proposal has expired: nobody decided in time. Nothing was changed.")

    def _refuse(self, pressed: Pressed, why: Refused | str) -> None:
        if isinstance(why, Refused):
            log.info("a press was refused", proposal=pressed.proposal, person=pressed.person, why=why.code)
            self.tools.metrics.refused(f"fix: {why.code}")
        self.messages.refuse(pressed.channel, pressed.person, why)

    def _surely(self, channel: str, person: str, do: Callable[[], None]) -> None:
        """Do it, or tell whoever pressed that it was not done."""
        try:
            do()
        except StoreGone as error:
            log.warning("the store did not answer a press", error=str(error))
            self.messages.refuse(channel, person, "The store does not answer, so nothing was decided. Press it again.")
        except AuditDamaged as error:
            log.exception("the audit log is damaged")
            told = f"Nothing is decided or applied: {error}. Whoever runs whynot must act."
            self.messages.refuse(channel, person, told)
