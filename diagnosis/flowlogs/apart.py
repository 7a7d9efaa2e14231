"""Many files at once, by processes of their own: numpy's short calls would wait for each other on Python's lock.

A process ends with the one that started it, however that one ends: then nobody holds the other end of its pipe.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from itertools import islice
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Generic, Protocol, TypeVar, cast

from diagnosis.flowlogs.lines import blocks

Result = TypeVar("Result")
Told_co = TypeVar("Told_co", covariant=True)

_MOST = 4
_BATCH = 4
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[3:]; from diagnosis.flowlogs.apart import serve; "
    "serve(int(sys.argv[1]), int(sys.argv[2]))"
)
BEHIND = 10
"""The niceness of processes that read a whole day: of two who want a core it goes to whoever answers a question."""
_KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(1 << 28), "MALLOC_MMAP_THRESHOLD_": str(1 << 26)}
"""What one piece of a file needs the next needs too: glibc would give it back, and the kernel clear it, each time."""


class Errand(Protocol[Told_co]):
    """What is to be done with each file; it is sent to the processes, and so is what they find."""

    def begun(self) -> Callable[[Iterable[bytes]], Told_co]:
        """Return what does it with a file's blocks of lines, with all that it remembers from file to file."""


def count() -> int:
    """How many processes read at once."""
    return max(1, min(_MOST, os.cpu_count() or 1))


def apart(errand: Errand[Result], paths: Sequence[Path], niceness: int = 0) -> Iterator[tuple[Path, Result]]:
    """Yield what the errand tells of each file, in any order. A file at which a process dies is left out."""
    with ExitStack() as ending:
        batches = _batches(paths)
        busy: dict[Connection, _Reader[Result]] = {}
        for batch in islice(batches, count()):
            reader = ending.enter_context(_Reader(errand, niceness))
            if reader.given(batch):
                busy[reader.pipe] = reader
        for reader in busy.values():
            # Always one batch ahead: on a busy machine it may be long until this process hears that one is done.
            reader.given(next(batches, ()))
        while busy:
            for pipe in wait(list(busy)):
                reader = busy.pop(cast("Connection", pipe))
                try:
                    found = reader.told()
                except (EOFError, OSError):
                    continue
                reader.given(next(batches, ()))
                if reader.waited_for:
                    busy[reader.pipe] = reader
                yield from found


def _batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """A few files each, and one each near the end, so that all processes end at about the same time."""
    left = deque(paths)
    while left:
        size = _BATCH if len(left) > _BATCH * _MOST else 1
        yield [left.popleft() for _ in range(size)]


class _Reader(Generic[Result]):
    """One process."""

    def __init__(self, errand: Errand[Result], niceness: int) -> None:
        self.pipe, theirs = Pipe()
        self.waited_for = 0
        """Batches that it was given and has told nothing of."""
        self._process = subprocess.Popen(  # noqa: S603 - this very program, and no word of the asker's
            [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), str(niceness), *sys.path],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, **_KEEP_MEMORY},
        )
        theirs.close()
        with suppress(OSError):
            self.pipe.send(errand)

    def __enter__(self) -> _Reader[Result]:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        self.pipe.close()
        if failed is not None:
            self._process.kill()
        self._process.wait()

    def given(self, paths: Sequence[Path]) -> bool:
        """Hand over some files; False where there are none, or the process has ended."""
        if not paths:
            return False
        try:
            self.pipe.send(paths)
        except OSError:
            return False
        self.waited_for += 1
        return True

    def told(self) -> list[tuple[Path, Result]]:
        """What it found. Raises EOFError or OSError where it has ended."""
        found = cast("list[tuple[Path, Result]]", self.pipe.recv())
        self.waited_for -= 1
        return found


def serve(descriptor: int, niceness: int = 0) -> None:
    """What the process does until the other end is closed."""
    os.nice(niceness)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; whoever started this one ends it.
    with suppress(EOFError, OSError), Connection(descriptor) as pipe:
        reading = cast("Errand[object]", pipe.recv()).begun()
        while True:
            pipe.send([(path, reading(blocks(path))) for path in pipe.recv()])
