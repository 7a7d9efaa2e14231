"""Flow-log files: three days, one day and the last hour of an account, as text and as Parquet, beside their goals.

All in one run. What a reader of gzip text could reach is taken to be `zcat | wc -l` in two processes, half of the files
each. The peer is flowlogs-reader, which counts the REJECT records of a day of files, in a virtual environment of its
own; files with malformed lines are left out there, for it ends at the first that is no UTF-8. The corpus is made on the
first run, which takes minutes, and is kept (see `flow_log_corpus`).

Seconds are those of the clock, the better of several runs that take turns, and in brackets those of the processors: on
a machine that does other work meanwhile the ratio of the latter is the one to look at.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.figures import Figures
from benchmarks.flow_log_corpus import DB, MIDNIGHT, Corpus, corpus, malformed, number_of
from diagnosis.evidence.query import LAST_HOUR_FIRST, Between, FlowLogQuery, Window
from diagnosis.flowlogs import statements, terms
from diagnosis.flowlogs.files import FlowLogFiles, connected
from diagnosis.flowlogs.layout import find
from diagnosis.flowlogs.log_records import COLUMNS
from diagnosis.flowlogs.rejects import HotReading
from diagnosis.flowlogs.sql import name

DAY = 24 * 3600
PEER = "flowlogs-reader==5.0.1"
PEER_PROGRAM = """
import csv, gzip, sys
from flowlogs_reader import FlowRecord
rejects = 0
for path in sys.argv[1:]:
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file, delimiter=" "):
            rejects += FlowRecord({name.replace("-", "_"): value for name, value in row.items()}).action == "REJECT"
print(rejects)
"""
SIDES = frozenset({"10.0.1.10"}), frozenset({"10.2.1.20"})
EVERYTHING = FlowLogQuery(*SIDES, 6, 3306, interfaces=frozenset({DB}), window=Between())


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds by the clock, and of the processors, those of finished child processes among them."""

    clock: float
    processors: float


def taken(measured: Callable[[], object]) -> Taken:
    started, used = time.perf_counter(), _used()
    measured()
    return Taken(time.perf_counter() - started, _used() - used)


