"""Threads of the app that outlive what they do: the one place where a fault ends that nobody foresaw."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from bot.runner.courier import Unreachable

log = structlog.get_logger("whynot.crew")


def outlive(do: Callable[[], object], alarm: Callable[[], None], otherwise: Callable[[], object] | None = None) -> None:
    """Do something on a thread that must go on whatever happens.

    A fault is logged and `alarm` called; then `otherwise` is done in its place, and outlived like it.
    """
    try:
        do()
    except Unreachable as error:
        log.warning("nothing could be said", error=error.code)
    except Exception:
        log.exception("a fault that nobody foresaw")
        alarm()
    else:
        return
    if otherwise is not None:
        outlive(otherwise, alarm)


class Crew:
    """So many threads, which do one thing after another as it is given. `alarm` is called for each fault."""

    def __init__(self, name: str, size: int, alarm: Callable[[], None]) -> None:
        self._alarm = alarm
        self._threads = ThreadPoolExecutor(size, thread_name_prefix=name)

    def give(self, do: Callable[[], object], otherwise: Callable[[], object] | None = None, **about: str) -> bool:
        """Have something done soon; False where nothing new begins any more. The log has `about` on each line of it.

        `otherwise` is done where that fails.
        """

        def done() -> None:
            with structlog.contextvars.bound_contextvars(**about):
                outlive(do, self._alarm, otherwise)

        try:
            self._threads.submit(done)
        except RuntimeError:  # the pool is shut down
            return False
        return True

    def finish(self, seconds: float) -> None:
        """Begin nothing new, and wait at most so long for what was given."""
        ending = threading.Thread(target=partial(self.close, waiting=True, given=True), daemon=True)
        ending.start()
        ending.join(seconds)

    def close(self, *, waiting: bool, given: bool) -> None:
        """Begin nothing new; whether to wait for what is under way, and whether what was given before is still done."""
        self._threads.shutdown(wait=waiting, cancel_futures=not given)
