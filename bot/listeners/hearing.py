"""Events: mentions, direct messages, what is written below our answers, the App Home, and Slack's own Stop button."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog

from bot.listeners.homes import Homes
from bot.listeners.understanding import Word, addressed, one_line, overheard, summary_words
from bot.runner.desk import Ask, Desk
from bot.runner.guide import help_for
from bot.runner.mornings import Mornings
from bot.store.rows import Surface
from diagnosis.question.follow_up import EitherSide
from diagnosis.question.question import Question

log = structlog.get_logger("whynot.hearing")

SAID: Final = frozenset({None, "file_share", "thread_broadcast"})
"""Subtypes of a message that somebody wrote; edits, deletions, joins and the like have others."""


class Hearing:
    """Takes events apart. A malformed one is logged and left."""

    def __init__(self, desk: Desk, homes: Homes, bot_user: str, mornings: Mornings) -> None:
        self._mornings = mornings
        self._desk = desk
        self._homes = homes
        self._mention = f"<@{bot_user}>"

    def mentioned(self, body: Mapping[str, Any]) -> None:
        """Somebody wrote our name in a channel."""
        heard = _heard(body)
        if heard is None:
            return
        about = summary_words(self._without_name(heard))
        if about is not None:
            channel, person = str(heard["channel"]), str(heard["user"])
            if self._desk.first_time((f"message:{channel}:{heard['ts']}",)):
                self._desk.later(lambda: self._mornings.said(about, channel, person))
            return
        thread = str(heard.get("thread_ts") or heard["ts"])
        last = self._last(heard["channel"], thread)
        surface: Surface = "thread" if last is not None else "mention"
        self._take(body, heard, thread, surface, addressed(self._without_name(heard), last))

    def written(self, body: Mapping[str, Any]) -> None:
        """A message: to us alone, or in a channel that we hear, where only our own threads concern us."""
        heard = _heard(body)
        if heard is None:
            return
        channel, text = str(heard["channel"]), str(heard.get("text") or "")
        direct = heard.get("channel_type") == "im" or channel.startswith("D")
        if not direct and (self._mention in text or f"{self._mention[:-1]}|" in text or not heard.get("thread_ts")):
            return  # a mention comes as an event of its own
        thread = str(heard.get("thread_ts") or heard["ts"])
        last = self._last(channel, thread)
        if direct:
            self._take(body, heard, thread, "message", addressed(self._without_name(heard), last))
        elif last is not None:
            self._take(body, heard, thread, "thread", overheard(text, last))

    def opened(self, body: Mapping[str, Any]) -> None:
        """Somebody opened one of the app's tabs."""
        event = body.get("event") or {}
        person, tab = event.get("user"), event.get("tab")
        if not isinstance(person, str):
            return
        if tab == "home":
            self._desk.later(lambda: self._homes.show(person))
        elif tab == "messages" and isinstance(event.get("channel"), str):
            self._homes.suggest(str(event["channel"]), str(event.get("thread_ts") or ""))

    def stop_pressed(self, body: Mapping[str, Any]) -> None:
        """Slack's own Stop button, in the thread of an agent."""
        event = body.get("event") or {}
        channel, thread, person = event.get("channel"), event.get("thread_ts"), event.get("user")
        if isinstance(channel, str) and isinstance(thread, str) and isinstance(person, str):
            self._stop(channel, thread, person)

    def _take(
        self,
        body: Mapping[str, Any],
        heard: Mapping[str, Any],
        thread: str,
        surface: Surface,
        asked: Question | EitherSide | Word,
    ) -> None:
        channel, person = str(heard["channel"]), str(heard["user"])
        keys = tuple(f"event:{body['event_id']}" for _ in (1,) if body.get("event_id"))
        keys = (*keys, f"message:{channel}:{heard['ts']}")
        shared = body.get("is_ext_shared_channel")
        if isinstance(shared, bool):
            self._desk.people.saw(channel, shared=shared)
        match asked:
            case "nothing":
                return
            case "help" | "stop":
                if not self._desk.first_time(keys):
                    return
                if asked == "stop":
                    self._stop(channel, thread, person)
                else:
                    self._desk.later(lambda: help_for(self._desk, channel, person, thread))
            case _:
                self._desk.ask(
                    Ask(
                        team=str(body.get("team_id") or ""),
                        channel=channel,
                        thread=thread,
                        person=person,
                        surface=surface,
                        text=one_line(self._without_name(heard)),
                        asked=asked,
                        keys=keys,
                        shared=shared if isinstance(shared, bool) else None,
                    )
                )

    def _stop(self, channel: str, thread: str, person: str) -> None:
        self._desk.later(lambda: self._desk.stop_thread(channel, thread, person))

    def _last(self, channel: object, thread: str) -> Question | None:
        row = self._desk.tools.store.last_in_thread(str(channel), thread)
        return Question.model_validate_json(row.question) if row is not None else None

    def _without_name(self, heard: Mapping[str, Any]) -> str:
        return str(heard.get("text") or "").replace(self._mention, " ")


def _heard(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The event, if a person wrote it just now; other programs, edits and what is malformed are left."""
    event = body.get("event")
    if not isinstance(event, Mapping):
        log.warning("an event without content", type=str(body.get("type"))[:40])
        return None
    if event.get("subtype") not in SAID or event.get("bot_id") or event.get("bot_profile") or event.get("edited"):
        return None
    if not all(isinstance(event.get(key), str) and event.get(key) for key in ("user", "channel", "ts")):
        log.warning("an event that does not say who or where", type=str(event.get("type"))[:40])
        return None
    return event
