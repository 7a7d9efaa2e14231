"""Presses and forms of fixes as Slack delivers them: who, where, which proposal. Nothing else is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.approvals.buttons import read_button
from bot.approvals.policy import FORGED, Verb
from bot.listeners.press import Press, typed
from bot.runner.cause_fixes import CauseFixes, Wish
from bot.runner.deciding import Pressed
from bot.runner.fixes import Fixes, Submitted
from bot.runner.proposing import Asked
from bot.views.controls import Action, Callback, Field
from bot.views.refusals import Refusal, refused

log = structlog.get_logger("whynot.fixes")

_VERBS: Final[dict[Action, Verb]] = {
    Action.APPROVE_FIX: "approve",
    Action.REJECT_FIX: "reject",
    Action.UNDO_FIX: "undo",
}
_SENT: Final[dict[Callback, Verb]] = {
    Callback.APPROVE: "approve",
    Callback.REJECT: "reject",
    Callback.UNDO: "undo",
}


class FixPresses:
    """Takes what is pressed and sent apart, and hands it over."""

    def __init__(self, fixes: Fixes, causes: CauseFixes) -> None:
        self._fixes = fixes
        self._causes = causes

    def pressed(self, kind: Action, press: Press) -> None:
        """A button of an answer or of a proposal."""
        fixes, desk = self._fixes, self._fixes.desk
        if kind is Action.PROPOSE_FIX:
            ref, _, fix = press.value.partition(":")
            asked = Asked(ref, fix, press.person, press.channel, press.thread)
            desk.later(lambda: fixes.propose(asked))
            return
        named = read_button(press.value)
        if named is None:
            desk.later(lambda: fixes.messages.refuse(press.channel, press.person, FORGED))
            return
        verb = _VERBS.get(kind, "approve")
        pressed = Pressed(verb, *named, press.team, press.channel, press.person)
        if kind is Action.FORESEE_FIX:
            desk.later(lambda: fixes.foresee(pressed))
        else:
            desk.later(lambda: fixes.form(pressed, press.trigger))

    def wanted(self, press: Press) -> None:
        """Propose fix below a cause of a summary."""
        wish = Wish(press.value, press.team, press.person, press.channel, press.thread)
        self._fixes.desk.later(lambda: self._causes.wanted(wish))

    def sent(self, body: Mapping[str, Any]) -> None:
        """A confirmation was sent. The same one a second time, by a retry of Slack, is one."""
        view = body.get("view") or {}
        try:
            verb = _SENT[Callback(str(view.get("callback_id") or ""))]
            carried = json.loads(str(view.get("private_metadata") or ""))
            named = read_button(str(carried["value"]))
            channel = str(carried["channel"])
        except (ValueError, KeyError, TypeError):
            return
        person = str((body.get("user") or {}).get("id") or "")
        team = str((body.get("team") or {}).get("id") or (body.get("user") or {}).get("team_id") or "")
        if named is None or not person:
            return
        try:
            if not self._fixes.desk.first_time((f"view:{view.get('id')}:{view.get('hash')}",)):
                return
        except SQLAlchemyError:
            log.exception("the store did not take a confirmation")
            courier = self._fixes.tools.courier
            self._fixes.desk.later(lambda: courier.whisper(channel, person, refused(Refusal.NO_STORE)))
            return
        chosen = typed(view, Field.UNDO_AFTER)
        after = int(chosen) if chosen.isascii() and chosen.isdecimal() and len(chosen) < 9 else 0
        sent = Submitted(Pressed(verb, *named, team, channel, person), typed(view, Field.COMMENT)[:500], after or None)
        self._fixes.desk.later(lambda: self._fixes.decide(sent))
