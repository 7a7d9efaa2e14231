"""An AWS double over HTTP on loopback: moto's own server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

from moto.server import ThreadedMotoServer


@contextmanager
def moto_server() -> Iterator[str]:
    """A running server, by its URL."""
    # An operation that moto lacks is an exception in its server, printed at length: that is one of the cases here.
    log = logging.getLogger("werkzeug")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        log.setLevel(before)


def post(url: str, path: str, data: bytes = b"") -> None:
    """Sends something to moto's own interface, for example `reset`."""
    request = Request(f"{url}/moto-api/{path}", data, {"Content-Type": "text/plain"}, method="POST")  # noqa: S310
    urlopen(request, timeout=10).close()  # noqa: S310 - loopback, and the address is ours
