"""A Python program as a process of its own that is there at once: forked off a process that has its modules loaded.

To load what `whynot serve` needs takes two seconds of a core, and dozens of tests start it only to stop or kill it.
From `main` on the process does the same. The apps that serve many tests, and that of the soak, are no forks but begin
as users begin them.

`python -m tests.forked` is the process that forks. An order is a line of JSON; the answers are `PID` when the child is
there, and `PID STATUS` when it has ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

LOADED = ("bot.app", "bot.cli", "bot.settings.reading", "alembic.command", "duckdb", "numpy")
ROOT = Path(__file__).resolve().parents[1]


class Forked:
    """`python -m MODULE WORDS` in a folder, with nothing but this environment; what it says goes to the end of a file.

    What tests do with a `subprocess.Popen` they do with this. It is killed when the process of the tests ends.
    """

    def __init__(
        self, module: str, words: Sequence[str], *, folder: Path, environment: Mapping[str, str], said: Path
    ) -> None:
        order = {"module": module, "words": [*words], "folder": str(folder), "said": str(said)}
        self._forking = _forking()
        self.pid = self._forking.child(order | {"environment": dict(environment)})

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self._forking.statuses.get(self.pid)

    def send_signal(self, number: int) -> None:
        """Send it a signal, where it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float) -> int:
        """Its exit status, when it has ended. Raises subprocess.TimeoutExpired."""
        until = time.monotonic() + timeout
        with self._forking.news:
            while (status := self.poll()) is None:
                if not self._forking.news.wait(until - time.monotonic()):
                    raise subprocess.TimeoutExpired(f"forked process {self.pid}", timeout)
        return status


class _Forking:
    """The process that forks, and what it has told."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.forked"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._begun: list[int] = []
        self._order = threading.Lock()
        self.statuses: dict[int, int] = {}
        self.news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def child(self, order: dict[str, Any]) -> int:
        """Have a child made; its process id."""
        assert self._process.stdin is not None
        with self._order, self.news:
            self._process.stdin.write(json.dumps(order) + "\n")
            while not self._begun:
                assert self.news.wait(60), "the process that forks does not answer"
            return self._begun.pop()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            pid, *status = map(int, line.split())
            with self.news:
                if status:
                    [self.statuses[pid]] = status
                else:
                    self._begun.append(pid)
                self.news.notify_all()


@cache
def _forking() -> _Forking:
    return _Forking()


def _reap(children: set[int]) -> None:
    """Tell of those that have ended."""
    for pid in tuple(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children.discard(pid)
            os.write(1, f"{pid} {os.waitstatus_to_exitcode(status)}\n".encode())


def _become(order: dict[str, Any]) -> NoReturn:
    """Be the program, and end as it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    said = os.open(order["said"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for place, file in enumerate((nothing, said, said)):
        os.dup2(file, place)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = [order["module"], *order["words"]]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    sys.exit()


def main() -> None:
    """Fork as ordered until nobody orders any more; then end what is left."""
    for name in LOADED:
        importlib.import_module(name)
    gc.freeze()
    children: set[int] = set()
    signal.signal(signal.SIGCHLD, lambda *_: _reap(children))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            _become(json.loads(line))
        children.add(pid)
        os.write(1, f"{pid}\n".encode())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for pid in children:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
