"""A corpus of flow logs, made by seed with DuckDB and kept in the temporary folder: three days of one account.

864 gzip files of five minutes each in one account, 72 smaller ones in a second account: 10.5 million records of
version 2, 6 % REJECT, 1.5 % NODATA and SKIPDATA, six malformed lines in each of 16 files, one refused conversation. A
second folder holds the same records as Parquet, typed and partitioned as AWS delivers them. About 400 MB.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

MIDNIGHT = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())
"""When the first of the three days begins."""
DAYS = 3
STEP = 300
PER_FILE = {"123456789012": 12_000, "210987654321": 2_000}
"""Records of each file, by account."""
REGIONS = {"123456789012": "us-east-1", "210987654321": "eu-west-1"}
FILES = {"123456789012": DAYS * 288, "210987654321": 72}
DB = "eni-0d1e2f3a4b5c6d7e8"
MALFORMED_FILES = 16
MALFORMED = (
    b"2 123456789012 eni-0a1 10.0.0.1 10.0.0.2 443 52000 6 3",
    b"2 123456789012 eni-0a1 10.0.0.1 10.0.0.2 52000 http 6 3 180 1795305600 1795305660 ACCEPT OK",
    b"2 123456789012 eni-0a1 10.0.0.1 10.0.0.2 52000 443 6 3 180 1795305600 1795305660 ACCEPT OK two more",
    b'\xff\xfe{"not": "a record"}',
    b"2 123456789012 eni-0a1 10.0.0.1 10.0.0.2 52000 443 6 3 180 1795305600 1795305540 ACCEPT OK",
    b'2 123456789012 eni-0a1 "10.0.0.1 10.0.0.2 52000 443 6 3 180 1795305600 1795305660 ACCEPT OK',
)
FIELDS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
_TYPES = "INTEGER VARCHAR VARCHAR VARCHAR VARCHAR INTEGER INTEGER INTEGER BIGINT BIGINT BIGINT BIGINT VARCHAR VARCHAR"
_EDITION = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
"""Of this file, so that a corpus that was made otherwise is not taken for this one."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The two folders, and what they hold."""

    text: Path
    parquet: Path
    records: int = sum(PER_FILE[account] * FILES[account] for account in FILES)
    malformed: int = MALFORMED_FILES * len(MALFORMED)


def corpus() -> Corpus:
    """Return the corpus, made now if the temporary folder does not hold it yet. `rm -r` of that folder is all."""
    root = Path(tempfile.gettempdir()) / f"whynot-flow-log-corpus-{_EDITION}"
    found = Corpus(root / "text", root / "parquet")
    if not (root / "whole").exists():
        shutil.rmtree(root, ignore_errors=True)
        with duckdb.connect(config={"memory_limit": "1GB", "threads": 1}) as connection, ThreadPoolExecutor(2) as pool:

            def make(file: tuple[str, int]) -> None:
                with connection.cursor() as cursor:
                    _make(cursor, found, *file)

            list(pool.map(make, [(account, number) for account in FILES for number in range(FILES[account])]))
        (root / "whole").touch()
    return found


def malformed(account: str, number: int) -> bool:
    """Whether that file of an account has malformed lines at its end."""
    return account == min(FILES) and number % (FILES[account] // MALFORMED_FILES) == 7


def number_of(path: Path) -> int:
    """The number of a file, by its name."""
    return int(path.name.split(".")[0].rpartition("_")[2], 16)


def _make(cursor: duckdb.DuckDBPyConnection, made: Corpus, account: str, number: int) -> None:
    at = datetime.fromtimestamp(MIDNIGHT + number * STEP, UTC)
    name = f"{account}_vpcflowlogs_{REGIONS[account]}_fl-0a1b2c3d_{at:%Y%m%dT%H%MZ}_{number:08x}.log"
    text = made.text / f"AWSLogs/{account}/vpcflowlogs/{REGIONS[account]}/{at:%Y/%m/%d}" / f"{name}.gz"
    hive = f"AWSLogs/aws-account-id={account}/aws-service=vpcflowlogs/aws-region={REGIONS[account]}"
    parquet = made.parquet / hive / f"year={at:%Y}/month={at:%m}/day={at:%d}/hour={at:%H}" / f"{name}.parquet"
    for path in (text, parquet):
        path.parent.mkdir(parents=True, exist_ok=True)
    table = f"lines_{number}_{account}"
    cursor.execute(f"CREATE TEMP TABLE {table} AS {_lines(account, number)}")
    cursor.execute(
        f"COPY (SELECT line AS \"{FIELDS}\" FROM {table}) TO '{text}' "
        "(FORMAT csv, HEADER true, COMPRESSION gzip, DELIMITER '\x01', QUOTE '', ESCAPE '')"
    )
    typed = ", ".join(
        f"TRY_CAST(NULLIF(parts[{place}], '-') AS {kind}) AS \"{field.replace('-', '_')}\""
        for place, (field, kind) in enumerate(zip(FIELDS.split(), _TYPES.split(), strict=True), start=1)
    )
    cursor.execute(
        f"COPY (SELECT {typed} FROM (SELECT STRING_SPLIT(line, ' ') AS parts FROM {table})) TO '{parquet}' "
        "(FORMAT parquet, COMPRESSION gzip)"
    )
    cursor.execute(f"DROP TABLE {table}")
    if malformed(account, number):
        content = gzip.decompress(text.read_bytes())
        text.write_bytes(gzip.compress(content + b"\n".join(MALFORMED) + b"\n", 6))


def _lines(account: str, number: int) -> str:
    """The records of one file: chance is a hash of the record's number."""
    per, at = PER_FILE[account], MIDNIGHT + number * STEP
    refused = f"2 {account} {DB} 10.0.1.10 10.2.1.20 52000 3306 6 3 180 {at - 60} {at} REJECT OK"
    return f"""
SELECT CASE WHEN i % {per} = 77 THEN '{refused}' ELSE
  '2 {account} eni-' || eni || CASE WHEN status = 'OK' THEN ' 10.0.' || (h1 % 8) || '.' || (h1 // 8 % 256)
      || ' 10.' || (h1 // 2048 % 4) || '.' || (h1 // 8192 % 8) || '.' || (h1 // 65536 % 256)
      || ' ' || (32768 + h2 % 28000) || ' ' || [443, 3306, 5432, 80, 22][1 + h2 // 28000 % 5]
      || ' ' || [6, 6, 6, 17][1 + h2 // 140000 % 4] || ' ' || (1 + h3 % 50) || ' ' || (40 + h3 // 50 % 99959)
    ELSE ' - - - - - - -' END
  || ' ' || began || ' ' || (began + 60)
  || CASE WHEN status <> 'OK' THEN ' - ' || status WHEN h4 % 100 < 6 THEN ' REJECT OK' ELSE ' ACCEPT OK' END
  END AS line
FROM (
  SELECT i, h1, h2, h3, h4, LPAD(PRINTF('%x', HASH(h1 % 200, 7) // 16), 17, '0') AS eni,
    {at} - 60 - h4 // 100 % 60 AS began,
    CASE WHEN h4 // 6000 % 1000 < 14 THEN 'NODATA' WHEN h4 // 6000 % 1000 < 15 THEN 'SKIPDATA' ELSE 'OK' END AS status
  FROM (
    SELECT i, (HASH(i, 1) // 2)::BIGINT AS h1, (HASH(i, 2) // 2)::BIGINT AS h2,
      (HASH(i, 3) // 2)::BIGINT AS h3, (HASH(i, 4) // 2)::BIGINT AS h4
    FROM RANGE({number * per}, {(number + 1) * per}) AS t(i)))"""
