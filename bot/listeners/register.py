"""Which listener hears what. `manifest.yml` declares the same, and a test compares the two."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from slack_bolt import Ack, App, BoltResponse

from bot.health.metrics import Metrics
from bot.listeners.fixes import FixPresses
from bot.listeners.forms import Forms
from bot.listeners.hearing import Hearing
from bot.listeners.presses import Presses
from bot.views.controls import Callback

log = structlog.get_logger("whynot.listeners")

COMMAND: Final = "/whynot"
SHORTCUT: Final = "diagnose"
ANYTHING: Final = re.compile(r".*", re.DOTALL)
Body = Mapping[str, Any]


def register(app: App, hearing: Hearing, presses: Presses, forms: Forms, fixes: FixPresses, metrics: Metrics) -> None:
    """Let the app hear everything that it declares, and acknowledge everything else without a word."""

    def on(kind: str, do: Callable[[Body], None]) -> Callable[[Body], None]:
        def heard(body: Body) -> None:
            metrics.delivery(kind)
            event = str(body.get("event_id") or body.get("trigger_id") or "")
            with structlog.contextvars.bound_contextvars(delivery=event[:64]):
                do(body)

        heard.__name__ = kind.replace(".", "_").lstrip("/")
        return heard

    app.event("app_mention")(on("app_mention", hearing.mentioned))
    app.event("message")(on("message", hearing.written))
    app.event("app_home_opened")(on("app_home_opened", hearing.opened))
    app.event("agent_session_stopped")(on("agent_session_stopped", hearing.stop_pressed))

    @app.command(COMMAND)
    def command(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        on("command", forms.commanded)(body)

    @app.shortcut(SHORTCUT)
    def shortcut(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        on("shortcut", forms.diagnosed)(body)

    @app.view(Callback.ASK)
    def asked(ack: Ack, body: dict[str, Any]) -> None:
        on("view", lambda b: forms.asked(b, ack))(body)

    @app.view(Callback.WRONG)
    def wrong(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        on("view", forms.told_wrong)(body)

    @app.view(Callback.MUTE)
    def muted(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        on("view", forms.muted)(body)

    for callback in (Callback.APPROVE, Callback.REJECT, Callback.UNDO):

        @app.view(callback)
        def decided(ack: Ack, body: dict[str, Any]) -> None:
            ack()
            on("view", fixes.sent)(body)

    @app.action(ANYTHING)
    def action(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        on("action", lambda b: presses.pressed(b, action))(body)

    seen: set[str] = set()

    @app.error
    def failed(error: Exception, body: dict[str, Any]) -> BoltResponse:
        kind = str((body.get("event") or {}).get("type") or body.get("type") or body.get("command") or "")[:40]
        if type(error).__name__ == "BoltUnhandledRequestError":
            if kind not in seen and len(seen) < 100:
                seen.add(kind)
                log.warning("Slack sends what no listener takes", type=kind)
            return BoltResponse(status=200, body="")
        metrics.fault()
        log.error("a fault in a listener", type=kind, exc_info=error)
        return BoltResponse(status=200, body="")
