"""Flow-log files: three days, one day and the last hour of an account, as text and as Parquet.

Beside them, in the same run: `zcat | wc -l` in two processes, which is the limit that a reader of gzip text has, and
flowlogs-reader on a part of the files, in a virtual environment of its own. The corpus is made on the first run, which
takes minutes, and is kept (see `flow_log_corpus`).
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.flow_log_corpus import DB, MIDNIGHT, corpus
from diagnosis.evidence.query import LAST_HOUR_FIRST, Between, FlowLogQuery, Window
from diagnosis.flowlogs.files import FlowLogFiles

DAY = 24 * 3600
PEER = "flowlogs-reader==5.0.1"
PEER_FILES = 24
PEER_PROGRAM = """
import gzip, sys
from flowlogs_reader import FlowRecord
import csv
rejects = 0
for path in sys.argv[1:]:
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file, delimiter=" "):
            rejects += FlowRecord({name.replace("-", "_"): value for name, value in row.items()}).action == "REJECT"
print(rejects)
"""


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


def read(roots: Sequence[Path], window: Window) -> None:
    sides = frozenset({"10.0.1.10"}), frozenset({"10.2.1.20"})
    found = FlowLogFiles(roots).read(FlowLogQuery(*sides, 6, 3306, interfaces=frozenset({DB}), window=window))
    if not found.rejects:
        raise SystemExit("the refused conversation was not found")


def median(measured: Callable[[], object], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        measured()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def peer(paths: Sequence[Path]) -> float | None:
    """Seconds that flowlogs-reader takes to count the REJECTs of the files, or None where it cannot be installed."""
    with tempfile.TemporaryDirectory(prefix="whynot-bench-") as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin", "python"))
        if subprocess.run([python, "-m", "pip", "install", "-qq", PEER], check=False).returncode:
            return None
        return median(
            lambda: subprocess.run(
                [python, "-c", PEER_PROGRAM, *map(str, paths)], check=True, stdout=subprocess.DEVNULL
            ),
            1,
        )


def main() -> None:
    made = corpus()
    paths = sorted(made.text.rglob("*.gz"))
    day = Between(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)
    one_account = [made.text / "AWSLogs" / "123456789012"]
    limit = median(lambda: zcat(paths))
    whole = median(lambda: read([made.text], Between()))
    print(f"  {made.records:,} records in {len(paths)} gzip files; zcat | wc -l in two processes {limit:.2f} s")
    print(f"  all          {whole:6.2f} s  {made.records / whole / 1e6:.2f} M/s, {limit / whole:.2f} of zcat")
    print(f"  one day      {median(lambda: read(one_account, day)):6.2f} s")
    print(f"  last hour    {median(lambda: read([made.text], LAST_HOUR_FIRST)):6.3f} s")
    print(f"  Parquet, all {median(lambda: read([made.parquet], Between())):6.2f} s")
    part = [path for path in paths if "123456789012" in path.name][1 : PEER_FILES + 1]
    ours, theirs = median(lambda: read(part, Between())), peer(part)
    if theirs is None:
        print(f"  {PEER} cannot be installed here")
    else:
        print(f"  {len(part)} files: {ours:.2f} s, {PEER} {theirs:.2f} s, {theirs / ours:.1f} times")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
