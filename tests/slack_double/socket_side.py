"""Socket Mode's server on loopback: hello, envelopes and their acks, and the ways a connection ends.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import json
import logging
import socket
import struct
import threading
import time
import uuid
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from tests.slack_double.deliveries import Attempt, Reply
from tests.slack_double.workspace import APP, Json

MOST_CONNECTIONS = 10


class SocketSide:
    """The open connections of the app, and what waits for an ack."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.open: list[ServerConnection] = []
        self.opened = 0
        self.tickets: set[str] = set()
        self._waiting: dict[str, tuple[ServerConnection, Reply | None]] = {}
        self._turn = 0
        logger = logging.getLogger("tests.slack_double.socket")
        logger.setLevel(logging.CRITICAL + 1)
        self._server = serve(
            self._serve, "127.0.0.1", 0, logger=logger, compression=None, ping_interval=5, ping_timeout=20
        )
        port = self._server.socket.getsockname()[1]
        self._url = f"ws://127.0.0.1:{port}/link/"
        self._thread = threading.Thread(target=self._server.serve_forever, name="slack-double-socket", daemon=True)
        self._thread.start()

    def ticket(self) -> str:
        """The address of one new connection, as `apps.connections.open` gives it; good for one connection."""
        ticket = uuid.uuid4().hex
        with self.changed:
            self.tickets.add(ticket)
        return f"{self._url}?ticket={ticket}&app_id={APP}"

    def stop(self) -> None:
        """Close everything."""
        for connection in list(self.open):
            connection.close()
        self._server.shutdown()
        self._thread.join(5)

    def _serve(self, connection: ServerConnection) -> None:
        request = connection.request
        ticket = request.path.partition("ticket=")[2].partition("&")[0] if request else ""
        with self.changed:
            known = ticket in self.tickets and len(self.open) < MOST_CONNECTIONS
            self.tickets.discard(ticket)
        if not known:
            connection.close(1008, "invalid ticket or too many websockets")
            return
        connection.send(json.dumps(self._hello()))
        with self.changed:
            self.open.append(connection)
            self.opened += 1
            self.changed.notify_all()
        try:
            for text in connection:
                self._heard(text)
        except ConnectionClosed:
            pass
        finally:
            self._gone(connection)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.open) + 1,
            "debug_info": {"host": "applink-double", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP},
        }

    def _heard(self, text: str | bytes) -> None:
        try:
            answer = json.loads(text)
            name = answer["envelope_id"]
        except (ValueError, KeyError, TypeError):
            return
        with self.changed:
            if name in self._waiting:
                connection, _ = self._waiting[name]
                self._waiting[name] = (connection, Reply(ok=True, body=answer.get("payload")))
                self.changed.notify_all()

    def _gone(self, connection: ServerConnection) -> None:
        with self.changed:
            if connection in self.open:
                self.open.remove(connection)
            for name, (by, reply) in list(self._waiting.items()):
                if by is connection and reply is None:
                    self._waiting[name] = (by, Reply(ok=False, reason="connection_closed"))
            self.changed.notify_all()

    def send(self, attempt: Attempt, within: float) -> Reply:
        """Send an envelope over one of the open connections and wait for its ack. Blocks, at most so many seconds."""
        until = time.monotonic() + within
        with self.changed:
            if not self.changed.wait_for(lambda: bool(self.open), within):
                return Reply(ok=False, reason="no_connection")
            self._turn += 1
            connection = self.open[self._turn % len(self.open)]
            name = str(uuid.uuid4())
            self._waiting[name] = (connection, None)
        try:
            connection.send(json.dumps(_envelope(name, attempt)))
        except (ConnectionClosed, OSError):
            self._gone(connection)
        with self.changed:
            self.changed.wait_for(lambda: self._waiting[name][1] is not None, max(0.0, until - time.monotonic()))
            return self._waiting.pop(name)[1] or Reply(ok=False, reason="timeout")

    def send_raw(self, text: str) -> None:
        """Send anything, well formed or not, over every open connection."""
        for connection in list(self.open):
            connection.send(text)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew, as Slack does every few hours (`warning` comes ten seconds before it)."""
        for connection in list(self.open):
            connection.send(
                json.dumps({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-double"}})
            )

    def cut(self, how: str = "close") -> None:
        """End every connection: `close` says goodbye, `reset` is a RST, `hang` leaves it open and silent."""
        for connection in list(self.open):
            match how:
                case "close":
                    connection.close(1001, "going away")
                case "reset":
                    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.socket.shutdown(socket.SHUT_RD)
                case "hang":
                    with self.changed:
                        self.open.remove(connection)
                    # Not even a ping is answered: what arrives is dropped before the protocol sees it.
                    connection.protocol.receive_data = lambda data: None  # type: ignore[method-assign]
                case _:
                    raise ValueError(how)
            if how != "hang":
                self._gone(connection)

    def wait_open(self, connections: int, within: float) -> bool:
        """Wait until so many connections are open."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.open) >= connections, within)


def _envelope(name: str, attempt: Attempt) -> dict[str, Any]:
    retry = (
        {"retry_attempt": attempt.number, "retry_reason": attempt.reason if attempt.number else ""}
        if attempt.kind == "events_api"
        else {}
    )
    return {
        "envelope_id": name,
        "payload": attempt.body,
        "type": attempt.kind,
        "accepts_response_payload": attempt.kind != "events_api",
        **retry,
    }
