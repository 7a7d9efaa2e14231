"""The Web API as a whole: who may call what, what goes wrong on demand, and what was called."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tests.slack_double.calls import METHODS, Call, Refused
from tests.slack_double.installation import Installation
from tests.slack_double.workspace import BOT_USER, Channel, Json, Message, Workspace

Way = Literal["error", "ratelimited", "server error", "reset", "reset after"]


@dataclass
class Mishap:
    """Something that is to go wrong with the next calls of a method. `reset after`: only the answer is lost."""

    method: str
    way: Way
    error: str = ""
    times: int = 1
    retry_after: int = 1
    only_if: Callable[[Call], bool] = field(default=lambda _: True, repr=False)


@dataclass(frozen=True)
class Answer:
    """What goes back over HTTP; no status: the connection is reset instead."""

    status: int | None
    body: Json
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Called:
    """A call that was made, and what came of it; `at` in seconds of `time.monotonic`."""

    method: str
    arguments: Json
    answer: Json
    at: float


class WebApi:
    """Answers calls. `happened` is told of what an app does to messages, so that the events of it are sent."""

    def __init__(
        self, workspace: Workspace, installation: Installation, happened: Callable[[Message, str], None]
    ) -> None:
        self.workspace = workspace
        self.installation = installation
        self.happened = happened
        self.mishaps: list[Mishap] = []
        self.refused_blocks: set[str] = set()
        self.files_take = 0.2
        self.keeps_tiers = False
        self.faults: list[str] = []
        self.calls: deque[Called] = deque(maxlen=20_000)
        self.upload_url = ""
        self.socket_url: Callable[[], str] = lambda: ""
        self._recent: dict[str, deque[float]] = {}

    def answer(self, call: Call) -> Answer:
        """One call, from the token to the answer."""
        with self.workspace.changed:
            answer = self._answer(call)
            self.calls.append(Called(call.method, call.arguments, answer.body, time.monotonic()))
            self.workspace.changed.notify_all()
        return answer

    def _answer(self, call: Call) -> Answer:
        mishap = self._mishap(call)
        if mishap and mishap.way != "reset after":
            return _went_wrong(mishap)
        if self.keeps_tiers and (wait := self._too_many(call)):
            return _went_wrong(Mishap(call.method, "ratelimited", retry_after=wait))
        scopes = (("x-oauth-scopes", ",".join(sorted(self.installation.scopes))),)
        try:
            self._permitted(call)
            body = {"ok": True, **METHODS[call.method].run(self, call)}
        except Refused as refused:
            return Answer(200, {"ok": False, "error": refused.error, **refused.more}, scopes)
        return Answer(None, body) if mishap else Answer(200, body, scopes)

    def _mishap(self, call: Call) -> Mishap | None:
        for mishap in self.mishaps:
            if mishap.method in {call.method, "*"} and mishap.times > 0 and mishap.only_if(call):
                mishap.times -= 1
                return mishap
        return None

    def _permitted(self, call: Call) -> None:
        if not call.token:
            raise Refused("not_authed")
        known = METHODS.get(call.method)
        if known is None:
            self.fault(f"{call.method} is no method that this double knows")
            raise Refused("unknown_method")
        if call.token == self.installation.app_token:
            if call.method != "apps.connections.open":
                raise Refused("not_allowed_token_type")
            return
        if call.token != self.installation.bot_token:
            raise Refused("invalid_auth")
        if call.method == "apps.connections.open":
            raise Refused("not_allowed_token_type")
        if known.scopes and not self.installation.scopes.intersection(known.scopes):
            self.needs(known.scopes[0])

    def needs(self, scope: str) -> None:
        """Refuse unless the app was given this scope."""
        if scope not in self.installation.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(self.installation.scopes)))

    def _too_many(self, call: Call) -> int:
        """Seconds to wait, by the method's tier; chat.postMessage goes by the channel, with a short burst."""
        now = self.workspace.clock.now()
        posts = call.method == "chat.postMessage"
        key = f"{call.method} {call.text('channel')}" if posts else call.method
        window, allowed = (
            (10.0, 15) if posts else (60.0, METHODS[call.method].per_minute if call.method in METHODS else 50)
        )
        recent = self._recent.setdefault(key, deque())
        while recent and recent[0] <= now - window:
            recent.popleft()
        if len(recent) >= allowed:
            return max(1, int(recent[0] + window - now) + 1)
        recent.append(now)
        return 0

    def fault(self, text: str) -> None:
        """Note what an app must not do, though Slack may let it pass. The test fails for it in the end."""
        self.faults.append(text)

    def channel(self, call: Call, name: str = "channel") -> Channel:
        """The conversation that a call names, if the app can see it."""
        channel = self.workspace.channels.get(call.required(name))
        if channel is None and call.text(name) in self.workspace.users:
            return self.workspace.direct(call.text(name))
        if channel is None or (channel.kind != "public" and BOT_USER not in channel.members):
            raise Refused("channel_not_found")
        return channel

    def open_channel(self, call: Call, name: str = "channel") -> Channel:
        """The conversation that a call names, if the app may write there."""
        channel = self.channel(call, name)
        if channel.is_archived:
            raise Refused("is_archived")
        if BOT_USER not in channel.members and "chat:write.public" not in self.installation.scopes:
            raise Refused("not_in_channel")
        return channel


def _went_wrong(mishap: Mishap) -> Answer:
    match mishap.way:
        case "error":
            return Answer(200, {"ok": False, "error": mishap.error})
        case "ratelimited":
            after = (("Retry-After", str(mishap.retry_after)),)
            return Answer(429, {"ok": False, "error": "ratelimited"}, after)
        case "server error":
            return Answer(500, {"ok": False, "error": mishap.error or "internal_error"})
        case "reset" | "reset after":
            return Answer(None, {"ok": False, "error": "the connection was reset"})
