"""The Slack app against the Slack double: acknowledgements under load, first sign of life, whole answers, duplicates.

The app is a process of its own, over Socket Mode and HTTP, on the account and the flow logs that come with it.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conversations.served_app import ServedApp
from tests.slack_double.deliveries import Attempt, Reply, Transport
from tests.slack_double.double import SlackDouble
from tests.slack_double.installation import from_manifest
from tests.slack_double.screens import Seen
from tests.slack_double.small_app import WAYS, Way

ROOT = Path(__file__).resolve().parents[1]
QUESTION = "why can't {} reach RDS on 3306"
SOURCES = ("10.0.1.10", "web-1", "web-2", "web-3")
ROUNDS = 3
CHANNELS = [f"C0BENCH{number:02d}" for number in range(50)]


class Timed:
    """A transport that notes how long each acknowledgement took."""

    def __init__(self, inner: Transport, times: list[float]) -> None:
        self._inner = inner
        self._times = times

    def send(self, attempt: Attempt, within: float) -> Reply:
        begun = time.perf_counter()
        reply = self._inner.send(attempt, within)
        self._times.append(time.perf_counter() - begun if reply.ok else within)
        return reply


@contextmanager
def served(way: Way, folder: Path, **settings: dict[str, Any]) -> Iterator[tuple[SlackDouble, ServedApp, list[float]]]:
    """A workspace with the app in it, and the seconds of each acknowledgement."""
    common: dict[str, dict[str, Any]] = {
        "channels": {name: {"raw_logs": True, "files": True} for name in CHANNELS},
        "people": {"per_minute": 100_000},
    }
    times: list[float] = []
    with SlackDouble(from_manifest(ROOT / "manifest.yml"), patience=300) as slack:
        slack.fails_for_faults = False
        for name in CHANNELS:
            slack.channel(name)
        inner = slack.deliveries.transport
        slack.deliveries.transport = lambda: Timed(inner(), times)
        with ServedApp(slack, way, folder, **{**common, **settings}) as app:
            yield slack, app, times


def at_once(slack: SlackDouble, count: int) -> list[tuple[Seen, float]]:
    """Ask so many questions at once, each by somebody else in another channel."""
    asked = []
    for number in range(count):
        person = slack.person(f"U0BENCH{number:02d}")
        text = QUESTION.format(SOURCES[number % len(SOURCES)])
        begun = time.monotonic()
        asked.append((person.mentions(CHANNELS[number % len(CHANNELS)], text), begun))
    return asked


def answered(asked: list[tuple[Seen, float]]) -> Callable[[], bool | None]:
    """Whether every question has its answer."""
    return lambda: all(any(one.says("orders-db-sg") for one in seen.replies()) for seen, _ in asked) or None


def moments(slack: SlackDouble, asked: list[tuple[Seen, float]]) -> tuple[list[float], list[float]]:
    """For each question the seconds until the first sign of life, and until its answer was posted."""
    first, whole = [], []
    for seen, begun in asked:
        root = seen.message.ts
        seen_calls = [one for one in slack.api.calls if root == one.arguments.get("thread_ts") and one.answer.get("ok")]
        first.append(min(one.at for one in seen_calls) - begun)
        posts = [one for one in seen_calls if one.method == "chat.postMessage"]
        whole.append(max(one.at for one in posts) - begun)
    return first, whole


def percentile(values: list[float], part: int) -> float:
    """So many of a hundred are not above this."""
    return statistics.quantiles(values, n=100)[part - 1]


def load() -> str:
    """How busy the machine was."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def twenty_at_once(way: Way, folder: Path) -> None:
    with served(way, folder) as (slack, _app, _times):
        slack.waits_for(answered(at_once(slack, 2)), "warm")
        best: tuple[float, float] | None = None
        for _ in range(ROUNDS):
            asked = at_once(slack, 20)
            slack.waits_for(answered(asked), "twenty answers")
            first, whole = moments(slack, asked)
            figures = percentile(first, 95), percentile(whole, 95)
            best = min(best, figures, key=lambda f: f[1]) if best else figures
        assert best is not None
        print(
            f"  {way}: 20 questions at once: first sign p95 {best[0]:.2f} s (goal 1), "
            f"answer p95 {best[1]:.2f} s (goal 3); best of {ROUNDS} rounds, {load()}"
        )


def acknowledged_under_load(way: Way, folder: Path) -> None:
    with served(way, folder, runner={"workers": 50}) as (slack, _app, times):
        slack.waits_for(answered(at_once(slack, 2)), "warm")
        times.clear()
        asked = at_once(slack, 50)
        done = threading.Event()

        def chat() -> None:
            ann = slack.person("U0CHAT")
            while not done.wait(0.05):
                ann.says(CHANNELS[0], "did anybody see this?", thread=asked[0][0])

        talking = threading.Thread(target=chat)
        talking.start()
        slack.waits_for(answered(asked), "fifty answers")
        done.set()
        talking.join()
        ms = [1_000 * seconds for seconds in times]
        print(
            f"  {way}: {len(ms)} acknowledgements while 50 diagnoses ran: median {statistics.median(ms):.0f} ms, "
            f"p99 {percentile(ms, 99):.0f} ms (goal 500), longest {max(ms):.0f} ms; {load()}"
        )


def thrice_in_disorder(way: Way, folder: Path, count: int = 1_000) -> None:
    plain = {"channels": {name: {"pictures": False} for name in CHANNELS}}
    with served(way, folder, **plain, account={"flow_logs": "[]"}, runner={"waiting": 2_000}) as (slack, app, _times):
        slack.deliveries.copies = 3
        slack.deliveries.retries_after = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
        ann = slack.person("U0MANY")
        begun = time.monotonic()
        asked: list[tuple[Seen, float]] = []
        with slack.deliveries.shuffled(7):
            for number in range(count):
                text = f"can web-1 reach orders-db on {3306 + number}"
                asked.append((ann.mentions(CHANNELS[number % len(CHANNELS)], text), begun))
        slack.waits_for(lambda: sum(bool(seen.replies()) for seen, _ in asked) > count // 4 or None, "a quarter")
        app.stop()
        app.start()
        slack.waits_for(answered(asked), "every answer")
        time.sleep(3)
        answers = [sum(one.says("orders-db-sg") for one in seen.replies()) for seen, _ in asked]
        seconds = time.monotonic() - begun
        print(
            f"  {way}: {count} events, each three times, in disorder, across a restart: {sum(answers)} answers, "
            f"lost {answers.count(0)}, doubled {sum(n > 1 for n in answers)} (goal 0, 0), in {seconds:.0f} s; {load()}"
        )


def main() -> None:
    """Print the figures."""
    for way in WAYS:
        for measure in (acknowledged_under_load, twenty_at_once):
            with tempfile.TemporaryDirectory() as folder:
                measure(way, Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        thrice_in_disorder("socket", Path(folder))


if __name__ == "__main__":
    main()
