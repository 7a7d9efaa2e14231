"""What is filled in: the question as a form, and what is wrong with an answer; and what opens a form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bot.listeners.press import typed
from bot.listeners.presses import metadata_of
from bot.listeners.understanding import addressed, commanded, one_line, summary_words
from bot.runner.desk import Ask, Desk
from bot.runner.guide import help_for
from bot.runner.mornings import Mornings
from bot.runner.reports import Reports
from bot.views.controls import Field
from bot.views.forms import MUTE_DAYS, ask_form, form_faults, form_question
from bot.views.message import View
from bot.views.refusals import Refusal, refused
from diagnosis.question.parse import parse
from diagnosis.question.question import Question

log = structlog.get_logger("whynot.forms")


class Forms:
    """Slash commands, message shortcuts, and the modals behind them."""

    def __init__(self, desk: Desk, reports: Reports, mornings: Mornings) -> None:
        self._desk = desk
        self._reports = reports
        self._mornings = mornings

    def commanded(self, body: Mapping[str, Any]) -> None:
        """`/whynot why …`, `who …`, `help`; without a word, the form."""
        person, channel = str(body.get("user_id") or ""), str(body.get("channel_id") or "")
        text = str(body.get("text") or "")
        about = summary_words(text)
        if about is not None:
            if self._desk.first_time((f"command:{body.get('trigger_id')}",)):
                self._desk.later(lambda: self._mornings.said(about, channel, person))
            return
        asked = commanded(text)
        if asked == "help":
            self._desk.later(lambda: help_for(self._desk, channel, person, None))
        elif asked == "nothing":
            self._open(body, channel, person, ask_form(metadata=metadata_of(channel, "")))
        elif isinstance(asked, Question):
            self._desk.ask(
                Ask(
                    team=str(body.get("team_id") or ""),
                    channel=channel,
                    thread="",
                    person=person,
                    surface="command",
                    text=one_line(text),
                    asked=asked,
                    keys=(f"command:{body.get('trigger_id')}",),
                )
            )

    def diagnosed(self, body: Mapping[str, Any]) -> None:
        """The shortcut on a message: a question, a pasted error or a log line in it is asked; else the form opens."""
        message = body.get("message") or {}
        channel = str((body.get("channel") or {}).get("id") or "")
        person = str((body.get("user") or {}).get("id") or "")
        thread = str(message.get("thread_ts") or message.get("ts") or "")
        text = text_of(message)
        asked = addressed(text, None)
        if not isinstance(asked, Question) or not asked.clear:
            known = asked if isinstance(asked, Question) else None
            self._open(body, channel, person, ask_form(metadata=metadata_of(channel, thread), asked=known))
            return
        self._desk.ask(
            Ask(
                team=str((body.get("team") or {}).get("id") or ""),
                channel=channel,
                thread=thread,
                person=person,
                surface="shortcut",
                text=one_line(text),
                asked=asked,
                keys=(f"shortcut:{body.get('trigger_id')}",),
            )
        )

    def asked(self, body: Mapping[str, Any], ack: Callable[..., object]) -> None:
        """The form was submitted: what is wrong with it is shown in it, else it is asked."""
        view = body.get("view") or {}
        source, destination = typed(view, Field.SOURCE), typed(view, Field.DESTINATION)
        protocol, port = typed(view, Field.PROTOCOL) or "tcp", typed(view, Field.PORT)
        faults = form_faults(source, destination, protocol, port)
        if faults:
            ack(response_action="errors", errors=faults)
            return
        question = parse(form_question(source, destination, protocol, port))
        if question.intent != "why":
            what = "I could not read this as two parties. Name each by an address, an id, a name tag or a host name."
            ack(response_action="errors", errors={Field.SOURCE.value: what})
            return
        ack()
        person = str((body.get("user") or {}).get("id") or "")
        channel, thread = _place(view)
        self._desk.ask(
            Ask(
                team=str((body.get("team") or {}).get("id") or ""),
                channel=channel or person,
                thread=thread,
                person=person,
                surface="modal",
                text=form_question(source, destination, protocol, port),
                asked=question,
                keys=(f"view:{view.get('id')}:{view.get('hash')}",),
            )
        )

    def told_wrong(self, body: Mapping[str, Any]) -> None:
        """Somebody says what is wrong with an answer."""
        view = body.get("view") or {}
        person = str((body.get("user") or {}).get("id") or "")
        identity, comment = str(view.get("private_metadata") or ""), typed(view, Field.COMMENT)
        if self._desk.first_time((f"view:{view.get('id')}:{view.get('hash')}",)):
            self._desk.later(lambda: self._reports.report(identity, person, comment))

    def muted(self, body: Mapping[str, Any]) -> None:
        """A cause of a summary is not to be shown for a while."""
        view = body.get("view") or {}
        person = str((body.get("user") or {}).get("id") or "")
        days, reason = typed(view, Field.DAYS), typed(view, Field.COMMENT)
        try:
            place = json.loads(str(view.get("private_metadata") or "{}"))
            value, channel = str(place["cause"]), str(place["channel"])
        except (ValueError, KeyError, TypeError):
            log.warning("a form that is none of ours")
            return
        if days in map(str, MUTE_DAYS) and self._desk.first_time((f"view:{view.get('id')}:{view.get('hash')}",)):
            self._desk.later(lambda: self._mornings.mute(value, channel, person, int(days), reason))

    def _open(self, body: Mapping[str, Any], channel: str, person: str, view: View) -> None:
        courier = self._desk.tools.courier
        if courier.open_view(str(body.get("trigger_id") or ""), view) is None:
            self._desk.later(lambda: courier.whisper(channel, person, refused(Refusal.TOO_LATE)))


def text_of(message: Mapping[str, Any]) -> str:
    """What a message says: its text, else what its attachments say, as monitoring programs post it."""
    texts = [str(message.get("text") or "")]
    for attachment in message.get("attachments") or ():
        if isinstance(attachment, Mapping):
            texts += [str(attachment.get(key) or "") for key in ("pretext", "title", "text", "fallback")]
    for file in message.get("files") or ():
        if isinstance(file, Mapping):
            texts.append(str(file.get("preview") or ""))
    return "\n".join(dict.fromkeys(text for text in texts if text))


def _place(view: Mapping[str, Any]) -> tuple[str, str]:
    """Where the answer belongs; "" where the form was opened from the Home."""
    try:
        place = json.loads(str(view.get("private_metadata") or "{}"))
    except ValueError:
        place = None
    if not isinstance(place, dict):
        return "", ""
    return str(place.get("channel") or ""), str(place.get("thread") or "")
