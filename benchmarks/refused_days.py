"""The summary of a day of 1 and of 10 million records; with `make bench-day` of 100 million, at the same cost for each.

DuckDB writes the day hour by hour, by a hash of each record's number, and it is kept in the temporary folder: gzip text
of the default format, 94 % ACCEPT; of the REJECTs most are standing ones between fleets, the rest strangers that scan
and late packets. Beside the summary is what `zcat | wc -l` takes in one process. For one size alone:
python -m benchmarks.refused_days 100
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from isal import igzip

from benchmarks import fleets, whole_tree
from benchmarks.figures import Figures

MIDNIGHT = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())
HOUR = 3600
PER_FILE = 250_000
MILLION = 1_000_000
_EDITION = "2"
"""Counted up when what is made changes."""
_HEADER = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
SUMMARY = """
import resource, sys, time
from pathlib import Path
from diagnosis.evidence.query import Last
from diagnosis.flowlogs.rejects import RejectFiles
from diagnosis.network.build import build
from diagnosis.snapshots.read import read_snapshot
from diagnosis.summarise import summarise
network = build(read_snapshot(Path(sys.argv[1])))
begun, used = time.perf_counter(), time.process_time()
found = summarise(RejectFiles([Path(sys.argv[2])]), Last(24 * 3600), network, 50)
taken = time.perf_counter() - begun
children = resource.getrusage(resource.RUSAGE_CHILDREN)
processor = time.process_time() - used + children.ru_utime + children.ru_stime
print(found.records.read, found.rejects.flows, len(found.causes), taken, processor)
"""


def main(millions: list[int] | None = None) -> int:
    """Print every figure; 1 when a goal is missed."""
    figures = Figures()
    cost = {}
    with tempfile.TemporaryDirectory(prefix="whynot-bench-") as place:
        account = Path(place)
        fleets.write(account)
        for count in millions or [1, 10]:
            day = day_of(count)
            done = whole_tree.run([sys.executable, "-c", SUMMARY, str(account), str(day)])
            read, flows, causes, taken, processor = (float(each) for each in done.output.splitlines()[-1].split())
            if read != count * MILLION or not causes:
                raise SystemExit(f"{read:,.0f} records were read of {count} million, {causes:.0f} causes found")
            cost[count] = processor / read * 1e6
            print(f"  {count} million records, {flows:,.0f} refused flows, {causes:.0f} causes", flush=True)
            figures.plain("  taken", taken, "s")
            figures.plain("  processor, of each record", cost[count], "us")
            figures.at_most("  peak memory of all its processes together (PSS)", done.peak, "MB", 600)
            figures.plain("  of that, its own", done.parts[0], "MB")
            figures.plain("  zcat | wc -l, one process", _zcat(day), "s")
    if len(cost) > 1:
        figures.at_most("cost of a record, most against least records", cost[max(cost)] / cost[min(cost)], "times", 1.1)
    for miss in figures.misses:
        print(f"goal missed: {miss}", file=sys.stderr)
    return 1 if figures.misses else 0


def day_of(millions: int) -> Path:
    """The folder of a day of so many million records, made now if the temporary folder does not hold it yet."""
    root = Path(tempfile.gettempdir()) / f"whynot-refused-day-{_EDITION}-{millions}"
    if not (root / "whole").exists():
        shutil.rmtree(root, ignore_errors=True)
        (root / "logs").mkdir(parents=True)
        per_hour = millions * MILLION // 24
        with duckdb.connect(config={"memory_limit": "1GB", "threads": 2}) as connection:
            connection.execute("SET enable_progress_bar = false")
            connection.execute("CREATE MACRO net(v, s, host) AS '10.' || v || '.' || (s * 16) || '.' || (14 + host)")
            for hour in range(24):
                rest = millions * MILLION - 24 * per_hour if hour == 23 else 0
                _write_hour(connection, root / "logs", hour, hour * per_hour, per_hour + rest)
        (root / "whole").touch()
    return root / "logs"


def _write_hour(connection: duckdb.DuckDBPyConnection, folder: Path, hour: int, first: int, count: int) -> None:
    for part, begin in enumerate(range(0, count, PER_FILE)):
        at = datetime.fromtimestamp(MIDNIGHT + hour * HOUR, UTC)
        path = folder / f"123456789012_vpcflowlogs_us-east-1_fl-0a1b2c3d_{at:%Y%m%dT%H%MZ}_{part:08x}.log.gz"
        end = min(begin + PER_FILE, count)
        plain = path.with_suffix("")
        connection.execute(
            f"COPY (SELECT line AS \"{_HEADER}\" FROM ({_lines(hour, first + begin, first + end)})) TO '{plain}' "
            "(FORMAT csv, HEADER true, COMPRESSION none, DELIMITER '\x01', QUOTE '', ESCAPE '')"
        )
        # DuckDB's own compression takes six times as long as the writing.
        path.write_bytes(igzip.compress(plain.read_bytes(), 3))
        plain.unlink()


def _lines(hour: int, first: int, last: int) -> str:
    """The records of a range of numbers. 24 of 1,000 are a standing refusal of one of 200,000 flows between fleets."""
    return f"""