def _used() -> float:
    return sum(
        each.ru_utime + each.ru_stime
        for each in (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def best(measured: Callable[[], object], times: int = 3) -> Taken:
    return least([taken(measured) for _ in range(times)])


def least(runs: Sequence[Taken]) -> Taken:
    return Taken(min(run.clock for run in runs), min(run.processors for run in runs))


def zcat(paths: Sequence[Path]) -> None:
    """Two processes, half of the files each."""
    program, count = shutil.which("zcat"), shutil.which("wc")
    assert program
    assert count

    def run(part: Sequence[Path]) -> None:
        with subprocess.Popen([program, *map(str, part)], stdout=subprocess.PIPE) as unpacking:
            subprocess.run([count, "-l"], stdin=unpacking.stdout, stdout=subprocess.DEVNULL, check=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, (paths[::2], paths[1::2])))


def three_queries(made: Corpus) -> None:
    """One pass over all files, and of it: the last REJECTs of a flow, the top rejects, log status by interface."""
    files, warnings = find([made.text])
    with connected() as connection, tempfile.TemporaryDirectory(prefix="whynot-bench-") as folder:
        reading = HotReading(connection, EVERYTHING, warnings, None, Path(folder))
        scan, _ = reading.passed(files)
        there = {field.replace("-", "_") for fields in scan.formats for field in fields}
        own, absent = ([each for each in COLUMNS if (each in there) is wanted] for wanted in (True, False))
        connection.execute(f"CREATE TEMP TABLE held AS SELECT {', '.join(map(name, own))} FROM hot")
        nothing = "".join(f", NULL::{COLUMNS[each]} AS {name(each)}" for each in absent)
        connection.execute(f"CREATE TEMP VIEW kept AS SELECT *{nothing} FROM held")
        flow = statements.conversation(EVERYTHING, "kept")
        answers = [
            connection.execute(terms.said(tree, "duckdb")).fetchall()
            for tree in (
                statements.newest(flow, (), 20, ("end", "srcport")),
                statements.top_rejects("kept", (), 50),
                statements.statuses("kept", None, ()),
            )
        ]
    if [len(answer) for answer in answers[:2]] != [20, 50] or not answers[2]:
        raise SystemExit(f"the three queries were not answered: {[len(answer) for answer in answers]}")


def asked(roots: Sequence[Path], window: Window) -> None:
    """One question: whether a conversation is refused, since when, and by whom."""
    found = FlowLogFiles(roots).read(EVERYTHING.within(window))
    if not found.rejects:
        raise SystemExit("the refused conversation was not found")


def peer(paths: Sequence[Path]) -> Taken | None:
    """What flowlogs-reader takes to count the REJECTs of the files, or None where it cannot be installed."""
    with tempfile.TemporaryDirectory(prefix="whynot-bench-") as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin", "python"))
        if subprocess.run([python, "-m", "pip", "install", "-qq", PEER], check=False).returncode:
            return None
        read = Path(folder, "read.py")
        read.write_text(PEER_PROGRAM, "utf-8")
        program = [python, str(read), *map(str, paths)]
        return taken(lambda: subprocess.run(program, check=True, stdout=subprocess.DEVNULL))


class Memory:
    """The most that this process and its children held together, in MB: what they share counts once (PSS)."""

    def __init__(self) -> None:
        self.most = 0.0
        self._ended = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watching.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
            self.most = max(self.most, sum(map(_held, [str(os.getpid()), *children])))


def _held(process: str) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0  # It has ended meanwhile.
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    """Print the figures."""
    made = corpus()
    figures = Figures()
    paths = sorted(made.text.rglob("*.gz"))
    one_account = [made.text / "AWSLogs" / "123456789012"]
    day = Between(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)
    zcat(paths)
    with Memory() as memory:
        first = taken(lambda: three_queries(made))
    turns = [(taken(lambda: zcat(paths)), first)]
    turns += [(taken(lambda: zcat(paths)), taken(lambda: three_queries(made))) for _ in range(2)]
    limit, ours = (least(runs) for runs in zip(*turns, strict=True))
    print(f"  {made.records:,} records in {len(paths)} gzip files; {len(os.sched_getaffinity(0))} processors")
    _plain("zcat | wc -l in two processes", limit)
    _plain("one pass and the three queries", ours)
    figures.plain("records a second", made.records / ours.clock / 1e6, "million")
    figures.at_least("throughput, as part of that of zcat", limit.clock / ours.clock, "", 0.6)
    figures.at_least("the same by processor time", limit.processors / ours.processors, "", 0.6)
    figures.at_most("memory, with that of the processes that read", memory.most, "MB", 350)
    _plain("one question to all of it", best(lambda: asked([made.text], Between())))
    _goal(figures, "a day of one account", best(lambda: asked(one_account, day), 5), 2)
    _goal(figures, "the last hour", best(lambda: asked([made.text], LAST_HOUR_FIRST), 9), 0.2)
    _goal(figures, "Parquet, all of it", best(lambda: asked([made.parquet], Between())), 2)
    in_a_day = [path for path in paths if "123456789012" in path.name and "_20261123T" in path.name]
    _beside_the_peer(figures, [path for path in in_a_day if not malformed("123456789012", number_of(path))])
    if figures.misses:
        print(f"  missed: {', '.join(figures.misses)}")


def _beside_the_peer(figures: Figures, paths: Sequence[Path]) -> None:
    theirs = peer(paths)
    if theirs is None:
        print(f"  {PEER} cannot be installed here: pip needs a package index", file=sys.stderr)
        return
    ours = best(lambda: asked(paths, Between()))
    _plain(f"{PEER}, {len(paths)} files", theirs)
    _plain("one question to the same files", ours)
    figures.at_least("so many times as fast", theirs.clock / ours.clock, "", 20)
    figures.at_least("the same by processor time", theirs.processors / ours.processors, "", 20)


def _plain(what: str, found: Taken) -> None:
    Figures.plain(what, found.clock, f"s ({found.processors:.2f})")


def _goal(figures: Figures, what: str, found: Taken, goal: float) -> None:
    figures.at_most(f"{what} ({found.processors:.2f} of processors)", found.clock, "s", goal)


if __name__ == "__main__":
    main()
