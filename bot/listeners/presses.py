"""Buttons and menus. A value is only a name for something in the store; nothing that is decided is read from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.listeners.fixes import FixPresses
from bot.listeners.homes import Homes
from bot.listeners.press import Press
from bot.listeners.understanding import addressed, one_line
from bot.runner.desk import Ask, Desk
from bot.runner.details import ask_for_opinion, ask_witness, show, show_again
from bot.runner.mornings import Mornings, question_of, said_cause
from bot.runner.replies import option_of
from bot.settings.witnesses import Witness
from bot.views.controls import Action, Detail, chosen, family
from bot.views.forms import ask_form, mute_form, wrong_form
from bot.views.message import View
from bot.views.refusals import Refusal, refused
from diagnosis.question.follow_up import EitherSide
from diagnosis.question.question import Question

log = structlog.get_logger("whynot.presses")

_DETAILS: Final = {
    Action.SHOW_COMMANDS: Detail.COMMANDS,
    Action.SHOW_STEPS: Detail.STEPS,
    Action.SHOW_TRACE: Detail.TRACE,
    Action.SHOW_CHANGES: Detail.CHANGES,
    Action.SHOW_THREATS: Detail.THREATS,
}


class Presses:
    """Does what a press asks for."""

    def __init__(self, desk: Desk, homes: Homes, mornings: Mornings, fixes: FixPresses) -> None:
        self._desk = desk
        self._homes = homes
        self._mornings = mornings
        self._fixes = fixes
        self._unknown: set[str] = set()

    def pressed(self, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
        """Something was pressed or chosen."""
        press = Press(body, action)
        try:
            if not press.person or not self._desk.first_time((press.key,)):
                return
        except SQLAlchemyError:
            log.exception("the store did not take a press")
            self._desk.later(lambda: self._whisper(press, Refusal.NO_STORE))
            return
        try:
            kind = family(press.action_id)
        except ValueError:
            self._not_ours(press)
            return
        match kind:
            case (
                Action.SHOW_COMMANDS | Action.SHOW_STEPS | Action.SHOW_TRACE | Action.SHOW_CHANGES | Action.SHOW_THREATS
            ):
                self._show(press, press.value, _DETAILS[kind])
            case Action.ASK_CHANGES | Action.ASK_THREATS:
                witness: Witness = "changes" if kind is Action.ASK_CHANGES else "threats"
                self._desk.later(partial(ask_witness, self._desk, press.value, witness, press.channel, press.person))
            case Action.MORE:
                self._more(press)
            case Action.WRONG:
                self._wrong(press)
            case Action.STOP:
                self._desk.later(lambda: self._stop(press))
            case Action.RETRY:
                self._desk.later(lambda: self._retry(press))
            case Action.CHOOSE_PARTY:
                self._choose(press)
            case Action.OPEN_FORM:
                self._open(press, ask_form(metadata=metadata_of(press.channel, press.thread)))
            case Action.REFRESH_HOME:
                self._desk.later(lambda: self._look_again(press.person))
            case Action.EXAMPLE:
                self._ask(press, addressed(press.value, None), one_line(press.value))
            case Action.DIAGNOSE_CAUSE:
                self._desk.later(lambda: self._diagnose(press))
            case Action.MUTE_CAUSE:
                self._mute(press)
            case Action.OPEN_RECENT:
                self._desk.later(lambda: show_again(self._desk, press.value, press.person))
            case Action.PROPOSE_FIX | Action.APPROVE_FIX | Action.REJECT_FIX | Action.FORESEE_FIX | Action.UNDO_FIX:
                self._fixes.pressed(kind, press)
            case Action.PROPOSE_CAUSE:
                self._fixes.wanted(press)

    def _show(self, press: Press, identity: str, which: Detail) -> None:
        self._desk.later(lambda: show(self._desk, identity, which, press.channel, press.person))

    def _more(self, press: Press) -> None:
        try:
            which, identity = chosen(press.value)
        except ValueError:
            self._not_ours(press)
            return
        if which is Detail.SECOND_OPINION:
            self._desk.later(lambda: ask_for_opinion(self._desk, identity, press.channel, press.person))
        else:
            self._show(press, identity, which)

    def _wrong(self, press: Press) -> None:
        if self._desk.tools.store.get(press.value) is None:
            self._desk.later(lambda: self._whisper(press, Refusal.GONE))
        else:
            self._open(press, wrong_form(metadata=press.value))

    def _stop(self, press: Press) -> None:
        if self._desk.may(press.person, press.channel):
            self._desk.stop(press.value, press.person)

    def _retry(self, press: Press) -> None:
        if not self._desk.may(press.person, press.channel):
            return
        if not self._desk.retry(press.value) and self._desk.tools.store.get(press.value) is None:
            self._whisper(press, Refusal.GONE)

    def _choose(self, press: Press) -> None:
        picked = option_of(press.value)
        found = self._desk.chosen(*picked) if picked is not None else None
        if found is None:
            self._desk.later(lambda: self._whisper(press, Refusal.GONE))
            return
        row, question = found
        self._ask(press, question, row.text, (f"chosen:{row.id}:{press.value}",))

    def _diagnose(self, press: Press) -> None:
        found = self._mornings.cause(press.value, press.channel)
        if isinstance(found, Refusal):
            self._whisper(press, found)
            return
        self._ask(press, question_of(found[1]), said_cause(found[1]))

    def _mute(self, press: Press) -> None:
        found = self._mornings.cause(press.value, press.channel)
        if isinstance(found, Refusal):
            self._desk.later(lambda: self._whisper(press, found))
            return
        metadata = json.dumps({"channel": press.channel, "cause": press.value})
        self._open(press, mute_form(metadata=metadata, told=said_cause(found[1])))

    def _look_again(self, person: str) -> None:
        self._desk.tools.networks.forget()
        self._homes.show(person)

    def _ask(self, press: Press, asked: Question | EitherSide | str, text: str, keys: tuple[str, ...] = ()) -> None:
        if isinstance(asked, str):
            return
        home = not press.channel
        self._desk.ask(
            Ask(
                team=press.team,
                channel=press.channel or press.person,
                thread="" if home else press.thread,
                person=press.person,
                surface="home" if home else "button",
                text=text,
                asked=asked,
                keys=(*keys, press.key + ":asked"),
            )
        )

    def _open(self, press: Press, view: View) -> None:
        # At once, on this thread: a trigger lives for three seconds.
        if self._desk.tools.courier.open_view(press.trigger, view) is None:
            self._desk.later(lambda: self._whisper(press, Refusal.TOO_LATE))

    def _not_ours(self, press: Press) -> None:
        if press.action_id not in self._unknown and len(self._unknown) < 100:
            self._unknown.add(press.action_id)
            log.warning("a press that is none of ours", action=press.action_id[:80])
        self._desk.later(lambda: self._whisper(press, Refusal.UNKNOWN))

    def _whisper(self, press: Press, why: Refusal) -> None:
        courier = self._desk.tools.courier
        if press.channel:
            courier.whisper(press.channel, press.person, refused(why), thread=press.thread or None)
        else:
            courier.tell(press.person, refused(why))


def metadata_of(channel: str, thread: str) -> str:
    """Where the answer to a form belongs, as the form carries it."""
    return json.dumps({"channel": channel, "thread": thread})
