"""Progress on stderr: nothing while it is quick, one line that changes on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Final, Self, TextIO

from diagnosis.terminal.safe_text import cells, for_encoding, head, safe

QUIET: Final = 1.0
"""Seconds of work before anything is said."""
BEAT: Final = 0.25
"""Seconds between two looks at the clock."""


class Progress:
    """Says what is being done, once it takes longer than a second.

    `clock` gives seconds that only go up (`time.monotonic`). On a `terminal` one line of at most `width` columns is
    written over and over and wiped out at the end; elsewhere each thing said is one plain line. A thread of its own
    looks at the clock, so that a long wait within one step is seen as well; `beat=None` leaves it out, and `look`
    does its part.
    """

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float],
        *,
        terminal: bool,
        width: int = 80,
        beat: float | None = BEAT,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._terminal = terminal
        self._width = width
        self._beat = beat
        self._lock = Lock()
        self._done = Event()
        self._started = clock()
        self._message = ""
        self._printed = ""
        self._drawn = 0
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        if self._beat is not None:
            self._thread = Thread(target=self._watch, args=(self._beat,), daemon=True, name="progress")
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def say(self, message: str) -> None:
        """Say what is done from now on: `reading security groups of 2 interfaces…`."""
        with self._lock:
            self._message = safe(message)
        self.look()

    def look(self) -> None:
        """Look at the clock and write what is due."""
        with self._lock:
            elapsed = self._clock() - self._started
            if self._done.is_set() or not self._message or elapsed < QUIET:
                return
            if self._terminal:
                self._draw(f"{self._message} {elapsed:.0f} s")
            elif self._message != self._printed:
                self._write(self._message + "\n")
                self._printed = self._message

    def close(self) -> None:
        """Wipe out the line and stop. Nothing is written after it; closing twice does no harm."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._lock:
            if self._drawn:
                self._write("\r" + " " * self._drawn + "\r")
                self._drawn = 0

    def _draw(self, text: str) -> None:
        """Write over the line. Spaces wipe out what was longer, for not every terminal obeys escape sequences."""
        shown = head(for_encoding(text, self._stream.encoding), self._width - 1)
        taken = cells(shown)
        self._write("\r" + shown + " " * max(self._drawn - taken, 0))
        self._drawn = taken

    def _write(self, text: str) -> None:
        """A stream that is gone (a closed pipe) takes nothing more; the answer does not depend on it."""
        try:
            self._stream.write(for_encoding(text, self._stream.encoding))
            self._stream.flush()
        except (OSError, ValueError):
            self._done.set()

    def _watch(self, beat: float) -> None:
        while not self._done.wait(beat):
            self.look()
