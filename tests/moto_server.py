"""An AWS double over HTTP on loopback: moto's own server."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from unittest import mock
from urllib.request import Request, urlopen

from botocore.loaders import JSONFileLoader
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


def _as_it_is(application: Any) -> Any:
    return application


class _Models:
    """The files that describe AWS's services, each read once: a boto3 session reads them anew, EC2's in 0.2 seconds."""

    def __init__(self) -> None:
        self._read = JSONFileLoader.load_file
        self._known: dict[str, Any] = {}

    def load_file(self, path: str) -> Any:
        if path not in self._known:
            self._known[path] = self._read(JSONFileLoader(), path)
        return self._known[path]


_MODELS = _Models()


@contextmanager
def moto_server(port: int = 0, around: Callable[[Any], Any] = _as_it_is) -> Iterator[str]:
    """A running server, by its URL; `around` may put a WSGI application in front of moto's."""
    # An operation that moto lacks is an exception in its server, printed at length: that is one of the cases here.
    log = logging.getLogger("werkzeug")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    server = make_server(
        "127.0.0.1",
        port,
        around(DomainDispatcherApplication(create_backend_app)),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        with (
            mock.patch.object(JSONFileLoader, "load_file", lambda _, path: _MODELS.load_file(path)),
            # Else each empty account gets 1,300 machine images, in a sixth of a second; nothing here starts one.
            mock.patch.dict(os.environ, {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}),
        ):
            yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        log.setLevel(before)


def post(url: str, path: str, data: bytes = b"") -> None:
    """Sends something to moto's own interface, for example `reset`."""
    request = Request(f"{url}/moto-api/{path}", data, {"Content-Type": "text/plain"}, method="POST")  # noqa: S310
    urlopen(request, timeout=10).close()  # noqa: S310 - loopback, and the address is ours
