"""Progress: silent while it is quick, one changing line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable
from typing import Final

from diagnosis.terminal.progress import Progress

READING: Final = "reading security groups of 2 interfaces…"
ASKING: Final = "asking the flow logs of the last hour…"


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")


def written(out: io.TextIOWrapper) -> str:
    out.flush()
    buffer = out.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def run(*, terminal: bool, script: Iterable[tuple[float, str | None]], width: int = 80) -> str:
    clock, out = Clock(), stream()
    with Progress(out, clock, terminal=terminal, width=width, beat=None) as progress:
        for seconds, message in script:
            clock.now = 100.0 + seconds
            if message is None:
                progress.look()
            else:
                progress.say(message)
    return written(out)


def test_quick_work_says_nothing() -> None:
    assert run(terminal=True, script=[(0.0, READING), (0.9, ASKING)]) == ""
    assert run(terminal=False, script=[(0.0, READING), (0.9, ASKING)]) == ""


def test_elsewhere_each_step_is_one_plain_line() -> None:
    text = run(terminal=False, script=[(0.0, READING), (1.2, None), (1.5, None), (2.0, ASKING)])

    assert text == f"{READING}\n{ASKING}\n"


def test_on_a_terminal_one_line_is_written_over_and_wiped_out() -> None:
    text = run(terminal=True, script=[(0.0, READING), (1.2, None), (3.0, "proving the fix…")])

    first, second = f"{READING} 1 s", "proving the fix… 3 s"
    assert text == (f"\r{first}\r{second}{' ' * (len(first) - len(second))}\r{' ' * len(second)}\r")
    assert "\n" not in text
    assert "\x1b" not in text


def test_a_line_never_reaches_the_last_column() -> None:
    text = run(terminal=True, script=[(2.0, "データベース" * 20)], width=30)

    assert "データベース" in text
    assert max(len(part.rstrip()) for part in text.split("\r")) <= 15


def test_a_message_from_the_account_cannot_move_the_cursor() -> None:
    assert "\x1b" not in run(terminal=True, script=[(2.0, "asking \x1b[2Jlogs")])


def test_a_long_wait_within_one_step_is_seen() -> None:
    """Nobody calls `say` while one describe call takes long: the thread of its own does the looking."""
    clock, out = Clock(), stream()
    with Progress(out, clock, terminal=False, beat=0.01) as progress:
        progress.say(READING)
        clock.now += 2.0
        deadline = time.monotonic() + 5.0
        while not written(out) and time.monotonic() < deadline:
            time.sleep(0.01)

    assert written(out) == f"{READING}\n"


def test_nothing_is_written_after_the_end() -> None:
    clock, out = Clock(), stream()
    progress = Progress(out, clock, terminal=True, beat=None)
    progress.close()
    progress.close()
    clock.now += 5.0
    progress.say(READING)

    assert written(out) == ""


def test_a_stream_that_is_gone_does_no_harm() -> None:
    clock, out = Clock(), stream()
    out.close()
    with Progress(out, clock, terminal=False, beat=None) as progress:
        clock.now += 5.0
        progress.say(READING)
        progress.say(ASKING)
