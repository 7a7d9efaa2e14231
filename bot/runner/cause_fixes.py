"""A fix proposed straight from a summary: its cause is asked about anew, and what the answer proves is proposed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.runner.desk import Ask
from bot.runner.fixes import Fixes
from bot.runner.mornings import Mornings, question_of, said_cause
from bot.runner.outcomes import answer_of
from bot.runner.proposing import LIVE, Asked
from bot.store.rows import OPEN, StoredQuestion, Surface
from bot.views.morning import said_of
from bot.views.refusals import Refusal, refused

SURFACE: Final[Surface] = "summary fix"
"""By this a question is known, over restarts too, whose answer is to be followed by a proposal."""
JUST_NOW: Final = 60.0
"""Between an answer and its proposal the account may be read: so long a further press changes nothing."""
_ALREADY: Final = "A fix for this is proposed already; it stands in the thread."
_UNDER_WAY: Final = "A fix for this was asked for just now; the thread says what comes of it."
_NONE: Final = "No fix is proven any more, so none is proposed: the answer above is how it stands now."


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody pressed Propose fix below a cause of a summary; `value` names the summary and the cause."""

    value: str
    team: str
    person: str
    channel: str
    thread: str


@dataclass(frozen=True, slots=True)
class CauseFixes:
    """Asks, and proposes once the answer is there. Waits for Slack and the account."""

    mornings: Mornings
    fixes: Fixes

    def wanted(self, wish: Wish) -> None:
        """Ask about a cause so that its fix is proposed; tell whoever pressed where that is of no use."""
        fixes, desk = self.fixes, self.fixes.desk
        found = self.mornings.cause(wish.value, wish.channel)
        if not fixes.on:
            fixes.messages.refuse(wish.channel, wish.person, "Fixes are not proposed here (fixes.mode).", wish.thread)
            return
        if isinstance(found, Refusal):
            fixes.tools.courier.whisper(wish.channel, wish.person, refused(found), thread=wish.thread)
            return
        question, said = question_of(found[1]), said_cause(found[1])
        asked = self._asked(wish.channel, wish.thread, question.model_dump_json())
        if self._proposed(asked):
            fixes.messages.refuse(wish.channel, wish.person, _ALREADY, wish.thread)
            return
        earlier = [row for row in asked if row.surface == SURFACE]
        ask = Ask(
            team=wish.team,
            channel=wish.channel,
            thread=wish.thread,
            person=wish.person,
            surface=SURFACE,
            text=said,
            asked=question,
            # Of presses at the same moment, each of which sees as many earlier ones, the first counts.
            keys=(f"summary fix:{wish.value}:{len(earlier)}",),
        )
        if any(map(self._under_way, earlier)) or not desk.ask(ask):
            fixes.messages.refuse(wish.channel, wish.person, _UNDER_WAY, wish.thread)

    def _under_way(self, row: StoredQuestion) -> bool:
        """Whether a proposal of this question may come yet."""
        if row.state in OPEN:
            return True
        store, ended = self.fixes.tools.store, row.ended_at
        recent = row.state == "answered" and ended is not None and self.fixes.tools.now() - ended < JUST_NOW
        return recent and not store.proposals.of_question(row.id)

    def answered(self, row: StoredQuestion) -> None:
        """An answer stands in its thread: propose its first fix, if it was asked for that."""
        answer = answer_of(row) if row.surface == SURFACE else None
        if answer is None:
            return
        if self._proposed(self._asked(row.channel, row.thread, row.question)):
            self.fixes.messages.refuse(row.channel, row.person, _ALREADY, row.thread)
        elif answer.fixes:
            self.fixes.propose(Asked(row.id, answer.fixes[0].id, row.person, row.channel, row.thread))
        else:
            self.fixes.tools.courier.post(row.channel, said_of(_NONE), thread=row.thread)

    def _asked(self, channel: str, thread: str, question: str) -> tuple[StoredQuestion, ...]:
        """This question, as often as it was asked in a thread."""
        return tuple(row for row in self.fixes.tools.store.in_thread(channel, thread) if row.question == question)

    def _proposed(self, asked: tuple[StoredQuestion, ...]) -> bool:
        """Whether a proposal stands of any of these questions."""
        proposals = self.fixes.tools.store.proposals
        return any(one.state in LIVE for row in asked for one in proposals.of_question(row.id))
