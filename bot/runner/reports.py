"""Reports of wrong answers: the question, the answer and the part of the account that it rests on, in one file."""

from __future__ import annotations

import structlog

from bot.access.people import Place, scope_of, terms
from bot.runner.desk import Desk
from bot.runner.outcomes import answer_of
from bot.views.message import Attachment
from bot.views.refusals import Refusal, refused
from diagnosis.bug_report import Write, pack

log = structlog.get_logger("whynot.reports")


class Reports:
    """Packs what somebody needs to find out why an answer is wrong."""

    def __init__(self, desk: Desk, write: Write) -> None:
        self._desk = desk
        self._write = write

    def report(self, identity: str, person: str, comment: str) -> None:
        """Share a report in the answer's thread. Waits for Slack; raises Unreachable."""
        tools, courier = self._desk.tools, self._desk.tools.courier
        row = tools.store.get(identity)
        answer = answer_of(row) if row is not None else None
        if row is None or answer is None:
            courier.tell(person, refused(Refusal.GONE))
            return
        place = Place(row.channel, row.channel.startswith("D"))
        allowed = terms(place, tools.settings)
        if allowed is None or not self._desk.may(person, row.channel):
            courier.tell(person, refused(Refusal.OUT_OF_SCOPE))
            return
        log.warning("an answer was reported as wrong", question=row.id, verdict=row.verdict)
        if not allowed.files:
            courier.whisper(row.channel, person, refused(Refusal.RAW_NOT_ALLOWED), thread=row.thread)
            return
        sight = tools.networks.last(scope_of(allowed))
        packed = pack(row.text, answer, comment, sight.described if sight is not None else None, self._write)
        told = "The part of the account in it gives the same verdict." if packed.same else "It holds no account."
        title = f"A report of question {row.id}. {told}"
        file = Attachment(f"whynot-{row.id[:12]}.zip", title, packed.content)
        if courier.upload(file, channel=row.channel, thread=row.thread) is None:
            courier.whisper(row.channel, person, refused(Refusal.RAW_NOT_ALLOWED), thread=row.thread)
