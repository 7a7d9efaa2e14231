"""Acknowledgements and answers of the Slack app while it makes a summary of ten million records.

Whoever asks at that hour must not wait for the summary. The app is a process of its own, on an account of ten thousand
interfaces and its day of flow logs, of which each question reads the last hour. Beside the figures are those of the
same questions before the summary. Run: python -m benchmarks.slack_summary [MILLIONS]
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import fleets
from benchmarks.figures import Figures
from benchmarks.refused_days import day_of
from benchmarks.slack_app import CHANNELS, load, percentile, served
from tests.conversations import served_app
from tests.slack_double.double import SlackDouble

QUESTION: Final = "can 10.0.0.14 reach 10.1.0.{} on 443"
ANSWER: Final = re.compile(r"^(Blocked|Reachable|Partly|Unknown)", re.MULTILINE)
BEFORE: Final = 20.0
"""Seconds of questions alone."""
PAUSE: Final = 0.1


def main(millions: int = 10) -> int:
    """Print the figures; 1 when a goal is missed."""
    figures = Figures()
    with tempfile.TemporaryDirectory(prefix="whynot-bench-") as place:
        account = Path(place) / "account"
        account.mkdir()
        fleets.write(account)
        read = {"snapshot": str(account), "flow_logs": json.dumps([str(day_of(millions))])}
        served_app.STARTS_WITHIN = 300
        channels = {name: {"pictures": False} for name in CHANNELS}
        with served("socket", Path(place), account=read, channels=channels) as (slack, _, times):
            _asking(slack, lambda since: time.monotonic() - since > BEFORE)
            times.clear()
            alone = _asking(slack, lambda since: time.monotonic() - since > BEFORE)
            _tell(figures, "before the summary", alone, times)
            times.clear()
            slack.person("U0MORNING").commands("/whynot", "summary now", channel=CHANNELS[0])
            begun = time.monotonic()
            beside = _asking(slack, lambda _: _said(slack))
            figures.plain(f"a summary of {millions} million records", time.monotonic() - begun, "s")
            _tell(figures, "meanwhile", beside, times)
    print(f"  {load()}")
    for miss in figures.misses:
        print(f"goal missed: {miss}", file=sys.stderr)
    return 1 if figures.misses else 0


def _asking(slack: SlackDouble, ended: Callable[[float], bool]) -> list[float]:
    """Ask one question after the other until that is so; the seconds that each answer took."""
    taken: list[float] = []
    since = time.monotonic()
    while not ended(since):
        number = len(taken)
        person = slack.person(f"U0ASKER{number % 40:02d}")
        asked = time.monotonic()
        seen = person.mentions(CHANNELS[1 + number % 40], QUESTION.format(14 + number % 200))
        seen.reply(ANSWER, within=120)
        taken.append(time.monotonic() - asked)
        time.sleep(PAUSE)
    return taken


def _said(slack: SlackDouble) -> bool:
    """Whether the summary stands in its channel."""
    return any("refused by" in one.text for one in slack.workspace.visible(CHANNELS[0]) if not one.thread_ts)


def _tell(figures: Figures, when: str, answers: list[float], times: list[float]) -> None:
    milliseconds = [1000 * each for each in times]
    print(f"  {when}: {len(answers)} questions, {len(times)} acknowledgements")
    figures.at_most("  acknowledgements, p99", percentile(milliseconds, 99), "ms", 500)
    figures.plain("  acknowledgements, longest", max(milliseconds), "ms")
    figures.plain("  answers, median", statistics.median(answers), "s")
    figures.plain("  answers, longest", max(answers), "s")


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
