"""Socket Mode: the app connects out to Slack, and opens a new connection whenever one ends."""

from __future__ import annotations

import time
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.health.metrics import Metrics

PING_SECONDS = 2.0
"""A connection that broke is noticed and replaced within this time. Slack waits three seconds for an acknowledgement,
then sends an event once more, and after that a minute passes before it does again."""


class SocketTransport:
    """Deliveries over Socket Mode. Raises SlackApiError from `start` where the app token is not taken."""

    def __init__(self, app: App, app_token: str, metrics: Metrics) -> None:
        self._handler = _Timed(app, app_token, metrics)

    def start(self) -> None:
        """Connect; returns when the connection is there."""
        self._handler.connect()  # type: ignore[no-untyped-call]

    @property
    def connected(self) -> bool:
        """Whether Slack can reach us at this moment."""
        return bool(self._handler.client.is_connected())

    def stop_hearing(self) -> None:
        """Take nothing more in: what Slack sends from now on it will send again, to the next connection."""
        self._handler.client.auto_reconnect_enabled = False
        self._handler.disconnect()  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """End for good."""
        self._handler.close()  # type: ignore[no-untyped-call]


class _Timed(SocketModeHandler):
    """Bolt's handler, with the time until each acknowledgement counted."""

    def __init__(self, app: App, app_token: str, metrics: Metrics) -> None:
        super().__init__(app, app_token, ping_interval=PING_SECONDS, concurrency=20)
        self._metrics = metrics
        self.client.on_message_listeners.append(self._hello)

    def handle(self, client: Any, req: SocketModeRequest) -> None:
        begun = time.perf_counter()
        super().handle(client, req)
        self._metrics.acknowledged(time.perf_counter() - begun)

    def _hello(self, message: Any) -> None:
        if isinstance(message, str) and '"hello"' in message[:200]:
            self._metrics.connect()
