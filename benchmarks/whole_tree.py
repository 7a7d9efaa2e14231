"""Memory of a program and of all processes that it starts, as the kernel shares it out among them (PSS).

What several processes map is divided by their number, so the sum counts each page once: the machine's true price.
https://docs.kernel.org/filesystems/proc.html, smaps_rollup.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

EVERY: Final = 0.1
"""Seconds between two looks; each walks the page tables of the processes, which costs them a little."""


@dataclass(slots=True)
class Tree:
    """The most that was seen, in MB, and what it was made of."""

    peak: float = 0
    parts: tuple[float, ...] = ()
    """Of each process at the peak, the program first."""
    output: str = ""


def run(command: Sequence[str]) -> Tree:
    """Run a program to its end and watch it. Raises CalledProcessError where it fails."""
    found = Tree()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        while program.poll() is None:
            parts = tuple(pss(each) for each in tree(program.pid))
            if sum(parts) > found.peak:
                found.peak, found.parts = sum(parts), parts
            time.sleep(EVERY)
        assert program.stdout is not None
        found.output = program.stdout.read()
    if program.returncode:
        raise subprocess.CalledProcessError(program.returncode, list(command))
    return found


def tree(process: int) -> Iterator[int]:
    """A process and all below it."""
    yield process
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def pss(process: int) -> float:
    """MB of one process; 0 where it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0
