"""What people say and press about summaries: when one is wanted, and what is to be done about a cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.access.people import Place, scope_of, terms
from bot.access.timetable import Timetable
from bot.runner.desk import Desk
from bot.runner.morning import Morning
from bot.runner.subscribing import EXAMPLE, HOURS, NotUnderstood, Wanted, subscription_of
from bot.runner.summarising import stored
from bot.settings.summaries import WEEKDAYS
from bot.store.summaries import Mute, Run, Subscription
from bot.views.message import Message
from bot.views.morning import key_of, said_of
from bot.views.refusals import Refusal, refused
from bot.views.text import clip
from diagnosis.question.question import Party, Question
from diagnosis.summary import CauseTotal

DAY: Final = 86_400.0
MOST_DAYS: Final = 365
HELP: Final = (
    f"{EXAMPLE} – every day; also mon-fri, mon,wed,fri. After it: 12h looks back so far, vpc-… narrows it.",
    "/whynot summary – when it comes here. list · now · pause · resume · remove",
    "/whynot summary muted · unmute 1",
)


@dataclass(frozen=True, slots=True)
class Mornings:
    """Takes the words after `/whynot summary`, and presses below a summary. Every method waits for Slack."""

    desk: Desk
    morning: Morning

    def said(self, text: str, channel: str, person: str) -> None:
        """`daily 09:00 Europe/Berlin`, `list`, `now`, `pause`, `resume`, `remove`, `muted`, `unmute 1`, or nothing."""
        if not self.desk.may(person, channel):
            self._whisper(channel, person, refused(Refusal.OUT_OF_SCOPE))
            return
        word, _, rest = text.strip().partition(" ")
        simple: dict[str, Callable[[str, str], str]] = {
            "": self._when,
            "list": self._list,
            "now": self._now,
            "run": self._now,
            "muted": self._muted,
        }
        changes: dict[str, Callable[[str, str], str]] = {
            "pause": lambda c, p: self._change(c, p, "paused"),
            "resume": lambda c, p: self._change(c, p, "active"),
            "remove": lambda c, p: self._change(c, p, "removed"),
            "unmute": lambda c, _: self._unmute(c, rest),
        }
        if word.lower() in simple:
            said = simple[word.lower()](channel, person)
        elif word.lower() == "help":
            said = "\n".join(HELP)
        elif not self._is_admin(person):
            said = self._admins_only()
        elif word.lower() in changes:
            said = changes[word.lower()](channel, person)
        else:
            said = self._subscribe(text, channel, person)
        self._whisper(channel, person, said_of(said))

    def _is_admin(self, person: str) -> bool:
        admins = self.desk.tools.settings.summaries.admins
        return not admins or person in admins

    def _admins_only(self) -> str:
        return "Only those named in the setting summaries.admins may change when the summary comes."

    def _subscribe(self, text: str, channel: str, person: str) -> str:
        tools = self.desk.tools
        allowed = terms(Place(channel, channel.startswith("D")), tools.settings)
        if allowed is None:
            return Refusal.UNCONFIGURED_CHANNEL.value[0]
        try:
            row = subscription_of(text, channel, person, tools.now(), scope_of(allowed))
        except NotUnderstood as error:
            return str(error)
        tools.store.summaries.subscribe(row)
        return f"The summary will come here: {self._words(self._of(channel))}"

    def _of(self, channel: str) -> Wanted | None:
        return next((each for each in self.morning.wanted() if each.channel == channel), None)

    def _words(self, each: Wanted | None) -> str:
        if each is None:
            return f"No summary comes here. {EXAMPLE}"
        following = datetime.fromtimestamp(each.timetable.following(self.desk.tools.now()), UTC)
        scope = f", of {each.scope.words}" if each.scope.words else ""
        when = "paused" if each.paused else f"next at {following:%Y-%m-%d %H:%M} UTC"
        return f"{each.timetable.words}, the last {each.hours:g} hours{scope}; {when}."

    def _when(self, channel: str, _person: str) -> str:
        return "\n".join([self._words(self._of(channel)), *HELP[1:]])

    def _list(self, _channel: str, person: str) -> str:
        """The summaries of all channels in which this person may ask."""
        mine = [each for each in self.morning.wanted() if self.desk.may(person, each.channel)]
        return "\n".join(f"{each.channel}: {self._words(each)}" for each in mine) or self._words(None)

    def _now(self, channel: str, person: str) -> str:
        tools = self.desk.tools
        allowed = terms(Place(channel, channel.startswith("D")), tools.settings)
        if allowed is None:
            return Refusal.UNCONFIGURED_CHANNEL.value[0]
        known = self._of(channel)
        plain = Wanted(channel, Timetable("00:00", "UTC", WEEKDAYS), HOURS, scope_of(allowed), None)
        self.morning.now(known or plain)
        return "The summary is being made; it will come here."

    def _change(self, channel: str, person: str, state: str) -> str:
        tools = self.desk.tools
        known = self._of(channel)
        if known is None:
            return self._words(None)
        row = Subscription(
            channel=channel,
            at=known.timetable.at,
            zone=known.timetable.zone,
            days=",".join(known.timetable.days),
            hours=known.hours,
            state="paused" if state == "paused" else "removed" if state == "removed" else "active",
            person=person,
            changed_at=tools.now(),
        )
        for kept in tools.store.summaries.subscriptions():
            if kept.channel == channel:
                row = row.model_copy(update={"scope": kept.scope})
        tools.store.summaries.subscribe(row)
        if state == "removed":
            return "No summary will come here any more."
        return self._words(self._of(channel))

    def _muted(self, channel: str, _person: str) -> str:
        tools = self.desk.tools
        rows = tools.store.summaries.mutes(channel, tools.now())
        return (
            "\n".join(f"{place}. {_mute_words(row)}" for place, row in enumerate(rows, 1)) or "Nothing is muted here."
        )

    def _unmute(self, channel: str, rest: str) -> str:
        tools = self.desk.tools
        rows = tools.store.summaries.mutes(channel, tools.now())
        number = rest.strip()
        if not (number.isascii() and number.isdecimal() and 1 <= int(number) <= len(rows)):
            return "Which one? /whynot summary muted numbers them; then /whynot summary unmute 1."
        row = rows[int(number) - 1]
        tools.store.summaries.unmute(channel, [row.cause])
        return f"Shown again: {row.label}"

    def cause(self, value: str, channel: str) -> tuple[Run, CauseTotal] | Refusal:
        """The summary and the cause that a button below it names, in the channel where that was said; or why not."""
        ref, _, key = value.partition(":")
        run = self.desk.tools.store.summaries.run(ref)
        found = stored(run.document) if run is not None else None
        if run is None or found is None or run.channel != channel:
            return Refusal.NO_SUMMARY
        named = next((total for total in found.causes if key_of(total) == key), None)
        return Refusal.CAUSE_GONE if named is None else (run, named)

    def mute(self, value: str, channel: str, person: str, days: int, reason: str) -> None:
        """Show a cause no more for so many days."""
        found = self.cause(value, channel)
        if isinstance(found, Refusal):
            self._whisper(channel, person, refused(found))
            return
        if not self.desk.may(person, channel):
            self._whisper(channel, person, refused(Refusal.OUT_OF_SCOPE))
            return
        if not self._is_admin(person):
            self._whisper(channel, person, said_of(self._admins_only()))
            return
        tools, (run, total) = self.desk.tools, found
        now = tools.now()
        row = Mute(
            channel=channel,
            cause=key_of(total),
            label=clip(total.cause.text if total.cause is not None else "", 300),
            until=now + days * DAY,
            reason=clip(reason, 500),
            person=person,
            muted_at=now,
        )
        tools.store.summaries.mute(row)
        thread = run.message
        tools.courier.post(channel, said_of(f"Muted: {_mute_words(row)}", by=person), thread=thread)

    def _whisper(self, channel: str, person: str, message: Message) -> None:
        if channel.startswith("D"):
            self.desk.tools.courier.post(channel, message)
        else:
            self.desk.tools.courier.whisper(channel, person, message)


def question_of(total: CauseTotal) -> Question:
    """What a person would ask about a cause: its example."""
    group = total.example
    return Question(
        intent="why",
        source=Party(kind="ip", value=group.source),
        destination=Party(kind="ip", value=group.destination),
        protocol=group.protocol,
        port=group.port,
    )


def said_cause(total: CauseTotal) -> str:
    """A cause on one line, as what was asked."""
    return " ".join(total.cause.text.split()) if total.cause is not None else "a cause of the summary"


def _mute_words(row: Mute) -> str:
    until = datetime.fromtimestamp(row.until, UTC)
    return f"{row.label} Until {until:%Y-%m-%d}: {row.reason}"
