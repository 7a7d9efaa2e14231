"""Replicas of the morning with one store, one workspace and one clock, which a test turns by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.health.metrics import Metrics
from bot.runner.answering import Logs
from bot.runner.courier import Courier
from bot.runner.drawing import Draughtsman
from bot.runner.late_witnesses import Askable, LateWitnesses
from bot.runner.morning import Morning
from bot.runner.networks import Networks
from bot.runner.opinions import Opinions, Wherewithal
from bot.runner.pictures import Pictures
from bot.runner.summarising import Stopped, Summariser
from bot.runner.work import Tools
from bot.settings.values import Settings
from bot.store.store import Store
from diagnosis.evidence.query import Between, Counts, Window
from diagnosis.evidence.rejects import Hour, Ours, Refused, Rejections
from diagnosis.network.described import Described
from diagnosis.snapshots.write import write_snapshot
from diagnosis.sources import SourceUnavailable
from tests.accounts import rule, two_subnets
from tests.slack_double.double import SlackDouble

CHANNEL = "C0OPS000"
NOON = int(datetime.fromisoformat("2026-11-22T12:00:00+00:00").timestamp())


class OneAccount:
    """Eyes on one small account."""

    def __init__(self) -> None:
        made = two_subnets(client={"groups": ["sg-client"]}, server={"groups": ["sg-server"]})
        made.group("sg-client", "vpc-a", ingress=[])
        made.group("sg-server", "vpc-a", ingress=[rule("tcp", (443, 443), "0.0.0.0/0")])
        self._described = made.described()

    def described(self, say: Callable[[str], None]) -> Described:
        return self._described

    def version(self) -> Hashable:
        return 1


@dataclass
class Refusals:
    """REJECT records that a test writes down: a port of the server, and how often it was refused."""

    records: dict[int, int] = field(default_factory=lambda: {3306: 40})
    back: dict[int, int] = field(default_factory=dict)
    """The same from the server to the client, which another group refuses."""
    broken: str = ""
    stopping: bool = False

    def rejects(self, window: Window, ours: Ours, limit: int) -> Rejections:
        if self.broken:
            raise SourceUnavailable(self.broken)
        if self.stopping:
            raise Stopped
        there, home = ("10.0.1.10", "10.0.2.20", "eni-server"), ("10.0.2.20", "10.0.1.10", "eni-client")
        flows = [(there, *each) for each in self.records.items()] + [(home, *each) for each in self.back.items()]
        groups = tuple(
            Refused(
                source=source,
                destination=destination,
                protocol=6,
                port=port,
                interface=interface,
                records=count,
                packets=count,
                first=NOON - 40_000,
                last=NOON,
                since=NOON - 40_000,
                kind="internal",
            )
            for (source, destination, interface), port, count in flows
        )
        total = sum(count for _, _, count in flows)
        return Rejections(
            engine="by hand",
            counts=Counts(read=total),
            window=window if isinstance(window, Between) else Between(NOON - 86_400, NOON),
            oldest=NOON - 86_400,
            records=total,
            flows=len(groups),
            internal=total,
            groups=groups,
            hours=(Hour(NOON - 7200, total, 0, 0),) if total else (),
        )


@dataclass
class Time:
    """The clock of all replicas."""

    now: float

    def __call__(self) -> float:
        return self.now

    def turn(self, text: str) -> None:
        """To a time of UTC."""
        self.now = datetime.fromisoformat(f"{text}+00:00").timestamp()

    def passes(self, until: str, step: timedelta, do: Callable[[], object]) -> None:
        """Let time pass by steps."""
        end = datetime.fromisoformat(f"{until}+00:00").timestamp()
        while self.now < end:
            self.now = min(end, self.now + step.total_seconds())
            do()


@dataclass
class Replica:
    """One process, as far as the morning goes. What it gives to its thread waits until it is done."""

    morning: Morning
    waiting: list[Callable[[], object]]

    def looks_round(self) -> None:
        self.morning.look_round()
        self.works()

    def works(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


@dataclass
class Mornings:
    """The workspace, the store's URL, the clock, the records."""

    slack: SlackDouble
    url: str
    time: Time
    refusals: Refusals = field(default_factory=Refusals)
    settings: dict[str, Any] = field(default_factory=dict)
    stores: list[Store] = field(default_factory=list)

    def replica(self, name: str) -> Replica:
        store = Store.open(self.url)
        self.stores.append(store)
        client = WebClient(
            token=self.slack.bot_token,
            base_url=self.slack.base_url,
            retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=3)],
        )
        metrics = Metrics()
        courier = Courier(client, metrics)
        networks = Networks(OneAccount(), 1e9, time.monotonic)
        settings = Settings.model_validate({"channels": {CHANNEL: {"pictures": False}}, **self.settings})
        given = Wherewithal(settings, store, courier, networks, write_snapshot, metrics.fault)
        tools = Tools(
            settings=settings,
            store=store,
            opinions=Opinions(given, None, threading.Event()),
            witnesses=LateWitnesses(given, Askable(), threading.Event()),
            ranges=lambda: None,
            courier=courier,
            networks=networks,
            logs=lambda *_: Logs(None, 0),
            pictures=Pictures(courier, Draughtsman(1)),
            metrics=metrics,
            now=self.time,
            holder=name,
        )
        waiting: list[Callable[[], object]] = []
        summariser = Summariser(networks, lambda *_: self.refusals)
        return Replica(Morning(tools, summariser, waiting.append), waiting)

    def posts(self) -> list[str]:
        """What stands in the channel, oldest first, threads apart."""
        return [one.text for one in self.slack.workspace.visible(CHANNEL) if not one.thread_ts]

    def last_post(self) -> str:
        """The blocks of the newest message of the channel."""
        return str([one.blocks for one in self.slack.workspace.visible(CHANNEL) if not one.thread_ts][-1])

    def subscribe(self, at: str, zone: str, **values: Any) -> None:
        """The channel's own settings."""
        summary = {"at": at, "zone": zone, **values}
        self.settings = {**self.settings, "channels": {CHANNEL: {"pictures": False, "summary": summary}}}


@contextmanager
def mornings(slack: SlackDouble, url: str, start: str) -> Iterator[Mornings]:
    clock = Time(0.0)
    clock.turn(start)
    made = Mornings(slack, url, clock)
    try:
        yield made
    finally:
        for store in made.stores:
            store.close()
