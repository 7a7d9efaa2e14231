"""Pictures of paths and decision diagrams: how long one takes to be drawn and packed as PNG."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.views.pictures.decision import decision_picture
from bot.views.pictures.path import path_picture
from bot.views.pictures.png import png
from bot.views.pictures.svg import Picture
from diagnosis.answer import Answer
from tools.make_pictures import answers


def best(make: Callable[[Answer], Picture], answer: Answer) -> float:
    """Milliseconds of processor time, the best of five."""
    taken = []
    for _ in range(5):
        start = time.process_time()
        png(make(answer))
        taken.append(time.process_time() - start)
    return min(taken) * 1_000


def main() -> None:
    for name, answer in answers().items():
        for kind, make in (("path", path_picture), ("decision", decision_picture)):
            print(f"{name}, {kind}: {best(make, answer):.0f} ms of processor time, best of 5")
