"""HTTP: Slack's signed requests, for where something in front brings HTTPS and a public address.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import structlog
from slack_bolt import App, BoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.health.metrics import Metrics

log = structlog.get_logger("whynot.http")

PATH: Final = "/slack/events"
LONGEST: Final = 1_000_000
WINDOW_SECONDS: Final = 300
READ_SECONDS: Final = 10


class Gate:
    """Lets in what Slack signed lately, and each such request once.

    Slack signs a retry anew; a request that comes twice with one signature was recorded by somebody.
    """

    def __init__(self, secret: str, now: Callable[[], float]) -> None:
        self._verifier = SignatureVerifier(secret)
        self._now = now
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()
        self._logged: set[str] = set()

    def refusal(self, body: str, headers: Mapping[str, str]) -> str | None:
        """Why a request is not let in, or None. `headers` have lower-case names."""
        why = self._why(body, headers)
        if why is not None and why not in self._logged:
            self._logged.add(why)
            log.warning("a request was not let in", reason=why)
        return why

    def _why(self, body: str, headers: Mapping[str, str]) -> str | None:
        timestamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
            return "no timestamp"
        if abs(self._now() - int(timestamp)) > WINDOW_SECONDS:
            return "too old"
        expected = self._verifier.generate_signature(timestamp=timestamp, body=body)
        if expected is None or not signature.isascii() or not self._same(expected, signature):
            return "wrong signature"
        return None if self._first(signature) else "replayed"

    def _same(self, expected: str, signature: str) -> bool:
        import hmac

        return hmac.compare_digest(expected, signature)

    def _first(self, signature: str) -> bool:
        now = self._now()
        with self._lock:
            self._seen = {key: at for key, at in self._seen.items() if now - at <= 2 * WINDOW_SECONDS}
            if signature in self._seen:
                return False
            self._seen[signature] = now
            return True


class HttpTransport:
    """Serves Slack's requests on an address; port 0 takes any free one."""

    def __init__(
        self, app: App, secret: str, host: str, port: int, metrics: Metrics, now: Callable[[], float] = time.time
    ) -> None:
        gate = Gate(secret, now)
        transport = self

        class Handler(BaseHTTPRequestHandler):
            timeout = READ_SECONDS
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                transport.answer(self, app, gate, metrics)

            def do_GET(self) -> None:
                _say(self, 405 if self.path == PATH else 404)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server((host, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="http", daemon=True)
        self._serving = False

    @property
    def url(self) -> str:
        """Where it is served, on this machine."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}{PATH}"

    def start(self) -> None:
        """Serve."""
        self._serving = True
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether it is served."""
        return self._serving and self._thread.is_alive()

    def stop_hearing(self) -> None:
        """Refuse what comes from now on; Slack sends it again."""
        self._serving = False

    def stop(self) -> None:
        """Serve no more."""
        self._serving = False
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, app: App, gate: Gate, metrics: Metrics) -> None:
        """Answer one request."""
        begun = time.perf_counter()
        length = request.headers.get("Content-Length", "")
        if request.path.partition("?")[0] != PATH:
            _say(request, 404)
            return
        if not self._serving:
            _say(request, 503)
            return
        if not (length.isascii() and length.isdigit()) or int(length) > LONGEST:
            _say(request, 413 if length.isascii() and length.isdigit() else 411)
            return
        try:
            body = request.rfile.read(int(length)).decode()
        except (UnicodeDecodeError, OSError):
            _say(request, 400)
            return
        refusal = gate.refusal(body, {name.lower(): value for name, value in request.headers.items()})
        if refusal is not None:
            if refusal == "replayed":
                metrics.duplicate()
            _say(request, 401)
            return
        answer = app.dispatch(BoltRequest(body=body, headers=dict(request.headers.items())))
        metrics.acknowledged(time.perf_counter() - begun)
        _say(request, answer.status, answer.body or "", answer.first_headers())


def _say(
    request: BaseHTTPRequestHandler, status: int, body: str = "", headers: Mapping[str, str] | None = None
) -> None:
    content = body.encode()
    if status >= 400:
        request.close_connection = True
    try:
        request.send_response(status)
        for name, value in (headers or {}).items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
    except OSError:
        log.info("whoever asked has gone")
