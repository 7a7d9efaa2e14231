"""Socket Mode: the app connects out to Slack, and opens a new connection whenever one ends."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any, Final
from urllib.error import URLError

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk.errors import SlackClientError
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.health.metrics import Metrics

log = structlog.get_logger("whynot.socket")

PING_SECONDS: Final = 1.5
"""A connection that broke is noticed and replaced within this time. Slack waits three seconds for an acknowledgement,
then sends an event once more, and after that a minute passes before it does again."""
LOOK_SECONDS: Final = 0.25
MOST_BETWEEN_TRIES: Final = 10.0
"""Seconds between two tries to connect, at most."""


class SocketTransport:
    """Deliveries over Socket Mode. Raises SlackApiError from `start` where the app token is not taken.

    The SDK gives up a connection only after five failed pings, and says until then that it is connected; here the first
    failure ends it.
    """

    def __init__(self, app: App, app_token: str, metrics: Metrics) -> None:
        self._handler = _Timed(app, app_token, metrics)
        self._metrics = metrics
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="socket", daemon=True)

    def start(self) -> None:
        """Connect; returns when the connection is there."""
        self._handler.client.connect()
        self._metrics.connect()
        self._keeper.start()

    @property
    def connected(self) -> bool:
        """Whether Slack can reach us at this moment."""
        client = self._handler.client
        session = client.current_session
        return bool(client.is_connected()) and session is not None and not session.consecutive_check_state_error_count

    def stop_hearing(self) -> None:
        """Take nothing more in: what Slack sends from now on it will send again, to the next connection."""
        self._ended.set()
        self._handler.client.default_auto_reconnect_enabled = False
        self._handler.client.auto_reconnect_enabled = False
        self._handler.client.disconnect()

    def stop(self) -> None:
        """End for good."""
        self._ended.set()
        self._handler.client.close()

    def _keep(self) -> None:
        wait = LOOK_SECONDS
        while not self._ended.wait(wait):
            if self.connected:
                wait = LOOK_SECONDS
                continue
            try:
                self._handler.client.disconnect()
                self._handler.client.connect_to_new_endpoint()
                self._metrics.connect()
            except (SlackClientError, URLError, OSError, http.client.HTTPException) as error:
                log.warning("Slack is not connected", error=type(error).__name__)
                wait = min(MOST_BETWEEN_TRIES, 2 * wait)


class _Timed(SocketModeHandler):
    """Bolt's handler, with the time until each acknowledgement counted."""

    def __init__(self, app: App, app_token: str, metrics: Metrics) -> None:
        super().__init__(app, app_token, ping_interval=PING_SECONDS, concurrency=20)
        self._metrics = metrics

    def handle(self, client: Any, req: SocketModeRequest) -> None:
        begun = time.perf_counter()
        super().handle(client, req)
        self._metrics.acknowledged(time.perf_counter() - begun)
