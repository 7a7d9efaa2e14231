"""`/livez`, `/readyz` and `/metrics` over HTTP, for whoever keeps the program running."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from bot.health.metrics import Metrics

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Probes:
    """Serves the probes on an address; port 0 takes any free one.

    `stuck` says what does not move any more, `unready` what keeps the program from answering; both are asked anew for
    each probe, and nothing said means that all is well.
    """

    def __init__(
        self,
        host: str,
        port: int,
        metrics: Metrics,
        stuck: Callable[[], tuple[str, ...]],
        unready: Callable[[], tuple[str, ...]],
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                match self.path.partition("?")[0]:
                    case "/livez":
                        self._tell(stuck())
                    case "/readyz":
                        self._tell(unready())
                    case "/metrics":
                        self._send(200, metrics.text(), TEXT)
                    case _:
                        self._send(404, b"", TEXT)

            def _tell(self, wrong: tuple[str, ...]) -> None:
                told = json.dumps({"ok": not wrong, "reasons": list(wrong)})
                self._send(503 if wrong else 200, told.encode(), "application/json")

            def _send(self, status: int, content: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

        self._server = Server((host, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="probes", daemon=True)

    @property
    def url(self) -> str:
        """Where they are served."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Serve."""
        self._thread.start()

    def stop(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()