SELECT '2 123456789012 eni-' || LPAD(PRINTF('%x', logged_by), 17, '0') || ' ' || CASE
    WHEN kind < 15 THEN '- - - - - - - '
    WHEN kind < 39 THEN net(f1 % 20, f1 // 20 % 10, f % 20) || ' ' || net(f2 % 20, f2 // 20 % 10, f // 20 % 20) || ' '
      || (32768 + h2 % 28000) || ' ' || [3306, 5432, 6379, 9200][1 + f1 // 200 % 4] || ' 6 3 180 '
    WHEN kind < 58 THEN '203.' || (s // 250 % 80) || '.' || (s % 250) || '.' || (s // 20000 + 1) || ' '
      || net(h2 % 20, 0, h2 // 20 % 20) || ' ' || (32768 + h3 % 28000) || ' ' || (1 + h3 // 28000 % 20000) || ' 6 1 40 '
    ELSE net(h2 % 20, h2 // 20 % 10, h2 // 200 % 20) || ' ' || net(h3 % 20, h3 // 20 % 10, h3 // 200 % 20) || ' '
      || (32768 + h1 % 28000) || ' ' || [443, 80, 8080, 53][1 + h3 // 4000 % 4] || ' 6 ' || (1 + h1 % 50) || ' 4000 '
    END || began || ' ' || (began + 60) || CASE WHEN kind = 14 THEN ' - SKIPDATA' WHEN kind < 15 THEN ' - NODATA'
      WHEN kind < 58 THEN ' REJECT OK' ELSE ' ACCEPT OK' END AS line
FROM (SELECT *, CASE WHEN kind < 15 THEN h1 % 9000
    WHEN kind < 39 THEN f2 % 20 * 200 + f2 // 20 % 10 * 20 + f // 20 % 20
    ELSE h2 % 20 * 200 + h2 // 20 % 20 END AS logged_by
  FROM (SELECT *, (HASH(f // 400, 5) // 2)::BIGINT AS f1, (HASH(f // 400, 6) // 2)::BIGINT AS f2
    FROM (SELECT i, h1, h2, h3, h4 % 1000 AS kind, h4 // 1000 % 200000 AS f, h4 // 1000 % 20000 AS s,
      {MIDNIGHT + hour * HOUR} + h1 % {HOUR - 60} AS began
    FROM (SELECT i, (HASH(i, 1) // 2)::BIGINT AS h1, (HASH(i, 2) // 2)::BIGINT AS h2, (HASH(i, 3) // 2)::BIGINT AS h3,
      (HASH(i, 4) // 2)::BIGINT AS h4 FROM RANGE({first}, {last}) AS t(i)))))"""


def _zcat(folder: Path) -> float:
    """Seconds that a program takes which does nothing but unpack and count."""
    program, count = shutil.which("zcat"), shutil.which("wc")
    assert program
    assert count
    begun = time.perf_counter()
    paths = sorted(map(str, folder.glob("*.gz")))
    with subprocess.Popen([program, *paths], stdout=subprocess.PIPE) as unpacking:
        subprocess.run([count, "-l"], stdin=unpacking.stdout, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main([int(each) for each in sys.argv[1:]] or None))
