"""The summary of a large account, made by a process of its own: questions are answered meanwhile as at any hour.

The process gets the settings, what the describe calls answered and the window, and sends back the summary. It runs
behind the app that started it, and ends with it: when nobody holds the other end of its pipe, or when the app stops.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Final, cast

import structlog

from bot.eyes import eyes_of, names_of, rejects_of
from bot.health.logs import configure
from bot.runner.networks import Sight
from bot.runner.summarising import Stopped, told
from bot.settings.values import Settings
from diagnosis.evidence.query import Window
from diagnosis.flowlogs.athena import AthenaSettings, Memory
from diagnosis.network.build import build
from diagnosis.network.described import Described
from diagnosis.sources import SourceUnavailable
from diagnosis.summary import Summary

INTERFACES: Final = 500
BYTES: Final = 20_000_000
"""From so many network interfaces, or bytes of flow-log files, a process of its own is worth the second that it takes
to start.
"""
BEHIND: Final = 5
"""The niceness of the process, and less than that of those that it has read files: a core goes to whoever answers."""
log = structlog.get_logger("whynot.apart")
_PROGRAM: Final = "import sys; sys.path[:] = sys.argv[2:]; from bot.apart import serve; serve(int(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made."""

    settings: Settings
    described: Described
    scoped: bool
    """Whether only the records of the interfaces in `described` count."""
    window: Window
    athena: AthenaSettings | None


@dataclass(frozen=True, slots=True)
class Made:
    """A summary, and the bytes that Athena scanned for it."""

    summary: Summary
    scanned: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something went wrong there that nobody foresaw; what it was stands in the log, which the processes share."""


class SummaryProcess:
    """Starts the process, one for each summary. `athena` is the budget that it shares with the app's questions."""

    def __init__(self, settings: Settings, athena: AthenaSettings | None) -> None:
        self._settings = settings
        self._athena = athena
        self._stopped = threading.Event()
        self._running: set[subprocess.Popen[bytes]] = set()

    def worthwhile(self, sight: Sight) -> bool:
        """Whether the summary would keep questions waiting if it were made in this process."""
        return len(sight.network.interfaces) >= INTERFACES or _as_large(self._settings.account.flow_logs, BYTES)

    def made(self, sight: Sight, window: Window, *, scoped: bool) -> Summary:
        """The summary. Raises SourceUnavailable, and Stopped where the app stops meanwhile."""
        order = Order(self._settings, sight.described, scoped, window, self._budget())
        match self._answer(order):
            case Made(summary, scanned):
                if self._athena is not None:
                    self._athena.ledger.add(scanned)
                return summary
            case SourceUnavailable() as error:
                raise error
            case Fault():
                raise RuntimeError("the process that makes summaries failed; what it logged tells more")

    def stop(self) -> None:
        """End what runs; no process is started any more."""
        self._stopped.set()
        for process in tuple(self._running):
            process.kill()

    def _budget(self) -> AthenaSettings | None:
        """How Athena is asked, with what was scanned today: the process counts on from there."""
        athena = self._athena
        if athena is None:
            return None
        spent = Memory()
        spent.add(athena.ledger.today())
        return replace(athena, ledger=spent)

    def _answer(self, order: Order) -> Made | SourceUnavailable | Fault:
        pipe, theirs = Pipe()
        with pipe:
            process = subprocess.Popen(  # noqa: S603 - this very program, and no word of a person's
                [sys.executable, "-c", _PROGRAM, str(theirs.fileno()), *sys.path],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            theirs.close()
            self._running.add(process)
            try:
                if self._stopped.is_set():
                    raise Stopped
                pipe.send(order)
                return cast("Made | SourceUnavailable | Fault", pipe.recv())
            except (EOFError, OSError):
                if self._stopped.is_set():
                    raise Stopped from None
                return _fallen(process)
            finally:
                process.kill()
                process.wait()
                self._running.discard(process)


def _fallen(process: subprocess.Popen[bytes]) -> SourceUnavailable | Fault:
    """What it means that the process has ended without an answer."""
    code = process.wait()
    if code >= 0:
        return Fault()
    return SourceUnavailable(
        f"The process that made the summary was ended from outside (signal {-code}). That is what a machine does whose "
        "memory is used up: give whynot more of it, or the channel a scope."
    )


def _as_large(paths: Iterable[Path], size: int) -> bool:
    """Whether these files, and those in these folders, have so many bytes together."""
    for path in paths:
        for file in path.rglob("*") if path.is_dir() else (path,):
            with suppress(OSError):
                size -= file.stat().st_size
            if size <= 0:
                return True
    return False


def made(order: Order) -> Made:
    """Make a summary, in whatever process. Raises SourceUnavailable."""
    spent = order.athena.ledger.today() if order.athena is not None else 0
    network = build(order.described)
    only = frozenset(network.interfaces) if order.scoped else None
    source = rejects_of(order.settings, eyes_of(order.settings), order.athena)(network, only)
    summary = names_of(order.settings)(told(source, order.window, network), network)
    return Made(summary, max(0, order.athena.ledger.today() - spent) if order.athena is not None else 0)


def serve(descriptor: int) -> None:
    """What the process does: one order."""
    os.nice(BEHIND)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; whoever started this one ends it.
    answer: Made | SourceUnavailable | Fault
    with suppress(EOFError, OSError), Connection(descriptor) as pipe:
        order = cast("Order", pipe.recv())
        configure(order.settings.log.level)
        try:
            answer = made(order)
        except SourceUnavailable as error:
            answer = error
        except Exception:  # the boundary of this process
            log.exception("a summary failed in a way that nobody foresaw")
            answer = Fault()
        pipe.send(answer)
