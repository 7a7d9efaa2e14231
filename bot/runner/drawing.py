"""Pictures are drawn by processes of their own: drawing holds Python's lock, and acknowledgements would wait."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import threading
from collections import OrderedDict
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final

from bot.views.pictures.png import png
from bot.views.pictures.svg import Picture

SECONDS: Final = 10.0
"""A picture that takes longer is given up, and its process with it."""
KEPT: Final = 32
_NEW_PROCESS: Final = multiprocessing.get_context("spawn")


class Draughtsman:
    """Draws pictures in `hands` processes, which are started when they are first needed.

    A process ends with the one that started it, however that one ends: then nobody holds the other end of its pipe.
    """

    def __init__(self, hands: int) -> None:
        self._drawn: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._free: queue.SimpleQueue[_Hand] = queue.SimpleQueue()
        self._hands = [_Hand() for _ in range(hands)]
        for hand in self._hands:
            self._free.put(hand)

    def warm(self) -> None:
        """Start the processes, so that the first picture need not wait for that."""
        for hand in self._hands:
            hand.ready()

    def draw(self, picture: Picture) -> bytes | None:
        """The picture as PNG, or None where it could not be drawn. Waits for a free hand; the last ones are kept."""
        with self._lock:
            known = self._drawn.get(picture.svg)
        if known is not None:
            return known
        try:
            hand = self._free.get(timeout=SECONDS)
        except queue.Empty:
            return None
        try:
            drawn = hand.draw(picture)
        finally:
            self._free.put(hand)
        if drawn is not None:
            with self._lock:
                self._drawn[picture.svg] = drawn
                while len(self._drawn) > KEPT:
                    self._drawn.popitem(last=False)
        return drawn

    def close(self) -> None:
        """End the processes."""
        for hand in self._hands:
            hand.end()


class _Hand:
    """One process that draws."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def draw(self, picture: Picture) -> bytes | None:
        try:
            pipe = self.ready()
            pipe.send(picture)
            if pipe.poll(SECONDS):
                return pipe.recv_bytes()
        except (EOFError, OSError):
            pass
        self.end()
        return None

    def ready(self) -> Connection:
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self.end()
            self._pipe, theirs = _NEW_PROCESS.Pipe()
            self._process = _NEW_PROCESS.Process(target=_draw, args=(theirs,), name="drawing", daemon=True)
            self._process.start()
            theirs.close()
        return self._pipe

    def end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        if self._process is not None:
            self._process.kill()
            self._process.join(1)
            self._process = None


def _draw(pipe: Connection) -> None:
    """What the process does until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; whoever started this one ends it
    with suppress(EOFError, OSError):
        while True:
            pipe.send_bytes(png(pipe.recv()))
