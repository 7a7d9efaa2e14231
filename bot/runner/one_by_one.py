"""One thread that does one thing after another, for what takes minutes and nobody waits for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from bot.runner.courier import Unreachable

log = structlog.get_logger("whynot.morning")


class OneByOne:
    """A thread, and the faults of what it did in the log. `alarm` is called for each of them."""

    def __init__(self, alarm: Callable[[], None]) -> None:
        self._alarm = alarm
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="morning")

    def __call__(self, do: Callable[[], object]) -> None:
        """Do something after all that was given before."""

        def done() -> None:
            try:
                do()
            except Unreachable as error:
                log.warning("nothing could be said", error=error.code)
            except Exception:
                log.exception("a fault in the morning")
                self._alarm()
                raise

        try:
            self._thread.submit(done)
        except RuntimeError:
            log.info("shutting down: left for whoever comes next")

    def close(self) -> None:
        """Begin nothing more, and do not wait for what is under way: whoever comes next finds it in the store."""
        self._thread.shutdown(wait=False, cancel_futures=True)
