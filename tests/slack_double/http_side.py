"""The double's HTTP server on loopback: the Web API, uploads, and `response_url`."""

from __future__ import annotations

import json
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from tests.slack_double.calls import Call
from tests.slack_double.response_urls import respond
from tests.slack_double.web_api import Answer, WebApi


class Server(ThreadingHTTPServer):
    """One thread for each request."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, api: WebApi) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.api = api
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self.serve_forever, args=(0.05,), name="slack-double-http", daemon=True).start()

    def stop(self) -> None:
        """Serve no more."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours; anything else is."""
        import sys

        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            self.api.fault(f"the double itself failed: {type(error).__name__}: {error}")
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        """Some methods are called with GET; there is nothing else to get."""
        self.do_POST()

    def do_POST(self) -> None:
        """A call, an upload or an answer by `response_url`."""
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        api = self.server.api
        if path.startswith("/api/"):
            self._send(api.answer(self._call(path.removeprefix("/api/"), query, body)))
        elif path.startswith("/upload/"):
            self._upload(path.removeprefix("/upload/"), body)
        elif path.startswith("/respond/"):
            status, said = respond(api, path.removeprefix("/respond/"), body)
            self._write(status, said.encode(), "text/plain")
        else:
            self._write(404, b"not found", "text/plain")

    def _call(self, method: str, query: str, body: bytes) -> Call:
        arguments: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
        if self.headers.get("Content-Type", "").startswith("application/json"):
            arguments |= json.loads(body or b"{}")
        elif body:
            arguments |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return Call(method, arguments, str(arguments.pop("token", "") or bearer))

    def _upload(self, name: str, body: bytes) -> None:
        with self.server.api.workspace.changed:
            file = self.server.api.workspace.files.get(name)
            if file is not None:
                file.content = body
        self._write(200 if file else 404, f"OK - {len(body)}".encode(), "text/plain")

    def _send(self, answer: Answer) -> None:
        if answer.status is None:
            reset(self.connection)
            self.close_connection = True
            return
        body = json.dumps(answer.body).encode()
        self._write(answer.status, body, "application/json; charset=utf-8", answer.headers)

    def _write(self, status: int, body: bytes, kind: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing: the transcript says what was called."""


def reset(connection: socket.socket) -> None:
    """Close a connection with RST, as a router that forgot it would."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
