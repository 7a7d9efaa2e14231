"""Flow-log files: a day of an account, its last hour, and `zcat` on the same files.

The corpus is made by seed in a temporary folder: 288 gzip files in the layout of S3 delivery. `zcat` runs in as many
processes as there are processors, which is the limit that any reader of gzip text has.
"""

from __future__ import annotations

import gzip
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from diagnosis.evidence.query import LAST_HOUR_FIRST, Between, FlowLogQuery, Window

FILES = 288
HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
MIDNIGHT = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())
DB = "eni-0d1e2f3a4b5c6d7e8"


def make(root: Path, records: int) -> None:
    """A day: 6 % REJECT, 1.5 % NODATA and SKIPDATA, a few malformed lines, one refused conversation."""
    chance = random.Random(20261122)
    interfaces = [f"eni-{chance.getrandbits(68):017x}" for _ in range(200)]
    for number in range(FILES):
        at = MIDNIGHT + number * 300
        lines = [HEADER, *(line(chance, interfaces, at) for _ in range(records // FILES - 1))]
        lines.append(f"2 123456789012 {DB} 10.0.1.10 10.2.1.20 52000 3306 6 3 180 {at - 60} {at} REJECT OK")
        when = datetime.fromtimestamp(at, UTC)
        folder = root / f"AWSLogs/123456789012/vpcflowlogs/us-east-1/{when:%Y/%m/%d}"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"123456789012_vpcflowlogs_us-east-1_fl-0a1b2c3d_{when:%Y%m%dT%H%MZ}_{number:08x}.log.gz"
        (folder / name).write_bytes(gzip.compress("\n".join([*lines, ""]).encode(), 6))


def line(chance: random.Random, interfaces: list[str], at: int) -> str:
    start = at - chance.randrange(60, 120)
    head = f"2 123456789012 {chance.choice(interfaces)}"
    lot = chance.random()
    if lot < 0.015:
        return f"{head} - - - - - - - {start} {start + 60} - {'NODATA' if lot < 0.014 else 'SKIPDATA'}"
    source = f"10.0.{chance.randrange(8)}.{chance.randrange(256)}"
    destination = f"10.{chance.randrange(4)}.{chance.randrange(8)}.{chance.randrange(256)}"
    port = "http" if lot > 0.99999 else chance.choice((443, 3306, 5432, 80, 22))
    return (
        f"{head} {source} {destination} {chance.randrange(32768, 61000)} {port} {chance.choice((6, 6, 6, 17))} "
        f"{chance.randrange(1, 50)} {chance.randrange(40, 99999)} {start} {start + 60} "
        f"{'REJECT' if lot < 0.075 else 'ACCEPT'} OK"
    )


def zcat(root: Path) -> None:
    program = shutil.which("zcat")
    if program is None:
        print("  no zcat here: the limit is not measured")
        return
    paths = [str(path) for path in sorted(root.rglob("*.gz"))]
    workers = os.cpu_count() or 1
    parts = [paths[number::workers] for number in range(workers)]

    def run(part: list[str]) -> None:
        subprocess.run([program, *part], stdout=subprocess.DEVNULL, check=True)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, parts))


def median(measured: Callable[[], object], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        measured()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def process(root: Path, window: Window) -> None:
    """A whole process, imports and all."""
    program = (
        "import sys; from pathlib import Path; from diagnosis.flowlogs.files import FlowLogFiles; "
        "from diagnosis.evidence.query import *; found = FlowLogFiles([Path(sys.argv[1])]).read(FlowLogQuery("
        f"frozenset({{'10.0.1.10'}}), frozenset({{'10.2.1.20'}}), 6, 3306, interfaces=frozenset({{{DB!r}}}), "
        f"window={window!r})); assert found.rejects"
    )
    subprocess.run([sys.executable, "-c", program, str(root)], check=True)


def read(root: Path, window: Window) -> int:
    from diagnosis.flowlogs.files import FlowLogFiles

    sides = frozenset({"10.0.1.10"}), frozenset({"10.2.1.20"})
    found = FlowLogFiles([root]).read(FlowLogQuery(*sides, 6, 3306, interfaces=frozenset({DB}), window=window))
    if not found.rejects:
        raise SystemExit("the refused conversation was not found")
    return found.counts.read + found.counts.malformed


def measure(records: int) -> None:
    with tempfile.TemporaryDirectory(prefix="whynot-bench-") as folder:
        root = Path(folder)
        make(root, records)
        total = read(root, Between())
        limit = median(lambda: zcat(root))
        whole = median(lambda: read(root, Between()))
        hour = median(lambda: read(root, LAST_HOUR_FIRST))
        cold = median(lambda: process(root, LAST_HOUR_FIRST))
        print(
            f"  {total:,} records in {FILES} files: all {whole:.2f} s ({total / whole / 1e6:.2f} M/s), "
            f"zcat {limit:.2f} s, ratio {limit / whole:.2f}; last hour {hour:.3f} s, {cold:.3f} s with start-up"
        )


def main() -> None:
    for records in (300_000, 3_456_000):
        measure(records)
    print(f"  peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
