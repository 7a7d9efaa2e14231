"""What Slack sends to an app: once, again when it was not acknowledged, and in the wrong order when a test asks for it.

Retries: https://docs.slack.dev/apis/events-api#retries
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from tests.slack_double.clock import Clock
from tests.slack_double.workspace import Json

Envelope = Literal["events_api", "interactive", "slash_commands"]

ACK_WITHIN = 3.0
RETRIES_AFTER = (0.0, 60.0, 300.0)
REASONS = {"timeout": "http_timeout", "connection_closed": "connection_failed", "no_connection": "connection_failed"}


@dataclass(frozen=True)
class Attempt:
    """One try at a delivery; `number` is 0 for the first."""

    kind: Envelope
    body: Json
    number: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Reply:
    """How the app took it: acknowledged, perhaps with a body, or why not. `no_retry`: it wants it no more."""

    ok: bool
    body: Any = None
    reason: str = ""
    no_retry: bool = False


class Transport(Protocol):
    """HTTP or Socket Mode."""

    def send(self, attempt: Attempt, within: float) -> Reply:
        """Send, and wait for the acknowledgement."""
        ...


@dataclass
class Delivery:
    """Something that was sent, or is to be; `replies` holds an entry for each try."""

    attempt: Attempt
    copies: int = 1
    replies: list[Reply] = field(default_factory=list)
    settled: threading.Event = field(default_factory=threading.Event)

    @property
    def acknowledged(self) -> Reply | None:
        """The reply that acknowledged it."""
        return next((one for one in self.replies if one.ok), None)


class Deliveries:
    """Sends in the background, in order of arrival as far as threads allow; retries go by the double's clock."""

    def __init__(self, transport: Callable[[], Transport], clock: Clock) -> None:
        self.transport = transport
        self.ack_within = ACK_WITHIN
        self.retries_after: tuple[float, ...] = RETRIES_AFTER
        self.copies = 1
        self.unacknowledged: list[Delivery] = []
        self._clock = clock
        self._pool = ThreadPoolExecutor(64, "slack-double-delivery")
        self._due: list[tuple[float, int, Delivery, Attempt]] = []
        self._numbers = itertools.count()
        self._held: list[Delivery] | None = None
        self._closed = False
        self._timekeeper = threading.Thread(target=self._keep_time, name="slack-double-retries", daemon=True)
        self._timekeeper.start()

    def send(self, kind: Envelope, body: Json) -> Delivery:
        """Send something to the app; returns at once."""
        delivery = Delivery(Attempt(kind, body), self.copies if kind == "events_api" else 1)
        if self._held is not None and kind == "events_api":
            self._held.append(delivery)
        else:
            self._start(delivery)
        return delivery

    def _start(self, delivery: Delivery) -> None:
        self._pool.submit(self._try, delivery, delivery.attempt)
        # Slack's own duplicates look like retries of a delivery whose acknowledgement it missed.
        for number in range(1, delivery.copies):
            again = replace(delivery.attempt, number=number, reason="http_timeout")
            self._pool.submit(self._try, replace(delivery, copies=1, settled=threading.Event()), again)

    @contextmanager
    def shuffled(self, seed: int = 0) -> Iterator[None]:
        """Hold back the events of this block, then send them in an order of chance, each as often as `copies` says."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            every = [replace(one, copies=1) for one in held for _ in range(one.copies)]
            random.Random(seed).shuffle(every)
            for delivery in every:
                self._start(delivery)

    def _try(self, delivery: Delivery, attempt: Attempt) -> None:
        reply = self.transport().send(attempt, self.ack_within)
        delivery.replies.append(reply)
        again = attempt.number < len(self.retries_after) and not reply.no_retry
        if not reply.ok and attempt.kind == "events_api" and again and not self._closed:
            due = self._clock.now() + self.retries_after[attempt.number]
            later = replace(attempt, number=attempt.number + 1, reason=REASONS.get(reply.reason, "http_error"))
            with self._clock.moved:
                heapq.heappush(self._due, (due, next(self._numbers), delivery, later))
                self._clock.moved.notify_all()
            return
        if not reply.ok:
            self.unacknowledged.append(delivery)
        delivery.settled.set()

    def _keep_time(self) -> None:
        while True:
            with self._clock.moved:
                if self._closed:
                    return
                now = self._clock.now()
                if not self._due or self._due[0][0] > now:
                    self._clock.moved.wait(min(self._due[0][0] - now, 1.0) if self._due else 1.0)
                    continue
                _, _, delivery, attempt = heapq.heappop(self._due)
            self._pool.submit(self._try, delivery, attempt)

    def retry_is_due(self, within: float) -> bool:
        """Wait until something is to be sent again later; then it is worth while to let time pass."""
        with self._clock.moved:
            return self._clock.moved.wait_for(lambda: any(due > self._clock.now() for due, *_ in self._due), within)

    def close(self) -> None:
        """Send nothing any more."""
        with self._clock.moved:
            self._closed = True
            self._clock.moved.notify_all()
        self._timekeeper.join(5)
        self._pool.shutdown(wait=False, cancel_futures=True)
