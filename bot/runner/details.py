"""What a press shows of an answer, as far as its channel may see it."""

from __future__ import annotations

from bot.access.people import Place, terms
from bot.runner.desk import Desk
from bot.runner.outcomes import answer_of
from bot.settings.values import ChannelSettings
from bot.settings.witnesses import Witness
from bot.store.rows import StoredQuestion
from bot.views.answers import answer_message
from bot.views.controls import Detail
from bot.views.details import detail
from bot.views.message import Message
from bot.views.refusals import Refusal, refused

RAW = (Detail.RECORDS, Detail.QUERY)


def show(desk: Desk, identity: str, which: Detail, channel: str, person: str) -> None:
    """Show a detail of an answer in its thread. Waits for Slack; raises Unreachable."""
    courier = desk.tools.courier
    row = desk.tools.store.get(identity)
    answer = answer_of(row) if row is not None else None
    if row is None or answer is None:
        courier.whisper(channel, person, refused(Refusal.GONE))
        return
    allowed = _allowed(desk, row)
    if not desk.may(person, row.channel) or allowed is None:
        courier.whisper(channel, person, refused(Refusal.OUT_OF_SCOPE))
        return
    if (which in RAW and not allowed.raw_logs) or (which is Detail.JSON and not allowed.files):
        courier.whisper(row.channel, person, refused(Refusal.RAW_NOT_ALLOWED), thread=row.thread)
        return
    pictures = desk.tools.pictures
    picture = pictures.decision(answer) if which is Detail.DIAGRAM and allowed.pictures else None
    reply = detail(answer, which, picture=picture)
    for message in reply.messages:
        courier.post(row.channel, message, thread=row.thread)
    for file in reply.files:
        if allowed.files:
            courier.upload(file, channel=row.channel, thread=row.thread)
        else:
            courier.whisper(row.channel, person, refused(Refusal.RAW_NOT_ALLOWED), thread=row.thread)


def ask_for_opinion(desk: Desk, identity: str, channel: str, person: str) -> None:
    """Ask AWS for a second opinion on an answer; it comes into the thread. Waits for Slack; raises Unreachable."""
    courier = desk.tools.courier
    row = desk.tools.store.get(identity)
    if row is None or answer_of(row) is None:
        courier.whisper(channel, person, refused(Refusal.GONE))
    elif not desk.may(person, row.channel) or _allowed(desk, row) is None:
        courier.whisper(channel, person, refused(Refusal.OUT_OF_SCOPE))
    elif not desk.tools.opinions.offered:
        courier.whisper(row.channel, person, refused(Refusal.NO_OPINIONS), thread=row.thread)
    elif not desk.tools.opinions.ask(row):
        courier.whisper(row.channel, person, refused(Refusal.OPINION_UNDER_WAY), thread=row.thread)


def ask_witness(desk: Desk, identity: str, witness: Witness, channel: str, person: str) -> None:
    """Ask somebody else about an answer; what they say comes into the thread. Waits for Slack; raises Unreachable."""
    courier, witnesses = desk.tools.courier, desk.tools.witnesses
    row = desk.tools.store.get(identity)
    if row is None or answer_of(row) is None:
        courier.whisper(channel, person, refused(Refusal.GONE))
    elif not desk.may(person, row.channel) or _allowed(desk, row) is None:
        courier.whisper(channel, person, refused(Refusal.OUT_OF_SCOPE))
    elif witness not in witnesses.known:
        courier.whisper(row.channel, person, refused(Refusal.NO_WITNESS), thread=row.thread)
    elif not witnesses.ask(row, witness):
        courier.whisper(row.channel, person, refused(Refusal.WITNESS_UNDER_WAY), thread=row.thread)


def show_again(desk: Desk, identity: str, person: str) -> None:
    """Say a kept answer once more to whoever asked for it, in a direct message. Waits for Slack; raises Unreachable."""
    row = desk.tools.store.get(identity)
    answer = answer_of(row) if row is not None else None
    courier = desk.tools.courier
    if row is None or row.person != person:
        courier.tell(person, refused(Refusal.GONE))
    elif answer is not None:
        courier.tell(person, answer_message(answer, ref=row.id))
    else:
        courier.tell(person, Message(row.headline or row.text))


def _allowed(desk: Desk, row: StoredQuestion) -> ChannelSettings | None:
    return terms(Place(row.channel, row.channel.startswith("D")), desk.tools.settings)
